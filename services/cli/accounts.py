"""`planwatch account`: who may sign in. Passwords are never given here; people choose them by a one-time link."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from psycopg import AsyncConnection

from planwatch.local_time import LOCAL_TIME
from services.accounts import administration, store
from services.accounts.account import ROLE_NAMES, Role
from services.accounts.session_store import LinkPurpose, Scope
from services.accounts.store import Actor, Connection
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table
from services.clock import system_clock
from services.database import conninfo_as, wrap_errors

Result = TypeVar("Result")

json_option = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
LINK_KEEP = "一次性链接，3天内有效，只显示这一次；请交给本人设置口令"
LINK_KEEP_EN = "one-time link, valid for 3 days, shown this once; hand it to its owner"


@click.group()
def account() -> None:
    """账号：谁能登录，什么角色。 Who may sign in, and in which role."""


@account.command()
@click.argument("sign_in_name")
@click.option("--name", required=True, help="姓名。 Name that others read.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="角色。 Role.")
@click.option("--agency", "agency_id", help="单位代码；管理员可不填。 Agency; an administrator may have none.")
@json_option
@data_dir_option
def add(sign_in_name: str, name: str, role: str, agency_id: str | None, as_json: bool, data_dir: Path | None) -> None:
    """新建账号，输出设置口令的一次性链接。 Add an account; prints the link to choose a password."""

    async def act(connection: Connection) -> tuple[str, str]:
        actor, now = _actor(), system_clock()
        added = await administration.add_account(connection, sign_in_name, name, Role(role), agency_id, actor, now)
        path = await administration.make_link(connection, added, LinkPurpose.CHOOSE_PASSWORD, actor, now)
        return added.sign_in_name, path

    added_name, path = _in_transaction(data_dir, act)
    _print_link(added_name, path, as_json, data_dir)


@account.command("list")
@json_option
@data_dir_option
def list_accounts(as_json: bool, data_dir: Path | None) -> None:
    """列出全部账号。 All accounts."""
    rows = _in_transaction(data_dir, store.load_accounts)
    if as_json:
        print_json(rows)
        return
    print_table(
        f"账号 {len(rows)} 个",
        ("登录名", "姓名", "角色", "单位", "状态", "最近登录"),
        [
            (
                row["sign_in_name"],
                row["name"],
                ROLE_NAMES[Role(row["role"])].zh,
                row["agency_name_zh"],
                "已停用" if row["deactivated_at"] else "在用" if row["has_password"] else "待设口令",
                row["signed_in_at"] and f"{row['signed_in_at'].astimezone(LOCAL_TIME):%Y-%m-%d %H:%M}",
            )
            for row in rows
        ],
    )


@account.command()
@click.argument("sign_in_name")
@data_dir_option
def deactivate(sign_in_name: str, data_dir: Path | None) -> None:
    """停用账号：登录、令牌、链接随即失效。 Deactivate an account; sessions, tokens and links end at once."""

    async def act(connection: Connection) -> None:
        known = await administration.find_active(connection, sign_in_name)
        await administration.deactivate_account(connection, known, _actor(), system_clock())

    _in_transaction(data_dir, act)
    click.echo(f"已停用 deactivated: {sign_in_name}")


@account.command()
@click.argument("sign_in_name")
@json_option
@data_dir_option
def reset(sign_in_name: str, as_json: bool, data_dir: Path | None) -> None:
    """收回口令、登录和令牌，输出新的一次性链接；已停用的账号随之恢复。 Begin anew; reactivates as well.

    Take back password, sessions and tokens and print a link to choose a password; reactivates the account as well.
    """

    async def act(connection: Connection) -> tuple[str, str]:
        known, actor, now = await administration.find(connection, sign_in_name), _actor(), system_clock()
        begin_anew = administration.reset_account if known.is_active else administration.reactivate_account
        return known.account.sign_in_name, await begin_anew(connection, known.account, actor, now)

    found_name, path = _in_transaction(data_dir, act)
    _print_link(found_name, path, as_json, data_dir)


@account.command()
@click.argument("sign_in_name")
@click.option("--name", required=True, help="用途。 What the token is for.")
@click.option(
    "--scope", type=click.Choice([scope.value for scope in Scope]), default=Scope.READ.value, show_default=True
)
@click.option("--days", type=int, default=90, show_default=True, help="有效天数。 Days valid.")
@json_option
@data_dir_option
def token(sign_in_name: str, name: str, scope: str, days: int, as_json: bool, data_dir: Path | None) -> None:
    """为账号生成接口令牌，只显示这一次。 Make an API token of an account, shown this once."""

    async def act(connection: Connection) -> str:
        owner = await administration.find_active(connection, sign_in_name)
        return await administration.make_token(connection, owner, name, Scope(scope), days, _actor(), system_clock())

    made = _in_transaction(data_dir, act)
    if as_json:
        print_json({"sign_in_name": sign_in_name, "name": name, "scope": scope, "days": days, "token": made})
    else:
        click.echo(made)


def _in_transaction(data_dir: Path | None, act: Callable[[Connection], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        conninfo = conninfo_as(find_running(data_dir).database_url, store.ROLE, "planwatch-account")
        with wrap_errors():
            async with await AsyncConnection[Any].connect(conninfo, connect_timeout=10) as connection:
                return await act(connection)

    return asyncio.run(run())


def _actor() -> Actor:
    return Actor(f"cli:{getpass.getuser()}", "local")


def _print_link(sign_in_name: str, path: str, as_json: bool, data_dir: Path | None) -> None:
    address = find_running(data_dir).alerts_url + path
    if as_json:
        print_json({"sign_in_name": sign_in_name, "link": address})
        return
    click.echo(address)
    click.echo(f"{LINK_KEEP} / {LINK_KEEP_EN}: {sign_in_name}", err=True)
