"""Reports of the kind that offices send, generated from a seed and marked as simulated. Pure, except the plan it reads.

A throughput report holds 300 observations: the 25 indicators of the Zhongwei plan for the 12 months of a year in one
simulated area. A latency report holds one figure that calls for a mail at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from planwatch.plan import GoalKind, Indicator, Plan
from planwatch.series import Accumulation
from planwatch.submission import ReportedTable, Submission, submission_id
from planwatch.wire import submission_to_bytes

PLAN_ID = "zhongwei"
COORDINATOR = "zhongwei-development-reform"
"""It may report every indicator."""

SENDERS = ("zhongwei-education", COORDINATOR)
"""Who may report the retention rate."""

AREAS = tuple(str(code) for code in range(640501, 640600))
"""Made-up divisions of Zhongwei (640500)."""

YEARS = tuple(range(2021, 2026))
MONTHS = 12
RETENTION_RATE = "zhongwei-05"
"""Binding; baseline 99.55, so that a lower figure has moved away from the target: red, mailed at once."""


def yearly_submissions(plan: Plan, received_at: datetime, *, areas: Sequence[str], seed: int) -> list[Submission]:
    """One report per year and area, year after year, as time would bring them.

    Args:
        plan: the Zhongwei plan.
        received_at: moment of receipt of all of them.
        areas: one report a year for each.
        seed: the same seed gives the same figures and ids.
    """
    chance = random.Random(seed)  # noqa: S311 — figures, not secrets
    feeds = {
        (area, indicator.indicator_id): _monthly_values(indicator, chance)
        for area in areas
        for indicator in plan.indicators
    }
    submissions = []
    for year in YEARS:
        for area in areas:
            cells = [
                {
                    "indicator": indicator.indicator_id,
                    "ref_area": area,
                    "time_period": f"{year}-{month:02d}",
                    "obs_value": str(next(feeds[area, indicator.indicator_id])),
                    "unit_measure": indicator.unit.printed or indicator.unit.measure,
                }
                for indicator in plan.indicators
                for month in range(1, MONTHS + 1)
            ]
            submissions.append(_submission(plan, cells, str(year), received_at))
    return submissions


def alarming_report(number: int) -> dict[str, object]:
    """The JSON body of the `number`-th latency report: a retention rate of its own place, far below the baseline.

    Areas and settlement types are combined, so that the first 297 reports are about 297 places.
    """
    area, urbanisation = AREAS[number % len(AREAS)], ("_T", "U", "R")[number // len(AREAS) % 3]
    row = {
        "INDICATOR": RETENTION_RATE,
        "REF_AREA": area,
        "URBANISATION": urbanisation,
        "TIME_PERIOD": "2021",
        "OBS_VALUE": "97.81",
    }
    return {"plan_id": PLAN_ID, "simulated": True, "observations": [row]}


def _submission(plan: Plan, cells: Sequence[dict[str, str]], periods: str, received_at: datetime) -> Submission:
    table = ReportedTable({}, list(enumerate(cells, start=1)))
    unnamed = Submission("", COORDINATOR, plan.plan_id, received_at, True, table)
    return replace(
        unnamed, submission_id=submission_id(COORDINATOR, plan.plan_id, periods, submission_to_bytes(unnamed))
    )


def _monthly_values(indicator: Indicator, chance: random.Random) -> Iterator[Decimal]:
    """Sixty monthly figures that wander around the path from the baseline to the target."""
    months = len(YEARS) * MONTHS
    target = float(indicator.target.value)
    if indicator.goal_kind is GoalKind.ACCUMULATE:
        yield from _totals(indicator, [target / months * chance.uniform(0.6, 1.4) for _ in range(months)])
        return
    start = float(indicator.baseline.value) if indicator.baseline else target * 0.8
    spread = abs(target - start) * 0.2 or target * 0.005
    for month in range(1, months + 1):
        yield _within_bounds(indicator, start + (target - start) * month / months + chance.gauss(0, spread))


def _totals(indicator: Indicator, flows: Sequence[float]) -> Iterator[Decimal]:
    running = 0.0
    for flow in flows:
        running += flow
        reported = running if indicator.accumulation is Accumulation.SINCE_PLAN_START else flow
        yield Decimal(f"{reported:.4f}")


def _within_bounds(indicator: Indicator, value: float) -> Decimal:
    lower, upper = indicator.bounds
    figure = Decimal(f"{value:.2f}")
    if upper is not None and figure > upper:
        return upper
    return lower if lower is not None and figure < lower else figure
