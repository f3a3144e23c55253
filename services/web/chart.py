"""The picture of a path and the actual values: coordinates only, drawn as SVG by a template. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from planwatch.period import parse_period, year_fraction
from planwatch.plan import GoalKind, Indicator, Plan
from planwatch.schedule import LIMIT_KINDS, TOTAL_KINDS
from planwatch.trajectory import PathPoint, Trajectory, expected_value_at

STRETCHES = 20
"""Into how many straight pieces a bent path is drawn."""


class Figure(Protocol):
    """What a period of a series has to offer to be drawn."""

    @property
    def time_period(self) -> str: ...  # noqa: D102
    @property
    def obs_value(self) -> Decimal | None: ...  # noqa: D102
    @property
    def measured(self) -> Decimal | None: ...  # noqa: D102
    @property
    def baseline_value(self) -> Decimal | None: ...  # noqa: D102
    @property
    def baseline_period(self) -> str | None: ...  # noqa: D102
    @property
    def baseline_substituted(self) -> bool | None: ...  # noqa: D102


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
    figures: Sequence[Figure],
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


def expected_path(plan: Plan, indicator: Indicator, figures: Sequence[Figure]) -> tuple[PathPoint, ...]:
    """Baseline, stated milestones and target; level for a limit; empty where no baseline is known."""
    start_time, end_time = float(plan.start.start.year - 1), year_fraction(indicator.target.period.end)
    target = indicator.target.value
    if indicator.goal_kind in LIMIT_KINDS:
        return (PathPoint(start_time, target), PathPoint(end_time, target))
    start = _start(indicator, figures, start_time)
    if start is None:
        return ()
    years = plan.end.start.year - plan.start.start.year + 1
    goal = target * years if indicator.goal_kind is GoalKind.AVERAGE else target
    stated = (PathPoint(year_fraction(period.end), value) for period, value in indicator.milestones)
    points = (start, *(point for point in stated if start.time < point.time < end_time), PathPoint(end_time, goal))
    return points if indicator.trajectory is Trajectory.LINEAR else _bent(points, indicator.trajectory)


def _bent(points: tuple[PathPoint, ...], trajectory: Trajectory) -> tuple[PathPoint, ...]:
    """The points with more of them on the last stretch, so that its form can be seen."""
    left, right = points[-2:]
    between = (left.time + (right.time - left.time) * step / STRETCHES for step in range(1, STRETCHES))
    drawn = (PathPoint(time, expected_value_at(points, time, trajectory)) for time in between)
    return (*points[:-1], *drawn, right)


def actual_values(indicator: Indicator, figures: Sequence[Figure]) -> list[PathPoint]:
    """What is held against the path: the figures, or the totals so far, where there are any."""
    is_total = indicator.goal_kind in TOTAL_KINDS
    values = ((figure.time_period, figure.measured if is_total else figure.obs_value) for figure in figures)
    return [PathPoint(year_fraction(parse_period(period).end), value) for period, value in values if value is not None]


def _outlook(indicator: Indicator, forecast: Forecast | None) -> list[PathPoint]:
    if forecast is None or not forecast.is_made:
        return []
    at = year_fraction(indicator.target.period.end)
    ends = (forecast.value, forecast.low, forecast.high)
    return [PathPoint(at, Decimal(repr(end))) for end in ends if end is not None]


def _start(indicator: Indicator, figures: Sequence[Figure], start_time: float) -> PathPoint | None:
    if indicator.goal_kind in TOTAL_KINDS:
        return PathPoint(start_time, Decimal(0))
    if indicator.baseline is not None:
        return PathPoint(year_fraction(indicator.baseline.period.end), indicator.baseline.value)
    for figure in figures:
        if figure.baseline_substituted and figure.baseline_period and figure.baseline_value is not None:
            return PathPoint(year_fraction(parse_period(figure.baseline_period).end), figure.baseline_value)
    return None


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
