"""What is mailed of a step, to whom and why, or why nothing is."""

from __future__ import annotations

from datetime import datetime

from planwatch.case.effects import HoldBack, MailOrder, SummaryEntry
from planwatch.case.model import Case
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery, MailKind, decide_notification
from planwatch.policy import Level, Policy

SUMMARISED = frozenset(
    {
        DecisionKind.RAISE,
        DecisionKind.REOPEN,
        DecisionKind.RAISE_LEVEL,
        DecisionKind.LOWER_LEVEL,
        DecisionKind.CLOSE,
        DecisionKind.ESCALATE,
        DecisionKind.REASSIGN,
        DecisionKind.MAIL_FAILED,
    }
)
"""The steps that the coordinating body reads of in its weekly summary."""


def notice_to_owner(kind: DecisionKind, case: Case, policy: Policy, now: datetime) -> MailOrder | HoldBack:
    """How the owner hears of a step.

    Args:
        kind: of the step.
        case: after the step, but with `told_level` as it was before.
        policy: what is urgent, and when mails wait.
        now: of the step.
    """
    if kind is DecisionKind.CLOSE and case.told_level is None:
        return HoldBack(
            Text("此次预警从未通知，销号也不通知", "the warning was never told, so its closing is not told either")
        )
    hindrance = _hindrance(case, now)
    if hindrance:
        return HoldBack(hindrance)
    decision = decide_notification(kind, case.level, policy)
    if decision.delivery is Delivery.NONE:
        return HoldBack(decision.reason)
    mail_kind = MailKind.CLOSURE if kind is DecisionKind.CLOSE else MailKind.WARNING
    return _order(mail_kind, decision.delivery, case.owner, case.level, decision.reason, policy, now)


def reminder(case: Case, policy: Policy, now: datetime) -> MailOrder:
    """The reminder to the owner, in the digest where the case is not urgent."""
    decision = decide_notification(DecisionKind.REMIND, case.level, policy)
    reason = Text("期限将至，提醒责任单位", "the deadline is near: the owner is reminded")
    return _order(MailKind.REMINDER, decision.delivery, case.owner, case.level, reason, policy, now)


def escalation(case: Case, to: str, policy: Policy, now: datetime) -> MailOrder:
    """The mail to the next one in the chain."""
    reason = Text("逾期未办，报上一级督办", "nothing was done in time: the next one in the chain is asked")
    return _order(MailKind.ESCALATION, Delivery.IMMEDIATE, to, case.level, reason, policy, now)


def request_to_close(case: Case, policy: Policy, now: datetime) -> MailOrder:
    """The mail that asks the coordinating body to decide on closing."""
    reason = Text("销号申请报统筹协调单位审定", "the coordinating body decides on closing")
    return _order(MailKind.REQUEST, Delivery.IMMEDIATE, case.coordinating, case.level, reason, policy, now)


def summary_entry(kind: DecisionKind, case: Case, policy: Policy) -> SummaryEntry | None:
    """The entry of a step in the week's summary; None where it has none."""
    if policy.weekly_summary is None or kind not in SUMMARISED or not case.coordinating:
        return None
    return SummaryEntry(
        case.coordinating,
        Text("列入统筹协调单位的每周综述", "stands in the weekly summary of the coordinating body"),
    )


def _hindrance(case: Case, now: datetime) -> Text | None:
    if case.covered_by:
        parents = "、".join(case.covered_by)
        return Text(f"由预警{parents}代为通知", f"warning {', '.join(case.covered_by)} speaks for it")
    if case.silenced_until is not None and now.astimezone(LOCAL_TIME).date() < case.silenced_until:
        day = case.silenced_until.isoformat()
        return Text(f"静默至{day}", f"silenced until {day}")
    return None


def _order(
    kind: MailKind, delivery: Delivery, to: str, level: Level, reason: Text, policy: Policy, now: datetime
) -> MailOrder:
    quiet = policy.quiet_hours
    waits = None
    if quiet is not None and delivery is Delivery.IMMEDIATE and level < quiet.urgent_from:
        waits = quiet.wait_until(now.astimezone(LOCAL_TIME))
    if waits is not None:
        until = f"{waits:%H:%M}"
        reason = Text(
            f"{reason.zh}；现为静默时段，{until}后发出",
            f"{reason.en}; these are quiet hours, it goes out after {until}",
        )
    return MailOrder(kind, delivery, to, waits, reason)
