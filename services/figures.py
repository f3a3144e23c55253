"""SQL of the figures of series with the verdicts on them, as pages list and draw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import class_row

from planwatch.schedule import METHOD


@dataclass(frozen=True, slots=True)
class Figure:
    """One period of one series: the newest vintage known, and the verdict on it where there is one."""

    plan_id: str
    indicator_id: str
    series_key: str
    ref_area: str
    time_period: str
    revision: int
    obs_value: Decimal | None
    submission_id: str
    received_at: datetime
    simulated: bool
    verdict: str | None
    reason: str | None
    measured: Decimal | None
    baseline_value: Decimal | None
    baseline_period: str | None
    baseline_substituted: bool | None
    expected_value: Decimal | None
    achieved_share: float | None
    expected_share: float | None
    gap: Decimal | None
    plan_version: int | None = None
    change_zh: str | None = None
    change_en: str | None = None


async def load_figures(
    connection: AsyncConnection[Any], series_keys: Sequence[str], as_of: datetime | None = None
) -> list[Figure]:
    """Every period of the given series as known at `as_of` (None: now), by series and period."""
    cursor: AsyncCursor[Figure] = connection.cursor(row_factory=class_row(Figure))
    await cursor.execute(
        """
        SELECT s.plan_id, s.indicator_id, o.series_key, s.ref_area, o.time_period, o.revision, o.obs_value,
               o.submission_id, o.received_at, u.simulated, a.class AS verdict, a.reason, a.measured,
               a.baseline_value, a.baseline_period, a.baseline_substituted, a.expected_value, a.achieved_share,
               a.expected_share, a.gap, a.plan_version, a.change_zh, a.change_en
        FROM observations_as_of(coalesce(%(as_of)s::timestamptz, 'infinity')) AS o
        JOIN series AS s USING (series_key)
        JOIN submissions AS u ON u.submission_id = o.submission_id
        LEFT JOIN (
            SELECT * FROM assessments_as_of(coalesce(%(as_of)s::timestamptz, 'infinity'))
            WHERE series_key = ANY(%(keys)s) AND method = %(method)s
        ) AS a ON (a.series_key, a.time_period) = (o.series_key, o.time_period)
        WHERE o.series_key = ANY(%(keys)s)
        ORDER BY o.series_key, o.period_start, o.time_period
        """,
        {"as_of": as_of, "keys": list(series_keys), "method": METHOD},
    )
    return await cursor.fetchall()
