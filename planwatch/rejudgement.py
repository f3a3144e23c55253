"""Verdicts under other thresholds, from what is stored of them: no observation is read again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from planwatch.period import TimePeriod, year_fraction
from planwatch.plan_history import PlanHistory
from planwatch.policy import AssessmentClass, Thresholds
from planwatch.schedule import Start, course_of, judge_again

GRADED = frozenset(
    {AssessmentClass.AHEAD, AssessmentClass.ON_SCHEDULE, AssessmentClass.LAGGING, AssessmentClass.FAR_BEHIND}
)
"""The classes that thresholds divide; every other one is the same under all of them."""


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict as the database keeps it; figures as in `planwatch.schedule.Measures`."""

    indicator_id: str
    period: TimePeriod
    verdict: AssessmentClass
    plan_version: int
    policy_version: str
    measured: Decimal | None
    baseline: Decimal | None
    baseline_period: TimePeriod | None
    baseline_substituted: bool
    expected: Decimal | None
    known_at: datetime


def class_under(thresholds: Thresholds, stored: StoredVerdict, plans: PlanHistory) -> AssessmentClass | None:
    """The class of a stored verdict under other thresholds.

    Args:
        thresholds: of the policy in question.
        stored: the verdict.
        plans: the plan through time.
    Returns:
        None where what is stored does not suffice: the plan's version is another one than the verdict names.
    """
    if stored.verdict not in GRADED or stored.measured is None or stored.expected is None:
        return stored.verdict
    rule = plans.rule(stored.indicator_id, stored.period, stored.known_at)
    if rule is None or rule.plan.version != stored.plan_version:
        return None
    stand_in = None
    if stored.baseline_substituted and stored.baseline is not None and stored.baseline_period is not None:
        time = year_fraction(stored.baseline_period.end)
        stand_in = Start(stored.baseline, time, stored.baseline_period, substituted=True)
    course = course_of(rule.plan, rule.indicator, thresholds, {}, closings={}, stand_in=stand_in)
    if not course.path:
        return None
    return judge_again(course, stored.period, stored.measured, stored.expected).verdict
