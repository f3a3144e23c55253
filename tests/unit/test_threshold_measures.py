"""Thresholds in points and in days behind the path, and verdicts judged again from what is stored of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.assessment import assess
from planwatch.period import parse_period
from planwatch.plan import Direction, Indicator, Plan
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.policy import AssessmentClass, Policy, ThresholdMeasure, Thresholds
from planwatch.rejudgement import StoredVerdict, class_under
from planwatch.wording import REASONS
from tests.builders import default_policy, make_history, make_indicator, make_plan

AHEAD, ON_SCHEDULE = AssessmentClass.AHEAD, AssessmentClass.ON_SCHEDULE
LAGGING, FAR_BEHIND = AssessmentClass.LAGGING, AssessmentClass.FAR_BEHIND
UP, DOWN = Direction.INCREASE, Direction.DECREASE
POINTS = Thresholds(Decimal(5), Decimal("9.9999"), Decimal(30), ThresholdMeasure.POINTS_BEHIND)
DAYS = Thresholds(Decimal(30), Decimal(0), Decimal(90), ThresholdMeasure.DAYS_BEHIND)
BOUNDS = st.lists(st.decimals(Decimal("0.1"), Decimal("1.5"), places=2), min_size=3, max_size=3).map(sorted)


def judged(thresholds: Thresholds, value: str, period: str = "2023", **fields: object) -> AssessmentClass:
    """The class of a figure on the way from 0 in 2020 to 100 in 2025."""
    indicator = make_indicator(**{"baseline": "0", "target": "100", **fields})  # type: ignore[arg-type]
    plan = make_plan(indicator)
    policy = replace(default_policy(), thresholds=thresholds)
    found = assess(
        plan, indicator, policy, make_history(indicator, {period: value}), parse_period(period), submission_id="s"
    )
    assert found is not None
    return found.verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("65", AHEAD),  # 60 is due by the end of 2023
        ("64.9", ON_SCHEDULE),
        ("50.1", ON_SCHEDULE),
        ("50", LAGGING),  # exactly ten points behind: yellow in Yinchuan
        ("30", LAGGING),
        ("29.9", FAR_BEHIND),
    ],
)
def test_points_behind_are_percentage_points_of_the_whole_way(value: str, verdict: AssessmentClass) -> None:
    assert judged(POINTS, value) is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("62", AHEAD),  # 20 a year: 30 days before the path are 1.64
        ("61", ON_SCHEDULE),
        ("60", ON_SCHEDULE),
        ("59.9", LAGGING),
        ("55.1", LAGGING),  # 90 days are 4.93
        ("55.0", FAR_BEHIND),
    ],
)
def test_days_behind_ask_when_the_path_had_the_present_value(value: str, verdict: AssessmentClass) -> None:
    assert judged(DAYS, value) is verdict


@pytest.mark.parametrize(("thresholds", "reason"), [(POINTS, "points_behind"), (DAYS, "days_behind")])
def test_a_verdict_says_by_what_it_was_judged(thresholds: Thresholds, reason: str) -> None:
    indicator = make_indicator(baseline="0", target="100")
    policy = replace(default_policy(), thresholds=thresholds)

    found = assess(
        make_plan(indicator),
        indicator,
        policy,
        make_history(indicator, {"2023": "40"}),
        parse_period("2023"),
        submission_id="s",
    )

    assert found is not None
    assert found.reason == reason
    assert REASONS[reason].zh


@pytest.mark.parametrize("thresholds", [POINTS, DAYS])
def test_a_falling_goal_is_judged_as_its_mirror(thresholds: Thresholds) -> None:
    rising = [judged(thresholds, value) for value in ("65", "60", "40", "5")]
    falling = [
        judged(thresholds, value, baseline="100", target="0", direction=DOWN) for value in ("35", "40", "60", "95")
    ]

    assert rising == falling


@given(st.decimals(0, 100, places=1), st.decimals(0, 100, places=1), st.sampled_from([POINTS, DAYS]))
def test_more_progress_never_gives_a_worse_class(one: Decimal, other: Decimal, thresholds: Thresholds) -> None:
    order = [FAR_BEHIND, LAGGING, ON_SCHEDULE, AHEAD, AssessmentClass.ACHIEVED]
    less, more = sorted([one, other])

    assert order.index(judged(thresholds, str(less))) <= order.index(judged(thresholds, str(more)))


def stored_under(policy: Policy, plan: Plan, indicator: Indicator, value: str, period: str) -> StoredVerdict:
    found = assess(
        plan, indicator, policy, make_history(indicator, {period: value}), parse_period(period), submission_id="s"
    )
    assert found is not None
    return StoredVerdict(
        indicator_id=indicator.indicator_id,
        period=found.period,
        verdict=found.verdict,
        plan_version=plan.version,
        policy_version=policy.version,
        measured=found.measures.measured,
        baseline=found.measures.baseline,
        baseline_period=found.baseline_period,
        baseline_substituted=found.baseline_substituted,
        expected=found.measures.expected,
        known_at=found.known_at,
    )


@given(
    st.decimals(-20, 140, places=1),
    st.sampled_from(["2021", "2022-06", "2023", "2025"]),
    BOUNDS,
    BOUNDS,
    st.sampled_from([("0", "100", UP), ("100", "20", DOWN), ("50", "50.5", UP)]),
)
def test_judging_again_from_what_is_stored_gives_what_judging_the_figure_gives(
    value: Decimal, period: str, first: list[Decimal], second: list[Decimal], way: tuple[str, str, Direction]
) -> None:
    # given a verdict under some thresholds
    indicator = make_indicator(baseline=way[0], target=way[1], direction=way[2])
    plan = make_plan(indicator)
    before, after = (
        replace(default_policy(), version=name, thresholds=Thresholds(bounds[2], bounds[1], bounds[0]))
        for name, bounds in (("a", first), ("b", second))
    )
    stored = stored_under(before, plan, indicator, str(value), period)

    # when it is judged again under others
    again = class_under(after.thresholds, stored, PlanHistory([PlanVersion(plan, datetime(2021, 1, 1, tzinfo=UTC))]))

    # then it has the class that these give the figure
    assert again is stored_under(after, plan, indicator, str(value), period).verdict


def test_a_verdict_of_a_version_that_is_not_there_cannot_be_judged_again() -> None:
    indicator = make_indicator(baseline="0", target="100")
    plan = make_plan(indicator)
    stored = replace(stored_under(default_policy(), plan, indicator, "50", "2023"), plan_version=2)

    again = class_under(POINTS, stored, PlanHistory([PlanVersion(plan, datetime(2021, 1, 1, tzinfo=UTC))]))

    assert again is None
