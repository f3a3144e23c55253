"""The case as it stands, which is the sum of its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from planwatch.breakdown import Dimension
from planwatch.case.kinds import TRACKS, CaseKind, Track
from planwatch.early_warning import CaseState, SubjectKind
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Nature
from planwatch.policy import Level, level_from_code


class Obligation(StrEnum):
    """What is asked of the owner next."""

    ACKNOWLEDGE = "acknowledge"
    FILE_MEASURES = "file_measures"
    COMPLETE_MEASURES = "complete_measures"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a case is about: a part of a plan in an area, for a breakdown, or the gap along a dimension."""

    plan_id: str
    kind: SubjectKind
    indicator_id: str
    ref_area: str
    urbanisation: str = "_T"
    pop_group: str = "_T"
    dimension: Dimension | None = None


@dataclass(frozen=True, slots=True)
class Owners:
    """Who answers for a subject, as the catalogue has it.

    Attributes:
        lead: gets the mails and has to answer.
        chain: whom a case is escalated to, in order: superior, then the plan's coordinating body.
        coordinating: gets the weekly summary and decides on closing.
        participants: named beside the lead.
    """

    lead: str
    chain: tuple[str, ...]
    coordinating: str
    participants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What figures, or their absence, mean for a case now.

    Attributes:
        kind: what is wrong, or what was looked for.
        cause: the class, or another code for readers, e.g. `overdue`.
        level: None where nothing is wrong.
        floor: the level below which the case may not fall yet (hysteresis); None: it may close.
        bad_in_a_row: how many bad periods there are without a better one between them.
        period: newest period judged.
        known_at: when the newest figure considered was received.
        submission_id: behind the period judged; None where nothing was reported.
        policy_line: the policy entries that gave the level.
        because: the finding in words.
    """

    kind: CaseKind
    cause: str
    level: Level | None
    floor: Level | None
    bad_in_a_row: int
    period: TimePeriod
    known_at: datetime
    submission_id: str | None
    policy_line: str
    because: Text


@dataclass(frozen=True, slots=True)
class Measure:
    """整改措施: what is done by whom until when."""

    what: str
    who: str
    by: date


@dataclass(frozen=True, slots=True)
class FiredStep:
    """An escalation that was made: for which obligation, on which rung of the chain (from 1), on which day."""

    obligation: Obligation
    rung: int
    on: date


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands.

    Attributes:
        episode: 1, and one more each time it recurs.
        matter_no: 1, and one more each time it recurs after so long that it is a matter of its own.
        cause: the class, or another code, that set the level.
        time_period: of the figure that set the level.
        since_period: the first bad period of this episode.
        known_at: when the newest figures considered were received.
        submission_id: behind `time_period`; None where nothing was reported.
        policy_line: the policy entries that gave the level.
        opened_at: of this episode.
        owner: agency that has to answer.
        chain, coordinating, participants: as in `Owners`, fixed when the episode opened.
        counted_from: local day from which the deadlines are counted: when the level last rose or the owner changed.
        acknowledge_by, measures_by: last days in local time.
        deadlines_provisional: a year's holidays were not known; nobody is reminded or escalated until they are.
        fired: escalations made since the level last rose.
        reminded: obligations reminded of since then.
        told_level: what the owner was last told in this episode; None: nothing.
        silenced_until: first local day on which mails go out again.
        covered_by: open cases that speak for this one; its own mails are held back.
        frozen_by: cases of overdue reports; the level neither falls nor does the case close.
        deferred: what the freeze held back.
        closing_asked_by: who asked to have it closed.
    """

    case_id: str
    subject: Subject
    kind: CaseKind
    nature: Nature
    plan_version: int
    episode: int
    matter_no: int
    state: CaseState
    level: Level
    cause: str
    time_period: TimePeriod
    since_period: TimePeriod
    known_at: datetime
    submission_id: str | None
    policy_line: str
    opened_at: datetime
    owner: str
    chain: tuple[str, ...]
    coordinating: str
    participants: tuple[str, ...]
    counted_from: date
    acknowledge_by: date
    measures_by: date
    deadlines_provisional: bool
    measures: tuple[Measure, ...] = ()
    fired: tuple[FiredStep, ...] = ()
    reminded: tuple[Obligation, ...] = ()
    told_level: Level | None = None
    silenced_until: date | None = None
    covered_by: tuple[str, ...] = ()
    frozen_by: tuple[str, ...] = ()
    deferred: Judgement | None = None
    closing_asked_by: str | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.state is not CaseState.CLOSED

    @property
    def track(self) -> Track:
        """What its subject is watched for here."""
        return TRACKS[self.kind]

    @property
    def obligation(self) -> Obligation | None:
        """What is asked of the owner next; None once it is closed."""
        match self.state:
            case CaseState.OPEN:
                return Obligation.ACKNOWLEDGE
            case CaseState.ACKNOWLEDGED:
                return Obligation.FILE_MEASURES
            case CaseState.RECTIFYING:
                return Obligation.COMPLETE_MEASURES
            case CaseState.CLOSED:
                return None

    @property
    def due_on(self) -> date | None:
        """The last day for the present obligation; None once it is closed."""
        match self.obligation:
            case Obligation.ACKNOWLEDGE:
                return self.acknowledge_by
            case Obligation.FILE_MEASURES:
                return self.measures_by
            case Obligation.COMPLETE_MEASURES:
                return max(measure.by for measure in self.measures)
            case None:
                return None

    @property
    def fired_rungs(self) -> tuple[FiredStep, ...]:
        """The escalations made for the present obligation."""
        return tuple(step for step in self.fired if step.obligation is self.obligation)


