"""A plan's stored history under another policy: what happened is read from the database, the rest is pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, partial

from planwatch.case.events import Assessed, MissingReport, PlanRevised, ReportsChecked
from planwatch.case.history_replay import (
    Cases,
    Happenings,
    HistoryReplay,
    Maker,
    Occasion,
    covers,
    full_clock,
    pressing,
)
from planwatch.case.kinds import TRACKS, CaseKind, Track
from planwatch.case.model import Case, Matter, replay
from planwatch.case.post import Post
from planwatch.case.recorded import RecordedStep, given_event
from planwatch.early_warning import Verdict
from planwatch.forecast import falls_short
from planwatch.local_time import LOCAL_TIME
from planwatch.period import Freq
from planwatch.plan import Plan
from planwatch.policy import DOUBTED, AssessmentClass, Policy
from planwatch.rejudgement import class_under
from planwatch.reporting_calendar import missing_reports
from planwatch.series import SeriesKey
from planwatch.working_days import WorkingCalendar
from services.alerts.matters import matter_of
from services.policy_records import Evaluation, KnownVerdict, Records

REPLAYED = frozenset({Track.PROGRESS, Track.REPORTING})
"""The tracks whose events can be had from what is stored; forecasts, gaps and checks of data keep their cases."""

FIRST, LAST = -1, 2**63
"""The places of what has no step in the recorded history: evaluations come before, rounds after what has."""

Classes = Callable[[KnownVerdict], AssessmentClass]


@dataclass(frozen=True, slots=True)
class Window:
    """From a moment on until before another one."""

    since: datetime
    until: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies within."""
        return self.since <= moment < self.until


