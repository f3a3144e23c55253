"""A mail outbox and the senders that work on it, for tests of the way of a mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from services.alerts.sender import Sender
from services.alerts.store import MAIL_CHANNEL
from tests.builders import make_settings
from tests.fakes import ScriptedSmtp
from tests.pipeline import Pipeline

RECIPIENT = "zhongwei-education@example.org"
PATIENCE_S = 10.0


class Outbox:
    """The mails of a database, and the senders that work on them."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def put(self, *mail_ids: str, recipient: str = RECIPIENT) -> None:
        """Write mails as the alerting service does."""
        for mail_id in mail_ids:
            message_id = message_id_of(mail_id)
            self.pipeline.execute(
                """
                INSERT INTO mails (mail_id, mail_kind, agency_id, recipient, subject, message_id, message, accepted_at,
                                   created_at, state, next_attempt_at)
                VALUES (%s, 'warning', 'zhongwei-education', %s, 's', %s, %s, %s, %s, 'pending', %s)
                """,
                mail_id,
                recipient,
                message_id,
                f"Message-ID: {message_id}\r\nSubject: s\r\n\r\n预警 {mail_id}\r\n".encode(),
                *[self.pipeline.clock()] * 3,
            )
        self.wake_senders()

    def wake_senders(self) -> None:
        self.pipeline.execute(f"NOTIFY {MAIL_CHANNEL}")

    def row(self, mail_id: str, columns: str) -> tuple[Any, ...]:
        (row,) = self.pipeline.rows(f"SELECT {columns} FROM mails WHERE mail_id = %s", mail_id)  # noqa: S608
        return row

    def states(self) -> dict[str, str]:
        """States of the mails that tests put in, without the alarms that follow from them."""
        return dict(self.pipeline.rows("SELECT mail_id, state FROM mails WHERE mail_kind <> 'alarm'"))

    @asynccontextmanager
    async def sending(
        self, smtp: ScriptedSmtp, *, senders: int = 1, **options: str | int
    ) -> AsyncIterator[list[Sender]]:
        """Run senders while the block does."""
        stop = asyncio.Event()
        settings = make_settings(database_url=self.pipeline.url, smtp_url=smtp.url, **options)
        running = [Sender(settings, self.pipeline.clock) for _ in range(senders)]
        tasks = [asyncio.create_task(sender.run(stop)) for sender in running]
        try:
            yield running
        finally:
            stop.set()
            self.wake_senders()
            await asyncio.gather(*tasks)

    async def send_until(
        self, smtp: ScriptedSmtp, condition: Callable[[], bool], *, senders: int = 1, **options: str | int
    ) -> None:
        """Run senders until the condition holds."""
        async with self.sending(smtp, senders=senders, **options):
            await until(condition)


def message_id_of(mail_id: str) -> str:
    return f"<{mail_id}@planwatch.test>"


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what a sender is about to do."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  (what is waited for is a row)
            await asyncio.sleep(0.02)
