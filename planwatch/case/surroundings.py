"""What happens around a case: another case speaks for it, the plan is revised, a mail comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from planwatch.case.clock import resume
from planwatch.case.effects import HoldBack, Transition
from planwatch.case.events import CoverChanged, MailOutcome, MailSettled, PlanRevised
from planwatch.case.levels import follow
from planwatch.case.model import Case
from planwatch.case.persons import closed, hand_over
from planwatch.case.walk import CLOCK, Walk
from planwatch.early_warning import DecisionKind
from planwatch.language import Text

SENDER = "planwatch-sender"


def change_cover(walk: Walk, case: Case, event: CoverChanged) -> Transition:
    """Note which cases speak for this one; with the last of them gone it speaks for itself again."""
    if not case.is_open:
        return walk.nothing(Text("预警已销号", "the case is closed"))
    was_covered, was_frozen = bool(case.covered_by), bool(case.frozen_by)
    if set(case.covered_by) != set(event.covered_by):
        case = replace(case, covered_by=event.covered_by)
        if event.covered_by:
            case = _cover(walk, case, event.covered_by)
        elif was_covered:
            reason = Text("代为通知的预警已销号或不再适用", "the case that spoke for it is closed or does no longer")
            case = resume(walk, case, DecisionKind.UNCOVER, reason, CLOCK)
    if set(case.frozen_by) != set(event.frozen_by):
        case = replace(case, frozen_by=event.frozen_by)
        if event.frozen_by:
            _freeze(walk, case, event.frozen_by)
        elif was_frozen:
            _thaw(walk, case)
    return walk.done() if walk.has_steps else walk.nothing(Text("并无变化", "nothing has changed"))


def revise_plan(walk: Walk, case: Case, event: PlanRevised) -> Transition:
    """A new version of the plan: the case ends with its subject, or goes to its new owner; figures come later."""
    if event.plan_version == case.plan_version:
        return walk.nothing(Text("规划版本未变", "the version of the plan is the same"))
    if not case.is_open:
        return walk.nothing(Text("预警已销号", "the case is closed"))
    version = event.plan_version
    if event.matter is None:
        walk.step(
            DecisionKind.CLOSE,
            closed(walk, case),
            Text(f"规划第{version}版不再列有此项，预警销号", f"version {version} of the plan no longer has it: closed"),
            actor=CLOCK,
            submission_id=case.submission_id,
        )
        return walk.done()
    owners = event.matter.owners
    known = replace(
        case,
        plan_version=version,
        nature=event.matter.nature,
        owner=owners.lead,
        chain=owners.chain,
        coordinating=owners.coordinating,
        participants=owners.participants,
    )
    if owners.lead != case.owner:
        reason = Text(f"规划第{version}版变更责任单位", f"version {version} of the plan names another owner")
        hand_over(walk, known, reason, CLOCK)
        return walk.done()
    walk.step(
        DecisionKind.REVISE_PLAN,
        known,
        Text(
            f"规划第{version}版施行，等级待下次评价",
            f"version {version} of the plan is in force; the level stands so far",
        ),
        actor=CLOCK,
        notice=HoldBack(Text("规划修订不另发信", "a revision of the plan is not mailed for each case")),
    )
    return walk.done()


FAILURES: Mapping[MailOutcome, Callable[[str, str], Text]] = {
    MailOutcome.REFUSED: lambda mail, words: Text(f"邮件{mail}被拒收：{words}", f"mail {mail} was refused: {words}"),
    MailOutcome.BOUNCED: lambda mail, words: Text(f"邮件{mail}被退回：{words}", f"mail {mail} came back: {words}"),
}
"""Outcomes after which the reader has no mail, and how the history words them."""


def settle_mail(walk: Walk, case: Case, event: MailSettled) -> Transition:
    """A mail refused or returned means that its reader knows nothing; any other outcome is what was intended."""
    if event.outcome not in FAILURES:
        return walk.nothing(Text("邮件结果记入发件箱", "the outbox keeps the outcome of the mail"))
    walk.step(
        DecisionKind.MAIL_FAILED,
        replace(case, told_level=None),
        FAILURES[event.outcome](event.mail_id, event.detail),
        actor=SENDER,
        notice=HoldBack(Text("由管理员核对地址", "the operator has to check the address")),
    )
    return walk.done()


def _cover(walk: Walk, case: Case, parents: tuple[str, ...]) -> Case:
    return walk.step(
        DecisionKind.COVER,
        case,
        Text(f"由预警{'、'.join(parents)}代为通知", f"warning {', '.join(parents)} speaks for it"),
        actor=CLOCK,
        notice=HoldBack(Text("被覆盖的预警不发信", "a covered case is not mailed")),
    )


def _freeze(walk: Walk, case: Case, parents: tuple[str, ...]) -> None:
    walk.step(
        DecisionKind.COVER,
        case,
        Text(
            f"数据逾期未报（预警{'、'.join(parents)}），结论冻结，不下调、不销号",
            f"a report is overdue (warning {', '.join(parents)}): the verdict is frozen, nothing falls or closes",
        ),
        actor=CLOCK,
        notice=HoldBack(Text("冻结不另发信", "a freeze is not mailed")),
    )


def _thaw(walk: Walk, case: Case) -> None:
    thawed = walk.step(
        DecisionKind.UNCOVER,
        case,
        Text("逾期数据已报送，解除冻结", "the overdue report has come: the verdict is no longer frozen"),
        actor=CLOCK,
        notice=HoldBack(Text("解除冻结不另发信", "the end of a freeze is not mailed")),
    )
    if case.deferred is not None:
        follow(walk, thawed, case.deferred)
