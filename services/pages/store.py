"""SQL of the pages: what is known now or was known at a moment. Reads as planwatch_reader, writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import class_row

from planwatch.case.wording import ACTOR_NAMES
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Plan
from planwatch.plan_document import plan_from_mapping
from planwatch.schedule import METHOD
from services.database import Pool, wrap_errors

ROLE = "planwatch_reader"
MOST_MAILS = 200


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """A verdict that took the place of another one because of a submission, and why."""

    indicator_id: str
    ref_area: str
    time_period: str
    verdict: str
    change_zh: str
    change_en: str


@dataclass(frozen=True, slots=True)
class Case:
    """A warning case as it stood at a moment, and how its last change that is mailed was told.

    `series_key` is empty where no verdict stands behind it; `dimension` is that of a gap.
    """

    case_id: str
    plan_id: str
    indicator_id: str
    series_key: str
    agency_zh: str
    agency_en: str
    episode: int
    state: str
    level: str | None
    verdict: str
    time_period: str
    since_period: str
    opened_at: datetime
    changed_at: datetime
    policy_line: str
    submission_id: str
    delivery: str | None
    mail_id: str | None
    mail_state: str | None
    mail_sent_at: datetime | None
    kind: str
    ref_area: str
    dimension: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the history of a case."""

    step: int
    at: datetime
    step_kind: str
    episode: int
    level: str
    reason_zh: str
    reason_en: str
    policy_line: str
    time_period: str
    submission_id: str | None
    actor: str
    delivery: str
    delivery_reason_zh: str
    delivery_reason_en: str
    mail_id: str | None
    mail_state: str | None
    mail_sent_at: datetime | None

    @property
    def is_by_person(self) -> bool:
        """Whether a person made it, whose name and words are for those who sign in."""
        return self.actor not in ACTOR_NAMES


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the ledger says of one submission; findings are mappings {row, field, value, code, zh, en}."""

    submission_id: str
    agency_id: str
    agency_zh: str | None
    agency_en: str | None
    plan_id: str
    periods: str
    channel: str
    simulated: bool
    received_at: datetime
    accepted_rows: int
    findings: list[dict[str, Any]]
    evaluated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the outbox without its content, which this role may not read."""

    mail_id: str
    mail_kind: str
    agency_zh: str
    agency_en: str
    recipient: str
    subject: str
    message_id: str
    created_at: datetime
    state: str
    in_doubt: bool
    attempts: int
    sent_at: datetime | None
    last_error: str | None
    cases: list[str]


class PlanShelf:
    """The plans by version, each read from its document once, and again when something was added to it."""

    def __init__(self) -> None:
        self._plans: dict[tuple[object, ...], Plan] = {}

    async def load(self, connection: AsyncConnection[Any], as_of: datetime | None) -> list[Plan]:
        """The plans in force at `as_of`, superior plans first; a plan applied later appears in its first version.

        Indicators have the milestones that were stated by then.
        """
        cursor = await connection.execute(
            """
            SELECT DISTINCT ON (plan_id) plan_id, plan_version, updated_at,
                   ARRAY(SELECT time_period || ' ' || max(version) FROM milestone_statements AS s
                         WHERE s.plan_id = version.plan_id AND stated_at <= coalesce(%s::timestamptz, 'infinity')
                         GROUP BY time_period ORDER BY time_period)
            FROM (SELECT *, applied_at <= coalesce(%s::timestamptz, 'infinity') AS applied FROM plans) AS version
            ORDER BY plan_id, applied DESC, CASE WHEN applied THEN -plan_version ELSE plan_version END
            """,
            (as_of, as_of),
        )
        plans = []
        for plan_id, version, updated_at, stated in await cursor.fetchall():
            key = (plan_id, version, updated_at, *stated)
            if key not in self._plans:
                plan = await _read_plan(connection, plan_id, version)
                self._plans[key] = await _with_milestones(connection, plan, stated) if stated else plan
            plans.append(self._plans[key])
        return sorted(plans, key=lambda plan: (plan.parent_plan is not None, plan.ref_area))