class PolicyReplay:
    """The history of one plan within a window, to be played under policies of choice."""

    def __init__(self, records: Records, window: Window, calendar: WorkingCalendar) -> None:
        self.records, self.window, self._calendar = records, window, calendar
        self.steps, self.not_replayed = _replayable(records.steps)
        self.recorded = [step for step in self.steps if window.holds(step.at)]
        self._series_of = _by_subject(records.series)
        self._evaluation_places = _places(self.steps, lambda step: step.is_of_evaluation)
        self._clock_places = _places(self.steps, lambda step: step.is_of_clock)
        self._reported_at = sorted(moment for known in records.reported.values() for _, moment in known)
        self._checked: dict[tuple[str, int, date, int], list[ReportsChecked]] = {}
        self._is_judged_again: dict[int, bool] = {}

    def in_force(self, moment: datetime) -> Policy:
        """The policy that held for the plan at a moment."""
        return self.records.policies.in_force(self.records.plans.current.plan_id, moment)

    def control(self) -> HistoryReplay:
        """As it was: the policies in force, the stored classes, rounds only where the history shows that one was."""
        return self._play(self.in_force, _stored_class, {step.at for step in self.recorded if step.is_of_clock})

    def present(self, changed: Policy) -> HistoryReplay:
        """As it would have been had the clock never stopped; the moments are those of `changed` too."""
        return self._play(self.in_force, _stored_class, self._clock(changed))

    def under(self, changed: Policy) -> HistoryReplay:
        """The same under another policy, the classes judged again by its thresholds."""
        classes = {
            known.number: self.class_by(changed, known)
            for verdicts in self.records.verdicts.values()
            for known in verdicts
        }
        return self._play(lambda moment: changed, lambda known: classes[known.number], self._clock(changed))

    def class_by(self, policy: Policy, verdict: KnownVerdict) -> AssessmentClass:
        """The class of a stored verdict under a policy; the stored one where it cannot be judged again."""
        stored = verdict.stored
        if not self.is_judged_again(verdict):
            return stored.verdict
        return class_under(policy.thresholds, stored, self.records.plans) or stored.verdict

    def is_judged_again(self, verdict: KnownVerdict) -> bool:
        """Whether its own thresholds give the stored class from the stored figures, so that others can be trusted."""
        known = self._is_judged_again.get(verdict.number)
        if known is None:
            own = self._policies.get(verdict.stored.policy_version)
            again = class_under(own.thresholds, verdict.stored, self.records.plans) if own else None
            known = self._is_judged_again[verdict.number] = again is verdict.stored.verdict
        return known

    def standing(self) -> list[Case]:
        """The cases as they stood when the window began."""
        return [case for case, _ in self._standing()[0].values()]

    @cached_property
    def _policies(self) -> Mapping[str, Policy]:
        history, plan_id = self.records.policies, self.records.plans.current.plan_id
        applied = [*history.defaults, *history.of_plans.get(plan_id, ())]
        return {known.policy.version: known.policy for known in applied}

    def _play(
        self, policy_at: Callable[[datetime], Policy], class_of: Classes, rounds: Iterable[datetime]
    ) -> HistoryReplay:
        self._checked.clear()
        cases, post = self._standing()
        played = HistoryReplay(policy_at, self._calendar, cases, post)
        occasions = [*self._evaluations(class_of), *self._given()]
        occasions += [
            Occasion(
                moment, self._clock_places.get(moment, LAST), 0, (self._reports, self._revisions, covers, pressing)
            )
            for moment in sorted(rounds)
        ]
        played.play(occasions, self.window.until)
        return played

    def _clock(self, changed: Policy) -> list[datetime]:
        happened = [*self._evaluations(_stored_class), *self._given()]
        days = {self.in_force(step.at).version: self.in_force(step.at) for step in self.recorded}
        policies = [changed, self.in_force(self.window.since), self.in_force(self.window.until), *days.values()]
        rounds = {step.at for step in self.recorded if step.is_of_clock}
        return sorted(rounds.union(full_clock(happened, policies, self.window.since, self.window.until)))

    def _standing(self) -> tuple[dict[str, tuple[Case, int]], Post]:
        """The cases as they stood when the window began, and what had been told of them."""
        day = self.window.since.astimezone(LOCAL_TIME).date()
        earlier = {
            agency: max(known for known in days if known < day)
            for agency, days in self.records.last_digests.items()
            if days[0] < day
        }
        post = Post(earlier)
        changes: dict[str, list[Mapping[str, object]]] = defaultdict(list)
        for step in self.steps:
            if step.at < self.window.since:
                changes[step.case_id].append(step.changes)
                post.remember(step.case_id, step.kind, is_immediate=step.delivery == "immediate")
        cases = {case_id: replay(history) for case_id, history in changes.items()}
        return {case_id: (case, len(changes[case_id])) for case_id, case in cases.items() if case is not None}, post

    def _evaluations(self, class_of: Classes) -> list[Occasion]:
        return [
            Occasion(
                event.at,
                self._evaluation_places.get(event.at, FIRST),
                event.number,
                (partial(self._assessed, event, class_of),),
            )
            for event in self.records.evaluations
            if event.at is not None and self.window.holds(event.at)
        ]

    def _given(self) -> list[Occasion]:
        """What people did and what came back, at the moments at which it was recorded."""
        found = []
        changes: dict[str, list[Mapping[str, object]]] = defaultdict(list)
        for number, step in enumerate(self.steps):
            before = replay(changes[step.case_id])
            changes[step.case_id].append(step.changes)
            after = replay(changes[step.case_id])
            event = given_event(step, before, after) if after is not None else None
            if event is not None and self.window.holds(step.at):
                happening: Happenings = [(step.case_id, event)]
                found.append(Occasion(step.at, number, 0, (_always(happening),)))
        return found

    def _assessed(
        self, event: Evaluation, class_of: Classes, cases: Cases, policy: Policy, now: datetime
    ) -> Happenings:
        """What the alerting service makes of an evaluation: all that is known then of each subject."""
        plan = self._plan_at(now)
        covers_parts = policy.inhibition.area_covers_parts
        neighbours = tuple(cases[name] for name in sorted(cases) if cases[name].is_open) if covers_parts else ()
        found: dict[str, Assessed] = {}
        for key in sorted(event.series):
            series = self.records.series[key]
            indicator = plan.indicator(series.indicator_id)
            if indicator is None:
                continue
            matter = matter_of(plan, indicator, series, neighbours=neighbours)
            keys = self._series_of[series.subject_key]
            known = [verdict for each in keys for verdict in self._known(each, event.known_at, now, class_of)]
            found[matter.case_id] = Assessed(matter, known)
        return list(found.items())

    def _known(self, key: str, known_at: datetime, now: datetime, class_of: Classes) -> list[Verdict]:
        """The verdicts of a series as `services.alerts.store.load_verdicts` gave them then."""
        newest: dict[str, KnownVerdict] = {}
        for known in self.records.verdicts.get(key, ()):
            if known.stored.known_at > known_at or (known.written_at is not None and known.written_at > now):
                continue
            period = str(known.stored.period)
            if period not in newest or _precedence(newest[period]) < _precedence(known):
                newest[period] = known
        found = [self._verdict(known, known_at, class_of) for known in newest.values()]
        return sorted(found, key=lambda verdict: verdict.period.end)

    def _verdict(self, known: KnownVerdict, known_at: datetime, class_of: Classes) -> Verdict:
        verdict, stored = class_of(known), known.stored
        forecasts = self.records.forecasts.get((known.series_key, str(stored.period)), ())
        forecast = next((made for made in reversed(forecasts) if made.known_at <= known_at), None)
        likely = forecast.probability if forecast is not None and verdict in DOUBTED else None
        if forecast is None or likely is None:
            return Verdict(
                stored.period, verdict, known.submission_id, stored.known_at, expected_share=known.expected_share
            )
        probability = likely if falls_short(forecast.pace, forecast.pace_needed) else None
        counts_from = max(stored.known_at, forecast.known_at)
        return Verdict(stored.period, verdict, known.submission_id, counts_from, probability, known.expected_share)

    def _reports(self, cases: Cases, policy: Policy, now: datetime) -> Happenings:
        """The overdue reports, and for the cases of those that have come since that none is missing."""
        return [
            (event.matter.case_id, event)
            for event in self._expected_reports(policy, now)
            if event.missing or _is_overdue(cases.get(event.matter.case_id))
        ]

    def _expected_reports(self, policy: Policy, now: datetime) -> list[ReportsChecked]:
        """What every indicator's reports come to; the same all day long unless something is reported."""
        plan, today = self._plan_at(now), now.astimezone(LOCAL_TIME).date()
        key = (policy.version, plan.version, today, bisect_right(self._reported_at, now))
        found = self._checked.get(key)
        if found is None:
            self._checked = {key: self._check_reports(plan, policy, today, now)}
            found = self._checked[key]
        return found

    def _check_reports(self, plan: Plan, policy: Policy, today: date, now: datetime) -> list[ReportsChecked]:
        watched_from = min(known.applied_at for known in self.records.plans.versions).astimezone(LOCAL_TIME).date()
        found = []
        for indicator in (*plan.indicators, *plan.derived):
            series = SeriesKey(indicator.indicator_id, plan.ref_area, Freq.ANNUAL)
            reports: Sequence[MissingReport] = ()
            if policy.reporting is not None and indicator.section in policy.reporting.sections:
                known = self.records.reported.get(indicator.indicator_id, ())
                reports = missing_reports(
                    plan,
                    indicator,
                    policy.reporting,
                    watched_from=watched_from,
                    today=today,
                    reported={day for day, moment in known if moment <= now},
                )
            found.append(ReportsChecked(matter_of(plan, indicator, series, Track.REPORTING), reports))
        return found

    def _revisions(self, cases: Cases, policy: Policy, now: datetime) -> Happenings:
        plan = self._plan_at(now)
        outdated = [case for case in cases.values() if case.is_open and case.plan_version != plan.version]
        return [(case.case_id, PlanRevised(plan.version, _matter_after(plan, case))) for case in outdated]

    def _plan_at(self, moment: datetime) -> Plan:
        """The version of the plan that was the newest at a moment."""
        first, *later = self.records.plans.versions
        return [first.plan, *(known.plan for known in later if known.applied_at <= moment)][-1]


