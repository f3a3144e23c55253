"""Signing in, staying in, and being kept out, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Literal

import psycopg
import pytest
from argon2 import PasswordHasher
from multidict import CIMultiDict

from services.accounts import administration
from services.accounts.account import Role
from services.accounts.guard import Guard
from services.accounts.passwords import Passwords
from services.accounts.session_store import LinkPurpose, Scope
from services.accounts.sign_in import SignIn
from services.accounts.store import Actor
from tests.account_site import (
    OTHER_PASSWORD,
    PASSWORD,
    TESTER,
    Site,
    account_site,
    choose_password,
    form_token,
    post,
    sign_in,
)
from tests.builders import make_settings
from tests.fakes import FakeClock

pytestmark = pytest.mark.embedded

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class CountingHasher(PasswordHasher):
    """Remembers what was verified."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str | bytes] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.verified.append(hash)
        return super().verify(hash, password)


@pytest.fixture
async def site(database_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    async with account_site(database_url, clock, make_settings()) as site:
        yield site


@pytest.fixture
async def signed_in(site: Site) -> Site:
    """The site, with the officer 张三 signed in."""
    await choose_password(site.client, await site.add())
    return site


# --- getting in ---------------------------------------------------------------------------------------------------


async def test_who_is_not_signed_in_is_sent_to_the_form_and_back(site: Site) -> None:
    answer = await site.client.get("/who?x=1", allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/who?x%3D1")


async def test_the_link_lets_its_owner_choose_a_password_and_signs_in(site: Site) -> None:
    answer = await choose_password(site.client, await site.add())

    assert answer.status == 303
    assert (await (await site.client.get("/who")).text()).startswith("张三 ")
    assert site.events() == ["added", "link_made", "password_changed", "signed_in"]


async def test_the_link_works_once(site: Site) -> None:
    link = await site.add()
    await choose_password(site.client, link)

    answer = await site.visitor().get(link)

    assert answer.status == 404
    assert "链接无效" in await answer.text()


async def test_the_link_expires(site: Site) -> None:
    link = await site.add()
    site.clock.advance(days=3)

    assert (await site.client.get(link)).status == 404


async def test_looking_at_the_link_does_not_use_it(site: Site) -> None:
    link = await site.add()
    await site.client.get(link)

    assert (await choose_password(site.visitor(), link)).status == 303


async def test_a_link_to_choose_a_password_does_not_sign_in_without_one(site: Site) -> None:
    link = await site.add()

    assert (await site.client.get(link.replace("choose-password", "enter"))).status == 404


async def test_a_link_to_try_signs_in_once(site: Site) -> None:
    await site.add()
    async with site.pool.connection() as connection:
        account = (await administration.find(connection, "zhang.san")).account
        link = await administration.make_link(connection, account, LinkPurpose.SIGN_IN, TESTER, site.clock())

    first = await post(site.client, link, link)
    second = await site.visitor().get(link)

    assert (first.status, second.status) == (303, 404)
    assert (await (await site.client.get("/who")).text()).startswith("张三 ")


async def test_a_short_password_is_refused_with_the_reason(site: Site) -> None:
    answer = await choose_password(site.client, await site.add(), "short")

    assert answer.status == 422
    assert "至少12个字符" in await answer.text()


async def test_an_account_without_a_password_lets_no_password_in(site: Site) -> None:
    await site.add()

    answer = await sign_in(site.client, password="")

    assert answer.status == 401


async def test_name_and_password_sign_in_whatever_the_case_and_width_of_the_name(signed_in: Site) -> None:
    answer = await sign_in(signed_in.visitor(), name=" ＺＨＡＮＧ.San ")

    assert answer.status == 303


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(signed_in: Site) -> None:
    wrong = await sign_in(signed_in.visitor(), password=OTHER_PASSWORD)
    unknown = await sign_in(signed_in.visitor(), name="li.si")

    assert (wrong.status, unknown.status) == (401, 401)
    assert "登录名或口令不正确" in await wrong.text()
    assert "登录名或口令不正确" in await unknown.text()


@pytest.mark.parametrize("name", ["li.si", "new.person", "left.person"], ids=["unknown", "no password", "deactivated"])
async def test_a_hash_is_verified_whoever_is_named(site: Site, name: str) -> None:
    await site.add("new.person")
    await choose_password(site.client, await site.add("left.person"))
    async with site.pool.connection() as connection:
        left = (await administration.find(connection, "left.person")).account
        await administration.deactivate_account(connection, left, TESTER, site.clock())
    hasher = CountingHasher()

    attempt = await SignIn(Guard(site.pool, make_settings(), site.clock), Passwords(hasher)).attempt(
        name, PASSWORD, "203.0.113.1"
    )

    assert attempt.account is None
    assert len(hasher.verified) == 1


async def test_a_hash_with_other_parameters_is_replaced_when_its_owner_signs_in(signed_in: Site) -> None:
    with psycopg.connect(signed_in.url) as connection:
        connection.execute("UPDATE accounts SET password_hash = %s", (CHEAP.hash(PASSWORD),))

    answer = await sign_in(signed_in.visitor())

    assert answer.status == 303
    ((password_hash,),) = signed_in.rows("SELECT password_hash FROM accounts")
    assert password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "/%09/evil", "javascript:alert(1)", "\\\\evil", ""],
)
async def test_signing_in_leads_to_no_other_site(signed_in: Site, elsewhere: str) -> None:
    visitor = signed_in.visitor()
    token = form_token(await (await visitor.get("/sign-in")).text())

    answer = await visitor.post(
        "/sign-in",
        params={"next": elsewhere.replace("%09", "\t")},
        data={"csrf": token, "name": "zhang.san", "password": PASSWORD},
        allow_redirects=False,
    )

    assert (answer.status, answer.headers["Location"]) == (303, "/account")


