"""Builds of the loop that are known to lose records: the check that passes the real loop has to find each of them.

The real loop keeps a record by three measures, and each mutation takes one or two of them away:

1. it acknowledges to Kafka after COMMIT only, and ends the process on an error;
2. the watermark moves in the transaction of the effects;
3. what lies between the watermark and Kafka's offset is read again.

Without 3 a loop stands or falls with 1, like every loop that trusts Kafka's offset: `take` and
`ack_before_commit` lose 1 as well and lose records; `trust_kafka` keeps 1 and loses only where the offset is ahead by
no fault of the loop. With 2 and 3 in force a loop may do without 1: `take_with_watermark` and
`ack_before_commit_with_watermark` lose nothing. Without 2 nothing helps: `watermark_first`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from services.database import wrap_errors
from services.evaluate import __main__ as evaluate
from services.stream import consumption, faust_loop
from services.stream.consumption import Consumption
from services.stream.dead_letters import record_dead_letter
from services.stream.faust_loop import BATCH_WITHIN_S, Event, FaustLoop
from services.stream.record import Record


class TrustsKafka(FaustLoop):
    """Takes Kafka's committed offset for the truth: no gap is read again."""

    async def _catch_up(self, place: TP) -> None:
        """Nothing to do: what is committed is believed done."""

    async def _reread(self, partition: int, start: int, end: int) -> list[Record]:
        return []


class Takes(FaustLoop):
    """The loop of faust's guide: `take` acknowledges, whatever becomes of the batch, and faust restarts the agent."""

    async def _consume(self, stream: Any) -> None:  # noqa: ANN401
        for place in stream.active_partitions or ():
            await self._catch_up(place)
        async for events in stream.take_events(faust_loop.BATCH_RECORDS, within=BATCH_WITHIN_S):
            await self.consumption.process([faust_loop._record(event) for event in events])


class AcknowledgesBeforeCommit(FaustLoop):
    """Acknowledges a batch on receipt."""

    async def _handle(self, events: Sequence[Event]) -> None:
        for event in events:
            event.ack()
        await super()._handle(events)


class TakesAndTrustsKafka(Takes, TrustsKafka):
    """Only what a loop without a watermark has."""


class AcknowledgesBeforeCommitAndTrustsKafka(AcknowledgesBeforeCommit, TrustsKafka):
    """Only what a loop without a watermark has."""


class HandsOverNothing(FaustLoop):
    """The real loop on a faust that drops what it has fetched.

    Its source allows for that: where a fetch ends while a rebalance holds the flow, it drops the records and goes back
    to the committed offset, and aiokafka's `seek_to_committed` does not move where nothing is committed yet.
    """

    async def _handle(self, events: Sequence[Event]) -> None:
        """Drop the batch."""


class CommitsToTheEnd(Consumer):
    """Commits the end of all partitions as soon as anything is acknowledged: faust's defect F1, enlarged."""

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        return await super()._commit({place: self.highwater(place) or 0 for place in self.assignment()})


class CommitsAhead(FaustLoop):
    """The real loop on a faust that tells Kafka of more than is acknowledged."""

    async def run(self, stop: asyncio.Event) -> None:
        type(self.app.transport).Consumer = CommitsToTheEnd
        await super().run(stop)


class MovesWatermarkFirst(Consumption):
    """Acknowledges to the database before the effects are committed: the watermark has a transaction of its own."""

    async def _commit(self, partition: int, records: Sequence[Record]) -> None:
        reached = await self.watermark(partition)
        fresh = [record for record in records if record.offset >= reached]
        after = max(reached, records[-1].offset + 1)
        place, now = self._place(partition), self._clock()
        with wrap_errors():
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(consumption._CREATE_WATERMARK, (*place, now))
                await connection.execute(consumption._MOVE_WATERMARK, (after, now, *place))
            async with self._pool.connection() as connection, connection.transaction():
                rejected = await self.effects_of(partition).apply(connection, fresh) if fresh else []
                for reject in rejected:
                    await record_dead_letter(connection, self, reject.record, reject.error, now)
        self.next_offsets[partition] = after


_loop = partial(setattr, evaluate, "FaustLoop")
_consumption = partial(setattr, faust_loop, "Consumption")

MUTATIONS: Mapping[str, Callable[[], None]] = {
    "take": partial(_loop, TakesAndTrustsKafka),
    "take_with_watermark": partial(_loop, Takes),
    "ack_before_commit": partial(_loop, AcknowledgesBeforeCommitAndTrustsKafka),
    "ack_before_commit_with_watermark": partial(_loop, AcknowledgesBeforeCommit),
    "trust_kafka": partial(_loop, TrustsKafka),
    "commit_ahead": partial(_loop, CommitsAhead),
    "hand_over_nothing": partial(_loop, HandsOverNothing),
    "watermark_first": partial(_consumption, MovesWatermarkFirst),
}
"""Name → what puts the build in the place of the real one, in this process."""
