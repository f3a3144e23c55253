"""`planwatch migrate`: bring the schema up to date."""

from __future__ import annotations

import os
from pathlib import Path

import click
from psycopg import sql

from services.cli.connection import data_dir_option, find_running
from services.database import connect_as
from services.database.migrate import migrate as apply_migrations

DASHBOARD_LOGIN = "planwatch_grafana"


@click.command()
@data_dir_option
def migrate(data_dir: Path | None) -> None:
    """升级数据库结构（只进不退）。 Apply the migrations that are missing.

    设置了 PLANWATCH_READER_PASSWORD 时，同时建立只读登录 planwatch_grafana，供 Grafana 使用。
    """
    database_url = find_running(data_dir).database_url
    for name in apply_migrations(database_url):
        click.echo(f"已应用 applied: {name}")
    password = os.environ.get("PLANWATCH_READER_PASSWORD", "")
    if password:
        set_dashboard_login(database_url, password)
        click.echo(f"只读登录 read-only login: {DASHBOARD_LOGIN}")


def set_dashboard_login(database_url: str, password: str) -> None:
    """Create the read-only login for dashboards, or give it a new password."""
    login = sql.Identifier(DASHBOARD_LOGIN)
    with connect_as(database_url) as connection:
        known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (DASHBOARD_LOGIN,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE planwatch_reader").format(login))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(login, sql.Literal(password)))
        connection.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(login))
