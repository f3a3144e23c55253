"""How often an agency may submit: a bucket that refills evenly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class RateLimit:
    """At most `per_minute` submissions a minute and agency, short bursts up to that number allowed."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, _Bucket] = {}

    def allows(self, agency_id: str, now: datetime) -> bool:
        """Whether one more submission is allowed at `now`; if so it is counted."""
        bucket = self._buckets.setdefault(agency_id, _Bucket(self._per_minute, now))
        refilled = (now - bucket.at).total_seconds() * self._per_minute / 60
        bucket.left, bucket.at = min(self._per_minute, bucket.left + refilled), now
        if bucket.left < 1:
            return False
        bucket.left -= 1
        return True
