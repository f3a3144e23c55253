"""Accounts over the API and at the command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from aiohttp import ClientResponse
from click.testing import CliRunner

from planwatch.plan import Plan
from services.accounts.account import AccountRefused, Role
from services.accounts.session_store import Scope
from services.cli.accounts import account as account_command
from services.cli.trial_accounts import trial_sign_ins
from tests.account_site import OTHER_PASSWORD, Site, account_site, choose_password, post, sign_in
from tests.builders import make_settings, real_plan
from tests.fakes import FakeClock

pytestmark = pytest.mark.embedded

WANG = {"sign_in_name": "wang.wu", "name": "王五", "role": "head", "agency_id": "zhongwei-education"}


@pytest.fixture
async def site(database_url: str, clock: FakeClock) -> AsyncIterator[Site]:
    async with account_site(database_url, clock, make_settings()) as site:
        yield site


@pytest.fixture
async def token(site: Site) -> str:
    """A token of an administrator that writes."""
    await site.add("root", Role.ADMINISTRATOR)
    return await site.token(Scope.WRITE, name="root")


async def ask(site: Site, token: str, method: str, address: str, body: object = None) -> ClientResponse:
    return await site.visitor().request(
        method, "/api/v1" + address, json=body, headers={"Authorization": f"Bearer {token}"}
    )


# --- over the API -------------------------------------------------------------------------------------------------


async def test_a_program_adds_an_account_whose_owner_chooses_the_password(site: Site, token: str) -> None:
    answer = await ask(site, token, "POST", "/accounts", WANG)

    added = await answer.json()
    link = added.pop("link").removeprefix("http://alerts.test")
    added.pop("account_id")
    assert (answer.status, added) == (201, WANG)
    assert (await choose_password(site.visitor(), link)).status == 303


async def test_a_program_lists_accounts_without_their_secrets(site: Site, token: str) -> None:
    await ask(site, token, "POST", "/accounts", WANG)

    listed = (await (await ask(site, token, "GET", "/accounts")).json())["accounts"]

    assert [row["sign_in_name"] for row in listed] == ["root", "wang.wu"]
    assert listed[1].keys() == {*WANG, "account_id", "is_active", "has_password", "signed_in_at"}


async def test_a_program_changes_a_role_resets_deactivates_and_reactivates(site: Site, token: str) -> None:
    address = "/accounts/" + (await (await ask(site, token, "POST", "/accounts", WANG)).json())["account_id"]

    role = await ask(site, token, "POST", address + "/role", {"role": "coordinator", "agency_id": "zhongwei-education"})
    reset = await ask(site, token, "POST", address + "/reset")
    left = await ask(site, token, "POST", address + "/deactivate")
    left_twice = await ask(site, token, "POST", address + "/deactivate")
    back = await ask(site, token, "POST", address + "/reactivate")

    assert [answer.status for answer in (role, reset, left, left_twice, back)] == [200, 200, 200, 409, 200]
    assert (await role.json())["role"] == "coordinator"
    assert "link" in await reset.json()
    assert "link" in await back.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ("text", 400),
        ({**WANG, "name": 7}, 400),
        ({}, 422),
        ({**WANG, "role": "emperor"}, 422),
        ({**WANG, "agency_id": None}, 422),
        ({**WANG, "agency_id": "\x00nowhere"}, 422),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(site: Site, token: str, body: object, status: int) -> None:
    answer = await ask(site, token, "POST", "/accounts", body)

    assert answer.status == status
    assert {"zh", "en"} <= (await answer.json()).keys()


async def test_only_an_administrators_token_keeps_accounts(site: Site, token: str) -> None:
    await site.add()
    officers = await site.token(Scope.WRITE)
    reading = await site.token(Scope.READ, name="root")

    assert (await ask(site, officers, "GET", "/accounts")).status == 403
    assert (await ask(site, officers, "POST", "/accounts", WANG)).status == 403
    assert (await ask(site, reading, "POST", "/accounts", WANG)).status == 403
    assert (await ask(site, reading, "GET", "/accounts")).status == 200


async def test_an_account_that_is_not_there_is_not_found(site: Site, token: str) -> None:
    assert (await ask(site, token, "POST", "/accounts/nobody/reset")).status == 404


# --- at the command line ------------------------------------------------------------------------------------------


@pytest.fixture
def command(database_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", database_url)
    monkeypatch.setenv("PLANWATCH_ALERTS_URL", "http://alerts.test")
    return CliRunner()


def run(command: CliRunner, *arguments: str) -> Any:  # noqa: ANN401
    """What the command answers as JSON."""
    result = command.invoke(account_command, [*arguments, "--json"], catch_exceptions=False)
    return json.loads(result.stdout)


def add(command: CliRunner, name: str = "zhang.san") -> str:
    agency = ("--agency", "zhongwei-education")
    link: str = run(command, "add", name, "--name", "张三", "--role", "officer", *agency)["link"]
    return link


def test_the_command_adds_and_lists(command: CliRunner) -> None:
    link = add(command)

    (row,) = run(command, "list")

    assert link.startswith("http://alerts.test/choose-password/")
    assert (row["sign_in_name"], row["role"], row["has_password"]) == ("zhang.san", "officer", False)


def test_the_table_shows_roles_in_words(command: CliRunner) -> None:
    add(command)

    printed = command.invoke(account_command, ["list"], env={"COLUMNS": "200"}).stdout

    assert "经办人" in printed
    assert "待设口令" in printed


def test_the_command_resets_with_a_new_link_each_time(command: CliRunner) -> None:
    links = {add(command), run(command, "reset", "zhang.san")["link"], run(command, "reset", "zhang.san")["link"]}

    assert len(links) == 3


def test_a_deactivated_account_gets_no_token_until_it_is_reset(command: CliRunner) -> None:
    add(command)
    command.invoke(account_command, ["deactivate", "zhang.san"], catch_exceptions=False)

    with pytest.raises(AccountRefused, match="已停用"):
        command.invoke(account_command, ["token", "zhang.san", "--name", "x"], catch_exceptions=False)
    run(command, "reset", "zhang.san")
    token = run(command, "token", "zhang.san", "--name", "x")["token"]

    assert token.startswith("pwt_")


def test_an_account_that_is_not_there_is_told_as_such(command: CliRunner) -> None:
    with pytest.raises(AccountRefused, match="没有账号"):
        command.invoke(account_command, ["reset", "li.si"], catch_exceptions=False)


def test_the_command_leaves_a_record_of_who_ran_it(command: CliRunner, database_url: str) -> None:
    add(command)
    with psycopg.connect(database_url) as connection:
        actors = connection.execute("SELECT DISTINCT actor, address FROM account_events").fetchall()

    assert [(actor.partition(":")[0], address) for actor, address in actors] == [("cli", "local")]


# --- to try -------------------------------------------------------------------------------------------------------


@pytest.fixture
def plans() -> list[Plan]:
    return [real_plan("zhongwei")]


def test_without_a_warning_there_is_nobody_to_work_on_one(database_url: str, plans: list[Plan]) -> None:
    found = trial_sign_ins(database_url, "http://alerts.test", plans)

    assert [(entry["role"], entry["agency_id"]) for entry in found] == [
        ("coordinator", plans[0].coordinating_agency),
        ("administrator", None),
    ]
    assert all("模拟" in entry["name"] and entry["simulated"] for entry in found)


async def test_trial_accounts_of_before_are_used_again_with_new_links(site: Site, plans: list[Plan]) -> None:
    first = await asyncio.to_thread(trial_sign_ins, site.url, "", plans)
    second = await asyncio.to_thread(trial_sign_ins, site.url, "", plans)

    entered = await post(site.client, second[0]["link"], second[0]["link"])

    assert site.rows("SELECT count(*) FROM accounts") == [(2,)]
    assert (await site.visitor().get(first[0]["link"])).status == 404
    assert entered.status == 303


async def test_nobody_guesses_into_a_trial_account(site: Site, plans: list[Plan]) -> None:
    await asyncio.to_thread(trial_sign_ins, site.url, "", plans)

    assert (await sign_in(site.client, name="trial.administrator", password=OTHER_PASSWORD)).status == 401
