"""Statistics Canada's progress measure: growth against the growth that the target needs, score -5 to +5.

value: with a target R = s·d·g(now) / |g(target)|, without one p = s·d·g(now), where g is the compound annual growth
rate from the base value, d the good direction, s the sign of the base value.
Source: Open SDG documentation, progress-methodology.md (Statistics Canada, 2025), and sdg-build, ProgressMeasure.py:
the thresholds, the rounded constants of the score, the scaling near a limit and the replacement of 0 by 0.001.
"""

from __future__ import annotations

from dataclasses import dataclass

from planwatch.methods.case import AGENDA_BASE_YEAR, AGENDA_TARGET_YEAR, MethodCase, MethodResult, Point, undefined
from planwatch.methods.ends import base_point, good_direction, growth_obstacle, growth_rate, meets, sign_of
from planwatch.methods.group_means import Scored
from planwatch.plan import Direction
from planwatch.policy import AssessmentClass

TARGET_ACHIEVED, NOT_AVAILABLE = "target_achieved", "not_available"
CLASSES = {
    TARGET_ACHIEVED: AssessmentClass.ACHIEVED,
    "substantial_progress": AssessmentClass.ON_SCHEDULE,
    "moderate_progress": AssessmentClass.LAGGING,
    "limited_progress": AssessmentClass.FAR_BEHIND,
    "deterioration": AssessmentClass.REVERSED,
    NOT_AVAILABLE: AssessmentClass.NOT_ASSESSABLE,
}
STAND_IN_FOR_ZERO = 0.001
LIMIT_EXPONENT = 4.44
RATIO_CUTS = (0.95, 0.6)
GROWTH_CUTS = (0.015, 0.005)


@dataclass(frozen=True, slots=True)
class _Ends:
    """Base, latest and target value as they enter the ratio; `target` None where there is none.

    Attributes:
        sign: -1 where the base value is negative.
        replaced: 0.001 stands in for a base value or a target of 0.
    """

    base: Point
    latest: Point
    target: Point | None
    sign: int
    replaced: bool


def assess(case: MethodCase) -> MethodResult:
    """Assess one series.

    Args:
        case: `base_year` (default 2015, or the next year with a value), `target`, `target_year` (default 2030),
            `direction`, `limit` (only used without a target).
    """
    obstacle = growth_obstacle(case)
    if obstacle:
        return undefined(obstacle, NOT_AVAILABLE)
    if not case.points:
        return undefined("no_data", NOT_AVAILABLE)
    base = base_point(case.points, AGENDA_BASE_YEAR if case.base_year is None else case.base_year)
    if base is None:
        return undefined("no_value_since_base_year", NOT_AVAILABLE)
    direction = good_direction(case, base.value)
    if direction is None:
        return undefined("direction_missing", NOT_AVAILABLE)
    ends = _ends(case, base)
    achieved = ends.target is not None and meets(ends.latest.value, ends.target.value, direction)
    obstacle = _obstacle(ends)
    if achieved:
        value = None if obstacle else _progress(ends, direction)
        return MethodResult(value, AssessmentClass.ACHIEVED, TARGET_ACHIEVED, 5.0, "target_met")
    if obstacle:
        return undefined(obstacle, NOT_AVAILABLE)
    return _judge(ends, _progress(ends, direction), limit_factor(base.value, case.limit))


def _ends(case: MethodCase, base: Point) -> _Ends:
    target = None
    if case.target is not None:
        year = AGENDA_TARGET_YEAR if case.target_year is None else case.target_year
        target = Point(year, case.target or STAND_IN_FOR_ZERO)
    return _Ends(
        base=Point(base.year, base.value or STAND_IN_FOR_ZERO),
        latest=case.points[-1],
        target=target,
        sign=-1 if base.value < 0 else 1,
        replaced=base.value == 0 or case.target == 0,
    )


def _obstacle(ends: _Ends) -> str | None:
    if ends.base.value * ends.latest.value < 0:
        return "mixed_sign"
    if ends.latest.year - ends.base.year < 1:
        return "one_value"
    if ends.target is None:
        return None
    if ends.base.value * ends.target.value < 0:
        return "mixed_sign"
    if ends.target.year <= ends.base.year:
        return "target_year_not_after_base"
    return "target_equals_base" if ends.target.value == ends.base.value else None


def _progress(ends: _Ends, direction: Direction) -> float:
    observed = ends.sign * sign_of(direction) * growth_rate(ends.latest, ends.base)
    return observed if ends.target is None else observed / abs(growth_rate(ends.target, ends.base))


def limit_factor(base: float, limit: float | None) -> float:
    """The factor C, 0 to 1, by which thresholds above 0 shrink when the base value is near its natural limit."""
    if limit is None:
        return 1.0
    distance, span = abs(base), abs(limit)
    if distance >= 2 * span:
        return 1.0
    nearness = distance / span if distance <= span else (2 * span - distance) / span
    return float(1 - nearness**LIMIT_EXPONENT)


def _judge(ends: _Ends, value: float, factor: float) -> MethodResult:
    if ends.target is None:
        status = _status(value, *(cut * factor for cut in GROWTH_CUTS))
        score = _growth_score(value, factor)
    else:
        status, score = _status(value, *RATIO_CUTS), _ratio_score(value)
    return MethodResult(value, CLASSES[status], status, score, "zero_replaced" if ends.replaced else None)


def _status(value: float, substantial: float, moderate: float) -> str:
    if value >= substantial:
        return "substantial_progress"
    if value >= moderate:
        return "moderate_progress"
    return "limited_progress" if value >= 0 else "deterioration"


def _ratio_score(ratio: float) -> float:
    if ratio >= RATIO_CUTS[1]:
        return min(7.1429 * ratio - 4.2857, 5.0)
    return max(4.1667 * ratio - 2.5, -5.0)


def _growth_score(growth: float, factor: float) -> float:
    if growth < 0:
        return max(125 * growth - 2.5, -5.0)
    if factor == 0:
        return 5.0
    scaled = growth / factor
    if growth >= GROWTH_CUTS[0] * factor:
        return min(500 * scaled - 5, 5.0)
    return 250 * scaled - 1.25 if growth >= GROWTH_CUTS[1] * factor else 500 * scaled - 2.5


def status_of_mean(mean: Scored) -> str:
    """The status that a mean score stands for; “achieved” only if every series achieved its target."""
    if mean.score is None:
        return NOT_AVAILABLE
    if mean.achieved:
        return TARGET_ACHIEVED
    if mean.score >= 2.5:
        return "substantial_progress"
    if mean.score >= 0:
        return "moderate_progress"
    return "limited_progress" if mean.score >= -2.5 else "deterioration"


def class_of_mean(mean: Scored) -> tuple[str, AssessmentClass]:
    """The status of a mean score and our class that it amounts to."""
    status = status_of_mean(mean)
    return status, CLASSES[status]
