"""Seconds from a report accepted by the gateway to its mail handed over, through all services, at a steady rate."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from statistics import quantiles

import psycopg
from aiohttp import ClientSession

from bench.report import Measurement, below, informative
from bench.servers import (
    NO_RESTARTS,
    WorkloadIncomplete,
    fresh_database,
    fresh_topics,
    service_environment,
)
from bench.workload import SENDERS, alarming_report
from services.api_keys import key_digest
from services.clock import system_clock
from services.embedded.servers import EmbeddedServers
from services.program import free_ports
from services.supervisor import Supervisor, service_program

PER_SECOND = 10
REPORTS = 290
LIMIT_S = 1.0
READY_S = 60.0
MAILED_S = 30.0
LOOK_EVERY_S = 0.5
SERVICES = ("ingest", "evaluate", "alerts")


def measure_latency(servers: EmbeddedServers, environment: Mapping[str, str]) -> list[Measurement]:
    """Send reports that call for a mail at once, at ten a second, and read the moments from the ledger.

    Raises:
        WorkloadIncomplete: a report was not accepted, or one was not mailed in time.
    """
    with ExitStack() as stack:
        database_url = stack.enter_context(fresh_database(servers, "latency"))
        stack.enter_context(fresh_topics(servers))
        keys = _open_doors(database_url)
        told = service_environment(environment, servers, database_url)
        ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
        told["PLANWATCH_ALERTS_URL"] = f"http://127.0.0.1:{ports['alerts']}"
        programs = [service_program(name, f"services.{name}", ports[name], told) for name in SERVICES]
        supervisor = stack.enter_context(Supervisor(programs, servers.log_dir, policy=NO_RESTARTS))
        supervisor.wait_until_ready(READY_S)
        asyncio.run(_send_steadily(f"http://127.0.0.1:{ports['ingest']}/v1/submissions", keys))
        evaluated, mailed = _wait_for_mails(database_url, supervisor)
    return [
        informative("accepted_to_evaluated_p50", _percentile(evaluated, 50), "s"),
        informative("accepted_to_evaluated_p99", _percentile(evaluated, 99), "s"),
        informative("accepted_to_mailed_p50", _percentile(mailed, 50), "s"),
        below("accepted_to_mailed_p99", _percentile(mailed, 99), "s", limit=LIMIT_S),
    ]


def _open_doors(database_url: str) -> list[str]:
    """Give each sending agency a key, and every agency an address.

    Returns:
        The keys.
    """
    keys = [secrets.token_urlsafe(32) for _ in SENDERS]
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE agencies SET email = agency_id || '@bench.localhost'")
        connection.cursor().executemany(
            "INSERT INTO api_keys (key_digest, agency_id, issued_at) VALUES (%s, %s, %s)",
            [(key_digest(key), agency, system_clock()) for key, agency in zip(keys, SENDERS, strict=True)],
        )
    return keys


async def _send_steadily(url: str, keys: Sequence[str]) -> None:
    """Send each report at its own moment, whether or not the ones before it are answered."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with ClientSession() as session, asyncio.TaskGroup() as sending:
        for number in range(REPORTS):
            await asyncio.sleep(began + number / PER_SECOND - loop.time())
            sending.create_task(_send(session, url, keys[number % len(keys)], number))


async def _send(session: ClientSession, url: str, key: str, number: int) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with session.post(url, json=alarming_report(number), headers=headers) as answer:
        if answer.status != HTTPStatus.ACCEPTED:
            raise WorkloadIncomplete(f"report {number}: {answer.status} {await answer.text()}")


def _wait_for_mails(database_url: str, supervisor: Supervisor) -> tuple[list[float], list[float]]:
    """Seconds from acceptance to committed assessments, and to the mail handed over, of every report."""
    deadline = time.monotonic() + MAILED_S
    with psycopg.connect(database_url, autocommit=True) as connection:
        while len(mailed := _seconds(connection, _MAILED)) < REPORTS:
            supervisor.raise_if_failed()
            if time.monotonic() > deadline:
                raise WorkloadIncomplete(f"{len(mailed)} of {REPORTS} reports were mailed within {MAILED_S:g} s")
            time.sleep(LOOK_EVERY_S)
        return _seconds(connection, _EVALUATED), mailed


def _seconds(connection: psycopg.Connection[tuple[float]], query: str) -> list[float]:
    return [float(seconds) for (seconds,) in connection.execute(query.encode()).fetchall()]


_EVALUATED = "SELECT extract(epoch FROM evaluated_at - received_at) FROM submissions WHERE evaluated_at IS NOT NULL"
_MAILED = """
    SELECT extract(epoch FROM sent_at - accepted_at) FROM mails WHERE mail_kind = 'warning' AND state = 'sent'
"""


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return quantiles(seconds, n=100, method="inclusive")[percent - 1]
