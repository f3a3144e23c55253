"""What happens in each history of the fault suite, from the first record to quiet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.faults import tables
from tests.faults.case import EVALUATE, INGEST, KILLING_WORKER, Case, fresh_case, wait_until
from tests.faults.killing_worker import POINTS
from tests.faults.reports import ACCEPTED_BY_GATEWAY, FIRST_PART, REPORTS, SECOND_PART, THIRD_PART, Report
from tests.faults.servers import Lane
from tests.faults.tables import Tables

DISCONNECTED_AT = ("begun", "observations_written", "watermark_moved")
MIDWAY = ("--point", "assessments_written")
"""Something is done by then, something is written and not committed, something is not even read."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a history came to.

    Attributes:
        status: with which the worker ended that failed; -9 for SIGKILL, None where none had to fail.
        contradictions: to “every report took effect exactly once”, see `tables.contradictions`.
        tables: what is left in the database, see `tables.dump`.
    """

    status: int | None
    contradictions: list[str]
    tables: Tables


@dataclass(frozen=True, slots=True)
class History:
    """Something that happens to reports.

    Attributes:
        reports: all that are published in it.
        happen: makes it happen; answers with the status of the worker that failed.
    """

    reports: tuple[Report, ...]
    happen: Callable[[Case], int | None]

    def ending(self, database_url: str, lane: Lane, folder: Path) -> Ending:
        """Make it happen on a fresh database."""
        with fresh_case(database_url, lane, folder) as case:
            status = self.happen(case)
            found = tables.contradictions(case.connection, self.reports)
            return Ending(status, found, tables.dump(case.connection))


class Parts(NamedTuple):
    """What is published before a worker fails, and after it."""

    before: tuple[Report, ...]
    after: tuple[Report, ...]


PARTS = Parts(FIRST_PART + SECOND_PART, THIRD_PART)
UNREPEATED = Parts(
    FIRST_PART + tuple(report for report in SECOND_PART if report not in FIRST_PART),
    tuple(report for report in THIRD_PART if report not in FIRST_PART),
)
"""Without the records that come twice: the second one would make up for the loss of the first."""


def undisturbed(case: Case) -> None:
    """Nothing fails."""
    case.publish(REPORTS)
    case.run_until_done()


def failing(point: str, fault: str) -> Callable[[Case], int]:
    """A worker fails at `point`; the next one does the rest."""

    def happen(case: Case) -> int:
        case.publish(REPORTS)
        status = case.run_until_failure("--point", point, "--fault", fault)
        case.run_until_done()
        return status

    return happen


def offset_ahead(*worker: str) -> Callable[[Case], int]:
    """Kafka is told of more than is done, then the worker is killed; `worker` does the rest."""

    def happen(case: Case) -> int:
        case.publish(FIRST_PART + SECOND_PART)
        status = case.run_until_failure("--mutation", "commit_ahead", *MIDWAY)
        done = case.watermarks()
        assert any(told > done.get(partition, 0) for partition, told in case.committed_offsets().items())
        case.publish(THIRD_PART)
        case.run_until_done(*worker)
        return status

    return happen


def error_in(mutation: str, *, trusting: bool, parts: Parts = PARTS) -> Callable[[Case], None]:
    """A build loses its connection to the database midway and goes on; it is killed and started again."""

    def happen(case: Case) -> None:
        case.publish(parts.before)
        case.run_until_kafka_is_told("--mutation", mutation, *MIDWAY, "--fault", "disconnect")
        case.publish(parts.after)
        _finish(case, mutation, trusting=trusting)

    return happen


def killed(mutation: str, *, trusting: bool, parts: Parts = PARTS) -> Callable[[Case], int]:
    """A build is killed midway and started again."""

    def happen(case: Case) -> int:
        case.publish(parts.before)
        status = case.run_until_failure("--mutation", mutation, *MIDWAY)
        case.publish(parts.after)
        _finish(case, mutation, trusting=trusting)
        return status

    return happen


def _finish(case: Case, mutation: str, *, trusting: bool) -> None:
    """Run the same build until it believes that all is done: by Kafka's offset, or by the watermark."""
    if trusting:
        case.run_until_kafka_is_told("--mutation", mutation)
    else:
        case.run_until_done(KILLING_WORKER, "--mutation", mutation)


