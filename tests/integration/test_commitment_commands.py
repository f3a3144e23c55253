"""What the commands say of tasks, projects and service standards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.connection import Running
from services.cli.main import commands
from services.cli.submit import _plan_named_in
from services.errors import SettingsInvalid
from tests.builders import figure
from tests.integration.test_commitments import PROJECT, work
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded


@pytest.fixture
async def reported(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A late project and a reversed indicator, both no. 5 or 3 of their lists."""
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)
    monkeypatch.setenv("COLUMNS", "250")
    await pipeline.submit(
        work(PROJECT, "2022", work_status="在建", physical_progress="15", investment="800"),
        figure(3, "2021", "94"),
        figure(5, "2021", "97.81"),
        submission_id="a",
    )
    return pipeline


def run(*arguments: str) -> str:
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def rows(*arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(*arguments, "--json"))
    return found


@pytest.mark.usefixtures("reported")
def test_verdicts_are_those_of_the_main_table_unless_commitments_are_asked_for() -> None:
    assert [row["indicator"] for row in rows("assess")] == ["zhongwei-03", "zhongwei-05"]
    assert [(row["section"], row["indicator"]) for row in rows("assess", "--commitments")] == [
        ("main_table", "zhongwei-03"),
        ("main_table", "zhongwei-05"),
        ("project", f"{PROJECT}-progress"),
    ]
    assert "重点工程第3项" in run("assess", "--commitments")


@pytest.mark.usefixtures("reported")
def test_warnings_say_where_in_the_plan_their_subject_stands() -> None:
    found = [(row["section"], row["no"], row["kind"], row["level"]) for row in rows("warnings")]

    assert found == [("main_table", 5, "indicator", "red"), ("project", 3, "project", "yellow")]
    assert "重点工程第3项" in run("warnings")


@pytest.mark.usefixtures("reported")
def test_a_warning_on_a_project_is_explained_with_its_place_and_what_was_reported() -> None:
    told = run("explain", f"{PROJECT}-progress")

    assert "公益性养老服务供给能力提升工程：形象进度(%)（zhongwei 重点工程第3项，重点工程预警），2022" in told
    assert "进展 2022: 进行中，预计完成 —，累计完成投资 800 万元" in told
    assert "主表" not in told


@pytest.mark.usefixtures("reported")
def test_a_warning_on_an_indicator_is_explained_with_its_nature() -> None:
    assert "九年义务教育巩固率(%)（zhongwei 主表第5项，约束性），2021" in run("explain", "zhongwei-05")


@pytest.mark.parametrize(
    "content",
    [
        "项目编号,时期,进展状态\nzhongwei-project-03,2022,在建\n",
        "重点工程,时期,进展状态\n公益性养老服务供给能力提升工程,2022,在建\n",
        "服务项目,时期,数值\n免费孕前优生健康检查,2022,95\n",
    ],
)
def test_the_plan_of_a_file_is_found_by_its_projects_and_services(reported: Pipeline, content: str) -> None:
    assert _plan_named_in(content.encode(), Running(reported.url, "")) == "zhongwei"


def test_a_file_that_names_nothing_known_has_no_plan(reported: Pipeline) -> None:
    with pytest.raises(SettingsInvalid):
        _plan_named_in("项目编号,时期,进展状态\n火星工程,2022,在建\n".encode(), Running(reported.url, ""))
