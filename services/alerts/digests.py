"""Close the digests whose time has come: one mail per agency and day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.notification import MailKind
from planwatch.policy import level_from_code
from services.alerts import store
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
        items = [item for item in await store.load_digest_items(connection, digest.mail_id) if is_worth_telling(item)]
        notices = [await self._notice(connection, catalogue, item) for item in items]
        if notices:
            rendered = render_digest(notices[0].agency, notices, digest.local_date)
            recipient = (await store.load_emails(connection, [digest.agency_id])).get(digest.agency_id)
            mail = self._notices.mail(
                MailKind.DIGEST,
                digest.mail_id,
                digest.agency_id,
                recipient,
                rendered,
                accepted_at=max(notice.received_at for notice in notices),
                now=now,
            )
            await store.insert_mail(connection, mail, now)
        await store.close_digest(connection, digest.mail_id, now)

    async def _notice(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, item: store.DigestItem
    ) -> WarningNotice:
        case = (await store.load_cases(connection, [item.case_id]))[item.case_id]
        plan = catalogue.plans[case.subject.plan_id]
        indicator = plan.indicator(case.subject.series.indicator_id)
        assert indicator is not None
        figures = await store.load_figures(
            connection, str(case.subject.series), item.time_period, case.warning.known_at
        )
        change = Change(
            case_id=item.case_id,
            episode=case.warning.episode,
            state=case.warning.state,
            kind=DecisionKind(item.step_kind),
            level=level_from_code(item.level),
            previous_level=level_from_code(item.previous_level) if item.previous_level else None,
            since_period=str(case.warning.since_period),
            reason=Text(item.reason_zh, item.reason_en),
            policy_line=item.policy_line,
            at=item.at,
        )
        return self._notices.notice(plan, indicator, case.subject.series, catalogue.policy, change, figures)


def is_worth_telling(item: store.DigestItem) -> bool:
    """Whether the reader has to hear of it.

    Not of a case that opened and closed without ever having been told, nor of a step that a mail of its own has
    overtaken.
    """
    if item.is_overtaken:
        return False
    return item.step_kind != DecisionKind.CLOSE or item.was_open_before