def _replayable(steps: Sequence[RecordedStep]) -> tuple[list[RecordedStep], dict[str, str]]:
    """The steps of the cases on replayed tracks, and of all other cases their kind."""
    kinds: dict[str, CaseKind] = {}
    for step in steps:
        if "kind" in step.changes:
            kinds.setdefault(step.case_id, CaseKind(step.changes["kind"]))
    others = {case_id: str(kind) for case_id, kind in kinds.items() if TRACKS[kind] not in REPLAYED}
    return [step for step in steps if step.case_id in kinds and step.case_id not in others], others


def _places(steps: Sequence[RecordedStep], wanted: Callable[[RecordedStep], bool]) -> dict[datetime, int]:
    """Moment → the place of the first step of a kind then."""
    found: dict[datetime, int] = {}
    for place, step in enumerate(steps):
        if wanted(step):
            found.setdefault(step.at, place)
    return found


def _stored_class(verdict: KnownVerdict) -> AssessmentClass:
    return verdict.stored.verdict


def _precedence(known: KnownVerdict) -> tuple[datetime, int, int]:
    return known.stored.known_at, known.stored.plan_version, known.number


def _by_subject(series: Mapping[str, SeriesKey]) -> dict[str, list[str]]:
    known: dict[str, list[str]] = defaultdict(list)
    for one in series.values():
        known[one.subject_key] = [str(each) for each in one.at_every_freq]
    return known


def _always(happenings: Happenings) -> Maker:
    return lambda cases, policy, now: happenings


def _is_overdue(case: Case | None) -> bool:
    return case is not None and case.is_open and case.kind is CaseKind.OVERDUE_REPORT


def _matter_after(plan: Plan, case: Case) -> Matter | None:
    indicator = plan.indicator(case.subject.indicator_id)
    if indicator is None:
        return None
    subject = case.subject
    series = SeriesKey(subject.indicator_id, subject.ref_area, Freq.ANNUAL, subject.urbanisation, subject.pop_group)
    return matter_of(plan, indicator, series, case.track)
