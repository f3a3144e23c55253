"""`planwatch deadletter`: records that could not be understood; look at them, and send them again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click
from kafka import KafkaProducer
from kafka.errors import KafkaError
from psycopg import Connection
from psycopg.rows import dict_row

from planwatch.local_time import LOCAL_TIME
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table
from services.clock import system_clock
from services.database import connect_as
from services.errors import BrokerUnavailable

json_option = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")


@click.group()
def deadletter() -> None:
    """无法识别的记录：查看与重放。 Records set aside, with their bytes and the reason."""


@deadletter.command("list")
@json_option
@data_dir_option
def list_letters(as_json: bool, data_dir: Path | None) -> None:
    """列出全部。 All of them, newest first."""
    with connect_as(find_running(data_dir).database_url) as connection:
        rows = _read(connection, "true", ())
    if as_json:
        print_json([{name: cell for name, cell in row.items() if not isinstance(cell, bytes)} for row in rows])
        return
    print_table(
        f"死信 {len(rows)} 件",
        ("编号", "主题", "分区", "位移", "原因", "记录时间", "已重放"),
        [
            (
                row["dead_letter_id"],
                row["topic"],
                row["partition"],
                row["record_offset"],
                row["reason_zh"],
                f"{row['recorded_at'].astimezone(LOCAL_TIME):%Y-%m-%d %H:%M:%S}",
                "是" if row["replayed_at"] else "",
            )
            for row in rows
        ],
    )


@deadletter.command()
@click.argument("dead_letter_id")
@data_dir_option
def show(dead_letter_id: str, data_dir: Path | None) -> None:
    """显示一条记录的原文与原因。 The original bytes of one record, and why it was set aside."""
    with connect_as(find_running(data_dir).database_url) as connection:
        row = _one(connection, dead_letter_id)
    click.echo(f"{row['topic']}[{row['partition']}]@{row['record_offset']}")
    click.echo(f"{row['reason_zh']}\n{row['reason_en']}\n")
    click.echo(bytes(row["record_value"]).decode(errors="backslashreplace"))


@deadletter.command()
@click.argument("dead_letter_id")
@data_dir_option
def replay(dead_letter_id: str, data_dir: Path | None) -> None:
    """将记录原样重新送入原主题（原因排除之后）。 Send it again once its cause is removed; twice does no harm."""
    running = find_running(data_dir)
    with connect_as(running.database_url) as connection:
        row = _one(connection, dead_letter_id)
        try:
            with closing(KafkaProducer(bootstrap_servers=running.kafka.split(","))) as producer:
                producer.send(row["topic"], key=row["record_key"], value=bytes(row["record_value"])).get(30)
        except KafkaError as error:
            raise BrokerUnavailable(f"Kafka {running.kafka} 不可用 / is unavailable: {error}") from error
        connection.execute(
            "UPDATE dead_letters SET replayed_at = %s WHERE dead_letter_id = %s",
            (system_clock(), row["dead_letter_id"]),
        )
    click.echo(f"已重放 replayed: {row['dead_letter_id']} → {row['topic']}")


def _one(connection: Connection[Any], dead_letter_id: str) -> dict[str, Any]:
    rows = _read(connection, "starts_with(dead_letter_id, %s)", (dead_letter_id,))
    if len(rows) != 1:
        raise click.BadParameter(f"“{dead_letter_id}” 对应 {len(rows)} 件 / matches {len(rows)} dead letters")
    return rows[0]


def _read(connection: Connection[Any], condition: str, arguments: tuple[Any, ...]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        query = f"SELECT * FROM dead_letters WHERE {condition} ORDER BY recorded_at DESC"  # noqa: S608
        return cursor.execute(query.encode(), arguments).fetchall()
