"""What each action asks for: one list for the forms, the check of what was typed, and the description of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from planwatch.case.model import Case
from planwatch.case.permissions import Action
from planwatch.early_warning import CaseState
from planwatch.language import Text

MOST_MEASURES = 20
LONGEST_TEXT = 2000
LONGEST_LINE = 200


class FieldKind(StrEnum):
    """How a field is filled in."""

    LINE = "line"
    TEXT = "text"
    DATE = "date"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True)
class Field:
    """One field that has to be filled in."""

    name: str
    kind: FieldKind
    label: Text


_REASON = Field("reason", FieldKind.TEXT, Text("理由", "Reason"))

MEASURE_FIELDS = (
    Field("what", FieldKind.LINE, Text("整改措施", "Measure")),
    Field("who", FieldKind.LINE, Text("责任人", "Who")),
    Field("by", FieldKind.DATE, Text("完成时限", "By when")),
)
"""Of one measure; in a form each name is followed by the number of the row: `what-1`."""

FIELDS: Mapping[Action, tuple[Field, ...]] = {
    Action.ACKNOWLEDGE: (),
    Action.FILE_MEASURES: (),
    Action.NOTE: (Field("note", FieldKind.TEXT, Text("进展情况", "Progress")),),
    Action.REQUEST_CLOSING: (_REASON,),
    Action.CLOSE: (_REASON,),
    Action.REASSIGN: (Field("agency", FieldKind.AGENCY, Text("新责任单位", "New owner")), _REASON),
    Action.SILENCE: (Field("until", FieldKind.DATE, Text("静默截止日", "Silent until")), _REASON),
    Action.LIFT_SILENCE: (_REASON,),
    Action.ESCALATE: (_REASON,),
}
"""The fields of an action beside `step`; those of measures are in `MEASURE_FIELDS`."""

ACTION_NAMES: Mapping[Action, Text] = {
    Action.ACKNOWLEDGE: Text("签收", "Acknowledge"),
    Action.FILE_MEASURES: Text("报送整改措施", "File measures"),
    Action.NOTE: Text("填报进展", "Report progress"),
    Action.ATTACH: Text("上传附件", "Attach a file"),
    Action.REQUEST_CLOSING: Text("申请销号", "Ask for closing"),
    Action.CLOSE: Text("销号", "Close"),
    Action.REASSIGN: Text("改派", "Reassign"),
    Action.SILENCE: Text("静默", "Silence"),
    Action.LIFT_SILENCE: Text("解除静默", "Lift the silence"),
    Action.ESCALATE: Text("督办", "Escalate"),
}

ACTION_HINTS: Mapping[Action, Text] = {
    Action.ACKNOWLEDGE: Text(
        "签收表示本单位已知悉，并将按期报送整改措施。",
        "By acknowledging, your agency confirms that it has taken note and will file its measures in time.",
    ),
    Action.FILE_MEASURES: Text(
        "每行一项，写明做什么、谁负责、何时完成；未签收的同时视为签收。",
        "One measure a row: what, who and by when. Filing measures acknowledges as well.",
    ),
    Action.NOTE: Text("记入预警经过，不发信。", "Becomes part of the history; nothing is mailed."),
    Action.ATTACH: Text(
        "PDF、OFD、Word、Excel（均不含宏）、PNG、JPEG，单个不超过10 MB；文件散列值记入预警经过。",
        "PDF, OFD, Word, Excel (without macros), PNG, JPEG up to 10 MB; the file's hash enters the history.",
    ),
    Action.REQUEST_CLOSING: Text(
        "申请送统筹部门审定，审定前期限照常计算。",
        "The coordinating body decides; until then the deadlines run on.",
    ),
    Action.CLOSE: Text("此后出现新的不良数据，将再次预警。", "Newer bad figures open the case again."),
    Action.REASSIGN: Text(
        "新责任单位须重新签收，期限重新计算。", "The new owner has to acknowledge; deadlines start again."
    ),
    Action.SILENCE: Text("静默期间不发信、不催办、不督办。", "Until then nothing is mailed, reminded or escalated."),
    Action.LIFT_SILENCE: Text("期限自解除之日起重新计算。", "The deadlines count from that day on."),
    Action.ESCALATE: Text("即刻发信给上一级单位。", "The next agency in the chain is mailed at once."),
}


def field_label(name: str) -> Text:
    """What a field of a form is called; of a measure with the number of its row."""
    base, _, number = name.partition("-")
    labels = {
        field.name: field.label for field in (*MEASURE_FIELDS, *(field for found in FIELDS.values() for field in found))
    }
    label = labels.get(base) or _OTHER_LABELS.get(base) or Text(name, name)
    return Text(f"第{number}项{label.zh}", f"{label.en} (no. {number})") if number else label


_OTHER_LABELS = {"file": Text("文件", "File"), "step": Text("经过序号", "Step")}


def is_open_to(case: Case, action: Action) -> bool:
    """Whether a form for the action makes sense for a case as it stands; the state machine has the last word."""
    match action:
        case Action.READ | Action.NOTE | Action.ATTACH:
            return True
        case Action.ACKNOWLEDGE:
            return case.state is CaseState.OPEN
        case Action.REQUEST_CLOSING:
            return case.is_open and case.closing_asked_by is None
        case Action.LIFT_SILENCE:
            return case.is_open and case.silenced_until is not None
        case Action.ESCALATE:
            return case.is_open and len(case.fired_rungs) < len(case.chain)
        case Action.FILE_MEASURES | Action.CLOSE | Action.REASSIGN | Action.SILENCE:
            return case.is_open
