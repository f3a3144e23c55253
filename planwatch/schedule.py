"""序时进度: the schedule method, the default one. Achieved share against the share that the plan expects by then.

Source: docs/method.md, schedule method; the classes are those of the official mid-term evaluations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from planwatch.accumulation import totals
from planwatch.derived_indicators import PHYSICAL_PROGRESS, QUANTITY_DELIVERED
from planwatch.observation import Observation
from planwatch.period import TimePeriod, year_fraction
from planwatch.plan import GoalKind, Indicator, Plan
from planwatch.policy import AssessmentClass, Thresholds
from planwatch.trajectory import PathPoint, expected_value_at

METHOD = "schedule"
LIMIT_KINDS = frozenset({GoalKind.FLOOR, GoalKind.CEILING, GoalKind.COVERAGE})
TOTAL_KINDS = frozenset({GoalKind.ACCUMULATE, GoalKind.AVERAGE})
_DUE_IN_FULL = frozenset({PHYSICAL_PROGRESS, QUANTITY_DELIVERED})
_WORSE_THAN_LATE = frozenset({AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED})


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
class Start:
    """Where a path starts.

    Attributes:
        value: in the indicator's unit.
        time: in years; the end of 2020 is 2020.
        period: of the figure; None where a total starts from nothing.
        substituted: the first observation stands in for a baseline that the plan does not print.
    """

    value: Decimal
    time: float
    period: TimePeriod | None
    substituted: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A class, the code of its reason, and the figures behind it."""

    verdict: AssessmentClass
    reason: str
    measures: Measures = Measures()
    start: Start | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """What the verdicts on all periods of one series have in common, worked out once.

    Attributes:
        plan: the plan version.
        indicator: what the series measures.
        thresholds: of the classes.
        start: where the path starts; None for a limit without a printed baseline.
        goal: value at the end of the path (for a yearly mean: the total that it means).
        path: baseline, milestones, goal; empty where a limit is judged.
        totals: total through each period, where figures add up; a period that cannot be added up is absent.
    """

    plan: Plan
    indicator: Indicator
    thresholds: Thresholds
    start: Start | None
    goal: Decimal
    path: tuple[PathPoint, ...]
    totals: Mapping[TimePeriod, Decimal] | None


def course_of(
    plan: Plan, indicator: Indicator, thresholds: Thresholds, history: Mapping[TimePeriod, Observation]
) -> Course:
    """The course of a series.

    Args:
        plan: the plan version in force.
        indicator: what the series measures, of that plan.
        thresholds: of the classes.
        history: current vintages; the whole series where totals or a missing baseline need it.
    """
    start, sums = _printed_start(indicator) or _first_observation(history), None
    if indicator.goal_kind in TOTAL_KINDS:
        start = Start(Decimal(0), float(plan.first_day.year - 1), None, substituted=False)
        sums = totals(plan, indicator, history)
    is_limit = indicator.goal_kind in LIMIT_KINDS or (
        start is not None and start.substituted and indicator.target.met_by(start.value)
    )
    goal = _goal_value(plan, indicator)
    path = () if is_limit or start is None else _path(indicator, start, goal)
    return Course(plan, indicator, thresholds, start, goal, path, sums)


def judge(course: Course, observation: Observation) -> Judgement:
    """The verdict on one observation of the series of `course`."""
    if observation.value is None:
        return Judgement(AssessmentClass.NO_DATA, "value_missing")
    if not course.path:
        return _judge_limit(course, observation.value)
    if course.totals is None:
        return _judge_path(course, observation.period, observation.value)
    total = course.totals.get(observation.period)
    if total is None:
        return Judgement(AssessmentClass.NOT_ASSESSABLE, "earlier_flow_missing")
    return _judge_path(course, observation.period, total)


