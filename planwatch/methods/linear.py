"""What the methods without growth rates need of a case: ends, target and good direction, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass

from planwatch.methods.case import AGENDA_TARGET_YEAR, MethodCase, Point
from planwatch.methods.ends import base_point, good_direction
from planwatch.plan import Direction


@dataclass(frozen=True, slots=True)
class Course:
    """A straight course from a base value to a target that lies ahead of it or behind it."""

    base: Point
    latest: Point
    target: Point
    direction: Direction


def course_of(case: MethodCase, base_year: float, target_year: float = AGENDA_TARGET_YEAR) -> Course | str:
    """The course of a case, or the code of the reason why there is none.

    Args:
        case: needs a target; its own base year and target year go before the arguments.
        base_year: the method's default; the next year with a value is taken where it has none.
        target_year: the method's default.
    """
    if not case.points:
        return "no_data"
    if case.target is None:
        return "target_missing"
    base = base_point(case.points, base_year if case.base_year is None else case.base_year)
    if base is None:
        return "no_value_since_base_year"
    target = Point(target_year if case.target_year is None else case.target_year, case.target)
    if target.year <= base.year:
        return "target_year_not_after_base"
    direction = good_direction(case, base.value)
    if direction is None:
        return "direction_missing"
    return Course(base, case.points[-1], target, direction)
