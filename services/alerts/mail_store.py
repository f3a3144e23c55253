"""SQL of the sender: which mail is next, who holds it, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

from planwatch.language import Text

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that this sender holds under a lease.

    Attributes:
        attempts: counts this one; an attempt of that number is nobody else's.
        is_doubtful: an earlier attempt may have delivered it.
    """

    mail_id: str
    mail_kind: str
    agency_id: str
    recipient: str
    subject: str
    message_id: str
    message: bytes
    attempts: int
    accepted_at: datetime
    created_at: datetime
    is_doubtful: bool


async def claim_mail(
    connection: AsyncConnection[Any], now: datetime, leased_until: datetime, per_minute: int
) -> Claimed | None:
    """Take the next mail that is due and that nobody holds; None if there is none.

    Mails to a domain that has had its number within the last minute are put off until it may have the next one. A
    lease that ran out after the message had begun to be handed over leaves the mail in doubt.
    """
    while True:
        async with connection.transaction():
            row = await (await connection.execute(_NEXT, (now, now))).fetchone()
            if row is None:
                return None
            mail_id, domain = row
            free_at = await _free_at(connection, domain, now, per_minute)
            if free_at is None:
                taken = await (await connection.execute(_LEASE, (leased_until, now, mail_id))).fetchone()
                assert taken is not None
                return Claimed(*taken)
            await _put_off(connection, domain, now, free_at, per_minute)


async def begin_data(
    connection: AsyncConnection[Any], mail: Claimed, now: datetime, leased_until: datetime, return_token: str
) -> bool:
    """Note that the mail may arrive from now on, and hold it for another lease.

    Returns:
        False where the lease has passed to somebody else, who sends it.
    """
    cursor = await connection.execute(
        """
        UPDATE mails SET data_begun_at = %s, leased_until = %s, return_token = %s
        WHERE mail_id = %s AND attempts = %s AND state = 'pending'
        """,
        (now, leased_until, return_token, mail.mail_id, mail.attempts),
    )
    return cursor.rowcount == 1


async def note_sent(connection: AsyncConnection[Any], mail: Claimed, now: datetime) -> None:
    """The server has taken the mail; one that has come back meanwhile stays bounced."""
    await connection.execute(
        """
        UPDATE mails SET state = 'sent', sent_at = %s, leased_until = NULL, data_begun_at = NULL, last_error = NULL
        WHERE mail_id = %s AND state = 'pending'
        """,
        (now, mail.mail_id),
    )


async def note_refused(connection: AsyncConnection[Any], mail: Claimed, reason: str) -> bool:
    """The mail is given up.

    Returns:
        False where it has passed to another sender.
    """
    cursor = await connection.execute(
        """
        UPDATE mails SET state = 'refused', leased_until = NULL, data_begun_at = NULL, last_error = %s,
                         refusal_noted_at = NULL
        WHERE mail_id = %s AND attempts = %s AND state = 'pending'
        """,
        (reason, mail.mail_id, mail.attempts),
    )
    return cursor.rowcount == 1


async def note_deferred(
    connection: AsyncConnection[Any], mail: Claimed, next_attempt_at: datetime, reason: str, *, in_doubt: bool
) -> None:
    """The mail is to be tried again."""
    await connection.execute(
        """
        UPDATE mails SET next_attempt_at = %s, leased_until = NULL, data_begun_at = NULL, last_error = %s,
                         in_doubt = in_doubt OR %s
        WHERE mail_id = %s AND attempts = %s AND state = 'pending'
        """,
        (next_attempt_at, reason, in_doubt, mail.mail_id, mail.attempts),
    )


async def flag_undeliverable(
    connection: AsyncConnection[Any], email: str, mail_id: str, reason: str, now: datetime
) -> None:
    """Remember that an address takes no mail, with the newest reason."""
    await connection.execute(
        """
        INSERT INTO undeliverable_addresses (email, since, mail_id, reason) VALUES (lower(%s), %s, %s, %s)
        ON CONFLICT (email) DO UPDATE SET mail_id = EXCLUDED.mail_id, reason = EXCLUDED.reason
        """,
        (email, now, mail_id, reason),
    )


async def _free_at(connection: AsyncConnection[Any], domain: str, now: datetime, per_minute: int) -> datetime | None:
    """When the domain may have its next mail, None for now; other senders wait for the answer to take effect."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"mail-domain|{domain}",))
    row = await (
        await connection.execute(
            """
            SELECT last_attempt_at FROM mails WHERE recipient_domain = %s AND last_attempt_at > %s
            ORDER BY last_attempt_at DESC LIMIT 1 OFFSET %s
            """,
            (domain, now - MINUTE, per_minute - 1),
        )
    ).fetchone()
    return row[0] + MINUTE if row else None


async def _put_off(
    connection: AsyncConnection[Any], domain: str, now: datetime, free_at: datetime, per_minute: int
) -> None:
    reason = Text(
        f"{domain}每分钟最多{per_minute}封，依次等待",
        f"{domain} gets {per_minute} mails a minute at most; waiting its turn",
    )
    await connection.execute(
        """
        UPDATE mails SET next_attempt_at = %(free_at)s, wait_reason_zh = %(zh)s, wait_reason_en = %(en)s
        WHERE mail_id IN (
            SELECT mail_id FROM mails
            WHERE state = 'pending' AND recipient_domain = %(domain)s AND next_attempt_at <= %(now)s
              AND (leased_until IS NULL OR leased_until <= %(now)s)
            FOR UPDATE SKIP LOCKED
        )
        """,
        {"free_at": free_at, "zh": reason.zh, "en": reason.en, "domain": domain, "now": now},
    )


_NEXT = """
    SELECT mail_id, recipient_domain FROM mails
    WHERE state = 'pending' AND next_attempt_at <= %s AND (leased_until IS NULL OR leased_until <= %s)
    ORDER BY next_attempt_at, created_at, mail_id
    LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_LEASE = """
    UPDATE mails SET leased_until = %s, attempts = attempts + 1, last_attempt_at = %s,
                     in_doubt = in_doubt OR data_begun_at IS NOT NULL, data_begun_at = NULL,
                     wait_reason_zh = NULL, wait_reason_en = NULL
    WHERE mail_id = %s
    RETURNING mail_id, mail_kind, agency_id, recipient, subject, message_id, message, attempts, accepted_at, created_at,
              in_doubt
"""
