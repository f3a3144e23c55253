"""序时进度: the schedule method, the default one. Achieved share against the share that the plan expects by then.

Source: docs/method.md, schedule method; the classes are those of the official mid-term evaluations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from planwatch.accumulation import Totals, totals
from planwatch.derived_indicators import PHYSICAL_PROGRESS, QUANTITY_DELIVERED
from planwatch.observation import Observation
from planwatch.period import Freq, TimePeriod, year_fraction
from planwatch.plan import LIMIT_KINDS as LIMIT_KINDS
from planwatch.plan import TOTAL_KINDS as TOTAL_KINDS
from planwatch.plan import GoalKind, Indicator, Plan
from planwatch.policy import AssessmentClass, ThresholdMeasure, Thresholds
from planwatch.trajectory import PathPoint, expected_value_at

METHOD = "schedule"
_DUE_IN_FULL = frozenset({PHYSICAL_PROGRESS, QUANTITY_DELIVERED})
_DAYS_OF_A_YEAR = 365.25
_WORSE_THAN_LATE = frozenset({AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED})


class Measures(NamedTuple):
    """The figures behind a verdict; every field is None where it has no meaning.

    Attributes:
        measured: what is held against the path: the observation, or the total so far (indicator's unit).
        baseline: value the path starts from (indicator's unit).
        expected: milestone value at the period's end, or the limit (indicator's unit).
        achieved_share: (measured - baseline) / (target - baseline).
        expected_share: (expected - baseline) / (target - baseline).
        schedule_index: achieved_share / expected_share.
        gap: measured - expected (indicator's unit).
        gap_pct: gap in per cent of expected.
        pace: change per year so far (indicator's unit).
        pace_needed: change per year needed from here to the target (indicator's unit).
        years_to_target: until the target, or the limit, is met at the present pace, from the period's end.
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


class Start(NamedTuple):
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


NOTHING_MEASURED = Measures()
AHEAD = (AssessmentClass.AHEAD, "schedule_index")
ON_SCHEDULE = (AssessmentClass.ON_SCHEDULE, "schedule_index")
LAGGING = (AssessmentClass.LAGGING, "schedule_index")
FAR_BEHIND = (AssessmentClass.FAR_BEHIND, "schedule_index")
ACHIEVED = (AssessmentClass.ACHIEVED, "target_met")
HELD = (AssessmentClass.HELD, "limit_held")
BREACHED = (AssessmentClass.BREACHED, "limit_breached")
_new = tuple.__new__
"""Makes a named tuple from a plain one at half the cost; millions of figures pass here."""


class Judgement(NamedTuple):
    """A class, the code of its reason, and the figures behind it."""

    verdict: AssessmentClass
    reason: str
    measures: Measures = NOTHING_MEASURED
    start: Start | None = None


class Due(NamedTuple):
    """What a path expects by the end of a period; the same for every series of the indicator.

    Attributes:
        expected: the path then (indicator's unit).
        expected_float: the same, and `moved_float` its distance from the baseline, for what is only shown.
        progress: expected less baseline, counted towards the goal.
        bounds: the least progress of `ahead`, `on_schedule` and `lagging`.
        share: expected share; None where the goal equals the baseline.
        goal_counts: a met target is `achieved` already.
        years_over: since the path began; None where it has not begun.
        years_left: to its end; None where it is over.
    """

    expected: Decimal
    expected_float: float
    moved_float: float
    progress: Decimal
    bounds: tuple[Decimal, Decimal, Decimal]
    share: float | None
    goal_counts: bool
    years_over: float | None
    years_left: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """What the verdicts on all periods of one subject have in common, worked out once.

    Attributes:
        plan: the plan version.
        indicator: what the series measures, with the milestones that hold.
        thresholds: of the classes.
        start: where the path starts; None for a limit without a printed baseline.
        goal: value at the end of the path (for a yearly mean: the total that it means).
        path: baseline, milestones, goal; empty where a limit is judged.
        totals: totals so far, where figures add up.
        rises: the goal lies above the start.
        distance: from start to goal; 0 where they are equal.
        meets: whether a value meets the goal.
        known_due: what was worked out for the end of a period before.
    """

    plan: Plan
    indicator: Indicator
    thresholds: Thresholds
    start: Start | None
    goal: Decimal
    path: tuple[PathPoint, ...]
    totals: Totals | None
    rises: bool
    distance: float
    meets: Callable[[Decimal, Decimal], bool]
    known_due: dict[date, Due]

    def due(self, period: TimePeriod) -> Due:
        """What the path expects by the end of `period`."""
        found = self.known_due.get(period.end)
        if found is None:
            found = self.known_due[period.end] = _due(self, period)
        return found


def course_of(
    plan: Plan,
    indicator: Indicator,
    thresholds: Thresholds,
    history: Mapping[TimePeriod, Observation],
    *,
    closings: Mapping[int, Decimal] | None = None,
    stand_in: Start | None = None,
    dues: dict[date, Due] | None = None,
) -> Course:
    """The course of a subject.

    Args:
        plan: the plan version in force.
        indicator: what is measured, of that plan.
        thresholds: of the classes.
        history: current vintages at every frequency; all of them where totals or a missing baseline need them,
            unless `closings` or `stand_in` say what came before.
        closings: year → the total through it, of years whose figures are not in `history`.
        stand_in: the first figure, where it is not in `history`.
        dues: what was worked out before of a course that expects the same, to be added to.
    """
    start, sums = _printed_start(indicator) or stand_in or _first_observation(history), None
    if indicator.is_limit and start is not None and start.substituted:
        start = None  # a limit needs no baseline
    if indicator.is_total:
        start = Start(Decimal(0), float(plan.first_day.year - 1), None, substituted=False)
        sums = totals(plan, indicator, history, closings)
    is_limit = indicator.is_limit or (start is not None and start.substituted and indicator.target.met_by(start.value))
    goal = _goal_value(plan, indicator)
    path = () if is_limit or start is None else _path(indicator, start, goal)
    rises, distance = (goal > start.value, float(goal - start.value)) if start else (True, 0.0)
    meets = indicator.target.comparator.test
    return Course(
        plan, indicator, thresholds, start, goal, path, sums, rises, distance, meets, {} if dues is None else dues
    )


def judge(course: Course, observation: Observation) -> Judgement:
    """The verdict on one observation of the series of `course`."""
    value = observation.value
    if value is None:
        return Judgement(AssessmentClass.NO_DATA, "value_missing")
    if not course.path:
        return _judge_limit(course, observation.period, value)
    if course.totals is None:
        return _judge_path(course, observation.period, value)
    total = course.totals.of.get(observation.period)
    if total is None:
        return Judgement(AssessmentClass.NOT_ASSESSABLE, "earlier_flow_missing")
    return _judge_path(course, observation.period, total)


def judge_again(course: Course, period: TimePeriod, measured: Decimal, expected: Decimal) -> Judgement:
    """The verdict on figures that were worked out before, under the thresholds of `course`.

    Args:
        course: with a path; its history is not needed.
        period: of the figure.
        measured: the observation, or the total so far.
        expected: what the path expected, which may have followed the year before.
    """
    assert course.start is not None
    due = course.due(period)
    if due.expected != expected:
        course.known_due[period.end] = due_on_path(
            expected,
            course.start.value,
            course.goal,
            course.thresholds,
            goal_counts=due.goal_counts,
            years_over=due.years_over,
            years_left=due.years_left,
            expected_days_later=lambda days: _path_after_days(course, period, days),
        )
    return _judge_path(course, period, measured)


def stand_in_of(history: Mapping[TimePeriod, Observation]) -> TimePeriod | None:
    """The period whose figure stands in for a baseline that is not printed: the earliest that is final.

    A figure within a longer period that has one too was provisional: monthly figures give way to the annual one.
    """
    valued = sorted((period for period, known in history.items() if known.value is not None), key=_by_end)
    return next((period for period in valued if not any(_contains(other, period) for other in valued)), None)


def _contains(longer: TimePeriod, period: TimePeriod) -> bool:
    return longer.start <= period.start and period.end <= longer.end and longer.days > period.days


def _by_end(period: TimePeriod) -> date:
    return period.end


def _judge_limit(course: Course, period: TimePeriod, value: Decimal) -> Judgement:
    due, start = course.due(period), course.start
    gap, pace, years = value - due.expected, None, None
    if start is not None and due.years_over:
        pace = float(value - start.value) / due.years_over
        years = -float(gap) / pace if pace else None
    figures = (
        value,
        start.value if start else None,
        due.expected,
        None,
        None,
        None,
        gap,
        float(gap) / due.expected_float * 100 if due.expected_float else None,
        pace,
        None,
        years if years is not None and years > 0 else None,
    )
    verdict, reason = HELD if course.meets(value, due.expected) else BREACHED
    return _new(Judgement, (verdict, reason, _new(Measures, figures), start))


def _judge_path(course: Course, period: TimePeriod, measured: Decimal) -> Judgement:
    start = course.start
    assert start is not None
    due = course.due(period)
    met = due.goal_counts and course.meets(measured, course.goal)
    moves = bool(course.distance)
    verdict, reason = class_on_path(due, measured, start.value, met=met, rises=course.rises, moves=moves)
    if reason == "schedule_index" and course.thresholds.measure is not ThresholdMeasure.SCHEDULE_INDEX:
        reason = course.thresholds.measure.value
    if start.substituted and _precedes(period, start) and verdict is not AssessmentClass.ACHIEVED:
        verdict, reason = AssessmentClass.NOT_ASSESSABLE, "first_observation_is_baseline"
    if _is_late(course.indicator, period) and verdict is not AssessmentClass.ACHIEVED:
        verdict = verdict if verdict in _WORSE_THAN_LATE else AssessmentClass.LAGGING
        reason = "deadline_passed"
    return _new(Judgement, (verdict, reason, _measure(course, due, start.value, measured), start))


def _is_late(indicator: Indicator, period: TimePeriod) -> bool:
    """Whether a task or project owes all of it by the end of `period`: nearly done is not done then."""
    return indicator.concept in _DUE_IN_FULL and period.end >= indicator.target.period.end


def _precedes(period: TimePeriod, start: Start) -> bool:
    return start.period is not None and period.end <= start.period.end


def class_on_path(
    due: Due, measured: Decimal, baseline: Decimal, *, met: bool, rises: bool, moves: bool
) -> tuple[AssessmentClass, str]:
    """The class of a value on a path, and the code of its reason.

    Args:
        due: what the path expects by then.
        measured: the value, in one unit with the baseline.
        baseline: where the path starts.
        met: the value keeps the promise already.
        rises: the goal lies above the baseline.
        moves: the goal is another value than the baseline.
    """
    if met:
        return ACHIEVED
    if not moves:
        return AssessmentClass.NOT_ASSESSABLE, "target_equals_baseline"
    if due.progress <= 0:
        lead = measured - due.expected if rises else due.expected - measured
        return _class_by_side(lead, measured, due.expected)
    progress = measured - baseline if rises else baseline - measured
    if progress < 0 and _beyond_rounding(measured, baseline):
        return AssessmentClass.REVERSED, "moved_away"
    ahead, on_schedule, lagging = due.bounds  # by multiplication: a value on a threshold is exactly on it
    if progress >= on_schedule:
        return AHEAD if progress >= ahead else ON_SCHEDULE
    return LAGGING if progress >= lagging else FAR_BEHIND


def _class_by_side(lead: Decimal, measured: Decimal, expected: Decimal) -> tuple[AssessmentClass, str]:
    """The class where the plan expects no progress yet, or a step back first: no share can be formed."""
    if lead > 0:
        return AssessmentClass.AHEAD, "side_of_path"
    if lead < 0 and _beyond_rounding(measured, expected):
        return AssessmentClass.REVERSED, "moved_away"
    return AssessmentClass.ON_SCHEDULE, "side_of_path"


def _due(course: Course, period: TimePeriod) -> Due:
    start = course.start
    if not course.path:
        return _due_of_limit(course, period)
    assert start is not None
    counts_early = course.indicator.goal_kind is not GoalKind.AVERAGE  # a mean is reached when its last year is over
    now, end = year_fraction(period.end), course.path[-1].time
    return due_on_path(
        _expected(course, period),
        start.value,
        course.goal,
        course.thresholds,
        goal_counts=counts_early or period.end >= course.plan.last_day,
        years_over=now - start.time if now > start.time else None,
        years_left=end - now if end > now else None,
        expected_days_later=lambda days: _path_after_days(course, period, days),
    )


def _path_after_days(course: Course, period: TimePeriod, days: Decimal) -> Decimal:
    """The path some days after the end of a period (before it, where negative), as it runs across whole years."""
    time = year_fraction(period.end) + float(days) / _DAYS_OF_A_YEAR
    return expected_value_at(course.path, time, course.indicator.trajectory)


def due_on_path(
    expected: Decimal,
    baseline: Decimal,
    goal: Decimal,
    thresholds: Thresholds,
    *,
    goal_counts: bool = True,
    years_over: float | None = None,
    years_left: float | None = None,
    expected_days_later: Callable[[Decimal], Decimal] | None = None,
) -> Due:
    """What is due where a path from `baseline` to `goal` expects `expected`, all in one unit.

    Args:
        expected: by the path at the end of the period.
        baseline: where the path starts.
        goal: where it ends.
        thresholds: of the classes.
        goal_counts: a met target is `achieved` already.
        years_over: since the path began; None where it has not begun.
        years_left: to its end; None where it is over.
        expected_days_later: the path so many days after the period; needed for thresholds in days.
    """
    progress = expected - baseline if goal > baseline else baseline - expected
    match thresholds.measure:
        case ThresholdMeasure.SCHEDULE_INDEX:
            bounds = (thresholds.ahead * progress, thresholds.on_schedule * progress, thresholds.lagging * progress)
        case ThresholdMeasure.POINTS_BEHIND:
            point = abs(goal - baseline) / 100
            bounds = (
                progress + thresholds.ahead * point,
                progress - thresholds.on_schedule * point,
                progress - thresholds.lagging * point,
            )
        case ThresholdMeasure.DAYS_BEHIND:
            assert expected_days_later is not None
            ahead, on_schedule, lagging = (
                (later - baseline if goal > baseline else baseline - later)
                for later in map(expected_days_later, (thresholds.ahead, -thresholds.on_schedule, -thresholds.lagging))
            )
            bounds = (ahead, on_schedule, lagging)
    return Due(
        expected=expected,
        expected_float=float(expected),
        moved_float=float(expected - baseline),
        progress=progress,
        bounds=bounds,
        share=float((expected - baseline) / (goal - baseline)) if goal != baseline else None,
        goal_counts=goal_counts,
        years_over=years_over,
        years_left=years_left,
    )


def _due_of_limit(course: Course, period: TimePeriod) -> Due:
    """A limit is due at any time; the pace is that from a baseline of the same kind."""
    limit, zero, start = course.indicator.target.value, Decimal(0), course.start
    over = year_fraction(period.end) - start.time if start and _is_comparable(course.indicator) else 0.0
    return Due(limit, float(limit), 0.0, zero, (zero, zero, zero), None, True, over if over > 0 else None, None)


def _expected(course: Course, period: TimePeriod) -> Decimal:
    """The path at the end of a period; inside a year it may follow the course of the year before."""
    form = course.indicator.trajectory
    at_end = expected_value_at(course.path, year_fraction(period.end), form)
    if not course.indicator.follows_last_year or course.totals is None or not period.ends_one_of(Freq.MONTHLY):
        return at_end
    year = period.end.year
    share = course.totals.share_of_year(year - 1, period.end.month)
    if share is None:
        return at_end
    before, after = (expected_value_at(course.path, float(end), form) for end in (year - 1, year))
    return before + (after - before) * round(share, 12)


def _measure(course: Course, due: Due, baseline: Decimal, measured: Decimal) -> Measures:
    expected, expected_float, moved_float, _, _, share, _, years_over, years_left = due
    distance, moved = course.distance, float(measured - baseline)
    remaining = distance - moved
    achieved = moved / distance if distance else None
    pace = moved / years_over if years_over else None
    years = remaining / pace if pace else None
    figures = (
        measured,
        baseline,
        expected,
        achieved,
        share,
        achieved / share if achieved is not None and share else None,
        measured - expected,
        (moved - moved_float) / expected_float * 100 if expected_float else None,
        pace,
        remaining / years_left if years_left else None,
        years if years is not None and years > 0 else None,
    )
    return _new(Measures, figures)


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


def _is_comparable(indicator: Indicator) -> bool:
    return indicator.baseline is None or indicator.baseline.comparable


def _first_observation(history: Mapping[TimePeriod, Observation]) -> Start | None:
    period = stand_in_of(history)
    if period is None:
        return None
    value = history[period].value
    assert value is not None
    return Start(value, year_fraction(period.end), period, substituted=True)


def _beyond_rounding(value: Decimal, baseline: Decimal) -> bool:
    """Whether two printed figures differ by more than half a unit of the coarser one's last decimal."""
    last_decimal = max(int(value.as_tuple().exponent), int(baseline.as_tuple().exponent))
    return abs(value - baseline) > Decimal(5).scaleb(min(last_decimal, 0) - 1)
