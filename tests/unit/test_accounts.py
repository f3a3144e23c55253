"""Names, passwords and throttles of accounts: the rules without a database."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.account import Account, AccountRefused, Role, check_account, sign_in_name
from services.accounts.guard import own_path
from services.accounts.passwords import Passwords, password_fault
from services.accounts.throttle import (
    ATTEMPTS_PER_NAME,
    LOCKED_FOR,
    WINDOW,
    Throttle,
    count_attempt,
    forgive_attempt,
    is_locked,
)
from tests.builders import RECEIVED_AT as NOW

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ZHANG = Account("1", "zhang.san", "张三", "zhongwei-education", Role.OFFICER)
LEAST = Throttle(0, NOW, None)


# --- passwords ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("eleven sign", "12"),
        ("一句太短的话", "12"),
        ("x" * 201, "200"),
        ("abababababababab", "5"),
        ("I am Zhang.San indeed", "contains neither"),
        ("我是张三，住在中卫市沙坡头区", "contains neither"),
        ("ｚｈａｎｇ．ｓａｎ is wide", "contains neither"),
    ],
    ids=["short", "short Chinese", "long", "monotonous", "sign-in name", "name", "name in full width"],
)
def test_a_password_that_is_easy_to_guess_or_too_long_is_refused(password: str, reason: str) -> None:
    fault = password_fault(password, ZHANG)

    assert fault is not None
    assert reason in fault.en


@pytest.mark.parametrize("password", ["twelve signs", "沙坡头的骆驼每天走十二公里", "correct horse battery staple"])
def test_a_sentence_is_a_password_and_needs_no_special_signs(password: str) -> None:
    assert password_fault(password, ZHANG) is None


def test_a_password_is_right_however_the_keyboard_composed_it() -> None:
    async def judged() -> bool:
        passwords = Passwords(CHEAP)
        return (await passwords.judge(await passwords.hash("cafe\u0301 at the corner"), "café at the corner")).is_right

    assert asyncio.run(judged())


@pytest.mark.parametrize("stored", [None, "not a hash", ""], ids=["nobody", "damaged", "empty"])
def test_without_a_proper_hash_no_password_is_right(stored: str | None) -> None:
    judgement = asyncio.run(Passwords(CHEAP).judge(stored, "any password at all"))

    assert (judgement.is_right, judgement.fresh_hash) == (False, None)


def test_a_right_password_gets_a_fresh_hash_where_the_parameters_have_changed() -> None:
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash("any password at all")

    right = asyncio.run(Passwords(CHEAP).judge(old, "any password at all"))
    wrong = asyncio.run(Passwords(CHEAP).judge(old, "another password"))

    assert right.fresh_hash is not None
    assert CHEAP.check_needs_rehash(right.fresh_hash) is False
    assert wrong.fresh_hash is None


# --- names --------------------------------------------------------------------------------------------------------


@given(st.text())
def test_a_sign_in_name_is_kept_in_one_form(typed: str) -> None:
    assert sign_in_name(sign_in_name(typed)) == sign_in_name(typed)


@pytest.mark.parametrize("name", ["a", "", "a b", "a/b", "<b>", "x" * 65, "a\nb"])
def test_a_name_that_nobody_could_type_is_refused(name: str) -> None:
    with pytest.raises(AccountRefused):
        check_account(name, "张三", Role.OFFICER, "zhongwei-education")


@pytest.mark.parametrize("role", [Role.OFFICER, Role.HEAD, Role.COORDINATOR])
def test_only_an_administrator_belongs_to_no_agency(role: Role) -> None:
    check_account("root", "管理员", Role.ADMINISTRATOR, None)

    with pytest.raises(AccountRefused):
        check_account("zhang.san", "张三", role, None)


# --- where signing in leads ---------------------------------------------------------------------------------------


@given(st.text(alphabet="/\\:@.ae?#%\t\r\n \u2028\u3000", max_size=12))
def test_no_address_leads_away_from_the_site(address: str) -> None:
    path = own_path(address)

    assert path is None or (path[0] == "/" and path[1:2] not in ("/", "\\") and path.isprintable())


def test_a_page_of_the_site_is_kept_with_its_query() -> None:
    assert own_path("/cases/abc?lang=en&level=red") == "/cases/abc?lang=en&level=red"


# --- throttles ----------------------------------------------------------------------------------------------------


def counted(times: int, throttle: Throttle = LEAST) -> Throttle:
    for _ in range(times):
        throttle = count_attempt(throttle, NOW, ATTEMPTS_PER_NAME)
    return throttle


def test_the_last_attempt_allowed_locks_what_follows() -> None:
    assert not is_locked(counted(ATTEMPTS_PER_NAME - 1), NOW)
    assert is_locked(counted(ATTEMPTS_PER_NAME), NOW)


def test_a_lock_ends_by_itself_and_counting_begins_anew() -> None:
    later = NOW + LOCKED_FOR

    assert not is_locked(counted(ATTEMPTS_PER_NAME), later)
    assert count_attempt(counted(ATTEMPTS_PER_NAME), later, ATTEMPTS_PER_NAME) == Throttle(1, later, None)


def test_attempts_of_an_earlier_window_do_not_count() -> None:
    later = NOW + WINDOW

    assert count_attempt(counted(ATTEMPTS_PER_NAME - 1), later, ATTEMPTS_PER_NAME) == Throttle(1, later, None)


def test_a_right_attempt_opens_the_lock_that_it_closed() -> None:
    assert forgive_attempt(counted(ATTEMPTS_PER_NAME), ATTEMPTS_PER_NAME) == Throttle(4, NOW, None)


def judged_during_a_lock(pauses_s: list[int]) -> list[datetime]:
    """Make an attempt after each pause; returns those that were judged although a lock lasted."""
    now, throttle, locks, judged = NOW, LEAST, [], []
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        if not is_locked(throttle, now):
            throttle = count_attempt(throttle, now, ATTEMPTS_PER_NAME)
            judged.append(now)
            locks += [now] * is_locked(throttle, now)
    return [at for lock in locks for at in judged if lock < at < lock + LOCKED_FOR]


@given(st.lists(st.integers(0, 600), max_size=60))
def test_nothing_is_judged_while_a_lock_lasts(pauses_s: list[int]) -> None:
    assert judged_during_a_lock(pauses_s) == []
