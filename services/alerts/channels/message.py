"""What a channel is told of a step: one short message: what is wrong, who is to do what by when, a link. Pure."""

from __future__ import annotations

import json
from datetime import datetime

from planwatch.case.clock import OBLIGATION_NAMES
from planwatch.case.effects import MailOrder, Step
from planwatch.language import Text
from planwatch.notification import MailKind
from planwatch.plan import Indicator, Plan
from planwatch.wording import LEVEL_NAMES, area_text
from services.alerts.channels.configuration import Channel
from services.alerts.notices import agency_name

OCCASIONS = {
    MailKind.CLOSURE: Text("销号", "closed"),
    MailKind.REMINDER: Text("催办", "reminder"),
    MailKind.ESCALATION: Text("督办", "escalated"),
    MailKind.REQUEST: Text("销号申请", "asked to close"),
}
SIMULATED = Text("【模拟数据】", "[simulated data] ")


def body_of(
    channel: Channel,
    plan: Plan,
    indicator: Indicator,
    step: Step,
    order: MailOrder,
    *,
    number: int,
    case_url: str,
    simulated: bool,
    now: datetime,
) -> str:
    """The message as JSON.

    Returns:
        An object with `id` (the same for every attempt), `at`, `case_id`, `step`, `step_kind`, `plan_id`,
        `indicator_id`, `ref_area`, `agency_id`, `level`, `simulated`, `title`, `text`, `expected`, `due_on`, `url`.
    """
    case = step.case
    expected = _expected(plan, step, order)
    say = channel.language.of
    return json.dumps(
        {
            "id": message_id(channel.name, case.case_id, number),
            "at": now.isoformat(),
            "case_id": case.case_id,
            "step": number,
            "step_kind": step.entry.kind,
            "plan_id": case.subject.plan_id,
            "indicator_id": case.subject.indicator_id,
            "ref_area": case.subject.ref_area,
            "agency_id": order.to,
            "level": case.level.code,
            "simulated": simulated,
            "title": say(_title(plan, indicator, step, order, simulated=simulated)),
            "text": say(_text(plan, step, expected)),
            "expected": say(expected) if expected else None,
            "due_on": case.due_on.isoformat() if case.due_on else None,
            "url": case_url,
        },
        ensure_ascii=False,
    )


def message_id(channel: str, case_id: str, step: int) -> str:
    """The id of what a channel is told of a step; a receiver knows a repetition by it."""
    return f"{channel}-{case_id}-{step}"


def _title(plan: Plan, indicator: Indicator, step: Step, order: MailOrder, *, simulated: bool) -> Text:
    level, occasion = LEVEL_NAMES[step.case.level], OCCASIONS.get(order.kind)
    area = area_text(plan.area_name, plan.ref_area, step.case.subject.ref_area)
    mark = SIMULATED if simulated else Text("", "")
    return Text(
        f"{mark.zh}【{level.zh}预警{'·' + occasion.zh if occasion else ''}】{area.zh}：{indicator.name.zh}",
        f"{mark.en}[{level.en} warning{', ' + occasion.en if occasion else ''}] {area.en}: {indicator.name.en}",
    )


def _text(plan: Plan, step: Step, expected: Text | None) -> Text:
    reason = step.entry.reason
    return Text(
        f"{plan.title.zh}：{reason.zh}。{expected.zh if expected else ''}",
        f"{plan.title.en}: {reason.en}. {expected.en if expected else ''}".strip(),
    )


def _expected(plan: Plan, step: Step, order: MailOrder) -> Text | None:
    """What is expected of whom by when; None where nothing is."""
    case = step.case
    reader, owner = agency_name(plan, order.to), agency_name(plan, case.owner)
    if case.obligation is None:
        return None
    if order.kind is MailKind.REQUEST:
        return Text(f"请{reader.zh}审定销号申请。", f"{reader.en} is to decide on closing it.")
    obligation = OBLIGATION_NAMES[case.obligation]
    ask = Text(f"请{owner.zh}", f"{owner.en} is asked for {obligation.en}")
    if order.to != case.owner:
        ask = Text(f"请{reader.zh}督促{owner.zh}", f"{reader.en} is to see to it that {owner.en} does: {obligation.en}")
    return Text(f"{ask.zh}于{case.due_on}前{obligation.zh}。", f"{ask.en}, by {case.due_on}.")
