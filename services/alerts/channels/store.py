"""SQL of the messages to channels: entered with the step, claimed under a lease, settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

NOTICE = "planwatch_channels"
"""PostgreSQL notification channel on which the senders hear of new messages."""


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that this sender holds under a lease."""

    channel: str
    case_id: str
    step: int
    body: str
    attempts: int
    created_at: datetime


async def load_simulated(connection: AsyncConnection[Any], submission_id: str | None) -> bool:
    """Whether the submission behind a case is simulated; a case without one is not."""
    row = await (
        await connection.execute("SELECT simulated FROM submissions WHERE submission_id = %s", (submission_id,))
    ).fetchone()
    return bool(row and row[0])


async def insert_message(
    connection: AsyncConnection[Any],
    channel: str,
    case_id: str,
    step: int,
    body: str,
    now: datetime,
    due_at: datetime,
) -> None:
    """Put a message into the outbox and wake the senders at COMMIT; one that is there already is left as it is."""
    await connection.execute(
        """
        INSERT INTO channel_messages (channel, case_id, step, body, created_at, due_at, next_attempt_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        (channel, case_id, step, body, now, due_at, due_at),
    )
    await connection.execute(f"NOTIFY {NOTICE}")


async def claim_message(
    connection: AsyncConnection[Any], channel: str, now: datetime, lease: timedelta
) -> ClaimedMessage | None:
    """The next message of a channel that is due, held until the lease ends; None if none is."""
    row = await (
        await connection.execute(
            """
            UPDATE channel_messages SET leased_until = %(until)s, attempts = attempts + 1
            WHERE (channel, case_id, step) = (
                SELECT channel, case_id, step FROM channel_messages
                WHERE channel = %(channel)s AND state = 'pending' AND next_attempt_at <= %(now)s
                  AND (leased_until IS NULL OR leased_until <= %(now)s)
                ORDER BY next_attempt_at, created_at, case_id, step
                LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            RETURNING channel, case_id, step, body, attempts, created_at
            """,
            {"until": now + lease, "channel": channel, "now": now},
        )
    ).fetchone()
    return ClaimedMessage(*row) if row else None


async def settle_message(
    connection: AsyncConnection[Any],
    message: ClaimedMessage,
    state: str,
    *,
    sent_at: datetime | None = None,
    next_attempt_at: datetime | None = None,
    error: str | None = None,
) -> None:
    """Write the outcome of an attempt and give the message back."""
    await connection.execute(
        """
        UPDATE channel_messages
        SET state = %s, sent_at = %s, next_attempt_at = coalesce(%s, next_attempt_at), last_error = %s,
            leased_until = NULL
        WHERE (channel, case_id, step) = (%s, %s, %s)
        """,
        (state, sent_at, next_attempt_at, error, message.channel, message.case_id, message.step),
    )
