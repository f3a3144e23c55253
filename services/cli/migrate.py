"""`planwatch migrate`: bring the schema up to date."""

from __future__ import annotations

import os
from pathlib import Path

import click
from psycopg import sql

from services.cli.connection import data_dir_option, find_running
from services.database import connect_as
from services.database.migrate import migrate as apply_migrations

LOGINS = {
    "PLANWATCH_INGEST_PASSWORD": "planwatch_ingest",
    "PLANWATCH_EVALUATE_PASSWORD": "planwatch_evaluate",
    "PLANWATCH_ALERTS_PASSWORD": "planwatch_alerts",
    "PLANWATCH_READER_PASSWORD": "planwatch_reader",
}
"""Environment variable with a password → the role that may log in with it."""


@click.command()
@data_dir_option
def migrate(data_dir: Path | None) -> None:
    """升级数据库结构（只进不退）。 Apply the migrations that are missing.

    环境变量 PLANWATCH_INGEST_PASSWORD、PLANWATCH_EVALUATE_PASSWORD、PLANWATCH_ALERTS_PASSWORD、
    PLANWATCH_READER_PASSWORD 给出口令时，各服务的角色可以此登录，权限仅限其所需；
    planwatch_reader 只读，供页面与 Grafana 使用。
    """
    database_url = find_running(data_dir).database_url
    for name in apply_migrations(database_url):
        click.echo(f"已应用 applied: {name}")
    for variable, role in LOGINS.items():
        if password := os.environ.get(variable):
            let_log_in(database_url, role, password)
            click.echo(f"可登录 may log in: {role}")


def let_log_in(database_url: str, role: str, password: str) -> None:
    """Let a service's role log in with a password, so that no service needs the owner's."""
    with connect_as(database_url) as connection:
        statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
        connection.execute(statement)
