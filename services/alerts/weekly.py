"""每周综述: one mail a week to each coordinating body: what has changed, what is open, what nobody answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.local_time import LOCAL_TIME
from planwatch.notification import MailKind
from services.alerts import store, summary_store
from services.alerts.links import Unsubscription
from services.alerts.notices import NoticeWriter
from services.alerts.render_summary import render_summary
from services.alerts.unsubscribed_store import UNSUBSCRIBED, is_unsubscribed
from services.catalogue import CatalogueCache
from services.clock import Clock
from services.database import Pool, wrap_errors


class SummaryCloser:
    """Renders due weekly summaries into the outbox."""

    def __init__(self, pool: Pool, notices: NoticeWriter, clock: Clock) -> None:
        self._pool, self._notices, self._clock = pool, notices, clock
        self._catalogue = CatalogueCache()

    async def close_due(self) -> int:
        """Close every summary that is due; safe to call from several processes at once.

        Returns:
            How many were closed.
        """
        now = self._clock()
        with wrap_errors():
            async with self._pool.connection() as connection, connection.transaction():
                summaries = await summary_store.load_due_summaries(connection, now)
                for summary in summaries:
                    await self._close(connection, summary, now)
        return len(summaries)

    async def _close(self, connection: AsyncConnection[Any], summary: summary_store.DueSummary, now: datetime) -> None:
        today = now.astimezone(LOCAL_TIME).date()
        recipient = await store.load_email(connection, summary.agency_id, today)
        who = Unsubscription(summary.agency_id, MailKind.WEEKLY, self._notices.address(recipient))
        policy = (await self._catalogue.current(connection)).policy
        may_unsubscribe = MailKind.WEEKLY in policy.may_unsubscribe
        if may_unsubscribe and await is_unsubscribed(connection, who):
            await summary_store.close_summary(connection, summary.mail_id, now, UNSUBSCRIBED)
            return
        entries = await summary_store.load_entries(connection, summary.mail_id)
        standing = await summary_store.load_standing(connection, summary.agency_id, today)
        mail = self._notices.mail(
            MailKind.WEEKLY,
            summary.mail_id,
            summary.agency_id,
            recipient,
            render_summary(
                summary.agency,
                entries,
                standing,
                today,
                self._notices.case_url,
                unsubscribe_url=self._notices.unsubscribe_url(who, now) if may_unsubscribe else None,
            ),
            accepted_at=now,
            now=now,
        )
        await store.insert_mail(connection, mail, now)
        await summary_store.close_summary(connection, summary.mail_id, now)
