"""Secrets that are shown once and kept as digests: cookies, links, tokens; and digests under the server's key."""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_PREFIX = "pwt_"  # noqa: S105  what a token begins with, so that scanners for leaked secrets know it


def fresh_secret() -> str:
    """256 random bits, as they stand in a cookie or a link."""
    return secrets.token_urlsafe(32)


def secret_digest(secret: str) -> bytes:
    """SHA-256 of a secret of 256 random bits: with that much chance in it, one hash is enough."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def keyed_digest(key: str, purpose: str, content: str) -> str:
    """HMAC-SHA-256 as hexadecimal digits; digests for one purpose say nothing about those for another."""
    message = f"{purpose}\x00{content}".encode(errors="replace")
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
