"""Accounts to try Planwatch with, on embedded servers only: simulated people who sign in by one-time links."""

from __future__ import annotations

import asyncio
from typing import Any

import click
from psycopg import AsyncConnection

from planwatch.plan import Plan
from services.accounts import administration, store
from services.accounts.account import ROLE_NAMES, Account, Role
from services.accounts.session_store import LinkPurpose
from services.accounts.store import Actor, Connection
from services.clock import system_clock
from services.database import conninfo_as, wrap_errors

PLANWATCH_UP = Actor("cli:planwatch-up", "local")


def trial_sign_ins(database_url: str, alerts_url: str, plans: list[Plan]) -> list[dict[str, Any]]:
    """One-time links for an administrator, a coordinating body, and an officer of the agency with the gravest warning.

    Each is `{"role", "name", "agency_id", "link", "simulated": True}`; accounts of an earlier run are used again.
    """
    return asyncio.run(_sign_ins(database_url, alerts_url, plans))


def print_sign_ins(sign_ins: list[dict[str, Any]]) -> None:
    """Where to sign in, one line for each role; nothing where there are no such accounts."""
    if not sign_ins:
        return
    click.echo("试用登录（模拟账号，链接各用一次） sign in to try (simulated accounts, each link works once):")
    for entry in sign_ins:
        title = ROLE_NAMES[Role(entry["role"])]
        click.echo(f"  {title.zh} {title.en} {entry['agency_id'] or ''}\n    {entry['link']}")


async def _sign_ins(database_url: str, alerts_url: str, plans: list[Plan]) -> list[dict[str, Any]]:
    conninfo = conninfo_as(database_url, store.ROLE, "planwatch-up")
    with wrap_errors():
        async with await AsyncConnection[Any].connect(conninfo, connect_timeout=10) as connection:
            owner, coordinating = await _gravest(connection) or (None, plans[0].coordinating_agency)
            wanted = [(Role.COORDINATOR, coordinating), (Role.OFFICER, owner), (Role.ADMINISTRATOR, None)]
            accounts = [
                await _account(connection, role, agency_id)
                for role, agency_id in wanted
                if agency_id is not None or role is Role.ADMINISTRATOR
            ]
            return [
                {
                    "role": account.role,
                    "name": account.name,
                    "agency_id": account.agency_id,
                    "link": alerts_url
                    + await administration.make_link(
                        connection, account, LinkPurpose.SIGN_IN, PLANWATCH_UP, system_clock()
                    ),
                    "simulated": True,
                }
                for account in accounts
            ]


async def _gravest(connection: Connection) -> tuple[str, str] | None:
    """Owner and coordinating agency of the gravest warning that stands."""
    cursor = await connection.execute(
        """
        SELECT agency_id, coordinating_agency FROM early_warnings
        WHERE state <> 'closed' AND coordinating_agency IS NOT NULL
        ORDER BY array_position(ARRAY['red', 'orange', 'yellow', 'blue'], level), case_id LIMIT 1
        """
    )
    return await cursor.fetchone()


async def _account(connection: Connection, role: Role, agency_id: str | None) -> Account:
    name, now = f"trial.{role}", system_clock()
    known = await store.find_account(connection, name)
    if known is None:
        person = f"试用{ROLE_NAMES[role].zh}（模拟）"
        return await administration.add_account(connection, name, person, role, agency_id, PLANWATCH_UP, now)
    if not known.is_active:
        await administration.reactivate_account(connection, known.account, PLANWATCH_UP, now)
    if (known.account.role, known.account.agency_id) != (role, agency_id):
        return await administration.change_role(connection, known.account, role, agency_id, PLANWATCH_UP, now)
    return known.account
