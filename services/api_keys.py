"""API keys: what the database keeps of them."""

from __future__ import annotations

import hashlib


def key_digest(key: str) -> bytes:
    """SHA-256 of an API key; the key itself has 256 random bits, so one hash is enough."""
    return hashlib.sha256(key.encode(errors="replace")).digest()
