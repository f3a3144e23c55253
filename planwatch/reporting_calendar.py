"""Which reports are expected when: from what the plan prints, and where it prints nothing from the policy."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from planwatch.case.events import MissingReport
from planwatch.commitment import DutyKind
from planwatch.language import Text
from planwatch.period import Freq, TimePeriod, parse_period
from planwatch.plan import Indicator, Plan
from planwatch.policy import Reporting

_MONITORING = (DutyKind.STATISTICS, DutyKind.DYNAMIC_MONITORING, DutyKind.ANNUAL_MONITORING)
_FIRST_PERIOD = {
    Freq.ANNUAL: "",
    Freq.HALF_YEARLY: "-S1",
    Freq.QUARTERLY: "-Q1",
    Freq.MONTHLY: "-01",
    Freq.DAILY: "-01-01",
}
FREQUENCY_NAMES = {
    Freq.ANNUAL: Text("年报", "annual"),
    Freq.HALF_YEARLY: Text("半年报", "half-yearly"),
    Freq.QUARTERLY: Text("季报", "quarterly"),
    Freq.MONTHLY: Text("月报", "monthly"),
    Freq.DAILY: Text("日报", "daily"),
}


def expected_frequency(plan: Plan, indicator: Indicator, reporting: Reporting) -> tuple[Freq, Text]:
    """How often an indicator is to be reported, and who says so."""
    stated = reporting.indicators.get(indicator.indicator_id)
    if stated is not None:
        return stated, _basis(stated, Text("依政策对该指标的规定", "as the policy orders for this indicator"))
    for kind in _MONITORING:
        for duty in plan.commitments.monitoring_duties:
            if duty.kind is kind and duty.frequency is not None:
                line = duty.quotation.source_line
                return Freq(duty.frequency), _basis(
                    Freq(duty.frequency), Text(f"依规划第{line}行", f"as the plan prints in line {line}")
                )
    ordered = reporting.plans.get(plan.plan_id)
    if ordered is not None:
        return ordered, _basis(ordered, Text("依政策对该规划的规定", "as the policy orders for this plan"))
    return reporting.frequency, _basis(
        reporting.frequency,
        Text("规划未印发报送频率，依政策的默认日历", "the plan prints no frequency; the policy's default calendar"),
    )


def missing_reports(
    plan: Plan,
    indicator: Indicator,
    reporting: Reporting,
    *,
    watched_from: date,
    today: date,
    reported: Collection[date],
) -> list[MissingReport]:
    """The reports of an indicator that are overdue on `today`, oldest first.

    Args:
        plan: gives the periods, and how often it wants reports.
        indicator: of the plan.
        reporting: due days and grace.
        watched_from: the day on which the plan was entered; what ended before it is history, not an omission.
        today: local day.
        reported: last days of the periods for which something was reported, at whatever frequency: the figure for
            December or the fourth quarter stands for the year where it is the running one.
    """
    freq, basis = expected_frequency(plan, indicator, reporting)
    allowed = timedelta(days=reporting.due_days[freq] + reporting.grace_days)
    return [
        MissingReport(period, period.end + allowed, basis)
        for period in _periods(plan, freq)
        if period.end >= watched_from and period.end + allowed < today and period.end not in reported
    ]


def _periods(plan: Plan, freq: Freq) -> Iterator[TimePeriod]:
    period = parse_period(f"{plan.first_day.year}{_FIRST_PERIOD[freq]}")
    while period.end <= plan.last_day:
        yield period
        period = period.next()


def _basis(freq: Freq, source: Text) -> Text:
    name = FREQUENCY_NAMES[freq]
    return Text(f"{name.zh}，{source.zh}", f"{name.en}, {source.en}")
