"""Events ↔ bytes: the records that travel through Kafka, with their schema version. JSON, UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from planwatch.errors import InvalidSubmission
from planwatch.language import Text
from planwatch.submission import FIELDS, ReportedTable, Submission, reported_periods, submission_id

SUBMISSION_RECEIVED = "planwatch.submission.received.v1"
ASSESSMENT_MADE = "planwatch.assessment.made.v1"
DEAD_LETTER = "planwatch.deadletter.v1"
CATALOGUE_CHANGED = "planwatch.catalogue.changed.v1"
"""Schema of the records that ask for a new judgement; they travel on the topic of the submissions."""

MOST_ROWS = 100_000
_LARGEST_ROW = 2**31
SUBMISSION_ID = re.compile(r"[0-9a-f]{32}")
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class AssessmentsMade:
    """The event of a committed evaluation: which series have a new verdict, as known at which moment.

    Attributes:
        submission_id: the submission that led to it, or the id of the catalogue change that did.
        plan_id: its plan.
        known_at: the moment as whose knowledge the verdicts are to be read.
        series: the keys of the series with new verdicts.
    """

    submission_id: str
    plan_id: str
    known_at: datetime
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CatalogueChanged:
    """The event that a plan version was applied, or milestones stated, that verdicts on an indicator depend on.

    Attributes:
        plan_id: of the plan.
        indicator_id: whose verdicts may change.
        said_at: when it was applied or stated.
    """

    plan_id: str
    indicator_id: str
    said_at: datetime

    @property
    def change_id(self) -> str:
        """What was said of one indicator at one moment is one change."""
        return f"catalogue:{self.plan_id}:{self.indicator_id}:{self.said_at.astimezone(UTC).isoformat()}"


def catalogue_change_to_bytes(event: CatalogueChanged) -> bytes:
    """The record of a catalogue change."""
    return _dump(
        {
            "schema": CATALOGUE_CHANGED,
            "plan_id": event.plan_id,
            "indicator_id": event.indicator_id,
            "said_at": event.said_at.isoformat(),
        }
    )


def is_catalogue_change(value: bytes) -> bool:
    """Whether a record says of itself that it is a catalogue change; `_dump` puts the schema first."""
    return value.startswith(b'{"schema":"' + CATALOGUE_CHANGED.encode())


def catalogue_change_from_bytes(value: bytes) -> CatalogueChanged:
    """Read the record of a catalogue change.

    Raises:
        InvalidSubmission: not JSON, another schema, or a field that is missing or of the wrong type.
    """
    document = load_document(value)
    _expect_schema(document, CATALOGUE_CHANGED)
    return CatalogueChanged(
        _string(document, "plan_id"), _string(document, "indicator_id"), _instant(document.get("said_at"), "said_at")
    )


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
        recorded_at: the record's timestamp; the ledger's own moment of receipt takes precedence where it has one.
    Raises:
        InvalidSubmission: not JSON, another schema, or a field that is missing or of the wrong type.
    """
    document = load_document(value)
    _expect_schema(document, SUBMISSION_RECEIVED)
    table = table_from_mapping(document)
    agency_id, plan_id = _string(document, "agency_id"), _string(document, "plan_id")
    given = document.get("submission_id")
    return Submission(
        submission_id=given
        if isinstance(given, str) and SUBMISSION_ID.fullmatch(given)
        else submission_id(agency_id, plan_id, reported_periods(table), value),
        agency_id=agency_id,
        plan_id=plan_id,
        received_at=recorded_at,
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
        number = row.get("row")
        cells = {_field(name): _cell(cell) for name, cell in row.items() if name != "row" and cell is not None}
        rows.append((number if isinstance(number, int) and 0 < number < _LARGEST_ROW else position, cells))
    headings = document.get("headings")
    given = headings if isinstance(headings, Mapping) else {}
    return ReportedTable({str(field): str(heading) for field, heading in given.items()}, rows)


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
    document = load_document(value)
    _expect_schema(document, ASSESSMENT_MADE)
    return AssessmentsMade(
        _string(document, "submission_id"),
        _string(document, "plan_id"),
        _instant(document.get("known_at")),
        _strings(document, "series"),
    )


@lru_cache(maxsize=1024)
def _field(name: str) -> str:
    lowered = name.lower()
    if lowered in ("indicator_id", "no"):
        return "indicator"
    return lowered if lowered in FIELDS else name


def _cell(cell: object) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def load_document(value: bytes) -> dict[str, Any]:
    """A JSON object; decimal numbers keep the digits they were written with, as text.

    Raises:
        InvalidSubmission: not JSON, not an object, or text that no database can keep (NUL, half a character).
    """
    try:
        document = json.loads(value.decode("utf-8-sig"), parse_float=str)
        if _SUSPICIOUS.search(value):
            _reject_unstorable(json.dumps(document, ensure_ascii=False))
    except (ValueError, RecursionError) as error:
        raise InvalidSubmission(Text(f"不是有效的 JSON：{error}", f"not valid JSON: {error}")) from error
    if not isinstance(document, dict):
        raise _invalid("$", "JSON 对象", "a JSON object")
    return document


def _reject_unstorable(text: str) -> None:
    text.encode()
    if _NUL.search(text):
        raise ValueError("NUL character")


def _expect_schema(document: Mapping[str, Any], schema: str) -> None:
    if document.get("schema") != schema:
        raise _invalid("schema", schema, schema)


def _string(document: Mapping[str, Any], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str) or not value:
        raise _invalid(field, "非空文字", "a string")
    return value


def _strings(document: Mapping[str, Any], field: str) -> tuple[str, ...]:
    values = document.get(field)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _invalid(field, "文字的数组", "a list of strings")
    return tuple(values)


def _instant(text: object, field: str = "known_at") -> datetime:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise _invalid(field, "ISO 8601 时刻", "an ISO 8601 instant") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _invalid(field: str, zh: str, en: str) -> InvalidSubmission:
    return InvalidSubmission(Text(f"字段 {field} 应为{zh}", f"field {field} must be {en}"))


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
