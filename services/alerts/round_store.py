"""SQL of the rounds: which cases the clock, a missing report, a revision or a refused mail may concern."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.kinds import CaseKind
from services.alerts.case_store import StoredCase, load_cases

AHEAD = timedelta(days=30)
"""How far before a deadline a case is looked at: further than any reminder comes."""


async def load_kin(connection: AsyncConnection[Any], plan_id: str) -> list[StoredCase]:
    """The open cases of a plan that may speak for each other: of indicators with several, and those covered now."""
    rows = await connection.execute(
        """
        SELECT case_id FROM early_warnings
        WHERE plan_id = %(plan)s AND state <> 'closed'
          AND (is_covered OR is_frozen OR indicator_id IN (
              SELECT indicator_id FROM early_warnings
              WHERE plan_id = %(plan)s AND state <> 'closed' GROUP BY indicator_id HAVING count(*) > 1))
        ORDER BY case_id
        """,
        {"plan": plan_id},
    )
    return list((await load_cases(connection, [case_id for (case_id,) in await rows.fetchall()])).values())


async def load_pressing(connection: AsyncConnection[Any], plan_id: str, today: date) -> list[str]:
    """The ids of the open cases of a plan to which the clock may have something to say."""
    rows = await connection.execute(
        """
        SELECT case_id FROM early_warnings
        WHERE plan_id = %s AND state <> 'closed' AND (due_on <= %s OR silenced_until <= %s) ORDER BY case_id
        """,
        (plan_id, today + AHEAD, today),
    )
    return [case_id for (case_id,) in await rows.fetchall()]


async def load_outdated(connection: AsyncConnection[Any], plan_id: str, plan_version: int) -> list[StoredCase]:
    """The open cases of a plan that rest on another version of it."""
    rows = await connection.execute(
        "SELECT case_id FROM early_warnings WHERE plan_id = %s AND state <> 'closed' AND plan_version <> %s",
        (plan_id, plan_version),
    )
    return list((await load_cases(connection, [case_id for (case_id,) in await rows.fetchall()])).values())


async def load_watched_from(connection: AsyncConnection[Any], plan_id: str) -> datetime:
    """When the first version of a plan was entered."""
    row = await (
        await connection.execute("SELECT min(applied_at) FROM plans WHERE plan_id = %s", (plan_id,))
    ).fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


async def load_reported(connection: AsyncConnection[Any], plan_id: str, ref_area: str) -> dict[str, set[date]]:
    """Indicator → last days of the periods of the whole area for which something was reported, also “no figure”."""
    rows = await connection.execute(
        """
        SELECT s.indicator_id, array_agg(DISTINCT period_end(o.time_period))
        FROM series AS s JOIN observations AS o USING (series_key)
        WHERE s.plan_id = %s AND s.ref_area = %s AND (s.urbanisation, s.pop_group) = ('_T', '_T')
        GROUP BY s.indicator_id
        """,
        (plan_id, ref_area),
    )
    return {indicator_id: set(ends) for indicator_id, ends in await rows.fetchall()}


async def load_overdue(connection: AsyncConnection[Any], plan_id: str) -> set[str]:
    """The ids of the open cases of overdue reports of a plan."""
    rows = await connection.execute(
        "SELECT case_id FROM early_warnings WHERE plan_id = %s AND state <> 'closed' AND kind = %s",
        (plan_id, CaseKind.OVERDUE_REPORT),
    )
    return {case_id for (case_id,) in await rows.fetchall()}


async def load_refusals(connection: AsyncConnection[Any], plan_id: str) -> list[tuple[str, str, str, str]]:
    """Mails refused or returned that their cases have not noted: case id, mail id, mail's state, the server's words."""
    rows = await connection.execute(
        """
        SELECT DISTINCT h.case_id, m.mail_id, m.state, coalesce(m.last_error, '')
        FROM mails AS m JOIN warning_history AS h USING (mail_id)
        WHERE m.state IN ('refused', 'bounced') AND m.refusal_noted_at IS NULL AND h.plan_id = %s
        ORDER BY 2, 1
        """,
        (plan_id,),
    )
    return [(case_id, mail_id, state, words) for case_id, mail_id, state, words in await rows.fetchall()]


async def note_refusals(connection: AsyncConnection[Any], mail_ids: Sequence[str], now: datetime) -> None:
    """Mark refused mails as noted by their cases."""
    await connection.execute("UPDATE mails SET refusal_noted_at = %s WHERE mail_id = ANY(%s)", (now, list(mail_ids)))
