"""Signing in and out: the attempt, its throttle, and the session that follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.accounts import session_store, store
from services.accounts.account import Account, sign_in_name
from services.accounts.guard import Guard
from services.accounts.passwords import Passwords
from services.accounts.session_store import Session
from services.accounts.store import ANONYMOUS, Actor, Connection, EventKind, KnownAccount
from services.accounts.throttle import (
    ATTEMPTS_PER_ADDRESS,
    ATTEMPTS_PER_NAME,
    WINDOW,
    Throttle,
    count_attempt,
    forgive_attempt,
    is_locked,
)
from services.accounts.tokens import fresh_secret, secret_digest


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended: with an account, or with nothing, or unseen because too many went before.

    Attributes:
        account: None unless name and password belong together.
        locked_until: when the next attempt is looked at; None where this one was.
    """

    account: Account | None
    locked_until: datetime | None = None


class SignIn:
    """Judges attempts; the counters are in the database: every process counts the same, a restart forgets none."""

    def __init__(self, guard: Guard, passwords: Passwords) -> None:
        self._guard, self.passwords = guard, passwords

    async def attempt(self, typed_name: str, password: str, address: str) -> Attempt:
        """Judge a name and a password; takes as long for a name that nobody has."""
        name, now = sign_in_name(typed_name), self._guard.clock()
        limits = {
            f"name:{self._guard.throttled_name(name)}": ATTEMPTS_PER_NAME,
            f"address:{address}": ATTEMPTS_PER_ADDRESS,
        }
        async with self._guard.pool.connection() as connection:
            locked_until = await _count(connection, limits, now)
            known = await store.find_account(connection, name)
        if locked_until is not None:
            return Attempt(None, locked_until)
        may_enter = known is not None and known.is_active
        judgement = await self.passwords.judge(known.password_hash if known and may_enter else None, password)
        async with self._guard.pool.connection() as connection:
            if known is None or not judgement.is_right:
                await _record_failure(connection, known, limits, Actor(ANONYMOUS, address), now)
                return Attempt(None)
            await _forgive(connection, limits, now)
            if judgement.fresh_hash is not None:
                await store.set_password_hash(connection, known.account.account_id, judgement.fresh_hash)
        return Attempt(known.account)


async def begin_session(
    connection: Connection, account: Account, former: Session | None, actor: Actor, now: datetime
) -> str:
    """A new session; the one that the browser had ends. Returns the token for the cookie, which nobody knew before."""
    if former is not None:
        await session_store.end_sessions(connection, former.account.account_id, now, only=former.session_id)
    token = fresh_secret()
    await session_store.insert_session(connection, secret_digest(token), account.account_id, actor.address, now)
    await store.record_event(connection, EventKind.SIGNED_IN, account.account_id, actor, now)
    return token


async def _count(connection: Connection, limits: dict[str, int], now: datetime) -> datetime | None:
    """Count an attempt before it is judged; returns until when it is refused unseen, None where it is not."""
    throttles = await session_store.lock_throttles(connection, list(limits), now)
    locks = [t.locked_until for t in throttles.values() if t.locked_until is not None and is_locked(t, now)]
    if locks:
        return max(locks)
    for subject, throttle in throttles.items():
        await session_store.save_throttle(connection, subject, count_attempt(throttle, now, limits[subject]))
    return None


async def _forgive(connection: Connection, limits: dict[str, int], now: datetime) -> None:
    throttles = await session_store.lock_throttles(connection, list(limits), now)
    for subject, throttle in throttles.items():
        is_name = subject.startswith("name:")
        kept = Throttle(0, now, None) if is_name else forgive_attempt(throttle, limits[subject])
        await session_store.save_throttle(connection, subject, kept)


async def _record_failure(
    connection: Connection, known: KnownAccount | None, limits: dict[str, int], actor: Actor, now: datetime
) -> None:
    throttles = await session_store.lock_throttles(connection, list(limits), now)
    account_id = known.account.account_id if known else None
    await store.record_event(connection, EventKind.FAILED, account_id, actor, now)
    for subject, throttle in throttles.items():
        if is_locked(throttle, now):
            what = subject.partition(":")[0]
            await store.record_event(connection, EventKind.LOCKED, account_id, actor, now, counted_by=what)
    await session_store.forget_throttles(connection, now - 2 * WINDOW)
