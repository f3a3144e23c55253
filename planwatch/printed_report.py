"""The figures that a plan prints, as the reports that its agencies would have sent."""

from __future__ import annotations

import json
from dataclasses import dataclass

from planwatch.plan import GoalKind, Indicator, Plan, PrintedValue
from planwatch.series import ObsStatus


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """One column of a main table as a JSON submission.

    Attributes:
        plan_id: the plan.
        column: the printed year, e.g. `2021`.
        content: the submission for the gateway; the same plan always gives the same bytes.
    """

    plan_id: str
    column: str
    content: bytes


def printed_reports(plan: Plan) -> list[PrintedReport]:
    """The reports of a plan's printed years before its target year, in order; real figures, not simulated ones."""
    columns = sorted({column for row in plan.indicators for column in row.values})
    return [_report(plan, column) for column in columns if column != str(plan.end)]


def _report(plan: Plan, column: str) -> PrintedReport:
    rows = [
        _row(indicator, indicator.values[column], plan.ref_area)
        for indicator in plan.indicators
        if column in indicator.values and _is_observation(indicator, column)
    ]
    document = {"plan_id": plan.plan_id, "observations": rows}
    return PrintedReport(plan.plan_id, column, json.dumps(document, ensure_ascii=False).encode())


def _is_observation(indicator: Indicator, column: str) -> bool:
    """Whether a printed figure belongs to the indicator's series: a total of the last plan does not."""
    if indicator.baseline is None or indicator.values[column].period != indicator.baseline.period:
        return True
    return indicator.baseline.comparable or indicator.goal_kind not in (GoalKind.ACCUMULATE, GoalKind.AVERAGE)


def _row(indicator: Indicator, cell: PrintedValue, ref_area: str) -> dict[str, str | int]:
    row: dict[str, str | int] = {
        "row": indicator.no,
        "indicator": indicator.indicator_id,
        "ref_area": ref_area,
        "time_period": str(cell.period),
        "obs_value": "" if cell.value is None else f"{cell.value:f}",
    }
    if cell.value is None:
        row["obs_status"] = ObsStatus.MISSING
    elif cell.comparator is not None:
        row["obs_status"] = ObsStatus.ESTIMATED
    return row
