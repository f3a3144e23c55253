"""Forecasts beside the verdicts: stored, known at any moment, raising warnings, told by commands, pages and mails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner

from services.cli.main import commands
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

# 99.55 is due to rise by 0.05 a year; slower than that from 2022 on, but within the schedule's five per cent
SLOWING = {"2021": "99.61", "2022": "99.655", "2023": "99.696"}


def forecasts(pipeline: Pipeline, as_of: object, series: str = "zhongwei-05.640500.A._T._T") -> dict[str, str | None]:
    return dict(
        pipeline.rows(
            "SELECT time_period, coalesce(reason, round(value::numeric, 3)::text)"
            " FROM forecasts_as_of(%s) WHERE series_key = %s",
            as_of,
            series,
        )
    )


async def report_years(pipeline: Pipeline, years: dict[str, str], no: int = 5) -> None:
    for period, value in years.items():
        await pipeline.submit(figure(no, period, value), submission_id=f"a{period}")
        pipeline.clock.advance(days=365)


async def test_the_third_yearly_point_brings_a_forecast_beside_its_verdict(pipeline: Pipeline) -> None:
    await report_years(pipeline, {"2021": "99.60", "2022": "99.65"})

    assert forecasts(pipeline, pipeline.clock()) == {"2021": "too_few_points", "2022": "99.763"}


async def test_what_was_expected_on_a_past_day_can_be_asked_for(pipeline: Pipeline) -> None:
    first_day = pipeline.clock()
    await report_years(pipeline, {"2021": "99.60", "2022": "99.65"})

    assert forecasts(pipeline, first_day) == {"2021": "too_few_points"}
    assert forecasts(pipeline, first_day - timedelta(seconds=1)) == {}


async def test_a_report_that_is_handled_late_gives_the_forecasts_that_it_would_have_given_in_time(
    pipeline: Pipeline,
) -> None:
    # given figures of 2021 and 2023, and one of 2022 that was received between them
    start = pipeline.clock()
    await pipeline.submit(figure(5, "2021", "99.60"), submission_id="a", received_at=start)
    await pipeline.submit(figure(5, "2023", "99.70"), submission_id="c", received_at=start + timedelta(days=2))
    without = forecasts(pipeline, start + timedelta(days=2))

    # when it is handled last
    await pipeline.submit(figure(5, "2022", "99.65"), submission_id="b", received_at=start + timedelta(days=1))

    # then
    assert forecasts(pipeline, start + timedelta(days=1)) == {"2021": "too_few_points", "2022": "99.763"}
    assert forecasts(pipeline, start + timedelta(days=2)) == {
        "2021": "too_few_points", "2022": "99.763", "2023": "99.780",
    }  # fmt: skip
    assert without["2023"] != "99.780"


async def test_the_rows_read_for_a_forecast_do_not_grow_beyond_the_window(pipeline: Pipeline) -> None:
    # given a figure of long before the plan, which says something quite different
    await pipeline.submit(figure(5, "2010", "50"), submission_id="old")

    await report_years(pipeline, {"2021": "99.60", "2022": "99.65"})

    assert forecasts(pipeline, pipeline.clock())["2022"] == "99.763"


async def test_a_limit_has_no_forecast(pipeline: Pipeline) -> None:
    await report_years(pipeline, {"2021": "95.95", "2022": "96", "2023": "96.1"}, no=12)

    assert pipeline.rows("SELECT count(*) FROM assessment_forecasts") == [(0,)]


async def test_on_schedule_but_unlikely_to_arrive_raises_a_yellow_warning_that_says_so(pipeline: Pipeline) -> None:
    await report_years(pipeline, SLOWING)

    assert pipeline.rows("SELECT class FROM assessments WHERE time_period = '2023'") == [("on_schedule",)]
    assert pipeline.rows("SELECT level, kind, cause, policy_line FROM early_warnings") == [
        ("yellow", "forecast_miss", "target_unlikely", "default-3: other_levels.forecast_miss.binding = yellow")
    ]
    ((reason,),) = pipeline.rows("SELECT reason_zh FROM warning_history ORDER BY step DESC LIMIT 1")
    assert reason.startswith("2023年评价为基本符合预期，但按目前走势如期实现目标的概率为")


async def test_a_series_exactly_on_its_path_raises_no_warning(pipeline: Pipeline) -> None:
    await report_years(pipeline, {"2021": "99.60", "2022": "99.65", "2023": "99.70"})

    assert pipeline.open_levels() == {}


async def test_a_corrected_earlier_figure_that_changes_only_the_forecast_closes_the_warning(
    pipeline: Pipeline,
) -> None:
    await report_years(pipeline, SLOWING)
    assert pipeline.open_levels() == {"zhongwei-05": "yellow"}

    await pipeline.submit(figure(5, "2021", "99.55"), figure(5, "2022", "99.61"), submission_id="corrected")

    assert pipeline.rows("SELECT count(*) FROM assessments WHERE time_period = '2023'") == [(1,)]
    assert pipeline.steps("zhongwei-05")[-1][:2] == ("close", "yellow")


async def test_assess_and_explain_tell_the_forecast(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    await report_years(pipeline, SLOWING)
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)

    table = CliRunner().invoke(commands, ["assess", "--as-of", pipeline.clock().isoformat()], env={"COLUMNS": "240"})
    why = CliRunner().invoke(commands, ["explain", "zhongwei-05"])

    assert table.exit_code == 0, table.output
    assert "预计期末" in table.output
    assert why.exit_code == 0, why.output
    assert "实现目标的概率" in why.output
    assert "80% 区间" in why.output


async def test_the_mail_names_the_forecast_beside_the_figures(pipeline: Pipeline) -> None:
    await report_years(pipeline, SLOWING)
    pipeline.clock.advance(days=1)
    await pipeline.close_digests()

    (mail,) = pipeline.mails()
    body = mail.get_body(("plain",))
    assert body is not None
    assert "如期实现目标的概率" in body.get_content()
