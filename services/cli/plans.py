"""`planwatch plan`: check the catalogue's files, apply them, show and compare them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planwatch.plan import Indicator, Plan
from planwatch.wording import GOAL_KIND_NAMES, NATURE_NAMES
from services.catalogue import apply_plan, apply_policy, hold_catalogue_exclusively
from services.catalogue_files import default_plans_dir, plan_ids, read_catalogue, read_plan_file
from services.cli.connection import data_dir_option, find_running
from services.cli.draft_check import check_drafts
from services.cli.plan_check import check_plans
from services.cli.plan_sections import COLUMNS, show_counts, show_section
from services.cli.printing import print_json, print_table, printed
from services.clock import system_clock
from services.database import connect_as
from services.milestones import apply_milestones, milestone_files, read_milestone_file
from services.plan_drafts import refuse_drafts

plans_dir_option = click.option(
    "--plans-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=default_plans_dir,
    show_default="plans",
    help="规划目录所在文件夹。 Folder of the plan files.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")


@click.group()
def plan() -> None:
    """规划目录：检查、应用、查看、比较。 The plan catalogue."""


@plan.command()
@click.argument("plans", nargs=-1)
@plans_dir_option
@json_option
def check(plans: tuple[str, ...], plans_dir: Path, as_json: bool) -> None:
    """检查规划文件，一次列出全部错误、疑问与待确认处。 Every fault, question and doubtful reading at once.

    文件有错误时以状态 1 结束；疑问是要问规划编制单位的，不算错误。
    Ends with status 1 where a file has faults; questions are for the plan's author and are none.
    """
    others, sound = check_drafts(plans_dir, plans or plan_ids(plans_dir), as_json)
    if (others and not check_plans(plans_dir, others, as_json)) or not sound:
        raise click.exceptions.Exit(1)


@plan.command()
@click.argument("plans", nargs=-1)
@plans_dir_option
@data_dir_option
def apply(plans: tuple[str, ...], plans_dir: Path, data_dir: Path | None) -> None:
    """将规划及其年度目标写入数据库；有任何错误则一个也不写。 Write plans and their milestones, all or none."""
    refuse_drafts(plans_dir, plans or plan_ids(plans_dir))
    files = read_catalogue(plans_dir, plans or plan_ids(plans_dir))
    stated = [
        (path.name, read_milestone_file(plans_dir, path))
        for file in files
        for path in milestone_files(plans_dir, file.plan.plan_id)
    ]
    with connect_as(find_running(data_dir).database_url) as connection:
        hold_catalogue_exclusively(connection)
        applied = [file.plan for file in files if apply_plan(connection, file, system_clock())]
        names = [name for name, milestones in stated if apply_milestones(connection, milestones, system_clock())]
        apply_policy(connection, plans_dir, system_clock())
    for done in applied:
        click.echo(f"已应用 applied: {done.plan_id} v{done.version} {done.title.zh}")
    for name in names:
        click.echo(f"已应用年度目标 milestones applied: {name}")
    click.echo(f"未变 unchanged: {len(files) - len(applied)}")


@plan.command()
@click.argument("plan_id", metavar="PLAN", required=False)
@click.option(
    "--counts", is_flag=True, help="各部分的项数与未印事项。 Entries of each section and what is not printed."
)
@click.option("--section", type=click.Choice(list(COLUMNS)), help="只显示一个部分。 One section.")
@plans_dir_option
@json_option
def show(plan_id: str | None, counts: bool, section: str | None, plans_dir: Path, as_json: bool) -> None:
    """显示一个规划的主表、一个部分，或各部分的项数。 The main table of a plan, one section, or its counts.

    \b
    planwatch plan show zhongwei
    planwatch plan show zhongwei --section projects --json
    planwatch plan show --counts             # 全部规划 every plan
    """
    if counts:
        show_counts(read_catalogue(plans_dir, [plan_id] if plan_id else plan_ids(plans_dir)), as_json)
        return
    if plan_id is None:
        raise click.UsageError("请给出规划，或用 --counts。 Name a PLAN, or use --counts.")
    file = read_plan_file(plans_dir, plan_id)
    if section is not None:
        show_section(file, section, as_json)
    elif as_json:
        print_json([describe_indicator(indicator) for indicator in file.plan.indicators])
    else:
        _print_plan(file.plan)


@plan.command()
@click.argument("plan_id", metavar="PLAN")
@plans_dir_option
@data_dir_option
def diff(plan_id: str, plans_dir: Path, data_dir: Path | None) -> None:
    """比较规划文件与已应用的版本。 What the file changes against the version that is applied."""
    wanted = read_plan_file(plans_dir, plan_id)
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        row = connection.execute(
            "SELECT document FROM plans WHERE plan_id = %s ORDER BY plan_version DESC LIMIT 1", (plan_id,)
        ).fetchone()
    if row is None:
        click.echo(f"{plan_id} 尚未应用 / is not applied yet")
        return
    changes = differences(row[0], wanted.document)
    print_table(f"{plan_id}：{len(changes)} 处不同", ("位置", "已应用", "文件"), changes)


def differences(applied: Any, wanted: Any, path: str = "") -> list[tuple[str, Any, Any]]:  # noqa: ANN401
    """The leaves in which two documents differ, as (path, applied value, wanted value)."""
    if isinstance(applied, dict) and isinstance(wanted, dict):
        found = []
        for name in [*applied, *(name for name in wanted if name not in applied)]:
            found += differences(applied.get(name), wanted.get(name), f"{path}.{name}".lstrip("."))
        return found
    if isinstance(applied, list) and isinstance(wanted, list):
        found = []
        for position in range(max(len(applied), len(wanted))):
            left = applied[position] if position < len(applied) else None
            right = wanted[position] if position < len(wanted) else None
            found += differences(left, right, f"{path}[{position}]")
        return found
    return [] if applied == wanted else [(path, applied, wanted)]


def describe_indicator(indicator: Indicator) -> dict[str, Any]:
    """An indicator as `plan show --json` prints it; `printed` holds the cells to the letter."""
    return {
        "no": indicator.no,
        "indicator": indicator.indicator_id,
        "name": indicator.name.zh,
        "name_en": indicator.name.en,
        "concept": indicator.concept,
        "domain": indicator.domain,
        "unit": indicator.unit.printed,
        "unit_measure": indicator.unit.measure,
        "unit_mult": indicator.unit.mult,
        "nature": indicator.nature,
        "goal_kind": indicator.goal_kind,
        "direction": indicator.direction,
        "accumulation": indicator.accumulation,
        "comparator": indicator.target.comparator,
        "baseline": indicator.baseline.value if indicator.baseline else None,
        "target": indicator.target.value,
        "trajectory": indicator.trajectory,
        "marks": list(indicator.marks),
        "printed": {column: cell.printed for column, cell in indicator.values.items()},
        "owner": indicator.owner,
        "needs_confirmation": [{"field": d.field, **d.reason.as_mapping()} for d in indicator.needs_confirmation],
        "source_line": indicator.source_line,
    }


def _print_plan(shown: Plan) -> None:
    columns = sorted({column for row in shown.indicators for column in row.values})
    print_table(
        f"{shown.title.zh}（{shown.area_name.zh} {shown.ref_area}，{shown.start}–{shown.end}，第 {shown.version} 版）",
        ("序号", "指标", *columns, "性质", "目标类型", "目标", "责任单位", "待确认", "行"),
        [
            (
                row.no,
                row.name.zh,
                *(row.values[column].printed if column in row.values else "" for column in columns),
                NATURE_NAMES[row.nature].zh,
                GOAL_KIND_NAMES[row.goal_kind].zh,
                row.target.comparator.sign + printed(row.target.value),
                shown.agency(row.owner).name.zh,
                f"{len(row.needs_confirmation)} 处" if row.needs_confirmation else "",
                row.source_line,
            )
            for row in shown.indicators
        ],
    )
