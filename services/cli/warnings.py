"""`planwatch warnings` and `planwatch explain`: what is open, and the figures, rule and submission behind one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from psycopg import Connection
from psycopg.rows import dict_row

from planwatch.forecast import REASONS as FORECAST_REASONS
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.plan import Nature, Section
from planwatch.plan_terms import Comparator
from planwatch.policy import AssessmentClass
from planwatch.wording import (
    CASE_NAMES,
    CLASS_NAMES,
    NATURE_NAMES,
    REASONS,
    cause_name,
    place_text,
    probability_name,
)
from planwatch.work_report import WORK_STATUS_NAMES, WorkStatus
from services.cli.assess import forecast_words
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table, printed
from services.cli.reading import Row, place_of, read_mails, read_warnings
from services.database import connect_as

STATES = {"open": "待签收", "acknowledged": "已签收", "rectifying": "整改中", "closed": "已销号"}


@click.command("warnings")
@click.option("--plan", "plan_id", help="只看一个规划。 One plan only.")
@click.option("--closed", "with_closed", is_flag=True, help="包括已销号的预警。 Closed ones too.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def list_warnings(plan_id: str | None, with_closed: bool, as_json: bool, data_dir: Path | None) -> None:
    """当前预警，红色在前。 Open warnings, red first."""
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        rows = read_warnings(connection, with_closed=with_closed, plan_id=plan_id)
    if as_json:
        print_json(rows)
    else:
        print_warnings(rows)


def print_warnings(rows: list[Row]) -> None:
    """The warnings as a table."""
    print_table(
        f"预警 {len(rows)} 件",
        ("等级", "规划", "位置", "指标", "时期", "评价", "状态", "责任单位", "预警编号"),
        [
            (
                row["level"],
                row["plan"],
                place_of(row),
                row["name"],
                row["time_period"],
                cause_name(row["class"]).zh,
                STATES[row["state"]],
                row["agency_name"],
                row["warning"],
            )
            for row in rows
        ],
    )


@click.command()
@click.argument("warning")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def explain(warning: str, as_json: bool, data_dir: Path | None) -> None:
    """说明一件预警的由来：数据、规则、报送、版本、政策条款。 Why a warning is what it is.

    WARNING 为预警编号（planwatch warnings 的最后一列），可只写开头几位；也可写指标编号，如 zhongwei-05。
    """
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        cases = [
            row
            for row in read_warnings(connection, with_closed=True)
            if row["indicator"] == warning or row["warning"].startswith(warning.lower())
        ]
        if len(cases) != 1:
            raise click.BadParameter(f"“{warning}” 对应 {len(cases)} 件预警 / matches {len(cases)} warnings")
        document = explanation(connection, cases[0])
    if as_json:
        print_json(document)
    else:
        _print_explanation(document)


def explanation(connection: Connection[Any], case: Row) -> dict[str, Any]:
    """Everything behind one case: figures, vintages, submission, rule, history, reports on its task, mails."""
    with connection.cursor(row_factory=dict_row) as cursor:
        figures = cursor.execute(_FIGURES, {"case_id": case["warning"]}).fetchone()
        vintages = cursor.execute(_VINTAGES, {"case_id": case["warning"]}).fetchall()
        history = cursor.execute(_HISTORY, {"case_id": case["warning"]}).fetchall()
        work_reports = cursor.execute(_WORK_REPORTS, {"case_id": case["warning"]}).fetchall()
    mails = [mail for mail in read_mails(connection) if case["warning"] in mail["warnings"]]
    decided = [step for step in history if step["policy_line"]]
    reason = REASONS[figures["reason"]] if figures else Text(decided[-1]["reason_zh"], decided[-1]["reason_en"])
    return {
        "warning": case,
        "figures": figures,
        "rule": {
            **reason.as_mapping(),
            "policy_line": case["policy_line"],
            "policy_version": case["policy_line"].partition(":")[0],
        },
        "vintages": vintages,
        "history": history,
        "work_reports": work_reports,
        "mails": mails,
    }


def _print_explanation(document: dict[str, Any]) -> None:
    case, figures, rule = document["warning"], document["figures"], document["rule"]
    section = Section(case["section"])
    if figures is None:
        click.echo(f"{case['name']}（{case['plan']} {place_text(section, case['no']).zh}），{case['time_period']}")
        click.echo(f"  {cause_name(case['class']).zh}：{rule['zh']}（{rule['en']}）")
        click.echo(f"  政策条款 policy: {rule['policy_line'] or '—'}")
    else:
        _print_figures(case, section, figures, rule)
    for report in document["work_reports"]:
        status = WORK_STATUS_NAMES[WorkStatus(report["status"])].zh if report["status"] else "—"
        click.echo(
            f"  进展 {report['time_period']}: {status}，预计完成 {report['expected_completion'] or '—'}，"
            f"累计完成投资 {printed(report['investment'])} 万元（报送 {report['submission_id']}）"
        )
    print_table(
        "数据版本",
        ("版本", "数值", "状态", "接收时间", "报送"),
        [
            (v["revision"], printed(v["obs_value"]), v["obs_status"], _local(v["received_at"]), v["submission_id"])
            for v in document["vintages"]
        ],
    )
    print_table(
        "经过",
        ("步", "时间", "等级", "原因", "通知", "通知原因"),
        [
            (h["step"], _local(h["at"]), h["level"], h["reason_zh"], h["delivery"], h["delivery_reason_zh"])
            for h in document["history"]
        ],
    )
    print_table(
        "邮件", ("状态", "收件人", "主题"), [(m["state"], m["recipient"], m["subject"]) for m in document["mails"]]
    )


def _print_figures(case: Row, section: Section, figures: Row, rule: Row) -> None:
    verdict = CLASS_NAMES[AssessmentClass(figures["class"])]
    nature = NATURE_NAMES[Nature(figures["nature"])].zh if section is Section.MAIN_TABLE else CASE_NAMES[section].zh
    place = place_text(section, case["no"]).zh
    click.echo(f"{case['name']}（{case['plan']} {place}，{nature}），{case['time_period']}")
    click.echo(f"  评价 {verdict.zh} / {verdict.en}：{rule['zh']}（{rule['en']}）")
    click.echo(
        f"  数值 {printed(figures['obs_value'])}，基期 {printed(figures['baseline_value'])}"
        f"（{figures['baseline_period'] or '规划期初'}{'，首期数代替' if figures['baseline_substituted'] else ''}），"
        f"应达 {printed(figures['expected_value'])}，"
        f"目标 {Comparator(figures['comparator']).sign}{printed(figures['target_value'])}"
    )
    click.echo(
        f"  完成进度 {printed(figures['achieved_share'], 3)} ÷ 序时进度 {printed(figures['expected_share'], 3)}"
        f" = {printed(figures['schedule_index'], 3)}"
    )
    click.echo(f"  预计期末 forecast: {_forecast(figures)}")
    click.echo(f"  政策条款 policy: {rule['policy_line'] or '—'}")
    click.echo(
        f"  规划依据 source: {figures['source_file']} 第 {figures['source_line']} 行，第 {figures['plan_version']} 版"
    )
    click.echo(
        f"  报送 submission: {figures['submission_id']}"
        f"（{figures['submission_agency']}，第 {figures['row_number']} 行）"
    )
    if figures["change_zh"]:
        click.echo(f"  变化 change: {figures['change_zh']}（{figures['change_en']}）")


def _forecast(figures: Row) -> str:
    if figures["forecast_low"] is None:
        reason = FORECAST_REASONS.get(figures["forecast_reason"] or "")
        return f"无 none（{reason.zh} / {reason.en}）" if reason else "无 none"
    pace = f"每年须变动 {printed(figures['forecast_pace_needed'])}，历年最好 {printed(figures['forecast_best_pace'])}"
    return (
        f"{figures['target_period']} 年 {forecast_words(figures)}，80% 区间；"
        f"实现目标的概率 {probability_name(figures['probability']).zh}；{pace}"
    )


def _local(moment: Any) -> str:  # noqa: ANN401
    return f"{moment.astimezone(LOCAL_TIME):%Y-%m-%d %H:%M:%S}"


_FIGURES = """
    SELECT a.*, i.nature, i.goal_kind, i.comparator, i.target_value, i.target_period, i.unit, i.source_file,
           i.source_line, o.row_number, o.obs_status, u.agency_id AS submission_agency, u.received_at, u.simulated,
           f.value AS forecast_value, f.low AS forecast_low, f.high AS forecast_high, f.probability,
           f.pace_needed AS forecast_pace_needed, f.best_pace AS forecast_best_pace, f.reached_in,
           f.reason AS forecast_reason, f.known_at AS forecast_known_at
    FROM early_warnings AS w
    JOIN assessments AS a ON a.series_key = w.series_key AND a.time_period = w.time_period AND a.known_at <= w.known_at
    JOIN indicators AS i ON (i.plan_id, i.plan_version, i.indicator_id) = (a.plan_id, a.plan_version, w.indicator_id)
    LEFT JOIN observations AS o ON (o.series_key, o.period_start, o.submission_id)
                                 = (a.series_key, a.period_start, a.submission_id)
    JOIN submissions AS u ON u.submission_id = a.submission_id
    LEFT JOIN forecasts_as_of(w.known_at) AS f ON (f.series_key, f.time_period) = (a.series_key, a.time_period)
    WHERE w.case_id = %(case_id)s
    ORDER BY a.known_at DESC, a.assessment_no DESC LIMIT 1
