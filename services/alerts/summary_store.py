"""SQL of the weekly summaries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.language import Text
from planwatch.policy import Level, level_from_code
from planwatch.wording import area_text


@dataclass(frozen=True, slots=True)
class DueSummary:
    """A summary whose time has come."""

    mail_id: str
    agency_id: str
    agency: Text


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """The last step of one case in the week of a summary, in words.

    Attributes:
        steps: how many steps of the case the week had.
        due_on: last day for what is asked of the owner next; None once it is closed.
    """

    case_id: str
    plan: Text
    area: Text
    indicator: Text
    owner: Text
    level: Level
    is_closed: bool
    reason: Text
    steps: int
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open under a coordinating body: how many cases per level, and how many of all are past their day."""

    by_level: tuple[tuple[Level, int], ...]
    overdue: int


async def load_due_summaries(connection: AsyncConnection[Any], now: datetime) -> list[DueSummary]:
    """Summaries to be closed at `now`, held until COMMIT; those that another process holds are left to it."""
    rows = await connection.execute(
        """
        SELECT s.mail_id, s.agency_id, a.name_zh, a.name_en
        FROM weekly_summaries AS s JOIN agencies AS a USING (agency_id)
        WHERE s.closed_at IS NULL AND s.due_at <= %s ORDER BY s.due_at LIMIT 20 FOR UPDATE OF s SKIP LOCKED
        """,
        (now,),
    )
    return [DueSummary(mail_id, agency_id, Text(zh, en)) for mail_id, agency_id, zh, en in await rows.fetchall()]


async def load_entries(connection: AsyncConnection[Any], mail_id: str) -> list[SummaryLine]:
    """The cases of a summary, gravest first, closed ones last."""
    rows = await connection.execute(
        """
        SELECT * FROM (
            SELECT DISTINCT ON (h.case_id) h.case_id, p.title_zh, p.title_en, i.name_zh, i.name_en, a.name_zh,
                   a.name_en, h.level, h.step_kind = 'close' AS is_closed, h.reason_zh, h.reason_en,
                   count(*) OVER (PARTITION BY h.case_id), w.due_on, p.area_name_zh, p.area_name_en, p.ref_area,
                   coalesce(w.ref_area, p.ref_area)
            FROM warning_history AS h
            JOIN early_warnings AS w USING (case_id)
            JOIN plans AS p ON (p.plan_id, p.plan_version) = (w.plan_id, w.plan_version)
            JOIN indicators AS i
                ON (i.plan_id, i.plan_version, i.indicator_id) = (w.plan_id, w.plan_version, w.indicator_id)
            JOIN agencies AS a ON a.agency_id = w.agency_id
            WHERE h.summary_id = %s
            ORDER BY h.case_id, h.step DESC
        ) AS line
        ORDER BY is_closed, level_rank(level) DESC, case_id
        """,
        (mail_id,),
    )
    return [
        SummaryLine(
            row[0], Text(row[1], row[2]), area_text(Text(row[13], row[14]), row[15], row[16]), Text(row[3], row[4]),
            Text(row[5], row[6]), level_from_code(row[7]), row[8], Text(row[9], row[10]), row[11], row[12],
        )
        for row in await rows.fetchall()
    ]  # fmt: skip


async def load_standing(connection: AsyncConnection[Any], agency_id: str, today: date) -> Standing:
    """What is open under a coordinating body on a local day."""
    rows = await connection.execute(
        """
        SELECT level, count(*), count(*) FILTER (WHERE due_on < %s)
        FROM early_warnings WHERE coordinating_agency = %s AND state <> 'closed'
        GROUP BY level ORDER BY level_rank(level) DESC
        """,
        (today, agency_id),
    )
    found = await rows.fetchall()
    return Standing(
        tuple((level_from_code(level), count) for level, count, _ in found), sum(overdue for _, _, overdue in found)
    )


async def close_summary(
    connection: AsyncConnection[Any], mail_id: str, now: datetime, held_back: Text | None = None
) -> None:
    """Mark a summary as closed; `held_back` says why nothing is mailed, None where a mail was written."""
    await connection.execute(
        "UPDATE weekly_summaries SET closed_at = %s, held_back_zh = %s, held_back_en = %s WHERE mail_id = %s",
        (now, held_back.zh if held_back else None, held_back.en if held_back else None, mail_id),
    )
