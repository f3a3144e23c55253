"""自我审计 by the clock: prove what must hold, keep the result, and let the metrics say that the proof was made.

A process of its own pace beside the rounds, so that neither delays the other. The stored run is the truth: every process
shows the newest one, whoever made it, and an audit that fails leaves none.
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
from services.metrics import AUDIT_FAILURES, AUDIT_FINDINGS, AUDIT_LAST_RUN
from services.settings import Settings

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0


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

    def __init__(self, pool: Pool, settings: Settings, calendar: WorkingCalendar, clock: Clock) -> None:
        self._pool, self._calendar, self._clock = pool, calendar, clock
        self._every_s = settings.audit_every_s
        self._mail_late = timedelta(seconds=settings.mail_late_s)
        self._next_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Audit until `stop` is set. What goes wrong is told and tried again: no mail waits for an audit."""
        while not stop.is_set():
            try:
                await self.make_due()
            except (Retriable, psycopg.Error) as error:
                AUDIT_FAILURES.inc()
                logger.error("the self-audit failed: %s", error)  # noqa: TRY400  (the reason is what the operator needs)
            await asyncio.sleep(LOOK_EVERY_S)

    async def make_due(self) -> AuditRun | None:
        """Audit if the interval has passed and no other process has done so; show the newest run either way.

        Returns:
            The run; None where it was not due or another process's turn.
        """
        now = self._clock()
        if self._next_at is not None and now < self._next_at:
            return None
        self._next_at = now + timedelta(seconds=self._every_s)
        made = await self.make(unless_since=now - timedelta(seconds=self._every_s * 0.9))
        await self._show()
        return made

    async def make(self, *, unless_since: datetime | None = None) -> AuditRun | None:
        """Audit now. The findings are one statement, and so speak of one state of the database.

        Args:
            unless_since: not, if there has been a run after this moment.
        Returns:
            The run; None where there was one already or another process is at it.
        Raises:
            psycopg.Error: the proof could not be made; nothing is stored.
        """
        now, started = self._clock(), time.monotonic()
        with wrap_errors():
            async with self._pool.connection() as connection:
                async with connection.transaction():
                    if not await audit_store.hold_audit(connection):
                        return None
                    last = await audit_store.load_last_run(connection)
                    if unless_since is not None and last is not None and last[0] > unless_since:
                        return None
                    findings = await audit_store.load_findings(
                        connection, now, self._mail_late, self._attended_before(now)
                    )
                    checks = await audit_store.load_checks(connection, findings)
                    await audit_store.save_run(
                        connection,
                        at=now,
                        every_s=self._every_s,
                        took_s=time.monotonic() - started,
                        checks=checks,
                        findings=findings,
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
        at, findings = last
        AUDIT_LAST_RUN.set(at.timestamp())
        for code, number in findings.items():
            AUDIT_FINDINGS.labels(code=code).set(number)

    def _attended_before(self, now: datetime) -> date | None:
        """The working day before today: who was due before it has had a whole one on which the clock presses.

        None where the holidays are not known; the database then waits half a month.
        """
        try:
            return self._calendar.before(now.astimezone(LOCAL_TIME).date(), 1)
        except CalendarNotCovered:
            return None
