"""评价: the verdict on one observation by the schedule method (序时进度)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from planwatch.accumulation import TotalIncomplete, total_through
from planwatch.observation import Observation
from planwatch.period import TimePeriod, year_fraction
from planwatch.plan import GoalKind, Indicator, Plan
from planwatch.policy import AssessmentClass, Policy, Thresholds
from planwatch.series import SeriesKey
from planwatch.trajectory import PathPoint, expected_value_at

METHOD = "schedule"
LIMIT_KINDS = frozenset({GoalKind.FLOOR, GoalKind.CEILING, GoalKind.COVERAGE})
TOTAL_KINDS = frozenset({GoalKind.ACCUMULATE, GoalKind.AVERAGE})


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures behind a verdict; every field is None where it has no meaning.

    Attributes:
        measured: what is held against the path: the observation, or the total so far (indicator's unit).
        baseline: value the path starts from (indicator's unit).
        expected: milestone value at the period's end (indicator's unit).
        achieved_share: (measured - baseline) / (target - baseline).
        expected_share: (expected - baseline) / (target - baseline).
        schedule_index: achieved_share / expected_share.
        gap: measured - expected (indicator's unit).
        gap_pct: gap in per cent of expected.
        pace: change per year so far (indicator's unit).
        pace_needed: change per year needed from here to the target (indicator's unit).
        years_to_target: at the present pace, from the period's end.
    """

    measured: Decimal | None = None
    baseline: Decimal | None = None
    expected: Decimal | None = None
    achieved_share: float | None = None
    expected_share: float | None = None
    schedule_index: float | None = None
    gap: Decimal | None = None
    gap_pct: float | None = None
    pace: float | None = None
    pace_needed: float | None = None
    years_to_target: float | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """One verdict with everything needed to explain and recompute it.

    Attributes:
        series: what was judged.
        period: for which period.
        plan_id: the plan, `plan_version` its version, `policy_version` the thresholds.
        verdict: the class.
        reason: code of why it is this class, see `planwatch.reasons`.
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


def assess(
    plan: Plan,
    indicator: Indicator,
    policy: Policy,
    history: Mapping[TimePeriod, Observation],
    period: TimePeriod,
    *,
    submission_id: str,
) -> Assessment | None:
    """The verdict on `period` of one series under the schedule method.

    Args:
        plan: the plan version in force.
        indicator: what the series measures, of that plan.
        policy: thresholds of the classes.
        history: current vintages of the series; where `needs_history` is false the period's own is enough.
        period: the period to judge.
        submission_id: the submission whose arrival leads to this verdict.
    Returns:
        The verdict; None for a period before the plan begins, which gives a baseline but is not judged.
    Source: docs/method.md, schedule method.
    """
    observation = history[period]
    if period.end < plan.first_day:
        return None
    judged = _judge(plan, indicator, policy.thresholds, history, period)
    return Assessment(
        series=observation.series,
        period=period,
        plan_id=plan.plan_id,
        plan_version=plan.version,
        policy_version=policy.version,
        verdict=judged.verdict,
        reason=judged.reason,
        measures=judged.measures,
        value=observation.value,
        revision=observation.revision,
        baseline_period=judged.baseline_period,
        baseline_substituted=judged.substituted,
        submission_id=submission_id,
        known_at=_known_at(indicator, history, period),
    )


@dataclass(frozen=True, slots=True)
class _Judgement:
    verdict: AssessmentClass
    reason: str
    measures: Measures = Measures()
    baseline_period: TimePeriod | None = None
    substituted: bool = False


@dataclass(frozen=True, slots=True)
class _Start:
    value: Decimal
    time: float
    period: TimePeriod | None
    substituted: bool


def _judge(
    plan: Plan,
    indicator: Indicator,
    thresholds: Thresholds,
    history: Mapping[TimePeriod, Observation],
    period: TimePeriod,
) -> _Judgement:
    value = history[period].value
    if value is None:
        return _Judgement(AssessmentClass.NO_DATA, "value_missing")
    if indicator.goal_kind in LIMIT_KINDS:
        return _judge_limit(indicator, value, _printed_start(indicator))
    if indicator.goal_kind in TOTAL_KINDS:
        try:
            total = total_through(plan, indicator, history, period)
        except TotalIncomplete:
            return _Judgement(AssessmentClass.NOT_ASSESSABLE, "earlier_flow_missing")
        zero = _Start(Decimal(0), float(plan.first_day.year - 1), None, substituted=False)
        return _judge_path(plan, indicator, thresholds, period, total, zero)
    start = _printed_start(indicator) or _first_observation(history)
    if start.substituted and indicator.target.met_by(start.value):
        return _judge_limit(indicator, value, start)
    return _judge_path(plan, indicator, thresholds, period, value, start)


def _judge_limit(indicator: Indicator, value: Decimal, start: _Start | None) -> _Judgement:
    target = indicator.target
    gap = value - target.value
    measures = Measures(
        measured=value,
        baseline=start.value if start else None,
        expected=target.value,
        gap=gap,
        gap_pct=_per_cent(gap, target.value),
    )
    is_held = target.met_by(value)
    return _Judgement(
        AssessmentClass.HELD if is_held else AssessmentClass.BREACHED,
        "limit_held" if is_held else "limit_breached",
        measures,
        start.period if start else None,
        start.substituted if start else False,
    )


def _judge_path(
    plan: Plan, indicator: Indicator, thresholds: Thresholds, period: TimePeriod, measured: Decimal, start: _Start
) -> _Judgement:
    goal = _goal_value(plan, indicator)
    measures = _measure(indicator, period, measured, start, goal)
    verdict, reason = _class_on_path(plan, indicator, thresholds, period, measures, goal)
    if start.substituted and start.period == period and verdict is not AssessmentClass.ACHIEVED:
        verdict, reason = AssessmentClass.NOT_ASSESSABLE, "first_observation_is_baseline"
    return _Judgement(verdict, reason, measures, start.period, start.substituted)


def _class_on_path(
    plan: Plan, indicator: Indicator, thresholds: Thresholds, period: TimePeriod, measures: Measures, goal: Decimal
) -> tuple[AssessmentClass, str]:
    measured, baseline, expected = measures.measured, measures.baseline, measures.expected
    assert measured is not None
    assert baseline is not None
    assert expected is not None
    counts_early = indicator.goal_kind is not GoalKind.AVERAGE  # a mean is reached when its last year is over
    if (counts_early or period.end >= plan.last_day) and indicator.target.comparator.holds(measured, goal):
        return AssessmentClass.ACHIEVED, "target_met"
    sign = 1 if goal > baseline else -1
    if goal == baseline:
        return AssessmentClass.NOT_ASSESSABLE, "target_equals_baseline"
    progress, due = (measured - baseline) * sign, (expected - baseline) * sign
    if due <= 0:
        return _class_by_side((measured - expected) * sign, measured, expected)
    if progress < 0 and _beyond_rounding(measured, baseline):
        return AssessmentClass.REVERSED, "moved_away"
    return _class_of_index(progress, due, thresholds), "schedule_index"


def _class_by_side(lead: Decimal, measured: Decimal, expected: Decimal) -> tuple[AssessmentClass, str]:
    """The class where the plan expects no progress yet, or a step back first: no share can be formed."""
    if lead > 0:
        return AssessmentClass.AHEAD, "side_of_path"
    if lead < 0 and _beyond_rounding(measured, expected):
        return AssessmentClass.REVERSED, "moved_away"
    return AssessmentClass.ON_SCHEDULE, "side_of_path"


def _class_of_index(progress: Decimal, due: Decimal, thresholds: Thresholds) -> AssessmentClass:
    """The class of progress ÷ due, compared by multiplication so that a value on a threshold is exactly on it."""
    if progress >= thresholds.ahead * due:
        return AssessmentClass.AHEAD
    if progress >= thresholds.on_schedule * due:
        return AssessmentClass.ON_SCHEDULE
    if progress >= thresholds.lagging * due:
        return AssessmentClass.LAGGING
    return AssessmentClass.FAR_BEHIND


def _measure(indicator: Indicator, period: TimePeriod, measured: Decimal, start: _Start, goal: Decimal) -> Measures:
    now, end = year_fraction(period.end), year_fraction(indicator.target.period.end)
    expected = expected_value_at(_path(indicator, start, goal, end), now)
    distance = goal - start.value
    gap = measured - expected
    achieved = float((measured - start.value) / distance) if distance else None
    share = float((expected - start.value) / distance) if distance else None
    pace = float(measured - start.value) / (now - start.time) if now > start.time else None
    remaining = float(goal - measured)
    return Measures(
        measured=measured,
        baseline=start.value,
        expected=expected,
        achieved_share=achieved,
        expected_share=share,
        schedule_index=achieved / share if achieved is not None and share else None,
        gap=gap,
        gap_pct=_per_cent(gap, expected),
        pace=pace,
        pace_needed=remaining / (end - now) if end > now else None,
        years_to_target=remaining / pace if pace and remaining / pace > 0 else None,
    )


def _path(indicator: Indicator, start: _Start, goal: Decimal, end: float) -> tuple[PathPoint, ...]:
    stated = tuple(
        PathPoint(year_fraction(period.end), value)
        for period, value in indicator.milestones
        if start.time < year_fraction(period.end) < end
    )
    return (PathPoint(start.time, start.value), *stated, PathPoint(end, goal))


def _goal_value(plan: Plan, indicator: Indicator) -> Decimal:
    if indicator.goal_kind is GoalKind.AVERAGE:
        return indicator.target.value * (plan.end.start.year - plan.start.start.year + 1)
    return indicator.target.value


def _printed_start(indicator: Indicator) -> _Start | None:
    baseline = indicator.baseline
    if baseline is None:
        return None
    return _Start(baseline.value, year_fraction(baseline.period.end), baseline.period, substituted=False)


def _first_observation(history: Mapping[TimePeriod, Observation]) -> _Start:
    period, value = min((period, known.value) for period, known in history.items() if known.value is not None)
    return _Start(value, year_fraction(period.end), period, substituted=True)


def _beyond_rounding(value: Decimal, baseline: Decimal) -> bool:
    """Whether two printed figures differ by more than half a unit of the coarser one's last decimal."""
    last_decimal = max(int(value.as_tuple().exponent), int(baseline.as_tuple().exponent))
    return abs(value - baseline) > Decimal(5).scaleb(min(last_decimal, 0) - 1)


def _known_at(indicator: Indicator, history: Mapping[TimePeriod, Observation], period: TimePeriod) -> datetime:
    if not needs_history(indicator):
        return history[period].received_at
    return max(observation.received_at for earlier, observation in history.items() if earlier <= period)


def _per_cent(part: Decimal, whole: Decimal) -> float | None:
    return float(part / whole * 100) if whole else None
