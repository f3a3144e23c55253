"""SQL of the desk: the history as it replays, what a page of a case shows, attachments, and which account did what."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from planwatch.language import Text
from services.alerts.desk.attachment_files import AttachedFile

Connection = AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A step as it replays; `what` is its kind, actor and Chinese reason."""

    at: datetime
    what: tuple[str, str, str]
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A step of the history as people read it, with its mail, its place in the chain and the account behind it."""

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
    account_id: str | None
    delivery: str
    delivery_reason_zh: str
    delivery_reason_en: str
    addressee: str | None
    mail_id: str | None
    mail_state: str | None
    mail_in_doubt: bool | None
    entry_no: int
    entry_hash: str


@dataclass(frozen=True, slots=True)
class CaseMail:
    """A mail that told of a case."""

    mail_id: str
    mail_kind: str
    agency_id: str
    recipient: str
    subject: str
    message_id: str
    created_at: datetime
    state: str
    in_doubt: bool
    attempts: int
    sent_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attached file without its content."""

    attachment_id: str
    case_id: str
    step: int
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    attached_by: str
    attached_at: datetime


async def load_changes(connection: Connection, case_id: str) -> list[Change]:
    """The steps of a case, in order; none where there is no such case."""
    rows = await connection.execute(
        "SELECT at, step_kind, actor, reason_zh, changes FROM warning_history WHERE case_id = %s ORDER BY step",
        (case_id,),
    )
    return [Change(at, (kind, actor, reason), changes) for at, kind, actor, reason, changes in await rows.fetchall()]


async def load_entries(connection: Connection, case_id: str) -> list[Entry]:
    """The history of a case, the first step first."""
    cursor = connection.cursor(row_factory=class_row(Entry))
    await cursor.execute(
        """
        SELECT h.step, h.at, h.step_kind, h.episode, h.level, h.reason_zh, h.reason_en, h.policy_line, h.time_period,
               h.submission_id, h.actor, a.account_id, h.delivery, h.delivery_reason_zh, h.delivery_reason_en,
               h.addressee, h.mail_id, m.state AS mail_state, m.in_doubt AS mail_in_doubt, h.entry_no, h.entry_hash
        FROM warning_history AS h
        LEFT JOIN mails AS m USING (mail_id)
        LEFT JOIN step_accounts AS a USING (case_id, step)
        WHERE h.case_id = %s
        ORDER BY h.step
        """,
        (case_id,),
    )
    return await cursor.fetchall()


async def load_mails(connection: Connection, case_id: str) -> list[CaseMail]:
    """The mails that told of a case, the newest first."""
    cursor = connection.cursor(row_factory=class_row(CaseMail))
    await cursor.execute(
        """
        SELECT mail_id, mail_kind, agency_id, recipient, subject, message_id, created_at, state, in_doubt, attempts,
               sent_at, last_error
        FROM mails
        WHERE mail_id IN (SELECT mail_id FROM warning_history WHERE case_id = %(case)s AND mail_id IS NOT NULL
                          UNION SELECT summary_id FROM warning_history
                          WHERE case_id = %(case)s AND summary_id IS NOT NULL)
        ORDER BY created_at DESC, mail_id
        """,
        {"case": case_id},
    )
    return await cursor.fetchall()


async def load_agency_names(connection: Connection) -> dict[str, Text]:
    """Names of all agencies by id."""
    rows = await connection.execute("SELECT agency_id, name_zh, name_en FROM agencies")
    return {agency_id: Text(zh, en) for agency_id, zh, en in await rows.fetchall()}


async def is_simulated(connection: Connection, submission_id: str | None) -> bool:
    """Whether the figures of a submission were generated."""
    row = await (
        await connection.execute("SELECT simulated FROM submissions WHERE submission_id = %s", (submission_id,))
    ).fetchone()
    return bool(row and row[0])


async def insert_step_account(connection: Connection, case_id: str, step: int, account_id: str) -> None:
    """Keep which account made a step."""
    await connection.execute(
        "INSERT INTO step_accounts (case_id, step, account_id) VALUES (%s, %s, %s)", (case_id, step, account_id)
    )


_ATTACHMENTS = "attachment_id, case_id, step, name, media_type, size_bytes, sha256, attached_by, attached_at"


async def load_attachments(connection: Connection, case_id: str) -> list[Attachment]:
    """The files attached to a case, without their content, the oldest first."""
    cursor = connection.cursor(row_factory=class_row(Attachment))
    await cursor.execute(
        f"SELECT {_ATTACHMENTS} FROM attachments WHERE case_id = %s ORDER BY step".encode(),  # noqa: S608
        (case_id,),
    )
    return await cursor.fetchall()


async def load_attachment(connection: Connection, case_id: str, attachment_id: str) -> tuple[Attachment, bytes] | None:
    """One file attached to a case, with its content; None if the case has none of this id."""
    row = await (
        await connection.execute(
            f"SELECT {_ATTACHMENTS}, content FROM attachments"  # noqa: S608
            " WHERE case_id = %s AND attachment_id = %s".encode(),
            (case_id, attachment_id),
        )
    ).fetchone()
    return (Attachment(*row[:-1]), bytes(row[-1])) if row else None


async def count_attachments(connection: Connection, case_id: str) -> int:
    """How many files are attached to a case."""
    rows = await connection.execute("SELECT count(*) FROM attachments WHERE case_id = %s", (case_id,))
    ((count,),) = await rows.fetchall()
    return int(count)


async def insert_attachment(
    connection: Connection, case_id: str, step: int, file: AttachedFile, attached_by: str, now: datetime
) -> None:
    """Keep a file under a random id."""
    await connection.execute(
        """
        INSERT INTO attachments (attachment_id, case_id, step, name, media_type, size_bytes, sha256, attached_by,
                                 attached_at, content)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            secrets.token_urlsafe(16),
            case_id,
            step,
            file.name,
            file.media_type,
            len(file.content),
            file.sha256,
            attached_by,
            now,
            file.content,
        ),
    )
