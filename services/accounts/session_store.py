"""SQL of what lets somebody in: sessions, one-time links, API tokens, and the counters of failed attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from psycopg.rows import class_row, dict_row

from services.accounts.account import Account
from services.accounts.store import ACCOUNT_COLUMNS, Connection, account_from
from services.accounts.throttle import Throttle

SESSION_IDLE = timedelta(hours=1)
"""After so long without a page a session ends."""
SESSION_LIFETIME = timedelta(hours=12)
"""After so long it ends in any case."""
USE_NOTED_EVERY = timedelta(minutes=1)
"""How old the noted moment of last use may grow before it is written again."""


class Scope(StrEnum):
    """What an API token may do; writing includes reading."""

    READ = "read"
    WRITE = "write"


class LinkPurpose(StrEnum):
    """What a one-time link is for."""

    CHOOSE_PASSWORD = "choose_password"  # noqa: S105
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Session:
    """A session that stands, and whose it is."""

    session_id: int
    account: Account


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token that stands, whose it is and what it may do."""

    token_id: int
    account: Account
    scope: Scope


async def insert_session(connection: Connection, digest: bytes, account_id: str, address: str, now: datetime) -> None:
    """Begin a session."""
    await connection.execute(
        """
        INSERT INTO account_sessions (token_digest, account_id, address, signed_in_at, last_used_at)
        VALUES (%s, %s, %s, %s, %s)
        """,
        (digest, account_id, address, now, now),
    )


async def use_session(connection: Connection, digest: bytes, now: datetime) -> Session | None:
    """The session, noted as used; None where it ended, expired, or its account was deactivated."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        f"""
        SELECT s.session_id, s.last_used_at, {ACCOUNT_COLUMNS}
        FROM account_sessions AS s
        JOIN accounts AS a USING (account_id)
        WHERE s.token_digest = %s AND s.ended_at IS NULL AND a.deactivated_at IS NULL
              AND s.last_used_at > %s AND s.signed_in_at > %s
        """.encode(),  # noqa: S608  the columns are constants
        (digest, now - SESSION_IDLE, now - SESSION_LIFETIME),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    if now - row["last_used_at"] >= USE_NOTED_EVERY:
        await connection.execute(
            "UPDATE account_sessions SET last_used_at = %s WHERE session_id = %s", (now, row["session_id"])
        )
    return Session(row["session_id"], account_from(row))


async def load_sessions(connection: Connection, account_id: str, now: datetime) -> list[dict[str, Any]]:
    """The sessions of an account that stand, the newest first."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        """
        SELECT session_id, address, signed_in_at, last_used_at FROM account_sessions
        WHERE account_id = %s AND ended_at IS NULL AND last_used_at > %s AND signed_in_at > %s
        ORDER BY signed_in_at DESC
        """,
        (account_id, now - SESSION_IDLE, now - SESSION_LIFETIME),
    )
    return await cursor.fetchall()


async def end_sessions(
    connection: Connection, account_id: str, now: datetime, *, only: int | None = None, except_for: int | None = None
) -> int:
    """End the sessions of an account: all of them, one of them, or all but one; returns how many ended."""
    cursor = await connection.execute(
        """
        UPDATE account_sessions SET ended_at = %s
        WHERE account_id = %s AND ended_at IS NULL AND session_id = coalesce(%s, session_id)
              AND session_id IS DISTINCT FROM %s
        """,
        (now, account_id, only, except_for),
    )
    return cursor.rowcount


async def insert_link(
    connection: Connection, digest: bytes, account_id: str, purpose: LinkPurpose, now: datetime, valid: timedelta
) -> None:
    """Make a one-time link; earlier unused ones of the same purpose end."""
    await connection.execute(
        "UPDATE account_links SET used_at = %s WHERE account_id = %s AND purpose = %s AND used_at IS NULL",
        (now, account_id, purpose),
    )
    await connection.execute(
        "INSERT INTO account_links (token_digest, account_id, purpose, expires_at) VALUES (%s, %s, %s, %s)",
        (digest, account_id, purpose, now + valid),
    )


async def load_link(
    connection: Connection, digest: bytes, purpose: LinkPurpose, now: datetime, *, use: bool = False
) -> Account | None:
    """Whose link it is; None where it is unknown, used, expired, or its account was deactivated.

    With `use` the link is held until the end of the transaction and ends with it, so that it works once.
    """
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        f"""
        SELECT {ACCOUNT_COLUMNS}
        FROM account_links AS l
        JOIN accounts AS a USING (account_id)
        WHERE l.token_digest = %s AND l.purpose = %s AND l.used_at IS NULL AND l.expires_at > %s
              AND a.deactivated_at IS NULL
        {"FOR UPDATE OF l" if use else ""}
        """.encode(),  # noqa: S608  constants
        (digest, purpose, now),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    if use:
        await connection.execute("UPDATE account_links SET used_at = %s WHERE token_digest = %s", (now, digest))
    return account_from(row)


async def end_links(connection: Connection, account_id: str, now: datetime) -> None:
    """End every unused link of an account."""
    await connection.execute(
        "UPDATE account_links SET used_at = %s WHERE account_id = %s AND used_at IS NULL", (now, account_id)
    )


async def insert_token(
    connection: Connection,
    digest: bytes,
    account_id: str,
    name: str,
    scope: Scope,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a new API token."""
    await connection.execute(
        """
        INSERT INTO account_tokens (token_digest, account_id, name, scope, created_at, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (digest, account_id, name, scope, now, expires_at),
    )


async def use_token(connection: Connection, digest: bytes, now: datetime) -> ApiToken | None:
    """The token, noted as used; None where it is unknown, expired, revoked, or its account was deactivated."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        f"""
        SELECT t.token_id, t.scope, t.last_used_at, {ACCOUNT_COLUMNS}
        FROM account_tokens AS t
        JOIN accounts AS a USING (account_id)
        WHERE t.token_digest = %s AND t.revoked_at IS NULL AND t.expires_at > %s AND a.deactivated_at IS NULL
        """.encode(),  # noqa: S608  the columns are constants
        (digest, now),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    if row["last_used_at"] is None or now - row["last_used_at"] >= USE_NOTED_EVERY:
        await connection.execute(
            "UPDATE account_tokens SET last_used_at = %s WHERE token_id = %s", (now, row["token_id"])
        )
    return ApiToken(row["token_id"], account_from(row), Scope(row["scope"]))


async def load_tokens(connection: Connection, account_id: str, now: datetime) -> list[dict[str, Any]]:
    """The API tokens of an account that stand, the newest first."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(
        """
        SELECT token_id, name, scope, created_at, expires_at, last_used_at FROM account_tokens
        WHERE account_id = %s AND revoked_at IS NULL AND expires_at > %s ORDER BY token_id DESC
        """,
        (account_id, now),
    )
    return await cursor.fetchall()


