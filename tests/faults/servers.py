"""The servers of the fault suite: one database server, and several brokers on which histories run side by side.

Most of the time of a history is spent waiting for a consumer group to notice that a member is gone.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kafka import KafkaAdminClient

from deploy.real.servers import RealKafka, RealPostgres
from services.embedded.broker import Broker
from services.embedded.data_dir import hold_data_dir
from services.embedded.postgres import prepared_cluster
from services.program import free_ports
from services.supervisor import Supervisor
from services.topics import TOPICS

READY_S = 90.0
KAFKA_SETTINGS = {"group.min.session.timeout.ms": "1000", "log.retention.ms": "-1"}
"""Lets Kafka accept the session of `killing_worker`, and keep reports whose fixed times are long ago."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A broker that one history at a time uses.

    Attributes:
        kafka: bootstrap servers.
        lose_records: makes everything that was published vanish, in the way in which this kind of broker can lose it.
    """

    kafka: str
    lose_records: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Servers:
    """A database server and brokers.

    Attributes:
        database_url: a database from which others can be created.
        lanes: the brokers.
        are_real: not the embedded ones.
    """

    database_url: str
    lanes: list[Lane]
    are_real: bool


@contextmanager
def embedded_servers(folder: Path, lanes: int) -> Iterator[Servers]:
    """The embedded PostgreSQL and embedded brokers; a broker loses its records when it is killed."""
    with hold_data_dir(folder) as held, prepared_cluster(held / "postgres", held / "log") as cluster:
        brokers = {f"broker-{port}": Broker(port, held) for port in free_ports(lanes)}
        programs = [replace(broker.program, name=name) for name, broker in brokers.items()]
        with Supervisor([cluster.program, *programs], held / "log") as supervisor:
            supervisor.wait_until_ready(READY_S)
            cluster.create_database()
            yield Servers(
                cluster.url,
                [Lane(broker.bootstrap, partial(_kill, supervisor, name)) for name, broker in brokers.items()],
                are_real=False,
            )


@contextmanager
def real_servers(lanes: int) -> Iterator[Servers]:
    """TimescaleDB and nodes of Apache Kafka; a node loses its records when the topics are deleted."""
    postgres, nodes = RealPostgres(), [RealKafka(KAFKA_SETTINGS) for _ in range(lanes)]
    with ExitStack() as stack:
        for server in (postgres, *nodes):
            stack.callback(server.close)
            server.launch()
        for server in (postgres, *nodes):
            server.wait_until_ready()
        lanes_of_nodes = [Lane(node.bootstrap, partial(delete_topics, node.bootstrap)) for node in nodes]
        yield Servers(postgres.url, lanes_of_nodes, are_real=True)


def delete_topics(kafka: str) -> None:
    """Delete those of Planwatch's topics that there are; returns when they are gone."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka)) as admin:
        present = _present(admin)
        if present:
            admin.delete_topics(present)
        while _present(admin):
            time.sleep(0.05)


def _present(admin: KafkaAdminClient) -> list[str]:
    return sorted(set(TOPICS) & set(admin.list_topics()))


def _kill(supervisor: Supervisor, name: str) -> None:
    killed = supervisor.pids()[name]
    os.kill(killed, signal.SIGKILL)
    while supervisor.pids().get(name, killed) == killed:
        time.sleep(0.05)
    supervisor.wait_until_ready(READY_S)
