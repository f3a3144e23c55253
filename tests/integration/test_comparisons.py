"""Gaps, roll-ups, ranks, scores and alignment from what was reported: commands and pages."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner, Result

from services.catalogue import apply_plan
from services.cli.main import commands
from services.database import connect_as, open_pool
from services.pages.app import build_app
from services.pages.store import ROLE
from tests.builders import APPLIED_AT, figure, real_plan_file
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


async def test_areas_are_ranked_with_ties_and_those_without_a_figure_last(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pipeline.submit(
        figure(6, "2021", "94.0", ref_area="640502"),
        figure(6, "2021", "94.0", ref_area="640521"),
        figure(5, "2021", "99.0", ref_area="640522"),
        submission_id="a",
    )

    rows = answer(pipeline, monkeypatch, "rank", "zhongwei", "6", "--period", "2021")

    assert [(row["area"], row["rank"], row["tied"]) for row in rows] == [
        ("640502", 1, True), ("640521", 1, True), ("640522", None, False),
    ]  # fmt: skip


async def test_a_roll_up_that_differs_from_the_citys_own_figure_is_a_finding(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    people = tmp_path / "people.csv"
    people.write_text("group,population\n640502,1\n640521,1\n640522,2\n", encoding="utf-8")
    await report_districts(pipeline, own="93.5")

    found = answer(pipeline, monkeypatch, "rollup", "zhongwei", "6", "--period", "2021", "--population", str(people))

    # (94 + 90 + 2 · 96) / 4
    assert found["rolled_up"] == 94
    assert found["is_complete"]
    (finding,) = found["findings"]
    assert finding["zh"] == "本级上报 93.5，由所辖 3 个地区汇总为 94，相差超出舍入误差"


async def test_an_incomplete_roll_up_names_the_missing_areas_and_is_held_against_nobody(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pipeline.submit(
        figure(8, "2021", "9"),
        figure(8, "2021", "1.5", ref_area="640502"),
        figure(5, "2021", "99.0", ref_area="640522"),
        submission_id="a",
    )

    found = answer(pipeline, monkeypatch, "rollup", "zhongwei", "8", "--period", "2021")

    assert (found["rolled_up"], found["used"], found["missing"]) == (1.5, ["640502"], ["640522"])
    assert found["findings"] == []


async def test_rates_without_populations_are_not_rolled_up(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    await report_districts(pipeline)

    found = answer(pipeline, monkeypatch, "rollup", "zhongwei", "6", "--period", "2021")

    assert (found["rolled_up"], found["unweighted"]) == (None, sorted(DISTRICTS))


async def report_training(pipeline: Pipeline) -> None:
    """No. 8, the only indicator of its domain: 1.5 of 6."""
    await pipeline.submit(figure(8, "2021", "1.5"), submission_id="t")


async def test_a_domain_is_scored_from_its_indicators_and_a_plan_with_too_little_data_is_not(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report_training(pipeline)

    score = answer(pipeline, monkeypatch, "composite", "zhongwei")["score"]

    (domain,) = [part for part in score["parts"] if part["code"] == "employment"]
    (indicator,) = domain["parts"]
    assert (domain["value"], indicator["share"], indicator["time_period"]) == (25.0, 0.25, "2021")
    assert (score["value"], score["reason"]) == (None, "too_few_data")


async def test_given_weights_score_the_plan_from_what_they_name(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.yaml"
    weights.write_text("\n".join(f"{no}: {1 if no == 8 else 0}" for no in range(1, 26)), encoding="utf-8")
    await report_training(pipeline)

    found = answer(pipeline, monkeypatch, "composite", "zhongwei", "--weights", str(weights))

    assert found["score"]["value"] == 25.0


async def test_entropy_weights_rest_on_the_districts(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    await report_districts(pipeline)
    await report_districts(pipeline, no=3)

    found = answer(pipeline, monkeypatch, "composite", "zhongwei", "--weights", "entropy")

    assert found["areas"] == sorted(DISTRICTS)
    (domain,) = found["score"]["parts"]
    assert [(part["code"], round(part["weight"], 3)) for part in domain["parts"]] == [
        ("zhongwei-03", 0.5), ("zhongwei-06", 0.5),
    ]  # fmt: skip


async def test_without_districts_there_are_no_entropy_weights_and_the_reason_is_given(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await report_training(pipeline)

    result = run(pipeline, monkeypatch, "composite", "zhongwei", "--weights", "entropy")

    assert result.exit_code == 0, result.output
    assert "完整有数的地区少于两个" in result.output


async def test_the_page_of_scores_traces_every_score_to_its_indicators(pipeline: Pipeline) -> None:
    await report_training(pipeline)
    await report_districts(pipeline)

    status, text = await page(pipeline, "/plans/zhongwei/scores")
    _, english = await page(pipeline, "/plans/zhongwei/scores?lang=en&weights=entropy")

    assert status == HTTPStatus.OK
    assert text.count('<tr class="part">') == 25
    assert "/plans/zhongwei/equalisation/zhongwei-06" in text
    assert "/plans/zhongwei/equalisation/zhongwei-08" not in text
    assert '<span aria-current="true">entropy weights</span>' in english


async def test_the_page_of_alignment_sets_targets_beside_those_of_the_nation(pipeline: Pipeline) -> None:
    with connect_as(pipeline.url) as connection:
        apply_plan(connection, real_plan_file("national"), APPLIED_AT)

    status, text = await page(pipeline, "/plans/zhongwei/alignment")
    _, english = await page(pipeline, "/plans/zhongwei/alignment?lang=en")

    assert status == HTTPStatus.OK
    # nos. 9, 12, 16 and 23 stand below the national plan
    assert text.count('class="against below">低于上位规划</span></td>') == 4
    assert english.count('class="against below">Below the parent plan</span></td>') == 4


async def test_a_plan_without_a_parent_in_the_catalogue_is_said_to_have_none(pipeline: Pipeline) -> None:
    assert "目录中没有这部规划的上位规划" in (await page(pipeline, "/plans/zhongwei/alignment"))[1]
