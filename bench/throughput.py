"""Observations per second of one evaluator worker, from Kafka to committed assessments."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from bench.reference import reference_seconds
from bench.report import Measurement, at_least, below, informative
from bench.servers import NO_RESTARTS, WorkloadIncomplete, fresh_database, fresh_topics, service_environment
from bench.workload import AREAS, MONTHS, PLAN_ID, yearly_submissions
from planwatch.plan import Plan
from planwatch.submission import CheckedSubmission, Submission, check_submission, reported_periods
from planwatch.wire import SUBMISSION_RECEIVED, submission_to_bytes
from services.catalogue_files import default_plans_dir, read_plan_file
from services.clock import system_clock
from services.database import open_pool
from services.embedded.servers import EmbeddedServers
from services.ingest.relay import Relay
from services.ingest.store import record_submission
from services.outbox import OutgoingEvent, submission_event_id
from services.program import free_ports
from services.settings import Settings, read_settings
from services.supervisor import Supervisor, service_program

SHARE_OF_REFERENCE = 0.3
MOST_MEMORY_MB = 300.0
SEED = 14_2021_2025
ROUNDS = 3
"""Worker and reference take turns, because the speed of a shared machine changes within a minute."""

MEASURED_AREAS = 60
FINISHED_S = 120.0
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Report:
    """A report as the gateway has accepted it."""

    submission: Submission
    checked: CheckedSubmission
    event: OutgoingEvent


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of the worker and one of the reference took.

    Attributes:
        observations: that the worker committed.
        transactions: in which it committed them.
        worker_s: from the beginning of its first transaction to the end of its last one; starting the process,
            joining the consumer group and the first fetch come before.
        reference_s: of the bare connection for the same rows.
        peak_mb: most memory that the worker held in its life.
    """

    observations: int
    transactions: int
    worker_s: float
    reference_s: float
    peak_mb: float


def measure_throughput(servers: EmbeddedServers, environment: Mapping[str, str]) -> list[Measurement]:
    """Run worker and reference in turn, on fresh databases, and compare them over all rounds."""
    plan = read_plan_file(default_plans_dir(), PLAN_ID).plan
    reports = accepted_reports(plan, system_clock())
    rounds = [_round(servers, environment, reports) for _ in range(ROUNDS)]
    observations = sum(each.observations for each in rounds)
    worker = observations / sum(each.worker_s for each in rounds)
    reference = observations / sum(each.reference_s for each in rounds)
    transactions = sum(each.transactions for each in rounds)
    return [
        at_least("evaluate_observations_per_second", worker, "obs/s", reference=reference, share=SHARE_OF_REFERENCE),
        below("evaluate_worker_memory", max(each.peak_mb for each in rounds), "MB", limit=MOST_MEMORY_MB),
        informative("evaluate_measured_seconds", sum(each.worker_s for each in rounds), "s"),
        informative("evaluate_observations_per_transaction", observations / transactions, "obs"),
    ]


def accepted_reports(plan: Plan, received_at: datetime) -> list[Report]:
    """The reports with the check and the event that the gateway makes of them.

    Raises:
        WorkloadIncomplete: a generated row is not good.
    """
    reports = []
    for submission in yearly_submissions(plan, received_at, areas=AREAS[:MEASURED_AREAS], seed=SEED):
        checked = check_submission(submission, plan)
        if len(checked.observations) != len(plan.indicators) * MONTHS:
            raise WorkloadIncomplete(f"{submission.submission_id}: {checked.findings[:3]}")
        area = checked.observations[0].series.ref_area
        event = OutgoingEvent(
            submission_event_id(submission.submission_id),
            SUBMISSION_RECEIVED,
            area.encode(),
            submission_to_bytes(submission),
        )
        reports.append(Report(submission, checked, event))
    return reports


