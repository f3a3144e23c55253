"""What a change of a case means for the mail: at once, in the day's digest, or not at all, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from planwatch.early_warning import DecisionKind, WarningDecision
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.policy import Policy
from planwatch.wording import LEVEL_NAMES


class Delivery(StrEnum):
    """How a department hears of a change."""

    IMMEDIATE = "immediate"
    DIGEST = "digest"
    NONE = "none"


class MailKind(StrEnum):
    """What a mail is."""

    WARNING = "warning"
    DIGEST = "digest"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True)
class NotificationDecision:
    """How a change is told; `reason` is stored also when nothing is sent."""

    delivery: Delivery
    reason: Text


def decide_notification(decision: WarningDecision, policy: Policy) -> NotificationDecision:
    """How the department hears of `decision`.

    Every change of level and every closure is told once; a warning that stands as it was is not told again.
    """
    if decision.kind in (DecisionKind.NOTHING, DecisionKind.HOLD) or decision.warning is None:
        return NotificationDecision(
            Delivery.NONE, Text("预警等级未变，不重复发信", "the level is unchanged; no second mail")
        )
    urgent = LEVEL_NAMES[policy.immediate_from]
    if decision.warning.level >= policy.immediate_from:
        reason = Text(f"{urgent.zh}及以上，立即发信", f"{urgent.en} or graver: mailed at once")
        return NotificationDecision(Delivery.IMMEDIATE, reason)
    level = LEVEL_NAMES[decision.warning.level]
    reason = Text(
        f"{level.zh}低于{urgent.zh}，列入当日汇总",
        f"{level.en} is less grave than {urgent.en}: in the digest of the day",
    )
    return NotificationDecision(Delivery.DIGEST, reason)


def digest_due_at(now: datetime, last_digest: date | None, policy: Policy) -> datetime:
    """When a digest that opens at `now` is closed and mailed.

    Args:
        now: when its first item came (aware).
        last_digest: local date of the agency's last digest, None if it never had one.
        policy: how long a digest stays open, and from when on the next day's may go out.
    Returns:
        After the waiting time; on the day after a digest not before that day's earliest time.
    """
    due = (now + timedelta(seconds=policy.digest_wait_s)).astimezone(LOCAL_TIME)
    if last_digest is None or due.date() > last_digest + timedelta(days=1):
        return due
    morning = datetime.combine(last_digest + timedelta(days=1), policy.digest_not_before, LOCAL_TIME)
    return max(due, morning)
