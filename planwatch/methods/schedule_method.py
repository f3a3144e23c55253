"""序时进度 over a case: the default method, with the classes of `planwatch.schedule`.

value: schedule index, achieved share ÷ expected share; None where a limit is judged or no share exists.
Source: docs/method.md, schedule method; the classes are those of the official mid-term evaluations.
"""

from __future__ import annotations

from decimal import Decimal

from planwatch.methods.case import MethodCase, MethodResult
from planwatch.methods.ends import LIMIT_KINDS, meets
from planwatch.methods.linear import Course, course_of
from planwatch.policy import AssessmentClass, Thresholds
from planwatch.schedule import Judgement, class_on_path, due_on_path
from planwatch.trajectory import PathPoint, expected_value_at
from planwatch.wording import CLASS_NAMES

DEFAULT_THRESHOLDS = Thresholds(Decimal("1.05"), Decimal("0.95"), Decimal("0.6"))
"""Those of policy `default-1`; an indicator of a plan is judged by the policy in force."""


def assess(case: MethodCase) -> MethodResult:
    """Assess the latest value on the straight path from the base year's value to the target.

    Args:
        case: `target`, `target_year`, `base_year` (default: the first value), `direction`, `goal_kind` (default: a
            limit where the base value meets the target, otherwise a value to be reached). Quantities that add up are
            given as totals so far, with 0 in the base year.
    """
    if case.target_year is None and case.target is not None:
        return _as_result(None, AssessmentClass.NOT_ASSESSABLE, "target_year_missing")
    course = course_of(case, case.points[0].year if case.points else 0.0)
    if isinstance(course, str):
        return _as_result(None, AssessmentClass.NOT_ASSESSABLE, course)
    if course.base.year >= course.latest.year:
        return _as_result(None, AssessmentClass.NOT_ASSESSABLE, "one_value")
    met = meets(course.latest.value, course.target.value, course.direction)
    is_limit = meets(course.base.value, course.target.value, course.direction)
    if case.goal_kind in LIMIT_KINDS or (case.goal_kind is None and is_limit):
        held = AssessmentClass.HELD if met else AssessmentClass.BREACHED
        return _as_result(None, held, "limit_held" if met else "limit_breached")
    return _on_path(course, met=met)


def result_of(judgement: Judgement) -> MethodResult:
    """A judgement of the schedule method as the result of a method."""
    return _as_result(judgement.measures.schedule_index, judgement.verdict, judgement.reason)


def _on_path(course: Course, *, met: bool) -> MethodResult:
    baseline, measured, goal = (_decimal_of(point.value) for point in (course.base, course.latest, course.target))
    path = (PathPoint(course.base.year, baseline), PathPoint(course.target.year, goal))
    expected = expected_value_at(path, course.latest.year)
    due = due_on_path(expected, baseline, goal, DEFAULT_THRESHOLDS)
    verdict, reason = class_on_path(due, measured, baseline, met=met, rises=goal > baseline, moves=goal != baseline)
    index = float((measured - baseline) / (expected - baseline)) if expected != baseline else None
    return _as_result(index, verdict, reason)


def _as_result(value: float | None, verdict: AssessmentClass, reason: str) -> MethodResult:
    return MethodResult(value, verdict, CLASS_NAMES[verdict].zh, None, reason)


def _decimal_of(value: float) -> Decimal:
    """The shortest decimal that is read as `value`: what was printed, but for zeros at its end."""
    return Decimal(int(value)) if value == int(value) else Decimal(repr(value))