async def _with_milestones(connection: AsyncConnection[Any], plan: Plan, stated: Sequence[str]) -> Plan:
    cursor = await connection.execute(
        "SELECT indicator_id, time_period, value FROM stated_milestones"
        " WHERE plan_id = %s AND time_period || ' ' || version = ANY(%s)",
        (plan.plan_id, list(stated)),
    )
    values: dict[str, dict[TimePeriod, Decimal]] = {row.indicator_id: dict(row.milestones) for row in plan.indicators}
    for indicator_id, time_period, value in await cursor.fetchall():
        values.get(indicator_id, {})[parse_period(time_period)] = value
    indicators = (replace(row, milestones=tuple(sorted(values[row.indicator_id].items()))) for row in plan.indicators)
    return replace(plan, indicators=tuple(indicators))


async def _read_plan(connection: AsyncConnection[Any], plan_id: str, version: int) -> Plan:
    cursor = await connection.execute(
        "SELECT document FROM plans WHERE plan_id = %s AND plan_version = %s", (plan_id, version)
    )
    ((document,),) = await cursor.fetchall()
    return plan_from_mapping(document)


@asynccontextmanager
async def reading(pool: Pool) -> AsyncIterator[AsyncConnection[Any]]:
    """A connection on which every statement of the block sees the same state of the database.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    with wrap_errors():
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection


async def load_headline_series(connection: AsyncConnection[Any], plan_id: str | None = None) -> list[str]:
    """Keys of the series that stand for an indicator: the plan's own area, the whole population; of one plan or all."""
    cursor = await connection.execute(
        "SELECT series_key FROM indicator_series WHERE headline AND plan_id = coalesce(%s::text, plan_id)", (plan_id,)
    )
    return [key for (key,) in await cursor.fetchall()]


_CASES = """
    SELECT w.case_id, w.plan_id, w.indicator_id, coalesce(w.series_key, '') AS series_key,
           g.name_zh AS agency_zh, g.name_en AS agency_en,
           w.episode, w.state, w.level, c.cause AS verdict, w.time_period, w.since_period, w.opened_at, w.changed_at,
           c.policy_line, coalesce(c.submission_id, '') AS submission_id, told.delivery, told.mail_id,
           m.state AS mail_state, m.sent_at AS mail_sent_at, c.kind, c.ref_area, c.dimension
    FROM early_warnings_as_of(coalesce(%(as_of)s::timestamptz, 'infinity')) AS w
    JOIN early_warnings AS c USING (case_id)
    JOIN agencies AS g ON g.agency_id = w.agency_id
    LEFT JOIN LATERAL (
        SELECT delivery, mail_id FROM warning_history AS h
        WHERE h.case_id = w.case_id AND delivery <> 'none' AND at <= coalesce(%(as_of)s::timestamptz, 'infinity')
        ORDER BY step DESC LIMIT 1
    ) AS told ON true
    LEFT JOIN mails AS m ON m.mail_id = told.mail_id
"""


async def load_open_cases(
    connection: AsyncConnection[Any], plan_id: str | None = None, as_of: datetime | None = None
) -> list[Case]:
    """The cases not closed at `as_of` (None: now), of one plan or all, the gravest and oldest first."""
    cursor: AsyncCursor[Case] = connection.cursor(row_factory=class_row(Case))
    await cursor.execute(
        _CASES
        + """
        WHERE w.state <> 'closed' AND w.plan_id = coalesce(%(plan_id)s::text, w.plan_id)
        ORDER BY level_rank(w.level) DESC, w.opened_at, w.plan_id, w.indicator_id, w.case_id
        """,
        {"as_of": as_of, "plan_id": plan_id},
    )
    return await cursor.fetchall()


async def load_case(connection: AsyncConnection[Any], case_id: str) -> Case | None:
    """One case as it stands now, None if there is none; its level is None once it is closed."""
    cursor: AsyncCursor[Case] = connection.cursor(row_factory=class_row(Case))
    await cursor.execute(_CASES + "WHERE w.case_id = %(case_id)s", {"as_of": None, "case_id": case_id})
    return await cursor.fetchone()


