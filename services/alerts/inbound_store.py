"""SQL of the mails that come in: which of ours they mean, who wrote them, and what was made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.inbound_mail import InboundKind, Letter
from planwatch.language import Text


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours to which something came in."""

    mail_id: str
    mail_kind: str
    agency_id: str
    recipient: str
    subject: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose address it is: an agency, and its contact if he or she is known by name."""

    agency_id: str
    agency: str
    name: str | None


async def find_mail(connection: AsyncConnection[Any], token: str | None, message_ids: Sequence[str]) -> SentMail | None:
    """The mail of ours that is meant: by its return token, else by the first Message-ID that is one of ours."""
    row = await (
        await connection.execute(
            """
            SELECT mail_id, mail_kind, agency_id, recipient, subject FROM mails
            WHERE return_token = %(token)s OR message_id = ANY(%(ids)s)
            ORDER BY return_token IS NOT DISTINCT FROM %(token)s DESC, array_position(%(ids)s, message_id) LIMIT 1
            """,
            {"token": token, "ids": list(message_ids)},
        )
    ).fetchone()
    return SentMail(*row) if row else None


async def load_cases_told(connection: AsyncConnection[Any], mail_id: str) -> list[tuple[str, str]]:
    """The cases of which a mail told: case id, plan id."""
    rows = await connection.execute(
        "SELECT DISTINCT case_id, plan_id FROM warning_history WHERE mail_id = %s ORDER BY case_id", (mail_id,)
    )
    return [(case_id, plan_id) for case_id, plan_id in await rows.fetchall()]


async def load_writers(connection: AsyncConnection[Any], email: str, day: date) -> list[Writer]:
    """The agencies whose address or contact on a day this is."""
    rows = await connection.execute(
        """
        SELECT a.agency_id, a.name_zh, c.name
        FROM agencies AS a
        LEFT JOIN agency_contacts AS c
            ON c.agency_id = a.agency_id AND lower(c.email) = %(email)s
            AND %(day)s BETWEEN c.valid_from AND coalesce(c.valid_until, 'infinity')
        WHERE lower(a.email) = %(email)s OR c.email IS NOT NULL
        ORDER BY a.agency_id, c.name
        """,
        {"email": email.lower(), "day": day},
    )
    return [Writer(*row) for row in await rows.fetchall()]


async def mark_bounced(connection: AsyncConnection[Any], mail_id: str, reason: str) -> bool:
    """A mail has come back; one that was never handed over cannot.

    Returns:
        False where nothing changes: it has come back before, or was never on its way.
    """
    cursor = await connection.execute(
        """
        UPDATE mails SET state = 'bounced', last_error = %s, leased_until = NULL, data_begun_at = NULL,
                         refusal_noted_at = NULL
        WHERE mail_id = %s AND (state = 'sent' OR state = 'pending' AND (in_doubt OR data_begun_at IS NOT NULL))
        """,
        (reason, mail_id),
    )
    return cursor.rowcount == 1


async def mark_delayed(connection: AsyncConnection[Any], mail_id: str, now: datetime) -> None:
    """A later server goes on trying to deliver a mail."""
    await connection.execute("UPDATE mails SET delayed_at = %s WHERE mail_id = %s", (now, mail_id))


@dataclass(frozen=True, slots=True)
class Entry:
    """What was made of a mail that came in."""

    kind: InboundKind
    outcome: str
    reason: Text
    mail_id: str | None = None


async def claim_inbound(connection: AsyncConnection[Any], inbound_id: str, letter: Letter, now: datetime) -> bool:
    """Enter a mail before it is dealt with.

    Returns:
        False where it has been entered before: it was delivered twice.
    """
    cursor = await connection.execute(
        """
        INSERT INTO inbound_mails (inbound_id, received_at, envelope_from, recipient, header_from, message_id, subject,
                                   kind, outcome, reason_zh, reason_en)
        VALUES (%s, %s, %s, %s, %s, %s, %s, 'unknown', 'ignored', '', '') ON CONFLICT DO NOTHING
        """,
        (
            inbound_id,
            now,
            letter.envelope_from,
            letter.recipient,
            ", ".join(letter.senders),
            letter.message_id,
            letter.subject,
        ),
    )
    return cursor.rowcount == 1


async def settle_inbound(connection: AsyncConnection[Any], inbound_id: str, entry: Entry) -> None:
    """Write down what was made of a mail, in the transaction that entered it."""
    await connection.execute(
        """
        UPDATE inbound_mails SET kind = %s, outcome = %s, reason_zh = %s, reason_en = %s, mail_id = %s
        WHERE inbound_id = %s
        """,
        (entry.kind, entry.outcome, entry.reason.zh, entry.reason.en, entry.mail_id, inbound_id),
    )


async def insert_failed(
    connection: AsyncConnection[Any],
    inbound_id: str,
    addresses: tuple[str, str],
    content: bytes,
    why: str,
    now: datetime,
) -> None:
    """Set aside a mail that could not be dealt with, with its bytes."""
    await connection.execute(
        """
        INSERT INTO inbound_mails (inbound_id, received_at, envelope_from, recipient, header_from, message_id, subject,
                                   kind, outcome, reason_zh, reason_en, message)
        VALUES (%s, %s, %s, %s, '', '', '', 'unknown', 'failed', %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        (inbound_id, now, *addresses, f"无法处理：{why}", f"could not be dealt with: {why}", content),
    )
