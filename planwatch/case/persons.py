"""What people do to a case: acknowledge, file measures, report, ask for closing, close, silence, reassign, escalate."""

from __future__ import annotations

from dataclasses import replace

from planwatch.case.clock import escalate, resume
from planwatch.case.effects import HoldBack, Transition
from planwatch.case.events import (
    Acknowledged,
    ClosedByPerson,
    ClosingRequested,
    Escalated,
    MeasuresFiled,
    ProgressNoted,
    Reassigned,
    Silenced,
    SilenceLifted,
)
from planwatch.case.model import Case
from planwatch.case.notice import request_to_close
from planwatch.case.walk import Walk
from planwatch.early_warning import CaseState, DecisionKind
from planwatch.language import Text

CLOSED = Text("预警已销号，不再办理", "the case is closed; nothing can be done to it")
NOT_MAILED = HoldBack(Text("此类事项不发信", "steps of this kind are not mailed"))


def acknowledge(walk: Walk, case: Case, event: Acknowledged) -> Transition:
    """签收: the owner has taken note; once per rise of the level."""
    hindrance = _hindrance(case, by=event.by)
    if hindrance:
        return walk.nothing(hindrance)
    if case.state is not CaseState.OPEN:
        return walk.nothing(Text("已签收", "acknowledged already"))
    walk.step(
        DecisionKind.ACKNOWLEDGE,
        replace(case, state=CaseState.ACKNOWLEDGED),
        Text(f"{event.by}签收", f"acknowledged by {event.by}"),
        actor=event.by,
        notice=HoldBack(Text("签收无需发信", "an acknowledgement is not mailed")),
    )
    return walk.done()


def file_measures(walk: Walk, case: Case, event: MeasuresFiled) -> Transition:
    """整改措施: filing them acknowledges as well; later ones are added."""
    hindrance = _hindrance(case, by=event.by) or _fault_of_measures(walk, event)
    if hindrance:
        return walk.nothing(hindrance)
    latest = max(measure.by for measure in event.measures)
    count = len(event.measures)
    walk.step(
        DecisionKind.FILE_MEASURES,
        replace(case, state=CaseState.RECTIFYING, measures=(*case.measures, *event.measures)),
        Text(
            f"{event.by}报送整改措施{count}项，{latest}前完成",
            f"{event.by} files {count} measures to be completed by {latest}",
        ),
        actor=event.by,
        notice=NOT_MAILED,
    )
    return walk.done()


def note_progress(walk: Walk, case: Case, event: ProgressNoted) -> Transition:
    """A note on the case, also on a closed one."""
    missing = _blank(by=event.by, note=event.note)
    if missing:
        return walk.nothing(missing)
    walk.step(DecisionKind.NOTE, case, Text(event.note.strip(), event.note.strip()), actor=event.by, notice=NOT_MAILED)
    return walk.done()


def request_closing(walk: Walk, case: Case, event: ClosingRequested) -> Transition:
    """The coordinating body is asked to close the case; until it decides nothing else changes."""
    hindrance = _hindrance(case, by=event.by, reason=event.reason)
    if hindrance:
        return walk.nothing(hindrance)
    if case.closing_asked_by is not None:
        return walk.nothing(Text("已提出销号申请", "its closing has been asked for already"))
    walk.step(
        DecisionKind.REQUEST_CLOSING,
        replace(case, closing_asked_by=event.by),
        Text(f"{event.by}申请销号：{event.reason.strip()}", f"{event.by} asks to close it: {event.reason.strip()}"),
        actor=event.by,
        notice=request_to_close(case, walk.policy, walk.now),
    )
    return walk.done()


def close_by_person(walk: Walk, case: Case, event: ClosedByPerson) -> Transition:
    """销号 by a named person; newer bad figures open the next episode."""
    hindrance = _hindrance(case, by=event.by, reason=event.reason)
    if hindrance:
        return walk.nothing(hindrance)
    walk.step(
        DecisionKind.CLOSE,
        closed(walk, case),
        Text(f"{event.by}销号：{event.reason.strip()}", f"closed by {event.by}: {event.reason.strip()}"),
        actor=event.by,
        submission_id=case.submission_id,
    )
    return walk.done()


