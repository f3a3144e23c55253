"""One indicator of a plan under every method: a value or a reason from each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time

from planwatch.methods.case import MethodCase, MethodResult, Point
from planwatch.methods.catalogue import METHODS, run
from planwatch.methods.schedule_method import result_of
from planwatch.observation import Observation
from planwatch.period import TimePeriod, year_fraction
from planwatch.plan import Direction, Indicator, Plan
from planwatch.policy import AssessmentClass, Thresholds
from planwatch.schedule import Course, Judgement, course_of, judge
from planwatch.series import ObsStatus, SeriesKey


def assess_side_by_side(
    plan: Plan, indicator: Indicator, thresholds: Thresholds, history: Mapping[TimePeriod, Observation]
) -> dict[str, MethodResult]:
    """The latest figure of an indicator under every method, by the method's name.

    Args:
        plan: the plan version in force.
        indicator: of that plan.
        thresholds: of the schedule method.
        history: current vintages of one series of the indicator, of one frequency.
    """
    course = course_of(plan, indicator, thresholds, history)
    case = case_of(course, history)
    results = {name: run(method, case) for name, method in METHODS.items() if name != "schedule"}
    return {"schedule": result_of(_judge_latest(course, history)), **results}


def case_of(course: Course, history: Mapping[TimePeriod, Observation]) -> MethodCase:
    """The case that the published methods are given.

    Values are those of the series from the start of the path on, quantities that add up as totals from 0. The plans
    print neither green thresholds nor scoring bounds: the target is the green threshold, the range of possible values
    the bounds.
    """
    indicator = course.indicator
    lowest, highest = (None if bound is None else float(bound) for bound in indicator.bounds)
    more_is_better = indicator.direction is Direction.INCREASE
    optimum, worst = (highest, lowest) if more_is_better else (lowest, highest)
    return MethodCase(
        points=_points(course, history),
        base_year=course.start.time if course.start else None,
        target=float(course.goal),
        target_year=year_fraction(indicator.target.period.end),
        direction=indicator.direction,
        limit=optimum,
        lower=worst,
        optimum=optimum,
        green=float(course.goal),
        goal_kind=indicator.goal_kind,
    )


def _points(course: Course, history: Mapping[TimePeriod, Observation]) -> tuple[Point, ...]:
    values = {period: known.value for period, known in history.items() if known.value is not None}
    if course.totals is not None:
        values = dict(course.totals.of)
    years = {year_fraction(period.end): float(value) for period, value in values.items()}
    if course.start is not None:
        start = course.start.time
        years = {start: float(course.start.value)} | {year: value for year, value in years.items() if year > start}
    return tuple(Point(year, value) for year, value in sorted(years.items()))


def _judge_latest(course: Course, history: Mapping[TimePeriod, Observation]) -> Judgement:
    """The verdict on the latest period of the plan; a period before the plan begins gets none."""
    periods = [period for period in history if period.start >= course.plan.first_day]
    if not periods:
        return Judgement(AssessmentClass.NO_DATA, "no_data")
    return judge(course, history[max(periods, key=lambda period: period.end)])


def printed_history(plan: Plan, indicator: Indicator) -> dict[TimePeriod, Observation]:
    """The figures that a plan prints for the years before its target year, as if received at their period's end."""
    cells = [cell for column, cell in indicator.values.items() if column != str(plan.end)]
    return {
        cell.period: Observation(
            series=SeriesKey(indicator.indicator_id, plan.ref_area, cell.period.freq),
            period=cell.period,
            value=cell.value,
            status=ObsStatus.MISSING if cell.value is None else ObsStatus.NORMAL,
            accumulation=None,
            submission_id=f"{plan.plan_id}-printed",
            row=indicator.no,
            received_at=datetime.combine(cell.period.end, time.max, UTC),
        )
        for cell in cells
    }
