"""Two histories held against each other: recorded and replayed step by step, two replays case by case. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from planwatch.case.effects import MailOrder
from planwatch.case.history_replay import ReplayedStep
from planwatch.case.model import Case
from planwatch.case.post import PlannedMail
from planwatch.case.recorded import RecordedStep
from planwatch.early_warning import DecisionKind
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery
from planwatch.period import TimePeriod
from planwatch.policy import Level

ONE_ROUND = timedelta(minutes=1)
"""The clock comes round once a minute: what differs by less happened at the same time."""


@dataclass(frozen=True, slots=True)
class StepDifference:
    """A step in which a replay is not the recorded history.

    Attributes:
        fields: that differ; empty where one of the two has no such step.
        recorded: the kind of the step as recorded, None where there is none.
        replayed: likewise.
    """

    case_id: str
    number: int
    at: datetime
    fields: tuple[str, ...]
    recorded: DecisionKind | None
    replayed: DecisionKind | None


def step_differences(recorded: Iterable[RecordedStep], replayed: Iterable[ReplayedStep]) -> list[StepDifference]:
    """Where a replay under the policies that were in force is not what was recorded; empty if it is, step by step."""
    missing = {(step.case_id, step.number): step for step in recorded}
    found = []
    for item in replayed:
        case_id, kind = item.step.case.case_id, item.step.entry.kind
        old = missing.pop((case_id, item.number), None)
        fields = _differing(old, item) if old is not None else ()
        if old is None or fields:
            found.append(StepDifference(case_id, item.number, item.at, fields, old.kind if old else None, kind))
    found += [StepDifference(step.case_id, step.number, step.at, (), step.kind, None) for step in missing.values()]
    return sorted(found, key=lambda difference: (difference.at, difference.case_id, difference.number))


@dataclass(frozen=True, slots=True)
class Episode:
    """One episode of a case as a replay has it.

    Attributes:
        cause, period, submission_id, policy_line: of the figure that set the highest level.
        levels: at its opening and after every change, in order.
        closed_at: None while it is open.
        escalated_on: local days of escalations.
    """

    case_id: str
    episode: int
    opened_at: datetime
    closed_at: datetime | None
    levels: tuple[Level, ...]
    owner: str
    acknowledge_by: date
    measures_by: date
    escalated_on: tuple[date, ...]
    cause: str
    period: TimePeriod
    submission_id: str | None
    policy_line: str


class Divergence(StrEnum):
    """In what a case differs under another policy."""

    OPENS = "opens"
    DOES_NOT_OPEN = "does_not_open"
    OPENS_EARLIER = "opens_earlier"
    OPENS_LATER = "opens_later"
    LEVEL = "level"
    DEADLINE = "deadline"
    ESCALATION = "escalation"
    CLOSES_EARLIER = "closes_earlier"
    CLOSES_LATER = "closes_later"


@dataclass(frozen=True, slots=True)
class CaseDifference:
    """An episode that is another one under another policy; None where there is none."""

    case_id: str
    divergences: tuple[Divergence, ...]
    present: Episode | None
    changed: Episode | None


def episodes(standing: Iterable[Case], steps: Iterable[ReplayedStep]) -> list[Episode]:
    """The episodes of cases, from how they stood and what was done since, in order of case and time."""
    courses: dict[tuple[str, int], list[Case]] = defaultdict(list)
    for case in standing:
        if case.is_open:
            courses[case.case_id, case.episode].append(case)
    for item in steps:
        case = item.step.case
        courses[case.case_id, case.episode].append(case)
    return [_episode(course) for _, course in sorted(courses.items(), key=lambda item: item[0])]


def case_differences(present: Sequence[Episode], changed: Sequence[Episode]) -> list[CaseDifference]:
    """The cases that differ, episode by episode in the order in which they opened."""
    left, right = _by_case(present), _by_case(changed)
    found = []
    for case_id in sorted(left.keys() | right.keys()):
        old, new = left.get(case_id, []), right.get(case_id, [])
        for position in range(max(len(old), len(new))):
            before = old[position] if position < len(old) else None
            after = new[position] if position < len(new) else None
            divergences = _divergences(before, after)
            if divergences:
                found.append(CaseDifference(case_id, divergences, before, after))
    return found


@dataclass(frozen=True, slots=True)
class MailComparison:
    """The mails of two replays.

    Attributes:
        counts: kind and agency → how many with the present policy, and with the changed one.
        only_present: mails that would not go out, or on another day, or about other cases.
        only_changed: mails that would go out instead.
    """

    counts: Mapping[tuple[str, str], tuple[int, int]]
    only_present: Sequence[PlannedMail]
    only_changed: Sequence[PlannedMail]


def compare_mails(present: Sequence[PlannedMail], changed: Sequence[PlannedMail]) -> MailComparison:
    """Mails by kind and agency, and those that only one of the two has: same kind, reader, local day and cases."""
    left = Counter((mail.kind.value, mail.to) for mail in present)
    right = Counter((mail.kind.value, mail.to) for mail in changed)
    counts = {key: (left[key], right[key]) for key in sorted(left.keys() | right.keys())}
    return MailComparison(counts, _without(present, changed), _without(changed, present))


def _differing(old: RecordedStep, new: ReplayedStep) -> tuple[str, ...]:
    entry, notice = new.step.entry, new.step.notice
    order = notice if isinstance(notice, MailOrder) else None
    pairs = {
        "at": (old.at.isoformat(), new.at.isoformat()),
        "kind": (old.kind, entry.kind),
        "level": (old.level, new.step.case.level.code),
        "reason": (old.reason, entry.reason),
        "policy_line": (old.policy_line, entry.policy_line),
        "actor": (old.actor, entry.actor),
        "submission_id": (old.submission_id, entry.submission_id),
        "delivery": (old.delivery, (order.delivery if order else Delivery.NONE).value),
        "addressee": (old.addressee, order.to if order else None),
        "changes": (dict(old.changes), dict(entry.changes)),
    }
    return tuple(name for name, (left, right) in pairs.items() if not _same(left, right))


def _same(left: Any, right: Any) -> bool:  # noqa: ANN401  (JSON)
    """Whether two values are equal, moments to within a round of the clock."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_same, left, right))
    if left == right or not isinstance(left, str) or not isinstance(right, str) or "T" not in left:
        return bool(left == right)
    try:
        return abs(datetime.fromisoformat(left) - datetime.fromisoformat(right)) <= ONE_ROUND
    except (ValueError, TypeError):
        return False


