"""The verdicts that a report, a revised plan or a stated milestone leads to: exactly those that it changes.

What is known at a moment is given by the figures received, the plan versions applied and the milestones stated by
then. A verdict is made where the knowledge of a moment gives another one than stood before, so that the newest verdict
known at any moment is always the one that a full recomputation would give for that moment, in any order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from planwatch.assessment import Assessment, affected_periods, assessment_of
from planwatch.change import Judged, describe_change
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan_history import PlanHistory, Rule
from planwatch.policy import Policy
from planwatch.running_state import RunningState, needs_history
from planwatch.schedule import Course, course_of, judge
from planwatch.vintages import Vintages

Figures = Mapping[TimePeriod, Observation]


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
    courses: dict[int, Course] = {}
    for period in periods:
        observation = figures.get(period)
        rule = plans.rule(subject.indicator_id, period, moment) if observation is not None else None
        if observation is None or rule is None or period.end < rule.plan.first_day:
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
    )


def standing_course(subject: Subject, figures: Figures, moment: datetime) -> Course:
    """The course of a subject under the newest plan version, as known at a moment."""
    last_period = subject.plans.current.end
    rule = subject.plans.rule(subject.indicator_id, last_period, moment)
    assert rule is not None
    return course_under(rule, subject, subject.plans, figures)


def verdicts_of_arrival(subject: Subject, vintages: Vintages, arrived: Sequence[Observation]) -> list[Assessment]:
    """The verdicts that one submission's figures of a subject lead to.

    Args:
        subject: what the figures are about.
        vintages: what is known of it, the arrived figures included.
        arrived: of one submission.
    Returns:
        One verdict for each arrived period, and one for each other verdict that changes, for every moment from the
        receipt on at which it does; more than one moment only for a submission that is processed late.
    """
    received_at, submission_id = arrived[0].received_at, arrived[0].submission_id
    touched = {figure.period for figure in arrived}
    later = vintages.moments_after(subject.subject_key, received_at)
    later |= set(subject.plans.moments_after(subject.indicator_id, received_at))
    review = _Review(subject, vintages, subject.plans, submission_id, touched)
    return review.verdicts([received_at, *sorted(later)])


def verdicts_of_saying(subject: Subject, vintages: Vintages, said_at: datetime) -> list[Assessment]:
    """The verdicts that a plan version or milestones known since `said_at` change.

    Args:
        subject: all of whose figures are in `vintages`.
        vintages: likewise.
        said_at: when the plan was applied or the milestones were stated.
    """
    later = vintages.moments_after(subject.subject_key, said_at)
    later |= set(subject.plans.moments_after(subject.indicator_id, said_at))
    review = _Review(subject, vintages, subject.plans.without(said_at), None, set())
    return review.verdicts([said_at, *sorted(later)])


class _Review:
    """Compares, moment by moment, what is known with what would have been known without the news."""

    def __init__(
        self,
        subject: Subject,
        vintages: Vintages,
        plans_before: PlanHistory,
        submission_id: str | None,
        touched: Set[TimePeriod],
    ) -> None:
        self.subject, self.vintages, self.plans_before = subject, vintages, plans_before
        self.submission_id, self.touched = submission_id, touched

    def verdicts(self, moments: Sequence[datetime]) -> list[Assessment]:
        made: list[Assessment] = []
        standing: dict[TimePeriod, Judged] = {}
        without: dict[TimePeriod, Judged] = {}
        for position, moment in enumerate(moments):
            figures = self.vintages.known_at(self.subject.subject_key, moment)
            periods = self._candidates(figures)
            after = judge_known(self.subject, self.subject.plans, figures, periods, moment)
            before = self._before(figures, after, moment)
            for period, judged in after.items():
                held = before.get(period)
                if position and not self._was_stored(period, held, without.get(period), moment):
                    held = standing.get(period)
                is_news = position == 0 and period in self.touched
                if is_news or not judged.same_as(held):
                    made.append(self._assessment(judged, before.get(period) or standing.get(period), moment))
            standing, without = after, before
        return made

    def _candidates(self, figures: Figures) -> Iterable[TimePeriod]:
        versions = self.subject.plans.versions_with(self.subject.indicator_id)
        if not self.touched:
            return sorted(figures)
        if len(versions) == 1:
            return affected_periods(versions[0], figures, self.touched)
        return sorted({p for indicator in versions for p in affected_periods(indicator, figures, self.touched)})

    def _before(
        self, figures: Figures, after: Mapping[TimePeriod, Judged], moment: datetime
    ) -> dict[TimePeriod, Judged]:
        """The verdicts on the same periods without the news."""
        if self.submission_id is None:
            return judge_known(self.subject, self.plans_before, figures, after, moment)
        is_first = all(figures[period].revision == 1 for period in after)
        if is_first and after.keys() <= self.touched:
            return {}
        known = self.vintages.known_at(self.subject.subject_key, moment, without=self.submission_id)
        return judge_known(self.subject, self.plans_before, known, after, moment)

    def _was_stored(self, period: TimePeriod, held: Judged | None, earlier: Judged | None, moment: datetime) -> bool:
        """Whether a verdict was made at this moment when the news was not there."""
        if held is None:
            return False
        is_new_figure = self.vintages.received_at(self.subject.subject_key, period, moment, without=self.submission_id)
        return is_new_figure or not held.same_as(earlier)

    def _assessment(self, judged: Judged, before: Judged | None, moment: datetime) -> Assessment:
        arrived = self.touched
        change = None if before is None else describe_change(before, judged, arrived)
        return assessment_of(
            judged.rule.plan,
            self.subject.policy,
            judged.observation,
            judged.judgement,
            self.submission_id or judged.observation.submission_id,
            moment,
            change,
        )