"""
_VINTAGES = """
    SELECT o.revision, o.time_period, o.obs_value, o.obs_status, o.received_at, o.submission_id, o.row_number
    FROM early_warnings AS w
    JOIN observations AS o ON o.series_key = w.series_key AND o.time_period = w.time_period
    WHERE w.case_id = %(case_id)s ORDER BY o.received_at
"""
_WORK_REPORTS = """
    SELECT r.time_period, r.status, r.investment, r.expected_completion, r.submission_id, r.received_at
    FROM early_warnings AS w
    JOIN series AS s USING (series_key)
    JOIN indicators AS i ON (i.plan_id, i.plan_version, i.indicator_id) = (w.plan_id, w.plan_version, w.indicator_id)
    JOIN work_reports AS r ON (r.plan_id, r.commitment_id, r.ref_area) = (w.plan_id, i.commitment_id, s.ref_area)
    WHERE w.case_id = %(case_id)s
    ORDER BY period_end(r.time_period), r.received_at
"""
_HISTORY = """
    SELECT step, at, step_kind, episode, level, reason_zh, reason_en, policy_line, time_period, submission_id, actor,
           delivery, delivery_reason_zh, delivery_reason_en, mail_id
    FROM warning_history WHERE case_id = %(case_id)s ORDER BY step
"""
