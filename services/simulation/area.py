"""One simulated area from its first report to its last day: the real core, driven by a virtual clock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from random import Random

from planwatch.assessment import Assessment
from planwatch.case.effects import Step
from planwatch.case.events import (
    Acknowledged,
    Assessed,
    ClockTicked,
    MeasuresFiled,
    MissingReport,
    ReportsChecked,
)
from planwatch.case.kinds import Track
from planwatch.case.known_figure import KnownFigure
from planwatch.case.model import Case, Measure
from planwatch.early_warning import DecisionKind, Verdict
from planwatch.evaluation import Subject, verdicts_of_arrival
from planwatch.forecast import falls_short
from planwatch.local_time import LOCAL_TIME
from planwatch.observation import Observation
from planwatch.outlook import Outlook, has_outlook, outlook_at
from planwatch.period import Freq, TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.policy import DOUBTED, Policy
from planwatch.reporting_calendar import missing_reports
from planwatch.series import TOTAL, SeriesKey
from planwatch.submission import Finding, Submission, check_submission
from planwatch.vintages import Vintages
from planwatch.working_days import WorkingCalendar
from services.alerts.forecast_source import forecast_happening
from services.alerts.gap_source import gap_happenings
from services.alerts.matters import matter_of
from services.alerts.quality_source import quality_happenings
from services.simulation.book import MemoryBook

ROUND_AT = time(9, 0)
"""The clock looks at an area once a day, in office hours."""

ANSWERED, ANSWER_DAYS, MEASURE_DAYS = 0.7, (1, 6), (4, 20)
"""Probability that an owner answers a new case, after how many days, and after how many more with measures."""


@dataclass(frozen=True, slots=True)
class RunningArea:
    """What the core made of the reports of an area.

    Attributes:
        book: cases with their history.
        verdicts: subject key → period → the newest verdict.
        vintages: all figures taken in.
        probabilities: subject key → period → the probability of reaching the target, as forecast then.
        submissions: that counted; `duplicates` were recognised as known.
        findings: cells that were returned.
    """

    plan: Plan
    book: MemoryBook
    verdicts: Mapping[str, Mapping[TimePeriod, Verdict]]
    vintages: Vintages
    probabilities: Mapping[str, Mapping[TimePeriod, float]]
    submissions: int
    duplicates: int
    findings: Sequence[Finding]


def run_area(
    plan: Plan,
    policy: Policy,
    calendar: WorkingCalendar,
    deliveries: Iterable[Submission],
    last_day: date,
    answers: Random,
) -> RunningArea:
    """Take in what an area sends, with a round of the clock every day.

    Args:
        plan: of the area.
        policy: thresholds, persistence, deadlines.
        calendar: working days.
        deliveries: in order of receipt.
        last_day: on which the clock stops.
        answers: draws which cases their owners answer, and when.
    """
    run = _Run(plan, policy, calendar, answers)
    pending = list(deliveries)
    position = 0
    for day in _days(plan.first_day, last_day):
        round_at = datetime.combine(day, ROUND_AT, LOCAL_TIME)
        while position < len(pending) and pending[position].received_at < round_at:
            run.receive(pending[position])
            position += 1
        run.make_round(round_at)
    run.close(datetime.combine(last_day + timedelta(days=8), ROUND_AT, LOCAL_TIME))
    return RunningArea(
        plan,
        run.book,
        run.verdicts,
        run.vintages,
        run.probabilities(),
        len(run.known),
        run.duplicates,
        run.findings,
    )


class _Run:
    def __init__(self, plan: Plan, policy: Policy, calendar: WorkingCalendar, answers: Random) -> None:
        self.plan, self.policy, self.answers = plan, policy, answers
        self.history = PlanHistory([PlanVersion(plan, datetime.combine(plan.first_day, time(), LOCAL_TIME))])
        self.book = MemoryBook(policy, calendar)
        self.vintages = Vintages()
        self.verdicts: dict[str, dict[TimePeriod, Verdict]] = defaultdict(dict)
        self.known: set[str] = set()
        self.duplicates = 0
        self.findings: list[Finding] = []
        self._outlooks: dict[tuple[str, TimePeriod], Outlook] = {}
        self._reported: dict[str, set[date]] = defaultdict(set)
        self._due: set[date] = set()
        self._promises: list[tuple[date, str, int, bool]] = []
        whole = ((row, SeriesKey(row.indicator_id, plan.ref_area, Freq.ANNUAL)) for row in plan.indicators)
        self._reporting = [(row, matter_of(plan, row, series, Track.REPORTING)) for row, series in whole]

    def receive(self, submission: Submission) -> None:
        """One submission: rows, vintages, verdicts, forecasts, cases, mails."""
        now = submission.received_at
        self.book.close_due(now)
        if submission.submission_id in self.known:
            self.duplicates += 1
            return
        self.known.add(submission.submission_id)
        checked = check_submission(submission, self.plan)
        self.findings += checked.findings
        arrived: dict[str, list[Observation]] = defaultdict(list)
        for figure in checked.observations:
            self.vintages.add(figure)
            arrived[figure.series.subject_key].append(figure)
            if (figure.series.urbanisation, figure.series.pop_group) == (TOTAL, TOTAL):
                self._reported[figure.series.indicator_id].add(figure.period.end)
        steps: list[Step] = []
        for key, figures in sorted(arrived.items()):
            steps += self._judge(key, figures, now)
        steps += self._checks({figures[0].series for figures in arrived.values()}, now)
        self._tell(steps, now)

    def make_round(self, now: datetime) -> None:
        """What the clock brings: missing reports, covers, answers of the owners, reminders and escalations."""
        self.book.close_due(now)
        steps = self._missing(now)
        steps += self.book.settle_covers(now)
        steps += self._answer(now)
        margin = timedelta(days=10 + 2 * (self.policy.escalation.remind_before_days if self.policy.escalation else 0))
        for case in self.book.open_cases:
            if case.deadlines_provisional or (case.due_on is not None and case.due_on <= now.date() + margin):
                steps += self.book.apply(case.case_id, ClockTicked(), now)
        self._tell(steps, now)

    def probabilities(self) -> dict[str, dict[TimePeriod, float]]:
        """Subject key → period → what was forecast when the period was the newest."""
        found: dict[str, dict[TimePeriod, float]] = defaultdict(dict)
        for (key, period), outlook in self._outlooks.items():
            if outlook.forecast.probability is not None:
                found[key][period] = outlook.forecast.probability
        return found

    def close(self, now: datetime) -> None:
        """Send what waits."""
        self.book.close_due(now)

    def _judge(self, key: str, figures: Sequence[Observation], now: datetime) -> list[Step]:
        series = figures[0].series
        indicator = self.plan.indicator(series.indicator_id)
        assert indicator is not None
        subject = Subject(series.indicator_id, key, self.history, self.policy)
        for made in verdicts_of_arrival(subject, self.vintages, figures, {}):
            self._note(key, made)
        if has_outlook([indicator]):
            outlook = outlook_at(subject, self.vintages.known_at(key, now), now)
            if outlook is not None:
                self._outlooks[key, outlook.period] = outlook
        known = [self._with_forecast(key, verdict) for verdict in self.verdicts[key].values()]
        matter = matter_of(self.plan, indicator, series)
        steps = self.book.apply(matter.case_id, Assessed(matter, known), now)
        if has_outlook([indicator]):
            forecast = forecast_happening(self.plan, indicator, series, known, self.policy, tuple(self.book.open_cases))
            if forecast is not None:
                steps += self.book.apply(forecast.case_id, forecast.event, now)
        return steps

    def _note(self, key: str, made: Assessment) -> None:
        self.verdicts[key][made.period] = Verdict(
            made.period,
            made.verdict,
            made.submission_id,
            made.known_at,
            expected_share=made.measures.expected_share,
        )

    def _with_forecast(self, key: str, verdict: Verdict) -> Verdict:
        """The verdict with the forecast made when its period was the newest, where its pace falls short."""
        outlook = self._outlooks.get((key, verdict.period))
        if outlook is None or outlook.forecast.reason is not None or verdict.verdict not in DOUBTED:
            return verdict
        forecast = outlook.forecast
        probability = forecast.probability if falls_short(forecast.pace, forecast.pace_needed) else None
        known_at = max(verdict.known_at, outlook.known_at)
        return replace(verdict, known_at=known_at, probability=probability)

    def _checks(self, reported: Collection[SeriesKey], now: datetime) -> list[Step]:
        """What gaps and the checks of figures say of what was reported."""
        figures = {indicator_id: list(self._known(indicator_id, now)) for indicator_id in _indicators(reported)}
        happenings = [
            *gap_happenings(self.plan, reported, figures),
            *quality_happenings(self.plan, reported, figures),
        ]
        return [step for happening in happenings for step in self.book.apply(happening.case_id, happening.event, now)]

    def _known(self, indicator_id: str, now: datetime) -> Iterator[KnownFigure]:
        """All figures of an indicator of the last three years, as the alerting service reads them."""
        for part in (TOTAL, "R", "U"):
            key = SeriesKey(indicator_id, self.plan.ref_area, Freq.MONTHLY, part).subject_key
            known = self.vintages.known_at(key, now)
            newest = max((period.start for period in known), default=date.min)
            for period, figure in known.items():
                if period.start >= date(newest.year - 3, newest.month, 1):
                    yield KnownFigure(
                        figure.series.ref_area,
                        period,
                        figure.value,
                        figure.submission_id,
                        figure.received_at,
                        figure.status,
                        part,
                        accumulation=figure.accumulation,
                    )

    def _missing(self, now: datetime) -> list[Step]:
        reporting, today = self.policy.reporting, now.astimezone(LOCAL_TIME).date()
        if reporting is None:
            return []
        steps: list[Step] = []
        allowed = timedelta(days=reporting.due_days[Freq.MONTHLY] + reporting.grace_days + 1)
        ended_month = (today - allowed + timedelta(days=1)).day == 1
        for indicator, matter in self._reporting:
            if indicator.section not in reporting.sections:
                continue
            case = self.book.cases.get(matter.case_id)
            if ended_month or (case is not None and case.is_open):
                missing = self._missing_of(indicator, today)
                if missing or (case is not None and case.is_open):
                    steps += self.book.apply(matter.case_id, ReportsChecked(matter, missing), now)
        return steps

    def _missing_of(self, indicator: Indicator, today: date) -> list[MissingReport]:
        assert self.policy.reporting is not None
        return missing_reports(
            self.plan,
            indicator,
            self.policy.reporting,
            watched_from=self.plan.first_day,
            today=today,
            reported=self._reported[indicator.indicator_id],
        )

    def _tell(self, steps: Sequence[Step], now: datetime) -> None:
        for step in steps:
            if step.entry.kind in (DecisionKind.RAISE, DecisionKind.REOPEN):
                self._promise(step.case, now)
        self.book.tell(steps, now)

    def _promise(self, case: Case, now: datetime) -> None:
        """Draw whether and when the owner answers a case that has just opened."""
        if self.answers.random() < ANSWERED:
            taken_note = now.date() + timedelta(days=self.answers.randint(*ANSWER_DAYS))
            measures = taken_note + timedelta(days=self.answers.randint(*MEASURE_DAYS))
            self._promises.append((taken_note, case.case_id, case.episode, False))
            self._promises.append((measures, case.case_id, case.episode, True))

    def _answer(self, now: datetime) -> list[Step]:
        steps: list[Step] = []
        today = now.date()
        for _, case_id, episode, with_measures in sorted(due for due in self._promises if due[0] <= today):
            case = self.book.cases[case_id]
            if case.is_open and case.episode == episode:
                by = "模拟责任人"
                measure = Measure("模拟整改措施", by, today + timedelta(days=60))
                event = MeasuresFiled(by, (measure,)) if with_measures else Acknowledged(by)
                steps += self.book.apply(case_id, event, now)
        self._promises = [due for due in self._promises if due[0] > today]
        return steps


def _indicators(reported: Iterable[SeriesKey]) -> list[str]:
    return sorted({series.indicator_id for series in reported})


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)