async def test_signing_in_leads_to_the_page_that_was_asked_for(signed_in: Site) -> None:
    answer = await sign_in(signed_in.visitor(), way="?next=%2Fwho%3Fx%3D1")

    assert answer.headers["Location"] == "/who?x=1"


# --- too many attempts --------------------------------------------------------------------------------------------


async def test_five_failures_lock_a_name_for_a_quarter_of_an_hour(signed_in: Site) -> None:
    visitor = signed_in.visitor()
    failures = [(await sign_in(visitor, password=OTHER_PASSWORD)).status for _ in range(5)]

    refused = await sign_in(visitor)

    assert failures == [401] * 5
    assert (refused.status, refused.headers["Retry-After"]) == (429, "900")
    assert "10:15:00 之后可再试" in await refused.text()
    assert signed_in.events()[-6:] == ["failed"] * 5 + ["locked"]


async def test_the_lock_ends_by_itself(signed_in: Site) -> None:
    visitor = signed_in.visitor()
    [await sign_in(visitor, password=OTHER_PASSWORD) for _ in range(5)]
    signed_in.clock.advance(minutes=15)

    assert (await sign_in(visitor)).status == 303


async def test_the_lock_holds_in_every_process_and_for_names_that_nobody_has(site: Site) -> None:
    [await sign_in(site.client, name="li.si") for _ in range(5)]

    async with account_site(site.url, site.clock, make_settings()) as other_process:
        refused = await sign_in(other_process.client, name="LI.SI")

    assert refused.status == 429


async def test_attempts_at_the_same_instant_are_all_counted(signed_in: Site) -> None:
    guard = Guard(signed_in.pool, make_settings(), signed_in.clock)
    judge = SignIn(guard, Passwords(CHEAP))

    async with asyncio.TaskGroup() as tasks:
        attempts = [
            tasks.create_task(judge.attempt("zhang.san", f"guess number {number}", "203.0.113.1"))
            for number in range(20)
        ]

    assert sum(attempt.result().locked_until is None for attempt in attempts) == 5


async def test_an_address_is_locked_after_fifty_failures_for_any_names(signed_in: Site) -> None:
    judge = SignIn(Guard(signed_in.pool, make_settings(), signed_in.clock), Passwords(CHEAP))
    [await judge.attempt(f"guessed-{number}", PASSWORD, "203.0.113.1") for number in range(50)]

    from_there = await judge.attempt("zhang.san", PASSWORD, "203.0.113.1")
    from_elsewhere = await judge.attempt("zhang.san", PASSWORD, "203.0.113.2")

    assert from_there.locked_until is not None
    assert from_elsewhere.locked_until is None


