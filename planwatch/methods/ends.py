"""The two ends that most methods compare, and what can be said of a target from them."""

from __future__ import annotations

from planwatch.methods.case import MethodCase, Point
from planwatch.plan import Direction, GoalKind

LIMIT_KINDS = frozenset({GoalKind.FLOOR, GoalKind.CEILING, GoalKind.COVERAGE})
TOTAL_KINDS = frozenset({GoalKind.ACCUMULATE, GoalKind.AVERAGE})


def base_point(points: tuple[Point, ...], base_year: float) -> Point | None:
    """The value of the base year, or of the next year that has one; None if there is none."""
    return next((point for point in points if point.year >= base_year), None)


def good_direction(case: MethodCase, base: float) -> Direction | None:
    """The good direction as given, otherwise the one that leads from `base` to the target."""
    if case.direction is not None or case.target is None or case.target == base:
        return case.direction
    return Direction.INCREASE if case.target > base else Direction.DECREASE


def sign_of(direction: Direction) -> int:
    """+1 where more is better, -1 where less is."""
    return 1 if direction is Direction.INCREASE else -1


def meets(value: float, target: float, direction: Direction) -> bool:
    """Whether `value` is at the target or beyond it in the good direction."""
    return (value - target) * sign_of(direction) >= 0


def growth_rate(later: Point, earlier: Point) -> float:
    """Compound annual growth rate, (y1 / y0) ^ (1 / (t1 - t0)) - 1; both values of one sign, `earlier` not 0."""
    return float((later.value / earlier.value) ** (1 / (later.year - earlier.year))) - 1


def growth_obstacle(case: MethodCase) -> str | None:
    """The reason why growth rates do not fit the kind of goal, None if they do."""
    if case.goal_kind in LIMIT_KINDS:
        return "limit_goal"
    return "total_goal" if case.goal_kind in TOTAL_KINDS else None
