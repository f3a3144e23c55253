"""`planwatch audit`: proves that the history of the cases is what was written, and that nothing was missed."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from psycopg import Connection

from planwatch.case.ledger import LedgerFault, LedgerRow, verify_chain
from planwatch.case.model import added_up
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from services.alerts.audit_rounds import AuditRounds
from services.alerts.sender import ROLE
from services.alerts.working_calendar import working_calendar
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table
from services.clock import system_clock
from services.database import connect_as, open_pool
from services.settings import AUDIT_EVERY_S, MAIL_LATE_S


@click.group()
def audit() -> None:
    """核验：预警经过是否原样保存，通知有无遗漏。 Whether the history is what was written and nothing was missed."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def verify(as_json: bool, data_dir: Path | None) -> None:
    """逐条核验预警经过的散列链；发现改写、删除或插入即以状态 1 结束。 Find changed, removed and inserted rows.

    每条链的末尾散列（head）应另行留存：连同整条链一起被重写时，只有与留存的散列比对才能发现。
    Keep the printed heads elsewhere: only they tell when a whole chain was written anew.
    """
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        report = verification(connection)
    if as_json:
        print_json(report)
    else:
        click.echo(f"经过 entries: {report['entries']}，问题 faults: {len(report['faults'])}")
        print_table(
            "问题",
            ("规划", "条目", "问题"),
            [(fault["plan"], fault["entry"], f"{fault['zh']} / {fault['en']}") for fault in report["faults"]],
        )
        print_table(
            "链的末尾", ("规划", "条数", "散列"), [(h["plan"], h["entries"], h["hash"]) for h in report["heads"]]
        )
    if report["faults"]:
        raise click.exceptions.Exit(1)


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@click.option(
    "--mail-late-s",
    type=click.IntRange(min=1),
    default=MAIL_LATE_S,
    show_default=True,
    help="邮件最多可等待的秒数。 Seconds that a mail may wait.",
)
@data_dir_option
def run(as_json: bool, mail_late_s: int, data_dir: Path | None) -> None:  # fmt: skip
    """立即审计一次并保存结果；有问题即以状态 1 结束。 Audit now and keep the result; status 1 if there are findings."""
    database_url = find_running(data_dir).database_url
    asyncio.run(_audit(database_url, mail_late_s))
    _print_last_run(database_url, as_json=as_json)


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def findings(as_json: bool, data_dir: Path | None) -> None:
    """最近一次审计的结果；有问题即以状态 1 结束。 The newest audit's result; status 1 if there are findings."""
    _print_last_run(find_running(data_dir).database_url, as_json=as_json)


async def _audit(database_url: str, mail_late_s: int) -> None:
    async with open_pool(database_url, ROLE) as pool:
        rounds = AuditRounds(pool, working_calendar(), system_clock, every_s=AUDIT_EVERY_S, mail_late_s=mail_late_s)
        if await rounds.make() is None:
            raise click.ClickException(
                "另一进程正在审计，请稍后再试 / another process audits at this moment; try again"
            )


def _print_last_run(database_url: str, *, as_json: bool) -> None:
    with connect_as(database_url, "planwatch_reader") as connection:
        row = connection.execute(
            "SELECT at, took_s, findings, checks, listed FROM audit_runs ORDER BY at DESC, run_no DESC LIMIT 1"
        ).fetchone()
    if row is None:
        raise click.ClickException(
            "还没有审计过；用 planwatch audit run / there has been no audit; planwatch audit run"
        )
    at, took_s, number, checks, listed = row
    if as_json:
        print_json({"at": at, "took_s": took_s, "findings": number, "checks": checks, "listed": listed})
    else:
        _print_run(at, number, checks, listed)
    if number:
        raise click.exceptions.Exit(1)


def _print_run(at: datetime, number: int, checks: list[dict[str, Any]], listed: list[dict[str, Any]]) -> None:
    click.echo(f"审计于 audited at {at.astimezone(LOCAL_TIME):%Y-%m-%d %H:%M:%S}，问题 findings: {number}")
    print_table(
        "规则",
        ("代码", "规则", "核对", "问题"),
        [(check["code"], f"{check['zh']} / {check['en']}", check["examined"], check["findings"]) for check in checks],
    )
    print_table(
        "问题",
        ("代码", "对象", "自", "说明"),
        [(item["code"], item["subject"], _local(item["since"]), f"{item['zh']} / {item['en']}") for item in listed],
    )


def verification(connection: Connection[Any]) -> dict[str, Any]:
    """What is wrong with the chains, and whether every case is what its history adds up to."""
    heads = {
        plan_id: (entry_no, entry_hash)
        for plan_id, entry_no, entry_hash in connection.execute(
            "SELECT plan_id, entry_no, entry_hash FROM history_heads ORDER BY plan_id"
        )
    }
    chains: dict[str, list[LedgerRow]] = {plan_id: [] for plan_id in heads}
    for plan_id, *row in connection.execute(_ENTRIES):
        chains.setdefault(plan_id, []).append(LedgerRow(*row))
    faults = [
        _fault(plan_id, fault) for plan_id, rows in chains.items() for fault in verify_chain(rows, heads.get(plan_id))
    ]
    return {
        "entries": sum(map(len, chains.values())),
        "faults": faults + _deviations(connection),
        "heads": [
            {"plan": plan_id, "entries": entry_no, "hash": entry_hash}
            for plan_id, (entry_no, entry_hash) in heads.items()
        ],
    }


def _deviations(connection: Connection[Any]) -> list[dict[str, Any]]:
    """The cases whose row is not what their history adds up to."""
    found = []
    for case_id, plan_id, standing, history in connection.execute(_CASES):
        expected = added_up(history)
        if any(expected.get(field) != value for field, value in standing.items()):
            reason = Text(f"预警 {case_id} 的现状与经过不符", f"case {case_id} is not what its history adds up to")
            found.append(_fault(plan_id, LedgerFault(0, reason)))
    return found


def _fault(plan_id: str, fault: LedgerFault) -> dict[str, Any]:
    return {"plan": plan_id, "entry": fault.entry_no, **fault.reason.as_mapping()}


_ENTRIES = """
    SELECT plan_id, entry_no, history_content(h), previous_hash, entry_hash
    FROM warning_history AS h ORDER BY plan_id, entry_no
"""
_CASES = """
    SELECT w.case_id, w.plan_id,
           jsonb_build_object('state', w.state, 'level', w.level, 'episode', w.episode, 'owner', w.agency_id,
                              'cause', w.cause, 'time_period', w.time_period, 'kind', w.kind,
                              'plan_version', w.plan_version),
           coalesce((SELECT jsonb_agg(h.changes ORDER BY h.step) FROM warning_history AS h WHERE h.case_id = w.case_id),
                    '[]')
    FROM early_warnings AS w ORDER BY w.case_id
"""


def _local(moment: str | None) -> str | None:
    return f"{datetime.fromisoformat(moment).astimezone(LOCAL_TIME):%Y-%m-%d %H:%M:%S}" if moment else None
