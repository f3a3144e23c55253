"""The picture of a path and the actual values: coordinates only, drawn as SVG by a template. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from planwatch.drawn_path import PeriodFigure, actual_values, expected_path
from planwatch.period import year_fraction
from planwatch.plan import Indicator, Plan
from planwatch.schedule import LIMIT_KINDS
from planwatch.trajectory import PathPoint


class Forecast(Protocol):
    """What a forecast has to offer to be drawn."""

    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102
    @property
    def is_made(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Dot:
    """A value at its place in the picture; `time` in years, the end of 2021 is 2021."""

    x: float
    y: float
    time: float
    value: Decimal


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of `width` × `height`: the expected path from baseline to target, and the actual values.

    `outlook` is the forecast at the target's date: its value, lower and upper end; empty without one.
    """

    width: int
    height: int
    path: tuple[Dot, ...]
    actual: tuple[Dot, ...]
    is_limit: bool
    outlook: tuple[Dot, ...] = ()


def draw_chart(
    plan: Plan,
    indicator: Indicator,
    figures: Sequence[PeriodFigure],
    width: int,
    height: int,
    margin: int = 8,
    *,
    forecast: Forecast | None = None,
) -> Chart | None:
    """The path of one indicator and its actual values in a picture; None where there is no path to draw.

    Args:
        plan: gives the years.
        indicator: what the series measures.
        figures: the periods of one series, rising.
        width: of the picture.
        height: likewise.
        margin: what stays free on each side.
        forecast: at the target's date; None without one.
    """
    path = expected_path(plan, indicator, figures)
    if not path:
        return None
    actual = actual_values(indicator, figures)
    outlook = _outlook(indicator, forecast)
    place = _Frame([*path, *actual, *outlook], width, height, margin).place
    drawn = [tuple(map(place, points)) for points in (path, actual, outlook)]
    return Chart(width, height, drawn[0], drawn[1], indicator.goal_kind in LIMIT_KINDS, drawn[2])


def _outlook(indicator: Indicator, forecast: Forecast | None) -> list[PathPoint]:
    if forecast is None or not forecast.is_made:
        return []
    at = year_fraction(indicator.target.period.end)
    ends = (forecast.value, forecast.low, forecast.high)
    return [PathPoint(at, Decimal(repr(end))) for end in ends if end is not None]


class _Frame:
    """Maps time to the right and value upwards."""

    def __init__(self, points: Sequence[PathPoint], width: int, height: int, margin: int) -> None:
        times, values = [point.time for point in points], [point.value for point in points]
        self.left, self.low, self.margin = min(times), min(values), margin
        self.span, self.rise = max(times) - self.left, float(max(values) - self.low)
        self.width, self.height = width - 2 * margin, height - 2 * margin

    def place(self, point: PathPoint) -> Dot:
        right = (point.time - self.left) / self.span if self.span else 0.5
        up = float(point.value - self.low) / self.rise if self.rise else 0.5
        x, y = self.margin + right * self.width, self.margin + (1 - up) * self.height
        return Dot(round(x, 1), round(y, 1), point.time, point.value)
