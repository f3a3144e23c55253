"""The surroundings of one history: a fresh database, fresh topics, what is published, the workers that run and fail."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
from kafka import KafkaAdminClient, KafkaProducer
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from planwatch.submission import Submission, check_submission
from planwatch.wire import SUBMISSION_RECEIVED
from services import program
from services.catalogue import apply_plan, apply_policy
from services.catalogue_files import PlanFile, plan_ids, read_plan_file
from services.database import connect_as, conninfo_as
from services.database.migrate import migrate
from services.evaluate.__main__ import CONSUMER
from services.ingest import store
from services.outbox import OutgoingEvent, submission_event_id
from services.supervisor import Supervisor
from services.topics import ensure_topics, incarnations
from tests.builders import APPLIED_AT, PLANS, real_plan
from tests.faults.reports import Report
from tests.faults.servers import Lane, delete_topics
from tests.faults.tables import Connection

REPOSITORY = Path(__file__).parents[2]
PARTITIONS = 4
WITHIN_S = 240.0
POLL_S = 0.2
EVALUATE = "services.evaluate"
INGEST = "services.ingest"
KILLING_WORKER = "tests.faults.killing_worker"


class NotReached(AssertionError):
    """A history did not come to the expected point; the message carries the end of the process's log."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process of a history and where it logs to."""

    process: subprocess.Popen[bytes]
    log_path: Path


@dataclass
class Case:
    """A fresh database with the catalogue applied, and a broker with empty topics.

    Attributes:
        database_url: as its owner.
        connection: to that database, each statement a transaction.
        lane: the broker.
        folder: holds the logs, and the temporary files that killed workers leave behind.
        ends: partition → offset after the last record published here. The embedded broker's own answer is of no use:
            it counts the last batch as one record.
    """

    database_url: str
    connection: Connection
    lane: Lane
    folder: Path
    ends: dict[int, int] = field(default_factory=dict)
    _started: int = 0

    def accept(self, reports: Sequence[Report]) -> None:
        """Write what passed the gateway to the ledger, as the gateway does."""
        asyncio.run(_record_in_ledger(self.database_url, reports))

    def publish(self, reports: Sequence[Report]) -> None:
        """Write `reports` to the ledger, where they passed the gateway, and to the topic in their order."""
        self.accept(reports)
        with closing(KafkaProducer(bootstrap_servers=self.lane.kafka)) as producer:
            sent = [
                producer.send(
                    SUBMISSION_RECEIVED,
                    key=report.key.encode(),
                    value=report.value,
                    timestamp_ms=int(report.recorded_at.timestamp() * 1000),
                )
                for report in reports
            ]
            for written in [future.get(timeout=10) for future in sent]:
                self.ends[written.partition] = written.offset + 1

    @contextmanager
    def running(self, module: str, *options: str) -> Iterator[Running]:
        """`python -m module`, ended in order after the block if it has not ended by itself."""
        self._started += 1
        log_path = self.folder / f"{self._started}-{module}.log"
        process = program.start(self._command(module, *options), log_path)
        try:
            yield Running(process, log_path)
        finally:
            program.stop(process, signal.SIGTERM, grace_s=20)

    @contextmanager
    def supervised(self, module: str, *options: str) -> Iterator[None]:
        """`python -m module`, started again by Planwatch's supervisor whenever it ends."""
        worker = program.Program(module, lambda: self._command(module, *options), lambda: None)
        with Supervisor([worker], self.folder):
            yield

    def run_until_failure(self, *options: str) -> int:
        """Run a worker that fails, see `killing_worker`; the status with which it ended."""
        with self.running(KILLING_WORKER, *options) as worker:
            try:
                return worker.process.wait(WITHIN_S)
            except subprocess.TimeoutExpired:
                raise NotReached(f"{options}: not reached\n{program.last_lines(worker.log_path)}") from None

    def run_until_done(self, module: str = EVALUATE, *options: str) -> None:
        """Run a worker until the watermarks have reached the end of the topic."""
        with self.running(module, *options) as worker:
            wait_until(self.is_done, f"watermarks {self.ends}", worker)

    def run_until_kafka_is_told(self, *options: str) -> None:
        """Run a worker until Kafka's committed offsets have reached the end of the topic, then kill it."""
        with self.running(KILLING_WORKER, *options) as worker:
            wait_until(lambda: self.committed_offsets() == self.ends, f"committed offsets {self.ends}", worker)
            worker.process.kill()

    def is_done(self) -> bool:
        """Whether the watermarks have reached the end of the topic."""
        return self.watermarks() == self.ends

    def watermarks(self) -> dict[int, int]:
        """Partition → offset after the last committed effect; the database has one incarnation of the topic only."""
        rows = self.connection.execute("SELECT partition, next_offset FROM watermarks WHERE consumer = %s", (CONSUMER,))
        return {partition: offset for partition, offset in rows if offset}

    def committed_offsets(self) -> dict[int, int]:
        """Partition → offset that the evaluators' group has committed to Kafka; 0 is left out."""
        with closing(KafkaAdminClient(bootstrap_servers=self.lane.kafka)) as admin:
            offsets = admin.list_group_offsets({CONSUMER: None})[CONSUMER]
        return {place.partition: found.offset for place, found in offsets.items() if found.offset > 0}

    def count(self, query: str) -> int:
        """The number that a query answers."""
        row = self.connection.execute(query.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def _command(self, module: str, *options: str) -> program.Command:
        environment = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.folder),
            "PLANWATCH_DATABASE_URL": self.database_url,
            "PLANWATCH_KAFKA": self.lane.kafka,
            "PLANWATCH_SMTP_URL": "smtp://127.0.0.1:9",
            "PLANWATCH_SECRET": "0" * 32,
        }
        return program.Command([sys.executable, "-m", module, *options], environment, folder=REPOSITORY)


