"""SQL of the pages about commitments: series of derived indicators, and what agencies report of tasks and projects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class Report:
    """What one submission says of one task or project at one period; None where it does not say.

    Attributes:
        status: code of `planwatch.work_report.WorkStatus`.
        investment: completed so far, in 10,000 yuan.
        expected_completion: a TIME_PERIOD.
    """

    commitment_id: str
    ref_area: str
    time_period: str
    status: str | None
    investment: Decimal | None
    expected_completion: str | None
    submission_id: str
    received_at: datetime
    simulated: bool


async def load_commitment_series(connection: AsyncConnection[Any], plan_id: str) -> list[str]:
    """Keys of the series of every indicator derived from a commitment of one plan: any area, the whole population."""
    cursor = await connection.execute(
        """
        SELECT s.series_key FROM series AS s
        JOIN current_plans AS p USING (plan_id)
        JOIN indicators AS i USING (plan_id, plan_version, indicator_id)
        WHERE s.plan_id = %s AND i.section <> 'main_table' AND (s.urbanisation, s.pop_group) = ('_T', '_T')
        """,
        (plan_id,),
    )
    return [key for (key,) in await cursor.fetchall()]


async def load_work_reports(
    connection: AsyncConnection[Any], plan_id: str, commitment_id: str | None = None
) -> list[Report]:
    """The reports on the tasks and projects of one plan, or on one of them; the newest period and vintage last."""
    cursor: AsyncCursor[Report] = connection.cursor(row_factory=class_row(Report))
    await cursor.execute(
        """
        SELECT w.commitment_id, w.ref_area, w.time_period, w.status, w.investment, w.expected_completion,
               w.submission_id, w.received_at, u.simulated
        FROM work_reports AS w
        JOIN submissions AS u USING (submission_id)
        WHERE w.plan_id = %s AND w.commitment_id = coalesce(%s::text, w.commitment_id)
        ORDER BY period_end(w.time_period), w.received_at, w.submission_id
        """,
        (plan_id, commitment_id),
    )
    return await cursor.fetchall()
