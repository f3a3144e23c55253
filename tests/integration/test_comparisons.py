"""Gaps, roll-ups, ranks, scores and alignment from what was reported: commands and pages."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner, Result

from services.cli.main import commands
from services.database import open_pool
from services.pages.app import build_app
from services.pages.store import ROLE
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

DISTRICTS = {"640502": "94.0", "640521": "90.0", "640522": "96.0"}


def run(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)
    return CliRunner().invoke(commands, list(arguments), env={"COLUMNS": "200"})


def answer(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:  # noqa: ANN401
    result = run(pipeline, monkeypatch, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


async def page(pipeline: Pipeline, address: str) -> tuple[int, str]:
    async with open_pool(pipeline.url, ROLE) as pool:
        server = TestServer(build_app(pool, ""))
        async with TestClient(server) as client, client.get(address) as response:
            return response.status, await response.text()


async def report_districts(pipeline: Pipeline, no: int = 6, year: str = "2021", own: str = "93.5") -> None:
    rows = [figure(no, year, value, ref_area=area) for area, value in DISTRICTS.items()]
    await pipeline.submit(figure(no, year, own), *rows, submission_id=f"d{no}{year}")


async def test_the_gap_between_districts_is_measured_from_reported_figures(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report_districts(pipeline)

    found = answer(pipeline, monkeypatch, "equalisation", "zhongwei", "6", "--period", "2021")

    assert [(group["group"], group["value"]) for group in found["groups"]] == [
        ("640502", 94.0), ("640521", 90.0), ("640522", 96.0),
    ]  # fmt: skip
    assert found["by"] == "area"
    assert found["note"]["zh"] == "未给出各组人口，各组同等看待"
    (measures,) = [period["measures"] for period in found["periods"]]
    assert next(measure["value"] for measure in measures if measure["measure"] == "D") == 6.0


async def test_a_file_of_populations_weights_the_groups(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("地区,人口\n640502,400000\n640521,270000\n640522,380000\n", encoding="utf-8")
    await report_districts(pipeline)

    found = answer(pipeline, monkeypatch, "equalisation", "zhongwei", "6", "--population", str(people))

    assert found["note"] is None
    assert [group["population"] for group in found["groups"]] == [400000, 270000, 380000]


async def test_a_faulty_population_is_named_with_its_row(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("地区,人口\n640502,many\n", encoding="utf-8")
    await report_districts(pipeline)

    result = run(pipeline, monkeypatch, "equalisation", "zhongwei", "6", "--population", str(people))

    assert "第2行人口“many”应为大于零的数" in str(result.exception)


async def test_what_was_known_before_a_correction_can_be_compared_too(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report_districts(pipeline)
    before = pipeline.clock().isoformat()
    pipeline.clock.advance(days=30)
    await pipeline.submit(figure(6, "2021", "95.9", ref_area="640521"), submission_id="e")

    then = answer(pipeline, monkeypatch, "equalisation", "zhongwei", "6", "--as-of", before)
    now = answer(pipeline, monkeypatch, "equalisation", "zhongwei", "6", "--as-of", pipeline.clock().isoformat())

    assert [found["groups"][1]["value"] for found in (then, now)] == [90.0, 95.9]


async def test_without_two_groups_there_is_no_gap_and_the_command_says_so(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pipeline.submit(figure(6, "2021", "93.5"), submission_id="a")

    assert "没有两个以上地区之间的数据" in str(run(pipeline, monkeypatch, "equalisation", "zhongwei", "6").exception)


async def test_the_page_of_a_gap_shows_groups_measures_and_picture_in_both_languages(pipeline: Pipeline) -> None:
    await report_districts(pipeline)

    status, text = await page(pipeline, "/plans/zhongwei/equalisation/zhongwei-06")
    _, english = await page(pipeline, "/plans/zhongwei/equalisation/zhongwei-06?lang=en")

    assert status == HTTPStatus.OK
    assert text.count('class="group"') == 3
    assert "极差" in text
    assert "未给出各组人口" in text
    assert "between areas" in english
    assert "各组" not in english


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/plans/zhongwei/equalisation/none", HTTPStatus.NOT_FOUND),
        ("/plans/none/equalisation/zhongwei-06", HTTPStatus.NOT_FOUND),
        ("/plans/zhongwei/equalisation/zhongwei-06?period=later", HTTPStatus.BAD_REQUEST),
        ("/plans/zhongwei/equalisation/zhongwei-06?as_of=later", HTTPStatus.BAD_REQUEST),
        ("/plans/zhongwei/equalisation/zhongwei-06?by=nothing", HTTPStatus.OK),
    ],
)
async def test_an_address_that_names_nothing_is_answered_in_words(
    pipeline: Pipeline, address: str, status: HTTPStatus
) -> None:
    assert (await page(pipeline, address))[0] == status
