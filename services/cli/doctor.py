"""`planwatch doctor`: is everything there, and does everything move?"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import click

from services.cli.connection import Running, data_dir_option, find_running
from services.cli.grafana import check_grafana
from services.cli.printing import print_table
from services.database import connect_as
from services.database.migrate import migration_names
from services.topics import TOPICS, incarnations

Finding = tuple[str, bool, str]


@click.command()
@data_dir_option
def doctor(data_dir: Path | None) -> None:
    """逐项检查数据库、消息服务器与各服务。 Check the database, the broker and every service.

    设置了 PLANWATCH_GRAFANA_URL（含用户名与口令）时，也检查 Grafana 与其看板。
    """
    running = find_running(data_dir)
    checks: list[tuple[str, Callable[[], str]]] = [
        ("Python", _python),
        ("数据库 database", lambda: _database(running)),
        ("数据库结构 migrations", lambda: _migrations(running)),
        ("规划 plans", lambda: _plans(running)),
        ("未评价 unevaluated", lambda: _unevaluated(running)),
        ("消息服务器 broker", lambda: _broker(running)),
        *((f"服务 {url}", lambda url=url: _service(url)) for url in _service_urls(running)),
    ]
    if grafana_url := os.environ.get("PLANWATCH_GRAFANA_URL"):
        checks.append(("Grafana", lambda: check_grafana(grafana_url)))
    findings = [_run(name, check) for name, check in checks]
    print_table(
        "检查结果",
        ("项目", "结果", "说明"),
        [(name, "正常 ok" if ok else "异常 BAD", text) for name, ok, text in findings],
    )
    if not all(ok for _, ok, _ in findings):
        raise click.exceptions.Exit(1)


def _run(name: str, check: Callable[[], str]) -> Finding:
    try:
        return name, True, check()
    except Exception as error:
        return name, False, f"{type(error).__name__}: {error}"


def _python() -> str:
    return sys.version.split()[0]


def _database(running: Running) -> str:
    with connect_as(running.database_url) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'),"
            " (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')"
        ).fetchone()
    assert row is not None
    return f"PostgreSQL {row[0]}，TimescaleDB {row[1] or '未安装，使用普通表 (plain tables)'}"


def _migrations(running: Running) -> str:
    with connect_as(running.database_url) as connection:
        done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
    missing = [name for name in migration_names() if name not in done]
    if missing:
        raise LookupError(f"缺少 missing: {', '.join(missing)}")
    return f"{len(done)} 项已应用"


def _plans(running: Running) -> str:
    with connect_as(running.database_url, "planwatch_reader") as connection:
        rows = connection.execute("SELECT plan_id, max(plan_version) FROM plans GROUP BY 1 ORDER BY 1").fetchall()
    return "、".join(f"{plan_id} v{version}" for plan_id, version in rows)


def _unevaluated(running: Running) -> str:
    with connect_as(running.database_url, "planwatch_reader") as connection:
        row = connection.execute(
            "SELECT count(*), min(received_at) FROM submissions WHERE evaluated_at IS NULL"
        ).fetchone()
    assert row is not None
    return f"{row[0]} 份报送等待评价" + (f"，最早 {row[1]}" if row[0] else "")


def _broker(running: Running) -> str:
    found = incarnations(running.kafka, TOPICS)
    return f"{running.kafka}，{len(found)} 个主题"


def _service_urls(running: Running) -> list[str]:
    urls = (running.gateway_url, running.evaluate_url, running.alerts_url, running.pages_url)
    return [url for url in urls if url]


def _service(url: str) -> str:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=10) as answer:  # noqa: S310
            document = json.load(answer)
    except urllib.error.HTTPError as error:
        document = json.load(error)
    details = "；".join(f"{name}: {check['detail']}" for name, check in document["checks"].items())
    if not document["healthy"]:
        raise RuntimeError(details)
    return details
