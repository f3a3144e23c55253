"""The weather symbols of Germany's sustainability indicators: the recent yearly change, carried on to the target year.

value: deviation |target - carried on| / |target - latest|, the part of the remaining way that would be missed; 0 where
the target is reached.
Source: Statistisches Bundesamt, indicator report on the German Sustainable Development Strategy, as quoted by the
Vanuatu National Statistics Office (“Indicators with absolute or relative target values”): the mean yearly change of the
last five years from the last six values; fewer values give a shorter basis.
"""

from __future__ import annotations

from planwatch.methods.case import MethodCase, MethodResult, undefined
from planwatch.methods.ends import LIMIT_KINDS, good_direction, meets, sign_of
from planwatch.policy import AssessmentClass

BASIS_YEARS = 5.0
SUN, SLIGHTLY_CLOUDY, CLOUDY, THUNDERSTORM = "sun", "slightly cloudy", "cloudy", "thunderstorm"
CLASSES = {
    SUN: AssessmentClass.ON_SCHEDULE,
    SLIGHTLY_CLOUDY: AssessmentClass.LAGGING,
    CLOUDY: AssessmentClass.FAR_BEHIND,
    THUNDERSTORM: AssessmentClass.REVERSED,
}


def assess(case: MethodCase) -> MethodResult:
    """Assess one series.

    Args:
        case: `target`, `target_year`, `direction`; values older than five years before the latest do not count.
    """
    if case.goal_kind in LIMIT_KINDS:
        return undefined("limit_goal")
    if not case.points:
        return undefined("no_data")
    if case.target is None:
        return undefined("target_missing")
    latest = case.points[-1]
    first = next(point for point in case.points if point.year >= latest.year - BASIS_YEARS)
    direction = good_direction(case, first.value)
    if direction is None:
        return undefined("direction_missing")
    if meets(latest.value, case.target, direction):
        return MethodResult(0.0, AssessmentClass.ACHIEVED, SUN, None, "target_met")
    if first.year >= latest.year:
        return undefined("one_value")
    if case.target_year is None:
        return undefined("target_year_missing")
    if case.target_year <= latest.year:
        return undefined("target_year_over")
    change = (latest.value - first.value) / (latest.year - first.year)
    carried_on = latest.value + change * (case.target_year - latest.year)
    if meets(carried_on, case.target, direction):
        return MethodResult(0.0, CLASSES[SUN], SUN)
    deviation = abs(case.target - carried_on) / abs(case.target - latest.value)
    published = _symbol(deviation) if change * sign_of(direction) > 0 else THUNDERSTORM
    return MethodResult(deviation, CLASSES[published], published)


def _symbol(deviation: float) -> str:
    if deviation < 0.05:
        return SUN
    return SLIGHTLY_CLOUDY if deviation <= 0.2 else CLOUDY
