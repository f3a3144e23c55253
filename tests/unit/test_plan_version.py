"""What may change within an applied version of a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import Direction, Doubt, GoalKind, Indicator, Nature, Plan
from planwatch.plan_terms import Comparator
from planwatch.plan_version import changed_indicators, version_faults
from planwatch.series import Accumulation
from planwatch.trajectory import Trajectory
from tests.builders import make_agency, make_indicator, make_plan

FIRST, SECOND = make_indicator(no=1), make_indicator(no=2)
PLAN = make_plan(FIRST, SECOND)


def with_first(change: Callable[[Indicator], Indicator]) -> Plan:
    return replace(PLAN, indicators=(change(FIRST), SECOND))


def paths(wanted: Plan) -> list[str]:
    return [fault.path for fault in version_faults(PLAN, wanted)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda row: replace(row, target=replace(row.target, value=Decimal(99))), "target.value"),
        (lambda row: replace(row, target=replace(row.target, comparator=Comparator.GREATER)), "target.comparator"),
        (lambda row: replace(row, target=replace(row.target, period=parse_period("2024"))), "target.period"),
        (lambda row: replace(row, baseline=None), "baseline"),
        (lambda row: replace(row, milestones=((parse_period("2022"), Decimal(60)),)), "milestones"),
        (lambda row: replace(row, goal_kind=GoalKind.FLOOR), "goal_kind"),
        (lambda row: replace(row, direction=Direction.DECREASE), "direction"),
        (lambda row: replace(row, accumulation=Accumulation.FLOW), "accumulation"),
        (lambda row: replace(row, nature=Nature.ANTICIPATORY), "nature"),
        (lambda row: replace(row, trajectory=Trajectory.STEP), "trajectory"),
        (lambda row: replace(row, follows_last_year=True), "seasonal_profile"),
        (lambda row: replace(row, unit=replace(row.unit, mult=4)), "unit"),
    ],
)
def test_a_change_of_what_verdicts_depend_on_is_named(change: Callable[[Indicator], Indicator], field: str) -> None:
    wanted = with_first(change)

    assert paths(wanted) == [f"indicators[test-01].{field}"]
    assert changed_indicators(PLAN, wanted) == ["test-01"]


def test_every_change_is_named_at_once() -> None:
    moved = replace(with_first(lambda row: replace(row, nature=Nature.ANTICIPATORY)), end=parse_period("2026"))

    assert paths(replace(moved, indicators=moved.indicators[:1])) == [
        "period",
        "indicators[test-01].nature",
        "indicators[test-02]",
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        with_first(lambda row: replace(row, name=Text("新名称", "new name"), note=Text("说明", "note"))),
        with_first(lambda row: replace(row, needs_confirmation=(Doubt("target", Text("疑", "doubt")),))),
        with_first(lambda row: replace(row, owner="lead")),
        replace(PLAN, agencies=(*PLAN.agencies, make_agency("new", Text("新", "new")))),
        replace(PLAN, indicators=(*PLAN.indicators, make_indicator(no=3))),
        replace(PLAN, title=Text("改名", "renamed")),
    ],
    ids=["names and notes", "a doubt", "an owner", "an agency", "a further indicator", "the title"],
)
def test_what_no_verdict_depends_on_may_change(wanted: Plan) -> None:
    assert version_faults(PLAN, wanted) == []
    assert changed_indicators(PLAN, wanted) == []
