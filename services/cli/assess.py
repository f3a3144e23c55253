"""`planwatch assess`: the verdicts, now or as they were known on a past day."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime, time
from pathlib import Path

import click

from planwatch.local_time import LOCAL_TIME
from planwatch.plan_terms import Comparator
from planwatch.policy import AssessmentClass
from planwatch.wording import CLASS_NAMES, probability_name
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table, printed
from services.cli.reading import Row, place_of, read_assessments
from services.cli.recomputation import recompute
from services.clock import system_clock
from services.database import connect_as


def parse_as_of(text: str | None, now: datetime) -> datetime:
    """The moment that `--as-of` names: a day means its end in local time, nothing means now.

    Raises:
        click.BadParameter: neither a day nor an ISO 8601 moment.
    """
    if not text:
        return now
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(datetime.fromisoformat(text).date(), time.max, LOCAL_TIME).astimezone(UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"“{text}” 应为 2026-01-31 或 2026-01-31T08:00+08:00 / not a day or moment") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL_TIME)


@click.command()
@click.option("--plan", "plan_id", help="只看一个规划，如 zhongwei。 One plan only.")
@click.option("--as-of", "as_of", help="按某日（或某一时刻）所知的数据评价。 As known on that day, e.g. 2026-01-31.")
@click.option(
    "--plan-version",
    type=int,
    help="按规划的某一版评价全部时期，须同时给出 --plan。 Every period under one version; needs --plan.",
)
@click.option("--commitments", is_flag=True, help="也列正文目标、任务、工程、服务标准。 Also beside the main table.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出全部字段。 Every field, as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="以 CSV 输出全部字段。 Every field, as CSV.")
@data_dir_option
def assess(
    plan_id: str | None,
    as_of: str | None,
    plan_version: int | None,
    commitments: bool,
    as_json: bool,
    as_csv: bool,
    data_dir: Path | None,
) -> None:
    """各指标的评价：现在的，或某日所知的。 The verdict on every indicator.

    \b
    完成进度 = (实际 - 基期) ÷ (目标 - 基期)；序时进度 = (应达 - 基期) ÷ (目标 - 基期)。
    planwatch assess --plan zhongwei
    planwatch assess --as-of 2026-01-31 --json
    planwatch assess --plan zhongwei --plan-version 1
    """
    if plan_version is not None and plan_id is None:
        raise click.UsageError("--plan-version 须与 --plan 同用 / needs --plan")
    moment = parse_as_of(as_of, system_clock())
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        if plan_id is not None and plan_version is not None:
            rows = recompute(connection, plan_id, plan_version, moment)
        else:
            rows = read_assessments(connection, moment, plan_id, with_commitments=commitments)
    if as_json:
        print_json(rows)
    elif as_csv:
        _print_csv(rows)
    else:
        _print_rows(rows, moment)


def _print_rows(rows: list[Row], moment: datetime) -> None:
    headings = (
        *("规划", "序号", "指标", "地区", "时期", "数值", "应达", "目标", "完成/序时", "评价"),
        *("预计期末", "概率", "预警"),
    )
    print_table(
        f"评价结果（截至 {moment.astimezone(LOCAL_TIME):%Y-%m-%d %H:%M}）共 {len(rows)} 条",
        headings,
        [
            (
                row["plan"],
                place_of(row),
                row["name"] + ("【模拟数据】" if row["simulated"] else ""),
                row["ref_area"],
                row["time_period"],
                printed(row["obs_value"]),
                printed(row["expected_value"]),
                Comparator(row["comparator"]).sign + printed(row["target_value"]),
                f"{printed(row['achieved_share'])} / {printed(row['expected_share'])}",
                CLASS_NAMES[AssessmentClass(row["class"])].zh,
                forecast_words(row),
                "—" if row["probability"] is None else probability_name(row["probability"]).zh,
                row["level"],
            )
            for row in rows
        ],
    )


def forecast_words(row: Row) -> str:
    """The value expected at the target's date with its interval; a dash where nothing is forecast."""
    if row["forecast_low"] is None:
        return "—"
    return f"{row['forecast_value']:.4g}（{row['forecast_low']:.4g}—{row['forecast_high']:.4g}）"


def _print_csv(rows: list[Row]) -> None:
    if rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
