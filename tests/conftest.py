"""Fixtures that need a server: one PostgreSQL for the session, a database of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo

from services.catalogue import apply_plan, apply_policy
from services.database import connect_as
from services.database.migrate import migrate
from services.embedded.postgres import prepared_cluster
from services.supervisor import Supervisor
from tests.builders import APPLIED_AT, PLANS, RECEIVED_AT, real_plan_file
from tests.fakes import FakeClock
from tests.pipeline import Pipeline

# The same commit gives the same result; `--hypothesis-profile=explore` looks further.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=3000)
settings.load_profile("repeatable")

TEMPLATE = "planwatch_template"
CATALOGUE_TEMPLATE = "planwatch_catalogue_template"
DATABASES = count(1)
SPEED_INSTEAD_OF_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The maintenance database of an embedded PostgreSQL that runs while the session does."""
    folder = tmp_path_factory.mktemp("postgres")
    with prepared_cluster(folder / "cluster", folder / "log") as cluster:
        url = make_conninfo(cluster.url, dbname="postgres")
        with Supervisor([cluster.program], folder / "log") as supervisor:
            supervisor.wait_until_ready(60)
            for setting in SPEED_INSTEAD_OF_DURABILITY:
                execute(url, f"ALTER SYSTEM SET {setting} = off")
            execute(url, "SELECT pg_reload_conf()")
            yield url


@pytest.fixture(scope="session")
def template(postgres_url: str) -> str:
    """The name of a migrated database without any row."""
    execute(postgres_url, f"CREATE DATABASE {TEMPLATE}")
    migrate(make_conninfo(postgres_url, dbname=TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def catalogue_template(postgres_url: str, template: str) -> str:
    """The name of a migrated database with the policy and the plan of Zhongwei."""
    execute(postgres_url, f"CREATE DATABASE {CATALOGUE_TEMPLATE} TEMPLATE {template} STRATEGY FILE_COPY")
    with connect_as(make_conninfo(postgres_url, dbname=CATALOGUE_TEMPLATE)) as connection:
        apply_policy(connection, PLANS, APPLIED_AT)
        apply_plan(connection, real_plan_file("zhongwei"), APPLIED_AT)
    return CATALOGUE_TEMPLATE


@pytest.fixture
def empty_database_url(postgres_url: str, template: str) -> Iterator[str]:
    """A migrated database of this test's own."""
    yield from _database_like(template, postgres_url)


@pytest.fixture
def database_url(postgres_url: str, catalogue_template: str) -> Iterator[str]:
    """A migrated database of this test's own, with the policy and the plan of Zhongwei."""
    yield from _database_like(catalogue_template, postgres_url)


@pytest.fixture(scope="module")
def shared_database_url(postgres_url: str, catalogue_template: str) -> Iterator[str]:
    """The same for all tests of a module that leave nothing behind."""
    yield from _database_like(catalogue_template, postgres_url)


@pytest.fixture
def plans_dir(tmp_path: Path) -> Path:
    """A copy of the catalogue's files that a test may change."""
    folder = tmp_path / "plans"
    for path in [*PLANS.glob("*.*"), *PLANS.glob("zhongwei/*")]:
        target = folder / path.relative_to(PLANS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def _database_like(model: str, postgres_url: str) -> Iterator[str]:
    name = f"planwatch_test_{next(DATABASES)}"
    execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {model} STRATEGY FILE_COPY")
    yield make_conninfo(postgres_url, dbname=name)
    execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, statement: str) -> None:
    """Run one statement outside a transaction, as CREATE DATABASE demands."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def clock() -> FakeClock:
    """Two hours after midnight UTC on the first of March 2022: ten o'clock in Shanghai."""
    return FakeClock(RECEIVED_AT)


@pytest.fixture
def pipeline(database_url: str, clock: FakeClock) -> Iterator[Pipeline]:
    """Evaluator and alerting service on a database of this test's own."""
    with Pipeline(database_url, clock) as pipeline:
        yield pipeline


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where the real servers are required, a test of theirs that did not run has failed."""
    report = yield
    if report.skipped and item.get_closest_marker("real") and os.environ.get("PLANWATCH_REQUIRE_REAL"):
        report.outcome, report.longrepr = "failed", f"must run where the real servers are required: {report.longrepr}"
    return report