async def revoke_tokens(connection: Connection, account_id: str, now: datetime, *, only: int | None = None) -> int:
    """Revoke all API tokens of an account, or one of them; returns how many there were."""
    cursor = await connection.execute(
        """
        UPDATE account_tokens SET revoked_at = %s
        WHERE account_id = %s AND revoked_at IS NULL AND token_id = coalesce(%s, token_id)
        """,
        (now, account_id, only),
    )
    return cursor.rowcount


async def lock_throttles(connection: Connection, subjects: Sequence[str], now: datetime) -> dict[str, Throttle]:
    """The counters of these subjects, held until the end of the transaction; in one order, so that none waits twice."""
    cursor = connection.cursor(row_factory=class_row(Throttle))
    found = {}
    for subject in sorted(subjects):
        await connection.execute(
            """
            INSERT INTO sign_in_throttles (subject, attempts, counted_from) VALUES (%s, 0, %s)
            ON CONFLICT (subject) DO NOTHING
            """,
            (subject, now),
        )
        await cursor.execute(
            "SELECT attempts, counted_from, locked_until FROM sign_in_throttles WHERE subject = %s FOR UPDATE",
            (subject,),
        )
        row = await cursor.fetchone()
        found[subject] = row or Throttle(0, now, None)
    return found


async def save_throttle(connection: Connection, subject: str, throttle: Throttle) -> None:
    """Store a counter."""
    await connection.execute(
        "UPDATE sign_in_throttles SET attempts = %s, counted_from = %s, locked_until = %s WHERE subject = %s",
        (throttle.attempts, throttle.counted_from, throttle.locked_until, subject),
    )


async def forget_throttles(connection: Connection, before: datetime) -> None:
    """Remove the counters that began before a moment, lock nothing any more and are nobody's at this instant."""
    await connection.execute(
        """
        DELETE FROM sign_in_throttles WHERE subject IN (
            SELECT subject FROM sign_in_throttles
            WHERE counted_from < %(before)s AND (locked_until IS NULL OR locked_until < %(before)s)
            LIMIT 1000 FOR UPDATE SKIP LOCKED)
        """,
        {"before": before},
    )
