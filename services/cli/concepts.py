"""`planwatch concept`: what the plans measure, one concept side by side in all plans, and the list as SDMX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from planwatch.concept import Concept, ConceptList, users_of_concepts
from planwatch.concept_comparison import ComparedRow, Comparison, compare
from planwatch.plan import CROSS_DOMAIN, CROSS_DOMAIN_NAME, Plan
from planwatch.wording import place_text
from services.cli.concept_tables import print_comparison
from services.cli.plans import json_option, plans_dir_option
from services.cli.printing import print_json, print_table
from services.clock import system_clock
from services.concept_files import read_concepts
from services.sdmx_files import write_structures


@click.group()
def concept() -> None:
    """指标概念：查看、跨规划比较、以 SDMX 发布。 What the plans measure, side by side."""


@concept.command("list")
@plans_dir_option
@json_option
def list_concepts(plans_dir: Path, as_json: bool) -> None:
    """列出全部概念，以及哪些规划用到。 Every concept and the plans that use it."""
    concepts, plans = read_concepts(plans_dir)
    users = users_of_concepts(plans)
    if as_json:
        print_json([_described(concepts, each, users.get(each.code, ())) for each in concepts.concepts])
        return
    domains = _domain_names(plans)
    print_table(
        f"指标概念 {len(concepts.concepts)} 个（第 {concepts.version} 版）",
        ("概念", "名称", "单位", "领域", "规划"),
        [
            (
                each.code,
                each.name.zh,
                concepts.unit_name(each.unit).zh,
                domains.get(each.domain, each.domain),
                " ".join(users.get(each.code, ())),
            )
            for each in concepts.concepts
        ],
    )


@concept.command("compare")
@click.argument("reference", metavar="CONCEPT")
@plans_dir_option
@json_option
def compare_plans(reference: str, plans_dir: Path, as_json: bool) -> None:
    """一个概念在各规划中的基期与目标，换算为同一单位。 One concept in all plans, in one unit.

    CONCEPT 为概念代码或中英文名称。 A code or a name.

    \b
    planwatch concept compare nursing_beds_share_in_institutions
    planwatch concept compare 养老服务床位总量 --json
    """
    concepts, plans = read_concepts(plans_dir)
    found = concepts.find(reference)
    if found is None:
        raise click.BadParameter(_unknown(concepts, reference), param_hint="CONCEPT")
    comparison = compare(concepts, found, plans)
    if as_json:
        print_json(describe_comparison(concepts, comparison))
    else:
        print_comparison(concepts, comparison)


@concept.command()
@plans_dir_option
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("sdmx"),
    show_default=True,
    help="写入的文件夹。 Folder to write to.",
)
def sdmx(plans_dir: Path, folder: Path) -> None:
    """写出 SDMX 代码表、数据结构定义和数据流。 The SDMX code lists, data structure and dataflow.

    同一内容写成 SDMX-ML 2.1、SDMX-ML 3.0 和 SDMX-JSON 2.0 三个文件。
    """
    concepts, plans = read_concepts(plans_dir)
    for path in write_structures(concepts, plans, folder, system_clock()):
        click.echo(path)


def describe_comparison(concepts: ConceptList, comparison: Comparison) -> dict[str, Any]:
    """A comparison as `concept compare --json` prints it; figures are in the unit of the concept of their row."""
    wanted = comparison.concept
    return {
        "concept": wanted.code,
        "name": wanted.name.as_mapping(),
        "definition": wanted.definition.as_mapping(),
        "unit_measure": wanted.unit.measure,
        "unit_mult": wanted.unit.mult,
        "unit": concepts.unit_name(wanted.unit).as_mapping(),
        "rows": [_described_row(row) for row in comparison.rows],
        "related": [_described_row(row) for row in comparison.neighbours],
    }


def _described_row(row: ComparedRow) -> dict[str, Any]:
    baseline = row.baseline
    return {
        "plan": row.plan_id,
        "area": row.area_name.as_mapping(),
        "source": row.subject,
        "place": place_text(row.section, row.no).as_mapping(),
        "source_line": row.source_line,
        "name": row.name.as_mapping(),
        "concept": row.concept,
        "unit_measure": row.unit.measure,
        "unit_mult": row.unit.mult,
        "baseline": baseline.value if baseline else None,
        "baseline_comparator": baseline.comparator if baseline else None,
        "baseline_period": str(baseline.period) if baseline else None,
        "baseline_comparable": baseline.comparable if baseline else None,
        "target": row.target,
        "comparator": row.comparator,
        "target_period": str(row.period) if row.period else None,
        "nature": row.nature,
        "kind": row.kind,
        "scope": row.scope.as_mapping() if row.scope else None,
        "comparability": row.comparability,
        "reasons": [reason.as_mapping() for reason in row.reasons],
    }


def _described(concepts: ConceptList, each: Concept, users: Sequence[str]) -> dict[str, Any]:
    return {
        "concept": each.code,
        "name": each.name.as_mapping(),
        "definition": each.definition.as_mapping(),
        "unit_measure": each.unit.measure,
        "unit_mult": each.unit.mult,
        "domain": each.domain,
        "plans": list(users),
        "related": [
            {"concept": neighbour.code, "difference": difference.as_mapping()}
            for neighbour, difference in concepts.neighbours(each)
        ],
        "notes": [
            {"plan": note.plan_id, "source_line": note.source_line, **note.text.as_mapping()} for note in each.notes
        ],
    }


def _unknown(concepts: ConceptList, reference: str) -> str:
    near = concepts.near(reference)
    if not near:
        return (
            f"没有概念“{reference}”；planwatch concept list 列出全部概念 / no such concept; see planwatch concept list"
        )
    hints = "、".join(f"{each.code}（{each.name.zh}）" for each in near)
    return f"没有概念“{reference}”；是否为：{hints}？ / no such concept; did you mean one of these?"


def _domain_names(plans: Sequence[Plan]) -> dict[str, str]:
    """The name of each domain as the first plan that has it prints it."""
    names = {CROSS_DOMAIN: CROSS_DOMAIN_NAME}
    for plan in plans:
        for domain in plan.domains:
            names.setdefault(domain.code, domain.name)
    return names
