"""The picture of a gap over time: one column per period, one dot per group. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from planwatch.breakdown import Disparity
from planwatch.period import TimePeriod

MARGIN_X, MARGIN_Y = 56, 34


@dataclass(frozen=True, slots=True)
class GapColumn:
    """One period: where its groups stand, and from where to where the gap reaches (pixels)."""

    period: TimePeriod
    x: float
    dots: tuple[float, ...]
    top: float
    bottom: float
    highest: float
    lowest: float


@dataclass(frozen=True, slots=True)
class GapPicture:
    """A picture of `width` × `height`."""

    width: int
    height: int
    columns: tuple[GapColumn, ...]


def draw_gap(disparity: Disparity, width: int = 560, height: int = 240) -> GapPicture:
    """The groups of every period that was measured, on one scale."""
    values = {
        period: [group.value for group in groups if group.value is not None]
        for period, groups in disparity.periods.items()
    }
    every = [value for found in values.values() for value in found]
    low, rise = min(every), max(every) - min(every)
    step = (width - 2 * MARGIN_X) / max(len(values) - 1, 1)

    def place(value: float) -> float:
        up = (value - low) / rise if rise else 0.5
        return round(MARGIN_Y + (1 - up) * (height - 2 * MARGIN_Y - 12), 1)

    columns = []
    for position, (period, found) in enumerate(values.items()):
        dots = tuple(place(value) for value in found)
        x = round(MARGIN_X + position * step, 1) if len(values) > 1 else width / 2
        columns.append(GapColumn(period, x, dots, min(dots), max(dots), max(found), min(found)))
    return GapPicture(width, height, tuple(columns))
