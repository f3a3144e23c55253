"""What a batch of submissions means: vintages, verdicts, events, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.assessment import Assessment
from planwatch.errors import Invalid, InvalidSubmission
from planwatch.evaluation import Subject, standing_course, verdicts_of_arrival, verdicts_of_saying
from planwatch.language import Text
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Plan
from planwatch.running_state import (
    ALONE,
    WHOLE,
    RunningState,
    needs_history,
    read_from,
    state_after,
    state_before,
)
from planwatch.series import SeriesKey
from planwatch.submission import CheckedSubmission, Submission, check_submission, reported_periods
from planwatch.vintages import Vintages
from planwatch.wire import (
    ASSESSMENT_MADE,
    AssessmentsMade,
    CatalogueChanged,
    assessments_to_bytes,
    catalogue_change_from_bytes,
    is_catalogue_change,
    submission_from_bytes,
)
from services.catalogue import Catalogue, CatalogueCache, hold_catalogue
from services.clock import Clock
from services.evaluate import store
from services.evaluate.outlooks import renew_outlooks
from services.metrics import ACCEPTED_TO_EVALUATED, EVALUATED, ROWS
from services.outbox import OutgoingEvent, assessment_event_id, insert_events, settle_events, submission_event_id
from services.stream.consumption import Rejected
from services.stream.record import Record

Arrivals = dict[str, tuple[str, list[Observation]]]
"""Subject key → plan id and the figures that arrive."""

KnownVerdicts = defaultdict[tuple[SeriesKey, TimePeriod], set[datetime]]
"""Series and period → the moments of the verdicts on it."""


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A submission whose plan is known, with the check of its rows."""

    submission: Submission
    plan: Plan
    checked: CheckedSubmission
    record: Record


@dataclass
class Outcome:
    """What a committed batch counted, for the metrics."""

    received: list[datetime] = field(default_factory=list)
    assessments: list[Assessment] = field(default_factory=list)
    accepted: int = 0
    returned: int = 0


