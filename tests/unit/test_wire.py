"""Events and their bytes: what is written is read again, and nothing that arrives raises anything but Invalid."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.errors import Invalid, InvalidSubmission
from planwatch.submission import FIELDS, ReportedTable, Submission, check_submission
from planwatch.wire import (
    ASSESSMENT_MADE,
    MOST_ROWS,
    SUBMISSION_RECEIVED,
    AssessmentsMade,
    assessments_from_bytes,
    assessments_to_bytes,
    load_document,
    submission_from_bytes,
    submission_to_bytes,
    table_from_mapping,
)
from tests.builders import RECEIVED_AT, make_plan

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
NAMES = TEXTS.filter(bool)
ROWS = st.lists(st.dictionaries(st.sampled_from(FIELDS), TEXTS), min_size=1, max_size=4)
SUBMISSIONS = st.builds(
    Submission,
    submission_id=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    agency_id=NAMES,
    plan_id=NAMES,
    received_at=st.just(RECEIVED_AT),
    simulated=st.booleans(),
    table=st.builds(
        ReportedTable,
        st.dictionaries(st.sampled_from(FIELDS), TEXTS),
        ROWS.map(lambda rows: list(enumerate(rows, start=2))),
    ),
)
INSTANTS = st.integers(0, 10**15).map(lambda microseconds: RECEIVED_AT + timedelta(microseconds=microseconds))
EVENTS = st.builds(AssessmentsMade, NAMES, NAMES, INSTANTS, st.lists(NAMES).map(tuple))

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
GARBAGE = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.text(max_size=2), st.lists(SCALARS, max_size=2))


@given(SUBMISSIONS)
def test_a_submission_is_read_as_it_was_written(submission: Submission) -> None:
    assert submission_from_bytes(submission_to_bytes(submission), recorded_at=RECEIVED_AT) == submission


@given(EVENTS)
def test_an_evaluation_is_read_as_it_was_written(event: AssessmentsMade) -> None:
    assert assessments_from_bytes(assessments_to_bytes(event)) == event


def submission_record(**changes: object) -> bytes:
    """The record of an agency's own producer."""
    document = {
        "schema": SUBMISSION_RECEIVED,
        "agency_id": "schools",
        "plan_id": "test",
        "observations": [{"INDICATOR": "1", "TIME_PERIOD": "2021", "OBS_VALUE": 60.50}],
    }
    return json.dumps({**document, **changes}).encode()


def event_record(**changes: object) -> bytes:
    document = {
        "schema": ASSESSMENT_MADE,
        "submission_id": "s1",
        "plan_id": "test",
        "known_at": "2022-03-01T02:00:00+00:00",
        "series": ["test-01.640500.A._T._T"],
    }
    return json.dumps({**document, **changes}).encode()


def read_submission(value: bytes) -> Submission:
    return submission_from_bytes(value, recorded_at=RECEIVED_AT)


def test_a_producer_of_an_agency_needs_no_id_and_may_use_the_names_of_sdmx() -> None:
    one, other = read_submission(submission_record()), read_submission(submission_record())

    assert one == other
    assert len(one.submission_id) == 32
    assert one.table.rows == [(1, {"indicator": "1", "time_period": "2021", "obs_value": "60.5"})]
    assert one.received_at == RECEIVED_AT


def test_decimals_keep_the_digits_they_were_written_with() -> None:
    document = load_document(b'{"a": 99.70, "b": 0.10000000000000000001, "c": 1E2, "d": 7}')

    assert document == {"a": "99.70", "b": "0.10000000000000000001", "c": "1E2", "d": 7}


@pytest.mark.parametrize("field", ["indicator", "INDICATOR", "indicator_id", "INDICATOR_ID", "no", "NO"])
def test_an_indicator_may_be_named_by_any_of_its_fields(field: str) -> None:
    table = table_from_mapping({"observations": [{field: 5}]})

    assert table.rows == [(1, {"indicator": "5"})]


@pytest.mark.parametrize(
    ("given_row", "number"), [(7, 7), (None, 1), ("7", 1), (0, 1), (-3, 1), (2**31, 1), (10**400, 1), (1.5, 1)]
)
def test_a_row_keeps_its_number_if_it_has_a_usable_one(given_row: object, number: int) -> None:
    table = table_from_mapping({"observations": [{"row": given_row, "obs_value": "1"}]})

    assert table.rows == [(number, {"obs_value": "1"})]


MALFORMED = {
    "empty": b"",
    "not JSON": b"not JSON",
    "half of it": b'{"schema": "planwatch',
    "not UTF-8": b'{"schema": "\xff"}',
    "UTF-16": '{"schema": "x"}'.encode("utf-16"),
    "a list": b"[1, 2]",
    "null": b"null",
    "a number": b"5",
    "an integer of 5000 digits": b'{"n": ' + b"9" * 5000 + b"}",
    "another schema": b'{"schema": "planwatch.other.v1"}',
    "no schema": b"{}",
    "the schema is a list": b'{"schema": []}',
    "nested without end": b'{"observations": ' + b"[" * 200_000,
    "nested lists": b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a lone surrogate": b'{"schema": "\\ud800"}',
    "a lone surrogate in upper case": b'{"schema": "\\uDFFF"}',
    "half a character in UTF-8": b'{"schema": "\xed\xa0\x80"}',
    "NUL": b'{"schema": "a\\u0000b"}',
    "NUL as a byte": b'{"schema": "a\x00b"}',
}


