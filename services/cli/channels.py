"""`planwatch channel`: the channels beside the mail: are they understood, what waits for them, do they answer."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import click

from services.alerts.channels.configuration import Channel, ChannelsInvalid, read_channels
from services.alerts.channels.delivery import checked_destination, hand_over
from services.alerts.channels.webhook import ChannelDeferred, ChannelRefused
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table
from services.clock import system_clock
from services.database import connect_as

file_option = click.option(
    "--file",
    "path",
    envvar="PLANWATCH_CHANNELS",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="渠道文件；默认取自 PLANWATCH_CHANNELS。 The file of channels.",
)


@click.group()
def channel() -> None:
    """其他渠道：webhook、企业微信、钉钉、飞书等。 Channels beside the mail."""


@channel.command()
@file_option
def check(path: Path) -> None:
    """核对渠道文件及其密钥，列出全部错误。 Check the file and its secrets; every fault is named."""
    faults = []
    channels = _read(path)
    for one in channels:
        try:
            checked_destination(one, os.environ)
        except ChannelsInvalid as error:
            faults += error.faults
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.exceptions.Exit(1)
    click.echo(f"渠道 channels: {len(channels)}，没有错误 no faults")


@channel.command("list")
@file_option
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def list_channels(path: Path, as_json: bool, data_dir: Path | None) -> None:
    """列出渠道、各自收什么、已送达和等待的消息。 The channels, what they want, what was delivered and what waits."""
    channels = _read(path)
    with connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection:
        counts = {
            (name, state): number
            for name, state, number in connection.execute(
                "SELECT channel, state, count(*) FROM channel_messages GROUP BY 1, 2"
            )
        }
    unknown = {name for name, _ in counts} - {one.name for one in channels}
    rows = [_row(one, counts) for one in channels]
    rows += [{"name": name, "kind": None, **_states(name, counts)} for name in sorted(unknown)]
    if as_json:
        print_json(rows)
        return
    print_table(
        f"渠道 {len(channels)} 个",
        ("名称", "种类", "规划", "单位", "等级", "语言", "等待", "已送达", "作罢"),
        [
            (
                row["name"],
                row["kind"] or "已不在文件中",
                "、".join(row.get("plans", ())) or "全部",
                "、".join(row.get("agencies", ())) or "全部",
                "、".join(row.get("levels", ())),
                row.get("language"),
                row["pending"],
                row["sent"],
                row["refused"],
            )
            for row in rows
        ],
    )


@channel.command()
@click.argument("name")
@file_option
def test(name: str, path: Path) -> None:
    """向一个渠道发送一条标明为测试的消息。 Send a message that says it is a test."""
    found = next((one for one in _read(path) if one.name == name), None)
    if found is None:
        raise click.BadParameter(f"没有渠道“{name}” / there is no such channel")
    now = system_clock()
    identity = f"{name}-test-{int(now.timestamp())}"
    body = {
        "id": identity,
        "at": now.isoformat(),
        "test": True,
        "title": "【测试】规划监测 Planwatch test",
        "text": "这是一条测试消息，不对应任何预警。 This is a test; there is no warning behind it.",
        "url": os.environ.get("PLANWATCH_PUBLIC_URL", ""),
    }
    destination = checked_destination(found, os.environ)
    try:
        asyncio.run(hand_over(found, destination, identity, json.dumps(body, ensure_ascii=False), system_clock))
    except (ChannelDeferred, ChannelRefused) as error:
        raise click.ClickException(f"{name}: {error}") from error
    click.echo(f"已送达 delivered: {name}")


def _read(path: Path) -> tuple[Channel, ...]:
    try:
        return read_channels(path)
    except ChannelsInvalid as error:
        raise click.ClickException("\n".join(error.faults)) from error


def _row(one: Channel, counts: dict[tuple[str, str], int]) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "plans": sorted(one.plans),
        "agencies": sorted(one.agencies),
        "levels": [level.code for level in sorted(one.levels, reverse=True)],
        "language": one.language,
        **_states(one.name, counts),
    }


def _states(name: str, counts: dict[tuple[str, str], int]) -> dict[str, int]:
    return {state: counts.get((name, state), 0) for state in ("pending", "sent", "refused")}
