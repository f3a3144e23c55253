"""A case without figures is shown and explained like any other, on a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner

from planwatch.case.events import Acknowledged
from services.cli.main import commands
from services.database import open_pool
from services.pages.app import build_app
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded


@pytest.fixture
async def overdue(pipeline: Pipeline) -> str:
    """The case of a report that has not come: of no. 5 for 2021."""
    pipeline.clock.now = datetime(2022, 4, 11, 2, tzinfo=UTC)
    await pipeline.make_rounds()
    ((case_id,),) = pipeline.rows("SELECT case_id FROM early_warnings WHERE indicator_id = 'zhongwei-05'")
    return str(case_id)


@pytest.mark.parametrize("address", ["/", "/plans/zhongwei", "/warnings/{case}", "/warnings/{case}?lang=en"])
async def test_pages_show_the_case_of_a_missing_report(pipeline: Pipeline, overdue: str, address: str) -> None:
    async with (
        open_pool(pipeline.url, "planwatch_reader") as pool,
        TestClient(TestServer(build_app(pool, ""))) as client,
    ):
        answer = await client.get(address.format(case=overdue))
        text = await answer.text()

    assert answer.status == 200
    assert "None" not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["warnings"], "逾期未报"), (["explain", "zhongwei-05"], "至今未报"), (["audit", "verify"], "问题 faults: 0")],
    ids=["warnings", "explain", "audit"],
)
async def test_the_command_line_tells_of_the_case_of_a_missing_report(
    pipeline: Pipeline, overdue: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)
    monkeypatch.setenv("COLUMNS", "200")

    result = CliRunner().invoke(commands, arguments)

    assert result.exit_code == 0, result.output
    assert words in result.output


async def test_explain_as_json_has_no_figures_but_the_rule(
    pipeline: Pipeline, overdue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)

    document = json.loads(CliRunner().invoke(commands, ["explain", overdue, "--json"]).output)

    assert document["figures"] is None
    assert document["rule"]["policy_line"] == "default-3: overdue_report.0.binding = blue"
    # then the fifteenth working day after 11 April, the made-up Sunday of the 24th included
    assert document["warning"]["due_on"] == "2022-04-29"


async def test_the_public_page_of_a_case_leads_to_where_it_is_answered(pipeline: Pipeline, overdue: str) -> None:
    async with (
        open_pool(pipeline.url, "planwatch_reader") as pool,
        TestClient(TestServer(build_app(pool, "", "http://alerts.test"))) as client,
    ):
        answer = await client.get(f"/warnings/{overdue}")

        assert f'href="http://alerts.test/cases/{overdue}"' in await answer.text()


async def test_the_public_page_of_a_case_tells_strangers_no_names_of_persons(pipeline: Pipeline, overdue: str) -> None:
    await pipeline.happen("zhongwei-05", Acknowledged("王主任"))

    async with (
        open_pool(pipeline.url, "planwatch_reader") as pool,
        TestClient(TestServer(build_app(pool, ""))) as client,
    ):
        text = await (await client.get(f"/warnings/{overdue}")).text()

    assert "签收" in text
    assert "经办人员" in text
    assert "王主任" not in text
