"""A running Planwatch, started as a user starts it, on embedded servers and on real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.real.servers import RealKafka, RealPostgres, missing_parts

PLANWATCH = (sys.executable, "-m", "services.cli")
STARTED_S = 120
STOPPED_S = 60


@dataclass(frozen=True)
class Planwatch:
    """A Planwatch that keeps serving, and the commands against it."""

    data_dir: Path
    result: dict[str, Any]
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command, as from a second terminal."""
        return self.run_offline(*arguments, "--data-dir", str(self.data_dir))

    def run_offline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command that needs no server."""
        return subprocess.run(
            [*PLANWATCH, *arguments],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def json(self, *arguments: str) -> Any:  # noqa: ANN401
        """The JSON that a command prints."""
        finished = self.run(*arguments, "--json")
        assert finished.returncode in (0, 1), finished.stderr
        return json.loads(finished.stdout)

    @property
    def addresses(self) -> dict[str, Any]:
        """What `planwatch up` noted for other commands."""
        noted: dict[str, Any] = json.loads((self.data_dir / "running.json").read_text(encoding="utf-8"))
        return noted


@pytest.fixture(
    scope="module",
    params=[pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("real", marks=pytest.mark.real)],
)
def planwatch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planwatch]:
    """`planwatch up --json`, serving until the module's tests are done."""
    with ExitStack() as servers:
        addresses = _real_servers(servers) if request.param == "real" else {}
        yield from running_planwatch(tmp_path_factory.mktemp("planwatch"), {**os.environ, **addresses})


@pytest.fixture(scope="module")
def real_planwatch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planwatch]:
    """The same on Apache Kafka and TimescaleDB only."""
    with ExitStack() as servers:
        addresses = _real_servers(servers)
        yield from running_planwatch(tmp_path_factory.mktemp("planwatch"), {**os.environ, **addresses})


def _real_servers(servers: ExitStack) -> dict[str, str]:
    missing = missing_parts("timescaledb", "kafka")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (deploy/real/install.sh)")
    database = servers.enter_context(RealPostgres())
    kafka = servers.enter_context(RealKafka())
    return {"PLANWATCH_DATABASE_URL": database.url, "PLANWATCH_KAFKA": kafka.bootstrap}


def eventually(read: Callable[[], Any], wanted: Any, within_s: float = 20) -> None:  # noqa: ANN401
    """Wait until `read` gives what is wanted."""
    waited_until = time.monotonic() + within_s
    while (found := read()) != wanted and time.monotonic() < waited_until:
        time.sleep(0.2)
    assert found == wanted


def running_planwatch(data_dir: Path, environment: Mapping[str, str]) -> Iterator[Planwatch]:
    """`planwatch up --json` on `data_dir`, serving; stopped by a Ctrl-C afterwards, which must leave nothing behind."""
    output, log = data_dir / "result.json", data_dir / "up.log"
    with output.open("w") as stdout, log.open("w") as stderr:
        process = subprocess.Popen(
            [*PLANWATCH, "up", "--json", "--data-dir", str(data_dir)],
            env=dict(environment),
            stdout=stdout,
            stderr=stderr,
        )
    try:
        yield Planwatch(data_dir, _wait_for_result(process, output, log), environment)
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(STOPPED_S)
    assert status == 0, log.read_text()
    assert not (data_dir / "running.json").exists()


def _wait_for_result(process: subprocess.Popen[bytes], output: Path, log: Path) -> dict[str, Any]:
    waited_until = time.monotonic() + STARTED_S
    while time.monotonic() < waited_until and process.poll() is None:
        if output.stat().st_size and "Ctrl-C" in log.read_text():
            result: dict[str, Any] = json.loads(output.read_text())
            return result
        time.sleep(0.2)
    process.kill()
    raise AssertionError(log.read_text())
