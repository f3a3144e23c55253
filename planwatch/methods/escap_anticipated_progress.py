"""UN ESCAP's anticipated progress index: the gap that would be left at the target year at the rate seen so far.

value: gap = 100·|target - predicted| / |target - base|, in per cent of the way needed; 0 where the prediction reaches
the target. The prediction is a straight line through the values since 2000, later ones weighing more.
Source: ESCAP, Asia and the Pacific SDG Progress Report, technical notes; UNECE, SDG progress report 2023, technical
notes (time-weighted linear regression; gap relative to the progress needed from the base year). The notes do not print
the weights: a value's weight here is its position in time, from 1 for the first year to the number of years for the
last. Two values, and values on a straight line, give the same prediction under any weights.
"""

from __future__ import annotations

from planwatch.methods.case import AGENDA_BASE_YEAR, MethodCase, MethodResult, Point, undefined
from planwatch.methods.ends import LIMIT_KINDS, meets
from planwatch.methods.linear import course_of
from planwatch.policy import AssessmentClass

FIRST_YEAR = 2000.0
MAINTAIN, ACCELERATE, REVERSE = "maintain", "accelerate", "reverse"
CLASSES = {
    MAINTAIN: AssessmentClass.ON_SCHEDULE,
    ACCELERATE: AssessmentClass.LAGGING,
    REVERSE: AssessmentClass.REVERSED,
}


def assess(case: MethodCase) -> MethodResult:
    """Assess one series.

    Args:
        case: `base_year` (default 2015, or the next year with a value), `target`, `target_year` (default 2030),
            `direction`; all values since 2000 count.
    """
    if case.goal_kind in LIMIT_KINDS:
        return undefined("limit_goal")
    course = course_of(case, AGENDA_BASE_YEAR)
    if isinstance(course, str):
        return undefined(course)
    points = tuple(point for point in case.points if point.year >= FIRST_YEAR)
    if len(points) < 2:
        return undefined("one_value")
    if course.latest.year >= course.target.year:
        return undefined("target_year_over")
    predicted = predict(points, course.target.year)
    met = meets(course.latest.value, course.target.value, course.direction)
    if meets(predicted, course.target.value, course.direction):
        verdict = AssessmentClass.ACHIEVED if met else CLASSES[MAINTAIN]
        return MethodResult(0.0, verdict, MAINTAIN, None, "target_met" if met else None)
    if meets(course.base.value, course.target.value, course.direction):
        return undefined("target_met_at_base")
    needed = abs(course.target.value - course.base.value)
    gap = 100 * abs(course.target.value - predicted) / needed
    published = MAINTAIN if gap <= 10 else ACCELERATE if gap <= 100 else REVERSE
    return MethodResult(gap, CLASSES[published], published)


def predict(points: tuple[Point, ...], year: float) -> float:
    """Value at `year` on the weighted least-squares line through at least two points of different years."""
    weights = [point.year - points[0].year + 1 for point in points]
    total = sum(weights)
    mean_year = sum(weight * point.year for weight, point in zip(weights, points, strict=True)) / total
    mean_value = sum(weight * point.value for weight, point in zip(weights, points, strict=True)) / total
    spread = sum(weight * (point.year - mean_year) ** 2 for weight, point in zip(weights, points, strict=True))
    slope = (
        sum(
            weight * (point.year - mean_year) * (point.value - mean_value)
            for weight, point in zip(weights, points, strict=True)
        )
        / spread
    )
    return mean_value + slope * (year - mean_year)
