"""`planwatch up`: everything at once, on embedded servers or on given ones."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from planwatch.plan import Plan
from planwatch.printed_report import printed_reports
from services.catalogue import apply_plan, apply_policy
from services.catalogue_files import default_plans_dir, plan_ids, read_catalogue
from services.cli.connection import Running, write_running
from services.cli.keys import issue_key
from services.cli.printing import print_json
from services.cli.reading import read_assessments, read_mails, read_plans, read_submissions, read_warnings
from services.cli.submit import send
from services.cli.summary import print_addresses, print_summary
from services.cli.trial_accounts import print_sign_ins, trial_sign_ins
from services.clock import system_clock
from services.database import connect_as
from services.database.migrate import migrate
from services.embedded.data_dir import default_data_dir
from services.embedded.servers import EmbeddedServers, embedded_servers
from services.errors import Retriable
from services.milestones import apply_milestones, milestone_files, read_milestone_file
from services.program import free_ports
from services.supervisor import EventKind, ProgramEvent, Supervisor, health_fault, service_program

SERVICES = ("ingest", "evaluate", "alerts", "pages")
USUAL_PORTS = {"pages": 8321, "alerts": 8322}
"""Taken where they are free, so that links in mails and bookmarks live on after a restart."""
READY_S = 90
SETTLED_S = 90
DEMO_MAIL_DOMAIN = "planwatch.invalid"
KEYS_FILE = "keys.json"


@click.command()
@click.option("--once", is_flag=True, help="得到结果后即结束。 End once the result is there.")
@click.option(
    "--json", "as_json", is_flag=True, help="结果以一个 JSON 文档输出到标准输出。 The result as one JSON document."
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=default_data_dir,
    show_default="用户数据目录 user data directory",
    help="数据保存位置，下次运行接着用。 Where the data stay between runs.",
)
def up(once: bool, as_json: bool, data_dir: Path) -> None:
    """启动全部服务，载入五个规划，报送规划印发的数据，显示预警，并继续运行。 Start all, and keep serving.

    Start everything, load the five plans, submit the figures that they print, show what follows, keep serving.

    \b
    服务器默认内置（PostgreSQL、Kafka 兼容消息服务器、邮件捕获器），无需安装。
    设置 PLANWATCH_DATABASE_URL、PLANWATCH_KAFKA、PLANWATCH_SMTP_URL 则改用给定的服务器。
    Ctrl-C 停止；不留下任何进程。 Ctrl-C stops everything; nothing is left running.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    progress = Progress()
    with _started(data_dir, progress) as system:
        progress.say("报送规划印发的数据", "submitting the printed figures")
        submissions = asyncio.run(submit_printed(system.running, system.plans))
        progress.say("等待评价与邮件", "waiting for verdicts and mails")
        system.supervisor.wait_until_ready(READY_S)
        wait_until_settled(system.running.database_url, system.supervisor)
        document = read_result(system.running.database_url)
        document["accounts"] = _trial_sign_ins(system)
        progress.say(f"完成，用时 {progress.elapsed_s():.1f} 秒", "done")
        if as_json:
            print_json(document)
            sys.stdout.flush()
        else:
            print_summary(document, submissions)
            print_addresses(system.running)
            print_sign_ins(document["accounts"])
        if not once:
            _keep_serving(system, progress)
    progress.say("已停止", "stopped")


@dataclass(frozen=True, slots=True)
class System:
    """A running Planwatch: where it is, what it watches, who supervises it."""

    running: Running
    plans: list[Plan]
    supervisor: Supervisor
    servers: EmbeddedServers


def _trial_sign_ins(system: System) -> list[dict[str, Any]]:
    """Nobody gets into a database that is not Planwatch's own toy by a link that a command prints."""
    if os.environ.get("PLANWATCH_DATABASE_URL"):
        return []
    return trial_sign_ins(system.running.database_url, system.running.alerts_url, system.plans)


