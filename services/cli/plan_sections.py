"""What `planwatch plan show` prints of the sections beside the main table, and of their counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from planwatch.plan_counts import SectionCount, count_plan
from services.catalogue_files import PlanFile
from services.cli.printing import print_json, print_table

Row = Mapping[str, Any]

SECTION_NAMES = {
    "indicators": "主表指标",
    "text_targets": "正文目标",
    "tasks": "重点任务",
    "projects": "重点工程",
    "service_items": "服务项目",
    "monitoring_duties": "监测评估",
    "contradictions": "前后不一",
    "agencies": "单位",
    "domains": "领域",
}
_FIELD_NAMES = {
    "baseline": "基期",
    "year": "年份",
    "indicator": "主表对应行",
    "lead": "牵头单位",
    "deadline": "期限",
    "quantities": "数量",
    "investment": "投资",
    "standard": "标准",
    "recipients": "服务对象",
    "agency": "责任单位",
    "due": "时间",
    "frequency": "频次",
    "superior": "上级",
    "contradictions": "与他处不一",
    "sub_projects": "子项目",
    "service_domains": "领域",
}


def _amount(row: Row) -> str:
    return f"{row['comparator']} {row['printed']}"


COLUMNS: Mapping[str, tuple[tuple[str, Callable[[Row], Any]], ...]] = {
    "text_targets": (
        ("编号", lambda row: row["target_id"]),
        ("指标", lambda row: row["metric"]["zh"]),
        ("目标", _amount),
        ("年份", lambda row: row["year"]),
        ("范围", lambda row: row["scope"] and row["scope"]["zh"]),
        ("主表", lambda row: row["indicator"]),
        ("与他处不一", lambda row: row["contradiction"] and row["contradiction"]["zh"]),
        ("行", lambda row: row["source_line"]),
    ),
    "tasks": (
        ("编号", lambda row: row["task_id"]),
        ("序号", lambda row: row["no"]),
        ("任务", lambda row: row["title"] or row["text"]),
        ("责任", lambda row: row["responsibility"]),
        ("期限", lambda row: row["deadline"]),
        ("行", lambda row: row["source_line"]),
    ),
    "projects": (
        ("编号", lambda row: row["project_id"]),
        ("专栏", lambda row: row["box"]["title"]),
        ("工程", lambda row: row["name"]),
        (
            "数量",
            lambda row: "、".join(f"{each['what']['zh']} {each['printed']}" for each in row["quantities"]) or None,
        ),
        ("子项目", lambda row: len(row["sub_projects"])),
        ("期限", lambda row: row["deadline"]),
        ("行", lambda row: row["source_line"]),
    ),
    "service_items": (
        ("序号", lambda row: row["no"]),
        ("领域", lambda row: row["domain"]),
        ("服务项目", lambda row: row["name"]),
        ("服务对象", lambda row: row["recipients"] and row["recipients"]["zh"]),
        ("标准", lambda row: row["standard"] and _amount({**row["standard"], "printed": row["standard"]["value"]})),
        ("行", lambda row: row["source_line"]),
    ),
    "monitoring_duties": (
        ("编号", lambda row: row["duty_id"]),
        ("种类", lambda row: row["kind"]),
        ("原文", lambda row: row["quote"]),
        ("责任单位", lambda row: row["agency"]),
        ("时间", lambda row: row["due"]),
        ("频次", lambda row: row["frequency"]),
        ("行", lambda row: row["source_line"]),
    ),
    "contradictions": (
        ("编号", lambda row: row["contradiction_id"]),
        ("原文", lambda row: "\n".join(f"{each['source_line']}：{each['quote']}" for each in row["statements"])),
        ("疑问", lambda row: row["zh"]),
    ),
    "agencies": (
        ("编号", lambda row: row["agency_id"]),
        ("名称", lambda row: row["name"]["zh"]),
        ("角色", lambda row: row["role"]),
        ("上级", lambda row: row["superior"]),
        ("印作（行）", lambda row: "、".join(f"{form['name']}（{form['source_line']}）" for form in row["printed"])),
    ),
}


def show_counts(files: Sequence[PlanFile], as_json: bool) -> None:
    """Print how many entries each section of each plan has, and how much is not printed."""
    plans = [file.plan for file in files]
    counted = {plan.plan_id: count_plan(plan) for plan in plans}
    if as_json:
        print_json({plan_id: {each.section: _described(each) for each in found} for plan_id, found in counted.items()})
        return
    for plan in plans:
        print_table(
            f"{plan.area_name.zh}（{plan.plan_id}）",
            ("部分", "项数", "其中", "各领域", "未印", "与逐个计数不同之处"),
            [
                (
                    SECTION_NAMES[each.section],
                    each.count,
                    _listed(each.parts),
                    "、".join(f"{plan.domain_name(code)} {count}" for code, count in each.by_domain.items()),
                    _listed(each.without),
                    each.counting.zh if each.counting else "",
                )
                for each in counted[plan.plan_id]
            ],
        )


def _described(count: SectionCount) -> dict[str, Any]:
    return {
        "count": count.count,
        "by_domain": dict(count.by_domain),
        "without": dict(count.without),
        "parts": dict(count.parts),
        "counting": count.counting.as_mapping() if count.counting else None,
    }


def _listed(numbers: Mapping[str, int]) -> str:
    return "、".join(f"{_FIELD_NAMES[name]} {number}" for name, number in numbers.items() if number)


def show_section(file: PlanFile, section: str, as_json: bool) -> None:
    """Print one section: as a table, or as JSON with every field of the files."""
    rows = file.document.get(section, [])
    if as_json:
        print_json(rows)
        return
    columns = COLUMNS[section]
    print_table(
        f"{file.plan.title.zh}：{SECTION_NAMES[section]} {len(rows)} 项",
        [heading for heading, _ in columns],
        [[cell(row) for _, cell in columns] for row in rows],
    )
