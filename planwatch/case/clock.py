"""What the passing of time means for a case: silence ends, somebody is reminded, somebody above is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time

from planwatch.case.deadlines import deadlines_from, escalate_at, remind_at
from planwatch.case.effects import HoldBack, Transition
from planwatch.case.model import Case, FiredStep, Obligation
from planwatch.case.notice import escalation, notice_to_owner, reminder
from planwatch.case.walk import CLOCK, Walk
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.working_days import SATURDAY, CalendarNotCovered

OBLIGATION_NAMES = {
    Obligation.ACKNOWLEDGE: Text("签收", "acknowledging"),
    Obligation.FILE_MEASURES: Text("报送整改措施", "filing measures"),
    Obligation.COMPLETE_MEASURES: Text("完成整改", "completing the measures"),
}
TOLD_ALREADY = Text("责任单位已知悉现等级，不重复发信", "the owner knows of the present level; no second mail")


def tick(walk: Walk, case: Case) -> Transition:
    """Do what has become due; a clock that was stopped does each thing once, and late."""
    if not case.is_open:
        return walk.nothing(Text("预警已销号", "the case is closed"))
    case = _fix_deadlines(walk, case)
    if case.silenced_until is not None and case.silenced_until <= walk.today:
        until = case.silenced_until.isoformat()
        resume(
            walk,
            replace(case, silenced_until=None),
            DecisionKind.LIFT_SILENCE,
            Text(f"静默于{until}期满", f"the silence ended on {until}"),
            CLOCK,
        )
    elif case.silenced_until is None and not case.covered_by:
        _press(walk, case)
    return walk.done() if walk.has_steps else walk.nothing(Text("尚无到期事项", "nothing is due yet"))


def resume(walk: Walk, case: Case, kind: DecisionKind, reason: Text, actor: str) -> Case:
    """Go on after a silence or a cover: deadlines count from today, and what was not told is told now."""
    resumed = walk.with_deadlines(case, case.level)
    notice = (
        HoldBack(TOLD_ALREADY)
        if case.told_level == case.level
        else notice_to_owner(kind, resumed, walk.policy, walk.now)
    )
    text = Text(f"{reason.zh}，期限自即日起重新计算", f"{reason.en}; the deadlines count from today")
    return walk.step(kind, resumed, text, actor=actor, notice=notice)


def escalate(walk: Walk, case: Case, reason: Text, actor: str) -> Case:
    """Ask the next one in the chain; there has to be one."""
    obligation, rung = case.obligation, len(case.fired_rungs) + 1
    assert obligation is not None
    to = case.chain[rung - 1]
    after = replace(
        case,
        fired=(*case.fired, FiredStep(obligation, rung, walk.today)),
        reminded=tuple(dict.fromkeys((*case.reminded, obligation))),
    )
    notice = escalation(case, to, walk.policy, walk.now)
    return walk.step(DecisionKind.ESCALATE, after, reason, actor=actor, notice=notice)


def _fix_deadlines(walk: Walk, case: Case) -> Case:
    if not case.deadlines_provisional:
        return case
    found = deadlines_from(case.counted_from, case.level, walk.policy, walk.calendar)
    if found.are_provisional:
        return case
    fixed = replace(
        case,
        acknowledge_by=found.acknowledge_by,
        measures_by=found.measures_by,
        deadlines_provisional=False,
    )
    return walk.step(
        DecisionKind.FIX_DEADLINES,
        fixed,
        Text(
            f"节假日安排已发布，签收期限定为{found.acknowledge_by}，整改措施期限定为{found.measures_by}",
            f"the public holidays are known: acknowledge by {found.acknowledge_by}, measures by {found.measures_by}",
        ),
        actor=CLOCK,
        notice=HoldBack(Text("期限核定不另发信", "fixing the deadlines is not mailed")),
    )


def _press(walk: Walk, case: Case) -> None:
    if walk.policy.escalation is None or not _is_office_time(walk, walk.policy.escalation.at):
        return
    escalation_at = escalate_at(case, walk.policy, walk.calendar)
    if escalation_at is not None and escalation_at <= walk.now:
        escalate(walk, case, _overdue_reason(case), CLOCK)
        return
    reminded_at = remind_at(case, walk.policy, walk.calendar)
    if reminded_at is not None and reminded_at <= walk.now:
        _remind(walk, case)


def _remind(walk: Walk, case: Case) -> None:
    obligation = case.obligation
    assert obligation is not None
    name, day = OBLIGATION_NAMES[obligation], case.due_on
    walk.step(
        DecisionKind.REMIND,
        replace(case, reminded=(*case.reminded, obligation)),
        Text(f"{name.zh}期限为{day}，尚未办理", f"{name.en} is due by {day} and not done yet"),
        actor=CLOCK,
        notice=reminder(case, walk.policy, walk.now),
    )


def _overdue_reason(case: Case) -> Text:
    obligation, rungs = case.obligation, case.fired_rungs
    assert obligation is not None
    name, day = OBLIGATION_NAMES[obligation], case.due_on
    if rungs:
        return Text(
            f"{name.zh}期限{day}已过，{rungs[-1].on}已报上级，仍未办理",
            f"{name.en} was due by {day}; the superior was asked on {rungs[-1].on}; still not done",
        )
    return Text(f"{name.zh}期限{day}已过，仍未办理", f"{name.en} was due by {day} and is not done")


def _is_office_time(walk: Walk, at: time) -> bool:
    try:
        is_worked = walk.calendar.is_working_day(walk.today)
    except CalendarNotCovered:
        is_worked = walk.today.weekday() < SATURDAY
    return is_worked and _local_time(walk.now) >= at


def _local_time(now: datetime) -> time:
    return now.astimezone(LOCAL_TIME).time()
