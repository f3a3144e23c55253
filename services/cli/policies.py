"""`planwatch policy`: the policies of the plans: list, show, check, compare, try out on the past, apply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import yaml
from psycopg import IsolationLevel

from planwatch.errors import InvalidPolicy
from planwatch.plan import Plan
from planwatch.policy_override import DEFAULT
from services.alerts.working_calendar import working_calendar
from services.catalogue import applied_plans, apply_policy, hold_catalogue_exclusively, judge_anew
from services.catalogue_files import plan_ids, scan_catalogue
from services.cli.connection import data_dir_option, find_running
from services.cli.plans import differences, json_option, plans_dir_option
from services.cli.policy_report import print_simulation, simulation_as_json
from services.cli.printing import print_json, print_table
from services.clock import system_clock
from services.database import connect_as
from services.plan_policies import load_policies_now
from services.policy_files import (
    PolicyFile,
    faults_of_all,
    has_policy,
    preset_names,
    read_default_policy,
    read_override,
    read_plan_policy,
    read_preset,
)
from services.policy_simulation import simulate as simulate_policy
from services.policy_simulation import window_of

preset_option = click.option("--preset", help="已知地方规则的范本。 A preset of a known local rule.")


@click.group()
def policy() -> None:
    """预警政策：列出、查看、检查、比较、试算、应用。 The policies of the plans."""


@policy.command(name="list")
@plans_dir_option
@json_option
def list_policies(plans_dir: Path, as_json: bool) -> None:
    """列出默认政策、范本和各规划的政策（取自文件）。 The policies of the files."""
    rows = [{"kind": "default", "name": DEFAULT, "version": read_default_policy(plans_dir).policy.version, "title": ""}]
    for name in preset_names(plans_dir):
        file = read_preset(plans_dir, name)
        title = (file.overrides or {}).get("title", {}).get("zh", "")
        rows.append({"kind": "preset", "name": name, "version": file.policy.version, "title": title})
    for plan in _plans(plans_dir).values():
        version = read_plan_policy(plans_dir, plan).policy.version
        rows.append({"kind": "plan", "name": plan.plan_id, "version": version, "title": plan.title.zh})
    if as_json:
        print_json(rows)
    else:
        print_table("政策", ("类别", "名称", "版本", "说明"), [tuple(row.values()) for row in rows])


@policy.command()
@click.argument("plan_id", metavar="PLAN", required=False)
@preset_option
@plans_dir_option
@json_option
def show(plan_id: str | None, preset: str | None, plans_dir: Path, as_json: bool) -> None:
    """显示一个规划或范本的完整政策及其来源。 The complete policy of a plan or a preset, and its sources."""
    file = _file(plans_dir, plan_id, preset)
    own = {
        name: value for name, value in (file.overrides or {}).items() if name in ("title", "sources", "not_expressed")
    }
    if as_json:
        print_json({"policy": file.document, "overrides": file.overrides})
        return
    click.echo(yaml.safe_dump({**own, **file.document}, allow_unicode=True, sort_keys=False, width=120), nl=False)


@policy.command()
@plans_dir_option
@json_option
def check(plans_dir: Path, as_json: bool) -> None:
    """检查全部政策文件，一次列出全部错误。 Every fault of every policy file; ends with status 1 where there is one."""
    faults = faults_of_all(plans_dir, _plans(plans_dir).values())
    rows = [{"file": fault.file, "path": fault.path, **fault.reason.as_mapping()} for fault in faults]
    if as_json:
        print_json({"faults": rows})
    elif rows:
        listed = [(row["file"], row["path"], f"{row['zh']}\n{row['en']}") for row in rows]
        print_table(f"错误 {len(rows)} 处", ("文件", "位置", "原因"), listed)
    else:
        click.echo("政策文件没有错误。 The policy files have no faults.")
    if rows:
        raise click.exceptions.Exit(1)


@policy.command()
@click.argument("plan_id", metavar="PLAN")
@preset_option
@plans_dir_option
@data_dir_option
def diff(plan_id: str, preset: str | None, plans_dir: Path, data_dir: Path | None) -> None:
    """比较规划现行政策与文件或范本。 What a plan's file, or a preset, changes against the policy in force."""
    wanted = _file(plans_dir, None if preset else plan_id, preset)
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        _applied(applied_plans(connection), plan_id)
        row = connection.execute(_IN_FORCE, {"plan": plan_id}).fetchone()
    assert row is not None
    changes = differences(row[0], wanted.document)
    print_table(f"{plan_id}：{len(changes)} 处不同", ("位置", "现行", "拟改"), changes)