@dataclass(frozen=True, slots=True)
class Matter:
    """A subject with what the catalogue says of it now; what a new case takes over.

    Attributes:
        case_id: identity on the track of the event.
        last_period: the plan's last year.
        neighbours: open cases of the plan that may speak for a new one, see `planwatch.case.inhibition`.
    """

    case_id: str
    subject: Subject
    nature: Nature
    last_period: TimePeriod
    plan_version: int
    owners: Owners
    neighbours: tuple[Case, ...] = ()


def case_to_mapping(case: Case) -> dict[str, Any]:
    """Every field as JSON has it."""
    return {field.name: _encode(getattr(case, field.name)) for field in fields(case)}


def case_from_mapping(mapping: Mapping[str, Any]) -> Case:
    """The case behind `case_to_mapping`; fields that are absent have their default."""
    return Case(**{name: _DECODERS.get(name, _as_it_is)(value) for name, value in mapping.items()})


def changes_between(before: Case | None, after: Case) -> dict[str, Any]:
    """What one step changed, as its row of the history keeps it: field → new value."""
    old = case_to_mapping(before) if before else {}
    return {name: value for name, value in case_to_mapping(after).items() if name not in old or old[name] != value}


def replay(history: Iterable[Mapping[str, Any]]) -> Case | None:
    """The case that the changes of its steps, in order, add up to; None for an empty history."""
    state = added_up(history)
    return case_from_mapping(state) if state else None


_RENAMED_KINDS = {"unlikely_target": "forecast_miss"}
"""Kinds under names that only old histories have: no step of a history can be rewritten."""


def added_up(history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The last value of every field that the steps, in order, changed."""
    state: dict[str, Any] = {}
    for changes in history:
        state |= changes
    if "kind" in state:
        state["kind"] = _RENAMED_KINDS.get(state["kind"], state["kind"])
    return state


def _encode(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Level):
        return value.code
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, TimePeriod):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Text):
        return value.as_mapping()
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, Subject | Measure | FiredStep | Judgement):
        return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
    return value


def _as_it_is(value: Any) -> Any:  # noqa: ANN401
    return value


def _level(value: str | None) -> Level | None:
    return level_from_code(value) if value is not None else None


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value is not None else None


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value is not None else None


def _subject(value: Mapping[str, Any]) -> Subject:
    dimension = value.get("dimension")
    return Subject(
        **{
            **value,
            "kind": SubjectKind(value["kind"]),
            "dimension": Dimension(dimension) if dimension is not None else None,
        }
    )


def _measures(values: Iterable[Mapping[str, str]]) -> tuple[Measure, ...]:
    return tuple(Measure(value["what"], value["who"], date.fromisoformat(value["by"])) for value in values)


def _fired(values: Iterable[Mapping[str, Any]]) -> tuple[FiredStep, ...]:
    return tuple(
        FiredStep(Obligation(value["obligation"]), value["rung"], date.fromisoformat(value["on"])) for value in values
    )


def _judgement(value: Mapping[str, Any] | None) -> Judgement | None:
    if value is None:
        return None
    return Judgement(
        kind=CaseKind(_RENAMED_KINDS.get(value["kind"], value["kind"])),
        cause=value["cause"],
        level=_level(value["level"]),
        floor=_level(value["floor"]),
        bad_in_a_row=value["bad_in_a_row"],
        period=parse_period(value["period"]),
        known_at=cast(datetime, _moment(value["known_at"])),
        submission_id=value["submission_id"],
        policy_line=value["policy_line"],
        because=Text(value["because"]["zh"], value["because"]["en"]),
    )


_DECODERS: Mapping[str, Any] = {
    "subject": _subject,
    "kind": CaseKind,
    "nature": Nature,
    "state": CaseState,
    "level": _level,
    "told_level": _level,
    "time_period": parse_period,
    "since_period": parse_period,
    "known_at": _moment,
    "opened_at": _moment,
    "closed_at": _moment,
    "counted_from": _day,
    "acknowledge_by": _day,
    "measures_by": _day,
    "silenced_until": _day,
    "chain": tuple,
    "participants": tuple,
    "covered_by": tuple,
    "frozen_by": tuple,
    "measures": _measures,
    "fired": _fired,
    "reminded": lambda values: tuple(Obligation(value) for value in values),
    "deferred": _judgement,
}
