"""What a step of a case means for the mail: at once, in the day's digest, or not at all, and when digests go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.policy import Level, Policy, WeeklySummary
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
    GROUP = "group"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    REQUEST = "request"
    WEEKLY = "weekly"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class NotificationDecision:
    """How a change is told; `reason` is stored also when nothing is sent."""

    delivery: Delivery
    reason: Text


def decide_notification(kind: DecisionKind, level: Level, policy: Policy) -> NotificationDecision:
    """How the owner hears of a step at a level.

    Every change of level and every closure is told once; a warning that stands as it was is not told again.
    """
    if kind is DecisionKind.HOLD:
        return NotificationDecision(
            Delivery.NONE, Text("预警等级未变，不重复发信", "the level is unchanged; no second mail")
        )
    urgent = LEVEL_NAMES[policy.immediate_from]
    if level >= policy.immediate_from:
        reason = Text(f"{urgent.zh}及以上，立即发信", f"{urgent.en} or graver: mailed at once")
        return NotificationDecision(Delivery.IMMEDIATE, reason)
    name = LEVEL_NAMES[level]
    reason = Text(
        f"{name.zh}低于{urgent.zh}，列入当日汇总",
        f"{name.en} is less grave than {urgent.en}: in the digest of the day",
    )
    return NotificationDecision(Delivery.DIGEST, reason)


def is_worth_telling(kind: DecisionKind, *, was_open_before: bool, is_overtaken: bool) -> bool:
    """Whether the last step of a case within a digest has to be told.

    Not of a case that opened and closed without ever having been told, nor of a step that a mail of its own has
    overtaken.

    Args:
        kind: of the step.
        was_open_before: the case was open when the digest began, so its owner knows of it.
        is_overtaken: a mail of its own has told a later step.
    """
    if is_overtaken:
        return False
    return kind is not DecisionKind.CLOSE or was_open_before


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


def weekly_summary_due_at(moment: datetime, summary: WeeklySummary) -> datetime:
    """When the summary goes out that a step at `moment` stands in.

    A week ends with the midnight before its summary's day, so that a step stands in exactly one summary.
    """
    local = moment.astimezone(LOCAL_TIME)
    days = (summary.weekday - local.isoweekday()) % 7 or 7
    return datetime.combine(local.date() + timedelta(days=days), summary.at, LOCAL_TIME)