def wait_until(reached: Callable[[], bool], what: str, worker: Running | None = None) -> None:
    """Return when `reached` holds, for which `worker` has to live.

    Raises:
        NotReached: the time is over, or the worker has ended.
    """
    deadline = time.monotonic() + WITHIN_S
    while not reached():
        ended = worker is not None and worker.process.poll() is not None
        if ended or time.monotonic() > deadline:
            raise NotReached(f"{what}: not reached\n{program.last_lines(worker.log_path) if worker else ''}")
        time.sleep(POLL_S)


@contextmanager
def fresh_case(database_url: str, lane: Lane, folder: Path) -> Iterator[Case]:
    """A case whose database is dropped afterwards."""
    name = f"case_{time.monotonic_ns()}"
    own_url = make_conninfo(database_url, dbname=name)
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            migrate(own_url)
            _apply_catalogue(own_url)
            _renew_topics(lane.kafka)
            with psycopg.connect(own_url, autocommit=True, options="-c timezone=UTC") as connection:
                yield Case(own_url, connection, lane, folder)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@cache
def _plan_files() -> list[PlanFile]:
    return [read_plan_file(PLANS, plan_id) for plan_id in plan_ids(PLANS)]


def _apply_catalogue(database_url: str) -> None:
    with connect_as(database_url) as connection:
        for file in _plan_files():
            apply_plan(connection, file, APPLIED_AT)
        apply_policy(connection, PLANS, APPLIED_AT)


def _renew_topics(kafka: str) -> None:
    """Empty topics under new identities, and a group without offsets."""
    delete_topics(kafka)
    with closing(KafkaAdminClient(bootstrap_servers=kafka)) as admin:
        admin.delete_groups([CONSUMER])
    ensure_topics(kafka, partitions=PARTITIONS)
    while any(identity.endswith("/None") for identity in incarnations(kafka).values()):
        time.sleep(POLL_S)


async def _record_in_ledger(database_url: str, reports: Sequence[Report]) -> None:
    conninfo = conninfo_as(database_url, "planwatch_ingest", "faults")
    async with await AsyncConnection.connect(conninfo) as connection:
        for report in reports:
            if report.submission is not None and report.value is not None:
                await _record(connection, report, report.submission, report.value)


async def _record(connection: AsyncConnection, report: Report, submission: Submission, value: bytes) -> None:
    event_id = submission_event_id(submission.submission_id)
    await store.record_submission(
        connection,
        submission,
        check_submission(submission, real_plan(submission.plan_id)),
        periods="",
        content_type="text/csv",
        content=value,
        event=OutgoingEvent(event_id, SUBMISSION_RECEIVED, report.key.encode(), value),
    )
