"""What is done to accounts by an administrator or at the command line: added, reset, moved, deactivated."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from planwatch.language import Text
from services.accounts import session_store, store
from services.accounts.account import Account, AccountRefused, Role, check_account, sign_in_name
from services.accounts.session_store import LinkPurpose, Scope
from services.accounts.store import Actor, Connection, EventKind, KnownAccount
from services.accounts.tokens import TOKEN_PREFIX, fresh_secret, secret_digest

CHOICE_VALID = timedelta(days=3)
"""For so long somebody may choose a password by a link."""
ENTRY_VALID = timedelta(days=30)
"""For so long the link that signs in works where Planwatch is tried out."""
LONGEST_TOKEN_DAYS = 366
LONGEST_TOKEN_NAME = 60


async def add_account(
    connection: Connection,
    typed_name: str,
    name: str,
    role: Role,
    agency_id: str | None,
    actor: Actor,
    now: datetime,
) -> Account:
    """Add an account; nobody can sign in to it before a password is chosen by a link.

    Raises:
        AccountRefused: the name is taken or impossible, the agency unknown or missing.
    """
    account = Account(secrets.token_hex(8), sign_in_name(typed_name), name.strip(), agency_id, role)
    check_account(account.sign_in_name, account.name, role, agency_id)
    await _check_agency(connection, agency_id)
    if not await store.insert_account(connection, account, now):
        raise AccountRefused(
            Text(f"登录名“{account.sign_in_name}”已有人使用", f"the sign-in name {account.sign_in_name} is taken")
        )
    await store.record_event(
        connection, EventKind.ADDED, account.account_id, actor, now, role=role, agency_id=agency_id
    )
    return account


async def make_link(connection: Connection, account: Account, purpose: LinkPurpose, actor: Actor, now: datetime) -> str:
    """A one-time link, as a path; earlier ones for the same purpose end. It is not stored and cannot be shown again."""
    token = fresh_secret()
    valid = CHOICE_VALID if purpose is LinkPurpose.CHOOSE_PASSWORD else ENTRY_VALID
    await session_store.insert_link(connection, secret_digest(token), account.account_id, purpose, now, valid)
    await store.record_event(connection, EventKind.LINK_MADE, account.account_id, actor, now, purpose=purpose)
    return ("/choose-password/" if purpose is LinkPurpose.CHOOSE_PASSWORD else "/enter/") + token


async def reset_account(connection: Connection, account: Account, actor: Actor, now: datetime) -> str:
    """Take everything back that lets somebody in (password, sessions, links, tokens); returns a link to begin anew."""
    await _shut_out(connection, account, now)
    return await make_link(connection, account, LinkPurpose.CHOOSE_PASSWORD, actor, now)


async def deactivate_account(connection: Connection, account: Account, actor: Actor, now: datetime) -> None:
    """Nobody gets in any more; what the person did keeps their name."""
    await _shut_out(connection, account, now)
    await store.set_deactivated(connection, account.account_id, now)
    await store.record_event(connection, EventKind.DEACTIVATED, account.account_id, actor, now)


async def reactivate_account(connection: Connection, account: Account, actor: Actor, now: datetime) -> str:
    """Make a deactivated account active again; returns a link to choose a password."""
    await store.set_deactivated(connection, account.account_id, None)
    await store.record_event(connection, EventKind.REACTIVATED, account.account_id, actor, now)
    return await make_link(connection, account, LinkPurpose.CHOOSE_PASSWORD, actor, now)


async def change_role(
    connection: Connection, account: Account, role: Role, agency_id: str | None, actor: Actor, now: datetime
) -> Account:
    """Give the account another role or agency, from its next request on; returns it as it is then.

    Raises:
        AccountRefused: the agency is unknown or missing.
    """
    check_account(account.sign_in_name, account.name, role, agency_id)
    await _check_agency(connection, agency_id)
    await store.set_role(connection, account.account_id, role, agency_id)
    await store.record_event(
        connection,
        EventKind.ROLE_CHANGED,
        account.account_id,
        actor,
        now,
        former={"role": account.role, "agency_id": account.agency_id},
        role=role,
        agency_id=agency_id,
    )
    return replace(account, role=role, agency_id=agency_id)


async def make_token(
    connection: Connection, account: Account, name: str, scope: Scope, days: int, actor: Actor, now: datetime
) -> str:
    """A new API token of an account, shown this once.

    Args:
        connection: in a transaction.
        account: whose rights it has, now and later.
        name: what it is for.
        scope: whether it may write.
        days: how long it is valid, 1 to 366.
        actor: who makes it.
        now: the present moment.

    Raises:
        AccountRefused: the name or the days cannot be.
    """
    if not name.strip() or len(name) > LONGEST_TOKEN_NAME or not name.isprintable():
        most = LONGEST_TOKEN_NAME
        raise AccountRefused(Text(f"令牌名称须为1至{most}个字符", f"a token's name has 1 to {most} characters"))
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise AccountRefused(
            Text(f"有效期须为1至{LONGEST_TOKEN_DAYS}天", f"a token is valid for 1 to {LONGEST_TOKEN_DAYS} days")
        )
    token = TOKEN_PREFIX + fresh_secret()
    expires_at = now + timedelta(days=days)
    await session_store.insert_token(
        connection, secret_digest(token), account.account_id, name.strip(), scope, now, expires_at
    )
    await store.record_event(
        connection, EventKind.TOKEN_MADE, account.account_id, actor, now, name=name.strip(), scope=scope, days=days
    )
    return token


async def find(connection: Connection, typed_name: str) -> KnownAccount:
    """The account with this sign-in name.

    Raises:
        AccountRefused: there is none.
    """
    known = await store.find_account(connection, sign_in_name(typed_name))
    if known is None:
        raise AccountRefused(Text(f"没有账号“{typed_name}”", f"there is no account {typed_name}"))
    return known


async def find_active(connection: Connection, typed_name: str) -> Account:
    """The account with this sign-in name, which was not deactivated.

    Raises:
        AccountRefused: there is none, or it was.
    """
    known = await find(connection, typed_name)
    if not known.is_active:
        raise AccountRefused(Text(f"账号“{typed_name}”已停用", f"the account {typed_name} was deactivated"))
    return known.account


async def _shut_out(connection: Connection, account: Account, now: datetime) -> None:
    await store.set_password_hash(connection, account.account_id, None)
    await session_store.end_sessions(connection, account.account_id, now)
    await session_store.end_links(connection, account.account_id, now)
    await session_store.revoke_tokens(connection, account.account_id, now)


async def _check_agency(connection: Connection, agency_id: str | None) -> None:
    if agency_id is not None and not await store.has_agency(connection, agency_id):
        raise AccountRefused(Text(f"没有单位“{agency_id}”", f"there is no agency {agency_id}"))
