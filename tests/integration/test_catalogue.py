"""The plan catalogue between its files and the database."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from planwatch.errors import Invalid, InvalidPlan
from services.catalogue import CatalogueCache, apply_plan, apply_policy
from services.catalogue_files import PlanFile, plan_ids, read_plan_file
from services.database import connect_as, conninfo_as
from tests.builders import APPLIED_AT, PLANS, real_plan_file

pytestmark = pytest.mark.embedded

TARGETS = "SELECT target_value::text FROM indicators WHERE indicator_id = 'zhongwei-05' ORDER BY plan_version"
LATER = APPLIED_AT + timedelta(days=1)


def apply(database_url: str, file: PlanFile) -> bool:
    with connect_as(database_url) as connection:
        return apply_plan(connection, file, LATER)


def edit(path: Path, pattern: str, replacement: str) -> None:
    """Change a file in exactly one place."""
    text, count = re.subn(pattern, replacement, path.read_text("utf-8"), count=1)
    assert count == 1
    path.write_text(text, "utf-8")


def rows(database_url: str, query: str) -> list[tuple[object, ...]]:
    with connect_as(database_url) as connection:
        return connection.execute(query.encode()).fetchall()


def revise(path: Path, effective_on: str = "2021-01-01") -> None:
    """Make a file the second version of its plan."""
    revision = (
        f'version: 2\nrevision:\n  effective_on: "{effective_on}"\n'
        "  reason: {zh: 中期评估后调整, en: revised after the mid-term evaluation}\n"
        "  document: {zh: 中期评估报告, en: mid-term evaluation report}\n"
    )
    edit(path, r"version: 1\n", revision)


TABLES = "SELECT (SELECT count(*) FROM plans), (SELECT count(*) FROM agencies), (SELECT count(*) FROM indicators)"


@pytest.mark.parametrize("plan_id", plan_ids(PLANS))
def test_every_plan_of_the_catalogue_can_be_applied(empty_database_url: str, plan_id: str) -> None:
    file = real_plan_file(plan_id)

    assert apply(empty_database_url, file)

    assert rows(empty_database_url, "SELECT count(*), count(DISTINCT no) FROM current_indicators") == [
        (len(file.plan.indicators), len(file.plan.indicators))
    ]
    assert rows(empty_database_url, "SELECT plan_id, plan_version, content_digest FROM plans") == [
        (plan_id, 1, file.digest)
    ]


def test_all_plans_stand_side_by_side(empty_database_url: str) -> None:
    applied = [apply(empty_database_url, real_plan_file(plan_id)) for plan_id in plan_ids(PLANS)]

    assert applied == [True] * 5
    assert rows(empty_database_url, "SELECT count(*) FROM indicators WHERE section = 'main_table'") == [(125,)]


def test_applying_a_plan_again_changes_nothing(database_url: str) -> None:
    before = rows(database_url, TABLES)

    assert apply(database_url, real_plan_file("zhongwei")) is False

    assert rows(database_url, TABLES) == before
    assert rows(database_url, "SELECT applied_at FROM plans") == [(APPLIED_AT,)]


def test_changed_content_under_the_same_version_is_refused_and_nothing_is_changed(
    database_url: str, plans_dir: Path
) -> None:
    edit(plans_dir / "zhongwei" / "plan.yaml", r'target: {value: "99\.8"', 'target: {value: "99.9"')

    with pytest.raises(InvalidPlan) as refusal:
        apply(database_url, read_plan_file(plans_dir, "zhongwei"))

    assert [fault.path for fault in refusal.value.faults] == ["indicators[zhongwei-05].target.value"]
    assert "新的版本号" in refusal.value.text.zh
    assert rows(database_url, TARGETS) == [("99.8",)]


def test_a_changed_plan_with_a_new_version_stands_beside_the_old_one_and_is_the_current_one(
    database_url: str, plans_dir: Path
) -> None:
    edit(plans_dir / "zhongwei" / "plan.yaml", r'target: {value: "99\.8"', 'target: {value: "99.9"')
    revise(plans_dir / "zhongwei" / "plan.yaml")

    assert apply(database_url, read_plan_file(plans_dir, "zhongwei"))

    assert rows(database_url, TARGETS) == [("99.8",), ("99.9",)]
    assert rows(database_url, "SELECT plan_version FROM current_indicators WHERE no = 5") == [(2,)]


def test_a_new_version_renames_an_agency_and_keeps_its_address(database_url: str, plans_dir: Path) -> None:
    with connect_as(database_url) as connection:
        connection.execute("UPDATE agencies SET email = 'a@example.org' WHERE agency_id = 'zhongwei-education'")
    edit(plans_dir / "zhongwei" / "plan.yaml", "zh: 中卫市教育局", "zh: 中卫市教育体育局")
    revise(plans_dir / "zhongwei" / "plan.yaml")

    apply(database_url, read_plan_file(plans_dir, "zhongwei"))

    assert rows(database_url, "SELECT name_zh, email FROM agencies WHERE agency_id = 'zhongwei-education'") == [
        ("中卫市教育体育局", "a@example.org")
    ]


def test_the_same_version_takes_additions_that_no_verdict_depends_on(database_url: str, plans_dir: Path) -> None:
    edit(plans_dir / "zhongwei" / "plan.yaml", "zh: 中卫市教育局", "zh: 中卫市教育体育局")
    edit(
        plans_dir / "zhongwei" / "plan.yaml",
        r"needs_confirmation:\n      - .*\n(        .*\n)+",
        "needs_confirmation: []\n",
    )

    assert apply(database_url, read_plan_file(plans_dir, "zhongwei"))

    assert rows(database_url, "SELECT plan_version, applied_at, updated_at FROM plans") == [(1, APPLIED_AT, LATER)]
    assert rows(database_url, "SELECT name_zh FROM agencies WHERE agency_id = 'zhongwei-education'") == [
        ("中卫市教育体育局",)
    ]
    assert rows(database_url, "SELECT count(*) FROM outgoing_events") == [(0,)]


def test_a_layout_or_a_comment_is_no_change_of_content(database_url: str, plans_dir: Path) -> None:
    path = plans_dir / "zhongwei" / "plan.yaml"
    path.write_text("# another comment\n" + path.read_text("utf-8") + "\n\n", "utf-8")

    assert apply(database_url, read_plan_file(plans_dir, "zhongwei")) is False


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"plan_id: zhongwei\n", "plan_id: [zhongwei\n", "无法读取"),
        (r"goal_kind: reach", "goal_kind: wish", "wish"),
        (r"version: 1\n", "", "version"),
        (r"version: 1\n", "version: 2\n", "revision"),
    ],
    ids=["not YAML", "an unknown code", "a missing field", "a second version that does not say why"],
)
def test_a_file_that_does_not_fit_its_schema_is_refused_with_the_place(
    plans_dir: Path, pattern: str, replacement: str, words: str
) -> None:
    edit(plans_dir / "zhongwei" / "plan.yaml", pattern, replacement)

    with pytest.raises(InvalidPlan) as refusal:
        read_plan_file(plans_dir, "zhongwei")

    assert words in refusal.value.text.zh
    assert refusal.value.faults


def test_a_plan_without_a_file_is_refused(plans_dir: Path) -> None:
    with pytest.raises(InvalidPlan):
        read_plan_file(plans_dir, "atlantis")


def test_the_policy_is_applied_once(database_url: str) -> None:
    with connect_as(database_url) as connection:
        policy = apply_policy(connection, PLANS, LATER)

    assert policy.version == "default-3"
    assert rows(database_url, "SELECT policy_version, applied_at FROM policies") == [("default-3", APPLIED_AT)]


def test_a_changed_policy_under_the_same_version_is_refused(database_url: str, plans_dir: Path) -> None:
    edit(plans_dir / "policy.yaml", 'lagging: "0.6"', 'lagging: "0.5"')

    with pytest.raises(Invalid) as refusal, connect_as(database_url) as connection:
        apply_policy(connection, plans_dir, LATER)

    assert "default-3" in refusal.value.text.zh


async def test_a_service_sees_a_new_version_with_its_next_batch(database_url: str, plans_dir: Path) -> None:
    # given a service that holds the catalogue
    cache = CatalogueCache()
    async with await AsyncConnection.connect(conninfo_as(database_url, "planwatch_evaluate", "test")) as connection:
        before = await cache.current(connection)
        again = await cache.current(connection)
        await connection.rollback()

        # when a new version of the plan and another policy are applied
        revise(plans_dir / "zhongwei" / "plan.yaml")
        edit(plans_dir / "policy.yaml", "version: default-3", "version: stricter-1")
        apply(database_url, read_plan_file(plans_dir, "zhongwei"))
        with connect_as(database_url) as owner:
            apply_policy(owner, plans_dir, LATER)
        after = await cache.current(connection)

    # then
    assert again is before
    assert (before.plans["zhongwei"].version, before.policy.version) == (1, "default-3")
    assert (after.plans["zhongwei"].version, after.policy.version) == (2, "stricter-1")
