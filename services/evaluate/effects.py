"""What a batch of submissions means: vintages, verdicts, events, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.assessment import Assessment, affected_periods, assess_series, needs_history
from planwatch.errors import Invalid, InvalidSubmission
from planwatch.language import Text
from planwatch.observation import Observation, merge_revision
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.policy import Policy
from planwatch.series import SeriesKey
from planwatch.submission import CheckedSubmission, Submission, check_submission, reported_periods
from planwatch.wire import ASSESSMENT_MADE, AssessmentsMade, assessments_to_bytes, submission_from_bytes
from services.catalogue import Catalogue, CatalogueCache
from services.clock import Clock
from services.evaluate import store
from services.metrics import ACCEPTED_TO_EVALUATED, EVALUATED, ROWS
from services.outbox import OutgoingEvent, assessment_event_id, insert_events, settle_events, submission_event_id
from services.stream.consumption import Rejected
from services.stream.record import Record


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A submission whose plan is known, with the check of its rows."""

    submission: Submission
    plan: Plan
    checked: CheckedSubmission
    record: Record


class Vintages:
    """The vintages that a batch may touch, loaded once and carried from submission to submission."""

    def __init__(self, loaded: Iterable[Observation]) -> None:
        self._by_series: dict[SeriesKey, dict[TimePeriod, list[Observation]]] = defaultdict(dict)
        self.renumbered: dict[tuple[SeriesKey, TimePeriod, str], Observation] = {}
        self.added: dict[tuple[SeriesKey, TimePeriod, str], Observation] = {}
        for observation in loaded:
            periods = self._by_series[observation.series]
            periods[observation.period] = merge_revision(periods.get(observation.period, ()), observation)

    def add(self, arrival: Observation) -> None:
        """Take in one figure; the vintages of its period are numbered anew."""
        periods = self._by_series[arrival.series]
        before = periods.get(arrival.period, [])
        after = merge_revision(before, arrival)
        periods[arrival.period] = after
        for vintage in after:
            place = (vintage.series, vintage.period, vintage.submission_id)
            if vintage.submission_id == arrival.submission_id or place in self.added:
                self.added[place] = vintage
            elif vintage not in before:
                self.renumbered[place] = vintage

    def known_at(self, series: SeriesKey, moment: datetime) -> dict[TimePeriod, Observation]:
        """The newest vintage of every loaded period of a series, as it was known at a moment."""
        known = {}
        for period, vintages in self._by_series[series].items():
            vintage = next((vintage for vintage in reversed(vintages) if vintage.received_at <= moment), None)
            if vintage is not None:
                known[period] = vintage
        return known

    def newest(self, series: SeriesKey) -> datetime:
        """When the newest vintage of a series was received."""
        return max(vintages[-1].received_at for vintages in self._by_series[series].values())


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
        """Write vintages, verdicts, events and the ledger for `records`; a submission evaluated before is skipped."""
        catalogue = await self._catalogue.current(connection)
        submissions, rejected = read_records(records)
        batch = await self._new_ones(connection, catalogue, submissions, rejected)
        await self._hold_series(connection, batch)
        vintages = Vintages(await self._load(connection, batch))
        assessments: dict[str, list[Assessment]] = {}
        events = []
        for item in batch:
            made = evaluate_submission(item, vintages, catalogue.policy)
            assessments[item.submission.submission_id] = made
            events.append(_event(item, made, vintages))
        await self._write(connection, batch, vintages, assessments, events)
        self._outcome = Outcome(
            [item.submission.received_at for item in batch],
            [made for verdicts in assessments.values() for made in verdicts],
            sum(item.checked.accepted_rows for item in batch),
            sum(len(item.checked.findings) for item in batch),
        )
        return rejected

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

    async def _load(self, connection: AsyncConnection[Any], batch: Sequence[CheckedRecord]) -> list[Observation]:
        periods, whole_series = set(), set()
        for item in batch:
            for observation in item.checked.observations:
                indicator = item.plan.indicator(observation.series.indicator_id)
                assert indicator is not None
                if needs_history(indicator):
                    whole_series.add(observation.series)
                else:
                    periods.add((observation.series, observation.period.start))
        return await store.load_vintages(connection, periods, whole_series)

    async def _write(
        self,
        connection: AsyncConnection[Any],
        batch: Sequence[CheckedRecord],
        vintages: Vintages,
        assessments: Mapping[str, Sequence[Assessment]],
        events: Sequence[OutgoingEvent],
    ) -> None:
        await store.copy_observations(connection, vintages.added.values())
        for item in batch:
            if item.checked.work_reports:
                await store.insert_work_reports(connection, item.plan.plan_id, item.checked.work_reports)
        await store.renumber_observations(connection, list(vintages.renumbered.values()))
        await store.copy_assessments(connection, [made for verdicts in assessments.values() for made in verdicts])
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


def evaluate_submission(item: CheckedRecord, vintages: Vintages, policy: Policy) -> list[Assessment]:
    """Take the accepted figures of one submission in and judge every period whose verdict they may change."""
    touched: dict[SeriesKey, set[TimePeriod]] = defaultdict(set)
    for observation in item.checked.observations:
        vintages.add(observation)
        touched[observation.series].add(observation.period)
    assessments: dict[tuple[SeriesKey, TimePeriod, datetime], Assessment] = {}
    for series, periods in touched.items():
        indicator = item.plan.indicator(series.indicator_id)
        assert indicator is not None
        for moment in _moments(item.submission.received_at, vintages.newest(series), indicator):
            history = vintages.known_at(series, moment)
            affected = affected_periods(indicator, history, periods)
            made = assess_series(
                item.plan, indicator, policy, history, affected, submission_id=item.submission.submission_id
            )
            assessments.update({(series, verdict.period, verdict.known_at): verdict for verdict in made})
    return list(assessments.values())


def _moments(received_at: datetime, newest: datetime, indicator: Indicator) -> list[datetime]:
    """The moments whose knowledge a submission changes: its own, and the newest where it comes late and adds to it."""
    if newest > received_at and needs_history(indicator):
        return [received_at, newest]
    return [received_at]


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


def _event(item: CheckedRecord, assessments: Sequence[Assessment], vintages: Vintages) -> OutgoingEvent:
    """The event of an evaluation, as known now: a figure that was overtaken before it came raises no warning."""
    submission = item.submission
    series = {made.series for made in assessments}
    event = AssessmentsMade(
        submission.submission_id,
        submission.plan_id,
        max(map(vintages.newest, series), default=submission.received_at),
        tuple(sorted(map(str, series))),
    )
    key = item.record.key or item.plan.ref_area.encode()
    return OutgoingEvent(
        assessment_event_id(submission.submission_id), ASSESSMENT_MADE, key, assessments_to_bytes(event)
    )
