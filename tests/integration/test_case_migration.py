"""Cases from before they had owners and deadlines go on after the migration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from itertools import takewhile

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from planwatch.case.events import ClosedByPerson
from services.cli.audit import verification
from services.database import connect_as
from services.database.migrate import migrate, migration_names
from tests.builders import figure
from tests.conftest import execute
from tests.fakes import FakeClock
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

CASES = "0011_cases.sql"
RAISED_AT = datetime(2022, 3, 1, 2, tzinfo=UTC)
BEFORE = """
    INSERT INTO early_warnings
    SELECT w.case_id, w.plan_id, 1, 'indicator', w.indicator_id, w.indicator_id || '.640500.A._T._T', w.agency_id, 1,
           w.state, w.level, w.cause, '2021', '2021', w.policy_line, 's', %(at)s, %(at)s, %(at)s
    FROM (VALUES ('05', 'zhongwei', 'zhongwei-05', 'zhongwei-education', 'acknowledged', 'red', 'reversed',
                  'default-1: x'),
                 ('06', 'zhongwei', 'zhongwei-06', 'zhongwei-education', 'closed', 'yellow', 'on_schedule',
                  'default-1: x'),
                 ('11', 'zhongwei', 'zhongwei-11', 'zhongwei-health', 'open', 'yellow', 'on_schedule',
                  'default-3: unlikely.anticipatory < 0.5 = yellow'))
        AS w (case_id, plan_id, indicator_id, agency_id, state, level, cause, policy_line);
    INSERT INTO warning_history
    SELECT h.case_id, h.step, %(at)s + h.step * interval '1 hour', h.step_kind, 1, h.level, '因', 'why', '', '2021',
           's', 'planwatch-evaluate', 'immediate', '', '', 'warning-' || h.case_id || '-' || h.step
    FROM (VALUES ('05', 1, 'raise', 'red'), ('05', 2, 'acknowledge', 'red'), ('06', 1, 'raise', 'yellow'),
                 ('06', 2, 'close', 'yellow'), ('11', 1, 'raise', 'yellow')) AS h (case_id, step, step_kind, level);
"""


@pytest.fixture
def migrated(postgres_url: str, catalogue_template: str) -> Iterator[Pipeline]:
    """A database whose cases were written before the migration, after it."""
    execute(postgres_url, "CREATE DATABASE before_cases")
    url = make_conninfo(postgres_url, dbname="before_cases")
    folder = files("services.database") / "migrations"
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())")
        for name in takewhile(lambda name: name < CASES, migration_names()):
            connection.execute((folder / name).read_text("utf-8").encode())
            connection.execute("INSERT INTO migrations (name) VALUES (%s)", (name,))
        copy_catalogue(make_conninfo(postgres_url, dbname=catalogue_template), connection)
        connection.execute(
            "INSERT INTO series"
            " SELECT indicator_id || '.640500.A._T._T', plan_id, indicator_id, '640500', 'A', '_T', '_T'"
            " FROM indicators WHERE indicator_id IN ('zhongwei-05', 'zhongwei-06', 'zhongwei-11')"
        )
        psycopg.ClientCursor(connection).execute(BEFORE, {"at": RAISED_AT})
    migrate(url)
    with Pipeline(url, FakeClock(datetime.now(UTC))) as pipeline:
        yield pipeline
    execute(postgres_url, "DROP DATABASE before_cases WITH (FORCE)")


def copy_catalogue(source: str, target: psycopg.Connection[object]) -> None:
    """The plan and the policy of another database."""
    with psycopg.connect(source) as origin:
        for table in ("plans", "policies", "agencies", "indicators"):
            with (
                origin.cursor().copy(f"COPY {table} TO STDOUT".encode()) as out,
                target.cursor().copy(f"COPY {table} FROM STDIN".encode()) as into,
            ):
                for block in out:
                    into.write(block)


async def test_cases_of_before_are_chained_start_to_count_now_and_go_on(migrated: Pipeline) -> None:
    # given
    with connect_as(migrated.url, "planwatch_reader") as connection:
        assert verification(connection)["faults"] == []
        assert verification(connection)["entries"] == 5
    assert migrated.rows("SELECT due_on > now() FROM early_warnings WHERE case_id = '05'") == [(True,)]

    # when a round is made on the same day
    migrated.execute("UPDATE plans SET applied_at = now()")
    await migrated.make_rounds()

    # then nobody is pressed for what was not asked before
    assert migrated.outbox() == []
    assert migrated.rows("SELECT count(*) FROM warning_history WHERE step_kind IN ('remind', 'escalate')") == [(0,)]
    assert migrated.open_levels() == {"zhongwei-05": "red", "zhongwei-11": "yellow"}


async def test_a_new_figure_after_the_migration_is_a_case_like_any_other(migrated: Pipeline) -> None:
    await migrated.submit(figure(13, "2021", "31"), submission_id="a")

    assert migrated.open_levels() == {"zhongwei-05": "red", "zhongwei-11": "yellow", "zhongwei-13": "red"}
    with connect_as(migrated.url, "planwatch_reader") as connection:
        assert verification(connection)["faults"] == []


async def test_an_unlikely_target_of_before_is_a_forecast_miss_and_goes_on(
    migrated: Pipeline,
) -> None:
    kind = migrated.rows("SELECT kind FROM early_warnings WHERE case_id = '11'")
    ((told,),) = migrated.rows("SELECT changes ->> 'kind' FROM warning_history WHERE case_id = '11'")

    await migrated.happen("zhongwei-11", ClosedByPerson("head", "数据已更正"))

    assert kind == [("forecast_miss",)]
    assert told == "unlikely_target"
    assert migrated.rows("SELECT state, kind FROM early_warnings WHERE case_id = '11'") == [("closed", "forecast_miss")]
    with connect_as(migrated.url, "planwatch_reader") as connection:
        assert verification(connection)["faults"] == []
