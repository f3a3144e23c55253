"""SQL of the forecasts that pages show beside verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class KnownForecast:
    """A forecast as it was known at a moment; fields as in `planwatch.forecast.Forecast`."""

    series_key: str
    time_period: str
    value: float | None
    low: float | None
    high: float | None
    confidence: float | None
    probability: float | None
    pace_needed: float | None
    best_pace: float | None
    reached_in: int | None
    reason: str | None

    @property
    def is_made(self) -> bool:
        """Whether there is a value with an interval."""
        return self.low is not None and self.high is not None


Forecasts = Mapping[tuple[str, str], KnownForecast]
"""By series key and period, of the periods that were the newest of their subject at some moment."""


async def load_forecasts(
    connection: AsyncConnection[Any], series_keys: Sequence[str], as_of: datetime | None = None
) -> dict[tuple[str, str], KnownForecast]:
    """The forecasts beside the verdicts on the given series as known at `as_of` (None: now)."""
    cursor: AsyncCursor[KnownForecast] = connection.cursor(row_factory=class_row(KnownForecast))
    await cursor.execute(
        """
        SELECT series_key, time_period, value, low, high, confidence, probability, pace_needed, best_pace, reached_in,
               reason
        FROM forecasts_as_of(coalesce(%s::timestamptz, 'infinity'))
        WHERE series_key = ANY(%s)
        """,
        (as_of, list(series_keys)),
    )
    return {(row.series_key, row.time_period): row for row in await cursor.fetchall()}
