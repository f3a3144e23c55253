"""What would be measured without noise: for every month of every indicator the true figure, with the planted faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi
from random import Random

from services.simulation.indicators import FIRST_YEAR, MONTHS, SEASONS, URBAN_SHARE, WATCHED, Shape, Watched
from services.simulation.planting import Fault, FaultKind

OVERSHOOT = 1.08
"""How much of its distance a healthy indicator covers at most."""

RAMP = 3
"""Months in which a limit is passed, or kept again."""


@dataclass(frozen=True, slots=True)
class Latent:
    """The true figures of one indicator, month by month.

    Attributes:
        total: of the whole area; of a quantity that adds up since the plan began.
        urban, rural: of the two parts, where the indicator is split.
    """

    total: tuple[float, ...]
    urban: tuple[float, ...] = ()
    rural: tuple[float, ...] = ()


def latent_figures(rng: Random, faults: Sequence[Fault]) -> dict[str, Latent]:
    """The true figures of every indicator of an area, for the whole plan."""
    return {row.key: _latent(rng, row, _of(row, faults)) for row in WATCHED}


def year_to_date(total: Sequence[float], month: int) -> float:
    """What a quantity that adds up has reached in its year, from totals since the plan began."""
    year = month // 12
    return total[month] - (total[year * 12 - 1] if year else 0.0)


def _of(row: Watched, faults: Sequence[Fault]) -> Mapping[FaultKind, Fault]:
    return {fault.kind: fault for fault in faults if fault.where == row.key}


def _latent(rng: Random, row: Watched, faults: Mapping[FaultKind, Fault]) -> Latent:
    health = rng.uniform(*row.health)
    match row.shape:
        case Shape.PATH | Shape.WORK:
            return Latent(_on_path(row, health, faults))
        case Shape.TOTAL:
            return Latent(_adding_up(row, health, faults))
        case Shape.SPLIT:
            return _split(health, rng.uniform(4.0, 8.0), faults.get(FaultKind.GAP))
        case _:
            return Latent(_around_limit(row, health, faults))


def _on_path(row: Watched, health: float, faults: Mapping[FaultKind, Fault]) -> tuple[float, ...]:
    months = 12 * (row.until - FIRST_YEAR + 1)
    most = 1.0 if row.shape is Shape.WORK else OVERSHOOT
    covered, figures = 0.0, []
    for month in range(MONTHS):
        covered = min(covered + _pace(month, health, covered, faults) / months, most)
        sign = 1 if row.rises else -1
        figures.append((row.baseline or 0.0) + sign * covered * row.distance)
    return tuple(figures)


def _pace(month: int, health: float, covered: float, faults: Mapping[FaultKind, Fault]) -> float:
    """How fast an indicator moves in a month; 1 is the plan's pace."""
    slow = faults.get(FaultKind.SLOWDOWN) or faults.get(FaultKind.LATE_WORK)
    back, stall = faults.get(FaultKind.REVERSAL), faults.get(FaultKind.STALL)
    if slow is not None and month >= slow.start:
        return 0.45 - 0.45 * slow.severity if month < slow.end else 1.6
    if back is not None and month >= back.start:
        if month >= back.end:
            return 2.0
        return -1.5 - 2 * back.severity if covered > -0.05 - 0.15 * back.severity else 0.0
    if stall is not None:
        return 1.75 if month < stall.start else 0.3 - 0.3 * stall.severity
    return health


def _adding_up(row: Watched, health: float, faults: Mapping[FaultKind, Fault]) -> tuple[float, ...]:
    slow, so_far, figures = faults.get(FaultKind.SLOWDOWN), 0.0, []
    for month in range(MONTHS):
        pace = health
        if slow is not None and slow.start <= month < slow.end:
            pace = 0.5 - 0.4 * slow.severity
        so_far += pace * SEASONS[month % 12] * row.target / MONTHS
        figures.append(so_far)
    return tuple(figures)


def _around_limit(row: Watched, health: float, faults: Mapping[FaultKind, Fault]) -> tuple[float, ...]:
    fault = faults.get(FaultKind.BREACH) or faults.get(FaultKind.POOR_SERVICE)
    step = abs(row.health[1] - row.health[0])
    beyond = row.target - (1 if row.rises else -1) * (0.3 + 0.7 * (fault.severity if fault else 0.0)) * step
    figures = []
    for month in range(MONTHS):
        share = _at_work(month, fault)
        level = health + (beyond - health) * share
        figures.append(level + row.season * (1 - share) * cos(2 * pi * month / 12))
    return tuple(figures)


def _at_work(month: int, fault: Fault | None) -> float:
    """How far a fault has come: 0 not at all, 1 wholly, with ramps at both ends."""
    if fault is None or month < fault.start:
        return 0.0
    since, past = month - fault.start + 1, month - fault.end + 1
    return min(since / RAMP, 1.0) if past <= 0 else max(1 - past / RAMP, 0.0)


def _split(health: float, gap: float, fault: Fault | None) -> Latent:
    """Urban and rural figures whose gap narrows slowly; a fault widens it by 3 to 6 points, mild ones slowly."""
    urban, rural = [], []
    widening = 3 + 3 * fault.severity if fault is not None else 0.0
    takes = max(round(18 * (1 - fault.severity)), 1) if fault is not None else 1
    for month in range(MONTHS):
        if fault is not None and fault.start <= month < fault.start + takes:
            gap += widening / takes
        elif fault is not None and month >= fault.end:
            gap = max(gap - 0.5, 1.0)
        else:
            gap = max(gap - 0.6 / 12, 1.0)
        urban.append(health + 1.0 * month / MONTHS)
        rural.append(urban[-1] - gap)
    total = tuple(URBAN_SHARE * u + (1 - URBAN_SHARE) * r for u, r in zip(urban, rural, strict=True))
    return Latent(total, tuple(urban), tuple(rural))
