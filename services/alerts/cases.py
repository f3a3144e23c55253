"""The book of cases: every event goes through it, and what follows is written in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.effects import MailOrder, Step
from planwatch.case.events import Assessed, Event, ForecastMade
from planwatch.case.grouping import grouped_orders
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery, MailKind, digest_due_at, weekly_summary_due_at
from planwatch.policy import Level, Policy
from planwatch.working_days import WorkingCalendar
from services.alerts import case_store, store
from services.alerts.matters import series_of
from services.alerts.notices import (
    NoticeWriter,
    change_of,
    digest_mail_id,
    group_mail_id,
    summary_mail_id,
    warning_mail_id,
)
from services.alerts.render import WarningNotice, render_closure, render_digest, render_warning
from services.catalogue import Catalogue
from services.clock import Clock


@dataclass(frozen=True, slots=True)
class Happening:
    """One event and the case that it happens to."""

    case_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that has been decided and is to be written; `series_key` is that of the figure which set the level."""

    step: Step
    number: int
    previous_level: Level | None
    series_key: str | None


class CaseBook:
    """Loads cases, lets the machine decide and writes what follows. The plans are held by the caller."""

    def __init__(
        self, notices: NoticeWriter, clock: Clock, calendar: WorkingCalendar, *, digest_wait_s: int | None = None
    ) -> None:
        self._notices, self._clock, self._calendar = notices, clock, calendar
        self._digest_wait_s = digest_wait_s

    async def apply(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, happenings: Sequence[Happening]
    ) -> list[Step]:
        """Apply what has happened on one occasion, in order; its mails are gathered as the policy says.

        The first happening that leads to a step speaks for all of the same case.

        Returns:
            The steps taken; none where nothing changes.
        """
        policy, now = self._policy(catalogue), self._clock()
        known = await case_store.load_cases(connection, [happening.case_id for happening in happenings])
        taken: list[Taken] = []
        stepped: dict[str, Case] = {}
        for happening in happenings:
            if happening.case_id in stepped:
                continue
            stored = known.get(happening.case_id)
            before = stored.case if stored else None
            event = happening.event
            if policy.inhibition.area_covers_parts:
                event = _among(event, tuple(stepped.values()))
            outcome = transition(before, event, policy, now, self._calendar)
            if outcome.case is None or not outcome.effects:
                continue
            stepped[happening.case_id] = outcome.case
            number = stored.steps if stored else 0
            rests_on_figures = isinstance(event, Assessed | ForecastMade) or (
                stored is not None and stored.series_key is not None
            )
            level = _standing_level(before)
            for step in outcome.effects:
                number += 1
                taken.append(Taken(step, number, level, series_of(step.case) if rests_on_figures else None))
                level = _standing_level(step.case)
        await self._write(connection, catalogue, policy, taken, now)
        return [item.step for item in taken]

    def _policy(self, catalogue: Catalogue) -> Policy:
        if self._digest_wait_s is None:
            return catalogue.policy
        return replace(catalogue.policy, digest_wait_s=self._digest_wait_s)

    async def _write(
        self,
        connection: AsyncConnection[Any],
        catalogue: Catalogue,
        policy: Policy,
        taken: Sequence[Taken],
        now: datetime,
    ) -> None:
        groups = grouped_orders([item.step.notice for item in taken], policy.most_at_once)
        group_of = {position: group for group in groups for position in group}
        for position, item in enumerate(taken):
            notice = item.step.notice
            mail_id = None
            if position in group_of:
                first = taken[group_of[position][0]]
                mail_id = group_mail_id(first.step.case.case_id, first.number)
            elif isinstance(notice, MailOrder):
                mail_id = await self._order(connection, catalogue, policy, item, notice, now)
            summary_id = await self._enter_summary(connection, policy, item.step, now)
            await case_store.save_step(
                connection,
                item.step,
                number=item.number,
                series_key=item.series_key,
                mail_id=mail_id,
                summary_id=summary_id,
                now=now,
            )
        for group in groups:
            await self._mail_group(connection, catalogue, [taken[position] for position in group], now)

    async def _order(
        self,
        connection: AsyncConnection[Any],
        catalogue: Catalogue,
        policy: Policy,
        item: Taken,
        order: MailOrder,
        now: datetime,
    ) -> str:
        if order.delivery is Delivery.DIGEST:
            return await self._digest(connection, policy, order.to, now)
        case = item.step.case
        mail_id = warning_mail_id(case.case_id, item.number)
        notice = await self._notice(connection, catalogue, item, order.to, now)
        mail = self._notices.mail(
            order.kind,
            mail_id,
            order.to,
            await store.load_email(connection, order.to, now.astimezone(LOCAL_TIME).date()),
            render_closure(notice) if order.kind is MailKind.CLOSURE else render_warning(notice),
            accepted_at=notice.received_at or now,
            now=now,
            thread=await store.load_thread(connection, case.case_id),
            not_before=order.not_before,
        )
        await store.insert_mail(connection, mail, now)
        return mail_id

    async def _mail_group(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, items: Sequence[Taken], now: datetime
    ) -> None:
        order = items[0].step.notice
        assert isinstance(order, MailOrder)
        notices = [await self._notice(connection, catalogue, item, order.to, now) for item in items]
        day = now.astimezone(LOCAL_TIME).date()
        mail = self._notices.mail(
            MailKind.GROUP,
            group_mail_id(items[0].step.case.case_id, items[0].number),
            order.to,
            await store.load_email(connection, order.to, day),
            render_digest(notices[0].agency, notices, day),
            accepted_at=max(notice.received_at or now for notice in notices),
            now=now,
            not_before=order.not_before,
        )
        await store.insert_mail(connection, mail, now)

    async def _notice(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, item: Taken, reader: str, now: datetime
    ) -> WarningNotice:
        case = item.step.case
        plan, indicator = await case_store.load_subject(connection, catalogue.plans, case)
        change = change_of(item.step, item.previous_level, reader, now)
        if item.series_key is None:
            source = await store.load_source(connection, item.step.entry.submission_id)
            return self._notices.notice(plan, indicator, change, None, source)
        figures = await store.load_figures(connection, item.series_key, str(case.time_period), case.known_at)
        return self._notices.notice(plan, indicator, change, figures)

    async def _digest(self, connection: AsyncConnection[Any], policy: Policy, agency_id: str, now: datetime) -> str:
        already_open = await store.open_digest(connection, agency_id)
        if already_open:
            return already_open
        due_at = digest_due_at(now, await store.load_last_digest_date(connection, agency_id), policy)
        local_date = due_at.astimezone(LOCAL_TIME).date()
        mail_id = digest_mail_id(agency_id, local_date.isoformat())
        await store.insert_digest(connection, mail_id, agency_id, local_date, due_at, now)
        return mail_id

    async def _enter_summary(
        self, connection: AsyncConnection[Any], policy: Policy, step: Step, now: datetime
    ) -> str | None:
        if step.summary is None or policy.weekly_summary is None:
            return None
        due_at = weekly_summary_due_at(now, policy.weekly_summary)
        mail_id = summary_mail_id(step.summary.to, due_at.date().isoformat())
        await store.open_summary(connection, mail_id, step.summary.to, due_at)
        return mail_id


def _among(event: Event, opened: tuple[Case, ...]) -> Event:
    """The event with the cases of the same occasion as neighbours, so that a city's covers its districts' at once."""
    if not isinstance(event, Assessed):
        return event
    return replace(event, matter=replace(event.matter, neighbours=(*event.matter.neighbours, *opened)))


def _standing_level(case: Case | None) -> Level | None:
    return case.level if case is not None else None
