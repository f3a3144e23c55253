"""The projection of the United Nations' SDG Progress Chart: where the present growth leads by the target year.

value: with a target q = (projected - base) / (target - base); without one the compound annual growth rate.
score: 3, 2 or 1.
Source: UN Statistics Division, Progress Chart Technical Note 2023, as the Basque statistical office EUSTAT publishes
its formulas and exceptions (“Measuring progress on the Sustainable Development Goals”).
"""

from __future__ import annotations

from planwatch.methods.case import AGENDA_BASE_YEAR, AGENDA_TARGET_YEAR, MethodCase, MethodResult, Point, undefined
from planwatch.methods.ends import good_direction, growth_obstacle, growth_rate, meets, sign_of
from planwatch.plan import Direction
from planwatch.policy import AssessmentClass

WORDS = {
    3: "target met or on track",
    2: "fair progress, but acceleration needed",
    1: "stagnation or regression",
}
NOT_ASSESSED = "not assessed"


def assess(case: MethodCase) -> MethodResult:
    """Assess one series.

    Args:
        case: `base_year` (default 2015, else the nearest year after it, or before it, that leaves two values),
            `target`, `target_year` (default 2030), `direction`. Values after the target year do not count.
    """
    obstacle = growth_obstacle(case)
    if obstacle:
        return undefined(obstacle, NOT_ASSESSED)
    end = AGENDA_TARGET_YEAR if case.target_year is None else case.target_year
    points = tuple(point for point in case.points if case.target is None or point.year <= end)
    if not points:
        return undefined("no_data", NOT_ASSESSED)
    base = _base(points, AGENDA_BASE_YEAR if case.base_year is None else case.base_year)
    direction = good_direction(case, base.value)
    if direction is None:
        return undefined("direction_missing", NOT_ASSESSED)
    if case.target is None:
        return _without_target(base, points[-1], direction)
    return _with_target(points, base, Point(end, case.target), direction)


def _base(points: tuple[Point, ...], base_year: float) -> Point:
    later = [point for point in points if point.year >= base_year]
    if later and (later[0].year == base_year or len(later) > 1):
        return later[0]
    earlier = [point for point in points if point.year < base_year]
    return earlier[-1] if later and earlier else points[max(len(points) - 2, 0)]


def _with_target(points: tuple[Point, ...], base: Point, target: Point, direction: Direction) -> MethodResult:
    latest = points[-1]
    special = _special_rule(points, target, direction)
    obstacle = _obstacle(base, latest)
    if obstacle is None and meets(base.value, target.value, direction):
        obstacle = "target_equals_base" if base.value == target.value else "target_met_at_base"
    share = None if obstacle else _projected_share(base, latest, target)
    if special:
        return MethodResult(share, AssessmentClass.ACHIEVED, WORDS[3], 3.0, special)
    if share is None:
        return undefined(obstacle or "no_data", NOT_ASSESSED)
    rating = 3 if share >= 0.95 else 2 if share >= 0.1 else 1
    return _rated(share, rating, improved=share >= 0)


def _special_rule(points: tuple[Point, ...], target: Point, direction: Direction) -> str | None:
    """Met, or within one point of a target of 0 or 100 per cent; shares are told by values between 0 and 100."""
    if meets(points[-1].value, target.value, direction):
        return "target_met"
    is_share = target.value in (0, 100) and all(0 <= point.value <= 100 for point in points)
    return "within_one_point" if is_share and abs(points[-1].value - target.value) <= 1 else None


def _obstacle(base: Point, latest: Point) -> str | None:
    if base.year >= latest.year:
        return "one_value"
    if base.value == 0:
        return "zero_base"
    return "mixed_sign" if base.value * latest.value < 0 else None


def _projected_share(base: Point, latest: Point, target: Point) -> float:
    growth = growth_rate(latest, base)
    projected = latest.value * (1 + growth) ** (target.year - latest.year)
    return float((projected - base.value) / (target.value - base.value))


def _without_target(base: Point, latest: Point, direction: Direction) -> MethodResult:
    obstacle = _obstacle(base, latest)
    if obstacle is None and base.value < 0:
        obstacle = "negative_values"
    if obstacle:
        return undefined(obstacle, NOT_ASSESSED)
    growth = growth_rate(latest, base)
    towards = growth * sign_of(direction)
    return _rated(growth, 3 if towards >= 0.02 else 2 if towards >= 0.005 else 1, improved=towards >= 0)


def _rated(value: float, rating: int, *, improved: bool) -> MethodResult:
    slow = AssessmentClass.FAR_BEHIND if improved else AssessmentClass.REVERSED
    verdict = {3: AssessmentClass.ON_SCHEDULE, 2: AssessmentClass.LAGGING, 1: slow}[rating]
    return MethodResult(value, verdict, WORDS[rating], float(rating))