def _judge_limit(course: Course, value: Decimal) -> Judgement:
    target, start = course.indicator.target, course.start
    if start is not None and start.substituted and course.indicator.goal_kind in LIMIT_KINDS:
        start = None  # a limit needs no baseline
    gap = value - target.value
    measures = Measures(
        measured=value,
        baseline=start.value if start else None,
        expected=target.value,
        gap=gap,
        gap_pct=_per_cent(gap, target.value),
    )
    if target.met_by(value):
        return Judgement(AssessmentClass.HELD, "limit_held", measures, start)
    return Judgement(AssessmentClass.BREACHED, "limit_breached", measures, start)


def _judge_path(course: Course, period: TimePeriod, measured: Decimal) -> Judgement:
    start = course.start
    assert start is not None
    now = year_fraction(period.end)
    expected = expected_value_at(course.path, now)
    verdict, reason = _class_on_path(course, period, measured, start.value, expected)
    if start.substituted and start.period == period and verdict is not AssessmentClass.ACHIEVED:
        verdict, reason = AssessmentClass.NOT_ASSESSABLE, "first_observation_is_baseline"
    if _is_late(course.indicator, period) and verdict is not AssessmentClass.ACHIEVED:
        verdict = verdict if verdict in _WORSE_THAN_LATE else AssessmentClass.LAGGING
        reason = "deadline_passed"
    return Judgement(verdict, reason, _measure(course, start, now, measured, expected), start)


def _is_late(indicator: Indicator, period: TimePeriod) -> bool:
    """Whether a task or project owes all of it by the end of `period`: nearly done is not done then."""
    return indicator.concept in _DUE_IN_FULL and period.end >= indicator.target.period.end


def _class_on_path(
    course: Course, period: TimePeriod, measured: Decimal, baseline: Decimal, expected: Decimal
) -> tuple[AssessmentClass, str]:
    goal = course.goal
    counts_early = course.indicator.goal_kind is not GoalKind.AVERAGE  # a mean is reached when its last year is over
    if (counts_early or period.end >= course.plan.last_day) and course.indicator.target.comparator.holds(
        measured, goal
    ):
        return AssessmentClass.ACHIEVED, "target_met"
    if goal == baseline:
        return AssessmentClass.NOT_ASSESSABLE, "target_equals_baseline"
    sign = 1 if goal > baseline else -1
    progress, due = (measured - baseline) * sign, (expected - baseline) * sign
    if due <= 0:
        return _class_by_side((measured - expected) * sign, measured, expected)
    if progress < 0 and _beyond_rounding(measured, baseline):
        return AssessmentClass.REVERSED, "moved_away"
    return _class_of_index(progress, due, course.thresholds), "schedule_index"


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


def _measure(course: Course, start: Start, now: float, measured: Decimal, expected: Decimal) -> Measures:
    distance = course.goal - start.value
    gap = measured - expected
    achieved = float((measured - start.value) / distance) if distance else None
    share = float((expected - start.value) / distance) if distance else None
    pace = float(measured - start.value) / (now - start.time) if now > start.time else None
    remaining, end = float(course.goal - measured), course.path[-1].time
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


def _path(indicator: Indicator, start: Start, goal: Decimal) -> tuple[PathPoint, ...]:
    end = year_fraction(indicator.target.period.end)
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


def _printed_start(indicator: Indicator) -> Start | None:
    baseline = indicator.baseline
    if baseline is None:
        return None
    return Start(baseline.value, year_fraction(baseline.period.end), baseline.period, substituted=False)


def _first_observation(history: Mapping[TimePeriod, Observation]) -> Start | None:
    figures = [(period, known.value) for period, known in history.items() if known.value is not None]
    if not figures:
        return None
    period, value = min(figures)
    return Start(value, year_fraction(period.end), period, substituted=True)


def _beyond_rounding(value: Decimal, baseline: Decimal) -> bool:
    """Whether two printed figures differ by more than half a unit of the coarser one's last decimal."""
    last_decimal = max(int(value.as_tuple().exponent), int(baseline.as_tuple().exponent))
    return abs(value - baseline) > Decimal(5).scaleb(min(last_decimal, 0) - 1)


def _per_cent(part: Decimal, whole: Decimal) -> float | None:
    return float(part / whole * 100) if whole else None
