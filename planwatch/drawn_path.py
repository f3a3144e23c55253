"""What a picture of a path shows: the expected values between baseline and target, and what is held against them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from planwatch.period import parse_period, year_fraction
from planwatch.plan import GoalKind, Indicator, Plan
from planwatch.schedule import LIMIT_KINDS, TOTAL_KINDS
from planwatch.trajectory import PathPoint, Trajectory, expected_value_at

STRETCHES = 20
"""Into how many straight pieces a bent path is drawn."""


class PeriodFigure(Protocol):
    """One period of a series, as a picture needs it; fields as in `planwatch.assessment.Assessment`."""

    @property
    def time_period(self) -> str:
        """As reported, e.g. `2021-Q3`."""

    @property
    def obs_value(self) -> Decimal | None:
        """As reported."""

    @property
    def measured(self) -> Decimal | None:
        """What is held against the path, the total so far where flows add up."""

    @property
    def baseline_value(self) -> Decimal | None:
        """Where the path starts."""

    @property
    def baseline_period(self) -> str | None:
        """Of the baseline."""

    @property
    def baseline_substituted(self) -> bool | None:
        """The first figure stands in for a baseline that the plan does not print."""


def expected_path(plan: Plan, indicator: Indicator, figures: Sequence[PeriodFigure]) -> tuple[PathPoint, ...]:
    """Baseline, stated milestones and target; level for a limit; empty where no baseline is known.

    Args:
        plan: gives the years.
        indicator: what the series measures.
        figures: the periods of one series, rising.
    Returns:
        Points in rising time, `value` in the indicator's unit; straight lines between them are the path.
    """
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


def actual_values(indicator: Indicator, figures: Sequence[PeriodFigure]) -> list[PathPoint]:
    """What is held against the path: the figures, or the totals so far, where there are any."""
    is_total = indicator.goal_kind in TOTAL_KINDS
    values = ((figure.time_period, figure.measured if is_total else figure.obs_value) for figure in figures)
    return [PathPoint(year_fraction(parse_period(period).end), value) for period, value in values if value is not None]


def _bent(points: tuple[PathPoint, ...], trajectory: Trajectory) -> tuple[PathPoint, ...]:
    """The points with more of them on the last stretch, so that its form can be seen."""
    left, right = points[-2:]
    between = (left.time + (right.time - left.time) * step / STRETCHES for step in range(1, STRETCHES))
    drawn = (PathPoint(time, expected_value_at(points, time, trajectory)) for time in between)
    return (*points[:-1], *drawn, right)


def _start(indicator: Indicator, figures: Sequence[PeriodFigure], start_time: float) -> PathPoint | None:
    if indicator.goal_kind in TOTAL_KINDS:
        return PathPoint(start_time, Decimal(0))
    if indicator.baseline is not None:
        return PathPoint(year_fraction(indicator.baseline.period.end), indicator.baseline.value)
    for figure in figures:
        if figure.baseline_substituted and figure.baseline_period and figure.baseline_value is not None:
            return PathPoint(year_fraction(parse_period(figure.baseline_period).end), figure.baseline_value)
    return None
