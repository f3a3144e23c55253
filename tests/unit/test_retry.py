"""How long a deferred mail waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.alerts.sender import retry_after


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (8, 60), (100, 60), (10_000, 60)]
)
def test_the_wait_doubles_from_one_minute_up_to_an_hour(attempts: int, minutes: int) -> None:
    assert retry_after(attempts) == timedelta(minutes=minutes)
