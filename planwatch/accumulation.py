"""累计: from what a feed reports (a flow, a year-to-date, a total since the plan began) to the total so far."""

from __future__ import annotations

from collections.abc import Mapping
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
    observation = history[period]
    assert observation.value is not None
    form = observation.accumulation or indicator.accumulation or Accumulation.FLOW
    if form is Accumulation.SINCE_PLAN_START:
        return observation.value
    reported = {
        earlier: known.value
        for earlier, known in history.items()
        if plan.first_day <= earlier.start and earlier < period and known.value is not None
    }
    if form is Accumulation.YEAR_TO_DATE:
        return observation.value + _sum_of_years(plan, reported, period)
    return observation.value + _sum_of_flows(plan, reported, period)


def _sum_of_flows(plan: Plan, reported: Mapping[TimePeriod, Decimal], period: TimePeriod) -> Decimal:
    total, day = Decimal(0), plan.first_day
    by_start = {earlier.start: (earlier, value) for earlier, value in reported.items() if earlier.freq is period.freq}
    while day < period.start:
        if day not in by_start:
            raise TotalIncomplete(f"no value for the period beginning on {day}")
        earlier, value = by_start[day]
        total += value
        day = earlier.next().start
    return total


def _sum_of_years(plan: Plan, reported: Mapping[TimePeriod, Decimal], period: TimePeriod) -> Decimal:
    closing = {
        earlier.end.year: value
        for earlier, value in reported.items()
        if (earlier.end.month, earlier.end.day) == (12, 31)
    }
    missing = [year for year in range(plan.first_day.year, period.start.year) if year not in closing]
    if missing:
        raise TotalIncomplete(f"no year-end value for {missing}")
    return sum((closing[year] for year in range(plan.first_day.year, period.start.year)), Decimal(0))
