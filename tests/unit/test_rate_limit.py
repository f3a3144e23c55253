"""How often an agency may submit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.ingest.rate_limit import RateLimit

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_burst_up_to_the_number_of_a_minute_is_allowed_and_no_more() -> None:
    limit = RateLimit(3)

    assert [limit.allows("schools", NOON) for _ in range(4)] == [True, True, True, False]


def test_an_allowance_comes_back_evenly() -> None:
    limit = RateLimit(3)
    used = [limit.allows("schools", NOON) for _ in range(3)]

    # three a minute is one in twenty seconds
    later = [limit.allows("schools", NOON + timedelta(seconds=at)) for at in (19, 20, 21, 40)]

    assert used == [True, True, True]
    assert later == [False, True, False, True]


def test_a_long_silence_saves_up_no_more_than_one_minute() -> None:
    limit = RateLimit(2)
    limit.allows("schools", NOON)

    assert [limit.allows("schools", NOON + timedelta(days=1)) for _ in range(3)] == [True, True, False]


def test_one_agency_does_not_use_up_the_allowance_of_another() -> None:
    limit = RateLimit(1)

    assert [limit.allows(agency, NOON) for agency in ("schools", "schools", "health")] == [True, False, True]
