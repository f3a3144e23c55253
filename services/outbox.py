"""Events on their way to Kafka: written in the transaction that makes them true, published by the relay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, Connection

CHANNEL = "planwatch_outbox"
"""PostgreSQL notification channel on which the relay hears of new events."""


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """One record to be published.

    Attributes:
        event_id: deterministic, so that writing it again changes nothing.
        topic: where to.
        key: decides the partition; events of one key stay in order.
        value: the record's value.
        awaits_effect: a consumer of ours will settle it; False for events that only others read.
    """

    event_id: str
    topic: str
    key: bytes
    value: bytes
    awaits_effect: bool = True


async def insert_events(connection: AsyncConnection[Any], events: Sequence[OutgoingEvent], now: datetime) -> None:
    """Write events to table `outgoing_events` in the open transaction, in order, and wake the relay at COMMIT."""
    if not events:
        return
    await connection.cursor().executemany(_INSERT, _rows(events, now))
    await connection.execute(f"NOTIFY {CHANNEL}")


def insert_events_now(connection: Connection[Any], events: Sequence[OutgoingEvent], now: datetime) -> None:
    """The same for a command, which has a blocking connection."""
    if not events:
        return
    connection.cursor().executemany(_INSERT, _rows(events, now))
    connection.execute(f"NOTIFY {CHANNEL}")


async def settle_events(connection: AsyncConnection[Any], event_ids: Sequence[str], now: datetime) -> None:
    """Mark events as having had their effect, in the transaction of that effect."""
    await connection.execute(
        "UPDATE outgoing_events SET settled_at = %s WHERE event_id = ANY(%s) AND settled_at IS NULL",
        (now, list(event_ids)),
    )


def submission_event_id(submission_id: str) -> str:
    """Id of the event that a submission was received."""
    return f"submission:{submission_id}"


def assessment_event_id(submission_id: str) -> str:
    """Id of the event that a submission was evaluated."""
    return f"assessment:{submission_id}"


_INSERT = """
    INSERT INTO outgoing_events (event_id, topic, record_key, record_value, awaits_effect, created_at)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def _rows(events: Sequence[OutgoingEvent], now: datetime) -> list[tuple[Any, ...]]:
    return [(event.event_id, event.topic, event.key, event.value, event.awaits_effect, now) for event in events]
