"""What an evaluation means for warnings: cases, their history, and the mails that tell of it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.effects import Step
from planwatch.case.events import Assessed
from planwatch.case.model import Case
from planwatch.errors import Invalid
from planwatch.plan import Plan
from planwatch.series import SeriesKey
from planwatch.wire import AssessmentsMade, assessments_from_bytes
from services.alerts import case_store, store
from services.alerts.cases import CaseBook, Happening
from services.alerts.forecast_source import forecast_happening
from services.alerts.gap_source import gap_happenings
from services.alerts.known_figures import load_known_figures, load_unfinished
from services.alerts.matters import matter_of
from services.alerts.notices import NoticeWriter
from services.alerts.quality_source import is_part_of_plan, quality_happenings, series_compared
from services.alerts.working_calendar import working_calendar
from services.catalogue import Catalogue, CatalogueCache
from services.clock import Clock
from services.metrics import WARNING_STEPS
from services.outbox import assessment_event_id, settle_events
from services.stream.consumption import Rejected
from services.stream.record import Record


class AlertEffects:
    """Implements `services.stream.consumption.Effects` for evaluations."""

    def __init__(self, notices: NoticeWriter, clock: Clock, *, digest_wait_s: int | None = None) -> None:
        self._clock = clock
        self._book = CaseBook(notices, clock, working_calendar(), digest_wait_s=digest_wait_s)
        self._catalogue = CatalogueCache()
        self._steps: list[Step] = []

    async def apply(self, connection: AsyncConnection[Any], records: Sequence[Record]) -> list[Rejected]:
        """Decide what each evaluation means, in order; handling one again changes nothing."""
        catalogue = await self._catalogue.current(connection)
        self._steps = []
        events, rejected = read_records(records)
        await case_store.lock_plans(connection, [event.plan_id for event in events])
        for event in events:
            happenings = await self._happenings(connection, catalogue, event)
            self._steps += await self._book.apply(connection, catalogue, happenings)
        await settle_events(connection, [assessment_event_id(e.submission_id) for e in events], self._clock())
        return rejected

    def committed(self) -> None:
        """Count the steps of the last batch."""
        for step in self._steps:
            WARNING_STEPS.labels(step_kind=step.entry.kind, level=step.case.level.code).inc()

    async def _happenings(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, event: AssessmentsMade
    ) -> list[Happening]:
        """What is known at the moment of an evaluation of every subject of it, at every frequency."""
        subjects = await store.load_subjects(connection, event.series)
        every_freq = {
            subject.series.subject_key: list(map(str, subject.series.at_every_freq)) for subject in subjects.values()
        }
        verdicts = await store.load_verdicts(
            connection, [key for keys in every_freq.values() for key in keys], event.known_at
        )
        neighbours: tuple[Case, ...] = ()
        if catalogue.policy_of(event.plan_id).inhibition.area_covers_parts:
            open_cases = await case_store.load_open_cases(connection, [event.plan_id])
            neighbours = tuple(stored.case for stored in open_cases)
        found: dict[str, Happening] = {}
        for _, subject in sorted(subjects.items()):
            plan = catalogue.plans[subject.plan_id]
            indicator = plan.indicator(subject.series.indicator_id)
            if indicator is not None:
                matter = matter_of(plan, indicator, subject.series, neighbours=neighbours)
                known = [item for key in every_freq[subject.series.subject_key] for item in verdicts.get(key, ())]
                found[matter.case_id] = Happening(matter.case_id, Assessed(matter, known))
                policy = catalogue.policy_of(plan.plan_id)
                forecast = forecast_happening(plan, indicator, subject.series, known, policy, neighbours)
                if forecast is not None:
                    found[forecast.case_id] = forecast
        if not subjects:
            return []
        keys = [key for keys in every_freq.values() for key in keys]
        reported = [subject.series for subject in subjects.values()]
        checks = await self._checks(connection, catalogue.plans[event.plan_id], reported, keys, event.known_at)
        return [*found.values(), *checks]

    async def _checks(
        self,
        connection: AsyncConnection[Any],
        plan: Plan,
        reported: Sequence[SeriesKey],
        every_key: Sequence[str],
        known_at: datetime,
    ) -> list[Happening]:
        """What is known at that moment of the gaps that the reported series are part of, and of doubtful figures."""
        unfinished = await load_unfinished(connection, plan, list(map(str, reported)), known_at)
        compared = {series.indicator_id for series in reported} - unfinished
        whole = compared | {series.indicator_id for series in reported if is_part_of_plan(plan, series)}
        single = {*every_key, *series_compared(reported)}
        figures = await load_known_figures(connection, plan, whole, single, known_at)
        return [
            *gap_happenings(plan, [series for series in reported if series.indicator_id in compared], figures),
            *quality_happenings(plan, reported, figures),
        ]


def read_records(records: Sequence[Record]) -> tuple[list[AssessmentsMade], list[Rejected]]:
    """Decode records; what is not an evaluation is returned as rejected."""
    events, rejected = [], []
    for record in records:
        try:
            events.append(assessments_from_bytes(record.value))
        except Invalid as error:
            rejected.append(Rejected(record, error))
    return events, rejected
