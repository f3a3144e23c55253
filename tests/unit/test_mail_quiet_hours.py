"""Quiet hours: every mail that goes out at once waits for the morning, unless its case is urgent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest

from planwatch.case.effects import MailOrder
from planwatch.case.notice import escalation, notice_to_owner, reminder, request_to_close
from planwatch.early_warning import DecisionKind
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import MailKind
from planwatch.policy import Level, QuietHours
from tests.builders import default_policy
from tests.unit.test_early_warning import make_case

POLICY = replace(default_policy(), quiet_hours=QuietHours(time(22), time(7), Level.RED))
NIGHT = datetime(2026, 3, 2, 23, 30, tzinfo=LOCAL_TIME)
MORNING = datetime(2026, 3, 3, 7, tzinfo=LOCAL_TIME)
NOON = datetime(2026, 3, 3, 12, tzinfo=LOCAL_TIME)

ORDERS: dict[MailKind, Callable[..., Any]] = {
    MailKind.WARNING: lambda case, now: notice_to_owner(DecisionKind.RAISE, case, POLICY, now),
    MailKind.CLOSURE: lambda case, now: notice_to_owner(DecisionKind.CLOSE, case, POLICY, now),
    MailKind.REMINDER: lambda case, now: reminder(case, POLICY, now),
    MailKind.ESCALATION: lambda case, now: escalation(case, "superior", POLICY, now),
    MailKind.REQUEST: lambda case, now: request_to_close(case, POLICY, now),
}


@pytest.mark.parametrize("kind", ORDERS)
@pytest.mark.parametrize(
    ("level", "now", "not_before"),
    [(Level.ORANGE, NIGHT, MORNING), (Level.RED, NIGHT, None), (Level.ORANGE, NOON, None)],
    ids=["orange_at_night", "red_at_night", "orange_by_day"],
)
def test_a_mail_of_every_kind_waits_for_the_morning_unless_it_is_urgent(
    kind: MailKind, level: Level, now: datetime, not_before: datetime | None
) -> None:
    case = replace(make_case(level), told_level=level)

    order = ORDERS[kind](case, now)

    assert isinstance(order, MailOrder)
    assert (order.kind, order.not_before) == (kind, not_before)
    assert ("静默时段" in order.reason.zh) is (not_before is not None)
