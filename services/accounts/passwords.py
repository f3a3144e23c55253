"""Passwords: which ones are taken, and argon2id in a thread."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from planwatch.language import Text
from services.accounts.account import Account

SHORTEST = 12
LONGEST = 200
FEWEST_DIFFERENT = 5
HASHED_AT_ONCE = 2
"""Each hash takes 64 MiB and four threads."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a password is right; `fresh_hash` replaces a right one's hash made with other parameters."""

    is_right: bool
    fresh_hash: str | None = None


def password_fault(password: str, account: Account) -> Text | None:
    """Why the account cannot have this password; None where it can.

    Length is what counts, so a sentence is welcome, and no sign is demanded (as NIST SP 800-63B has it).
    """
    normal = _normal(password)
    if len(normal) < SHORTEST:
        return Text(
            f"口令至少{SHORTEST}个字符，可以是一句话",
            f"a password has at least {SHORTEST} characters; a sentence will do",
        )
    if len(normal) > LONGEST:
        return Text(f"口令最多{LONGEST}个字符", f"a password has at most {LONGEST} characters")
    if len(set(normal)) < FEWEST_DIFFERENT:
        return Text(
            f"口令至少要有{FEWEST_DIFFERENT}个不同的字符",
            f"a password has at least {FEWEST_DIFFERENT} different characters",
        )
    folded = normal.casefold()
    names = (_normal(name).casefold() for name in (account.sign_in_name, account.name))
    if any(len(name) > 1 and name in folded for name in names):
        return Text("口令不得包含登录名或姓名", "a password contains neither the sign-in name nor the name")
    return None


class Passwords:
    """Hashes and verifies passwords with argon2id, outside the event loop and a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Use the parameters of `hasher`; without one, those that RFC 9106 recommends where memory is scarce."""
        self._hasher = hasher or PasswordHasher()
        self._nobodys = self._hasher.hash(secrets.token_urlsafe(32))
        self._turn = asyncio.Semaphore(HASHED_AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash to store."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, _normal(password))

    async def judge(self, stored_hash: str | None, password: str) -> Judgement:
        """Whether the password belongs to the hash.

        Without a hash the answer is no, and it takes as long: a hash that belongs to nobody is verified.
        """
        async with self._turn:
            is_right = await asyncio.to_thread(self._verify, stored_hash or self._nobodys, _normal(password))
        if not is_right or stored_hash is None:
            return Judgement(is_right=False)
        is_dated = self._hasher.check_needs_rehash(stored_hash)
        return Judgement(is_right=True, fresh_hash=await self.hash(password) if is_dated else None)

    def _verify(self, stored_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    """One form for what different keyboards and input methods make of the same password."""
    return unicodedata.normalize("NFKC", password)