@pytest.mark.parametrize("value", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_record_is_invalid_and_nothing_else(value: bytes) -> None:
    with pytest.raises(InvalidSubmission) as for_evaluator:
        read_submission(value)
    with pytest.raises(InvalidSubmission) as for_alerts:
        assessments_from_bytes(value)

    assert for_evaluator.value.text.zh
    assert for_alerts.value.text.en


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'"a\\u0000b"', id="NUL"),
        pytest.param(b'"\\uD83D"', id="a lone high surrogate"),
        pytest.param(b'"\xed\xa0\x80"', id="half a character in UTF-8"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32"])
def test_text_that_no_database_can_keep_is_refused_in_every_encoding_of_json(text: bytes, encoding: str) -> None:
    value = b'{"agency_id": ' + text + b"}"
    recoded = value.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")

    with pytest.raises(InvalidSubmission):
        load_document(recoded)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "\\ud800", "a\\b\n\t\x7f"])
def test_a_backslash_that_was_written_as_such_is_text(text: str) -> None:
    assert load_document(json.dumps({"a": text}).encode()) == {"a": text}


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert load_document(b'{"a": "\\ud83d\\ude00"}') == {"a": "\N{GRINNING FACE}"}


@pytest.mark.parametrize(
    "changes",
    [
        {"observations": None},
        {"observations": []},
        {"observations": "text"},
        {"observations": {"row": 1}},
        {"observations": [[]]},
        {"observations": [None]},
        {"observations": [{"row": 1}, 5]},
        {"agency_id": None},
        {"agency_id": ""},
        {"agency_id": 5},
        {"plan_id": None},
        {"plan_id": ["test"]},
    ],
    ids=str,
)
def test_a_submission_with_a_field_of_the_wrong_kind_is_invalid(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidSubmission):
        read_submission(submission_record(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"submission_id": None},
        {"plan_id": 5},
        {"known_at": None},
        {"known_at": "yesterday"},
        {"known_at": 5},
        {"series": None},
        {"series": 5},
        {"series": "test-01.640500.A._T._T"},
        {"series": [1]},
        {"series": [["test-01.640500.A._T._T"]]},
        {"series": {"a": 1}},
    ],
    ids=str,
)
def test_an_evaluation_with_a_field_of_the_wrong_kind_is_invalid(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidSubmission):
        assessments_from_bytes(event_record(**changes))


def test_more_rows_than_a_submission_may_have_are_refused_as_a_whole() -> None:
    with pytest.raises(InvalidSubmission):
        table_from_mapping({"observations": [{}] * (MOST_ROWS + 1)})


@pytest.mark.parametrize("given_id", [None, 5, "", "short", "G" * 32, "0" * 33, "a" * 31 + "\n"])
def test_an_id_of_another_form_is_replaced_by_the_one_that_the_content_gives(given_id: object) -> None:
    submission = read_submission(submission_record(submission_id=given_id))

    assert submission.submission_id != given_id
    assert len(submission.submission_id) == 32


@pytest.mark.parametrize("depth", range(940, 1000, 3))
def test_a_deeply_nested_cell_is_kept_as_text_or_refused(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    value = submission_record(observations=[{"obs_value": "NESTED"}], headings="NESTED").replace(b'"NESTED"', nested)

    assert outcome_of(value) in ("read", "invalid")


@given(
    st.dictionaries(st.sampled_from(["observations", "headings", "submission_id", "simulated", "agency_id"]), GARBAGE)
)
def test_garbage_in_the_fields_of_a_submission_is_read_or_invalid(changes: dict[str, object]) -> None:
    assert outcome_of(submission_record(**changes)) in ("read", "invalid")


@given(st.lists(st.dictionaries(st.sampled_from([*FIELDS, "row", "?"]), GARBAGE, max_size=4), min_size=1, max_size=3))
def test_garbage_in_the_rows_of_a_submission_is_returned_row_by_row(rows: list[dict[str, object]]) -> None:
    assert outcome_of(submission_record(observations=rows)) in ("read", "invalid")


@given(st.dictionaries(st.sampled_from(["submission_id", "plan_id", "known_at", "series"]), GARBAGE))
def test_garbage_in_the_fields_of_an_evaluation_is_read_or_invalid(changes: dict[str, object]) -> None:
    value = event_record(**changes)

    try:
        event = assessments_from_bytes(value)
    except Invalid:
        return
    assert all(isinstance(series, str) for series in event.series)


@given(st.binary(max_size=200) | GARBAGE.map(json.dumps).map(str.encode))
def test_any_bytes_are_read_or_invalid(value: bytes) -> None:
    assert outcome_of(value) in ("read", "invalid")


def outcome_of(value: bytes) -> str:
    """What becomes of a record, its rows included; everything but Invalid is let through to fail the test."""
    try:
        submission = read_submission(value)
    except Invalid:
        return "invalid"
    check_submission(submission, make_plan())
    submission_to_bytes(submission)
    return "read"
