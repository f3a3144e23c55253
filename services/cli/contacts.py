"""`planwatch contact`: who gets an agency's mails from when to when, and who stands in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from psycopg.rows import dict_row

from planwatch.local_time import LOCAL_TIME
from services.cli.connection import data_dir_option, find_running
from services.cli.printing import print_json, print_table
from services.clock import system_clock
from services.database import connect_as


@click.group()
def contact() -> None:
    """联系人：单位的邮件由谁收，何时由谁代收。 Who gets an agency's mails, and who stands in when."""


@contact.command()
@click.argument("agency_id")
@click.argument("name")
@click.argument("email")
@click.option("--from", "valid_from", help="首日，如 2026-03-01；默认今日。 First day; today unless given.")
@click.option("--until", "valid_until", help="末日；不写则长期有效。 Last day; open-ended unless given.")
@click.option("--substitute", is_flag=True, help="在此期间代替常任联系人。 Stands in for the contact on these days.")
@data_dir_option
def add(
    agency_id: str,
    name: str,
    email: str,
    valid_from: str | None,
    valid_until: str | None,
    substitute: bool,
    data_dir: Path | None,
) -> None:
    """登记一个单位的联系人。 Enter a contact of an agency."""
    first = _day(valid_from) or system_clock().astimezone(LOCAL_TIME).date()
    last = _day(valid_until)
    if last is not None and last < first:
        raise click.BadParameter(f"末日 {last} 早于首日 {first} / the last day precedes the first")
    if "@" not in email or any(sign.isspace() for sign in email):
        raise click.BadParameter(f"“{email}” 不是邮箱地址 / is not an address")
    with connect_as(find_running(data_dir).database_url) as connection:
        if connection.execute("SELECT FROM agencies WHERE agency_id = %s", (agency_id,)).fetchone() is None:
            raise click.BadParameter(f"没有单位“{agency_id}” / there is no such agency")
        connection.execute(
            """
            INSERT INTO agency_contacts (agency_id, name, email, is_substitute, valid_from, valid_until)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (agency_id, email, valid_from) DO UPDATE SET
                name = EXCLUDED.name, is_substitute = EXCLUDED.is_substitute, valid_until = EXCLUDED.valid_until
            """,
            (agency_id, name, email, substitute, first, last),
        )
        connection.execute("DELETE FROM undeliverable_addresses WHERE email = lower(%s)", (email,))
    click.echo(f"已登记 entered: {agency_id} {name} <{email}> {first} – {last or '—'}")


@contact.command()
@click.argument("agency_id")
@click.argument("email")
@data_dir_option
def resubscribe(agency_id: str, email: str, data_dir: Path | None) -> None:
    """恢复一个邮箱退订过的邮件。 Let an address have again what it has unsubscribed from."""
    with connect_as(find_running(data_dir).database_url) as connection:
        kinds = connection.execute(
            "DELETE FROM unsubscribed WHERE (agency_id, email) = (%s, %s) RETURNING mail_kind", (agency_id, email)
        ).fetchall()
    if not kinds:
        raise click.BadParameter(f"{agency_id} 的 {email} 没有退订过 / has not unsubscribed from anything")
    click.echo(f"已恢复 subscribed again: {agency_id} <{email}> {', '.join(sorted(kind for (kind,) in kinds))}")


@contact.command("list")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出。 As JSON.")
@data_dir_option
def list_contacts(as_json: bool, data_dir: Path | None) -> None:
    """列出全部联系人。 All contacts."""
    with (
        connect_as(find_running(data_dir).database_url, "planwatch_reader") as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        rows = cursor.execute(
            """
            SELECT c.*, u.since AS undeliverable_since
            FROM agency_contacts AS c LEFT JOIN undeliverable_addresses AS u ON u.email = lower(c.email)
            ORDER BY c.agency_id, c.valid_from, c.email
            """
        ).fetchall()
    if as_json:
        print_json(rows)
        return
    print_table(
        f"联系人 {len(rows)} 名",
        ("单位", "姓名", "邮箱", "代理", "首日", "末日", "退信"),
        [
            (
                row["agency_id"],
                row["name"],
                row["email"],
                "是" if row["is_substitute"] else "",
                row["valid_from"],
                row["valid_until"] or "",
                row["undeliverable_since"] or "",
            )
            for row in rows
        ],
    )


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"“{text}” 应为 2026-01-31 的形式 / is not a day") from error
