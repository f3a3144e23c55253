"""How many failed attempts to sign in are allowed before a name or an address has to wait. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
"""Attempts are counted for so long."""
LOCKED_FOR = timedelta(minutes=15)
"""So long a name or an address waits; the wait ends by itself."""
ATTEMPTS_PER_NAME = 5
ATTEMPTS_PER_ADDRESS = 50
"""An office may share one address."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """The counter of one name or one address.

    Attributes:
        attempts: since `counted_from` that have not succeeded (yet).
        counted_from: when the window began.
        locked_until: no attempt is looked at before; None where nothing is locked.
    """

    attempts: int
    counted_from: datetime
    locked_until: datetime | None


def is_locked(throttle: Throttle, now: datetime) -> bool:
    """Whether an attempt at `now` is refused unseen."""
    return throttle.locked_until is not None and now < throttle.locked_until


def count_attempt(throttle: Throttle, now: datetime, most: int) -> Throttle:
    """The counter with one more attempt that nobody has judged yet; the last one allowed locks what follows.

    Counting comes before judging, so that attempts at the same instant cannot all slip through.

    Args:
        throttle: not locked at `now`.
        now: moment of the attempt.
        most: attempts in a window.
    """
    is_over = throttle.locked_until is not None or now - throttle.counted_from >= WINDOW
    counted = Throttle(1, now, None) if is_over else replace(throttle, attempts=throttle.attempts + 1)
    return replace(counted, locked_until=now + LOCKED_FOR) if counted.attempts >= most else counted


def forgive_attempt(throttle: Throttle, most: int) -> Throttle:
    """The counter of an address after an attempt turned out to be right: that one does not count."""
    attempts = max(0, throttle.attempts - 1)
    return replace(throttle, attempts=attempts, locked_until=throttle.locked_until if attempts >= most else None)
