"""What is typed at the desk is read into an event or into faults, whatever it is; and what a list counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.case import permissions
from planwatch.case.events import Assessed
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.case.permissions import Action
from planwatch.early_warning import CaseState
from planwatch.policy import AssessmentClass
from services.accounts import account
from services.alerts.desk.api import as_form
from services.alerts.desk.attachment_files import AttachedFile, plain_name, read_file
from services.alerts.desk.case_list import CHOICES, Cell, Filter, counts_by_choice, read_filter
from services.alerts.desk.fields import ACTION_HINTS, ACTION_NAMES, FIELDS
from services.alerts.desk.submitted import Circumstances, Fault, clean, read_action, read_step
from tests.builders import CALENDAR_2026, RECEIVED_AT, SCHOOLS, default_policy, make_matter, make_plan, make_verdict

ACTIONS = sorted(FIELDS)
NAMES = ["reason", "note", "until", "agency", "what-1", "who-1", "by-1", "what-20", "by-20", "step", "x"]
TYPED = st.one_of(st.text(), st.text(st.characters(codec=None)), st.sampled_from(["2026-03-31", SCHOOLS, "lead", "1"]))
VALUES = st.dictionaries(st.sampled_from(NAMES), TYPED)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["what", "who", "by"]), inner),
    max_leaves=6,
)


def raised() -> Case:
    """A case that a figure has opened."""
    event = Assessed(make_matter(), [make_verdict("2021", AssessmentClass.REVERSED)])
    case = transition(None, event, default_policy(), RECEIVED_AT, CALENDAR_2026).case
    assert case is not None
    return case


SEEN = Circumstances(raised(), make_plan(), "测试局 王晓", date(2022, 3, 1))


@given(st.sampled_from(ACTIONS), VALUES)
def test_whatever_is_typed_becomes_an_event_or_faults_that_name_it(action: Action, values: dict[str, str]) -> None:
    event, faults = read_action(action, values, SEEN)

    assert (event is None) == bool(faults)
    assert all(fault.expected.zh and fault.expected.en for fault in faults)
    assert all(fault.value == clean(values.get(fault.field, "")) for fault in faults)


@given(st.sampled_from(ACTIONS), VALUES)
def test_an_event_that_was_read_is_answered_by_the_state_machine(action: Action, values: dict[str, str]) -> None:
    event, _ = read_action(action, values, SEEN)

    outcome = transition(SEEN.case, event, default_policy(), RECEIVED_AT, CALENDAR_2026) if event else None

    assert outcome is None or outcome.reason.zh


@given(st.text(st.characters(codec=None)))
def test_what_is_kept_can_be_stored_and_printed(text: str) -> None:
    kept = clean(text)

    assert "\x00" not in kept
    assert kept.encode("utf-8").decode() == kept
    assert clean(kept) == kept


@given(st.text(st.characters(codec=None)), st.integers(1, 50))
def test_a_step_is_one_of_the_history_or_a_fault(text: str, latest: int) -> None:
    step = read_step({"step": text}, latest)

    assert isinstance(step, Fault) or 1 <= step <= latest


@given(st.text(st.characters(codec=None)), st.binary(max_size=40))
def test_any_upload_is_a_file_or_a_fault(name: str, content: bytes) -> None:
    read = read_file(name, content)

    assert isinstance(read, AttachedFile | Fault)
    assert {"/", "\\", "\n"}.isdisjoint(plain_name(name))
    assert len(plain_name(name)) <= 100


@given(st.dictionaries(st.sampled_from([*NAMES, "measures"]), JSON))
def test_any_document_has_a_form(document: dict[str, object]) -> None:
    form = as_form(document)

    assert all(isinstance(value, str) for value in form.values())


@given(st.dictionaries(st.sampled_from([*CHOICES, "text", "page"]), TYPED))
def test_any_address_has_a_filter(query: dict[str, str]) -> None:
    asked, faults = read_filter(query)

    assert asked.page >= 1
    assert {fault.field for fault in faults} <= set(query)
    assert read_filter(asked.as_query())[0] == replace(asked, page=1)


CELLS = [
    Cell(plan, level, "learning", "a", state, "reversed", "", 1)
    for plan, level, state in product("pq", ("red", "blue"), ("open", "closed"))
]


def test_a_choice_counts_what_it_would_show_with_the_other_filters_as_they_are() -> None:
    counts = counts_by_choice(CELLS, Filter(plan="p", level="red"))

    assert counts["level"] == {"red": 1, "blue": 1}
    assert counts["plan"] == {"p": 1, "q": 1}
    assert counts["state"] == {"open": 1, "closed": 1}
    assert counts["kind"] == {"reversed": 1}


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.READ}))
def test_every_action_has_a_name_and_a_hint(action: Action) -> None:
    assert ACTION_NAMES[action].zh
    assert ACTION_HINTS[action].en


def test_the_roles_of_accounts_are_those_of_the_permissions() -> None:
    assert [str(role) for role in account.Role] == [str(role) for role in permissions.Role]


def test_a_list_leaves_closed_cases_out_unless_asked_for_them() -> None:
    assert Filter(state="all").states == tuple(CaseState)
    assert Filter().states == (CaseState.OPEN, CaseState.ACKNOWLEDGED, CaseState.RECTIFYING)