def _round(servers: EmbeddedServers, environment: Mapping[str, str], reports: Sequence[Report]) -> Round:
    with fresh_database(servers, "worker") as worker_url, fresh_database(servers, "reference") as reference_url:
        with fresh_topics(servers):
            told = service_environment(environment, servers, worker_url)
            asyncio.run(_publish(read_settings(told), reports))
            began_at, peak_mb = _run_worker(told, servers.log_dir)
        commits = _commits(worker_url)
        return Round(
            observations=sum(observations for _, observations in commits),
            transactions=len(commits),
            worker_s=(commits[-1][0] - began_at).total_seconds(),
            reference_s=reference_seconds(worker_url, reference_url, [commit for commit, _ in commits]),
            peak_mb=peak_mb,
        )


async def _publish(settings: Settings, reports: Sequence[Report]) -> None:
    """Bring the reports as far as gateway and relay do: in the ledger and on the topic, not yet evaluated."""
    async with open_pool(settings.database_url, "planwatch_ingest") as pool:
        async with pool.connection() as connection:
            for report in reports:
                await record_submission(
                    connection,
                    report.submission,
                    report.checked,
                    periods=reported_periods(report.submission.table),
                    content_type="application/json",
                    content=report.event.value,
                    event=report.event,
                )
        stop = asyncio.Event()
        relay = asyncio.create_task(Relay(settings, system_clock).run(stop))
        async with pool.connection() as connection, asyncio.timeout(FINISHED_S):
            await connection.set_autocommit(True)
            while await _count(connection, "outgoing_events WHERE published_at IS NULL"):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY_S)
        stop.set()
        await relay


async def _count(connection: AsyncConnection[Any], what: str) -> int:
    row = await (await connection.execute(f"SELECT count(*) FROM {what}")).fetchone()
    assert row is not None
    return int(row[0])


def _run_worker(environment: Mapping[str, str], log_dir: Path) -> tuple[datetime, float]:
    """Run one worker until nothing is left to evaluate.

    Returns:
        When its first transaction began, by the database's clock, and the most memory it ever held, in MB.
    Raises:
        WorkloadIncomplete: something is left after two minutes, or no transaction was seen at work.
    """
    [port] = free_ports(1)
    worker = service_program("evaluate", "services.evaluate", port, environment)
    began_at: datetime | None = None
    deadline = time.monotonic() + FINISHED_S
    with (
        Supervisor([worker], log_dir, policy=NO_RESTARTS) as supervisor,
        psycopg.connect(environment["PLANWATCH_DATABASE_URL"], autocommit=True) as connection,
    ):
        while connection.execute(_UNFINISHED).fetchone():
            supervisor.raise_if_failed()
            if time.monotonic() > deadline:
                raise WorkloadIncomplete(f"the worker did not finish within {FINISHED_S:g} s")
            began_at = began_at or _oldest_transaction(connection)
            time.sleep(LOOK_EVERY_S)
        if began_at is None:
            raise WorkloadIncomplete("no transaction of the worker lasted long enough to be seen at work")
        return began_at, peak_memory_mb(supervisor.pids()["evaluate"])


def _oldest_transaction(connection: psycopg.Connection[Any]) -> datetime | None:
    """When the worker's oldest open transaction began; one that only looks something up is over too soon to count."""
    row = connection.execute(_OLDEST_TRANSACTION).fetchone()
    assert row is not None
    began_at: datetime | None = row[0]
    return began_at


_UNFINISHED = "SELECT 1 FROM submissions WHERE evaluated_at IS NULL LIMIT 1"
_OLDEST_TRANSACTION = """
    SELECT min(xact_start) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'planwatch_evaluate'
      AND clock_timestamp() - xact_start > interval '0.1 seconds'
"""


def peak_memory_mb(pid: int) -> float:
    """Most resident memory that a living process ever held, in MB (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(kilobytes) * 1024 / 1e6


def _commits(database_url: str) -> list[tuple[datetime, int]]:
    """The worker's transactions: `evaluated_at`, which each sets as it ends, and the observations it committed."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(
            "SELECT evaluated_at, sum(accepted_rows) FROM submissions GROUP BY evaluated_at ORDER BY evaluated_at"
        ).fetchall()
