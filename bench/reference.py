"""The bound of the throughput: one bare psycopg connection that copies and upserts the rows which the worker wrote.

Each of the worker's transactions is repeated as one of its own: COPY into a temporary table, then INSERT … SELECT …
ON CONFLICT DO UPDATE, for the observations and for the assessments. Reading the rows is not timed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg

OBSERVATIONS = (
    "series_key, period_start, time_period, revision, obs_value, obs_status, accumulation, submission_id, row_number,"
    " received_at"
)
OBSERVATIONS_KEY = "series_key, period_start, time_period, submission_id"
ASSESSMENTS = (
    "series_key, period_start, time_period, plan_id, plan_version, policy_version, method, class, reason, obs_value,"
    " revision, measured, baseline_value, baseline_period, baseline_substituted, expected_value, achieved_share,"
    " expected_share, schedule_index, gap, gap_pct, pace, pace_needed, years_to_target, submission_id, known_at,"
    " caused_by, change_code, change_zh, change_en"
)
ASSESSMENTS_KEY = "series_key, period_start, time_period, plan_version, method, submission_id, known_at, caused_by"

Rows = Sequence[tuple[Any, ...]]


def reference_seconds(worker_url: str, reference_url: str, commits: Sequence[datetime]) -> float:
    """Seconds that one connection needs for the rows of the worker's transactions.

    Args:
        worker_url: the database that the worker filled.
        reference_url: a fresh one with the same schema.
        commits: `evaluated_at` of the transactions to repeat, in order.
    """
    seconds = 0.0
    with psycopg.connect(worker_url) as source, psycopg.connect(reference_url) as sink:
        for table, columns in (("observations", OBSERVATIONS), ("assessments", ASSESSMENTS)):
            sink.execute(
                f"CREATE TEMP TABLE staged_{table} ON COMMIT DELETE ROWS AS SELECT {columns} FROM {table} WITH NO DATA"
            )
        sink.commit()
        for commit in commits:
            observations = _load(source, "observations", OBSERVATIONS, commit)
            assessments = _load(source, "assessments", ASSESSMENTS, commit)
            began = time.perf_counter()
            _upsert(sink, "observations", OBSERVATIONS, OBSERVATIONS_KEY, observations)
            _upsert(sink, "assessments", ASSESSMENTS, ASSESSMENTS_KEY, assessments)
            sink.commit()
            seconds += time.perf_counter() - began
    return seconds


def _load(source: psycopg.Connection[Any], table: str, columns: str, commit: datetime) -> Rows:
    return source.execute(
        f"SELECT {columns} FROM {table}"
        " WHERE submission_id IN (SELECT submission_id FROM submissions WHERE evaluated_at = %s)",
        (commit,),
    ).fetchall()


def _upsert(sink: psycopg.Connection[Any], table: str, columns: str, key: str, rows: Rows) -> None:
    with sink.cursor().copy(f"COPY staged_{table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns.split(", ") if name not in key.split(", "))
    sink.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM staged_{table}"
        f" ON CONFLICT ({key}) DO UPDATE SET {changes}"
    )
