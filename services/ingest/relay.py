"""The relay: from the outbox to Kafka, at least once and in order; only one relay works at a time.

An event is published when it never was, and again when the topic it was published to is
gone (an in-memory broker that started anew) before its effect was committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError
from psycopg import AsyncConnection

from services.clock import Clock
from services.database import conninfo_as, wrap_errors
from services.errors import BrokerUnavailable, Retriable
from services.metrics import EVENTS_PUBLISHED, OUTBOX_UNPUBLISHED
from services.outbox import CHANNEL
from services.serving import Check
from services.settings import Settings
from services.topics import LARGEST_RECORD_BYTES, ensure_topics

logger = logging.getLogger(__name__)

ROLE = "planwatch_ingest"
BATCH_EVENTS = 200
IDLE_S = 1.0
RETRY_S = 1.0
LOOK_AGAIN_S = 5.0
DELIVERY_TIMEOUT_S = 30
_LOCK = 7_214_202_502


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits to be published."""

    event_id: str
    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """Where an event was written."""

    event_id: str
    incarnation: str
    partition: int
    offset: int


class AnotherRelay(Retriable):
    """Another process holds the lock and relays; this one stands by."""


class Relay:
    """Publishes until it is stopped; a failure of either server is waited out."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._incarnations: dict[str, str] = {}
        self._trouble = "starting"
        self._standing_by = False

    async def run(self, stop: asyncio.Event) -> None:
        """Publish what waits, listen for more; returns soon after `stop` is set."""
        while not stop.is_set():
            try:
                await self._relay_until(stop)
            except AnotherRelay:
                self._trouble, self._standing_by = "", True
                await _sleep_or_stop(stop, RETRY_S)
            except Retriable as error:
                self._trouble = str(error)
                logger.warning("relay waits: %s", error)
                await _sleep_or_stop(stop, RETRY_S)

    async def health(self) -> dict[str, Check]:
        """Well while both servers answer, also when another process has the work."""
        detail = self._trouble or ("standing by for another relay" if self._standing_by else "publishing")
        return {"relay": Check(not self._trouble, detail)}

    async def _relay_until(self, stop: asyncio.Event) -> None:
        async with self._connection() as connection, self._producer() as producer:
            self._trouble, self._standing_by = "", False
            looked_at = asyncio.get_running_loop().time()
            while not stop.is_set():
                if asyncio.get_running_loop().time() - looked_at > LOOK_AGAIN_S:
                    await self._look_at_topics()
                    looked_at = asyncio.get_running_loop().time()
                with wrap_errors():
                    waiting = await self._load_waiting(connection)
                OUTBOX_UNPUBLISHED.set(len(waiting))
                if waiting:
                    published = await asyncio.to_thread(self._publish, producer, waiting)
                    with wrap_errors():
                        await self._mark(connection, published)
                else:
                    with wrap_errors():
                        await _wait_for_notice(connection, stop)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        with wrap_errors():
            connection = await AsyncConnection.connect(
                conninfo_as(self._settings.database_url, ROLE, "planwatch_relay"), autocommit=True
            )
        async with connection:
            with wrap_errors():
                row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
                if row is None or not row[0]:
                    raise AnotherRelay("另一个转发进程正在工作 / another relay is at work")
                await connection.execute(f"LISTEN {CHANNEL}")
            yield connection

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[KafkaProducer]:
        await self._look_at_topics()
        try:
            producer = await asyncio.to_thread(
                KafkaProducer,
                bootstrap_servers=self._settings.kafka.split(","),
                acks="all",
                enable_idempotence=True,
                max_request_size=LARGEST_RECORD_BYTES,
                delivery_timeout_ms=DELIVERY_TIMEOUT_S * 1000,
                request_timeout_ms=DELIVERY_TIMEOUT_S * 1000 // 2,
            )
        except KafkaError as error:
            raise BrokerUnavailable(f"Kafka 不可用 / is unavailable: {error}") from error
        try:
            yield producer
        finally:
            await asyncio.to_thread(producer.close, timeout=2)

    async def _look_at_topics(self) -> None:
        found = await asyncio.to_thread(ensure_topics, self._settings.kafka, partitions=self._settings.partitions)
        if self._incarnations and found != self._incarnations:
            self._incarnations = found
            raise BrokerUnavailable("Kafka 已换新，重新连接 / the broker is a new one; connecting again")
        self._incarnations = found

    async def _load_waiting(self, connection: AsyncConnection[Any]) -> list[Waiting]:
        topics, incarnations = list(self._incarnations), list(self._incarnations.values())
        rows = await connection.execute(_WAITING, (topics, incarnations, BATCH_EVENTS))
        return [Waiting(*row) for row in await rows.fetchall()]

    def _publish(self, producer: KafkaProducer, waiting: Sequence[Waiting]) -> list[Published]:
        try:
            sent = [(event, producer.send(event.topic, key=event.key, value=event.value)) for event in waiting]
            answers = [(event, future.get(timeout=DELIVERY_TIMEOUT_S)) for event, future in sent]
        except KafkaError as error:
            raise BrokerUnavailable(f"Kafka 未确认 / did not acknowledge: {error}") from error
        for event, _ in answers:
            EVENTS_PUBLISHED.labels(topic=event.topic).inc()
        return [
            Published(event.event_id, self._incarnations[event.topic], answer.partition, answer.offset)
            for event, answer in answers
        ]

    async def _mark(self, connection: AsyncConnection[Any], published: Sequence[Published]) -> None:
        now = self._clock()
        await connection.cursor().executemany(
            _MARK, [(now, row.incarnation, row.partition, row.offset, now, row.event_id) for row in published]
        )


_WAITING = """
    SELECT event_id, topic, record_key, record_value
    FROM outgoing_events
    JOIN unnest(%s::text[], %s::text[]) AS present (topic, present_incarnation) USING (topic)
    WHERE settled_at IS NULL AND (published_at IS NULL OR incarnation <> present_incarnation)
    ORDER BY event_no
    LIMIT %s
"""
_MARK = """
    UPDATE outgoing_events
    SET published_at = %s, incarnation = %s, partition = %s, record_offset = %s,
        settled_at = CASE WHEN awaits_effect THEN settled_at ELSE %s END
    WHERE event_id = %s
"""


async def _wait_for_notice(connection: AsyncConnection[Any], stop: asyncio.Event) -> None:
    async for _ in connection.notifies(timeout=IDLE_S, stop_after=1):
        if stop.is_set():
            return


async def _sleep_or_stop(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
