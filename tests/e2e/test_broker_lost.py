"""The embedded broker keeps its records in memory: when it is killed, nothing that was accepted may be lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Planwatch, eventually, running_planwatch

pytestmark = pytest.mark.embedded


@pytest.fixture
def embedded_planwatch(tmp_path: Path) -> Iterator[Planwatch]:
    yield from running_planwatch(tmp_path, os.environ)


def broker_of(planwatch: Planwatch) -> psutil.Process:
    address = f"tcp://{planwatch.addresses['kafka']}"
    return next(process for process in psutil.process_iter(["cmdline"]) if address in (process.info["cmdline"] or ()))


def test_a_report_that_comes_while_the_broker_is_gone_is_evaluated_and_mailed(
    embedded_planwatch: Planwatch, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    report.write_text('{"plan_id": "zhongwei", "observations": [{"no": 7, "time_period": "2022", "obs_value": "9.0"}]}')

    broker_of(embedded_planwatch).kill()
    receipt = embedded_planwatch.json("submit", str(report))

    assert receipt["outcome"] == "accepted"
    eventually(
        lambda: [row["level"] for row in embedded_planwatch.json("warnings") if row["no"] == 7], ["red"], within_s=60
    )
    eventually(lambda: embedded_planwatch.run("doctor").returncode, 0, within_s=60)
