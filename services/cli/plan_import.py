"""`planwatch plan import` and `planwatch plan template`: a new plan from its document or from a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from planwatch.plan_import.comparison import Agreement, Comparison, compare_tables
from planwatch.plan_import.form import empty_form, form_of_plan
from services.catalogue_files import plan_ids, read_plan_file
from services.cli.plans import json_option, plans_dir_option
from services.cli.printing import print_json, print_table
from services.plan_drafts import (
    DRAFT_SECTION,
    draft_doubts,
    find_draft,
    make_draft,
    read_known_catalogue,
    write_draft,
)
from services.plan_workbook import write_workbook

DEFAULT_YEARS = ("2025", "2030")
MANY = 5
"""Rows with the same doubt from which only their number is printed."""

_CELLS = {
    "name": "名称",
    "unit": "单位",
    "comparator": "比较符",
    "nature": "属性",
    "marks": "标记",
    "goal_kind": "目标类型",
    "concept": "概念",
    "domain": "领域",
    "direction": "方向",
    "accumulation": "口径",
    "bounds": "可能范围",
    "baseline": "基期",
    "target": "目标",
}
_VERDICTS = {Agreement.DOUBTFUL: "已标待确认", Agreement.WRONG: "错误且未标"}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--plan-id", "plan_id", metavar="CODE", help="规划代码（小写字母）。 Code of the plan, lower-case letters."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("drafts"),
    show_default=True,
    help="草稿写到哪个文件夹。 Folder for the draft.",
)
@click.option(
    "--compare", metavar="PLAN", help="不写草稿，与目录中的规划逐格比较。 Compare with a plan of the catalogue."
)
@plans_dir_option
@json_option
def import_command(
    file: Path, plan_id: str | None, output: Path, compare: str | None, plans_dir: Path, as_json: bool
) -> None:
    """由规划文件生成草稿：.txt .docx .pdf .xlsx。 Draft a plan.yaml from a document.

    \b
    planwatch plan import 规划.docx --plan-id baiyin
    planwatch plan check drafts/baiyin
    planwatch plan import zhongwei.txt --compare zhongwei
    """
    if plan_id is not None and not (plan_id.isascii() and plan_id.isalpha() and plan_id.islower()):
        raise click.BadParameter(f"“{plan_id}”须为小写英文字母 / must be lower-case letters", param_hint="--plan-id")
    if compare is not None:
        _compare(file, compare, plans_dir, as_json=as_json)
        return
    draft, source = make_draft(file, read_known_catalogue(plans_dir), plan_id)
    written = write_draft(output, draft, source)
    if as_json:
        doubts = draft_doubts(draft)
        print_json({"draft": str(written), **draft[DRAFT_SECTION]["table"], "needs_confirmation": doubts})
    else:
        _print_draft(draft, written)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("plan", required=False)
@plans_dir_option
def template(file: Path, plan: str | None, plans_dir: Path) -> None:
    """生成填报用的 Excel 表；写明规划或草稿则先填好。 Write the workbook that an office fills in.

    \b
    planwatch plan template 填报表.xlsx
    planwatch plan template 核对.xlsx drafts/baiyin
    """
    if file.suffix.lower() != ".xlsx":
        raise click.BadParameter("须以 .xlsx 结尾 / must end in .xlsx", param_hint="FILE")
    if file.exists():
        raise click.BadParameter(f"{file} 已存在 / exists", param_hint="FILE")
    concepts = {one.concept: one.name for one in read_known_catalogue(plans_dir).indicators}
    document: Mapping[str, Any] | None = None
    if plan is not None:
        document = find_draft(plans_dir, plan) or read_plan_file(plans_dir, plan).document
    write_workbook(file, form_of_plan(document) if document else empty_form(DEFAULT_YEARS), concepts)
    click.echo(f"已写入 written: {file}")


def _print_draft(draft: Mapping[str, Any], written: Path) -> None:
    section, doubts = draft[DRAFT_SECTION], draft_doubts(draft)
    fields = [told for row in section["indicators"].values() for told in row["fields"].values()]
    sure = sum(told["confidence"] >= section["likely_from"] for told in fields)
    click.echo(f"主表 main table: {draft['table']['title']}（第 {section['table']['line']} 行 line）")
    click.echo(f"指标 indicators: {len(draft['indicators'])}")
    click.echo(f"有把握的字段 likely fields: {sure}/{len(fields)}；待确认 to confirm: {len(doubts)}")
    for other in section["other_tables"]:
        click.echo(f"未取的表 not taken: {other['title'] or '—'}（第 {other['line']} 行，{other['rows']} 项）")
    print_table(
        "待确认 To confirm",
        ("字段", "指标", "原因"),
        [(field, "；".join(rows), reason) for (field, reason), rows in _grouped(doubts).items()],
    )
    click.echo(f"草稿 draft: {written}")


def _grouped(doubts: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """(field, reason) → the rows that have it: one reason often stands at every row."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for doubt in doubts:
        row = "规划" if doubt["no"] is None else f"{doubt['no']} {doubt['name']}"
        grouped.setdefault((doubt["field"], doubt["zh"]), []).append(row)
    return {key: rows if len(rows) < MANY else [f"{len(rows)} 项"] for key, rows in grouped.items()}


