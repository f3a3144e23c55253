"""The loop on faust-streaming, with the precautions that its released version needs.

- One stream per partition (`isolated_partitions`), so that acknowledgements stay in order.
- `noack_take`: `take` acknowledges a batch even when its handler raised.
- Raw bytes: a value that cannot be decoded would be acknowledged by faust itself.
- Acknowledge after COMMIT only; end the process on any error, because a restarted agent
  goes on after the batch that failed.
- Records that wait although nothing is under way are read beside faust, which can drop what it
  has fetched when a rebalance overtakes it.
- A watchdog ends the process when records wait and the watermark stands still, and when the
  broker has become another one, whose offsets mean something else.

Reasons: docs/decisions/0002-exactly-once-effect.md.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import faust
from faust.types import TP

from services.clock import Clock
from services.database import Pool
from services.errors import BrokerUnavailable
from services.metrics import LAG
from services.serving import Check
from services.stream.consumption import Consumption, Effects
from services.stream.prompt_transport import PromptTransport
from services.stream.record import Record
from services.stream.reread import committed_offset, reread
from services.topics import LARGEST_RECORD_BYTES, incarnations

logger = logging.getLogger(__name__)

BATCH_RECORDS = 64
BATCH_WITHIN_S = 0.02
SESSION_TIMEOUT_S = 6
WATCHDOG_EVERY_S = 5
STALLED_AFTER_S = 60
EXIT_FAILED = 70


class Event(Protocol):
    """What this loop uses of a faust event."""

    key: bytes | None
    value: bytes | None
    message: Any

    def ack(self) -> bool:
        """Mark the event's offset as safe to commit."""


class FaustLoop:
    """Feeds one topic to one `Consumption`; each instance is one member of the consumer group."""

    def __init__(
        self,
        *,
        consumer: str,
        topic: str,
        incarnation: str,
        bootstrap: str,
        pool: Pool,
        effects: Callable[[], Effects],
        clock: Clock,
        data_dir: str,
    ) -> None:
        self._bootstrap, self._topic = bootstrap, topic
        self._quiet_s = 0
        self.consumption = Consumption(
            consumer=consumer,
            topic=topic,
            incarnation=incarnation,
            pool=pool,
            effects=effects,
            reread=self._reread,
            clock=clock,
        )
        self.app = faust.App(
            consumer,
            broker=[f"kafka://{address}" for address in bootstrap.split(",")],
            autodiscover=False,
            web_enabled=False,
            datadir=data_dir,
            topic_allow_declare=False,
            topic_disable_leader=True,
            consumer_auto_offset_reset="earliest",
            consumer_max_fetch_size=LARGEST_RECORD_BYTES,
            broker_session_timeout=SESSION_TIMEOUT_S,
            broker_heartbeat_interval=1,
            broker_rebalance_timeout=SESSION_TIMEOUT_S,
            stream_wait_empty=False,
        )
        self.app.transport = PromptTransport(self.app.conf.broker_consumer, self.app)
        channel = self.app.topic(topic, key_serializer="raw", value_type=bytes, value_serializer="raw")
        self.app.agent(channel, name=f"{consumer}.agent", isolated_partitions=True)(self._consume)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set. An error ends the process, see the module's docstring."""
        watchdog = asyncio.create_task(self._watch_or_end())
        await self.app.start()
        stopping = asyncio.create_task(stop.wait())
        crashed = asyncio.create_task(self.app.wait_until_stopped())
        await asyncio.wait({stopping, crashed}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            _end_process("faust stopped by itself")
        watchdog.cancel()
        crashed.cancel()
        await self.app.stop()

    def lag(self) -> int:
        """Records that are on the broker and have not taken effect, over the partitions assigned here."""
        consumer = self.app.consumer
        waiting = 0
        for place in consumer.assignment() if consumer.started else ():
            high = consumer.highwater(place) or 0
            waiting += max(0, high - self.consumption.next_offsets.get(place.partition, 0))
        return waiting

    async def health(self) -> dict[str, Check]:
        """Well when partitions are assigned and the watermark moves while records wait."""
        consumer = self.app.consumer
        assigned = len(consumer.assignment()) if consumer.started else 0
        waiting = self.lag()
        return {
            "assignment": Check(assigned > 0, f"{assigned} partitions assigned"),
            "progress": Check(
                self._quiet_s < STALLED_AFTER_S / 2, f"{waiting} records wait, watermark still for {self._quiet_s} s"
            ),
        }

    async def _consume(self, stream: Any) -> None:  # noqa: ANN401  (faust gives its streams no usable type)
        try:
            for place in stream.active_partitions or ():
                await self._catch_up(place)
            async for events in self._batches(stream):
                await self._handle(events)
        except Exception:
            logger.exception("consumer %s failed", self.consumption.consumer)
            _end_process("the batch was not acknowledged and will be read again")

    def _batches(self, stream: Any) -> AsyncIterator[Sequence[Event]]:  # noqa: ANN401
        batches: AsyncIterator[Sequence[Event]] = stream.noack().noack_take(BATCH_RECORDS, within=BATCH_WITHIN_S)
        return batches

    async def _handle(self, events: Sequence[Event]) -> None:
        await self.consumption.process([_record(event) for event in events])
        for event in events:
            event.ack()

    async def _catch_up(self, place: TP) -> None:
        committed = await committed_offset(self._bootstrap, self.consumption.consumer, place.topic, place.partition)
        await self.consumption.catch_up(place.partition, committed)

    async def _reread(self, partition: int, start: int, end: int) -> list[Record]:
        return await reread(self._bootstrap, self._topic, partition, start, end)

    async def _watch_or_end(self) -> None:
        try:
            await self._watch()
        except Exception:
            logger.exception("the watchdog of %s failed", self.consumption.consumer)
            _end_process("nothing watches the consumer")

    async def _watch(self) -> None:
        seen = dict(self.consumption.next_offsets)
        while True:
            await asyncio.sleep(WATCHDOG_EVERY_S)
            await self._end_with_the_incarnation()
            waiting = self.lag()
            LAG.labels(consumer=self.consumption.consumer).set(waiting)
            moved = seen != self.consumption.next_offsets
            seen = dict(self.consumption.next_offsets)
            self._quiet_s = 0 if moved or not waiting else self._quiet_s + WATCHDOG_EVERY_S
            if self._quiet_s >= STALLED_AFTER_S:
                _end_process(f"{waiting} records wait and nothing was committed for {self._quiet_s} s")
            if self._quiet_s:
                await self._fetch_what_waits()

    async def _fetch_what_waits(self) -> None:
        """Read the waiting records beside faust, which can drop what it has fetched when a rebalance overtakes it."""
        for place in self.app.consumer.assignment():
            await self.consumption.catch_up(place.partition, self.app.consumer.highwater(place) or 0)

    async def _end_with_the_incarnation(self) -> None:
        try:
            found = await asyncio.to_thread(incarnations, self._bootstrap, [self._topic])
        except BrokerUnavailable as error:
            logger.warning("cannot ask the broker who it is: %s", error)
            return
        if found.get(self._topic) != self.consumption.incarnation:
            _end_process("the broker is another one; its offsets begin anew")


def _record(event: Event) -> Record:
    message = event.message
    recorded_at = datetime.fromtimestamp(message.timestamp, UTC)
    return Record(message.topic, message.partition, message.offset, event.key, event.value or b"", recorded_at)


def _end_process(why: str) -> None:
    logger.critical("ending the process: %s", why)
    logging.shutdown()
    os._exit(EXIT_FAILED)
