"""SQL of accounts and of what happened to them. Every function runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services.accounts.account import Account, Role

Connection = AsyncConnection[Any]

ROLE = "planwatch_alerts"
"""The database role of the service that serves the pages of accounts."""

ACCOUNT_COLUMNS = "a.account_id, a.sign_in_name, a.name, a.agency_id, a.role"
ANONYMOUS = "anonymous"


class EventKind(StrEnum):
    """What can happen to an account."""

    ADDED = "added"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    FAILED = "failed"
    LOCKED = "locked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105
    ROLE_CHANGED = "role_changed"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    LINK_MADE = "link_made"
    SESSION_ENDED = "session_ended"
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: an account id, `cli:` and the system user, or `anonymous`; and from which address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account with what only signing in needs.

    Attributes:
        account: the person.
        password_hash: None until a password is chosen.
        is_active: it was not deactivated.
    """

    account: Account
    password_hash: str | None
    is_active: bool


def account_from(row: Mapping[str, Any]) -> Account:
    """The account in a row that has `ACCOUNT_COLUMNS`."""
    return Account(row["account_id"], row["sign_in_name"], row["name"], row["agency_id"], Role(row["role"]))


async def insert_account(connection: Connection, account: Account, now: datetime) -> bool:
    """Add an account without a password; False where the sign-in name is taken."""
    cursor = await connection.execute(
        """
        INSERT INTO accounts (account_id, sign_in_name, name, agency_id, role, created_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (sign_in_name) DO NOTHING
        """,
        (account.account_id, account.sign_in_name, account.name, account.agency_id, account.role, now),
    )
    return cursor.rowcount == 1


async def find_account(connection: Connection, sign_in_name: str) -> KnownAccount | None:
    """The account with this (normalised) sign-in name, deactivated or not; None if there is none."""
    return await _known(connection, "sign_in_name", sign_in_name)


async def load_account(connection: Connection, account_id: str) -> KnownAccount | None:
    """The account with this id, deactivated or not; None if there is none."""
    return await _known(connection, "account_id", account_id)


async def _known(connection: Connection, column: str, value: str) -> KnownAccount | None:
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        f"""
        SELECT {ACCOUNT_COLUMNS}, a.password_hash, a.deactivated_at IS NULL AS is_active
        FROM accounts AS a WHERE a.{column} = %s
        """.encode(),  # noqa: S608  the column is one of two in this file
        (value,),
    )
    row = await cursor.fetchone()
    return KnownAccount(account_from(row), row["password_hash"], row["is_active"]) if row else None


async def load_accounts(connection: Connection) -> list[dict[str, Any]]:
    """All accounts by sign-in name, with the name of the agency, `has_password` and when they last signed in."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        f"""
        SELECT {ACCOUNT_COLUMNS}, g.name_zh AS agency_name_zh, g.name_en AS agency_name_en,
               a.password_hash IS NOT NULL AS has_password, a.created_at, a.deactivated_at,
               (SELECT max(signed_in_at) FROM account_sessions AS s WHERE s.account_id = a.account_id) AS signed_in_at
        FROM accounts AS a
        LEFT JOIN agencies AS g ON g.agency_id = a.agency_id
        ORDER BY a.deactivated_at IS NOT NULL, a.sign_in_name
        """.encode()  # noqa: S608  the columns are constants
    )
    return await cursor.fetchall()


async def load_agencies(connection: Connection) -> list[dict[str, Any]]:
    """`agency_id`, `name_zh` and `name_en` of all agencies, by name."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute("SELECT agency_id, name_zh, name_en FROM agencies ORDER BY plan_id, name_zh")
    return await cursor.fetchall()


async def has_agency(connection: Connection, agency_id: str) -> bool:
    """Whether the catalogue knows the agency."""
    cursor = await connection.execute("SELECT FROM agencies WHERE agency_id = %s", (agency_id,))
    return await cursor.fetchone() is not None


async def set_password_hash(connection: Connection, account_id: str, password_hash: str | None) -> None:
    """Set the hash of the password; None lets no password in."""
    await connection.execute(
        "UPDATE accounts SET password_hash = %s WHERE account_id = %s", (password_hash, account_id)
    )


async def set_role(connection: Connection, account_id: str, role: Role, agency_id: str | None) -> None:
    """Change role and agency."""
    await connection.execute(
        "UPDATE accounts SET role = %s, agency_id = %s WHERE account_id = %s", (role, agency_id, account_id)
    )


async def set_deactivated(connection: Connection, account_id: str, at: datetime | None) -> None:
    """Deactivate the account at a moment, or make it active again with None."""
    await connection.execute("UPDATE accounts SET deactivated_at = %s WHERE account_id = %s", (at, account_id))


async def record_event(
    connection: Connection,
    kind: EventKind,
    account_id: str | None,
    actor: Actor,
    now: datetime,
    **detail: object,
) -> None:
    """Append to what happened to an account; `account_id` is None where nobody has the name that was typed."""
    await connection.execute(
        """
        INSERT INTO account_events (at, event_kind, account_id, actor, address, detail)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (now, kind, account_id, actor.name, actor.address, Jsonb(detail)),
    )


async def load_events(connection: Connection, account_id: str, most: int = 20) -> list[dict[str, Any]]:
    """The newest events of an account, the newest first."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        """
        SELECT at, event_kind, actor, address, detail FROM account_events
        WHERE account_id = %s ORDER BY event_id DESC LIMIT %s
        """,
        (account_id, most),
    )
    return await cursor.fetchall()
