"""Events ↔ bytes: the records that travel through Kafka, with their schema version. JSON, UTF-8."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from planwatch.errors import InvalidSubmission
from planwatch.language import Text
from planwatch.submission import FIELDS, ReportedTable, Submission, reported_periods, submission_id

SUBMISSION_RECEIVED = "planwatch.submission.received.v1"
ASSESSMENT_MADE = "planwatch.assessment.made.v1"
DEAD_LETTER = "planwatch.deadletter.v1"

MOST_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class AssessmentsMade:
    """The event of a committed evaluation: which series have a new verdict, as known at which moment.

    Attributes:
        submission_id: the submission that led to it.
        plan_id: its plan.
        known_at: when that submission was received.
        series: the keys of the series with new verdicts.
    """

    submission_id: str
    plan_id: str
    known_at: datetime
    series: tuple[str, ...]


def submission_to_bytes(submission: Submission) -> bytes:
    """The record of a received submission."""
    return _dump(
        {
            "schema": SUBMISSION_RECEIVED,
            "submission_id": submission.submission_id,
            "agency_id": submission.agency_id,
            "plan_id": submission.plan_id,
            "received_at": submission.received_at.isoformat(),
            "simulated": submission.simulated,
            "headings": dict(submission.table.headings),
            "observations": [{"row": row, **cells} for row, cells in submission.table.rows],
        }
    )


def submission_from_bytes(value: bytes, *, recorded_at: datetime) -> Submission:
    """Read the record of a submission, from the gateway or from an agency's own producer.

    Args:
        value: the record's value.
        recorded_at: the record's timestamp, which stands in for `received_at` when the producer gives none.
    Raises:
        InvalidSubmission: not JSON, another schema, or a field that is missing or of the wrong type.
    """
    document = _load(value, SUBMISSION_RECEIVED)
    table = table_from_mapping(document)
    agency_id, plan_id = _string(document, "agency_id"), _string(document, "plan_id")
    received_at = document.get("received_at")
    return Submission(
        submission_id=document.get("submission_id")
        or submission_id(agency_id, plan_id, reported_periods(table), value),
        agency_id=agency_id,
        plan_id=plan_id,
        received_at=_instant(received_at) if received_at else recorded_at,
        simulated=bool(document.get("simulated", False)),
        table=table,
    )


def table_from_mapping(document: Mapping[str, Any]) -> ReportedTable:
    """The `observations` of a JSON submission as a table; a row without a number counts from 1.

    Raises:
        InvalidSubmission: `observations` is not a list of objects, is empty or is too long.
    """
    observations = document.get("observations")
    if not isinstance(observations, Sequence) or isinstance(observations, str) or not observations:
        raise _invalid("observations", "非空数组", "a list with at least one observation")
    if len(observations) > MOST_ROWS:
        raise _invalid("observations", f"不超过 {MOST_ROWS} 行", f"at most {MOST_ROWS} rows")
    rows = []
    for position, row in enumerate(observations, start=1):
        if not isinstance(row, Mapping):
            raise _invalid(f"observations[{position - 1}]", "对象", "an object")
        number = row.get("row", position)
        cells = {_field(name): _cell(cell) for name, cell in row.items() if name != "row" and cell is not None}
        rows.append((number if isinstance(number, int) else position, cells))
    headings = document.get("headings") or {}
    return ReportedTable(headings if isinstance(headings, Mapping) else {}, rows)


def assessments_to_bytes(event: AssessmentsMade) -> bytes:
    """The record of a committed evaluation."""
    return _dump(
        {
            "schema": ASSESSMENT_MADE,
            "submission_id": event.submission_id,
            "plan_id": event.plan_id,
            "known_at": event.known_at.isoformat(),
            "series": list(event.series),
        }
    )


def assessments_from_bytes(value: bytes) -> AssessmentsMade:
    """Read the record of a committed evaluation.

    Raises:
        InvalidSubmission: not JSON, another schema, or a field that is missing or of the wrong type.
    """
    document = _load(value, ASSESSMENT_MADE)
    return AssessmentsMade(
        _string(document, "submission_id"),
        _string(document, "plan_id"),
        _instant(document.get("known_at")),
        tuple(document.get("series", ())),
    )


def _field(name: str) -> str:
    lowered = str(name).lower()
    return {"indicator_id": "indicator", "no": "indicator"}.get(lowered, lowered if lowered in FIELDS else str(name))


def _cell(cell: object) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _load(value: bytes, schema: str) -> dict[str, Any]:
    try:
        document = json.loads(value, parse_float=str)
    except ValueError as error:
        raise InvalidSubmission(
            Text(f"记录不是 JSON：{error}", f"the record is not JSON: {error}"),
        ) from error
    if not isinstance(document, dict):
        raise _invalid("$", "JSON 对象", "a JSON object")
    if document.get("schema") != schema:
        raise _invalid("schema", schema, schema)
    return document


def _string(document: Mapping[str, Any], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str) or not value:
        raise _invalid(field, "非空文字", "a string")
    return value


def _instant(text: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise _invalid("received_at", "ISO 8601 时刻", "an ISO 8601 instant") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _invalid(field: str, zh: str, en: str) -> InvalidSubmission:
    return InvalidSubmission(Text(f"字段 {field} 应为{zh}", f"field {field} must be {en}"))


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
