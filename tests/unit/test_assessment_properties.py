"""What holds of the schedule method whatever the figures are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planwatch.assessment import Assessment, assess
from planwatch.observation import Observation
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Direction, GoalKind, Indicator
from planwatch.plan_history import PlanVersion
from planwatch.plan_terms import Comparator
from planwatch.policy import AssessmentClass
from planwatch.series import Accumulation
from planwatch.trajectory import Trajectory
from tests.builders import (
    RECEIVED_AT,
    default_policy,
    make_history,
    make_indicator,
    make_observation,
    make_plan,
)
from tests.replay import Replay

WORST_FIRST = [
    AssessmentClass.REVERSED,
    AssessmentClass.FAR_BEHIND,
    AssessmentClass.LAGGING,
    AssessmentClass.ON_SCHEDULE,
    AssessmentClass.AHEAD,
    AssessmentClass.ACHIEVED,
]
MIRRORED = {
    Comparator.AT_LEAST: Comparator.AT_MOST,
    Comparator.GREATER: Comparator.LESS,
    Comparator.AT_MOST: Comparator.AT_LEAST,
    Comparator.LESS: Comparator.GREATER,
}
OPPOSITE = {Direction.INCREASE: Direction.DECREASE, Direction.DECREASE: Direction.INCREASE}

FIGURES = st.integers(0, 100_000).map(lambda hundredths: str(Decimal(hundredths).scaleb(-2)))
RISES = st.integers(1, 100_000).map(lambda hundredths: str(Decimal(hundredths).scaleb(-2)))
PERIODS = st.sampled_from(["2021", "2021-S1", "2022-Q3", "2023-02", "2024", "2025-12"])
COMPARATORS = st.sampled_from([Comparator.AT_LEAST, Comparator.GREATER])
INDICATORS = st.builds(
    lambda baseline, rise, comparator, trajectory: replace(
        make_indicator(baseline=baseline, target=str(Decimal(baseline) + Decimal(rise)), comparator=comparator),
        trajectory=trajectory,
    ),
    RISES,
    RISES,
    COMPARATORS,
    st.sampled_from(Trajectory),
)
WITH_MILESTONES = st.builds(
    lambda indicator, values: replace(
        indicator,
        milestones=tuple(
            (parse_period(str(2021 + number)), Decimal(value))
            for number, value in enumerate(sorted(values, key=Decimal))
        ),
    ),
    INDICATORS,
    st.lists(FIGURES, min_size=1, max_size=4),
)


def judge(indicator: Indicator, history: Mapping[TimePeriod, Observation], period: str) -> Assessment:
    made = assess(make_plan(indicator), indicator, default_policy(), history, parse_period(period), submission_id="s1")
    assert made is not None
    return made


def judge_figure(indicator: Indicator, value: str, period: str) -> Assessment:
    return judge(indicator, make_history(indicator, {period: value}), period)


def expected_at(indicator: Indicator, period: str) -> Decimal:
    expected = judge_figure(indicator, "0", period).measures.expected
    assert expected is not None
    return expected


def mapped(indicator: Indicator, scale: int, *, mirrored: bool) -> Indicator:
    """The same indicator with its figures in a larger unit (10^-scale), or upside down."""
    sign = -1 if mirrored else 1
    assert indicator.baseline is not None
    return replace(
        indicator,
        direction=OPPOSITE[indicator.direction] if mirrored else indicator.direction,
        baseline=replace(indicator.baseline, value=sign * indicator.baseline.value.scaleb(scale)),
        target=replace(
            indicator.target,
            value=sign * indicator.target.value.scaleb(scale),
            comparator=MIRRORED[indicator.target.comparator] if mirrored else indicator.target.comparator,
        ),
    )


@given(st.one_of(INDICATORS, WITH_MILESTONES), PERIODS)
def test_exactly_on_the_path_is_on_schedule(indicator: Indicator, period: str) -> None:
    on_the_path = str(expected_at(indicator, period))
    assume(not indicator.target.met_by(Decimal(on_the_path)))

    assert judge_figure(indicator, on_the_path, period).verdict is AssessmentClass.ON_SCHEDULE


@given(INDICATORS, PERIODS, FIGURES)
def test_a_mirrored_indicator_gets_the_mirrored_verdict(indicator: Indicator, period: str, value: str) -> None:
    mirror = mapped(indicator, 0, mirrored=True)

    one, other = judge_figure(indicator, value, period), judge_figure(mirror, str(-Decimal(value)), period)

    assert (one.verdict, one.reason) == (other.verdict, other.reason)
    assert one.measures.achieved_share == other.measures.achieved_share


@given(st.one_of(INDICATORS, WITH_MILESTONES), PERIODS, FIGURES, FIGURES)
def test_more_progress_never_gives_a_worse_class(indicator: Indicator, period: str, one: str, other: str) -> None:
    less, more = sorted([one, other], key=Decimal)

    worse, better = judge_figure(indicator, less, period).verdict, judge_figure(indicator, more, period).verdict

    assert WORST_FIRST.index(worse) <= WORST_FIRST.index(better)


@given(INDICATORS, PERIODS, FIGURES, st.integers(-8, 0))
def test_a_larger_unit_scales_the_figures_and_nothing_else(
    indicator: Indicator, period: str, value: str, scale: int
) -> None:
    scaled = mapped(indicator, scale, mirrored=False)

    one, other = judge_figure(indicator, value, period), judge_figure(scaled, str(Decimal(value).scaleb(scale)), period)

    assert (one.verdict, one.reason) == (other.verdict, other.reason)
    assert one.measures.achieved_share == pytest.approx(other.measures.achieved_share)
    assert one.measures.gap is not None
    assert other.measures.gap == pytest.approx(one.measures.gap.scaleb(scale), rel=Decimal("1e-9"))


@given(INDICATORS, PERIODS, RISES)
def test_a_figure_beyond_the_target_is_achieved_at_any_time(indicator: Indicator, period: str, surplus: str) -> None:
    value = str(indicator.target.value + Decimal(surplus))

    assert judge_figure(indicator, value, period).verdict is AssessmentClass.ACHIEVED


@given(FIGURES, FIGURES, st.sampled_from(Comparator))
def test_a_limit_is_held_or_breached_and_its_comparator_decides(limit: str, value: str, comparator: Comparator) -> None:
    floor = make_indicator(goal_kind=GoalKind.FLOOR, baseline=None, target=limit, comparator=comparator)

    made = judge_figure(floor, value, "2021")

    assert (made.verdict is AssessmentClass.HELD) == comparator.holds(Decimal(value), Decimal(limit))
    assert made.verdict in (AssessmentClass.HELD, AssessmentClass.BREACHED)


@given(st.lists(st.decimals(0, 10, places=2), min_size=5, max_size=5), st.sampled_from([0, 1, 2, 3, 4]))
def test_flows_and_running_totals_give_the_same_verdict(flows: list[Decimal], year: int) -> None:
    trained = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="25")
    years = ["2021", "2022", "2023", "2024", "2025"]
    as_flows = dict(zip(years, map(str, flows), strict=True))
    as_totals = {name: str(sum(flows[: at + 1])) for at, name in enumerate(years)}

    one = judge(trained, make_history(trained, as_flows, accumulation=Accumulation.FLOW), years[year])
    other = judge(trained, make_history(trained, as_totals, accumulation=Accumulation.SINCE_PLAN_START), years[year])

    assert (one.verdict, one.measures) == (other.verdict, other.measures)


@dataclass(frozen=True)
class Report:
    """A submission of one figure, and the day of March on which it was received."""

    submission_id: str
    period: str
    value: str
    day: int


REPORTS = st.lists(
    st.builds(
        Report,
        st.sampled_from("abcdefgh"),
        st.sampled_from(["2021", "2022", "2023"]),
        FIGURES,
        st.integers(1, 28),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda report: report.submission_id,
)
ANY_KIND = st.sampled_from(
    [
        make_indicator(baseline="50", target="900"),
        make_indicator(baseline=None, target="900"),
        make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="900", accumulation=Accumulation.FLOW),
    ]
)


@given(ANY_KIND, REPORTS.flatmap(lambda reports: st.tuples(st.just(reports), st.permutations(reports))))
def test_the_order_of_arrival_never_matters_to_what_is_known_in_the_end(
    indicator: Indicator, orders: tuple[list[Report], list[Report]]
) -> None:
    one, other = orders

    assert final_verdicts(indicator, one) == final_verdicts(indicator, other)


def final_verdicts(indicator: Indicator, arrivals: list[Report]) -> dict[str, tuple[object, ...]]:
    """The verdict of each period that counts in the end."""
    replay = Replay([PlanVersion(make_plan(indicator), RECEIVED_AT)])
    for report in arrivals:
        replay.receive(
            make_observation(
                indicator,
                report.period,
                report.value,
                received_at=datetime(2026, 3, report.day, tzinfo=UTC),
                submission_id=report.submission_id,
            )
        )
    return replay.stored_as_of(datetime(2026, 4, 1, tzinfo=UTC))
