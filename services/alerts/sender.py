"""The sender: from the outbox to the SMTP server. Never missed; sent once unless the server's answer is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from psycopg import AsyncConnection

from planwatch.language import Text
from services.alerts import alarms, mail_store
from services.alerts.mail_store import Claimed
from services.alerts.mailer import smtp_server
from services.alerts.return_path import ReturnPath
from services.alerts.smtp_pool import SmtpPool
from services.alerts.store import MAIL_CHANNEL
from services.clock import Clock
from services.database import Pool, conninfo_as, open_pool, wrap_errors
from services.errors import MailDeferred, MailRefused, Retriable, StoreUnavailable
from services.metrics import ACCEPTED_TO_MAILED, MAILS
from services.serving import Check
from services.settings import Settings

logger = logging.getLogger(__name__)

ROLE = "planwatch_alerts"
LEASE = timedelta(minutes=3)  # longer than the steps before DATA can take, and longer than DATA can
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=5)
IDLE_S = 1.0


class LeaseLost(Exception):
    """The lease of a mail has passed to another sender."""


class Sender:
    """Sends until it is stopped, several mails at a time. Several may run; a lease keeps them apart.

    Args:
        lease: for how long a mail is held; what a dead sender held is sent by another one afterwards.
    """

    def __init__(self, settings: Settings, clock: Clock, *, lease: timedelta = LEASE) -> None:
        self._settings, self._clock, self._lease = settings, clock, lease
        self._server = smtp_server(settings.smtp_url, settings.smtp_ca)
        self._return_path = ReturnPath(settings)
        self._database_trouble = "starting"
        self._mail_trouble = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Send what waits, listen for more."""
        size = self._settings.smtp_connections
        while not stop.is_set():
            try:
                async with AsyncExitStack() as opened:
                    listener = await opened.enter_async_context(self._listening())
                    database = await opened.enter_async_context(open_pool(self._settings.database_url, ROLE))
                    smtp = await opened.enter_async_context(SmtpPool(self._server, self._clock, size=size))
                    self._database_trouble = ""
                    await self._send_waiting(listener, database, smtp, stop)
            except Retriable as error:
                self._database_trouble = str(error)
                logger.warning("sender waits: %s", error)
                await asyncio.sleep(IDLE_S)

    async def health(self) -> dict[str, Check]:
        """Well while the outbox can be read and the newest attempt was not deferred."""
        trouble = self._database_trouble or self._mail_trouble
        return {"sender": Check(not trouble, trouble or "sending")}

    async def _send_waiting(
        self, listener: AsyncConnection[Any], database: Pool, smtp: SmtpPool, stop: asyncio.Event
    ) -> None:
        """Claim a mail whenever one of the attempts has ended; those that are under way are never cut off."""
        attempts: set[asyncio.Task[None]] = set()
        try:
            while not stop.is_set():
                if len(attempts) >= self._settings.smtp_connections:
                    await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
                elif mail := await self._claim(listener):
                    attempts.add(asyncio.create_task(self._attempt(database, smtp, mail, stop)))
                else:
                    await smtp.close_idle()
                    await _wait_for_notice(listener)
                _reap(attempts)
        finally:
            if attempts:
                await asyncio.wait(attempts)
                _reap(attempts)

    async def _claim(self, listener: AsyncConnection[Any]) -> Claimed | None:
        now = self._clock()
        with wrap_errors():
            return await mail_store.claim_mail(listener, now, now + self._lease, self._settings.mails_per_minute)

    async def _attempt(self, database: Pool, smtp: SmtpPool, mail: Claimed, stop: asyncio.Event) -> None:
        async def before_data() -> None:
            await self._begin_data(database, mail)

        try:
            async with smtp.connection() as mailer:
                await mailer.send(
                    self._return_path.address_of(mail.mail_id), mail.recipient, mail.message, before_data=before_data
                )
        except (LeaseLost, StoreUnavailable) as error:
            logger.warning("mail %s is left to the next lease: %s", mail.mail_id, error)
        except MailRefused as error:
            await self._settle(database, mail, stop, self._refused(mail, alarms.REFUSED, str(error)))
        except MailDeferred as error:
            self._mail_trouble = str(error)
            if self._clock() - mail.created_at > GIVE_UP_AFTER:
                words = f"given up after {GIVE_UP_AFTER.days} days: {error}"
                await self._settle(database, mail, stop, self._refused(mail, alarms.GIVEN_UP, words))
            else:
                await self._settle(database, mail, stop, self._deferred(mail, error))
        else:
            self._mail_trouble = ""
            await self._settle(database, mail, stop, self._sent(mail))

    async def _begin_data(self, database: Pool, mail: Claimed) -> None:
        now = self._clock()
        with wrap_errors():
            async with database.connection() as connection:
                token = self._return_path.token_of(mail.mail_id)
                if not await mail_store.begin_data(connection, mail, now, now + self._lease, token):
                    raise LeaseLost(mail.mail_id)

    async def _settle(
        self,
        database: Pool,
        mail: Claimed,
        stop: asyncio.Event,
        note: Callable[[AsyncConnection[Any]], Awaitable[None]],
    ) -> None:
        """Write what became of the mail; a database that is away is waited for while the lease lasts."""
        held_until = self._clock() + self._lease
        while True:
            try:
                with wrap_errors():
                    async with database.connection() as connection:
                        await note(connection)
                return
            except StoreUnavailable as error:
                logger.warning("the outcome of mail %s is not written yet: %s", mail.mail_id, error)
                if stop.is_set() or self._clock() >= held_until:
                    return
                await asyncio.sleep(IDLE_S)

    def _sent(self, mail: Claimed) -> Callable[[AsyncConnection[Any]], Awaitable[None]]:
        async def note(connection: AsyncConnection[Any]) -> None:
            now = self._clock()
            await mail_store.note_sent(connection, mail, now)
            MAILS.labels(outcome="sent").inc()
            if mail.mail_kind != "digest":
                ACCEPTED_TO_MAILED.observe((now - mail.accepted_at).total_seconds())

        return note

    def _refused(self, mail: Claimed, what: Text, reason: str) -> Callable[[AsyncConnection[Any]], Awaitable[None]]:
        async def note(connection: AsyncConnection[Any]) -> None:
            logger.error("mail %s to %s refused: %s", mail.mail_id, mail.recipient, reason)
            now = self._clock()
            if not await mail_store.note_refused(connection, mail, reason):
                return
            if what is alarms.REFUSED:
                await mail_store.flag_undeliverable(connection, mail.recipient, mail.mail_id, reason, now)
            failure = alarms.Failure(
                mail.mail_id, mail.mail_kind, mail.agency_id, mail.recipient, mail.subject, what, reason
            )
            await alarms.tell_operator(connection, self._settings, failure, now)
            MAILS.labels(outcome="refused").inc()

        return note

    def _deferred(self, mail: Claimed, error: MailDeferred) -> Callable[[AsyncConnection[Any]], Awaitable[None]]:
        async def note(connection: AsyncConnection[Any]) -> None:
            logger.warning("mail %s deferred: %s", mail.mail_id, error)
            next_attempt = self._clock() + retry_after(mail.attempts)
            await mail_store.note_deferred(connection, mail, next_attempt, str(error), in_doubt=error.in_doubt)
            MAILS.labels(outcome="deferred").inc()

        return note

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[AsyncConnection[Any]]:
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


def _reap(attempts: set[asyncio.Task[None]]) -> None:
    """Forget the attempts that have ended; what one of them did not expect is a fault of ours and ends the process."""
    ended = {attempt for attempt in attempts if attempt.done()}
    attempts -= ended
    for attempt in ended:
        attempt.result()


async def _wait_for_notice(connection: AsyncConnection[Any]) -> None:
    with wrap_errors():
        async for _ in connection.notifies(timeout=IDLE_S, stop_after=1):
            return
