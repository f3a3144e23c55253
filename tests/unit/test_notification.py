"""How a department hears of a change, and when its digest goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.early_warning import DecisionKind
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery, decide_notification, digest_due_at
from planwatch.policy import Level
from tests.builders import default_policy

WAIT = timedelta(seconds=300)
NEW_YEAR, MINUTE = datetime(2021, 1, 1, tzinfo=UTC), timedelta(minutes=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL_TIME)


@pytest.mark.parametrize(
    ("kind", "level", "delivery"),
    [
        (DecisionKind.RAISE, Level.RED, Delivery.IMMEDIATE),
        (DecisionKind.RAISE, Level.ORANGE, Delivery.IMMEDIATE),
        (DecisionKind.RAISE, Level.YELLOW, Delivery.DIGEST),
        (DecisionKind.RAISE, Level.BLUE, Delivery.DIGEST),
        (DecisionKind.REOPEN, Level.RED, Delivery.IMMEDIATE),
        (DecisionKind.RAISE_LEVEL, Level.ORANGE, Delivery.IMMEDIATE),
        (DecisionKind.RAISE_LEVEL, Level.YELLOW, Delivery.DIGEST),
        (DecisionKind.LOWER_LEVEL, Level.YELLOW, Delivery.DIGEST),
        (DecisionKind.CLOSE, Level.RED, Delivery.IMMEDIATE),
        (DecisionKind.CLOSE, Level.YELLOW, Delivery.DIGEST),
        (DecisionKind.HOLD, Level.RED, Delivery.NONE),
        (DecisionKind.REMIND, Level.ORANGE, Delivery.IMMEDIATE),
        (DecisionKind.REMIND, Level.YELLOW, Delivery.DIGEST),
    ],
)
def test_orange_and_red_are_told_at_once_yellow_and_blue_in_the_digest_and_what_stands_not_again(
    kind: DecisionKind, level: Level, delivery: Delivery
) -> None:
    assert decide_notification(kind, level, default_policy()).delivery is delivery


@pytest.mark.parametrize(
    ("immediate_from", "level", "delivery", "words"),
    [
        (Level.YELLOW, Level.YELLOW, Delivery.IMMEDIATE, "黄色及以上"),
        (Level.RED, Level.ORANGE, Delivery.DIGEST, "低于红色"),
    ],
)
def test_the_policy_says_what_is_urgent_and_the_reason_says_the_same(
    immediate_from: Level, level: Level, delivery: Delivery, words: str
) -> None:
    policy = replace(default_policy(), immediate_from=immediate_from)

    decision = decide_notification(DecisionKind.RAISE, level, policy)

    assert decision.delivery is delivery
    assert words in decision.reason.zh


@pytest.mark.parametrize("kind", DecisionKind)
def test_the_reason_is_given_also_when_nothing_is_sent(kind: DecisionKind) -> None:
    reason = decide_notification(kind, Level.RED, default_policy()).reason

    assert reason.zh
    assert reason.en


@pytest.mark.parametrize(
    ("now", "last_digest", "due"),
    [
        pytest.param("2026-03-02T14:00", None, "2026-03-02T14:05", id="the first one ever waits five minutes"),
        pytest.param("2026-03-02T14:00", "2026-03-01", "2026-03-02T14:05", id="yesterday's has gone out"),
        pytest.param("2026-03-02T14:00", "2026-03-02", "2026-03-03T08:00", id="today's has gone out: tomorrow at 8"),
        pytest.param("2026-03-02T14:00", "2026-03-03", "2026-03-04T08:00", id="tomorrow's has been used, too"),
        pytest.param("2026-03-02T23:57", "2026-03-01", "2026-03-03T00:02", id="the wait passes midnight"),
        pytest.param("2026-03-02T23:57", "2026-03-02", "2026-03-03T08:00", id="not in the night after today's"),
        pytest.param("2026-03-03T00:30", "2026-03-02", "2026-03-03T08:00", id="not in the night after yesterday's"),
        pytest.param("2026-03-03T07:58", "2026-03-02", "2026-03-03T08:03", id="the wait passes eight"),
        pytest.param("2026-03-03T07:55", "2026-03-02", "2026-03-03T08:00", id="the wait ends at eight"),
    ],
)
def test_a_digest_goes_out_once_a_day_and_not_in_the_night_after_another(
    now: str, last_digest: str | None, due: str
) -> None:
    last = date.fromisoformat(last_digest) if last_digest else None

    assert digest_due_at(local(now), last, default_policy()) == local(due)


@pytest.mark.parametrize(
    ("now", "due_on"),
    [
        (datetime(2026, 3, 2, 15, 54, 59, tzinfo=UTC), date(2026, 3, 2)),  # 23:59:59 in Shanghai
        (datetime(2026, 3, 2, 15, 55, tzinfo=UTC), date(2026, 3, 3)),  # 00:00 in Shanghai
    ],
)
def test_the_day_of_a_digest_is_the_local_one_and_begins_at_midnight(now: datetime, due_on: date) -> None:
    assert digest_due_at(now, None, default_policy()).astimezone(LOCAL_TIME).date() == due_on


@given(
    st.integers(0, 10 * 365 * 24 * 60).map(lambda minutes: NEW_YEAR + minutes * MINUTE), st.none() | st.integers(-2, 2)
)
def test_a_digest_never_falls_on_the_day_of_the_last_one_and_always_waits(now: datetime, days: int | None) -> None:
    today = now.astimezone(LOCAL_TIME).date()
    last = None if days is None else today + timedelta(days=days)

    due = digest_due_at(now, last, default_policy())

    assert due >= now + WAIT
    assert last is None or due.astimezone(LOCAL_TIME).date() > last
