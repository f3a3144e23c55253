"""Histories of the fault suite, run ahead side by side on embedded servers and on real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest

from deploy.real.servers import missing_parts
from services.database.migrate import migrate
from tests.faults.histories import HISTORIES, ON_REAL_SERVERS_ONLY, Ending, History
from tests.faults.servers import Lane, Servers, embedded_servers, real_servers
from tests.faults.tables import Tables

MISSING = missing_parts("timescaledb", "kafka")
NOT_INSTALLED = f"not installed: {', '.join(MISSING)} (deploy/real/install.sh)"
EMBEDDED = pytest.param("embedded", marks=pytest.mark.embedded)
REAL = pytest.param("real", marks=[pytest.mark.real, pytest.mark.skipif(bool(MISSING), reason=NOT_INSTALLED)])
EMBEDDED_LANES, REAL_LANES = 4, 2

Endings = Callable[[str], Ending]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the embedded servers are spared."""
    spared = [item for item in items if _is_spared(item)]
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in spared]


def _is_spared(item: pytest.Item) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return parameters.get("servers") == "embedded" and parameters.get("name") in ON_REAL_SERVERS_ONLY


@pytest.fixture(scope="session", params=[EMBEDDED, REAL])
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    is_real = request.param == "real"
    folder = tmp_path_factory.mktemp("servers") / "data"
    with real_servers(REAL_LANES) if is_real else embedded_servers(folder, EMBEDDED_LANES) as started:
        migrate(started.database_url)  # makes the roles, which two migrations at a time would both make
        yield started


@pytest.fixture(scope="session")
def free_lanes(servers: Servers) -> SimpleQueue[Lane]:
    """The brokers that no history uses at the moment."""
    lanes: SimpleQueue[Lane] = SimpleQueue()
    for lane in servers.lanes:
        lanes.put(lane)
    return lanes


@pytest.fixture
def lane(free_lanes: SimpleQueue[Lane]) -> Iterator[Lane]:
    """A broker for one test."""
    taken = free_lanes.get()
    yield taken
    free_lanes.put(taken)


@pytest.fixture(scope="session")
def ending(
    servers: Servers, free_lanes: SimpleQueue[Lane], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endings]:
    """Name of a history → its ending; all histories begin with the first question."""

    def run(history: History, folder: Path) -> Ending:
        lane = free_lanes.get()
        try:
            return history.ending(servers.database_url, lane, folder)
        finally:
            free_lanes.put(lane)

    with ThreadPoolExecutor(len(servers.lanes)) as pool:
        endings = {
            name: pool.submit(run, HISTORIES[name], tmp_path_factory.mktemp("history", numbered=True))
            for name in HISTORIES
            if servers.are_real or name not in ON_REAL_SERVERS_ONLY
        }
        yield lambda name: endings[name].result()
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def undisturbed(ending: Endings) -> Tables:
    """The tables after a run of the production worker in which nothing failed."""
    return ending("undisturbed").tables
