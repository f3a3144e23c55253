"""Signed links: who holds one may acknowledge one episode of one case, until a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.links import VALID_DAYS, Acknowledgement, LinkSigner

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIGNER = LinkSigner("a secret of more than thirty-two characters")
TOKEN = SIGNER.token("0123456789abcdef", 2, now=NOW)


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
