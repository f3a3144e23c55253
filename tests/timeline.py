"""Time lines in the style of Alertmanager's acceptance tests: a virtual clock, events at moments, mails in intervals.

A time line plays the rounds of the alerting service on the pure machine, one every hour. Mails are expected in
intervals, and their number has to be the expected one, so that a duplicate fails like a missing mail. Every story is
told twice: what its steps record, replayed under the same policy, has to give the same steps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from planwatch.case.effects import MailOrder, Step
from planwatch.case.events import (
    Assessed,
    ClockTicked,
    Event,
    ForecastMade,
    GapMeasured,
    PlanRevised,
    QualityChecked,
    ReportsChecked,
)
from planwatch.case.history_replay import HistoryReplay, Maker, Occasion, covers, pressing
from planwatch.case.model import Case, Matter, replay
from planwatch.case.post import PlannedMail, Post
from planwatch.case.recorded import RecordedStep, given_event
from planwatch.case.replay_comparison import StepDifference, step_differences
from planwatch.early_warning import DecisionKind, Verdict
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery, MailKind
from planwatch.period import parse_period
from planwatch.policy import AssessmentClass, Policy
from planwatch.working_days import WorkingCalendar
from services.alerts.sender import retry_after
from services.simulation.book import MemoryBook
from tests.builders import CALENDAR_2026, default_policy, make_matter

HOUR = timedelta(hours=1)
EventMaker = Callable[["Timeline"], Event]
FOUND = (Assessed, ForecastMade, GapMeasured, QualityChecked, ReportsChecked, PlanRevised)
"""Events that come from figures and from the catalogue; what people did is read off the recorded steps."""


def local(text: str) -> datetime:
    """A moment of local time, e.g. `2026-03-02T10:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL_TIME)


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that has arrived: what, for whom, when, about which cases."""

    kind: MailKind
    to: str
    at: datetime
    cases: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to} at {self.at.astimezone(LOCAL_TIME):%m-%dT%H:%M} on {', '.join(self.cases)}"


@dataclass(frozen=True, slots=True)
class Expected:
    """A mail that has to arrive in an interval, both ends included."""

    kind: MailKind
    to: str
    after: datetime
    before: datetime
    cases: tuple[str, ...]

    def matches(self, mail: SentMail) -> bool:
        """Whether this is the mail."""
        return (
            (mail.kind, mail.to, mail.cases) == (self.kind, self.to, self.cases)
            and self.after <= mail.at <= self.before
        )  # fmt: skip


def mail(kind: MailKind, to: str, after: str, before: str, *cases: str) -> Expected:
    """An expected mail, e.g. `mail(MailKind.WARNING, SCHOOLS, "2026-03-02T10:00", "2026-03-02T10:05", "rate")`."""
    return Expected(kind, to, local(after), local(before), cases or ("rate",))


class Timeline:
    """One story: give its events with `report`, `do` and the like, then `run` it and ask what arrived."""

    def __init__(self, policy: Policy | None = None, calendar: WorkingCalendar = CALENDAR_2026) -> None:
        self.matters: dict[str, Matter] = {}
        self.book = MemoryBook(policy or default_policy(), calendar)
        self.cases, self.history = self.book.cases, self.book.history
        self.arrived: list[SentMail] = []
        self._events: list[tuple[datetime, str, EventMaker]] = []
        self._verdicts: dict[str, dict[str, Verdict]] = defaultdict(dict)
        self._outages: list[tuple[datetime, datetime]] = []
        self._stopped: list[tuple[datetime, datetime]] = []
        self._recorded: list[RecordedStep] = []
        self._numbers: Counter[str] = Counter()
        self._found: list[Occasion] = []

    def watch(self, name: str, **changes: object) -> None:
        """Let a case be about something else than `make_matter` has by default."""
        self.matters[name] = make_matter(name, **{"last_period": "2030", **changes})  # type: ignore[arg-type]

    def watch_all(self, owned: Mapping[str, Iterable[str]]) -> None:
        """Let cases have these owners: agency → names."""
        for agency, names in owned.items():
            for name in names:
                self.watch(name, owner=agency)

    def report(self, at: str, name: str = "rate", **verdicts: AssessmentClass) -> None:
        """Figures arrive; periods are given as `y2026` or `m2026_03`."""
        moment = local(at)

        def assessed(line: Timeline) -> Event:
            for word, verdict in verdicts.items():
                period = word[1:].replace("_", "-")
                line._verdicts[name][period] = Verdict(parse_period(period), verdict, f"s-{at}", moment)
            ordered = sorted(line._verdicts[name].values(), key=lambda verdict: verdict.period)
            return Assessed(line.matter(name), ordered)

        self._events.append((moment, name, assessed))

    def do(self, at: str, event: Event, name: str = "rate") -> None:
        """Something else happens to a case."""
        self._events.append((local(at), name, lambda line: event))

    def report_all(self, moments: Mapping[str, str], **verdicts: AssessmentClass) -> None:
        """The same figures arrive for several cases: name → moment."""
        for name, at in moments.items():
            self.report(at, name, **verdicts)

    def make_each(self, moments: Iterable[str], maker: EventMaker, name: str) -> None:
        """The same happens at several moments."""
        for at in moments:
            self.make(at, maker, name)

    def make(self, at: str, maker: EventMaker, name: str = "rate") -> None:
        """Something happens that depends on what is known by then."""
        self._events.append((local(at), name, maker))

    def mail_server_down(self, since: str, until: str) -> None:
        """No mail is taken in between."""
        self._outages.append((local(since), local(until)))

    def clock_stopped(self, since: str, until: str) -> None:
        """No round is made in between; events are handled when they come."""
        self._stopped.append((local(since), local(until)))

    def matter(self, name: str) -> Matter:
        """What a case is about, with its neighbours as they are now."""
        if name not in self.matters:
            self.watch(name)
        neighbours = tuple(case for case in self.cases.values() if case.is_open)
        known = self.matters[name]
        return Matter(
            known.case_id,
            known.subject,
            known.nature,
            known.last_period,
            known.plan_version,
            known.owners,
            neighbours,
        )

    def run(self, until: str) -> None:
        """Play the story."""
        standing = {name: (case, len(self.history[name])) for name, case in self.cases.items()}
        first = len(self._recorded)
        self._found.clear()
        pending = sorted(self._events, key=lambda event: event[0])
        now, end = pending[0][0], local(until)
        next_round = now
        while now <= end:
            due = [event for event in pending if event[0] <= now]
            pending = pending[len(due) :]
            steps: list[Step] = []
            for _, name, maker in due:
                steps += self._apply(name, maker(self), now)
            if now >= next_round and not any(since <= now < end_ for since, end_ in self._stopped):
                next_round = now.replace(minute=0, second=0) + HOUR
                steps += self._round(now)
            self.book.tell(steps, now)
            self.book.close_due(now)
            following = now.replace(minute=0, second=0) + HOUR
            now = min([following, *(due for due in self.book.post.digests_due.values() if due > now)])
            if pending:
                now = min(now, pending[0][0])
        self.arrived += [self._deliver(sent) for sent in self.book.post.mails[len(self.arrived) :]]
        self.arrived.sort(key=lambda sent: sent.at)
        assert self._retold(standing, first, end) == []

    def _retold(self, standing: Mapping[str, tuple[Case, int]], first: int, until: datetime) -> list[StepDifference]:
        """Where the steps recorded since `first`, replayed under the same policy, are not the same steps."""
        again = HistoryReplay(lambda moment: self.book.policy, self.book.calendar, standing, Post({}))
        rounds: dict[datetime, int] = {}
        changes: dict[str, list[Mapping[str, object]]] = defaultdict(list)
        given = []
        for place, step in enumerate(self._recorded):
            before = replay(changes[step.case_id])
            changes[step.case_id].append(step.changes)
            after = replay(changes[step.case_id])
            assert after is not None
            event = given_event(step, before, after) if place >= first else None
            if event is not None:
                given.append(Occasion(step.at, place, len(self._found), (_always(step.case_id, event),)))
            elif step.is_of_clock and place >= first:
                rounds.setdefault(step.at, place)
        turns = [Occasion(at, place, len(self._found) + 1, (covers, pressing)) for at, place in rounds.items()]
        again.play([*self._found, *given, *turns], until)
        return step_differences(self._recorded[first:], again.steps)

    def told(self, *kinds: MailKind) -> list[SentMail]:
        """The mails that arrived, without the weekly summaries unless they are asked for."""
        wanted = kinds or tuple(kind for kind in MailKind if kind is not MailKind.WEEKLY)
        return [sent for sent in self.arrived if sent.kind in wanted]

    def steps(self, name: str = "rate") -> list[DecisionKind]:
        """The steps of a case, without those that changed nothing."""
        return [step.entry.kind for step in self.history[name]]

    def check(self, *expected: Expected) -> None:
        """Every expected mail has arrived in its interval, and no other one."""
        arrived = self.told(*(set(MailKind) if any(e.kind is MailKind.WEEKLY for e in expected) else ()))
        missing, left = [], list(arrived)
        for wanted in expected:
            found = next((sent for sent in left if wanted.matches(sent)), None)
            if found is None:
                missing.append(wanted)
            else:
                left.remove(found)
        listing = "\n".join(map(str, arrived))
        assert not missing, f"missing {missing}\narrived:\n{listing}"
        assert not left, f"too many: {', '.join(map(str, left))}\narrived:\n{listing}"

    def check_history(self) -> None:
        """What the history adds up to is the case, and every step says why."""
        for name, steps in self.history.items():
            assert replay(step.entry.changes for step in steps) == self.cases[name]
            assert all(step.entry.reason.zh and step.notice.reason.zh for step in steps)

    def _apply(self, name: str, event: Event, now: datetime) -> list[Step]:
        if isinstance(event, FOUND):
            place, number = len(self._recorded), len(self._found)
            self._found.append(Occasion(now, place, number, (_always(name, event),)))
        return self._record(self.book.apply(name, event, now), now)

    def _record(self, steps: list[Step], now: datetime) -> list[Step]:
        for step in steps:
            self._numbers[step.case.case_id] += 1
            self._recorded.append(_as_recorded(step, self._numbers[step.case.case_id], now))
        return steps

    def _round(self, now: datetime) -> list[Step]:
        steps = self._record(self.book.settle_covers(now), now)
        for case in self.book.open_cases:
            steps += self._apply(case.case_id, ClockTicked(), now)
        return steps

    def _deliver(self, sent: PlannedMail) -> SentMail:
        attempts, moment = 1, sent.at
        while any(since <= moment < until for since, until in self._outages):
            moment += retry_after(attempts)
            attempts += 1
        return SentMail(sent.kind, sent.to, moment, sent.cases)


def _as_recorded(step: Step, number: int, now: datetime) -> RecordedStep:
    """The row of the history that the service would write."""
    entry, order = step.entry, step.notice if isinstance(step.notice, MailOrder) else None
    return RecordedStep(
        case_id=step.case.case_id,
        number=number,
        at=now,
        kind=entry.kind,
        level=step.case.level.code,
        reason=entry.reason,
        policy_line=entry.policy_line,
        actor=entry.actor,
        submission_id=entry.submission_id,
        delivery=(order.delivery if order else Delivery.NONE).value,
        addressee=order.to if order else None,
        changes=entry.changes,
    )


def _always(case_id: str, event: Event) -> Maker:
    return lambda cases, policy, now: [(case_id, event)]


def only(values: Mapping[str, Case]) -> Case:
    """The single case of a story."""
    (case,) = values.values()
    return case