class EvaluateEffects:
    """Implements `services.stream.consumption.Effects` for received submissions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._catalogue = CatalogueCache()
        self._registered: set[SeriesKey] = set()
        self._registering: set[SeriesKey] = set()
        self._outcome = Outcome()

    async def apply(self, connection: AsyncConnection[Any], records: Sequence[Record]) -> list[Rejected]:
        """Write vintages, verdicts, events and the ledger for `records`; what was evaluated before is skipped."""
        await hold_catalogue(connection)
        catalogue = await self._catalogue.current(connection)
        changes, reports = _by_schema(records)
        submissions, rejected = read_records(reports)
        batch = await self._new_ones(connection, catalogue, submissions, rejected)
        made = await self._evaluate(connection, catalogue, batch) if batch else []
        for record in changes:
            made += await self._judge_anew(connection, catalogue, record, rejected)
        self._outcome = Outcome(
            [item.submission.received_at for item in batch],
            made,
            sum(item.checked.accepted_rows for item in batch),
            sum(len(item.checked.findings) for item in batch),
        )
        return rejected

    async def _evaluate(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, batch: Sequence[CheckedRecord]
    ) -> list[Assessment]:
        """Take new submissions in, in order."""
        await self._hold_series(connection, batch)
        arrivals = arrivals_by_subject(batch)
        states = await store.hold_states(connection, _with_history(arrivals, catalogue))
        read = {
            key: read_from(states.get(key), catalogue.histories[plan_id], figures[0].series.indicator_id, figures)
            for key, (plan_id, figures) in arrivals.items()
        }
        vintages = Vintages(await self._load(connection, arrivals, read))
        subjects = {
            key: Subject(
                figures[0].series.indicator_id,
                key,
                catalogue.histories[plan_id],
                catalogue.policy_of(plan_id),
                state_before(states.get(key), read[key]),
            )
            for key, (plan_id, figures) in arrivals.items()
        }
        stored = await self._overtaken(connection, subjects, vintages, arrivals)
        assessments: list[Assessment] = []
        events = []
        for item in batch:
            made = evaluate_submission(item.checked.observations, subjects, vintages, stored)
            assessments += made
            events.append(_event(item, made, vintages, states))
        await self._write(connection, batch, vintages, assessments, events)
        await store.save_states(connection, states_after(subjects, vintages, states))
        await renew_outlooks(connection, subjects.values(), _first_news(arrivals))
        return assessments

    async def _overtaken(
        self,
        connection: AsyncConnection[Any],
        subjects: Mapping[str, Subject],
        vintages: Vintages,
        arrivals: Arrivals,
    ) -> KnownVerdicts:
        """The verdicts known after the receipt of figures that come late; as a rule there are none."""
        late: dict[SeriesKey, datetime] = {}
        for key, (_, figures) in arrivals.items():
            received_at = min(figure.received_at for figure in figures)
            plans = subjects[key].plans
            if vintages.moments_after(key, received_at) or plans.moments_after(subjects[key].indicator_id, received_at):
                late |= dict.fromkeys(figures[0].series.at_every_freq, received_at)
        if not late:
            return defaultdict(set)
        return known_verdicts(await store.load_made(connection, late, min(late.values())))

    async def _judge_anew(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, record: Record, rejected: list[Rejected]
    ) -> list[Assessment]:
        """What a plan version or milestones change of the verdicts on one indicator."""
        try:
            change = catalogue_change_from_bytes(record.value)
            is_waiting = await store.is_waiting(connection, change.change_id)
            if is_waiting is None:
                raise InvalidSubmission(
                    Text("发件箱中没有这项目录变更", "the outbox does not know this change of the catalogue")
                )
        except Invalid as error:
            rejected.append(Rejected(record, error))
            return []
        if not is_waiting:
            return []
        series = await store.load_subject_series(connection, change.plan_id, change.indicator_id)
        await store.lock_series(connection, series)
        await store.hold_states(connection, {key.subject_key for key in series})
        vintages = Vintages(await store.load_vintages(connection, (), dict.fromkeys(series, WHOLE)))
        plans = catalogue.histories[change.plan_id]
        by_subject = {one.subject_key: one for one in series}
        policy = catalogue.policy_of(change.plan_id)
        subjects = [Subject(change.indicator_id, key, plans, policy) for key in sorted(by_subject)]
        stored = await store.load_made(connection, series, change.said_at)
        made = [
            verdict
            for subject in subjects
            for verdict in verdicts_of_saying(
                subject,
                vintages,
                change.said_at,
                change.change_id,
                known_verdicts(stored),
                catalogue.policies.before(change.plan_id, change.said_at),
            )
        ]
        new = not_stored(made, stored)
        await store.copy_assessments(connection, new)
        news = {key: (one, change.said_at) for key, one in by_subject.items()}
        await renew_outlooks(connection, subjects, news)
        now = self._clock()
        if new:
            known_at = max(change.said_at, *(verdict.known_at for verdict in new))
            await insert_events(connection, [_change_event(change, new, known_at, plans.current)], now)
        await settle_events(connection, [change.change_id], now)
        return new

    def committed(self) -> None:
        """Count what the last batch did."""
        self._registered |= self._registering
        now = self._clock()
        for received_at in self._outcome.received:
            ACCEPTED_TO_EVALUATED.observe((now - received_at).total_seconds())
        for assessment in self._outcome.assessments:
            EVALUATED.labels(verdict=assessment.verdict).inc()
        ROWS.labels(outcome="accepted").inc(self._outcome.accepted)
        ROWS.labels(outcome="returned").inc(self._outcome.returned)

    async def _new_ones(
        self,
        connection: AsyncConnection[Any],
        catalogue: Catalogue,
        submissions: Sequence[tuple[Submission, Record]],
        rejected: list[Rejected],
    ) -> list[CheckedRecord]:
        ledger = await store.load_ledger(connection, [submission.submission_id for submission, _ in submissions])
        batch: dict[str, CheckedRecord] = {}
        for submission, record in submissions:
            entry = ledger.get(submission.submission_id)
            if (entry is not None and entry.is_evaluated) or submission.submission_id in batch:
                continue
            known = replace(submission, received_at=entry.received_at if entry else record.recorded_at)
            try:
                plan = _plan_of(known, catalogue)
            except Invalid as error:
                rejected.append(Rejected(record, error))
                continue
            if entry is None:
                await store.insert_produced(connection, known, reported_periods(known.table), record.value)
            batch[known.submission_id] = CheckedRecord(known, plan, check_submission(known, plan), record)
        return list(batch.values())

    async def _load(
        self, connection: AsyncConnection[Any], arrivals: Arrivals, read: Mapping[str, date]
    ) -> list[Observation]:
        places: set[tuple[SeriesKey, date]] = set()
        parts: dict[SeriesKey, date] = {}
        for key, (_, figures) in arrivals.items():
            if read[key] == ALONE:
                places |= {(figure.series, figure.period.start) for figure in figures}
            else:
                parts |= dict.fromkeys(figures[0].series.at_every_freq, read[key])
        return await store.load_vintages(connection, places, parts)

    async def _write(
        self,
        connection: AsyncConnection[Any],
        batch: Sequence[CheckedRecord],
        vintages: Vintages,
        assessments: Sequence[Assessment],
        events: Sequence[OutgoingEvent],
    ) -> None:
        await store.copy_observations(connection, vintages.added.values())
        for item in batch:
            if item.checked.work_reports:
                await store.insert_work_reports(connection, item.plan.plan_id, item.checked.work_reports)
        await store.renumber_observations(connection, list(vintages.renumbered.values()))
        await store.copy_assessments(connection, assessments)
        now = self._clock()
        await insert_events(connection, events, now)
        await store.mark_evaluated(connection, {item.submission.submission_id: item.checked for item in batch}, now)
        await settle_events(connection, [submission_event_id(item.submission.submission_id) for item in batch], now)

    async def _hold_series(self, connection: AsyncConnection[Any], batch: Sequence[CheckedRecord]) -> None:
        series = {observation.series: item.plan.plan_id for item in batch for observation in item.checked.observations}
        unknown = {key: plan_id for key, plan_id in series.items() if key not in self._registered}
        if unknown:
            await store.insert_series(connection, unknown)
        self._registering = set(unknown)
        await store.lock_series(connection, series)


def read_records(records: Sequence[Record]) -> tuple[list[tuple[Submission, Record]], list[Rejected]]:
    """Decode records; what is not a submission is returned as rejected."""
    submissions, rejected = [], []
    for record in records:
        try:
            submissions.append((submission_from_bytes(record.value, recorded_at=record.recorded_at), record))
        except Invalid as error:
            rejected.append(Rejected(record, error))
    return submissions, rejected


def arrivals_by_subject(batch: Iterable[CheckedRecord]) -> Arrivals:
    """Subject key → plan id and the figures that arrive, in the order of the batch."""
    arrivals: Arrivals = {}
    for item in batch:
        for observation in item.checked.observations:
            key = observation.series.subject_key
            arrivals.setdefault(key, (item.plan.plan_id, []))[1].append(observation)
    return arrivals


def evaluate_submission(
    figures: Iterable[Observation], subjects: Mapping[str, Subject], vintages: Vintages, stored: KnownVerdicts
) -> list[Assessment]:
    """Take the accepted figures of one submission in and judge every period whose verdict they change.

    Args:
        figures: of the submission.
        subjects: what they are about, by key.
        vintages: what is known before; the figures are added.
        stored: verdicts known after the receipt; those made here are added.
    """
    arrived: dict[str, list[Observation]] = defaultdict(list)
    for figure in figures:
        vintages.add(figure)
        arrived[figure.series.subject_key].append(figure)
    made = [
        verdict
        for key, news in arrived.items()
        for verdict in verdicts_of_arrival(subjects[key], vintages, news, stored)
    ]
    for verdict in made:
        stored[verdict.series, verdict.period].add(verdict.known_at)
    return made


def known_verdicts(places: Iterable[store.VerdictPlace]) -> KnownVerdicts:
    """The moments of verdicts by series and period."""
    known: KnownVerdicts = defaultdict(set)
    for place in places:
        known[place.series, place.period].add(place.known_at)
    return known


def states_after(
    subjects: Mapping[str, Subject], vintages: Vintages, states: Mapping[str, RunningState]
) -> dict[str, RunningState]:
    """The states to keep of the subjects whose verdicts rest on their history."""
    after = {}
    for key, subject in subjects.items():
        indicator = subject.plans.versions_with(subject.indicator_id)[-1]
        if needs_history(indicator):
            newest = max([vintages.newest(key)] + ([states[key].newest] if key in states else []))
            after[key] = state_after(standing_course(subject, vintages.known_at(key, newest), newest), newest)
    return after


def not_stored(
    made: Iterable[Assessment], stored: Mapping[store.VerdictPlace, store.VerdictContent]
) -> list[Assessment]:
    """The verdicts that a report did not lead to already, since it knew what was said."""
    return [verdict for verdict in made if stored.get(store.place_of(verdict)) != store.content_of(verdict)]


def _first_news(arrivals: Arrivals) -> dict[str, tuple[SeriesKey, datetime]]:
    """Subject key → a series of it and when the first of its figures was received."""
    return {
        key: (figures[0].series, min(figure.received_at for figure in figures))
        for key, (_, figures) in arrivals.items()
    }


def _with_history(arrivals: Arrivals, catalogue: Catalogue) -> list[str]:
    return [
        key
        for key, (plan_id, figures) in arrivals.items()
        if any(map(needs_history, catalogue.histories[plan_id].versions_with(figures[0].series.indicator_id)))
    ]


def _by_schema(records: Iterable[Record]) -> tuple[list[Record], list[Record]]:
    """Changes of the catalogue, and submissions."""
    changes: list[Record] = []
    reports: list[Record] = []
    for record in records:
        (changes if is_catalogue_change(record.value) else reports).append(record)
    return changes, reports


def _plan_of(submission: Submission, catalogue: Catalogue) -> Plan:
    plan = catalogue.plans.get(submission.plan_id)
    if plan is None:
        raise InvalidSubmission(
            Text(
                f"没有编号为“{submission.plan_id}”的规划，应为{'、'.join(sorted(catalogue.plans))}",
                f"there is no plan “{submission.plan_id}”; expected one of {', '.join(sorted(catalogue.plans))}",
            )
        )
    if submission.agency_id not in {agency.agency_id for agency in plan.agencies}:
        raise InvalidSubmission(
            Text(
                f"单位“{submission.agency_id}”不在《{plan.title.zh}》的责任单位之中",
                f"agency “{submission.agency_id}” is not one that {plan.title.en} names",
            )
        )
    return plan


def _event(
    item: CheckedRecord, assessments: Sequence[Assessment], vintages: Vintages, states: Mapping[str, RunningState]
) -> OutgoingEvent:
    """The event of an evaluation, as known now: a figure that was overtaken before it came raises no warning."""
    submission = item.submission
    subjects = {made.series.subject_key for made in assessments}
    moments = [submission.received_at, *(made.known_at for made in assessments)]
    moments += [vintages.newest(key) for key in subjects] + [states[key].newest for key in subjects & states.keys()]
    event = AssessmentsMade(
        submission.submission_id,
        submission.plan_id,
        max(moments),
        tuple(sorted({str(made.series) for made in assessments})),
    )
    key = item.record.key or item.plan.ref_area.encode()
    return OutgoingEvent(
        assessment_event_id(submission.submission_id), ASSESSMENT_MADE, key, assessments_to_bytes(event)
    )


def _change_event(
    change: CatalogueChanged, assessments: Sequence[Assessment], known_at: datetime, plan: Plan
) -> OutgoingEvent:
    series = tuple(sorted({str(made.series) for made in assessments}))
    event = AssessmentsMade(change.change_id, change.plan_id, known_at, series)
    return OutgoingEvent(
        assessment_event_id(change.change_id), ASSESSMENT_MADE, plan.ref_area.encode(), assessments_to_bytes(event)
    )
