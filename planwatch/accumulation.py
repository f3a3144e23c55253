"""累计: from what a feed reports (a flow, a year-to-date, a total since the plan began) to the total so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.series import Accumulation


def totals(plan: Plan, indicator: Indicator, history: Mapping[TimePeriod, Observation]) -> dict[TimePeriod, Decimal]:
    """Total from the start of the plan to the end of each period.

    Args:
        plan: gives the day on which the totals begin.
        indicator: gives the reporting form where an observation names none.
        history: current vintages of the series.
    Returns:
        Totals in the indicator's unit; a period is absent where it, or an earlier part of its total, has no value.
    Source: docs/method.md, totals; 本年累计 is the usual form of monthly bulletins.
    """
    found: dict[TimePeriod, Decimal] = {}
    by_end: dict[date, Decimal] = {}
    for period in sorted(history):
        observation = history[period]
        if observation.value is None or period.start < plan.first_day:
            continue
        day = _day_before(observation, indicator)
        before = Decimal(0) if day < plan.first_day else by_end.get(day)
        if before is not None:
            found[period] = by_end[period.end] = before + observation.value
    return found


def _day_before(observation: Observation, indicator: Indicator) -> date:
    """The last day that a reported value does not cover."""
    match observation.accumulation or indicator.accumulation or Accumulation.FLOW:
        case Accumulation.FLOW:
            return observation.period.start - timedelta(days=1)
        case Accumulation.YEAR_TO_DATE:
            return date(observation.period.start.year - 1, 12, 31)
        case Accumulation.SINCE_PLAN_START:
            return date.min
