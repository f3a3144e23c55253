"""`planwatch method`: the assessment methods, run over a file of series or over the printed figures of a plan."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from planwatch.language import Text
from planwatch.methods.case import MethodResult
from planwatch.methods.case_document import CaseDocument, InvalidCase, read_case
from planwatch.methods.catalogue import METHODS, Method
from planwatch.methods.catalogue import run as run_method
from planwatch.methods.group_means import Scored, group_means
from planwatch.methods.reasons import REASON_TEXTS
from planwatch.methods.side_by_side import assess_side_by_side, printed_history
from planwatch.plan import Indicator, Plan
from planwatch.policy import AssessmentClass, Thresholds
from planwatch.wording import CLASS_NAMES, GOAL_KIND_NAMES
from services.catalogue_files import read_plan_file
from services.cli.plans import json_option, plans_dir_option
from services.cli.printing import print_json, print_table, printed
from services.policy_files import read_plan_policy

Row = dict[str, Any]  # one line of output
SideBySide = Mapping[str, MethodResult]


@click.group()
def method() -> None:
    """评价方法：列出、试算、并列比较。 The assessment methods, side by side."""


@method.command("list")
@json_option
def list_methods(as_json: bool) -> None:
    """列出全部评价方法、出处和所需字段。 Every method, its source and what it needs."""
    if as_json:
        rows = [
            {"name": m.name, "title": m.title.as_mapping(), "source": m.source.as_mapping(), "needs": m.needs}
            for m in METHODS.values()
        ]
        print_json(rows)
    else:
        print_table(
            "评价方法",
            ("名称", "方法", "出处", "所需字段"),
            [(m.name, m.title.zh, m.source.zh, "、".join(m.needs)) for m in METHODS.values()],
        )


@method.command("run")
@click.argument("name", type=click.Choice(list(METHODS)))
@click.argument("file", type=click.File("rb"))
def run(name: str, file: BinaryIO) -> int:
    """用一种方法评价文件中的每个序列。 One method over a file of series.

    \b
    FILE 每行一个 JSON 对象（- 为标准输入），如
    {"id": "1-2-1", "values": [[2015, 14.5], [2023, 10.2]], "base_year": 2015,
     "target": 7.25, "target_year": 2030, "direction": -1}
    输出每行一个 JSON 对象：value、class（本系统等级）、published_class（发布方原词）、score、reason。
    有误的行也输出一行，写明行号和原因；全部处理完后以状态 1 退出。
    A faulty line gives a line with its number and the reason, and exit status 1 at the end.
    """
    chosen, faults = METHODS[name], 0
    members: list[tuple[tuple[str, ...], Scored]] = []
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            document = read_case(line)
        except InvalidCase as fault:
            faults += 1
            _print_line(_faulty_row(number, fault))
            continue
        result = run_method(chosen, document.case)
        _print_line(_row(document, result))
        if document.group:
            members.append((document.group, Scored(result.score, result.verdict is AssessmentClass.ACHIEVED)))
    for path, mean in group_means(members).items():
        if chosen.class_of_mean is not None:
            _print_line(_mean_row(chosen, path, mean))
    return 1 if faults else 0


@method.command()
@click.argument("plan_id", metavar="PLAN")
@plans_dir_option
@json_option
@click.option("--markdown", type=click.Choice(["zh", "en"]), help="输出文档所用的表。 The table of the documents.")
def compare(plan_id: str, plans_dir: Path, as_json: bool, markdown: str | None) -> None:
    """以规划印发的数字，并列比较各方法的评价。 Every method on the printed figures of a plan."""
    plan = read_plan_file(plans_dir, plan_id).plan
    compared = compare_plan(plan, read_plan_policy(plans_dir, plan).policy.thresholds)
    if as_json:
        print_json([_indicator_row(plan, row, results) for row, results in compared])
    elif markdown:
        click.echo(markdown_table(compared, markdown))
    else:
        print_table(
            f"{plan.title.zh}：各方法的评价",
            ("序号", "指标", "方法", "等级", "数值", "理由"),
            [line for row, results in compared for line in _lines(row, results)],
        )


def compare_plan(plan: Plan, thresholds: Thresholds) -> list[tuple[Indicator, SideBySide]]:
    """Every indicator of the main table with its results by method, from the figures that the plan prints."""
    return [(row, assess_side_by_side(plan, row, thresholds, printed_history(plan, row))) for row in plan.indicators]


def markdown_table(compared: Sequence[tuple[Indicator, SideBySide]], language: str) -> str:
    """The table of the documents: a class, the value where the publisher has no classes, or the code of a reason."""
    first = Text("序号", "no."), Text("指标", "indicator"), Text("类型", "kind")
    headings = [getattr(heading, language) for heading in first] + [f"`{name}`" for name in METHODS]
    rows = [headings, ["---"] * len(headings), *(_cells(row, results, language) for row, results in compared)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _lines(row: Indicator, results: SideBySide) -> list[tuple[str, ...]]:
    """One line per method; number and name stand in the first one only."""
    heads = [(str(row.no), row.name.zh), *[("", "")] * (len(results) - 1)]
    return [
        (
            *head,
            METHODS[name].title.zh,
            CLASS_NAMES[result.verdict].zh if result.verdict else "—",
            printed(result.value),
            REASON_TEXTS[result.reason].zh if result.reason else "",
        )
        for head, (name, result) in zip(heads, results.items(), strict=True)
    ]


def _cells(row: Indicator, results: SideBySide, language: str) -> list[str]:
    kind = GOAL_KIND_NAMES[row.goal_kind].zh if language == "zh" else row.goal_kind.value
    return [str(row.no), getattr(row.name, language), kind, *(_cell(result, language) for result in results.values())]


def _cell(result: MethodResult, language: str) -> str:
    if result.verdict is None:
        return f"{result.value:.2f}"
    if result.verdict in (AssessmentClass.NOT_ASSESSABLE, AssessmentClass.NO_DATA):
        return f"({result.reason})"
    return CLASS_NAMES[result.verdict].zh if language == "zh" else result.verdict.value


def _row(document: CaseDocument, result: MethodResult) -> Row:
    return {"id": document.case_id, **_fields(result)}


def _fields(result: MethodResult) -> Row:
    return {
        "value": result.value,
        "class": result.verdict,
        "published_class": result.published_class,
        "score": result.score,
        "reason": result.reason,
    }


def _mean_row(chosen: Method, path: tuple[str, ...], mean: Scored) -> Row:
    assert chosen.class_of_mean is not None
    published, verdict = chosen.class_of_mean(mean)
    reason = "no_data" if mean.score is None else None
    return {"group": path, **_fields(MethodResult(None, verdict, published, mean.score, reason))}


def _faulty_row(number: int, fault: InvalidCase) -> Row:
    return {
        "id": fault.case_id,
        **_fields(MethodResult(None, None, None, None, "faulty_line")),
        "line": number,
        "fault": fault.text.as_mapping(),
    }


def _indicator_row(plan: Plan, row: Indicator, results: SideBySide) -> Row:
    return {
        "plan": plan.plan_id,
        "no": row.no,
        "indicator": row.indicator_id,
        "name": row.name.zh,
        "goal_kind": row.goal_kind,
        "methods": {name: _fields(result) for name, result in results.items()},
    }


def _print_line(row: Row) -> None:
    click.echo(json.dumps(row, ensure_ascii=False))
