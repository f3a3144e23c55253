"""The verdicts that a report, a revised plan or a stated milestone leads to: exactly those that it changes.

What is known at a moment is given by the figures received, the plan versions applied and the milestones stated by
then. A verdict is made where the knowledge of a moment gives another one than stood before, so that the newest verdict
known at any moment is always the one that a full recomputation would give for that moment, in any order of arrival.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from planwatch.assessment import Assessment, affected_periods, assessment_of
from planwatch.change import Judged, describe_change
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan_history import PlanHistory, Rule
from planwatch.policy import Policy
from planwatch.running_state import RunningState, needs_history
from planwatch.schedule import Course, course_of, judge
from planwatch.series import SeriesKey
from planwatch.vintages import Vintages

Figures = Mapping[TimePeriod, Observation]
Stored = Mapping[tuple[SeriesKey, TimePeriod], Collection[datetime]]
"""Series and period → the moments as whose knowledge verdicts were made."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An indicator in one area and breakdown, with what it is judged by.

    Attributes:
        indicator_id: of the plan.
        subject_key: see `SeriesKey.subject_key`.
        plans: the plan through time.
        policy: thresholds of the classes.
        running: what came before the figures at hand; None if they are all there are.
    """

    indicator_id: str
    subject_key: str
    plans: PlanHistory
    policy: Policy
    running: RunningState | None = None


def judge_known(
    subject: Subject, plans: PlanHistory, figures: Figures, periods: Iterable[TimePeriod], moment: datetime
) -> dict[TimePeriod, Judged]:
    """The verdicts on periods as known at a moment; those before the plan, or without a figure, are absent.

    Args:
        subject: what is judged.
        plans: the plan through time; what was said after `moment` does not count.
        figures: the newest vintages at that moment.
        periods: to judge.
        moment: of the knowledge.
    """
    judged: dict[TimePeriod, Judged] = {}
    only, courses = plans.only_rule(subject.indicator_id), dict[int, Course]()
    for period in periods:
        observation = figures.get(period)
        if observation is None:
            continue
        rule = only or plans.rule(subject.indicator_id, period, moment)
        if rule is None or period.end < rule.plan.first_day:
            continue
        course = courses.get(id(rule))
        if course is None:
            course = courses[id(rule)] = course_under(rule, subject, plans, figures)
        judged[period] = Judged(rule, observation, judge(course, observation))
    return judged


def course_under(rule: Rule, subject: Subject, plans: PlanHistory, figures: Figures) -> Course:
    """The course of a subject under one rule; shared by all series where verdicts rest on their own figure alone."""
    if not needs_history(rule.indicator):
        return plans.standing_course(rule, subject.policy)
    return course_of(
        rule.plan,
        rule.indicator,
        subject.policy.thresholds,
        figures,
        closings=subject.running.closings if subject.running else None,
        stand_in=subject.running.stand_in if subject.running else None,
        dues=plans.dues(rule, subject.policy),
    )


def standing_course(subject: Subject, figures: Figures, moment: datetime) -> Course:
    """The course of a subject under the newest plan version, as known at a moment."""
    last_period = subject.plans.current.end
    rule = subject.plans.rule(subject.indicator_id, last_period, moment)
    assert rule is not None
    return course_under(rule, subject, subject.plans, figures)


def verdicts_of_arrival(
    subject: Subject, vintages: Vintages, arrived: Sequence[Observation], stored: Stored
) -> list[Assessment]:
    """The verdicts that one submission's figures of a subject lead to.

    Args:
        subject: what the figures are about.
        vintages: what is known of it, the arrived figures included.
        arrived: of one submission.
        stored: the verdicts made so far that were known after the receipt; empty for what comes in order.
    Returns:
        One verdict for each arrived period, and one for each other verdict that changes, for every moment from the
        receipt on at which it does; more than one moment only for a submission that is processed late.
    """
    received_at, submission_id = arrived[0].received_at, arrived[0].submission_id
    said = subject.plans.moments_after(subject.indicator_id, received_at)
    verdicts = []
    for touched, later in _together(subject, vintages, {figure.period for figure in arrived}, received_at):
        review = _Review(subject, vintages, subject.plans, submission_id, touched, stored)
        verdicts += review.verdicts([received_at, *sorted(later.union(said))])
    return verdicts


def verdicts_of_saying(
    subject: Subject,
    vintages: Vintages,
    said_at: datetime,
    change_id: str,
    stored: Stored,
    policy_before: Policy | None = None,
) -> list[Assessment]:
    """The verdicts that a plan version or milestones known since `said_at` change; under another policy, all of them.

    Args:
        subject: all of whose figures are in `vintages`.
        vintages: likewise.
        said_at: when the plan or the policy was applied or the milestones were stated.
        change_id: of that change of the catalogue.
        stored: the verdicts made so far that were known after that.
        policy_before: what held before `said_at`; None where the policy is the same.
    """
    said = subject.plans.moments_after(subject.indicator_id, said_at)
    before = subject.plans.without(said_at)
    verdicts = []
    for periods, later in _together(subject, vintages, vintages.periods(subject.subject_key), said_at):
        review = _Review(subject, vintages, before, None, periods, stored, change_id, policy_before)
        verdicts += review.verdicts([said_at, *sorted(later.union(said))])
    return verdicts


def _together(
    subject: Subject, vintages: Vintages, periods: Set[TimePeriod], moment: datetime
) -> list[tuple[Set[TimePeriod], frozenset[datetime]]]:
    """Periods that are looked at together, with the later moments at which what their verdicts rest on changed."""
    if any(map(needs_history, subject.plans.versions_with(subject.indicator_id))):
        return [(periods, vintages.moments_after(subject.subject_key, moment))]
    groups: dict[frozenset[datetime], set[TimePeriod]] = defaultdict(set)
    for period in periods:
        groups[vintages.moments_after(subject.subject_key, moment, period)].add(period)
    return [(group, later) for later, group in groups.items()]


class _Review:
    """Compares, moment by moment, what is known with what would have been known without the news."""

    def __init__(
        self,
        subject: Subject,
        vintages: Vintages,
        plans_before: PlanHistory,
        submission_id: str | None,
        periods: Set[TimePeriod],
        stored: Stored,
        change_id: str = "",
        policy_before: Policy | None = None,
    ) -> None:
        self.subject_before = subject if policy_before is None else replace(subject, policy=policy_before)
        self.subject, self.vintages, self.plans_before = subject, vintages, plans_before
        self.submission_id, self.periods, self.stored = submission_id, periods, stored
        self.change_id = change_id
        self._is_asked_for = submission_id is not None or self.subject_before.policy.version != subject.policy.version

    def verdicts(self, moments: Sequence[datetime]) -> list[Assessment]:
        """The new verdicts, moment by moment; `moments` rise from that of the news."""
        made: list[Assessment] = []
        last: dict[TimePeriod, tuple[Judged, datetime]] = {}
        for moment in moments:
            figures = self.vintages.known_at(self.subject.subject_key, moment)
            after = judge_known(self.subject, self.subject.plans, figures, self._candidates(figures), moment)
            before = self._before(figures, after, moment)
            for period, judged in sorted(after.items()):
                is_news = moment == moments[0] and self._is_asked_for and period in self.periods
                held = self._held(judged, before.get(period), last.get(period), moment)
                if is_news or not judged.same_as(held):
                    made.append(self._assessment(judged, before.get(period) or held, moment))
                    last[period] = judged, moment
        return made

    def _held(
        self, judged: Judged, before: Judged | None, last: tuple[Judged, datetime] | None, moment: datetime
    ) -> Judged | None:
        """What the verdicts made so far say of a moment: that without the news, unless a newer one hides it.

        Args:
            judged: what holds.
            before: what held without the news.
            last: the verdict just made for an earlier moment, and that moment.
            moment: in question.
        """
        if last is None:
            return before
        known = self.stored.get((judged.observation.series, judged.observation.period), ())
        return before if any(last[1] < known_at <= moment for known_at in known) else last[0]

    def _candidates(self, figures: Figures) -> Iterable[TimePeriod]:
        versions = self.subject.plans.versions_with(self.subject.indicator_id)
        if len(versions) == 1:
            return affected_periods(versions[0], figures, self.periods)
        return {period for indicator in versions for period in affected_periods(indicator, figures, self.periods)}

    def _before(
        self, figures: Figures, after: Mapping[TimePeriod, Judged], moment: datetime
    ) -> dict[TimePeriod, Judged]:
        """The verdicts on the same periods without the news."""
        if self.submission_id is None:
            return judge_known(self.subject_before, self.plans_before, figures, after, moment)
        is_first = all(figures[period].revision == 1 for period in after)
        if is_first and after.keys() <= self.periods:
            return {}
        known = self.vintages.known_at(self.subject.subject_key, moment, without=self.submission_id)
        return judge_known(self.subject, self.plans_before, known, after, moment)

    def _assessment(self, judged: Judged, before: Judged | None, moment: datetime) -> Assessment:
        arrived = self.periods if self.submission_id else ()
        versions = (self.subject_before.policy.version, self.subject.policy.version)
        policies = versions if versions[0] != versions[1] else None
        change = None if before is None else describe_change(before, judged, arrived, policies)
        return assessment_of(
            judged.rule.plan,
            self.subject.policy,
            judged.observation,
            judged.judgement,
            self.submission_id or judged.observation.submission_id,
            moment,
            change,
            self.change_id,
        )
