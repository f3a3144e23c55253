"""The path a plan expects a value to take from its baseline to its target."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class PathPoint:
    """One fixed point of a path: `time` in years (the end of 2021 is 2021), `value` in the indicator's unit."""

    time: float
    value: Decimal


def expected_value_at(points: tuple[PathPoint, ...], time: float) -> Decimal:
    """Value the plan expects at `time`, on the straight line between the fixed points around it.

    Args:
        points: baseline, stated milestones if any, target; at least two, in rising time.
        time: in years; before the first point its value is expected, after the last point the last one's.
    Returns:
        Expected value in the unit of the points, not rounded.
    Source: docs/method.md, linear path between milestones.
    """
    if time <= points[0].time:
        return points[0].value
    for left, right in pairwise(points):
        if time <= right.time:
            share = _share(left.time, right.time, time)
            return _without_trailing_zeros(left.value + (right.value - left.value) * share)
    return points[-1].value


@lru_cache(maxsize=4096)
def _share(start: float, end: float, time: float) -> Decimal:
    """How much of the way from `start` to `end` is over at `time`, to twelve decimals."""
    return round(Decimal((time - start) / (end - start)), 12)


def _without_trailing_zeros(value: Decimal) -> Decimal:
    shortest = value.normalize()
    return shortest if int(shortest.as_tuple().exponent) <= 0 else shortest.quantize(Decimal(1))
