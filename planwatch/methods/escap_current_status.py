"""UN ESCAP's current status index: how much of the way from base year to target is done, on a scale of 10.

value: P = 10·D·(latest - base) / |target - base|, D = +1 where more is better and -1 where less is; 10 is all of the
way, a negative value is regression. The publisher gives the means of it without classes.
Source: ESCAP, Asia and the Pacific SDG Progress Report, technical notes (base year 2015 since the 2023 edition);
A. Bidarbakht-Nia, “Tracking progress towards the SDGs”, ESCAP working paper SD/WP/05, 2017.
"""

from __future__ import annotations

from planwatch.methods.case import AGENDA_BASE_YEAR, MethodCase, MethodResult, undefined
from planwatch.methods.ends import LIMIT_KINDS, meets, sign_of
from planwatch.methods.linear import course_of
from planwatch.policy import AssessmentClass

REGRESSION = "regression"


def assess(case: MethodCase) -> MethodResult:
    """Assess one series.

    Args:
        case: `base_year` (default 2015, or the next year with a value), `target`, `direction`.
    """
    if case.goal_kind in LIMIT_KINDS:
        return undefined("limit_goal")
    course = course_of(case, AGENDA_BASE_YEAR)
    if isinstance(course, str):
        return undefined(course)
    if course.base.year >= course.latest.year:
        return undefined("one_value")
    met = meets(course.latest.value, course.target.value, course.direction)
    if meets(course.base.value, course.target.value, course.direction):
        kept = MethodResult(None, AssessmentClass.ACHIEVED, None, None, "target_met")
        return kept if met else undefined("target_met_at_base")
    change = (course.latest.value - course.base.value) * sign_of(course.direction)
    done = 10 * change / abs(course.target.value - course.base.value)
    if met:
        return MethodResult(done, AssessmentClass.ACHIEVED, None, done, "target_met")
    if done < 0:
        return MethodResult(done, AssessmentClass.REVERSED, REGRESSION, done)
    return MethodResult(done, None, None, done, "publisher_has_no_class")
