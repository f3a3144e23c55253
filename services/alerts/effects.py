"""What an evaluation means for warnings: cases, their history, and the mails that tell of it, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.early_warning import SUBJECT_KINDS, DecisionKind, Verdict, WarningDecision, case_id, decide_warning
from planwatch.errors import Invalid
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery, MailKind, NotificationDecision, decide_notification, digest_due_at
from planwatch.plan import Indicator, Plan
from planwatch.policy import Policy
from planwatch.wire import AssessmentsMade, assessments_from_bytes
from services.alerts import store
from services.alerts.notices import Change, NoticeWriter, digest_mail_id, warning_mail_id
from services.alerts.render import render_closure, render_warning
from services.catalogue import Catalogue, CatalogueCache
from services.clock import Clock
from services.metrics import WARNING_STEPS
from services.outbox import assessment_event_id, settle_events
from services.stream.consumption import Rejected
from services.stream.record import Record

EVALUATOR = "planwatch-evaluate"


@dataclass(frozen=True, slots=True)
class Situation:
    """One subject with a new verdict: what is known of it at every frequency, and of its case."""

    subject: store.Subject
    plan: Plan
    indicator: Indicator
    case: store.Case | None
    verdicts: Sequence[Verdict]
    identity: str


class AlertEffects:
    """Implements `services.stream.consumption.Effects` for evaluations."""

    def __init__(self, notices: NoticeWriter, clock: Clock, *, digest_wait_s: int | None = None) -> None:
        self._notices, self._clock = notices, clock
        self._digest_wait_s = digest_wait_s
        self._catalogue = CatalogueCache()
        self._steps: list[tuple[str, str]] = []

    async def apply(self, connection: AsyncConnection[Any], records: Sequence[Record]) -> list[Rejected]:
        """Decide what each evaluation means, in order; handling one again changes nothing."""
        catalogue = await self._catalogue.current(connection)
        policy = catalogue.policy
        if self._digest_wait_s is not None:
            policy = replace(policy, digest_wait_s=self._digest_wait_s)
        self._steps = []
        events, rejected = read_records(records)
        await store.lock_plans(connection, sorted({event.plan_id for event in events}))
        for event in events:
            for situation in await self._situations(connection, catalogue, event):
                await self._decide(connection, policy, situation)
        await settle_events(connection, [assessment_event_id(e.submission_id) for e in events], self._clock())
        return rejected

    def committed(self) -> None:
        """Count the steps of the last batch."""
        for step_kind, level in self._steps:
            WARNING_STEPS.labels(step_kind=step_kind, level=level).inc()

    async def _situations(
        self, connection: AsyncConnection[Any], catalogue: Catalogue, event: AssessmentsMade
    ) -> list[Situation]:
        subjects = await store.load_subjects(connection, event.series)
        known: dict[str, tuple[store.Subject, Plan, Indicator]] = {}
        for _, subject in sorted(subjects.items()):
            plan = catalogue.plans[subject.plan_id]
            indicator = plan.indicator(subject.series.indicator_id)
            if indicator is not None:
                identity = case_id(subject.plan_id, SUBJECT_KINDS[indicator.section], subject.series)
                known[identity] = (subject, plan, indicator)
        every_freq = {
            identity: list(map(str, subject.series.at_every_freq)) for identity, (subject, _, _) in known.items()
        }
        verdicts = await store.load_verdicts(
            connection, [key for keys in every_freq.values() for key in keys], event.known_at
        )
        cases = await store.load_cases(connection, list(known))
        return [
            Situation(
                subject,
                plan,
                indicator,
                cases.get(identity),
                [verdict for key in every_freq[identity] for verdict in verdicts.get(key, ())],
                identity,
            )
            for identity, (subject, plan, indicator) in known.items()
        ]

    async def _decide(self, connection: AsyncConnection[Any], policy: Policy, situation: Situation) -> None:
        """Take one step if the verdicts ask for it; the case is then about the frequency that decided."""
        current = situation.case.warning if situation.case else None
        decision = decide_warning(
            current,
            situation.verdicts,
            identity=situation.identity,
            nature=situation.indicator.nature,
            last_period=situation.plan.end,
            policy=policy,
        )
        warning = decision.warning
        is_news = warning is not None and (current is None or warning.known_at > current.known_at)
        if decision.kind is DecisionKind.NOTHING or not is_news:
            return
        assert warning is not None
        series = replace(situation.subject.series, freq=warning.time_period.freq)
        situation = replace(situation, subject=replace(situation.subject, series=series))
        notification = decide_notification(decision, policy)
        await self._record(connection, policy, situation, decision, notification)
        self._steps.append((decision.kind, warning.level.code))

    async def _record(
        self,
        connection: AsyncConnection[Any],
        policy: Policy,
        situation: Situation,
        decision: WarningDecision,
        notification: NotificationDecision,
    ) -> None:
        warning = decision.warning
        assert warning is not None
        now = self._clock()
        step = (situation.case.steps if situation.case else 0) + 1
        submission_id = next(v.submission_id for v in reversed(situation.verdicts) if v.period == warning.time_period)
        await store.save_case(
            connection,
            situation.subject,
            decision,
            subject_kind=SUBJECT_KINDS[situation.indicator.section],
            plan_version=situation.plan.version,
            agency_id=situation.indicator.owner,
            submission_id=submission_id,
            now=now,
        )
        mail_id = None
        if notification.delivery is Delivery.IMMEDIATE:
            mail_id = warning_mail_id(warning.case_id, step)
            await self._mail(connection, policy, situation, decision, mail_id, now)
        elif notification.delivery is Delivery.DIGEST:
            mail_id = await self._digest(connection, policy, situation.indicator.owner, now)
        await store.append_step(
            connection,
            decision,
            notification,
            step=step,
            submission_id=submission_id,
            actor=EVALUATOR,
            mail_id=mail_id,
            now=now,
        )

    async def _mail(
        self,
        connection: AsyncConnection[Any],
        policy: Policy,
        situation: Situation,
        decision: WarningDecision,
        mail_id: str,
        now: datetime,
    ) -> None:
        warning = decision.warning
        assert warning is not None
        change = Change(
            case_id=warning.case_id,
            episode=warning.episode,
            state=warning.state,
            kind=decision.kind,
            level=warning.level,
            previous_level=situation.case.warning.level if situation.case else None,
            since_period=str(warning.since_period),
            reason=decision.reason,
            policy_line=decision.policy_line,
            at=now,
        )
        figures = await store.load_figures(
            connection, str(situation.subject.series), str(warning.time_period), warning.known_at
        )
        notice = self._notices.notice(
            situation.plan, situation.indicator, situation.subject.series, policy, change, figures
        )
        closes = decision.kind is DecisionKind.CLOSE
        owner = situation.indicator.owner
        mail = self._notices.mail(
            MailKind.CLOSURE if closes else MailKind.WARNING,
            mail_id,
            owner,
            (await store.load_emails(connection, [owner])).get(owner),
            render_closure(notice) if closes else render_warning(notice),
            accepted_at=figures.received_at,
            now=now,
            thread=await store.load_thread(connection, warning.case_id),
        )
        await store.insert_mail(connection, mail, now)

    async def _digest(self, connection: AsyncConnection[Any], policy: Policy, agency_id: str, now: datetime) -> str:
        already_open = await store.open_digest(connection, agency_id)
        if already_open:
            return already_open
        due_at = digest_due_at(now, await store.load_last_digest_date(connection, agency_id), policy)
        local_date = due_at.astimezone(LOCAL_TIME).date()
        mail_id = digest_mail_id(agency_id, local_date.isoformat())
        await store.insert_digest(connection, mail_id, agency_id, local_date, due_at, now)
        return mail_id


def read_records(records: Sequence[Record]) -> tuple[list[AssessmentsMade], list[Rejected]]:
    """Decode records; what is not an evaluation is returned as rejected."""
    events, rejected = [], []
    for record in records:
        try:
            events.append(assessments_from_bytes(record.value))
        except Invalid as error:
            rejected.append(Rejected(record, error))
    return events, rejected
