"""累计: from what a feed reports (a flow, a year-to-date, a total since the plan began) to the total so far."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.series import Accumulation


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals since the start of the plan, in the indicator's unit.

    Attributes:
        of: the total through each period, as that period's own figure gives it.
        through: day → the total through it; where periods end together, that of the longest, which is final.
    """

    of: Mapping[TimePeriod, Decimal]
    through: Mapping[date, Decimal]

    def share_of_year(self, year: int, month: int) -> Decimal | None:
        """Which part of a year's flow was done by the end of a month of it; None where the figures do not tell."""
        before, after = self.through.get(date(year - 1, 12, 31)), self.through.get(date(year, 12, 31))
        so_far = self.through.get(date(year, month, monthrange(year, month)[1]))
        if before is None or after is None or so_far is None or not before <= so_far <= after or before == after:
            return None
        return (so_far - before) / (after - before)


def totals(
    plan: Plan,
    indicator: Indicator,
    history: Mapping[TimePeriod, Observation],
    closings: Mapping[int, Decimal] | None = None,
) -> Totals:
    """Totals from the start of the plan to the end of each period.

    Args:
        plan: gives the day on which the totals begin.
        indicator: gives the reporting form where an observation names none.
        history: current vintages at every frequency: all of them, or those of the years after `closings`.
        closings: year → the total through it, where that is known and its figures are not given.
    Returns:
        Totals; a period is absent where it, or an earlier part of its total, has no value.
    Source: docs/method.md, totals; 本年累计 is the usual form of monthly bulletins.
    """
    found: dict[TimePeriod, Decimal] = {}
    through = {date(year, 12, 31): total for year, total in (closings or {}).items()}
    through[plan.first_day - timedelta(days=1)] = Decimal(0)
    for period in sorted(history, key=_finest_first):
        observation = history[period]
        if observation.value is None or period.start < plan.first_day:
            continue
        day = _day_before(observation, indicator)
        before = Decimal(0) if day < plan.first_day else through.get(day)
        if before is not None:
            found[period] = through[period.end] = before + observation.value
    return Totals(found, through)


def _finest_first(period: TimePeriod) -> tuple[date, int]:
    """By last day, and of those that end together the longest last: what an annual figure says is final."""
    return period.end, period.days


def _day_before(observation: Observation, indicator: Indicator) -> date:
    """The last day that a reported value does not cover."""
    match observation.accumulation or indicator.accumulation or Accumulation.FLOW:
        case Accumulation.FLOW:
            return observation.period.start - timedelta(days=1)
        case Accumulation.YEAR_TO_DATE:
            return date(observation.period.start.year - 1, 12, 31)
        case Accumulation.SINCE_PLAN_START:
            return date.min
