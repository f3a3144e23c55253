"""SQL of the pictures in mails: the periods of a series as they were known at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from planwatch.schedule import METHOD


@dataclass(frozen=True, slots=True)
class KnownPeriod:
    """One period of a series; fields as in `planwatch.assessment.Assessment`."""

    time_period: str
    obs_value: Decimal | None
    measured: Decimal | None
    baseline_value: Decimal | None
    baseline_period: str | None
    baseline_substituted: bool


async def load_periods(connection: AsyncConnection[Any], series_key: str, known_at: datetime) -> list[KnownPeriod]:
    """The periods of a series that had been judged at `known_at`, each in its newest vintage, in rising period."""
    cursor = connection.cursor(row_factory=class_row(KnownPeriod))
    await cursor.execute(
        """
        SELECT DISTINCT ON (period_start, time_period) time_period, obs_value, measured, baseline_value,
               baseline_period, baseline_substituted
        FROM assessments
        WHERE series_key = %s AND known_at <= %s AND method = %s
        ORDER BY period_start, time_period, known_at DESC, plan_version DESC, assessment_no DESC
        """,
        (series_key, known_at, METHOD),
    )
    return await cursor.fetchall()
