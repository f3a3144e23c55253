"""评价: the verdict on one observation, with everything needed to explain and recompute it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate

from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import GoalKind, Indicator, Plan
from planwatch.policy import AssessmentClass, Policy
from planwatch.schedule import TOTAL_KINDS, Judgement, Measures, course_of, judge
from planwatch.series import SeriesKey


@dataclass(frozen=True, slots=True)
class Assessment:
    """One verdict with everything needed to explain and recompute it.

    Attributes:
        series: what was judged.
        period: for which period.
        plan_id: the plan, `plan_version` its version, `policy_version` the thresholds.
        verdict: the class.
        reason: code of why it is this class, see `planwatch.wording.REASONS`.
        measures: the figures.
        value: OBS_VALUE as reported.
        revision: the vintage of the observation.
        baseline_period: where the path starts; the first observation's period when it stands in for a missing baseline.
        baseline_substituted: True in that case.
        submission_id: the submission whose arrival led to this verdict.
        known_at: the newest moment of receipt among the figures it rests on.
    """

    series: SeriesKey
    period: TimePeriod
    plan_id: str
    plan_version: int
    policy_version: str
    verdict: AssessmentClass
    reason: str
    measures: Measures
    value: Decimal | None
    revision: int
    baseline_period: TimePeriod | None
    baseline_substituted: bool
    submission_id: str
    known_at: datetime


def affected_periods(
    indicator: Indicator, history: Mapping[TimePeriod, Observation], touched: Set[TimePeriod]
) -> list[TimePeriod]:
    """The periods whose verdict may change when the values of `touched` arrive, in rising order.

    Args:
        indicator: what the series measures.
        history: current vintage of every known period of the series, the touched ones included.
        touched: periods that received a new vintage.
    """
    periods = sorted(history)
    if indicator.goal_kind in TOTAL_KINDS:
        return [period for period in periods if period >= min(touched)]
    if indicator.baseline is None and indicator.goal_kind is GoalKind.REACH:
        valued = [period for period in periods if history[period].value is not None]
        if not valued or valued[0] >= min(touched):
            return periods
    return sorted(touched)


def needs_history(indicator: Indicator) -> bool:
    """Whether a verdict rests on more than the observation itself: totals, and a baseline that is not printed."""
    return indicator.goal_kind in TOTAL_KINDS or (indicator.baseline is None and indicator.goal_kind is GoalKind.REACH)


def assess_series(
    plan: Plan,
    indicator: Indicator,
    policy: Policy,
    history: Mapping[TimePeriod, Observation],
    periods: Iterable[TimePeriod],
    *,
    submission_id: str,
) -> list[Assessment]:
    """The verdicts on several periods of one series under the schedule method.

    Args:
        plan: the plan version in force.
        indicator: what the series measures, of that plan.
        policy: thresholds of the classes.
        history: current vintages of the series; where `needs_history` is false those of `periods` are enough.
        periods: the periods to judge, all of them in `history`.
        submission_id: the submission whose arrival leads to these verdicts.
    Returns:
        Verdicts in the order of `periods`; a period before the plan begins gives a baseline but is not judged.
    Source: docs/method.md, schedule method.
    """
    course = course_of(plan, indicator, policy.thresholds, history)
    known_at = _known_at(indicator, history)
    return [
        _assessment(plan, policy, history[period], judge(course, history[period]), submission_id, known_at[period])
        for period in periods
        if period.end >= plan.first_day
    ]


def assess(
    plan: Plan,
    indicator: Indicator,
    policy: Policy,
    history: Mapping[TimePeriod, Observation],
    period: TimePeriod,
    *,
    submission_id: str,
) -> Assessment | None:
    """The verdict on one period, see `assess_series`; None for a period before the plan begins."""
    made = assess_series(plan, indicator, policy, history, [period], submission_id=submission_id)
    return made[0] if made else None


def _assessment(
    plan: Plan,
    policy: Policy,
    observation: Observation,
    judgement: Judgement,
    submission_id: str,
    known_at: datetime,
) -> Assessment:
    start = judgement.start
    return Assessment(
        series=observation.series,
        period=observation.period,
        plan_id=plan.plan_id,
        plan_version=plan.version,
        policy_version=policy.version,
        verdict=judgement.verdict,
        reason=judgement.reason,
        measures=judgement.measures,
        value=observation.value,
        revision=observation.revision,
        baseline_period=start.period if start else None,
        baseline_substituted=start is not None and start.substituted,
        submission_id=submission_id,
        known_at=known_at,
    )


def _known_at(indicator: Indicator, history: Mapping[TimePeriod, Observation]) -> dict[TimePeriod, datetime]:
    """Period → the newest moment of receipt among the figures that its verdict rests on."""
    if not needs_history(indicator):
        return {period: known.received_at for period, known in history.items()}
    periods = sorted(history)
    return dict(zip(periods, accumulate((history[period].received_at for period in periods), max), strict=True))
