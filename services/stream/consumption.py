"""Apply the effects of a batch and move the watermark in one transaction, whatever the loop delivers."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import AsyncConnection

from planwatch.errors import Invalid
from services.clock import Clock
from services.database import Pool, wrap_errors
from services.metrics import DEAD_LETTERS
from services.stream.dead_letters import record_dead_letter
from services.stream.record import Record

logger = logging.getLogger(__name__)

REREAD_RECORDS = 256
"""How many offsets are read again at a time; the memory that it takes is bounded."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be understood, and why."""

    record: Record
    error: Invalid


class Effects(Protocol):
    """What a service does with the records of one partition. Called again after a crash, never twice with effect."""

    async def apply(self, connection: AsyncConnection[Any], records: Sequence[Record]) -> list[Rejected]:
        """Write the effects of `records`, in order, into the open transaction; return those not understood."""

    def committed(self) -> None:
        """Called after the transaction of the last `apply` is committed."""


Reread = Callable[[int, int, int], Awaitable[list[Record]]]
"""(partition, first offset, offset after the last) → the records in between, read by a consumer of its own."""


class Consumption:
    """The exactly-once step of one consumer of one topic.

    Attributes:
        consumer: name under which watermarks are kept; also the consumer group.
        next_offsets: partition → offset after the last committed effect, as last seen here.
    """

    def __init__(
        self,
        *,
        consumer: str,
        topic: str,
        incarnation: str,
        pool: Pool,
        effects: Callable[[], Effects],
        reread: Reread,
        clock: Clock,
    ) -> None:
        self.consumer = consumer
        self.topic = topic
        self.incarnation = incarnation
        self.next_offsets: dict[int, int] = {}
        self._pool = pool
        self._make_effects = effects
        self._effects: dict[int, Effects] = {}
        self._reread = reread
        self._clock = clock
        self._one_at_a_time: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def process(self, records: Sequence[Record]) -> None:
        """Make the effects of `records` (one partition, rising offsets) true; returns after COMMIT.

        Records below the watermark are skipped. Where offsets lie between the watermark and the first record,
        they are read again first: the loop or the broker's committed offset has stepped over them.

        Raises:
            StoreUnavailable: nothing is committed; the process should end and start again.
        """
        partition, first = records[0].partition, records[0].offset
        async with self._one_at_a_time[partition]:
            await self._catch_up(partition, first)
            await self._commit(partition, records)

    async def catch_up(self, partition: int, end: int) -> None:
        """Apply what lies between the watermark and `end`, if anything does."""
        async with self._one_at_a_time[partition]:
            await self._catch_up(partition, end)

    async def _catch_up(self, partition: int, end: int) -> None:
        reached = await self.watermark(partition)
        while reached < end:
            part = min(end, reached + REREAD_RECORDS)
            logger.warning("reading %s[%d] %d..%d again", self.topic, partition, reached, part - 1)
            stepped_over = await self._reread(partition, reached, part)
            if stepped_over:
                await self._commit(partition, stepped_over)
            reached = part

    async def watermark(self, partition: int) -> int:
        """Offset after the last committed effect; 0 for a partition never read in this incarnation."""
        with wrap_errors():
            async with self._pool.connection() as connection:
                row = await (await connection.execute(_READ_WATERMARK, self._place(partition))).fetchone()
        self.next_offsets[partition] = row[0] if row else 0
        return self.next_offsets[partition]

    def effects_of(self, partition: int) -> Effects:
        """The effects of one partition; partitions go on side by side, each with its own."""
        return self._effects.setdefault(partition, self._make_effects())

    async def _commit(self, partition: int, records: Sequence[Record]) -> None:
        effects = self.effects_of(partition)
        with wrap_errors():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(_CREATE_WATERMARK, (*self._place(partition), self._clock()))
                row = await (await connection.execute(_LOCK_WATERMARK, self._place(partition))).fetchone()
                assert row is not None
                fresh = [record for record in records if record.offset >= row[0]]
                rejected = await effects.apply(connection, fresh) if fresh else []
                for reject in rejected:
                    await record_dead_letter(connection, self, reject.record, reject.error, self._clock())
                after = max(row[0], records[-1].offset + 1)
                await connection.execute(_MOVE_WATERMARK, (after, self._clock(), *self._place(partition)))
        self.next_offsets[partition] = after
        DEAD_LETTERS.labels(consumer=self.consumer).inc(len(rejected))
        if fresh:
            effects.committed()

    def _place(self, partition: int) -> tuple[str, str, str, int]:
        return (self.consumer, self.incarnation, self.topic, partition)


_READ_WATERMARK = """
    SELECT next_offset FROM watermarks WHERE consumer = %s AND incarnation = %s AND topic = %s AND partition = %s
"""
_CREATE_WATERMARK = """
    INSERT INTO watermarks (consumer, incarnation, topic, partition, next_offset, moved_at)
    VALUES (%s, %s, %s, %s, 0, %s) ON CONFLICT DO NOTHING
"""
_LOCK_WATERMARK = _READ_WATERMARK + " FOR UPDATE"
_MOVE_WATERMARK = """
    UPDATE watermarks SET next_offset = %s, moved_at = %s
    WHERE consumer = %s AND incarnation = %s AND topic = %s AND partition = %s
"""
