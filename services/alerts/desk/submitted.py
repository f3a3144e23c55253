"""From what was typed to an event of the case, or to what is wrong with every field. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from planwatch.case.events import (
    Acknowledged,
    ClosedByPerson,
    ClosingRequested,
    Escalated,
    MeasuresFiled,
    PersonEvent,
    ProgressNoted,
    Reassigned,
    Silenced,
    SilenceLifted,
)
from planwatch.case.model import Case, Measure
from planwatch.case.permissions import Action
from planwatch.language import Text
from planwatch.plan import Plan
from services.alerts.desk.fields import FIELDS, LONGEST_LINE, LONGEST_TEXT, MEASURE_FIELDS, MOST_MEASURES, FieldKind
from services.alerts.matters import owners_led_by


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: its name, what it holds, and what would be right."""

    field: str
    value: str
    expected: Text


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a submitted form is read in.

    Attributes:
        case: as the person saw it.
        plan: of the case, as it is now.
        actor: who submits, as the history names them.
        today: the local day.
    """

    case: Case
    plan: Plan
    actor: str
    today: date


def read_step(values: Mapping[str, str], latest: int) -> int | Fault:
    """The number of the last step that the person had seen."""
    value = values.get("step", "").strip()
    if value.isascii() and value.isdecimal() and len(value) < 9 and 1 <= int(value) <= latest:
        return int(value)
    return Fault(
        "step",
        value,
        Text(f"预警经过的序号，1至{latest}", f"the number of a step of the history, 1 to {latest}"),
    )


def read_action(
    action: Action, values: Mapping[str, str], circumstances: Circumstances
) -> tuple[PersonEvent | None, tuple[Fault, ...]]:
    """The event that a form asks for.

    Args:
        action: any but READ and ATTACH.
        values: field → what it holds; a measure's fields are numbered, `what-1`.
        circumstances: in which it is read.
    Returns:
        The event and no fault, or no event and what is wrong with which field.
    """
    typed = {name: clean(value) for name, value in values.items()}
    if action is Action.FILE_MEASURES:
        return _read_measures(typed, circumstances)
    faults = tuple(
        fault
        for field in FIELDS[action]
        if (fault := _fault(field.name, field.kind, typed.get(field.name, ""), circumstances))
    )
    return (None, faults) if faults else (_EVENTS[action](typed, circumstances), ())


def clean(value: str) -> str:
    """Without blanks at the ends and without what no text holds: control characters, halves of characters."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character in lines
        if character in "\n\t" or not (unicodedata.category(character) in _NOT_TEXT or character in _TURNS_TEXT)
    ).strip()


_NOT_TEXT = frozenset({"Cc", "Cs"})
_TURNS_TEXT = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make what follows read from right to left: a name of a file could hide its end with them."""


def _read_measures(
    typed: Mapping[str, str], circumstances: Circumstances
) -> tuple[MeasuresFiled | None, tuple[Fault, ...]]:
    rows = [
        number
        for number in range(1, MOST_MEASURES + 1)
        if any(typed.get(f"{field.name}-{number}") for field in MEASURE_FIELDS)
    ]
    faults = tuple(
        fault
        for number in rows or [1]
        for field in MEASURE_FIELDS
        if (
            fault := _fault(
                f"{field.name}-{number}", field.kind, typed.get(f"{field.name}-{number}", ""), circumstances
            )
        )
    )
    if faults:
        return None, faults
    measures = tuple(
        Measure(typed[f"what-{number}"], typed[f"who-{number}"], date.fromisoformat(typed[f"by-{number}"]))
        for number in rows
    )
    return MeasuresFiled(circumstances.actor, measures), ()


def _fault(name: str, kind: FieldKind, value: str, circumstances: Circumstances) -> Fault | None:
    expected = _CHECKS[kind](value, circumstances)
    if expected is None and name == "until" and date.fromisoformat(value) <= circumstances.today:
        expected = Text("今日之后的日期", "a day after today")
    if expected is None and name.startswith("by-") and date.fromisoformat(value) < circumstances.today:
        expected = Text("今日或今日之后的日期", "today or a day after it")
    return Fault(name, value, expected) if expected else None


def _line(value: str, _: Circumstances) -> Text | None:
    if value and "\n" not in value and len(value) <= LONGEST_LINE:
        return None
    return Text(f"1至{LONGEST_LINE}个字，不分行", f"1 to {LONGEST_LINE} characters on one line")


def _text(value: str, _: Circumstances) -> Text | None:
    if value and len(value) <= LONGEST_TEXT:
        return None
    return Text(f"1至{LONGEST_TEXT}个字", f"1 to {LONGEST_TEXT} characters")


def _date(value: str, circumstances: Circumstances) -> Text | None:
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        parsed = None
    if parsed is not None and parsed.isoformat() == value:
        return None
    example = circumstances.today.isoformat()
    return Text(f"形如 {example} 的日期", f"a date such as {example}")


def _agency(value: str, circumstances: Circumstances) -> Text | None:
    if value not in {agency.agency_id for agency in circumstances.plan.agencies}:
        return Text("本规划的责任单位之一", "one of the agencies of the plan")
    if value == circumstances.case.owner:
        return Text("现责任单位以外的单位", "another agency than the present owner")
    return None


_CHECKS: Mapping[FieldKind, Callable[[str, Circumstances], Text | None]] = {
    FieldKind.LINE: _line,
    FieldKind.TEXT: _text,
    FieldKind.DATE: _date,
    FieldKind.AGENCY: _agency,
}


def _reassigned(typed: Mapping[str, str], circumstances: Circumstances) -> Reassigned:
    lead = typed["agency"]
    participants = tuple(agency for agency in circumstances.case.participants if agency != lead)
    return Reassigned(circumstances.actor, owners_led_by(circumstances.plan, lead, participants), typed["reason"])


_EVENTS: Mapping[Action, Callable[[Mapping[str, str], Circumstances], PersonEvent]] = {
    Action.ACKNOWLEDGE: lambda _, seen: Acknowledged(seen.actor),
    Action.NOTE: lambda typed, seen: ProgressNoted(seen.actor, typed["note"]),
    Action.REQUEST_CLOSING: lambda typed, seen: ClosingRequested(seen.actor, typed["reason"]),
    Action.CLOSE: lambda typed, seen: ClosedByPerson(seen.actor, typed["reason"]),
    Action.REASSIGN: _reassigned,
    Action.SILENCE: lambda typed, seen: Silenced(seen.actor, date.fromisoformat(typed["until"]), typed["reason"]),
    Action.LIFT_SILENCE: lambda typed, seen: SilenceLifted(seen.actor, typed["reason"]),
    Action.ESCALATE: lambda typed, seen: Escalated(seen.actor, typed["reason"]),
}
