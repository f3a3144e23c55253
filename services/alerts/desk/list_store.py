"""SQL of the list of cases: what an account may read of what its filter asks for, the most urgent first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from planwatch.language import Text
from services.accounts.account import Account, Role
from services.alerts.desk.case_list import PAGE_SIZE, Cell, Filter

MOST_EXPORTED = 20_000


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A case as a row of the list."""

    case_id: str
    plan_id: str
    plan_zh: str
    plan_en: str
    indicator_id: str
    indicator_zh: str
    indicator_en: str
    domain: str
    domain_name: str
    agency_id: str
    agency_zh: str
    agency_en: str
    ref_area: str
    kind: str
    level: str
    state: str
    time_period: str
    since_period: str
    due_on: date | None
    is_overdue: bool
    episode: int
    escalations: int
    silenced_until: date | None
    is_covered: bool
    is_frozen: bool
    simulated: bool


_READABLE = """
    WITH readable AS (
        SELECT w.case_id, w.plan_id, p.title_zh AS plan_zh, p.title_en AS plan_en, w.indicator_id,
               coalesce(i.name_zh, w.indicator_id) AS indicator_zh, coalesce(i.name_en, w.indicator_id) AS indicator_en,
               coalesce(i.domain, '') AS domain, coalesce(i.domain_name, '') AS domain_name, w.agency_id,
               g.name_zh AS agency_zh, g.name_en AS agency_en, coalesce(w.ref_area, '') AS ref_area, w.kind, w.level,
               w.state, w.time_period, w.since_period, w.due_on,
               coalesce(w.state <> 'closed' AND w.due_on < %(today)s, false) AS is_overdue, w.episode, w.escalations,
               w.silenced_until, w.is_covered, w.is_frozen, coalesce(u.simulated, false) AS simulated, w.opened_at
        FROM early_warnings AS w
        JOIN plans AS p ON (p.plan_id, p.plan_version) = (w.plan_id, w.plan_version)
        JOIN agencies AS g ON g.agency_id = w.agency_id
        LEFT JOIN indicators AS i
            ON (i.plan_id, i.plan_version, i.indicator_id) = (w.plan_id, w.plan_version, w.indicator_id)
        LEFT JOIN submissions AS u ON u.submission_id = w.submission_id
        WHERE (%(reads_all)s OR EXISTS (
                  SELECT FROM case_parties AS c WHERE c.case_id = w.case_id AND c.agency_id = %(agency_of)s))
          AND (%(text)s::text IS NULL OR i.name_zh ILIKE %(pattern)s OR i.name_en ILIKE %(pattern)s
               OR g.name_zh ILIKE %(pattern)s OR g.name_en ILIKE %(pattern)s OR w.case_id = %(text)s
               OR w.indicator_id = %(text)s)
    )
"""

_ASKED = """
    SELECT case_id, plan_id, plan_zh, plan_en, indicator_id, indicator_zh, indicator_en, domain, domain_name, agency_id,
           agency_zh, agency_en, ref_area, kind, level, state, time_period, since_period, due_on, is_overdue, episode,
           escalations, silenced_until, is_covered, is_frozen, simulated
    FROM readable
    WHERE plan_id = coalesce(%(plan)s::text, plan_id) AND level = coalesce(%(level)s::text, level)
      AND domain = coalesce(%(domain)s::text, domain) AND agency_id = coalesce(%(agency)s::text, agency_id)
      AND kind = coalesce(%(kind)s::text, kind) AND state = ANY(%(states)s)
      AND (%(overdue)s::text IS NULL OR is_overdue)
    ORDER BY state = 'closed', level_rank(level) DESC, due_on NULLS LAST, opened_at, case_id
    LIMIT %(limit)s OFFSET %(offset)s
"""

_CELLS = """
    SELECT plan_id AS plan, level, domain, agency_id AS agency, state, kind,
           CASE WHEN is_overdue THEN 'yes' ELSE '' END AS overdue, count(*)
    FROM readable
    GROUP BY plan_id, level, domain, agency_id, state, kind, is_overdue
"""


async def load_listed(
    connection: AsyncConnection[Any], account: Account, asked: Filter, today: date, *, whole: bool = False
) -> list[ListedCase]:
    """One page of the list, or up to 20,000 rows of the whole of it."""
    limit, offset = (MOST_EXPORTED, 0) if whole else (PAGE_SIZE, (asked.page - 1) * PAGE_SIZE)
    cursor = connection.cursor(row_factory=class_row(ListedCase))
    await cursor.execute(
        (_READABLE + _ASKED).encode(),
        {
            **_readable(account, asked, today),
            "plan": asked.plan,
            "level": asked.level,
            "domain": asked.domain,
            "agency": asked.agency,
            "kind": asked.kind,
            "states": list(asked.states),
            "overdue": asked.overdue,
            "limit": limit,
            "offset": offset,
        },
    )
    return await cursor.fetchall()


async def load_cells(connection: AsyncConnection[Any], account: Account, asked: Filter, today: date) -> list[Cell]:
    """How many cases the account may read that the text is found in, by the values of all choices."""
    cursor = connection.cursor(row_factory=class_row(Cell))
    await cursor.execute((_READABLE + _CELLS).encode(), _readable(account, asked, today))
    return await cursor.fetchall()


async def load_domain_names(connection: AsyncConnection[Any]) -> dict[str, str]:
    """Domain code → the name that a plan prints; of several plans' names the first one."""
    rows = await connection.execute("SELECT domain, min(domain_name) FROM indicators GROUP BY domain")
    return dict(await rows.fetchall())


async def load_plan_titles(connection: AsyncConnection[Any]) -> dict[str, Text]:
    """Plan id → title of the newest version."""
    rows = await connection.execute(
        "SELECT DISTINCT ON (plan_id) plan_id, title_zh, title_en FROM plans ORDER BY plan_id, plan_version DESC"
    )
    return {plan_id: Text(zh, en) for plan_id, zh, en in await rows.fetchall()}


def _readable(account: Account, asked: Filter, today: date) -> dict[str, Any]:
    return {
        "today": today,
        "reads_all": account.role == Role.ADMINISTRATOR,
        "agency_of": account.agency_id,
        "text": asked.text,
        "pattern": f"%{_literally(asked.text)}%" if asked.text else None,
    }


def _literally(text: str) -> str:
    """Text as LIKE finds it and nothing else."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
