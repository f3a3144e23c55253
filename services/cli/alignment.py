"""`planwatch plan align`: targets beside those of the parent plan."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from planwatch.alignment import REASONS, STANDING_NAMES, Alignment, Standing, align
from planwatch.language import Text
from planwatch.plan import Indicator, Plan
from services.catalogue_files import plan_ids, read_plan_file
from services.cli.plans import json_option, plans_dir_option
from services.cli.printing import print_json, print_table, printed
from services.errors import SettingsInvalid

MARKS = {
    Standing.ABOVE: "↑",
    Standing.EQUAL: "=",
    Standing.BELOW: "↓",
    Standing.NOT_COMPARABLE: "?",
    Standing.NOT_IN_PARENT: "",
    Standing.NOT_TAKEN_UP: "",
}


@click.command("align")
@click.argument("plan_id", metavar="[PLAN]", required=False)
@plans_dir_option
@json_option
def align_plans(plan_id: str | None, plans_dir: Path, as_json: bool) -> None:
    """与上位规划对标：同一指标概念的目标是否不低于上位规划。 Targets beside those of the parent plan.

    \b
    planwatch plan align zhongwei     一个规划，逐项列出依据与口径提示
    planwatch plan align              全部规划并排
    """
    plans = {found: read_plan_file(plans_dir, found).plan for found in plan_ids(plans_dir)}
    if plan_id is not None and plan_id not in plans:
        raise SettingsInvalid(f"没有规划 {plan_id} / there is no plan {plan_id}")
    chosen = [plans[plan_id]] if plan_id else [plan for plan in plans.values() if plan.parent_plan in plans]
    pairs = [(plan, _parent(plan, plans)) for plan in chosen]
    aligned = [(plan, parent, align(plan, parent)) for plan, parent in pairs]
    if as_json:
        print_json([_described_plan(*item) for item in aligned])
    elif plan_id:
        _print_one(*aligned[0])
    else:
        _print_all(aligned)


def _parent(plan: Plan, plans: dict[str, Plan]) -> Plan:
    parent = plans.get(plan.parent_plan or "")
    if parent is None:
        raise SettingsInvalid(f"{plan.plan_id} 在目录中没有上位规划 / has no parent plan in the catalogue")
    return parent


def _described_plan(plan: Plan, parent: Plan, rows: tuple[Alignment, ...]) -> dict[str, Any]:
    return {
        "plan": plan.plan_id,
        "parent_plan": parent.plan_id,
        "counts": {standing: sum(row.standing is standing for row in rows) for standing in Standing},
        "concepts": [_described(row) for row in rows],
    }


def _described(row: Alignment) -> dict[str, Any]:
    return {
        "concept": row.concept,
        "own": _described_target(row.own),
        "parent": _described_target(row.parent),
        "parent_target_in_own_unit": row.parent_target,
        "own_growth": row.own_growth,
        "parent_growth": row.parent_growth,
        "standing": row.standing,
        "reason": {"code": row.reason, **REASONS[row.reason].as_mapping()},
        "caveats": [caveat.as_mapping() for caveat in row.caveats],
    }


def _described_target(indicator: Indicator | None) -> dict[str, Any] | None:
    if indicator is None:
        return None
    return {
        "indicator": indicator.indicator_id,
        "name": indicator.name.as_mapping(),
        "comparator": indicator.target.comparator,
        "target": indicator.target.value,
        "baseline": indicator.baseline.value if indicator.baseline else None,
        "unit": indicator.unit.printed,
        "unit_measure": indicator.unit.measure,
        "unit_mult": indicator.unit.mult,
        "nature": indicator.nature,
        "goal_kind": indicator.goal_kind,
        "source_line": indicator.source_line,
    }


def _print_one(plan: Plan, parent: Plan, rows: tuple[Alignment, ...]) -> None:
    print_table(
        f"{plan.title.zh} 对标 {parent.title.zh}",
        ("序号", "指标", "本规划", "上位规划", "结论", "依据", "口径提示"),
        [
            (
                row.own.no if row.own else "—",
                _named(row).zh,
                _target(row.own, row.own.target.value if row.own else None),
                _target(row.parent, row.parent_target) + _growth(row),
                STANDING_NAMES[row.standing].zh,
                REASONS[row.reason].zh,
                "；".join(caveat.zh for caveat in row.caveats),
            )
            for row in rows
        ],
    )


def _print_all(aligned: list[tuple[Plan, Plan, tuple[Alignment, ...]]]) -> None:
    by_concept: dict[str, dict[str, Alignment]] = {}
    for plan, _, rows in aligned:
        for row in rows:
            by_concept.setdefault(row.concept, {})[plan.plan_id] = row
    shared = {concept: rows for concept, rows in by_concept.items() if any(row.parent for row in rows.values())}
    print_table(
        "与上位规划对标（↑ 高于，= 一致，↓ 低于，? 不可比，空 未列；各用本规划单位）",
        ("指标概念", "上位规划", *(plan.area_name.zh for plan, _, _ in aligned)),
        [
            (
                next(row.parent.name.zh for row in rows.values() if row.parent),
                next(_with_unit(row.parent) for row in rows.values() if row.parent),
                *(_cell(rows.get(plan.plan_id)) for plan, _, _ in aligned),
            )
            for concept, rows in shared.items()
        ],
    )


def _named(row: Alignment) -> Text:
    indicator = row.own or row.parent
    assert indicator is not None, "an alignment has an indicator on one side"
    return indicator.name


def _target(indicator: Indicator | None, value: Decimal | None) -> str:
    if indicator is None or value is None:
        return "—" if indicator is None else _with_unit(indicator)
    return f"{indicator.target.comparator.sign}{printed(value)}"


def _with_unit(indicator: Indicator) -> str:
    return f"{indicator.target.comparator.sign}{printed(indicator.target.value)} {indicator.unit.printed or ''}".strip()


def _growth(row: Alignment) -> str:
    if row.own_growth is None or row.parent_growth is None:
        return ""
    return f"（增长 {row.own_growth - 1:.1%} 对 {row.parent_growth - 1:.1%}）"


def _cell(row: Alignment | None) -> str:
    if row is None or row.own is None:
        return ""
    return f"{_with_unit(row.own)} {MARKS[row.standing]}"
