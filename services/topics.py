"""Topics: create what is missing, and tell one incarnation of a topic from another."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from planwatch.wire import ASSESSMENT_MADE, DEAD_LETTER, SUBMISSION_RECEIVED
from services.errors import BrokerUnavailable

TOPICS = (SUBMISSION_RECEIVED, ASSESSMENT_MADE, DEAD_LETTER)
LARGEST_RECORD_BYTES = 16 * 1024 * 1024
KNOWN_S = 10


def ensure_topics(bootstrap: str, *, partitions: int) -> dict[str, str]:
    """Create the topics that do not exist yet.

    Args:
        bootstrap: Kafka bootstrap servers.
        partitions: of a topic that is created; an existing topic keeps its own.
    Returns:
        Topic → incarnation, see `incarnations`.
    Raises:
        BrokerUnavailable: the broker cannot be reached or refuses.
    """
    try:
        with closing(KafkaAdminClient(bootstrap_servers=bootstrap.split(","))) as admin:
            for topic in TOPICS:
                _create(admin, topic, partitions)
            return _incarnations(admin, TOPICS)
    except KafkaError as error:
        raise BrokerUnavailable(f"Kafka {bootstrap} 不可用 / is unavailable: {error}") from error


def incarnations(bootstrap: str, topics: Sequence[str] = TOPICS) -> dict[str, str]:
    """Topic → incarnation: cluster id and topic id, so that offsets of a new broker are never taken for old ones.

    Raises:
        BrokerUnavailable: the broker cannot be reached.
    """
    try:
        with closing(KafkaAdminClient(bootstrap_servers=bootstrap.split(","))) as admin:
            return _incarnations(admin, topics)
    except KafkaError as error:
        raise BrokerUnavailable(f"Kafka {bootstrap} 不可用 / is unavailable: {error}") from error


def _create(admin: KafkaAdminClient, topic: str, partitions: int) -> None:
    configs = {"max.message.bytes": str(LARGEST_RECORD_BYTES), "cleanup.policy": "delete"}
    try:
        admin.create_topics([NewTopic(topic, partitions, -1, topic_configs=configs)])
    except TopicAlreadyExistsError:
        return


def _incarnations(admin: KafkaAdminClient, topics: Sequence[str]) -> dict[str, str]:
    waited_until = time.monotonic() + KNOWN_S
    while time.monotonic() < waited_until:
        cluster = admin.describe_cluster()["cluster_id"]
        found = {row["name"]: row["topic_id"] for row in admin.describe_topics(list(topics))}
        if all(found.get(topic) for topic in topics):
            return {topic: f"{cluster}/{found[topic]}" for topic in topics}
        time.sleep(0.1)  # a topic is created before every part of the broker knows it
    raise BrokerUnavailable(f"Kafka 尚不认识主题 {'、'.join(topics)} / the broker does not know these topics yet")