def _episode(course: Sequence[Case]) -> Episode:
    levels = [course[0].level]
    for case in course[1:]:
        if case.is_open and case.level != levels[-1]:
            levels.append(case.level)
    decisive = next(case for case in course if case.level == max(levels))
    first, last = course[0], course[-1]
    fired = {step.on for case in course for step in case.fired}
    return Episode(
        case_id=first.case_id,
        episode=first.episode,
        opened_at=first.opened_at,
        closed_at=last.closed_at if not last.is_open else None,
        levels=tuple(levels),
        owner=last.owner,
        acknowledge_by=first.acknowledge_by,
        measures_by=first.measures_by,
        escalated_on=tuple(sorted(fired)),
        cause=decisive.cause,
        period=decisive.time_period,
        submission_id=decisive.submission_id,
        policy_line=decisive.policy_line,
    )


def _by_case(found: Iterable[Episode]) -> dict[str, list[Episode]]:
    by_case: dict[str, list[Episode]] = defaultdict(list)
    for episode in found:
        by_case[episode.case_id].append(episode)
    return by_case


def _divergences(before: Episode | None, after: Episode | None) -> tuple[Divergence, ...]:
    if before is None:
        return (Divergence.OPENS,)
    if after is None:
        return (Divergence.DOES_NOT_OPEN,)
    opens_later, closes_later = _later(before.opened_at, after.opened_at), _later(before.closed_at, after.closed_at)
    holds = {
        Divergence.OPENS_EARLIER: opens_later < 0,
        Divergence.OPENS_LATER: opens_later > 0,
        Divergence.LEVEL: before.levels != after.levels,
        Divergence.DEADLINE: (before.acknowledge_by, before.measures_by) != (after.acknowledge_by, after.measures_by),
        Divergence.ESCALATION: before.escalated_on != after.escalated_on,
        Divergence.CLOSES_EARLIER: closes_later < 0,
        Divergence.CLOSES_LATER: closes_later > 0,
    }
    return tuple(name for name, is_so in holds.items() if is_so)


def _later(before: datetime | None, after: datetime | None) -> int:
    """1 where the second is later by more than a round, -1 where it is earlier, 0 otherwise; None never comes."""
    if before is None or after is None:
        return (after is None) - (before is None)
    return (after - before > ONE_ROUND) - (before - after > ONE_ROUND)


def _without(mails: Sequence[PlannedMail], others: Sequence[PlannedMail]) -> list[PlannedMail]:
    left = Counter(map(_identity, others))
    found = []
    for mail in mails:
        if left[_identity(mail)]:
            left[_identity(mail)] -= 1
        else:
            found.append(mail)
    return found


def _identity(mail: PlannedMail) -> tuple[str, str, date, tuple[str, ...]]:
    return mail.kind.value, mail.to, mail.at.astimezone(LOCAL_TIME).date(), mail.cases