async def test_who_signs_in_often_from_one_address_locks_nobody_out(signed_in: Site) -> None:
    with psycopg.connect(signed_in.url) as connection:
        connection.execute("UPDATE accounts SET password_hash = %s", (CHEAP.hash(PASSWORD),))
    judge = SignIn(Guard(signed_in.pool, make_settings(), signed_in.clock), Passwords(CHEAP))

    attempts = [await judge.attempt("zhang.san", PASSWORD, "203.0.113.1") for _ in range(60)]

    assert all(attempt.account is not None for attempt in attempts)


async def test_a_forwarded_address_counts_only_behind_a_proxy_that_the_settings_name(
    database_url: str, clock: FakeClock
) -> None:
    async with account_site(database_url, clock, make_settings(trusted_proxies=1)) as site:
        await site.add()
        token = form_token(await (await site.client.get("/sign-in")).text())
        await site.client.post(
            "/sign-in",
            data={"csrf": token, "name": "zhang.san", "password": "x"},
            headers=CIMultiDict([("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-For", "203.0.113.7")]),
        )

        assert site.rows("SELECT address FROM account_events WHERE event_kind = 'failed'") == [("203.0.113.7",)]


async def test_without_a_proxy_nobody_chooses_the_address_that_is_counted(site: Site) -> None:
    token = form_token(await (await site.client.get("/sign-in")).text())

    await site.client.post(
        "/sign-in",
        data={"csrf": token, "name": "zhang.san", "password": "x"},
        headers={"X-Forwarded-For": "203.0.113.7"},
    )

    assert site.rows("SELECT address FROM account_events") == [("127.0.0.1",)]


# --- sessions -----------------------------------------------------------------------------------------------------


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    answer = await choose_password(site.client, await site.add())

    cookie = answer.cookies["planwatch_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")


