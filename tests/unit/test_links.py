"""Signed links: who holds one may do one thing with one subject, until a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.links import VALID_DAYS, Acknowledgement, LinkSigner, Unsubscription

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIGNER = LinkSigner("a secret of more than thirty-two characters")
TOKEN = SIGNER.token("0123456789abcdef", 2, now=NOW)
READER = Unsubscription("zhongwei-education", "weekly", "office@example.test")
WAY_OUT = SIGNER.unsubscribe_token(READER, now=NOW)


def test_a_token_allows_what_it_was_made_for() -> None:
    assert SIGNER.read(TOKEN, now=NOW) == Acknowledgement("0123456789abcdef", 2)


def test_a_token_needs_no_escaping_in_a_link() -> None:
    assert set(TOKEN) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@pytest.mark.parametrize(("late", "valid"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_a_token_ends_after_ninety_days_to_the_instant(late: timedelta, valid: bool) -> None:
    allowed = SIGNER.read(TOKEN, now=NOW + timedelta(days=VALID_DAYS) + late)

    assert (allowed is not None) is valid


def test_a_token_of_another_secret_is_worth_nothing() -> None:
    other = LinkSigner("another secret of thirty-two characters")

    assert other.read(TOKEN, now=NOW) is None


@given(st.integers(0, len(TOKEN) - 2), st.characters(codec="ascii"))
def test_a_token_with_one_changed_character_is_worth_nothing(at: int, character: str) -> None:
    changed = TOKEN[:at] + character + TOKEN[at + 1 :]

    assert (SIGNER.read(changed, now=NOW) is None) == (changed != TOKEN)


@given(st.text(max_size=60))
def test_any_text_is_read_as_a_token_without_an_error(text: str) -> None:
    assert SIGNER.read(text, now=NOW) is None


@given(st.text("0123456789abcdef", min_size=16, max_size=16), st.integers(1, 99))
def test_a_token_allows_its_own_case_and_episode_and_no_other(case_id: str, episode: int) -> None:
    token = SIGNER.token(case_id, episode, now=NOW)

    assert SIGNER.read(token, now=NOW) == Acknowledgement(case_id, episode)


@given(st.text("0123456789abcdef", min_size=16, max_size=16))
def test_the_signature_of_one_case_does_not_sign_another(case_id: str) -> None:
    other = SIGNER.token(case_id, 2, now=NOW)
    signature, content = TOKEN.rpartition(".")[2], other.rpartition(".")[0]

    forged = SIGNER.read(f"{content}.{signature}", now=NOW)

    assert (forged is None) == (case_id != "0123456789abcdef")


def test_a_link_to_unsubscribe_names_agency_kind_and_address() -> None:
    assert SIGNER.read_unsubscribe(WAY_OUT, now=NOW) == READER


def test_a_link_to_unsubscribe_acknowledges_nothing_and_the_other_way_round() -> None:
    assert SIGNER.read(WAY_OUT, now=NOW) is None
    assert SIGNER.read_unsubscribe(TOKEN, now=NOW) is None


@pytest.mark.parametrize(("late", "valid"), [(timedelta(0), True), (timedelta(microseconds=1), False)])
def test_a_link_to_unsubscribe_ends_after_ninety_days_to_the_instant(late: timedelta, valid: bool) -> None:
    allowed = SIGNER.read_unsubscribe(WAY_OUT, now=NOW + timedelta(days=VALID_DAYS) + late)

    assert (allowed is not None) is valid


@given(st.integers(0, len(WAY_OUT) - 2), st.characters(codec="ascii"))
def test_a_link_to_unsubscribe_with_one_changed_character_is_worth_nothing(at: int, character: str) -> None:
    changed = WAY_OUT[:at] + character + WAY_OUT[at + 1 :]

    assert (SIGNER.read_unsubscribe(changed, now=NOW) is None) == (changed != WAY_OUT)


@given(st.text(max_size=60))
def test_any_text_is_read_as_a_link_to_unsubscribe_without_an_error(text: str) -> None:
    assert SIGNER.read_unsubscribe(text, now=NOW) is None