async def load_history(connection: AsyncConnection[Any], case_id: str) -> list[Step]:
    """All steps of a case in order, each with the state of its mail."""
    cursor: AsyncCursor[Step] = connection.cursor(row_factory=class_row(Step))
    await cursor.execute(
        """
        SELECT h.step, h.at, h.step_kind, h.episode, h.level, h.reason_zh, h.reason_en, h.policy_line, h.time_period,
               h.submission_id, h.actor, h.delivery, h.delivery_reason_zh, h.delivery_reason_en, h.mail_id,
               m.state AS mail_state, m.sent_at AS mail_sent_at
        FROM warning_history AS h
        LEFT JOIN mails AS m USING (mail_id)
        WHERE h.case_id = %s
        ORDER BY h.step
        """,
        (case_id,),
    )
    return await cursor.fetchall()


async def load_receipt(connection: AsyncConnection[Any], submission_id: str) -> Receipt | None:
    """The receipt of one submission, None if the ledger does not know it."""
    cursor: AsyncCursor[Receipt] = connection.cursor(row_factory=class_row(Receipt))
    await cursor.execute(
        """
        SELECT u.submission_id, u.agency_id, g.name_zh AS agency_zh, g.name_en AS agency_en, u.plan_id, u.periods,
               u.channel, u.simulated, u.received_at, u.accepted_rows, u.findings, u.evaluated_at
        FROM submissions AS u
        LEFT JOIN agencies AS g USING (agency_id)
        WHERE u.submission_id = %s
        """,
        (submission_id,),
    )
    return await cursor.fetchone()


async def load_changes(connection: AsyncConnection[Any], submission_id: str) -> list[VerdictChange]:
    """The verdicts that a submission changed, by indicator and period."""
    cursor: AsyncCursor[VerdictChange] = connection.cursor(row_factory=class_row(VerdictChange))
    await cursor.execute(
        """
        SELECT s.indicator_id, s.ref_area, a.time_period, a.class AS verdict, a.change_zh, a.change_en
        FROM assessments AS a
        JOIN series AS s USING (series_key)
        WHERE a.submission_id = %s AND a.caused_by = '' AND a.change_zh IS NOT NULL AND a.method = %s
        ORDER BY s.indicator_id, s.ref_area, a.period_start, a.time_period, a.assessment_no
        """,
        (submission_id, METHOD),
    )
    return await cursor.fetchall()


_MAILS = """
    SELECT m.mail_id, m.mail_kind, g.name_zh AS agency_zh, g.name_en AS agency_en, m.recipient, m.subject,
           m.message_id, m.created_at, m.state, m.in_doubt, m.attempts, m.sent_at, m.last_error,
           ARRAY(SELECT DISTINCT case_id FROM warning_history AS h WHERE h.mail_id = m.mail_id) AS cases
    FROM mails AS m
    JOIN agencies AS g USING (agency_id)
"""


async def load_mails(connection: AsyncConnection[Any], limit: int = MOST_MAILS) -> list[Mail]:
    """The newest mails of the outbox, newest first."""
    cursor: AsyncCursor[Mail] = connection.cursor(row_factory=class_row(Mail))
    await cursor.execute(_MAILS + "ORDER BY m.created_at DESC, m.mail_id LIMIT %s", (limit,))
    return await cursor.fetchall()


async def load_mail(connection: AsyncConnection[Any], mail_id: str) -> Mail | None:
    """One mail of the outbox, None if there is none."""
    cursor: AsyncCursor[Mail] = connection.cursor(row_factory=class_row(Mail))
    await cursor.execute(_MAILS + "WHERE m.mail_id = %s", (mail_id,))
    return await cursor.fetchone()


async def count_plans(connection: AsyncConnection[Any]) -> int:
    """How many plans are applied."""
    cursor = await connection.execute("SELECT count(*) FROM current_plans")
    ((count,),) = await cursor.fetchall()
    return int(count)