def _compare(file: Path, plan_id: str, plans_dir: Path, *, as_json: bool) -> None:
    """Print how far the imported table agrees, as it is and without what the plan itself has taught the catalogue."""
    if plan_id not in plan_ids(plans_dir):
        raise click.BadParameter(f"目录中没有“{plan_id}” / is not in the catalogue", param_hint="--compare")
    catalogue, checked = read_known_catalogue(plans_dir), read_plan_file(plans_dir, plan_id).document
    known = compare_tables(make_draft(file, catalogue, plan_id)[0], checked)
    unseen = compare_tables(make_draft(file, catalogue.without(plan_id), plan_id)[0], checked)
    if as_json:
        print_json({"plan": plan_id, "file": file.name, "known": _described(known), "unseen": _described(unseen)})
    else:
        _print_comparison(plan_id, known, unseen)
    if _wrong(known) or _wrong(unseen):
        raise click.exceptions.Exit(1)


def _wrong(comparison: Comparison) -> int:
    return sum(cell.agreement is Agreement.WRONG for cell in comparison.differing())


def _described(comparison: Comparison) -> dict[str, Any]:
    return {
        "cells": len(comparison.core),
        "right": comparison.count(Agreement.RIGHT),
        "doubtful": comparison.count(Agreement.DOUBTFUL),
        "wrong_unmarked": comparison.count(Agreement.WRONG),
        "right_but_marked": comparison.needlessly_doubted,
        "share_right": round(comparison.share_right, 4),
        "by_cell": {
            cell: {agreement.value: counts[agreement] for agreement in Agreement}
            for cell, counts in comparison.by_cell().items()
        },
        "corrected_by_hand": [
            {
                "indicator": cell.indicator,
                "name": cell.name,
                "cell": cell.cell,
                "checked": cell.wanted,
                "imported": cell.imported,
                "agreement": cell.agreement.value,
            }
            for cell in comparison.differing()
        ],
    }


def _print_comparison(plan_id: str, known: Comparison, unseen: Comparison) -> None:
    both = (("用整个目录", known), ("目录中去掉本规划", unseen))
    print_table(
        f"{plan_id}：导入与目录逐格比较 Agreement with the catalogue",
        ("", "格数", "正确", "正确率", "不同已标", "不同未标", "正确但标了"),
        [(label, *_totals(comparison)) for label, comparison in both],
    )
    counts = known.by_cell()
    print_table(
        "各类单元格 By kind of cell（用整个目录）",
        ("单元格", "正确", "不同已标", "不同未标"),
        [(_CELLS.get(cell, f"{cell}年"), *(counts[cell][agreement] for agreement in Agreement)) for cell in counts],
    )
    for label, comparison in both:
        print_table(
            f"人工更正之处 Corrected by hand（{label}）",
            ("指标", "单元格", "目录", "导入", ""),
            list(_lines(comparison)),
        )


def _totals(comparison: Comparison) -> tuple[int, int, str, int, int, int]:
    return (
        len(comparison.core),
        comparison.count(Agreement.RIGHT),
        f"{comparison.share_right:.1%}",
        comparison.count(Agreement.DOUBTFUL),
        comparison.count(Agreement.WRONG),
        comparison.needlessly_doubted,
    )


def _lines(comparison: Comparison) -> Iterable[tuple[str, str, str, str, str]]:
    for cell in comparison.differing():
        label = _CELLS.get(cell.cell, f"{cell.cell}年")
        yield cell.name, label, _shown(cell.wanted), _shown(cell.imported), _VERDICTS[cell.agreement]


def _shown(content: Any) -> str:  # noqa: ANN401  (cells of a plan file are of many kinds)
    if isinstance(content, Mapping):
        return " ".join("—" if part is None else str(part) for part in content.values())
    if isinstance(content, list):
        return " ".join("—" if part is None else str(part) for part in content) or "—"
    return "—" if content is None else str(content)
