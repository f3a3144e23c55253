"""The sender: from the outbox to the SMTP server. Never missed; sent once unless the server's answer is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

from services.alerts.mailer import Mailer
from services.alerts.store import MAIL_CHANNEL
from services.clock import Clock
from services.database import conninfo_as, wrap_errors
from services.errors import MailDeferred, MailRefused, Retriable
from services.metrics import ACCEPTED_TO_MAILED, MAILS
from services.serving import Check
from services.settings import Settings

logger = logging.getLogger(__name__)

ROLE = "planwatch_alerts"
LEASE = timedelta(minutes=3)  # longer than an attempt can take
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)
IDLE_S = 1.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that this sender holds under a lease."""

    mail_id: str
    mail_kind: str
    recipient: str
    message: bytes
    attempts: int
    accepted_at: datetime
    created_at: datetime


class Sender:
    """Sends until it is stopped. Several may run; a lease keeps them out of each other's way."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._database_trouble = "starting"
        self._mail_trouble = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Send what waits, listen for more."""
        while not stop.is_set():
            try:
                async with self._connection() as connection, Mailer(self._settings.smtp_url) as mailer:
                    self._database_trouble = ""
                    while not stop.is_set():
                        await self._send_waiting(connection, mailer)
                        await _wait_for_notice(connection)
            except Retriable as error:
                self._database_trouble = str(error)
                logger.warning("sender waits: %s", error)
                await asyncio.sleep(IDLE_S)

    async def health(self) -> dict[str, Check]:
        """Well while the outbox can be read and the newest attempt was not deferred."""
        trouble = self._database_trouble or self._mail_trouble
        return {"sender": Check(not trouble, trouble or "sending")}

    async def _send_waiting(self, connection: AsyncConnection[Any], mailer: Mailer) -> None:
        while mail := await self._claim(connection):
            await self._send(connection, mailer, mail)

    async def _send(self, connection: AsyncConnection[Any], mailer: Mailer, mail: Claimed) -> None:
        try:
            await mailer.send(self._settings.mail_from, mail.recipient, mail.message)
        except MailRefused as error:
            await self._note_refused(connection, mail, str(error))
        except MailDeferred as error:
            self._mail_trouble = str(error)
            if self._clock() - mail.created_at > GIVE_UP_AFTER:
                await self._note_refused(connection, mail, f"given up after {GIVE_UP_AFTER.days} days: {error}")
            else:
                await self._note_deferred(connection, mail, error)
        else:
            self._mail_trouble = ""
            await self._note_sent(connection, mail)

    async def _claim(self, connection: AsyncConnection[Any]) -> Claimed | None:
        now = self._clock()
        with wrap_errors():
            row = await (await connection.execute(_CLAIM, (now + LEASE, now, now))).fetchone()
        return Claimed(*row) if row else None

    async def _note_sent(self, connection: AsyncConnection[Any], mail: Claimed) -> None:
        now = self._clock()
        with wrap_errors():
            await connection.execute(
                "UPDATE mails SET state = 'sent', sent_at = %s, leased_until = NULL, last_error = NULL"
                " WHERE mail_id = %s",
                (now, mail.mail_id),
            )
        MAILS.labels(outcome="sent").inc()
        if mail.mail_kind != "digest":
            ACCEPTED_TO_MAILED.observe((now - mail.accepted_at).total_seconds())

    async def _note_refused(self, connection: AsyncConnection[Any], mail: Claimed, reason: str) -> None:
        logger.error("mail %s to %s refused: %s", mail.mail_id, mail.recipient, reason)
        with wrap_errors():
            await connection.execute(
                "UPDATE mails SET state = 'refused', leased_until = NULL, last_error = %s WHERE mail_id = %s",
                (reason, mail.mail_id),
            )
        MAILS.labels(outcome="refused").inc()

    async def _note_deferred(self, connection: AsyncConnection[Any], mail: Claimed, error: MailDeferred) -> None:
        logger.warning("mail %s deferred: %s", mail.mail_id, error)
        next_attempt = self._clock() + retry_after(mail.attempts)
        with wrap_errors():
            await connection.execute(
                "UPDATE mails SET next_attempt_at = %s, leased_until = NULL, last_error = %s,"
                " in_doubt = in_doubt OR %s WHERE mail_id = %s",
                (next_attempt, str(error), error.in_doubt, mail.mail_id),
            )
        MAILS.labels(outcome="deferred").inc()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        with wrap_errors():
            connection = await AsyncConnection.connect(
                conninfo_as(self._settings.database_url, ROLE, "planwatch_sender"), autocommit=True
            )
        async with connection:
            with wrap_errors():
                await connection.execute(f"LISTEN {MAIL_CHANNEL}")
            yield connection


def retry_after(attempts: int) -> timedelta:
    """How long to wait after the given number of attempts: one minute, doubling up to an hour."""
    doublings: int = min(attempts - 1, 10)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


_CLAIM = """
    UPDATE mails SET leased_until = %s, attempts = attempts + 1
    WHERE mail_id = (
        SELECT mail_id FROM mails
        WHERE state = 'pending' AND next_attempt_at <= %s AND (leased_until IS NULL OR leased_until <= %s)
        ORDER BY next_attempt_at, created_at
        LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING mail_id, mail_kind, recipient, message, attempts, accepted_at, created_at
"""


async def _wait_for_notice(connection: AsyncConnection[Any]) -> None:
    with wrap_errors():
        async for _ in connection.notifies(timeout=IDLE_S, stop_after=1):
            return
