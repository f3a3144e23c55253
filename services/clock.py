"""The clock that the shells hold; decisions get the moment as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment (aware, UTC)."""
    return datetime.now(UTC)
