"""Where cases of a forecast miss come from: the forecasts stored beside the verdicts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from planwatch.case.events import ForecastMade
from planwatch.case.forecast_readings import forecast_readings
from planwatch.case.kinds import Track
from planwatch.case.model import Case
from planwatch.early_warning import Verdict
from planwatch.plan import Indicator, Plan
from planwatch.policy import Policy
from planwatch.series import SeriesKey
from services.alerts.cases import Happening
from services.alerts.matters import matter_of


def forecast_happening(
    plan: Plan,
    indicator: Indicator,
    series: SeriesKey,
    verdicts: Sequence[Verdict],
    policy: Policy,
    neighbours: tuple[Case, ...],
) -> Happening | None:
    """What the forecasts of a subject say at a moment; None where the policy asks nothing of them.

    Args:
        plan: of the subject.
        indicator: of the plan.
        series: of the subject.
        verdicts: known at that moment, at every frequency.
        policy: in force.
        neighbours: open cases of the plan that may speak for a new one.
    """
    if policy.unlikely_below is None:
        return None
    matter = matter_of(plan, indicator, series, Track.FORECAST, neighbours)
    return Happening(matter.case_id, ForecastMade(matter, forecast_readings(verdicts, policy.unlikely_below)))
