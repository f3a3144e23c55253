"""Look at one partition beside the consuming loop: its committed offset, and a range of it read again."""

from __future__ import annotations

from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from services.errors import BrokerUnavailable
from services.stream.record import Record
from services.topics import LARGEST_RECORD_BYTES


async def reread(bootstrap: str, topic: str, partition: int, start: int, end: int) -> list[Record]:
    """The records with offsets in [start, end), in order.

    Offsets that hold no record (transaction marks, records deleted by retention) are left out.

    Raises:
        BrokerUnavailable: the broker does not answer.
    """
    place = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_RECORD_BYTES,
    )
    try:
        await consumer.start()
        consumer.assign([place])
        beginning = (await consumer.beginning_offsets([place]))[place]
        written = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, max(start, beginning))
        records: list[Record] = []
        while await consumer.position(place) < min(end, written):
            fetched = await consumer.getmany(place, timeout_ms=1000)
            records += [_record(found) for found in fetched.get(place, []) if found.offset < end]
        return records
    except KafkaError as error:
        raise BrokerUnavailable(f"Kafka {bootstrap} 不可用 / is unavailable: {error}") from error
    finally:
        await consumer.stop()


async def committed_offset(bootstrap: str, group: str, topic: str, partition: int) -> int:
    """The offset that `group` has committed to Kafka for one partition; 0 where it never committed.

    Raises:
        BrokerUnavailable: the broker does not answer.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    try:
        await consumer.start()
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        return await consumer.committed(place) or 0
    except KafkaError as error:
        raise BrokerUnavailable(f"Kafka {bootstrap} 不可用 / is unavailable: {error}") from error
    finally:
        await consumer.stop()


def _record(found: ConsumerRecord[bytes, bytes]) -> Record:
    recorded_at = datetime.fromtimestamp(found.timestamp / 1000, UTC)
    return Record(found.topic, found.partition, found.offset, found.key, found.value or b"", recorded_at)