class Progress:
    """Tells on standard error what is being done."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def elapsed_s(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self._began

    def say(self, zh: str, en: str) -> None:
        """One line of progress."""
        with self._lock:
            click.echo(f"[{self.elapsed_s():5.1f}s] {zh} / {en}", err=True)

    def report(self, event: ProgramEvent) -> None:
        """One line for each server or service that is ready, or that is in trouble."""
        if event.kind not in (EventKind.STARTED, EventKind.STOPPED):
            self.say(f"{event.name} {event.text.zh}", f"{event.name} {event.text.en}")


@contextmanager
def _started(data_dir: Path, progress: Progress) -> Iterator[System]:
    given = {name: os.environ.get(f"PLANWATCH_{name.upper()}", "") for name in ("database_url", "kafka", "smtp_url")}
    progress.say("启动服务器", "starting the servers")
    with embedded_servers(data_dir, **given, report=progress.report) as servers:
        data_dir = data_dir.expanduser().absolute()
        progress.say("升级数据库结构，载入规划", "migrating, applying the plans")
        migrate(servers.database_url)
        plans = _apply_catalogue(servers)
        keys = _keys(data_dir, servers.database_url, plans)
        ports = dict(zip(SERVICES, _service_ports(), strict=True))
        running = _addresses(servers, ports, keys)
        environment = _environment(data_dir, servers, running)
        programs = [service_program(name, f"services.{name}", ports[name], environment) for name in SERVICES]
        with Supervisor(programs, servers.log_dir, report=progress.report) as supervisor:
            _wait_for_gateway(ports["ingest"], supervisor)
            path = write_running(data_dir, running)
            try:
                yield System(running, plans, supervisor, servers)
            finally:
                path.unlink(missing_ok=True)


def _apply_catalogue(servers: EmbeddedServers) -> list[Plan]:
    plans_dir = default_plans_dir()
    files = read_catalogue(plans_dir, plan_ids(plans_dir))
    with connect_as(servers.database_url) as connection:
        for file in files:
            apply_plan(connection, file, system_clock())
            for path in milestone_files(plans_dir, file.plan.plan_id):
                apply_milestones(connection, read_milestone_file(plans_dir, path), system_clock())
        apply_policy(connection, plans_dir, system_clock())
        if servers.maildir is not None:
            connection.execute(
                "UPDATE agencies SET email = agency_id || %s WHERE email IS NULL", (f"@{DEMO_MAIL_DOMAIN}",)
            )
    return [file.plan for file in files]


def _keys(data_dir: Path, database_url: str, plans: list[Plan]) -> dict[str, str]:
    """The keys of the coordinating agencies, kept in the data directory; what is missing is issued."""
    path = data_dir / KEYS_FILE
    keys: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    with connect_as(database_url) as connection:
        known = {agency for (agency,) in connection.execute("SELECT agency_id FROM api_keys WHERE revoked_at IS NULL")}
        wanted = {plan.coordinating_agency for plan in plans}
        for agency_id in sorted(wanted - (keys.keys() & known)):
            keys[agency_id] = issue_key(connection, agency_id, system_clock())
    _write_private(path, json.dumps(keys, indent=2))
    return {agency_id: keys[agency_id] for agency_id in sorted(wanted)}


def _service_ports() -> list[int]:
    ports = free_ports(len(SERVICES))
    return [
        USUAL_PORTS[name] if name in USUAL_PORTS and _is_free(USUAL_PORTS[name]) else port
        for name, port in zip(SERVICES, ports, strict=True)
    ]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _addresses(servers: EmbeddedServers, ports: Mapping[str, int], keys: dict[str, str]) -> Running:
    url = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    return Running(
        database_url=servers.database_url,
        kafka=servers.kafka,
        smtp_url=servers.smtp_url,
        gateway_url=url["ingest"],
        pages_url=url["pages"],
        alerts_url=url["alerts"],
        evaluate_url=url["evaluate"],
        keys=keys,
    )


def _environment(data_dir: Path, servers: EmbeddedServers, running: Running) -> dict[str, str]:
    defaults = {
        "PLANWATCH_SECRET": _secret(data_dir),
        "PLANWATCH_DIGEST_WAIT_S": "1",
        "PLANWATCH_MAIL_FROM": f"planwatch@{DEMO_MAIL_DOMAIN}",
        "PLANWATCH_MAIL_DOMAIN": DEMO_MAIL_DOMAIN,
        "PLANWATCH_PUBLIC_URL": running.pages_url,
        "PLANWATCH_ALERTS_URL": running.alerts_url,
    }
    found = {
        "PLANWATCH_DATABASE_URL": running.database_url,
        "PLANWATCH_KAFKA": running.kafka,
        "PLANWATCH_SMTP_URL": running.smtp_url,
        "PLANWATCH_MAIL_CATCHER": str(servers.maildir or ""),
    }
    return {**defaults, **os.environ, **found}


def _secret(data_dir: Path) -> str:
    path = data_dir / "secret"
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8")


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _wait_for_gateway(port: int, supervisor: Supervisor) -> None:
    """Return when the gateway takes submissions; the workers catch up with what it has taken meanwhile."""
    waited_until = time.monotonic() + READY_S
    while fault := health_fault("127.0.0.1", port):
        supervisor.raise_if_failed()
        if time.monotonic() > waited_until:
            raise Retriable(f"报送网关未就绪 / the gateway is not ready: {fault}")
        time.sleep(0.05)


async def submit_printed(running: Running, plans: list[Plan]) -> list[dict[str, Any]]:
    """Send the printed figures of every plan through the gateway; returns the receipts."""
    keys, json_type = running.keys or {}, "application/json"
    return [
        await send(running.gateway_url, keys[plan.coordinating_agency], report.content, json_type, {}, wait_s=0)
        for plan in plans
        for report in printed_reports(plan)
    ]


def wait_until_settled(database_url: str, supervisor: Supervisor) -> None:
    """Return when every submission is evaluated, every event has had its effect and every mail is handed over.

    What waits for the end of the quiet hours, or for a digest of a later day, is not waited for.

    Raises:
        Retriable: it takes longer than 90 seconds; says what is missing.
        ProgramFailed: a service was given up.
    """
    waited_until = time.monotonic() + SETTLED_S
    while missing := _unsettled(database_url):
        supervisor.raise_if_failed()
        if time.monotonic() > waited_until:
            raise Retriable(f"{SETTLED_S} 秒内未完成 / not settled within {SETTLED_S} seconds: {missing}")
        time.sleep(0.1)


def _unsettled(database_url: str) -> dict[str, int]:
    with connect_as(database_url) as connection:
        row = connection.execute(
            """
            SELECT (SELECT count(*) FROM submissions WHERE evaluated_at IS NULL),
                   (SELECT count(*) FROM outgoing_events WHERE settled_at IS NULL),
                   (SELECT count(*) FROM digests WHERE closed_at IS NULL AND due_at < now() + INTERVAL '1 minute'),
                   (SELECT count(*) FROM mails WHERE state = 'pending'
                      AND (attempts > 0 OR next_attempt_at < now() + INTERVAL '1 minute'))
            """
        ).fetchone()
    assert row is not None
    return {
        name: count for name, count in zip(("submissions", "events", "digests", "mails"), row, strict=True) if count
    }


def read_result(database_url: str) -> dict[str, Any]:
    """What happened, as `up --json` prints it."""
    with connect_as(database_url, "planwatch_reader") as connection:
        return {
            "plans": read_plans(connection),
            "submissions": read_submissions(connection),
            "assessments": read_assessments(connection, system_clock()),
            "warnings": read_warnings(connection, with_closed=False),
            "mails": read_mails(connection),
        }


def _keep_serving(system: System, progress: Progress) -> None:
    progress.say(f"页面 {system.running.pages_url} ，按 Ctrl-C 停止", "the page is served there; Ctrl-C stops")
    try:
        while True:
            system.supervisor.raise_if_failed()
            system.servers.supervisor.raise_if_failed()
            time.sleep(1)
    except KeyboardInterrupt:
        progress.say("正在停止", "stopping")


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt
