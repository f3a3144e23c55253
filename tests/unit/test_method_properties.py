"""What holds for every method and every series; where a published rule has not the property, the test says so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planwatch.methods.case import MethodCase, MethodResult, Point
from planwatch.methods.case_document import read_case
from planwatch.methods.catalogue import METHODS, run
from planwatch.methods.reasons import REASON_TEXTS
from planwatch.plan import Direction, GoalKind
from planwatch.policy import AssessmentClass

few = settings(max_examples=50)  # per method, of which there are eight
every_method = pytest.mark.parametrize("name", list(METHODS))

OPPOSITE = {Direction.INCREASE: Direction.DECREASE, Direction.DECREASE: Direction.INCREASE}
WORST_FIRST = [
    AssessmentClass.REVERSED,
    AssessmentClass.FAR_BEHIND,
    AssessmentClass.LAGGING,
    AssessmentClass.ON_SCHEDULE,
    AssessmentClass.AHEAD,
    AssessmentClass.ACHIEVED,
]
RANK = {verdict: rank for rank, verdict in enumerate(WORST_FIRST)} | {
    AssessmentClass.BREACHED: 0,
    AssessmentClass.HELD: len(WORST_FIRST),
}

# Quarters, so that scaling by powers of two and changing signs is exact.
positive = st.integers(1, 800).map(lambda quarters: quarters / 4)
any_sign = st.integers(-800, 800).map(lambda quarters: quarters / 4)


@st.composite
def cases(
    draw: st.DrawFn, values: st.SearchStrategy[float] = positive, *, with_target: bool | None = None
) -> MethodCase:
    """A series from 2015 on with a target in 2030, or without one."""
    count = draw(st.integers(2, 8))
    target = draw(values) if with_target or (with_target is None and draw(st.booleans())) else None
    lower, optimum, green = draw(st.lists(values, min_size=3, max_size=3, unique=True).map(sorted))
    direction = draw(st.sampled_from(Direction))
    if direction is Direction.DECREASE:
        lower, green, optimum = optimum, green, lower
    else:
        green, optimum = optimum, green
        green, optimum = sorted((green, optimum))
    return MethodCase(
        points=tuple(Point(2015.0 + offset, draw(values)) for offset in range(count)),
        base_year=2015.0,
        target=target,
        target_year=2030.0,
        direction=direction,
        limit=draw(st.none() | values),
        lower=lower,
        optimum=optimum,
        green=green,
    )


def transformed(case: MethodCase, factor: float) -> MethodCase:
    """The case in another unit; a negative factor turns the scale upside down."""

    def scaled(value: float | None) -> float | None:
        return None if value is None else value * factor

    return replace(
        case,
        points=tuple(Point(point.year, point.value * factor) for point in case.points),
        target=scaled(case.target),
        limit=scaled(case.limit),
        lower=scaled(case.lower),
        optimum=scaled(case.optimum),
        green=scaled(case.green),
        direction=OPPOSITE[case.direction] if factor < 0 and case.direction else case.direction,
    )


def assessed(name: str, case: MethodCase) -> MethodResult:
    return run(METHODS[name], case)


def within_one_point_applies(case: MethodCase) -> bool:
    """The United Nations' exception for shares, which knows 100 per cent by the number and so depends on the unit."""
    return case.target == 100 or case.target == 0


@every_method
@few
@given(case=cases(), exponent=st.integers(-3, 3))
def test_another_unit_changes_nothing(name: str, case: MethodCase, exponent: int) -> None:
    # Not so where the publisher replaces 0 by 0.001, and at 0 and 100 per cent in the United Nations' rule.
    assume(not within_one_point_applies(case) and not within_one_point_applies(transformed(case, 2.0**exponent)))

    assert assessed(name, transformed(case, 2.0**exponent)) == assessed(name, case)


@every_method
@few
@given(case=cases(with_target=True))
def test_the_mirrored_series_has_the_mirrored_verdict(name: str, case: MethodCase) -> None:
    # With a target: growth rates do not depend on the common sign. See the next test for cases without one.
    assume(not within_one_point_applies(case))

    assert assessed(name, transformed(case, -1.0)) == assessed(name, case)


@pytest.mark.parametrize("name", ["eurostat", "statistics_canada"])
@few
@given(case=cases(with_target=False))
def test_without_a_target_the_other_direction_gives_the_opposite_progress(name: str, case: MethodCase) -> None:
    one, other = (
        assessed(name, case),
        assessed(name, replace(case, direction=OPPOSITE[case.direction or Direction.INCREASE])),
    )

    assert one.value is not None
    assert other.value == -one.value


@every_method
@few
@given(case=cases(), gain=st.integers(1, 80).map(lambda quarters: quarters / 4))
def test_a_better_latest_value_never_gives_a_worse_class(name: str, case: MethodCase, gain: float) -> None:
    # Of the latest value only: a better earlier value makes the pace slower in every method. Methods of growth rates
    # have the property among values of one sign; crossing zero takes their result away.
    *before, latest = case.points
    better = latest.value + (gain if case.direction is Direction.INCREASE else -gain)
    assume(better > 0)

    worse_case, better_case = case, replace(case, points=(*before, Point(latest.year, better)))
    ranks = [RANK.get(assessed(name, one).verdict or AssessmentClass.FAR_BEHIND) for one in (worse_case, better_case)]

    assume(None not in ranks)
    assert ranks[0] <= ranks[1]  # type: ignore[operator]


@pytest.mark.parametrize("name", ["eurostat", "statistics_canada", "un_projection"])
@few
@given(case=cases(), gain=st.integers(1, 80).map(lambda quarters: quarters / 4))
def test_a_better_latest_value_never_gives_a_lower_score(name: str, case: MethodCase, gain: float) -> None:
    *before, latest = case.points
    better = latest.value + (gain if case.direction is Direction.INCREASE else -gain)
    assume(better > 0)

    lower, higher = assessed(name, case), assessed(name, replace(case, points=(*before, Point(latest.year, better))))

    assume(lower.score is not None and higher.score is not None)
    assert (lower.score or 0) <= (higher.score or 0)


@every_method
@few
@given(case=cases(), data=st.data())
def test_the_order_of_values_does_not_matter(name: str, case: MethodCase, data: st.DataObject) -> None:
    values = [[point.year, point.value] for point in case.points]
    shuffled = data.draw(st.permutations(values))

    assert assessed(name, from_line(case, shuffled)) == assessed(name, case)


@every_method
@few
@given(case=cases(any_sign), kind=st.none() | st.sampled_from(GoalKind))
def test_every_case_has_a_value_a_class_or_a_reason_that_is_worded(
    name: str, case: MethodCase, kind: GoalKind | None
) -> None:
    result = assessed(name, replace(case, goal_kind=kind))

    assert result.reason is None or result.reason in REASON_TEXTS
    assert result.reason is not None or (result.value is not None and result.published_class is not None)
    assert result.verdict is not AssessmentClass.NOT_ASSESSABLE or result.value is None


def from_line(case: MethodCase, values: list[list[float]]) -> MethodCase:
    document: dict[str, Any] = {
        "id": "a",
        "values": values,
        "base_year": case.base_year,
        "target": case.target,
        "target_year": case.target_year,
        "direction": "positive" if case.direction is Direction.INCREASE else "negative",
        "limit": case.limit,
        "lower": case.lower,
        "optimum": case.optimum,
        "green": case.green,
    }
    return read_case(json.dumps(document).encode()).case
