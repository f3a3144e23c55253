"""路径: the values that a plan expects between its baseline and its target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

STEEPNESS = 10.0
"""Of the logistic form: half of the way is done between 0.39 and 0.61 of the time."""


class Trajectory(StrEnum):
    """The form of a path from its last stated value to the target; `u` is the share of the time that is over.

    Linear: u. Geometric: the same growth in per cent every year. Front-loaded: 1 - (1 - u)². Back-loaded: u².
    Logistic: an S-shaped curve around the middle. Step: nothing before the end.
    Source: docs/method.md, the path.
    """

    LINEAR = "linear"
    GEOMETRIC = "geometric"
    FRONT_LOADED = "front_loaded"
    BACK_LOADED = "back_loaded"
    LOGISTIC = "logistic"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class PathPoint:
    """One fixed point of a path: `time` in years (the end of 2021 is 2021), `value` in the indicator's unit."""

    time: float
    value: Decimal


def expected_value_at(
    points: tuple[PathPoint, ...], time: float, trajectory: Trajectory = Trajectory.LINEAR
) -> Decimal:
    """Value the plan expects at `time`: on straight lines between the points, in the form chosen towards the target.

    Args:
        points: baseline, stated milestones if any, target; at least two, in rising time.
        time: in years; before the first point its value is expected, after the last point the last one's.
        trajectory: form of the stretch from the last but one point to the target.
    Returns:
        Expected value in the unit of the points, not rounded.
    Source: docs/method.md, the path.
    """
    if time <= points[0].time:
        return points[0].value
    for left, right in pairwise(points):
        if time <= right.time:
            form = trajectory if right is points[-1] else Trajectory.LINEAR
            share = share_done(form, left, right, time)
            return _without_trailing_zeros(left.value + (right.value - left.value) * share)
    return points[-1].value


def share_done(trajectory: Trajectory, left: PathPoint, right: PathPoint, time: float) -> Decimal:
    """How much of the way from `left` to `right` is due at `time`, to twelve decimals; 0 at `left`, 1 at `right`.

    A geometric stretch needs two values of one sign; between others it is straight.
    """
    over = (time - left.time) / (right.time - left.time)
    if over >= 1:
        return Decimal(1)
    match trajectory:
        case Trajectory.GEOMETRIC if left.value * right.value > 0 and left.value != right.value:
            growth = float(right.value / left.value)
            share = (growth**over - 1) / (growth - 1)
        case Trajectory.FRONT_LOADED:
            share = 1 - (1 - over) ** 2
        case Trajectory.BACK_LOADED:
            share = over**2
        case Trajectory.LOGISTIC:
            lowest = _logistic(0.0)
            share = (_logistic(over) - lowest) / (1 - 2 * lowest)
        case Trajectory.STEP:
            share = 0.0
        case _:
            share = over
    return round(Decimal(share), 12)


def _logistic(over: float) -> float:
    return 1 / (1 + math.exp(-STEEPNESS * (over - 0.5)))


def _without_trailing_zeros(value: Decimal) -> Decimal:
    shortest = value.normalize()
    return shortest if int(shortest.as_tuple().exponent) <= 0 else shortest.quantize(Decimal(1))