def silence(walk: Walk, case: Case, event: Silenced) -> Transition:
    """No mails until a day: reminders and escalation wait as well."""
    hindrance = _hindrance(case, by=event.by, reason=event.reason)
    if hindrance:
        return walk.nothing(hindrance)
    if event.until <= walk.today:
        return walk.nothing(Text("静默截止日须晚于今日", "a silence has to end after today"))
    walk.step(
        DecisionKind.SILENCE,
        replace(case, silenced_until=event.until),
        Text(
            f"{event.by}设静默至{event.until}：{event.reason.strip()}",
            f"{event.by} silences it until {event.until}: {event.reason.strip()}",
        ),
        actor=event.by,
        notice=NOT_MAILED,
    )
    return walk.done()


def lift_silence(walk: Walk, case: Case, event: SilenceLifted) -> Transition:
    """Mails go out again from now on."""
    hindrance = _hindrance(case, by=event.by, reason=event.reason)
    if hindrance:
        return walk.nothing(hindrance)
    if case.silenced_until is None:
        return walk.nothing(Text("并未静默", "it is not silenced"))
    resume(
        walk,
        replace(case, silenced_until=None),
        DecisionKind.LIFT_SILENCE,
        Text(f"{event.by}解除静默：{event.reason.strip()}", f"{event.by} lifts the silence: {event.reason.strip()}"),
        event.by,
    )
    return walk.done()


def reassign(walk: Walk, case: Case, event: Reassigned) -> Transition:
    """Another agency answers; it has the full time and has to acknowledge for itself."""
    hindrance = _hindrance(case, by=event.by, reason=event.reason)
    if hindrance:
        return walk.nothing(hindrance)
    if event.owners.lead == case.owner:
        return walk.nothing(Text("责任单位未变", "the owner is the same"))
    hand_over(
        walk,
        replace(
            case,
            owner=event.owners.lead,
            chain=event.owners.chain,
            coordinating=event.owners.coordinating,
            participants=event.owners.participants,
        ),
        Text(f"{event.by}改派：{event.reason.strip()}", f"{event.by} reassigns it: {event.reason.strip()}"),
        event.by,
    )
    return walk.done()


def escalate_by_person(walk: Walk, case: Case, event: Escalated) -> Transition:
    """督办 without waiting for the deadline."""
    hindrance = _hindrance(case, by=event.by, reason=event.reason)
    if hindrance:
        return walk.nothing(hindrance)
    if len(case.fired_rungs) >= len(case.chain):
        return walk.nothing(Text("已报至最上一级", "the last one in the chain has been asked already"))
    escalate(
        walk,
        case,
        Text(f"{event.by}督办：{event.reason.strip()}", f"{event.by} escalates it: {event.reason.strip()}"),
        event.by,
    )
    return walk.done()


def hand_over(walk: Walk, case: Case, reason: Text, actor: str) -> Case:
    """The case in the hands of its new owner, who has been told nothing so far."""
    fresh = walk.with_deadlines(replace(case, state=CaseState.OPEN, told_level=None), case.level)
    return walk.step(DecisionKind.REASSIGN, fresh, reason, actor=actor)


def closed(walk: Walk, case: Case) -> Case:
    """The case closed now, with nothing pending."""
    return replace(
        case,
        state=CaseState.CLOSED,
        closed_at=walk.now,
        covered_by=(),
        frozen_by=(),
        deferred=None,
        silenced_until=None,
        closing_asked_by=None,
    )


def _fault_of_measures(walk: Walk, event: MeasuresFiled) -> Text | None:
    if not event.measures:
        return Text("至少报送一项整改措施", "at least one measure is needed")
    if any(not measure.what.strip() or not measure.who.strip() for measure in event.measures):
        return Text("每项措施须写明内容和负责人", "every measure needs a what and a who")
    if any(measure.by < walk.today for measure in event.measures):
        return Text("措施完成日不得早于今日", "no measure can be completed before today")
    return None


def _hindrance(case: Case, **given: str) -> Text | None:
    return _blank(**given) if case.is_open else CLOSED


def _blank(**given: str) -> Text | None:
    names = {"by": Text("姓名", "a name"), "reason": Text("理由", "a reason"), "note": Text("内容", "a text")}
    for field, value in given.items():
        if not value.strip():
            return Text(f"须填写{names[field].zh}", f"{names[field].en} is needed")
    return None
