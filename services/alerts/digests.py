"""Close the digests whose time has come: one mail per agency and day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.notification import MailKind, is_worth_telling
from planwatch.policy import level_from_code
from services.alerts import case_store, store
from services.alerts.notices import Change, NoticeWriter
from services.alerts.render import WarningNotice, render_digest
from services.catalogue import Catalogue, CatalogueCache
from services.clock import Clock
from services.database import Pool, wrap_errors


class DigestCloser:
    """Renders due digests into the outbox."""

    def __init__(self, pool: Pool, notices: NoticeWriter, clock: Clock) -> None:
        self._pool, self._notices, self._clock = pool, notices, clock
        self._catalogue = CatalogueCache()

    async def close_due(self) -> int:
        """Close every digest that is due; safe to call from several processes at once.

        Returns:
            How many were closed.
        """
        now = self._clock()
        with wrap_errors():
            async with self._pool.connection() as connection, connection.transaction():
                digests = await store.load_due_digests(connection, now)
                for digest in digests:
                    await self._close(connection, digest, now)
        return len(digests)

    async def _close(self, connection: AsyncConnection[Any], digest: store.DueDigest, now: datetime) -> None:
        catalogue = await self._catalogue.current(connection)
        items = [item for item in await store.load_digest_items(connection, digest.mail_id) if _is_told(item)]
        notices = [await self._notice(connection, catalogue, digest, item) for item in items]
        if notices:
            rendered = render_digest(notices[0].reader or notices[0].agency, notices, digest.local_date)
            recipient = await store.load_email(connection, digest.agency_id, digest.local_date)
            mail = self._notices.mail(
                MailKind.DIGEST,
                digest.mail_id,
                digest.agency_id,
                recipient,
                rendered,
                accepted_at=max(notice.received_at or now for notice in notices),
                now=now,
            )
            await store.insert_mail(connection, mail, now)
        await store.close_digest(connection, digest.mail_id, now)

    async def _notice(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, digest: store.DueDigest, item: store.DigestItem
    ) -> WarningNotice:
        stored = (await case_store.load_cases(connection, [item.case_id]))[item.case_id]
        case = stored.case
        plan, indicator = await case_store.load_subject(connection, catalogue.plans, case)
        figures, source = None, None
        if stored.series_key is not None:
            figures = await store.load_figures(connection, stored.series_key, item.time_period, case.known_at)
        else:
            source = await store.load_source(connection, item.submission_id)
        change = Change(
            case=case,
            kind=DecisionKind(item.step_kind),
            level=level_from_code(item.level),
            previous_level=level_from_code(item.previous_level) if item.previous_level else None,
            reason=Text(item.reason_zh, item.reason_en),
            policy_line=item.policy_line or case.policy_line,
            time_period=item.time_period,
            at=item.at,
            reader=digest.agency_id,
        )
        return self._notices.notice(plan, indicator, change, figures, source)


def _is_told(item: store.DigestItem) -> bool:
    return is_worth_telling(
        DecisionKind(item.step_kind), was_open_before=item.was_open_before, is_overtaken=item.is_overtaken
    )
