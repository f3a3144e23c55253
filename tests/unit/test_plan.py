"""Indicators of a plan: how they are found, and what their goals mean."""

from __future__ import annotations

from decimal import Decimal

import pytest

from planwatch.plan import Direction, GoalKind, derive_goal_kind
from planwatch.plan_terms import Comparator
from tests.builders import make_indicator, make_plan, real_plan

INCREASE, DECREASE = Direction.INCREASE, Direction.DECREASE


@pytest.mark.parametrize(
    ("comparator", "below", "at", "above"),
    [
        (Comparator.GREATER, False, False, True),
        (Comparator.AT_LEAST, False, True, True),
        (Comparator.LESS, True, False, False),
        (Comparator.AT_MOST, True, True, False),
    ],
)
def test_a_strict_comparator_wants_a_value_truly_beyond_the_target(
    comparator: Comparator, below: bool, at: bool, above: bool
) -> None:
    values = [Decimal("89.99"), Decimal("90"), Decimal("90.01")]

    assert [comparator.holds(value, Decimal(90)) for value in values] == [below, at, above]


@pytest.mark.parametrize("reference", ["5", "zhongwei-05", "九年义务教育巩固率(%)", "九年义务教育巩固率"])
def test_an_indicator_of_a_real_table_is_found_as_people_refer_to_it(reference: str) -> None:
    found = real_plan("zhongwei").indicator(reference)

    assert found is not None
    assert found.no == 5


def test_what_a_plan_does_not_have_is_not_found() -> None:
    assert make_plan(make_indicator(no=1)).indicator("2") is None


@pytest.mark.parametrize(
    ("baseline", "target", "direction", "kind"),
    [
        ("99.55", "99.8", INCREASE, GoalKind.REACH),
        ("96.68", "95", INCREASE, GoalKind.FLOOR),  # behind the baseline: only a breach counts
        ("100", "100", INCREASE, GoalKind.FLOOR),
        ("4.84", "5", DECREASE, GoalKind.CEILING),
        ("6.2", "5", DECREASE, GoalKind.REACH),
        (None, "90", INCREASE, GoalKind.REACH),
    ],
)
def test_the_table_row_implies_the_goal_kind(
    baseline: str | None, target: str, direction: Direction, kind: GoalKind
) -> None:
    derived = derive_goal_kind(
        baseline=Decimal(baseline) if baseline else None,
        target=Decimal(target),
        direction=direction,
        entitled=False,
        total=False,
        yearly_mean=False,
    )

    assert derived is kind


@pytest.mark.parametrize(
    ("entitled", "total", "yearly_mean", "kind"),
    [
        (True, False, False, GoalKind.COVERAGE),
        (False, True, False, GoalKind.ACCUMULATE),
        (False, False, True, GoalKind.AVERAGE),
    ],
)
def test_a_mark_in_the_row_goes_before_its_figures(
    entitled: bool, total: bool, yearly_mean: bool, kind: GoalKind
) -> None:
    derived = derive_goal_kind(
        baseline=Decimal("6.1"),
        target=Decimal(6),
        direction=INCREASE,
        entitled=entitled,
        total=total,
        yearly_mean=yearly_mean,
    )

    assert derived is kind
