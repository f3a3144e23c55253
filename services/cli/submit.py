"""`planwatch submit`: send a file to the gateway, and show its receipt."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import click

from services.cli.connection import Running, data_dir_option, find_running
from services.cli.printing import print_json, print_table
from services.database import connect_as
from services.errors import Permanent, Retriable, SettingsInvalid

CONTENT_TYPES = {".csv": "text/csv", ".json": "application/json", ".txt": "text/csv"}
WAIT_S = 30


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--plan", "plan_id", default="", help="报送到哪个规划；不写则按文件内容判断。 Under which plan.")
@click.option("--agency", "agency_id", default="", help="以哪个单位的密钥报送（仅内置运行）。 Whose key to use.")
@click.option("--key", "api_key", default="", envvar="PLANWATCH_API_KEY", help="报送密钥。 The API key.")
@click.option("--gateway", default="", envvar="PLANWATCH_GATEWAY_URL", help="报送网关地址。 Address of the gateway.")
@click.option("--simulated", is_flag=True, help="标明为模拟数据。 Mark the figures as simulated.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出回执。 The receipt as JSON.")
@data_dir_option
def submit(
    file: Path,
    plan_id: str,
    agency_id: str,
    api_key: str,
    gateway: str,
    simulated: bool,
    as_json: bool,
    data_dir: Path | None,
) -> None:
    """报送一个 CSV 或 JSON 文件，立即得到回执。 Send a CSV or JSON file; the receipt names every faulty cell.

    \b
    CSV 第一行为表头，至少有三列：指标、时期、数值（或 INDICATOR、TIME_PERIOD、OBS_VALUE）。
    指标可写序号、编号或印发名称；缺数请留空或填“-”。可加：地区、数据状态、单位、口径。
        指标,地区,时期,数值
        5,640500,2021,99.7
    \b
    任务和工程的进展也这样报：
        项目编号,时期,进展状态,形象进度,累计交付数量,累计完成投资（万元）,预计完成时间
        zhongwei-project-03,2022,进行中,45,,1250.5,2025
    重复报送同一文件不产生新数据；更正的数值作为新的版本保存。
    """
    content = file.read_bytes()
    running = Running("", "") if gateway and api_key else find_running(data_dir)
    if not api_key and not agency_id:
        plan_id = plan_id or _plan_named_in(content, running)
        agency_id = _coordinating_agency(plan_id, running)
    gateway, key = gateway or running.gateway_url, api_key or _kept_key(running, agency_id)
    query = {name: value for name, value in (("plan", plan_id), ("simulated", "true" if simulated else "")) if value}
    content_type = CONTENT_TYPES.get(file.suffix.lower())
    if content_type is None:
        raise click.BadParameter(f"{file.name}：应为 .csv 或 .json / expected .csv or .json")
    receipt = asyncio.run(send(gateway, key, content, content_type, query))
    if as_json:
        print_json(receipt)
    else:
        _print_receipt(receipt)
    if receipt["outcome"] == "refused":
        raise click.exceptions.Exit(1)


async def send(
    gateway: str, key: str, content: bytes, content_type: str, query: dict[str, str], *, wait_s: float = WAIT_S
) -> dict[str, Any]:
    """Send one submission and wait until it is evaluated.

    Returns:
        The receipt, with `evaluated_at` where the evaluation came within `wait_s` seconds.
    Raises:
        Permanent: the gateway refused it as a whole; the message is the gateway's.
        Retriable: the gateway cannot be reached.
    """
    headers = {"Authorization": f"Bearer {key}"}
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as session:
            url = f"{gateway}/v1/submissions"
            answer = await session.post(url, data=content, params=query, headers={"Content-Type": content_type})
            receipt: dict[str, Any] = await answer.json()
            if "submission_id" not in receipt:
                reason = receipt["reason"]
                raise Permanent(f"{reason['zh']} / {reason['en']}")
            outcome, waited_until = receipt["outcome"], time.monotonic() + wait_s
            while receipt["evaluated_at"] is None and time.monotonic() < waited_until:
                await asyncio.sleep(0.1)
                receipt = await (await session.get(f"{url}/{receipt['submission_id']}")).json()
            return {**receipt, "outcome": outcome}
    except aiohttp.ClientError as error:
        raise Retriable(f"报送网关 {gateway} 无法连接 / the gateway cannot be reached: {error}") from error


def _plan_named_in(content: bytes, running: Running) -> str:
    """The plan whose id, area code, or ids or names of indicators, tasks, projects or services stand in a file.

    Raises:
        SettingsInvalid: no plan or more than one fits.
    """
    text = content.decode("utf-8" if _is_utf8(content) else "gb18030", errors="replace")
    with connect_as(running.database_url, "planwatch_reader") as connection:
        rows = connection.execute(
            """
            SELECT p.plan_id, p.ref_area, ARRAY(
                SELECT name
                FROM indicators AS i CROSS JOIN unnest(ARRAY[indicator_id, name_zh, commitment_id]) AS name
                WHERE (i.plan_id, i.plan_version) = (p.plan_id, p.plan_version) AND name IS NOT NULL
                UNION SELECT jsonb_path_query(p.document, '$.projects[*].name') #>> '{}'
                UNION SELECT jsonb_path_query(p.document, '$.tasks[*].title ? (@ != null)') #>> '{}'
                UNION SELECT jsonb_path_query(p.document, '$.service_items[*].name') #>> '{}'
            )
            FROM current_plans AS p ORDER BY 1
            """
        ).fetchall()
    fitting = [plan_id for plan_id, ref_area, _ in rows if f'"{plan_id}"' in text or ref_area in text]
    if len(fitting) != 1:
        matches = {plan_id: sum(name in text for name in names) for plan_id, _, names in rows}
        fitting = [plan_id for plan_id, count in matches.items() if count and count == max(matches.values())]
    if len(fitting) != 1:
        plans = "、".join(plan_id for plan_id, _, _ in rows)
        raise SettingsInvalid(
            f"看不出文件属于哪个规划，请用 --plan 指明（{plans}）/ cannot tell the plan; name it with --plan ({plans})"
        )
    return str(fitting[0])


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _coordinating_agency(plan_id: str, running: Running) -> str:
    with connect_as(running.database_url, "planwatch_reader") as connection:
        row = connection.execute(
            "SELECT document ->> 'coordinating_agency' FROM current_plans WHERE plan_id = %s", (plan_id,)
        ).fetchone()
    if row is None:
        raise SettingsInvalid(f"没有规划“{plan_id}” / there is no plan “{plan_id}”")
    return str(row[0])


def _kept_key(running: Running, agency_id: str) -> str:
    keys = running.keys or {}
    if agency_id not in keys:
        raise SettingsInvalid(
            f"没有 {agency_id} 的报送密钥，请用 --key 或 PLANWATCH_API_KEY 给出（本机有：{'、'.join(keys) or '无'}）"
            f" / no key of {agency_id}; give one with --key or PLANWATCH_API_KEY"
        )
    return keys[agency_id]


def _print_receipt(receipt: dict[str, Any]) -> None:
    click.echo(f"{receipt['summary']['zh']}（{receipt['summary']['en']}）")
    click.echo(f"回执 receipt: {receipt['submission_id']}  时期 periods: {receipt['periods']}")
    click.echo(f"接收 received: {receipt['received_at']}  评价 evaluated: {receipt['evaluated_at'] or '…'}")
    if receipt["findings"]:
        rows = [
            (f["row"], f["field"], f["value"], f"{f['reason']['zh']}\n{f['reason']['en']}") for f in receipt["findings"]
        ]
        print_table("退回的行", ("行", "列", "填报值", "原因"), rows)
