"""Policies of single plans in the database: versions, what holds for whom, and judging anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg import AsyncConnection

from planwatch.errors import InvalidPolicy
from planwatch.policy import Level
from planwatch.wire import SUBMISSION_RECEIVED
from services.catalogue import CatalogueCache, apply_plan, apply_policy, judge_anew
from services.cli.main import commands
from services.database import connect_as, conninfo_as
from tests.builders import APPLIED_AT, figure, make_record, real_plan, real_plan_file
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

LATER = APPLIED_AT + timedelta(days=1)
MONDAY = datetime(2022, 3, 7, 2, tzinfo=UTC)  # ten o'clock in Shanghai
EDUCATION, WUWEI = "zhongwei-education", "wuwei"
STRICTER = 'version: zhongwei-1\nbase: default\nthresholds: {lagging: "0.8"}\n'
SOFTER = "version: zhongwei-1\nbase: default\nmail: {immediate_from: red, digest_wait_s: 60}\n"
VERSIONS = "SELECT policy_version FROM plan_policies ORDER BY application_no"


def put_in_force(url: str, plans_dir: Path, content: str | None, at: datetime = LATER) -> None:
    """Apply a policy file of Zhongwei, or its absence."""
    path = plans_dir / "zhongwei" / "policy.yaml"
    path.unlink(missing_ok=True)
    if content is not None:
        path.write_text(content, "utf-8")
    with connect_as(url) as connection:
        apply_policy(connection, plans_dir, at)


def versions(url: str) -> Sequence[str]:
    with connect_as(url) as connection:
        return [version for (version,) in connection.execute(VERSIONS).fetchall()]


async def levels_in_force(url: str) -> dict[str, str]:
    async with await AsyncConnection.connect(conninfo_as(url, "planwatch_alerts", "test")) as connection:
        catalogue = await CatalogueCache().current(connection)
        return {plan_id: catalogue.policy_of(plan_id).version for plan_id in catalogue.plans}


async def test_a_policy_holds_for_its_own_plan_only(database_url: str, plans_dir: Path) -> None:
    with connect_as(database_url) as connection:
        apply_plan(connection, real_plan_file(WUWEI), APPLIED_AT)

    put_in_force(database_url, plans_dir, STRICTER)

    assert await levels_in_force(database_url) == {"wuwei": "default-3", "zhongwei": "zhongwei-1 (default-3)"}


def test_applying_the_same_policy_again_writes_nothing(database_url: str, plans_dir: Path) -> None:
    put_in_force(database_url, plans_dir, STRICTER)
    put_in_force(database_url, plans_dir, STRICTER)

    assert versions(database_url) == ["zhongwei-1 (default-3)"]


def test_the_same_version_with_other_content_is_refused(database_url: str, plans_dir: Path) -> None:
    put_in_force(database_url, plans_dir, STRICTER)

    with pytest.raises(InvalidPolicy, match="is applied with other content"):
        put_in_force(database_url, plans_dir, SOFTER)

    assert versions(database_url) == ["zhongwei-1 (default-3)"]


def test_neither_other_content_nor_a_change_gets_past_the_database(database_url: str, plans_dir: Path) -> None:
    put_in_force(database_url, plans_dir, STRICTER)

    with connect_as(database_url) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute("UPDATE plan_policies SET applied_at = now()")
    with connect_as(database_url) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute(
            "INSERT INTO plan_policies (plan_id, policy_version, document, applied_at)"
            " VALUES ('zhongwei', 'zhongwei-1 (default-3)', '{}', now())"
        )


async def test_a_removed_file_brings_the_default_policy_back_and_an_earlier_version_may_return(
    database_url: str, plans_dir: Path
) -> None:
    put_in_force(database_url, plans_dir, STRICTER)
    put_in_force(database_url, plans_dir, None)
    without = await levels_in_force(database_url)
    put_in_force(database_url, plans_dir, STRICTER)

    assert without == {"zhongwei": "default-3"}
    assert await levels_in_force(database_url) == {"zhongwei": "zhongwei-1 (default-3)"}
    assert versions(database_url) == ["zhongwei-1 (default-3)", "default-3", "zhongwei-1 (default-3)"]


async def test_the_evaluator_judges_by_the_policy_of_the_plan(pipeline: Pipeline, plans_dir: Path) -> None:
    # given no. 6 at an index of 0.62, which is lagging by the default policy
    put_in_force(pipeline.url, plans_dir, STRICTER)

    await pipeline.submit(figure(6, "2021", sixth()), submission_id="a")

    assert pipeline.rows("SELECT class, policy_version FROM assessments") == [("far_behind", "zhongwei-1 (default-3)")]
    assert pipeline.open_levels() == {"zhongwei-06": "orange"}
    assert pipeline.rows("SELECT policy_line FROM early_warnings") == [
        ("zhongwei-1 (default-3): levels.far_behind.binding = orange",)
    ]


async def test_cases_digests_and_mails_follow_the_policy_of_the_plan(pipeline: Pipeline, plans_dir: Path) -> None:
    # given a plan that mails red warnings only at once, and closes its digests after a minute
    pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")
    put_in_force(pipeline.url, plans_dir, SOFTER)
    pipeline.clock.now = MONDAY

    # when an orange one is raised
    await pipeline.submit(figure(10, "2021", tenth()), submission_id="a")
    pipeline.clock.advance(minutes=1)
    closed = await pipeline.close_digests()

    # then it waits for the digest
    assert pipeline.open_levels() == {"zhongwei-10": "orange"}
    assert closed == 1
    assert pipeline.outbox() == [("digest", "zhongwei-health")]


async def test_a_changed_policy_leaves_open_cases_as_they_are_until_the_next_figures(
    pipeline: Pipeline, plans_dir: Path
) -> None:
    pipeline.clock.now = MONDAY
    await pipeline.submit(figure(6, "2021", sixth()), submission_id="a")
    deadline = pipeline.rows("SELECT acknowledge_by, measures_by FROM early_warnings")

    put_in_force(pipeline.url, plans_dir, STRICTER, MONDAY + timedelta(hours=1))
    await pipeline.make_rounds()

    assert pipeline.open_levels() == {"zhongwei-06": "yellow"}
    assert pipeline.rows("SELECT acknowledge_by, measures_by FROM early_warnings") == deadline


async def test_judging_anew_lets_the_cases_follow_the_new_policy_once(pipeline: Pipeline, plans_dir: Path) -> None:
    # given a yellow case and a policy by which it is far behind
    pipeline.clock.now = MONDAY
    await pipeline.submit(figure(6, "2021", sixth()), submission_id="a")
    pipeline.clock.advance(hours=1)
    put_in_force(pipeline.url, plans_dir, STRICTER, pipeline.clock.now)

    # when the plan is judged anew, and again
    pipeline.clock.advance(hours=1)
    await judge(pipeline)
    await judge(pipeline)

    # then the verdict names the cause and the case has risen
    assert pipeline.rows("SELECT class, policy_version, change_code FROM assessments ORDER BY assessment_no") == [
        ("lagging", "default-3", None),
        ("far_behind", "zhongwei-1 (default-3)", "policy"),
    ]
    assert [step[:2] for step in pipeline.steps("zhongwei-06")] == [("raise", "yellow"), ("raise_level", "orange")]


async def test_judging_anew_also_follows_levels_that_no_threshold_depends_on(
    pipeline: Pipeline, plans_dir: Path
) -> None:
    pipeline.clock.now = MONDAY
    await pipeline.submit(figure(6, "2021", sixth()), submission_id="a")
    pipeline.clock.advance(hours=1)
    calmer = "version: calmer-1\nbase: default\nlevels: {lagging: {binding: blue}}\n"
    put_in_force(pipeline.url, plans_dir, calmer, pipeline.clock.now)

    pipeline.clock.advance(hours=1)
    await judge(pipeline)

    assert pipeline.open_levels() == {"zhongwei-06": Level.BLUE.code}


async def judge(pipeline: Pipeline) -> None:
    """Ask for all verdicts of Zhongwei, evaluate and alert."""
    with connect_as(pipeline.url) as connection:
        judge_anew(connection, real_plan("zhongwei"), pipeline.clock.now)
    waiting = pipeline.rows(
        "SELECT record_value FROM outgoing_events WHERE topic = %s AND settled_at IS NULL ORDER BY event_no",
        SUBMISSION_RECEIVED,
    )
    await pipeline.evaluate(*(make_record(value, recorded_at=pipeline.clock()) for (value,) in waiting))
    await pipeline.alert()


def test_the_commands_apply_compare_and_list(database_url: str, plans_dir: Path) -> None:
    # given
    (plans_dir / "zhongwei" / "policy.yaml").write_text(STRICTER, "utf-8")
    at = ["--plans-dir", str(plans_dir)]

    # when
    before = run(database_url, "policy", "diff", "zhongwei", *at)
    applied = run(database_url, "policy", "apply", "--rejudge", *at)
    after = run(database_url, "policy", "diff", "zhongwei", *at)
    listed = run(database_url, "policy", "list", "--json", *at)

    # then
    assert "thresholds.lagging" in before.output
    assert "zhongwei: default-3 → zhongwei-1 (default-3)" in applied.output
    assert "judged anew: zhongwei" in applied.output
    assert "0 处不同" in after.output
    assert "zhongwei-1 (default-3)" in listed.output
    with connect_as(database_url) as connection:
        asked = connection.execute("SELECT count(*) FROM outgoing_events").fetchone()
    assert asked == (len(real_plan("zhongwei").watched),)


def run(url: str, *arguments: str) -> Result:
    found = CliRunner(env={"PLANWATCH_DATABASE_URL": url}).invoke(commands, list(arguments))
    assert found.exit_code == 0, found.output
    return found


def sixth() -> str:
    """No. 6 in 2021 as the plan prints it."""
    return printed_value("zhongwei-06")


def tenth() -> str:
    """No. 10 in 2021 as the plan prints it."""
    return printed_value("zhongwei-10")


def printed_value(indicator_id: str) -> str:
    row = real_plan("zhongwei").indicator(indicator_id)
    assert row is not None
    return row.values["2021"].printed
