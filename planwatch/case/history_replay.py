"""The events of a plan once more through the state machine, under a policy of choice. Pure given what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from planwatch.case.effects import Step
from planwatch.case.events import Assessed, ClockTicked, Event
from planwatch.case.inhibition import cover_changes
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.case.post import Post
from planwatch.local_time import LOCAL_TIME
from planwatch.policy import Policy
from planwatch.working_days import WorkingCalendar

PRESSING_DAYS = timedelta(days=30)
"""How far before a deadline the clock looks at a case: further than any reminder comes."""

Cases = Mapping[str, Case]
Happenings = Sequence[tuple[str, Event]]
Maker = Callable[[Cases, Policy, datetime], Happenings]


class Occasion(NamedTuple):
    """Something that happens to cases of a plan at one moment.

    Attributes:
        at: when.
        place: in the recorded history, which orders what happened at one moment.
        number: orders what led to nothing there.
        makers: what happens, given the cases and the policy by then; one after the other.
    """

    at: datetime
    place: int
    number: int
    makers: Sequence[Maker]

    @property
    def order(self) -> tuple[datetime, int, int]:
        """What occasions are sorted by."""
        return self.at, self.place, self.number


@dataclass(frozen=True, slots=True)
class ReplayedStep:
    """A step that the replay took."""

    at: datetime
    number: int
    step: Step


class HistoryReplay:
    """The cases of one plan while its history is played.

    Attributes:
        cases: as they stand.
        steps: taken so far, in order.
        post: what they come to as mails.
    """

    def __init__(
        self,
        policy_at: Callable[[datetime], Policy],
        calendar: WorkingCalendar,
        cases: Mapping[str, tuple[Case, int]],
        post: Post,
    ) -> None:
        self.cases = {case_id: case for case_id, (case, _) in cases.items()}
        self.steps: list[ReplayedStep] = []
        self.post = post
        self._numbers = {case_id: steps for case_id, (_, steps) in cases.items()}
        self._policy_at, self._calendar = policy_at, calendar

    def play(self, occasions: Iterable[Occasion], until: datetime) -> None:
        """Let everything happen in order, and send what is due by `until`."""
        for occasion in sorted(occasions, key=lambda occasion: occasion.order):
            self.post.close_due(occasion.at)
            policy = self._policy_at(occasion.at)
            for make in occasion.makers:
                self._apply(make(self.cases, policy, occasion.at), policy, occasion.at)
        self.post.close_due(until)

    def _apply(self, happenings: Happenings, policy: Policy, now: datetime) -> None:
        """What `services.alerts.cases.CaseBook.apply` decides of one occasion."""
        taken: list[Step] = []
        stepped: dict[str, Case] = {}
        for case_id, happening in happenings:
            if case_id in stepped:
                continue
            event = happening
            if policy.inhibition.area_covers_parts and isinstance(event, Assessed):
                matter = event.matter
                event = replace(event, matter=replace(matter, neighbours=(*matter.neighbours, *stepped.values())))
            outcome = transition(self.cases.get(case_id), event, policy, now, self._calendar)
            if outcome.case is None or not outcome.effects:
                continue
            stepped[case_id] = self.cases[case_id] = outcome.case
            taken += outcome.effects
        self.post.take(taken, policy, now)
        for step in taken:
            case_id = step.case.case_id
            self._numbers[case_id] = self._numbers.get(case_id, 0) + 1
            self.steps.append(ReplayedStep(now, self._numbers[case_id], step))


def covers(cases: Cases, policy: Policy, now: datetime) -> Happenings:
    """The covers and freezes that have to change, as a round of the clock finds them."""
    ordered = [cases[case_id] for case_id in sorted(cases)]
    return [(case.case_id, event) for case, event in cover_changes(ordered, policy.inhibition)]


def pressing(cases: Cases, policy: Policy, now: datetime) -> Happenings:
    """The cases to which the clock may have something to say."""
    today = now.astimezone(LOCAL_TIME).date()
    return [(case_id, ClockTicked()) for case_id in sorted(cases) if _is_pressing(cases[case_id], today)]


def full_clock(
    recorded: Sequence[Occasion], policies: Iterable[Policy], since: datetime, until: datetime
) -> list[datetime]:
    """The moments at which rounds of a clock that never stops can lead to anything.

    Days begin, reminders and escalations come at their time of day, and a minute after anything else covers change.
    """
    times = {policy.escalation.at for policy in policies if policy.escalation is not None}
    moments = {occasion.at + timedelta(minutes=1) for occasion in recorded}
    midnight = datetime.min.time()
    day, last = since.astimezone(LOCAL_TIME).date(), until.astimezone(LOCAL_TIME).date()
    while day <= last:
        moments |= {datetime.combine(day, at, LOCAL_TIME) for at in (midnight, *times)}
        day += timedelta(days=1)
    return sorted(moment for moment in moments if since <= moment < until)


def _is_pressing(case: Case, today: date) -> bool:
    if not case.is_open:
        return False
    is_due = case.due_on is not None and case.due_on <= today + PRESSING_DAYS
    return is_due or (case.silenced_until is not None and case.silenced_until <= today)
