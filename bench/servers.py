"""The servers of a run: databases and topics of its own, so that nothing of anybody else is read or touched."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from kafka import KafkaAdminClient
from kafka.errors import GroupIdNotFoundError, UnknownTopicOrPartitionError
from psycopg import sql
from psycopg.conninfo import make_conninfo

from planwatch.errors import PlanwatchError
from services.catalogue import apply_plan, apply_policy
from services.catalogue_files import default_plans_dir, plan_ids, read_plan_file
from services.clock import system_clock
from services.database import connect_as
from services.database.migrate import migrate
from services.embedded.servers import EmbeddedServers, embedded_servers
from services.supervisor import RestartPolicy
from services.topics import TOPICS, ensure_topics

PARTITIONS = 4
GROUPS = ("planwatch-evaluate", "planwatch-alerts")
NO_RESTARTS = RestartPolicy(most_restarts=0, most_first_restarts=0)
"""A service that ends has failed the run; a restarted one would measure something else."""


class BrokerInUse(PlanwatchError):
    """The broker has topics of Planwatch already; a run would mix its records with theirs."""


class WorkloadIncomplete(PlanwatchError):
    """The services did not do the work, or not in time, or in too few steps to be measured."""


@contextmanager
def bench_servers(environment: Mapping[str, str]) -> Iterator[EmbeddedServers]:
    """Servers that run while the block does; PLANWATCH_DATABASE_URL and PLANWATCH_KAFKA replace embedded ones.

    Mails always go to the local catcher.

    Raises:
        BrokerInUse: the given broker serves Planwatch.
    """
    with (
        tempfile.TemporaryDirectory(prefix="planwatch-bench-") as folder,
        embedded_servers(
            Path(folder),
            database_url=environment.get("PLANWATCH_DATABASE_URL", ""),
            kafka=environment.get("PLANWATCH_KAFKA", ""),
        ) as servers,
    ):
        with closing(KafkaAdminClient(bootstrap_servers=servers.kafka.split(","))) as admin:
            if used := sorted(set(admin.list_topics()) & set(TOPICS)):
                names = "、".join(used)
                raise BrokerInUse(
                    f"{servers.kafka} 已有主题 {names}，请另用一个 Kafka / it has topics of Planwatch; use another"
                )
        yield servers


@contextmanager
def fresh_database(servers: EmbeddedServers, name: str) -> Iterator[str]:
    """A database `planwatch_bench_<name>` with schema and plans; it is dropped after the block.

    Returns:
        Its connection string.
    """
    database = sql.Identifier(f"planwatch_bench_{name}")
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database)
    with psycopg.connect(servers.database_url, autocommit=True) as owner:
        owner.execute(drop)
        owner.execute(sql.SQL("CREATE DATABASE {}").format(database))
        url = make_conninfo(servers.database_url, dbname=f"planwatch_bench_{name}")
        try:
            migrate(url)
            _apply_catalogue(url)
            yield url
        finally:
            owner.execute(drop)


@contextmanager
def fresh_topics(servers: EmbeddedServers) -> Iterator[None]:
    """Empty topics without a consumer group; both are deleted after the block."""
    ensure_topics(servers.kafka, partitions=PARTITIONS)
    try:
        yield
    finally:
        with closing(KafkaAdminClient(bootstrap_servers=servers.kafka.split(","))) as admin:
            for topic in TOPICS:
                _delete_topic(admin, topic)
            for group in GROUPS:
                _delete_group(admin, group)


def service_environment(environment: Mapping[str, str], servers: EmbeddedServers, database_url: str) -> dict[str, str]:
    """What a service of the run is told; settings of the caller do not reach it."""
    inherited = {name: value for name, value in environment.items() if not name.startswith("PLANWATCH_")}
    return {
        **inherited,
        "PLANWATCH_DATABASE_URL": database_url,
        "PLANWATCH_KAFKA": servers.kafka,
        "PLANWATCH_SMTP_URL": servers.smtp_url,
        "PLANWATCH_SECRET": secrets.token_hex(32),
        "PLANWATCH_PARTITIONS": str(PARTITIONS),
    }


def _apply_catalogue(database_url: str) -> None:
    plans_dir, now = default_plans_dir(), system_clock()
    with connect_as(database_url) as connection:
        apply_policy(connection, plans_dir, now)
        for plan_id in plan_ids(plans_dir):
            apply_plan(connection, read_plan_file(plans_dir, plan_id), now)


def _delete_topic(admin: KafkaAdminClient, topic: str) -> None:
    try:
        admin.delete_topics([topic])
    except UnknownTopicOrPartitionError:
        return


def _delete_group(admin: KafkaAdminClient, group: str) -> None:
    try:
        admin.delete_groups([group])
    except GroupIdNotFoundError:
        return
