"""Every role, what its agency is to a case, and every action: one table."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from planwatch.case.events import Assessed
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.case.permissions import Action, Relation, Role, refusal, relations_of
from planwatch.policy import AssessmentClass
from tests.builders import CALENDAR_2026, RECEIVED_AT, default_policy, make_matter, make_verdict

OFFICER, HEAD, COORDINATOR, ADMINISTRATOR = Role
OWNER, SUPERIOR, PARTICIPANT, COORDINATING = Relation
ANSWERING = {Action.READ, Action.ACKNOWLEDGE, Action.FILE_MEASURES, Action.NOTE, Action.ATTACH}
DECIDING = {Action.CLOSE, Action.REASSIGN, Action.SILENCE, Action.LIFT_SILENCE, Action.ESCALATE}

ALLOWED: dict[tuple[Role, Relation | None], set[Action]] = {
    (OFFICER, OWNER): ANSWERING,
    (OFFICER, SUPERIOR): {Action.READ},
    (OFFICER, PARTICIPANT): {Action.READ, Action.NOTE},
    (OFFICER, COORDINATING): {Action.READ, Action.NOTE},
    (OFFICER, None): set(),
    (HEAD, OWNER): ANSWERING | {Action.REQUEST_CLOSING},
    (HEAD, SUPERIOR): {Action.READ},
    (HEAD, PARTICIPANT): {Action.READ, Action.NOTE},
    (HEAD, COORDINATING): {Action.READ, Action.NOTE},
    (HEAD, None): set(),
    (COORDINATOR, OWNER): {Action.READ, Action.NOTE},
    (COORDINATOR, SUPERIOR): {Action.READ},
    (COORDINATOR, PARTICIPANT): {Action.READ, Action.NOTE},
    (COORDINATOR, COORDINATING): {Action.READ, Action.NOTE} | DECIDING,
    (COORDINATOR, None): set(),
    (ADMINISTRATOR, OWNER): {Action.READ, Action.REASSIGN},
    (ADMINISTRATOR, SUPERIOR): {Action.READ, Action.REASSIGN},
    (ADMINISTRATOR, PARTICIPANT): {Action.READ, Action.REASSIGN},
    (ADMINISTRATOR, COORDINATING): {Action.READ, Action.REASSIGN},
    (ADMINISTRATOR, None): {Action.READ, Action.REASSIGN},
}


def raised() -> Case:
    """A case that a figure has opened."""
    event = Assessed(make_matter(), [make_verdict("2021", AssessmentClass.REVERSED)])
    case = transition(None, event, default_policy(), RECEIVED_AT, CALENDAR_2026).case
    assert case is not None
    return case


def test_the_table_is_total() -> None:
    assert set(ALLOWED) == set(product(Role, [*Relation, None]))


@pytest.mark.parametrize(("role", "relation"), ALLOWED)
def test_a_role_may_do_what_the_table_says_and_nothing_else(role: Role, relation: Relation | None) -> None:
    relations = {relation} if relation else set()

    allowed = {action for action in Action if refusal(role, relations, action) is None}

    assert allowed == ALLOWED[role, relation]


@pytest.mark.parametrize("role", Role)
def test_an_agency_that_is_several_things_may_do_what_any_of_them_allows(role: Role) -> None:
    allowed = {action for action in Action if refusal(role, {OWNER, COORDINATING}, action) is None}

    assert allowed == ALLOWED[role, OWNER] | ALLOWED[role, COORDINATING]


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.READ, Action.REASSIGN}))
def test_a_refusal_says_in_both_languages_who_may(action: Action) -> None:
    reason = refusal(ADMINISTRATOR, set(), action)

    assert reason is not None
    assert reason.zh
    assert reason.en


def test_an_agency_is_to_a_case_what_the_case_says() -> None:
    case = replace(raised(), owner="a", chain=("b", "c"), coordinating="c", participants=("d",))

    assert relations_of(case, "a") == {OWNER}
    assert relations_of(case, "b") == {SUPERIOR}
    assert relations_of(case, "c") == {SUPERIOR, COORDINATING}
    assert relations_of(case, "d") == {PARTICIPANT}
    assert relations_of(case, "e") == set()
    assert relations_of(case, None) == set()