async def test_the_cookie_is_for_https_only_where_the_site_is(database_url: str, clock: FakeClock) -> None:
    settings = make_settings(alerts_url="https://alerts.test")
    async with account_site(database_url, clock, settings) as site:
        link = await site.add()
        page = await site.client.get(link)
        form_cookie = page.cookies["__Host-planwatch_form"]
        answer = await site.client.post(
            link,
            data={"csrf": form_token(await page.text()), "password": PASSWORD, "again": PASSWORD},
            headers={"Cookie": f"__Host-planwatch_form={form_cookie.value}"},
            allow_redirects=False,
        )

    cookie = answer.cookies["__Host-planwatch_session"]
    assert (form_cookie["secure"], cookie["secure"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


async def test_a_token_that_was_planted_before_signing_in_opens_nothing(signed_in: Site) -> None:
    visitor = signed_in.visitor()
    visitor.session.cookie_jar.update_cookies({"planwatch_session": "planted"}, signed_in.client.make_url("/"))

    answer = await sign_in(visitor)

    assert answer.cookies["planwatch_session"].value != "planted"
    thief = await signed_in.visitor().get(
        "/who", headers={"Cookie": "planwatch_session=planted"}, allow_redirects=False
    )
    assert thief.status == 303


async def test_signing_in_again_ends_the_session_that_the_browser_had(signed_in: Site) -> None:
    before = session_cookie(signed_in)
    visitor = signed_in.visitor()
    token = form_token(await (await visitor.get("/sign-in")).text())
    form_cookie = next(c.value for c in visitor.session.cookie_jar if c.key == "planwatch_form")

    await visitor.post(
        "/sign-in",
        data={"csrf": token, "name": "zhang.san", "password": PASSWORD},
        headers={"Cookie": f"planwatch_form={form_cookie}; planwatch_session={before}"},
        allow_redirects=False,
    )

    assert (await signed_in.client.get("/who", allow_redirects=False)).status == 303


async def test_a_session_ends_after_an_idle_hour(signed_in: Site) -> None:
    signed_in.clock.advance(minutes=59)
    used = await signed_in.client.get("/who", allow_redirects=False)
    signed_in.clock.advance(minutes=59)
    used_again = await signed_in.client.get("/who", allow_redirects=False)
    signed_in.clock.advance(minutes=60)
    idle = await signed_in.client.get("/who", allow_redirects=False)

    assert (used.status, used_again.status, idle.status) == (200, 200, 303)


async def test_a_session_ends_after_twelve_hours_however_busy(signed_in: Site) -> None:
    answers = [await advance_and_look(signed_in, minutes=30) for _ in range(24)]

    assert answers == [200] * 23 + [303]


async def test_signing_out_ends_the_session_on_the_server(signed_in: Site) -> None:
    cookie = session_cookie(signed_in)

    answer = await post(signed_in.client, "/account", "/sign-out")

    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in")
    kept = await signed_in.visitor().get(
        "/who", headers={"Cookie": f"planwatch_session={cookie}"}, allow_redirects=False
    )
    assert kept.status == 303


async def test_changing_the_password_ends_every_other_session_and_renews_this_one(signed_in: Site) -> None:
    elsewhere = signed_in.visitor()
    await sign_in(elsewhere)
    before = session_cookie(signed_in)

    answer = await post(
        signed_in.client,
        "/account",
        "/account/password",
        present=PASSWORD,
        password=OTHER_PASSWORD,
        again=OTHER_PASSWORD,
    )

    assert (answer.status, answer.headers["Location"]) == (303, "/account")
    assert session_cookie(signed_in) != before
    assert (await signed_in.client.get("/who", allow_redirects=False)).status == 200
    assert (await elsewhere.get("/who", allow_redirects=False)).status == 303
    assert (await sign_in(signed_in.visitor(), password=OTHER_PASSWORD)).status == 303


async def test_the_password_is_not_changed_without_the_present_one(signed_in: Site) -> None:
    answer = await post(
        signed_in.client,
        "/account",
        "/account/password",
        present=OTHER_PASSWORD,
        password=OTHER_PASSWORD,
        again=OTHER_PASSWORD,
    )

    assert answer.status == 422
    assert (await sign_in(signed_in.visitor())).status == 303


async def test_ending_the_other_sessions_keeps_this_one(signed_in: Site) -> None:
    elsewhere = signed_in.visitor()
    await sign_in(elsewhere)

    await post(signed_in.client, "/account", "/account/sessions/end")

    assert (await signed_in.client.get("/who", allow_redirects=False)).status == 200
    assert (await elsewhere.get("/who", allow_redirects=False)).status == 303


async def test_deactivating_an_account_ends_sessions_tokens_and_links_at_once(signed_in: Site) -> None:
    token = await signed_in.token(Scope.READ)
    async with signed_in.pool.connection() as connection:
        account = (await administration.find(connection, "zhang.san")).account
        link = await administration.make_link(
            connection, account, LinkPurpose.CHOOSE_PASSWORD, TESTER, signed_in.clock()
        )
        await administration.deactivate_account(connection, account, TESTER, signed_in.clock())

    assert (await signed_in.client.get("/who", allow_redirects=False)).status == 303
    assert (await signed_in.client.get("/api/v1/note", headers=bearer(token))).status == 401
    assert (await signed_in.visitor().get(link)).status == 404
    assert (await sign_in(signed_in.visitor())).status == 401


# --- forms --------------------------------------------------------------------------------------------------------


async def test_a_form_with_its_token_is_taken(signed_in: Site) -> None:
    answer = await post(signed_in.client, "/account", "/note")

    assert (answer.status, await answer.text()) == (200, "noted by 张三")


@pytest.mark.parametrize("token", [None, "", "0" * 64, "非"])
async def test_a_form_without_the_right_token_is_refused(signed_in: Site, token: str | None) -> None:
    answer = await signed_in.client.post("/note", data={} if token is None else {"csrf": token})

    assert answer.status == 403
    assert "没有执行任何操作" in await answer.text()


async def test_the_token_of_another_session_is_refused(signed_in: Site) -> None:
    visitor = signed_in.visitor()
    await sign_in(visitor)
    others = form_token(await (await visitor.get("/account")).text())

    answer = await signed_in.client.post("/note", data={"csrf": others})

    assert answer.status == 403


async def test_nobody_is_signed_in_by_a_form_of_another_site(signed_in: Site) -> None:
    attacker, victim = signed_in.visitor(), signed_in.visitor()
    token = form_token(await (await attacker.get("/sign-in")).text())

    answer = await victim.post("/sign-in", data={"csrf": token, "name": "zhang.san", "password": PASSWORD})

    assert answer.status == 403


async def test_signing_out_takes_a_form(signed_in: Site) -> None:
    assert (await signed_in.client.post("/sign-out")).status == 403
    assert (await signed_in.client.get("/sign-out")).status == 405


# --- what is open -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/signed/abc", "/metrics", "/healthz", "/static/planwatch.css", "/sign-in"])
async def test_what_is_marked_as_open_needs_no_account(site: Site, address: str) -> None:
    assert (await site.client.get(address, allow_redirects=False)).status == 200


@pytest.mark.parametrize("address", ["/who", "/account", "/accounts"])
async def test_everything_else_asks_for_one(site: Site, address: str) -> None:
    assert (await site.client.get(address, allow_redirects=False)).status == 303


@pytest.mark.parametrize("address", ["/static/..%2Faccess.py", "/static/__init__.py", "/nowhere"])
async def test_what_is_not_there_is_not_found(site: Site, address: str) -> None:
    assert (await site.client.get(address, allow_redirects=False)).status == 404


async def test_pages_run_no_script_stay_out_of_frames_and_out_of_stores(signed_in: Site) -> None:
    headers = (await signed_in.client.get("/account")).headers

    assert "script-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


# --- programs -----------------------------------------------------------------------------------------------------


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_token_that_reads_does_not_write(signed_in: Site) -> None:
    token = await signed_in.token(Scope.READ)

    read = await signed_in.visitor().get("/api/v1/note", headers=bearer(token))
    written = await signed_in.visitor().post("/api/v1/note", headers=bearer(token))

    assert (read.status, written.status) == (200, 403)
    assert (await written.json())["en"] == "this token may only read"


async def test_a_token_that_writes_needs_no_form_token_and_reads_too(signed_in: Site) -> None:
    token = await signed_in.token(Scope.WRITE)

    read = await signed_in.visitor().get("/api/v1/note", headers=bearer(token))
    written = await signed_in.visitor().post("/api/v1/note", headers=bearer(token))

    assert (read.status, written.status) == (200, 200)


@pytest.mark.parametrize("headers", [{}, bearer("pwt_wrong"), {"Authorization": "Basic eDp5"}, bearer("")])
async def test_the_api_answers_nobody_without_a_token(site: Site, headers: dict[str, str]) -> None:
    answer = await site.client.get("/api/v1/note", headers=headers, allow_redirects=False)

    assert (answer.status, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_session_is_no_token(signed_in: Site) -> None:
    cookie = session_cookie(signed_in)

    assert (await signed_in.client.post("/api/v1/note")).status == 401
    assert (await signed_in.visitor().get("/api/v1/note", headers=bearer(cookie))).status == 401


async def test_a_token_is_no_session(signed_in: Site) -> None:
    token = await signed_in.token(Scope.WRITE)

    answer = await signed_in.visitor().get("/who", headers=bearer(token), allow_redirects=False)

    assert answer.status == 303


async def test_a_token_expires(signed_in: Site) -> None:
    token = await signed_in.token(Scope.READ, days=1)
    signed_in.clock.advance(days=1)

    assert (await signed_in.visitor().get("/api/v1/note", headers=bearer(token))).status == 401


async def test_a_token_is_made_shown_once_and_revoked_on_the_page(signed_in: Site) -> None:
    made = await post(signed_in.client, "/account", "/account/tokens", name="取数", scope="read", days="30")
    token = shown_token(await made.text())
    worked = await signed_in.visitor().get("/api/v1/account", headers=bearer(token))
    shown_again = token in await (await signed_in.client.get("/account")).text()
    ((token_id,),) = signed_in.rows("SELECT token_id FROM account_tokens")

    await post(signed_in.client, "/account", "/account/tokens/revoke", token_id=str(token_id))

    assert (await worked.json())["sign_in_name"] == "zhang.san"
    assert not shown_again
    assert (await signed_in.visitor().get("/api/v1/account", headers=bearer(token))).status == 401


async def test_nobody_revokes_the_token_of_another(signed_in: Site) -> None:
    token = await signed_in.token(Scope.READ)
    ((token_id,),) = signed_in.rows("SELECT token_id FROM account_tokens")
    other = signed_in.visitor()
    await choose_password(other, await signed_in.add("li.si"), OTHER_PASSWORD)

    await post(other, "/account", "/account/tokens/revoke", token_id=str(token_id))

    assert (await signed_in.visitor().get("/api/v1/note", headers=bearer(token))).status == 200


@pytest.mark.parametrize("days", ["0", "367", "-1", "x", "", "99999999999"])
async def test_a_token_without_a_proper_end_is_not_made(signed_in: Site, days: str) -> None:
    answer = await post(signed_in.client, "/account", "/account/tokens", name="取数", scope="write", days=days)

    assert answer.status == 422
    assert signed_in.rows("SELECT count(*) FROM account_tokens") == [(0,)]


# --- what is kept -------------------------------------------------------------------------------------------------


async def test_no_secret_stands_in_any_table(signed_in: Site) -> None:
    await sign_in(signed_in.visitor(), name=OTHER_PASSWORD, password="typed into the wrong field")
    link = await signed_in.add("li.si")
    token = await signed_in.token(Scope.WRITE)

    kept = "\n".join(
        str(row)
        for (table,) in signed_in.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for row in signed_in.rows(f"SELECT to_jsonb(t)::text FROM {table} AS t")  # noqa: S608
    )

    assert "zhang.san" in kept
    secrets = [PASSWORD, OTHER_PASSWORD, session_cookie(signed_in), link.rpartition("/")[2], token, token[4:]]
    assert [secret for secret in secrets if secret in kept] == []


async def test_what_happened_cannot_be_changed(signed_in: Site) -> None:
    with psycopg.connect(signed_in.url) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute("DELETE FROM account_events")


async def test_the_record_says_who_did_what_from_where(signed_in: Site) -> None:
    (added, *_, last) = signed_in.rows("SELECT event_kind, actor, address FROM account_events ORDER BY event_id")
    account = await signed_in.account()

    assert added == ("added", "cli:tester", "local")
    assert last == ("signed_in", account.account_id, "127.0.0.1")


async def test_a_lock_that_is_over_is_forgotten(signed_in: Site) -> None:
    judge = SignIn(Guard(signed_in.pool, make_settings(), signed_in.clock), Passwords(CHEAP))
    await judge.attempt("li.si", "x", "203.0.113.1")
    signed_in.clock.advance(hours=1)

    await judge.attempt("wang.wu", "x", "203.0.113.2")

    subjects = signed_in.rows("SELECT count(*) FROM sign_in_throttles WHERE subject LIKE 'address:203%'")
    assert subjects == [(1,)]


# --- administrators -----------------------------------------------------------------------------------------------


@pytest.fixture
async def administrator(site: Site) -> Site:
    """The site, with an administrator signed in and the officer 张三 added."""
    await site.add()
    await choose_password(site.client, await site.add("root", Role.ADMINISTRATOR))
    return site


@pytest.mark.parametrize("role", [Role.OFFICER, Role.HEAD, Role.COORDINATOR])
async def test_only_administrators_see_and_change_accounts(site: Site, role: Role) -> None:
    await choose_password(site.client, await site.add("somebody", role))
    await site.add()
    other = (await site.account()).account_id

    seen = await site.client.get("/accounts")
    answers = [
        (await post(site.client, "/account", f"/accounts{way}", role="administrator")).status
        for way in ("", f"/{other}/role", f"/{other}/reset", f"/{other}/deactivate", f"/{other}/reactivate")
    ]

    assert seen.status == 403
    assert answers == [403] * 5
    assert site.rows("SELECT count(*) FROM accounts WHERE role = 'administrator'") == [(0,)]


async def test_an_administrator_adds_an_account_and_gets_a_link_to_hand_over(administrator: Site) -> None:
    answer = await post(
        administrator.client,
        "/accounts",
        "/accounts",
        sign_in_name="Wang.Wu",
        name="王五",
        role="head",
        agency_id="zhongwei-education",
    )

    link = shown_link(await answer.text())
    assert (await choose_password(administrator.visitor(), link, OTHER_PASSWORD)).status == 303
    assert (await administrator.account("wang.wu")).role is Role.HEAD


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sign_in_name": "zhang.san"}, "已有人使用"),
        ({"sign_in_name": "a b"}, "登录名须为"),
        ({"name": " "}, "姓名须为"),
        ({"role": "emperor"}, "没有这个角色"),
        ({"agency_id": ""}, "只有管理员"),
        ({"agency_id": "nowhere"}, "没有单位"),
        ({"name": "王\u200f五"}, "姓名须为"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_with_the_reason(
    administrator: Site, fields: dict[str, str], reason: str
) -> None:
    proper = {"sign_in_name": "wang.wu", "name": "王五", "role": "head", "agency_id": "zhongwei-education"}
    answer = await post(administrator.client, "/accounts", "/accounts", **{**proper, **fields})

    assert answer.status == 422
    assert reason in await answer.text()


async def test_an_administrator_changes_a_role_from_the_next_request_on(administrator: Site) -> None:
    account = await administrator.account()

    await post(
        administrator.client,
        "/accounts",
        f"/accounts/{account.account_id}/role",
        role="coordinator",
        agency_id="zhongwei-education",
    )

    assert (await administrator.account()).role is Role.COORDINATOR
    assert administrator.rows(
        "SELECT detail ->> 'role', detail -> 'former' ->> 'role' FROM account_events WHERE event_kind = 'role_changed'"
    ) == [("coordinator", "officer")]


async def test_an_administrator_deactivates_and_reactivates(administrator: Site) -> None:
    account_id = (await administrator.account()).account_id

    await post(administrator.client, "/accounts", f"/accounts/{account_id}/deactivate")
    answer = await post(administrator.client, "/accounts", f"/accounts/{account_id}/reactivate")

    assert (await choose_password(administrator.visitor(), shown_link(await answer.text()))).status == 303
    assert [kind for kind in administrator.events() if kind.endswith("activated")] == ["deactivated", "reactivated"]


async def test_resetting_takes_password_sessions_and_tokens_back(administrator: Site) -> None:
    officer = administrator.visitor()
    account = await administrator.account()
    async with administrator.pool.connection() as connection:
        link = await administration.make_link(
            connection, account, LinkPurpose.CHOOSE_PASSWORD, TESTER, administrator.clock()
        )
    await choose_password(officer, link)
    token = await administrator.token(Scope.READ)

    answer = await post(administrator.client, "/accounts", f"/accounts/{account.account_id}/reset")

    assert (await officer.get("/who", allow_redirects=False)).status == 303
    assert (await officer.get("/api/v1/note", headers=bearer(token))).status == 401
    assert (await sign_in(administrator.visitor())).status == 401
    assert (await choose_password(administrator.visitor(), shown_link(await answer.text()))).status == 303


@pytest.mark.parametrize("action", ["role", "reset", "deactivate"])
async def test_an_administrator_cannot_leave_the_site_without_one(administrator: Site, action: str) -> None:
    own = (await administrator.account("root")).account_id

    answer = await post(administrator.client, "/accounts", f"/accounts/{own}/{action}", role="officer")

    assert answer.status == 409
    assert (await administrator.client.get("/accounts")).status == 200


async def test_names_are_escaped_wherever_they_stand(administrator: Site) -> None:
    hostile = '<script>alert("x")</script>'
    await post(
        administrator.client,
        "/accounts",
        "/accounts",
        sign_in_name="wang.wu",
        name=hostile,
        role="administrator",
        agency_id='"><b>',
    )
    async with administrator.pool.connection() as connection:
        account = await administration.add_account(
            connection, "li.si", hostile, Role.ADMINISTRATOR, None, Actor("cli:x", hostile), administrator.clock()
        )
        link = await administration.make_link(
            connection, account, LinkPurpose.CHOOSE_PASSWORD, TESTER, administrator.clock()
        )
    visitor = administrator.visitor()
    await choose_password(visitor, link)
    pages = [
        await (await administrator.client.get("/accounts")).text(),
        await (await visitor.get("/account")).text(),
        await (await sign_in(administrator.visitor(), name='"><script>')).text(),
    ]

    assert all("<script>" not in page and '"><b>' not in page for page in pages)
    assert all("&lt;script&gt;" in page for page in pages)


async def test_pages_are_in_english_where_the_address_asks_for_it(administrator: Site) -> None:
    page = await (await administrator.client.get("/accounts?lang=en")).text()

    assert '<html lang="en">' in page
    assert "Add an account" in page
    assert "Sign out" in page


def session_cookie(site: Site) -> str:
    return next(c.value for c in site.client.session.cookie_jar if c.key == "planwatch_session")


async def advance_and_look(site: Site, *, minutes: int) -> int:
    site.clock.advance(minutes=minutes)
    return (await site.client.get("/who", allow_redirects=False)).status


def shown_token(page: str) -> str:
    found = re.search(r"pwt_[\w-]{43}", page)
    assert found is not None
    return found.group()


def shown_link(page: str) -> str:
    found = re.search(r"/choose-password/[\w-]{43}", page)
    assert found is not None
    return found.group()
