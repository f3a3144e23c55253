"""累计: from what a feed reports (a flow, a year-to-date, a total since the plan began) to the total so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from planwatch.errors import PlanwatchError
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.series import Accumulation


class TotalIncomplete(PlanwatchError):
    """A total cannot be formed because an earlier part of it was never reported."""


def total_through(
    plan: Plan, indicator: Indicator, history: Mapping[TimePeriod, Observation], period: TimePeriod
) -> Decimal:
    """Total from the start of the plan to the end of `period`.

    Args:
        plan: gives the day on which the total begins.
        indicator: gives the reporting form where the observation names none.
        history: current vintages of the series, `period` with a value among them.
        period: the period through which to add.
    Returns:
        The total in the indicator's unit.
    Raises:
        TotalIncomplete: an earlier period of the plan has no value.
    Source: docs/method.md, totals; 本年累计 is the usual form of monthly bulletins.
    """
    by_end = {
        known.end: observation
        for known, observation in history.items()
        if known <= period and plan.first_day <= known.start
    }
    total, day = Decimal(0), period.end
    while day >= plan.first_day:
        observation = by_end.get(day)
        if observation is None or observation.value is None:
            raise TotalIncomplete(f"no value for the period ending on {day}")
        total += observation.value
        day = _day_before(observation, indicator)
    return total


def _day_before(observation: Observation, indicator: Indicator) -> date:
    """The last day that a reported value does not cover."""
    match observation.accumulation or indicator.accumulation or Accumulation.FLOW:
        case Accumulation.FLOW:
            return observation.period.start - timedelta(days=1)
        case Accumulation.YEAR_TO_DATE:
            return date(observation.period.start.year - 1, 12, 31)
        case Accumulation.SINCE_PLAN_START:
            return date.min
