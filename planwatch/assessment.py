"""评价: the verdict on one observation, with everything needed to explain and recompute it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from planwatch.change import Change
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.policy import AssessmentClass, Policy
from planwatch.running_state import needs_history
from planwatch.schedule import Judgement, Measures, course_of, judge, stand_in_of
from planwatch.series import SeriesKey


class Assessment(NamedTuple):
    """One verdict with everything needed to explain and recompute it.

    Attributes:
        series: what was judged.
        period: for which period.
        plan_id: the plan, `plan_version` its version, `policy_version` the thresholds.
        verdict: the class.
        reason: code of why it is this class, see `planwatch.wording.REASONS`.
        measures: the figures.
        value: OBS_VALUE as reported.
        revision: the vintage of the observation.
        baseline_period: where the path starts; the first observation's period when it stands in for a missing baseline.
        baseline_substituted: True in that case.
        submission_id: the submission whose arrival led to this verdict; of one that the catalogue led to, the figure's.
        known_at: the moment at which what it rests on was known: figures, plan version and milestones.
        change: why it differs from the verdict before it on this period; None for the first one.
        caused_by: the change of the catalogue that led to it; empty where a submission did.
    """

    series: SeriesKey
    period: TimePeriod
    plan_id: str
    plan_version: int
    policy_version: str
    verdict: AssessmentClass
    reason: str
    measures: Measures
    value: Decimal | None
    revision: int
    baseline_period: TimePeriod | None
    baseline_substituted: bool
    submission_id: str
    known_at: datetime
    change: Change | None = None
    caused_by: str = ""


def affected_periods(
    indicator: Indicator, history: Mapping[TimePeriod, Observation], touched: Set[TimePeriod]
) -> list[TimePeriod]:
    """The periods whose verdict may change when the values of `touched` arrive, in rising order.

    Args:
        indicator: what is measured.
        history: current vintage of every known period of the subject, the touched ones included.
        touched: periods that received a new vintage.
    """
    if indicator.is_total:
        first_end = min(period.end for period in touched)
        return sorted(period for period in history if period.end >= first_end)
    if indicator.needs_stand_in:
        stand_in = stand_in_of(history)
        if stand_in is None or any(period.start <= stand_in.end for period in touched):
            return sorted(history)
    return sorted(touched)


def assess(
    plan: Plan,
    indicator: Indicator,
    policy: Policy,
    history: Mapping[TimePeriod, Observation],
    period: TimePeriod,
    *,
    submission_id: str,
) -> Assessment | None:
    """The verdict on one period under one version of a plan, without what a service keeps between reports.

    Args:
        plan: the plan version in force.
        indicator: what the series measures, of that plan.
        policy: thresholds of the classes.
        history: current vintages of the subject; where `needs_history` is false that of `period` is enough.
        period: the period to judge, one of `history`.
        submission_id: the submission whose arrival leads to the verdict.
    Returns:
        None for a period before the plan begins: it gives a baseline but is not judged.
    Source: docs/method.md, schedule method.
    """
    if period.end < plan.first_day:
        return None
    judgement = judge(course_of(plan, indicator, policy.thresholds, history), history[period])
    rests_on = [known for known in history.values() if known.period.end <= period.end or known.period == period]
    figures: Iterable[Observation] = rests_on if needs_history(indicator) else [history[period]]
    known_at = max(known.received_at for known in figures)
    return assessment_of(plan, policy, history[period], judgement, submission_id, known_at, None)


def assessment_of(
    plan: Plan,
    policy: Policy,
    observation: Observation,
    judgement: Judgement,
    submission_id: str,
    known_at: datetime,
    change: Change | None,
    caused_by: str = "",
) -> Assessment:
    """The record of a judgement."""
    verdict, reason, measures, start = judgement
    return Assessment(
        observation.series,
        observation.period,
        plan.plan_id,
        plan.version,
        policy.version,
        verdict,
        reason,
        measures,
        observation.value,
        observation.revision,
        start.period if start else None,
        start is not None and start.substituted,
        submission_id,
        known_at,
        change,
        caused_by,
    )