@policy.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@preset_option
@click.option("--plan", "plan_id", required=True, metavar="PLAN", help="规划。 The plan.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="首日。 First day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="末日（含）。 Last day, included.")
@plans_dir_option
@data_dir_option
@json_option
def simulate(
    file: Path | None,
    preset: str | None,
    plan_id: str,
    first: datetime,
    last: datetime,
    plans_dir: Path,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """以另一政策重演历史，列出哪些预警和邮件会不同；不改动任何数据。 Try a policy on the past; nothing is written.

    \b
    planwatch policy simulate my-policy.yaml --plan zhongwei --from 2022-01-01 --to 2022-12-31
    planwatch policy simulate --preset yinchuan --plan zhongwei --from 2022-01-01 --to 2022-12-31 --json
    """
    if (file is None) == (preset is None):
        raise click.UsageError("请给出政策文件或 --preset 之一。 Give either a FILE or --preset.")
    if last < first:
        raise click.UsageError("--to 早于 --from。 --to is before --from.")
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        plan = _applied(applied_plans(connection), plan_id)
        changed = read_override(plans_dir, file, plan) if file else read_preset(plans_dir, preset or "", plan)
        window = window_of(_day(first), _day(last))
        found = simulate_policy(connection, plan_id, changed.policy, window, working_calendar())
    if as_json:
        print_json(simulation_as_json(found, plan, _day(first), _day(last)))
    else:
        print_simulation(found, plan, _day(first), _day(last))


@policy.command()
@click.argument("plans", nargs=-1)
@click.option("--rejudge", is_flag=True, help="并按新政策重新评价。 Judge all figures anew under the new policy.")
@plans_dir_option
@data_dir_option
def apply(plans: tuple[str, ...], rejudge: bool, plans_dir: Path, data_dir: Path | None) -> None:
    """使政策文件生效；有任何错误则一个也不生效。 Put the policies of the files in force, all or none.

    在办预警已定的期限不变；等级待下次评价按新政策核定，--rejudge 则即时重新评价。PLANS 只限定重新评价哪些规划。
    Open cases keep their deadlines; levels follow with the next verdict, or now with --rejudge (of PLANS, or all).
    """
    faults = faults_of_all(plans_dir, _plans(plans_dir).values())
    if faults:
        raise InvalidPolicy.of(faults)
    with connect_as(find_running(data_dir).database_url) as connection:
        hold_catalogue_exclusively(connection)
        known = applied_plans(connection)
        wanted = [_applied(known, plan_id) for plan_id in plans] or known
        before = load_policies_now(connection)
        now = system_clock()
        apply_policy(connection, plans_dir, now)
        after = load_policies_now(connection)
        if rejudge:
            for plan in wanted:
                judge_anew(connection, plan, now)
    for plan in known:
        old, new = before.current(plan.plan_id).version, after.current(plan.plan_id).version
        click.echo(f"{plan.plan_id}: {old} → {new}" if old != new else f"{plan.plan_id}: {new} 未变 unchanged")
    if rejudge:
        click.echo(f"已请求重新评价 judged anew: {', '.join(plan.plan_id for plan in wanted)}")


_IN_FORCE = """
    SELECT coalesce(
        (SELECT document FROM plan_policies WHERE plan_id = %(plan)s ORDER BY application_no DESC LIMIT 1),
        (SELECT document FROM policies ORDER BY applied_at DESC, policy_version DESC LIMIT 1))
"""


def _plans(plans_dir: Path) -> Mapping[str, Plan]:
    """The plans whose files can be read; what is wrong with the others is for `planwatch plan check` to say."""
    read, _ = scan_catalogue(plans_dir, plan_ids(plans_dir))
    return {plan_id: file.plan for plan_id, file in read.items()}


def _file(plans_dir: Path, plan_id: str | None, preset: str | None) -> PolicyFile:
    if (plan_id is None) == (preset is None):
        raise click.UsageError("请给出规划或 --preset 之一。 Give either a PLAN or --preset.")
    if preset is not None:
        return read_preset(plans_dir, preset)
    plan = _plans(plans_dir).get(plan_id or "")
    if plan is None:
        raise click.BadParameter(f"没有规划 {plan_id} / there is no plan {plan_id}")
    return read_plan_policy(plans_dir, plan) if has_policy(plans_dir, plan.plan_id) else read_default_policy(plans_dir)


def _applied(plans: list[Plan], plan_id: str) -> Plan:
    found: Any = next((plan for plan in plans if plan.plan_id == plan_id), None)
    if found is None:
        raise click.BadParameter(f"{plan_id} 尚未应用 / is not applied yet")
    plan: Plan = found
    return plan


def _day(moment: datetime) -> date:
    return moment.date()