def handed_over_never(case: Case) -> None:
    """The loop fetches everything and hands nothing over, as faust does with records that a rebalance overtakes."""
    case.publish(REPORTS)
    with case.supervised(KILLING_WORKER, "--mutation", "hand_over_nothing"):
        wait_until(case.is_done, "the end of the topic")


def relayed(case: Case) -> None:
    """Reports come through the outbox; nothing fails."""
    with case.supervised(INGEST), case.supervised(EVALUATE):
        case.accept(ACCEPTED_BY_GATEWAY)
        wait_until(lambda: _unevaluated(case) == 0, "evaluation")


def records_lost_while_no_worker_runs(case: Case) -> int:
    """Everything is published, a worker evaluates a part and is killed; then the broker loses all records."""
    with case.supervised(INGEST):
        case.accept(ACCEPTED_BY_GATEWAY)
        wait_until(lambda: _unpublished(case) == 0, "publication")
        status = case.run_until_failure("--point", "watermark_moved")
        assert 0 < _unevaluated(case) < len(ACCEPTED_BY_GATEWAY)
        case.lane.lose_records()
        with case.supervised(EVALUATE):
            wait_until(lambda: _unevaluated(case) == 0, "evaluation")
    return status


def records_lost_while_a_worker_runs(case: Case) -> None:
    """The broker loses all records when half the reports are evaluated; the other half comes later."""
    half = len(ACCEPTED_BY_GATEWAY) // 2
    with case.supervised(INGEST), case.supervised(EVALUATE):
        case.accept(ACCEPTED_BY_GATEWAY[:half])
        wait_until(lambda: _unevaluated(case) == 0, "evaluation of the first half")
        case.lane.lose_records()
        case.accept(ACCEPTED_BY_GATEWAY[half:])
        wait_until(lambda: _unevaluated(case) == 0, "evaluation of the second half")


def _unpublished(case: Case) -> int:
    return case.count("SELECT count(*) FROM outgoing_events WHERE published_at IS NULL")


def _unevaluated(case: Case) -> int:
    return case.count("SELECT count(*) FROM submissions WHERE evaluated_at IS NULL")


_DETAILS = (
    *("produced_recorded", "series_registered", "series_locked", "observations_renumbered", "events_settled"),
    *("dead_letter_written", "offset_committed"),
)
KILLED = tuple(f"killed at {point}" for point in POINTS)
DISCONNECTED = tuple(f"disconnected at {point}" for point in DISCONNECTED_AT)
LOSING = ("take", "ack_before_commit", "watermark_first", "trust_kafka")
MADE_UP_FOR = ("take_with_watermark", "ack_before_commit_with_watermark")
RECORDS_LOST = ("records lost while no worker runs", "records lost while a worker runs")

HISTORIES: Mapping[str, History] = {
    "undisturbed": History(REPORTS, undisturbed),
    "handed over never": History(REPORTS, handed_over_never),
    "relayed": History(ACCEPTED_BY_GATEWAY, relayed),
    RECORDS_LOST[0]: History(ACCEPTED_BY_GATEWAY, records_lost_while_no_worker_runs),
    RECORDS_LOST[1]: History(ACCEPTED_BY_GATEWAY, records_lost_while_a_worker_runs),
    **{name: History(REPORTS, failing(point, "kill")) for name, point in zip(KILLED, POINTS, strict=True)},
    **{
        name: History(REPORTS, failing(point, "disconnect"))
        for name, point in zip(DISCONNECTED, DISCONNECTED_AT, strict=True)
    },
    "offset ahead": History(REPORTS, offset_ahead()),
    "trust_kafka": History(REPORTS, offset_ahead(KILLING_WORKER, "--mutation", "trust_kafka")),
    "take": History(REPORTS, error_in("take", trusting=True, parts=UNREPEATED)),
    "take_with_watermark": History(REPORTS, error_in("take_with_watermark", trusting=False)),
    "ack_before_commit": History(REPORTS, killed("ack_before_commit", trusting=True, parts=UNREPEATED)),
    "ack_before_commit_with_watermark": History(REPORTS, killed("ack_before_commit_with_watermark", trusting=False)),
    "watermark_first": History(REPORTS, killed("watermark_first", trusting=False, parts=UNREPEATED)),
}
"""Name → history, the longest first."""

ON_REAL_SERVERS_ONLY = frozenset({*(f"killed at {point}" for point in _DETAILS), *DISCONNECTED[1:], *MADE_UP_FOR})
"""Histories that the embedded servers are spared, so that their suite stays short."""
