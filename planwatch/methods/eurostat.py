"""Eurostat's trend assessment of the EU SDG indicators.

value: with a target the ratio of actual to required compound annual growth rate; without one the growth rate itself,
positive in the good direction.
Source: Eurostat, “Sustainable development in the European Union”, monitoring reports 2018-2021, assessment of trends:
cuts at 95, 60 and 0 per cent of the required rate; at 1, 0 and -1 per cent a year without a target; scores of the goals
are means of indicator scores on a scale of -5 to +5. Later editions add a neutral band around 0, which is not applied.
The score's corner points (130 and -60 per cent, 2 and -2 per cent) are those that Statistics Canada took over.
"""

from __future__ import annotations

from planwatch.methods.case import MethodCase, MethodResult, Point, undefined
from planwatch.methods.ends import base_point, good_direction, growth_obstacle, growth_rate, meets, sign_of
from planwatch.methods.group_means import Scored
from planwatch.policy import AssessmentClass

SHORT_TERM_YEARS = 5.0
SIGNIFICANT, MODERATE, INSUFFICIENT = "significant progress", "moderate progress", "insufficient progress"
AWAY, MODERATELY_AWAY, SIGNIFICANTLY_AWAY = "movement away", "moderate movement away", "significant movement away"
CLASSES = {
    SIGNIFICANT: AssessmentClass.ON_SCHEDULE,
    MODERATE: AssessmentClass.LAGGING,
    INSUFFICIENT: AssessmentClass.FAR_BEHIND,
    AWAY: AssessmentClass.REVERSED,
    MODERATELY_AWAY: AssessmentClass.REVERSED,
    SIGNIFICANTLY_AWAY: AssessmentClass.REVERSED,
}


def assess(case: MethodCase) -> MethodResult:
    """Assess one series.

    Args:
        case: `base_year` (default: five years before the latest value, the short term; the next year with a value if
            there is none), `target`, `target_year`, `direction`.
    """
    obstacle = growth_obstacle(case)
    if obstacle:
        return undefined(obstacle)
    if not case.points:
        return undefined("no_data")
    latest = case.points[-1]
    base = base_point(case.points, latest.year - SHORT_TERM_YEARS if case.base_year is None else case.base_year)
    if base is None:
        return undefined("no_value_since_base_year")
    if base.year >= latest.year:
        return undefined("one_value")
    return _without_target(case, base, latest) if case.target is None else _with_target(case, base, latest)


def _with_target(case: MethodCase, base: Point, latest: Point) -> MethodResult:
    assert case.target is not None
    direction = good_direction(case, base.value)
    if direction is None:
        return undefined("direction_missing")
    obstacle = _target_obstacle(case, base, latest)
    if meets(latest.value, case.target, direction):
        ratio = None
        if obstacle is None and not meets(base.value, case.target, direction):
            ratio = _ratio(case, base, latest)
        return MethodResult(ratio, AssessmentClass.ACHIEVED, SIGNIFICANT, 5.0, "target_met")
    if obstacle:
        return undefined(obstacle)
    if meets(base.value, case.target, direction):
        return undefined("target_met_at_base")
    ratio = _ratio(case, base, latest)
    return _result(ratio, _class_of_ratio(ratio), score_of_ratio(ratio))


def _target_obstacle(case: MethodCase, base: Point, latest: Point) -> str | None:
    assert case.target is not None
    if case.target_year is None:
        return "target_year_missing"
    if case.target_year <= base.year:
        return "target_year_not_after_base"
    if base.value == 0 or case.target == 0:
        return "zero_base" if base.value == 0 else "zero_target"
    if base.value * case.target < 0 or base.value * latest.value < 0:
        return "mixed_sign"
    return "target_equals_base" if case.target == base.value else None


def _ratio(case: MethodCase, base: Point, latest: Point) -> float:
    assert case.target is not None
    assert case.target_year is not None
    return growth_rate(latest, base) / growth_rate(Point(case.target_year, case.target), base)


def _without_target(case: MethodCase, base: Point, latest: Point) -> MethodResult:
    if case.direction is None:
        return undefined("direction_missing")
    if base.value == 0:
        return undefined("zero_base")
    if base.value < 0 or latest.value < 0:
        return undefined("mixed_sign" if base.value * latest.value < 0 else "negative_values")
    growth = growth_rate(latest, base) * sign_of(case.direction)
    return _result(growth, _class_of_growth(growth), max(-5.0, min(5.0, 250 * growth)))


def _result(value: float, published: str, score: float) -> MethodResult:
    return MethodResult(value, CLASSES[published], published, score)


def _class_of_ratio(ratio: float) -> str:
    if ratio >= 0.95:
        return SIGNIFICANT
    if ratio >= 0.6:
        return MODERATE
    return INSUFFICIENT if ratio >= 0 else AWAY


def _class_of_growth(growth: float) -> str:
    if growth >= 0.01:
        return SIGNIFICANT
    if growth >= 0:
        return MODERATE
    return MODERATELY_AWAY if growth >= -0.01 else SIGNIFICANTLY_AWAY


def score_of_ratio(ratio: float) -> float:
    """Score of a ratio: 0 at 60 per cent, +5 from 130 and -5 from -60 per cent on, straight lines between."""
    if ratio >= 0.6:
        return min((ratio - 0.6) / 0.7 * 5, 5.0)
    return max((ratio - 0.6) / 1.2 * 5, -5.0)


def class_of_mean(mean: Scored) -> tuple[None, None]:
    """Goals have a mean score; the publisher gives them no class."""
    return None, None
