"""One Kafka record as the consuming loop hands it on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it stands.

    Attributes:
        topic: its topic.
        partition: its partition.
        offset: its offset in the partition.
        key: its key, None where there is none.
        value: its value; an absent value is empty.
        recorded_at: the broker's or producer's timestamp (aware, UTC).
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    recorded_at: datetime
