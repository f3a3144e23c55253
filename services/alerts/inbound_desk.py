"""What is made of a mail that came in: a bounce is marked and told, a reply becomes a note, all else is set aside."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.events import ProgressNoted
from planwatch.case.model import Case
from planwatch.inbound_mail import InboundKind, Letter, kind_of, own_words
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from services.alerts import alarms, case_store, inbound_store, mail_store
from services.alerts.cases import CaseBook, Happening
from services.alerts.inbound_reading import read_letter
from services.alerts.inbound_store import Entry, SentMail, Writer
from services.alerts.return_path import ReturnPath
from services.catalogue import CatalogueCache
from services.clock import Clock
from services.database import Pool, wrap_errors
from services.errors import Retriable
from services.metrics import INBOUND_MAILS, MAILS
from services.settings import Settings

logger = logging.getLogger(__name__)

MOST_CASES = 20
"""A reply to a mail that told of more cases says too little about each."""


class InboundDesk:
    """Takes mails in, each once and in one transaction."""

    def __init__(self, pool: Pool, book: CaseBook, settings: Settings, clock: Clock) -> None:
        self._pool, self._book, self._settings, self._clock = pool, book, settings, clock
        self._return_path = ReturnPath(settings)
        self._catalogue = CatalogueCache()

    async def take(self, content: bytes, envelope_from: str, recipient: str) -> str:
        """Deal with one mail; whatever it contains, it is entered and never comes back.

        Returns:
            The outcome: noted, bounced, delayed, ignored, rejected or failed; `repeated` for one that came before.

        Raises:
            StoreUnavailable: nothing was entered; the mail has to be delivered again.
        """
        inbound_id = identity_of(content)
        now = self._clock()
        try:
            letter = await asyncio.to_thread(read_letter, content, envelope_from, recipient)
            with wrap_errors():
                async with self._pool.connection() as connection:
                    if not await inbound_store.claim_inbound(connection, inbound_id, letter, now):
                        return "repeated"
                    entry = await self._deal_with(connection, letter, now)
                    await inbound_store.settle_inbound(connection, inbound_id, entry)
        except Retriable:
            raise
        except Exception as error:
            logger.exception("mail %s that came in could not be dealt with", inbound_id)
            await self._set_aside(inbound_id, (envelope_from, recipient), content, error)
            return "failed"
        logger.info("mail %s that came in: %s, %s: %s", inbound_id, entry.kind, entry.outcome, entry.reason.en)
        INBOUND_MAILS.labels(outcome=entry.outcome).inc()
        if entry.outcome in ("bounced", "delayed"):
            MAILS.labels(outcome=entry.outcome).inc()
        return entry.outcome

    async def _set_aside(self, inbound_id: str, addresses: tuple[str, str], content: bytes, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}".replace("\x00", "")[:300]
        with wrap_errors():
            async with self._pool.connection() as connection:
                await inbound_store.insert_failed(connection, inbound_id, addresses, content, why, self._clock())
        INBOUND_MAILS.labels(outcome="failed").inc()

    async def _deal_with(self, connection: AsyncConnection[Any], letter: Letter, now: datetime) -> Entry:
        kind = kind_of(letter)
        token = self._return_path.token_in(letter.recipient)
        mail = await inbound_store.find_mail(connection, token, letter.answered)
        match kind:
            case InboundKind.AUTOMATIC:
                reason = Text("自动回复，不记入", "an automatic answer is not noted")
                return Entry(kind, "ignored", reason, mail.mail_id if mail else None)
            case InboundKind.UNKNOWN:
                return Entry(kind, "rejected", Text("不是对已发邮件的回复", "it answers no mail of ours"))
            case _ if mail is None:
                return Entry(kind, "rejected", Text("所指邮件不是本系统发出", "it means no mail of ours"))
            case InboundKind.BOUNCE:
                return await self._bounce(connection, letter, mail, now)
            case InboundKind.DELAY:
                await inbound_store.mark_delayed(connection, mail.mail_id, now)
                reason = Text("对方服务器暂缓投递，仍在重试", "a later server delays it and goes on trying")
                return Entry(kind, "delayed", reason, mail.mail_id)
            case InboundKind.REPLY:
                return await self._reply(connection, letter, mail, now)

    async def _bounce(self, connection: AsyncConnection[Any], letter: Letter, mail: SentMail, now: datetime) -> Entry:
        kind = InboundKind.BOUNCE
        failed = ", ".join(letter.failed) or mail.recipient
        words = f"{failed}: {letter.subject}"[:500]
        if not await inbound_store.mark_bounced(connection, mail.mail_id, words):
            reason = Text("此前已退回或从未发出", "it came back before, or was never on its way")
            return Entry(kind, "ignored", reason, mail.mail_id)
        await mail_store.flag_undeliverable(connection, mail.recipient, mail.mail_id, words, now)
        failure = alarms.Failure(
            mail.mail_id, mail.mail_kind, mail.agency_id, mail.recipient, mail.subject, alarms.BOUNCED, words
        )
        await alarms.tell_operator(connection, self._settings, failure, now)
        return Entry(kind, "bounced", Text(f"已退回：{words}", f"it came back: {words}"), mail.mail_id)

    async def _reply(self, connection: AsyncConnection[Any], letter: Letter, mail: SentMail, now: datetime) -> Entry:
        def rejected(zh: str, en: str) -> Entry:
            return Entry(InboundKind.REPLY, "rejected", Text(zh, en), mail.mail_id)

        words = own_words(letter.text)
        told = await inbound_store.load_cases_told(connection, mail.mail_id)
        if len(letter.senders) != 1:
            return rejected("发件人不唯一", "it has no single sender")
        if not words and not letter.attachments:
            return rejected("除引文外没有内容", "it has no words of its own")
        if not told or len(told) > MOST_CASES:
            return rejected(f"该邮件涉及{len(told)}件预警，无法归入", f"that mail told of {len(told)} cases")
        await case_store.lock_plans(connection, [plan_id for _, plan_id in told])
        writers = await self._writers(connection, letter.senders[0], mail, now)
        stored = await case_store.load_cases(connection, [case_id for case_id, _ in told])
        happenings = [
            Happening(case_id, ProgressNoted(_name_of(writer, letter.senders[0]), _note(words, letter.attachments)))
            for case_id, _ in told
            if (writer := _concerned(writers, stored[case_id].case)) is not None
        ]
        if not happenings:
            return rejected("发件人不是相关单位的联系人", "its sender is no contact of an agency concerned")
        catalogue = await self._catalogue.current(connection)
        steps = await self._book.apply(connection, catalogue, happenings)
        reason = Text(f"记入{len(steps)}件预警的经过", f"noted in the history of {len(steps)} cases")
        return Entry(InboundKind.REPLY, "noted", reason, mail.mail_id)

    async def _writers(
        self, connection: AsyncConnection[Any], email: str, mail: SentMail, now: datetime
    ) -> list[Writer]:
        """Whom an address speaks for: agencies whose contact it is today, or was when the mail was sent to it."""
        found = await inbound_store.load_writers(connection, email, now.astimezone(LOCAL_TIME).date())
        was_sent_to = email == mail.recipient.lower() and email not in self._own_addresses()
        if was_sent_to and all(writer.agency_id != mail.agency_id for writer in found):
            found.append(Writer(mail.agency_id, mail.agency_id, None))
        return found

    def _own_addresses(self) -> set[str]:
        return {self._settings.mail_from.lower(), self._settings.operator_email.lower()}


def identity_of(content: bytes) -> str:
    """SHA-256 of a mail without the fields that every server adds: of its Message-ID and From lines and its body."""
    head, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    kept = [line for line in head.split(b"\n") if line.lower().startswith((b"message-id:", b"from:", b"subject:"))]
    return hashlib.sha256(b"\n".join([*kept, b"", body])).hexdigest()


def _concerned(writers: list[Writer], case: Case) -> Writer | None:
    agencies = {case.owner, case.coordinating, *case.chain, *case.participants}
    return next((writer for writer in writers if writer.agency_id in agencies), None)


def _name_of(writer: Writer, email: str) -> str:
    return f"{writer.agency} {writer.name or email}（邮件回复）"


def _note(words: str, attachments: tuple[str, ...]) -> str:
    if not attachments:
        return words
    return f"{words}\n（附件未保存：{'、'.join(attachments)}）".strip()
