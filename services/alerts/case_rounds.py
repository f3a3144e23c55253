"""What the clock does to cases, plan by plan: missing reports, revised plans, refused mails, covers, deadlines."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.effects import Step
from planwatch.case.events import ClockTicked, MailOutcome, MailSettled, MissingReport, PlanRevised, ReportsChecked
from planwatch.case.inhibition import cover_changes
from planwatch.case.kinds import Track
from planwatch.case.model import Subject
from planwatch.local_time import LOCAL_TIME
from planwatch.period import Freq
from planwatch.plan import Plan
from planwatch.policy import Reporting
from planwatch.reporting_calendar import missing_reports
from planwatch.series import SeriesKey
from planwatch.working_days import CalendarNotCovered, WorkingCalendar
from services.alerts import case_store, round_store
from services.alerts.cases import CaseBook, Happening
from services.alerts.matters import matter_of
from services.catalogue import Catalogue, CatalogueCache
from services.clock import Clock
from services.database import Pool, wrap_errors
from services.metrics import CALENDAR_DAYS, WARNING_STEPS

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
ENOUGH_DAYS = 30
"""A calendar that knows fewer days ahead makes deadlines provisional: the operator is told every day."""


class CaseRounds:
    """Goes through all plans once a minute; several processes may do so at once, one after the other per plan."""

    def __init__(self, pool: Pool, book: CaseBook, calendar: WorkingCalendar, clock: Clock) -> None:
        self._pool, self._book, self._calendar, self._clock = pool, book, calendar, clock
        self._warned_on: date | None = None
        self._catalogue = CatalogueCache()
        self._next_at: datetime | None = None

    async def make_due(self) -> int:
        """Make a round if a minute has passed since the last one.

        Returns:
            How many steps were taken.
        """
        now = self._clock()
        if self._next_at is not None and now < self._next_at:
            return 0
        self._next_at = now + EVERY
        return await self.make()

    async def make(self) -> int:
        """Make a round, one transaction per plan.

        Returns:
            How many steps were taken.
        """
        self._watch_calendar()
        with wrap_errors():
            async with self._pool.connection() as connection:
                async with connection.transaction():
                    catalogue = await self._catalogue.current(connection)
                taken: list[Step] = []
                for plan_id in sorted(catalogue.plans):
                    async with connection.transaction():
                        steps = await self._round(connection, catalogue, catalogue.plans[plan_id])
                    taken += steps
        for step in taken:
            WARNING_STEPS.labels(step_kind=step.entry.kind, level=step.case.level.code).inc()
        return len(taken)

    async def _round(self, connection: AsyncConnection[Any], catalogue: Catalogue, plan: Plan) -> list[Step]:
        await case_store.lock_plans(connection, [plan.plan_id])
        steps: list[Step] = []
        for happenings in (self._reports, self._revisions, self._refusals, self._covers, self._pressing):
            steps += await self._book.apply(connection, catalogue, await happenings(connection, catalogue, plan))
        return steps

    async def _reports(self, connection: AsyncConnection[Any], catalogue: Catalogue, plan: Plan) -> list[Happening]:
        """The overdue reports, and for the cases of those that have come since that none is missing."""
        already_open = await round_store.load_overdue(connection, plan.plan_id)
        missing = await self._missing(connection, plan, catalogue.policy_of(plan.plan_id).reporting)
        found = []
        for indicator in (*plan.indicators, *plan.derived):
            series = SeriesKey(indicator.indicator_id, plan.ref_area, Freq.ANNUAL)
            matter = matter_of(plan, indicator, series, Track.REPORTING)
            reports = missing.get(indicator.indicator_id, [])
            if reports or matter.case_id in already_open:
                found.append(Happening(matter.case_id, ReportsChecked(matter, reports)))
        return found

    async def _missing(
        self, connection: AsyncConnection[Any], plan: Plan, reporting: Reporting | None
    ) -> dict[str, list[MissingReport]]:
        if reporting is None:
            return {}
        entered_at = await round_store.load_watched_from(connection, plan.plan_id)
        reported = await round_store.load_reported(connection, plan.plan_id, plan.ref_area)
        return {
            indicator.indicator_id: missing_reports(
                plan,
                indicator,
                reporting,
                watched_from=entered_at.astimezone(LOCAL_TIME).date(),
                today=self._today(),
                reported=reported.get(indicator.indicator_id, set()),
            )
            for indicator in (*plan.indicators, *plan.derived)
            if indicator.section in reporting.sections
        }

    async def _revisions(self, connection: AsyncConnection[Any], catalogue: Catalogue, plan: Plan) -> list[Happening]:
        outdated = await round_store.load_outdated(connection, plan.plan_id, plan.version)
        return [
            Happening(stored.case.case_id, _revision(plan, stored.case.subject, stored.case.track))
            for stored in outdated
        ]

    async def _refusals(self, connection: AsyncConnection[Any], catalogue: Catalogue, plan: Plan) -> list[Happening]:
        refusals = await round_store.load_refusals(connection, plan.plan_id)
        await round_store.note_refusals(connection, [mail_id for _, mail_id, _, _ in refusals], self._clock())
        return [
            Happening(case_id, MailSettled(mail_id, MailOutcome(state), words))
            for case_id, mail_id, state, words in refusals
        ]

    async def _covers(self, connection: AsyncConnection[Any], catalogue: Catalogue, plan: Plan) -> list[Happening]:
        kin = await round_store.load_kin(connection, plan.plan_id)
        changes = cover_changes((stored.case for stored in kin), catalogue.policy_of(plan.plan_id).inhibition)
        return [Happening(case.case_id, event) for case, event in changes]

    async def _pressing(self, connection: AsyncConnection[Any], catalogue: Catalogue, plan: Plan) -> list[Happening]:
        return [
            Happening(case_id, ClockTicked())
            for case_id in await round_store.load_pressing(connection, plan.plan_id, self._today())
        ]

    def _watch_calendar(self) -> None:
        today = self._today()
        covered = self._calendar.days_covered(today)
        CALENDAR_DAYS.set(covered)
        if covered < ENOUGH_DAYS and self._warned_on != today:
            self._warned_on = today
            logger.warning("%s", CalendarNotCovered((today + timedelta(days=covered)).year))

    def _today(self) -> date:
        return self._clock().astimezone(LOCAL_TIME).date()


def _revision(plan: Plan, subject: Subject, track: Track) -> PlanRevised:
    indicator = plan.indicator(subject.indicator_id)
    if indicator is None:
        return PlanRevised(plan.version, None)
    series = SeriesKey(subject.indicator_id, subject.ref_area, Freq.ANNUAL, subject.urbanisation, subject.pop_group)
    return PlanRevised(plan.version, matter_of(plan, indicator, series, track))
