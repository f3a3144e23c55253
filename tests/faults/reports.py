"""The reports of every run: the same bytes in the same order at the same times, so that two runs can be compared.

Four partitions carry them. There are corrections, one that arrives after a younger one, totals whose parts come in
the wrong order and are corrected, rows that are returned, repeated records, and records that nobody can understand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from planwatch.submission import ReportedTable, Submission, reported_periods, submission_id
from planwatch.wire import SUBMISSION_RECEIVED, submission_to_bytes

BEGINNING = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Office:
    """Who reports, under which plan, for which area."""

    agency_id: str
    plan_id: str
    area: str


ZHONGWEI = Office("zhongwei-development-reform", "zhongwei", "640500")
NATIONAL = Office("national-development-reform", "national", "100000")
SHIZUISHAN = Office("shizuishan-government-office", "shizuishan", "640200")
WUWEI = Office("wuwei-government-office", "wuwei", "620600")
KONGTONG = Office("kongtong-government-office", "kongtong", "620802")
UNKNOWN_OFFICE = Office("unknown-office", "zhongwei", "640500")
UNKNOWN_PLAN = Office("wuwei-government-office", "unknown-plan", "620600")

Row = tuple[str, str, str]
"""Indicator, TIME_PERIOD and OBS_VALUE as an office writes them."""


@dataclass(frozen=True, slots=True)
class Report:
    """One record to publish and what has to come of it.

    Attributes:
        key: the record's key, an area.
        value: the record's value; None is a record without one.
        recorded_at: the record's timestamp (aware, UTC).
        submission: what the gateway wrote to the ledger; None for a record that did not pass the gateway.
        submission_id: its id in the ledger; None for a record that has to become a dead letter.
        accepted_rows: how many of its rows have to become observations.
    """

    key: str
    value: bytes | None
    recorded_at: datetime
    submission: Submission | None = None
    submission_id: str | None = None
    accepted_rows: int = 0


def by_gateway(office: Office, minute: int, *rows: Row) -> Report:
    """A report that the gateway accepted `minute` minutes after the beginning; its record is half a minute younger."""
    table = ReportedTable({}, [(number, _cells(row)) for number, row in enumerate(rows, start=2)])
    sent = "\n".join(",".join(row) for row in rows).encode()
    identity = submission_id(office.agency_id, office.plan_id, reported_periods(table), sent)
    received_at = BEGINNING + timedelta(minutes=minute)
    submission = Submission(identity, office.agency_id, office.plan_id, received_at, True, table)
    recorded_at = received_at + timedelta(seconds=30)
    return Report(office.area, submission_to_bytes(submission), recorded_at, submission, identity, len(rows))


def by_producer(office: Office, minute: int, *rows: Row, returned: int = 0) -> Report:
    """A report of the office's own producer; `returned` of its rows are at fault."""
    document = {
        "schema": SUBMISSION_RECEIVED,
        "agency_id": office.agency_id,
        "plan_id": office.plan_id,
        "simulated": True,
        "observations": [_cells(row) for row in rows],
    }
    value = json.dumps(document, ensure_ascii=False).encode()
    periods = reported_periods(ReportedTable({}, list(enumerate(map(_cells, rows), start=1))))
    identity = submission_id(office.agency_id, office.plan_id, periods, value)
    recorded_at = BEGINNING + timedelta(minutes=minute)
    return Report(office.area, value, recorded_at, submission_id=identity, accepted_rows=len(rows) - returned)


def not_understood(office: Office, minute: int, value: bytes | None) -> Report:
    """A record that has to become a dead letter."""
    return Report(office.area, value, BEGINNING + timedelta(minutes=minute))


def _cells(row: Row) -> dict[str, str]:
    return dict(zip(("indicator", "time_period", "obs_value"), row, strict=True))


ZHONGWEI_2021 = by_gateway(
    ZHONGWEI,
    1,
    ("1", "2021", "0.32"),
    ("5", "2021", "97.81"),
    ("8", "2021", "2.48"),
    ("12", "2021", "95.95"),
    ("13", "2021", "31"),
    ("14", "2021", "60.5"),
    ("19", "2021", "0.95"),
)
ZHONGWEI_2022 = by_producer(ZHONGWEI, 6, ("8", "2022", "1.1"), ("14", "2022", "72"), ("19", "2022", "1.6"))

FIRST_PART = (
    ZHONGWEI_2021,
    by_gateway(NATIONAL, 2, ("1", "2021", "2.03"), ("7", "2021", "1800"), ("18", "2021", "3.1")),
    by_producer(SHIZUISHAN, 3, ("13", "2021-Q1", "0.2"), ("16", "2021-Q1", "0.7")),
    by_gateway(KONGTONG, 4, ("1", "2021", "1.4"), ("21", "2021", "900"), ("24", "2021", "77")),
    by_producer(WUWEI, 5, ("1", "2021", "1.9"), ("2", "2021", "n/a"), ("2", "2031", "1"), returned=2),
    not_understood(ZHONGWEI, 5, b"not JSON, 97.81"),
    ZHONGWEI_2022,
    by_gateway(WUWEI, 7, ("1", "2022", "2.4"), ("3", "2022", "91")),
)
SECOND_PART = (
    by_producer(SHIZUISHAN, 8, ("13", "2021-Q3", "0.3")),  # before quarter two: no total can be formed yet
    by_producer(SHIZUISHAN, 9, ("13", "2021-Q2", "0.1"), ("16", "2021-Q2", "0.9")),
    by_gateway(NATIONAL, 10, ("7", "2022", "1650"), ("18", "2022", "4.4")),
    by_gateway(ZHONGWEI, 20, ("5", "2021", "99.7"), ("8", "2021", "2.5"), ("14", "2021", "61")),
    by_gateway(ZHONGWEI, 12, ("5", "2021", "98.4"), ("14", "2021", "60.9")),  # received before the one above
    ZHONGWEI_2021,
    not_understood(WUWEI, 21, by_producer(UNKNOWN_PLAN, 21, ("1", "2021", "1")).value),
    by_gateway(KONGTONG, 22, ("21", "2022", "1100"), ("24", "2022", "81")),
    not_understood(KONGTONG, 23, None),
)
THIRD_PART = (
    ZHONGWEI_2022,
    by_producer(SHIZUISHAN, 24, ("13", "2021-Q1", "0.25")),
    not_understood(ZHONGWEI, 25, by_producer(UNKNOWN_OFFICE, 25, ("5", "2022", "1")).value),
    by_gateway(NATIONAL, 26, ("7", "2021", "1810")),
    by_gateway(WUWEI, 27, ("3", "2022", "-")),
    by_gateway(ZHONGWEI, 28, ("8", "2023", "1.3"), ("14", "2023", "85"), ("5", "2023", "99.8")),
    by_producer(KONGTONG, 29, ("21", "2023", "950"), ("24", "2023", "86"), ("99", "2023", "1"), returned=1),
)
REPORTS = FIRST_PART + SECOND_PART + THIRD_PART
ACCEPTED_BY_GATEWAY = tuple(report for report in REPORTS if report.submission is not None)
