"""Dead letters: a record that cannot be understood is kept with its bytes and the reason, and told to the topic."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import Any, Protocol

from psycopg import AsyncConnection

from planwatch.errors import Invalid
from planwatch.wire import DEAD_LETTER
from services.outbox import OutgoingEvent, insert_events
from services.stream.record import Record


class Origin(Protocol):
    """Which consumer set the record aside."""

    consumer: str
    incarnation: str


async def record_dead_letter(
    connection: AsyncConnection[Any], origin: Origin, record: Record, error: Invalid, now: datetime
) -> None:
    """Write `record` to table `dead_letters` and its event to the outbox; the same record is written once."""
    place = f"{origin.consumer}|{origin.incarnation}|{record.topic}|{record.partition}|{record.offset}"
    dead_letter_id = hashlib.sha256(place.encode()).hexdigest()[:16]
    await connection.execute(
        """
        INSERT INTO dead_letters (dead_letter_id, consumer, incarnation, topic, partition, record_offset, record_key,
                                  record_value, reason_zh, reason_en, recorded_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        (
            dead_letter_id,
            origin.consumer,
            origin.incarnation,
            record.topic,
            record.partition,
            record.offset,
            record.key,
            record.value,
            error.text.zh,
            error.text.en,
            now,
        ),
    )
    value = json.dumps(
        {
            "schema": DEAD_LETTER,
            "dead_letter_id": dead_letter_id,
            "consumer": origin.consumer,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "reason": error.text.as_mapping(),
            "value_base64": base64.b64encode(record.value).decode(),
        },
        ensure_ascii=False,
    )
    event = OutgoingEvent(
        f"deadletter:{dead_letter_id}", DEAD_LETTER, record.key or b"", value.encode(), awaits_effect=False
    )
    await insert_events(connection, [event], now)
