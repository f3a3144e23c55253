"""`planwatch milestone`: put the milestones of a year in force, and show those that are."""

from __future__ import annotations

from pathlib import Path

import click

from services.catalogue_files import default_plans_dir
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table, printed
from services.cli.reading import read_milestones
from services.clock import system_clock
from services.database import connect_as
from services.milestones import apply_milestones, read_milestone_file


@click.group()
def milestone() -> None:
    """年度目标：应用、查看。 The milestones that annual work plans state."""


@milestone.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@data_dir_option
def apply(files: tuple[Path, ...], data_dir: Path | None) -> None:
    """应用年度目标文件；受影响的评价随即重做。 Apply milestone files; the verdicts they change are made anew.

    \b
    planwatch milestone apply plans/zhongwei/milestones-2023.yaml
    """
    read = [read_milestone_file(default_plans_dir(), path) for path in files]
    with connect_as(find_running(data_dir).database_url) as connection:
        for path, file in zip(files, read, strict=True):
            is_new = apply_milestones(connection, file, system_clock())
            click.echo(f"{'已应用 applied' if is_new else '未变 unchanged'}: {path.name}")


@milestone.command("list")
@click.option("--plan", "plan_id", help="只看一个规划。 One plan only.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def list_milestones(plan_id: str | None, as_json: bool, data_dir: Path | None) -> None:
    """已应用的年度目标，含被取代的版本。 Every stated milestone, also of replaced versions."""
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        rows = read_milestones(connection, plan_id)
    if as_json:
        print_json(rows)
        return
    print_table(
        f"年度目标 {len(rows)} 条",
        ("规划", "指标", "年份", "版本", "年度目标", "文件与出处", "生效"),
        [
            (
                row["plan"],
                row["indicator"],
                row["time_period"],
                row["version"],
                printed(row["value"]),
                f"{row['issuer_zh']}《{row['document_zh']}》{row['source']}",
                row["effective_on"],
            )
            for row in rows
        ],
    )
