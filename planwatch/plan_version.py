"""规划版本: what may change within an applied version, and what makes another version necessary."""

from __future__ import annotations

from collections.abc import Mapping

from planwatch.errors import PlanFault
from planwatch.language import Text
from planwatch.plan import Indicator, Plan


def version_faults(applied: Plan, wanted: Plan) -> list[PlanFault]:
    """Everything that verdicts depend on and in which `wanted` differs from the version that is applied.

    Additions that no verdict depends on (texts, agencies, owners, doubts that were resolved, further indicators) are
    no fault: the same version may be applied again with them.

    Args:
        applied: the version as it is applied.
        wanted: the same version as its file describes it now.
    Returns:
        One fault per field, in document order; empty where `wanted` may take the place of `applied`.
    """
    faults = _differences(_facts_of_plan(applied), _facts_of_plan(wanted), "")
    rows = {row.indicator_id: row for row in wanted.watched}
    for indicator in applied.watched:
        path = f"indicators[{indicator.indicator_id}]"
        kept = rows.get(indicator.indicator_id)
        if kept is None:
            faults.append(PlanFault(path, Text("该指标被删去", "the indicator was removed")))
        else:
            faults += _differences(_facts_of_indicator(indicator), _facts_of_indicator(kept), f"{path}.")
    return faults


def changed_indicators(before: Plan, after: Plan) -> list[str]:
    """Ids of the indicators whose verdicts may differ between two versions: those in both, with other facts.

    A version that moves the plan's first or last year changes them all.
    """
    is_same_plan = _facts_of_plan(before)["period"] == _facts_of_plan(after)["period"]
    old = {row.indicator_id: _facts_of_indicator(row) for row in before.watched}
    return [
        row.indicator_id
        for row in after.watched
        if row.indicator_id in old and not (is_same_plan and old[row.indicator_id] == _facts_of_indicator(row))
    ]


def _facts_of_plan(plan: Plan) -> Mapping[str, str]:
    return {
        "ref_area": plan.ref_area,
        "period": f"{plan.start}–{plan.end}",
        "revision.effective_on": str(plan.revision.effective_on) if plan.revision else "—",
    }


def _facts_of_indicator(row: Indicator) -> Mapping[str, str]:
    """What a verdict on the indicator depends on, field by field, as text."""
    baseline = row.baseline
    return {
        "unit": f"{row.unit.measure} × 10^{row.unit.mult}",
        "nature": row.nature,
        "goal_kind": row.goal_kind,
        "direction": row.direction,
        "accumulation": row.accumulation or "—",
        "baseline": f"{baseline.value:f} ({baseline.period}, {baseline.comparable})" if baseline else "—",
        "target.value": f"{row.target.value:f}",
        "target.comparator": row.target.comparator,
        "target.period": str(row.target.period),
        "milestones": ", ".join(f"{period}: {value:f}" for period, value in row.milestones) or "—",
        "trajectory": row.trajectory,
        "seasonal_profile": "last_year" if row.follows_last_year else "—",
    }


def _differences(applied: Mapping[str, str], wanted: Mapping[str, str], prefix: str) -> list[PlanFault]:
    return [
        PlanFault(
            f"{prefix}{name}",
            Text(
                f"已应用的版本为 {value}，文件为 {wanted[name]}；修改须使用新的版本号",
                f"{value} in the applied version, {wanted[name]} in the file; a change needs a new version",
            ),
        )
        for name, value in applied.items()
        if value != wanted[name]
    ]
