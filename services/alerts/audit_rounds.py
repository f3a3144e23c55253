"""自我审计 by the clock: prove what must hold, keep the result, and let the metrics say that the proof was made.

It goes at a pace of its own beside the rounds, so that neither delays the other. The stored run is the truth: every
process shows the newest one, whoever made it, and an audit that fails leaves none.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg

from planwatch.local_time import LOCAL_TIME
from planwatch.working_days import CalendarNotCovered, WorkingCalendar
from services.alerts import audit_store
from services.alerts.audit_store import AuditCheck, AuditFinding
from services.clock import Clock
from services.database import Pool, wrap_errors
from services.errors import Retriable
from services.metrics import AUDIT_EVERY, AUDIT_FAILURES, AUDIT_FINDINGS, AUDIT_LAST_RUN

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
REST = 10
"""A long history takes long to prove: the next audit waits at least this many times as long as the last one took."""


@dataclass(frozen=True, slots=True)
class AuditRun:
    """A self-audit that came to its end.

    Attributes:
        at: the moment against which delays were measured.
        checks: the rules, each with what it was put to.
        findings: all of them.
    """

    at: datetime
    checks: Sequence[AuditCheck]
    findings: Sequence[AuditFinding]


class AuditRounds:
    """Audits once per interval; of several processes one does, and all of them show its result."""

    def __init__(self, pool: Pool, calendar: WorkingCalendar, clock: Clock, *, every_s: int, mail_late_s: int) -> None:
        self._pool, self._calendar, self._clock = pool, calendar, clock
        self._every_s = every_s
        self._mail_late = timedelta(seconds=mail_late_s)
        self._next_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Audit until `stop` is set. What goes wrong is told and tried again: no mail waits for an audit."""
        while not stop.is_set():
            try:
                await self.make_due()
            except (Retriable, psycopg.Error) as error:
                AUDIT_FAILURES.inc()
                logger.error("the self-audit failed: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def make_due(self) -> AuditRun | None:
        """Audit if that is due and no other process has done so; show the newest run either way.

        Returns:
            The run; None where it was not due or another process's turn.
        """
        now = self._clock()
        if self._next_at is not None and now < self._next_at:
            return None
        self._next_at = now + timedelta(seconds=self._every_s)
        made = await self.make(only_if_due=True)
        await self._show()
        return made

    async def make(self, *, only_if_due: bool = False) -> AuditRun | None:
        """Audit now. The findings are one statement, and so speak of one state of the database.

        Args:
            only_if_due: not before the newest run says that the next one is to follow.
        Returns:
            The run; None where it is not due or another process is at it.
        Raises:
            psycopg.Error: the proof could not be made; nothing is stored.
        """
        now, started = self._clock(), time.monotonic()
        with wrap_errors():
            async with self._pool.connection() as connection, connection.transaction():
                if not await audit_store.hold_audit(connection):
                    return None
                last = await audit_store.load_last_run(connection)
                if only_if_due and last is not None and now < last.next_at:
                    return None
                findings = await audit_store.load_findings(connection, now, self._mail_late, self._attended_before(now))
                checks = await audit_store.load_checks(connection, findings)
                took_s = time.monotonic() - started
                every_s = max(self._every_s, round(took_s * REST))
                await audit_store.save_run(
                    connection, at=now, every_s=every_s, took_s=took_s, checks=checks, findings=findings
                )
        if findings:
            logger.warning("the self-audit has %d findings", len(findings))
        return AuditRun(now, checks, findings)

    async def _show(self) -> None:
        with wrap_errors():
            async with self._pool.connection() as connection:
                last = await audit_store.load_last_run(connection)
        if last is None:
            return
        self._next_at = max(last.next_at, self._clock())
        AUDIT_LAST_RUN.set(last.at.timestamp())
        AUDIT_EVERY.set(last.every_s)
        for code, number in last.findings.items():
            AUDIT_FINDINGS.labels(code=code).set(number)

    def _attended_before(self, now: datetime) -> date | None:
        """The working day before today: who was due before it has had a whole one on which the clock presses.

        None where the holidays are not known; the database then waits half a month.
        """
        try:
            return self._calendar.before(now.astimezone(LOCAL_TIME).date(), 1)
        except CalendarNotCovered:
            return None
