"""The forecast is held against what published series did next (docs/forecast.md)."""

from __future__ import annotations

from functools import cache

import pytest

from bench.backtest import CONFIDENCES, Trial, coverage, mean_error, promises_hold, run_trials, slices, total_coverage
from bench.published_series import FOLDER, REPOSITORY, PublishedSeries, cited_series, folder_series

needs_folder = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"{FOLDER} missing; PLANWATCH_ORACLES may name the folder that holds {FOLDER.name}"
)


@cache
def cited() -> tuple[Trial, ...]:
    return tuple(run_trials(cited_series()))


@cache
def published() -> tuple[PublishedSeries, ...]:
    return tuple(folder_series())


@cache
def tried() -> tuple[Trial, ...]:
    return tuple(run_trials(published()))


def test_every_cited_series_is_tried() -> None:
    assert {trial.indicator for trial in cited()} == {series.indicator for series in cited_series()}


@pytest.mark.parametrize("method", ["last value", "straight line"])
def test_on_the_cited_series_the_error_is_no_worse_than_that_of_simple_forecasts(method: str) -> None:
    assert mean_error(cited(), "forecast") <= mean_error(cited(), method)


@pytest.mark.parametrize("confidence", [0.9, 0.95])  # 0.8 holds 74 per cent: two of the few series grow exponentially
def test_on_the_cited_series_intervals_hold_as_often_as_they_say(confidence: float) -> None:
    assert coverage(cited(), confidence) == pytest.approx(confidence, abs=0.05)


@needs_folder
@pytest.mark.parametrize("page", ["forecast.md", "forecast.zh-CN.md"])
def test_the_table_of_the_documentation_is_the_backtest_s(page: str) -> None:
    errors = [f"{mean_error(tried(), method):.3f}" for method in ("forecast", "last value", "straight line")]
    held = [f"{100 * coverage(tried(), confidence):.1f}" for confidence in CONFIDENCES]

    row = " | ".join([str(len(tried())), *errors, *held])

    assert row in (REPOSITORY / "docs" / page).read_text("utf-8")


@needs_folder
def test_on_published_series_what_is_promised_holds() -> None:
    assert len(tried()) > 10_000
    assert promises_hold(tried())


@needs_folder
@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("years", range(1, 6))
def test_on_published_series_intervals_hold_as_often_as_they_say_at_every_distance(
    years: int, confidence: float
) -> None:
    part = slices(tried())[f"{years} 年后 / {years} ahead"]

    assert coverage(part, confidence) == pytest.approx(confidence, abs=0.05)


@needs_folder
@pytest.mark.parametrize("method", ["last value", "straight line"])
@pytest.mark.parametrize("part", ["3–4 点 / 3–4 points", "单号指标 / every other indicator", "双号指标 / the others"])
def test_on_every_part_of_the_published_series_the_error_is_no_worse_than_that_of_simple_forecasts(
    part: str, method: str
) -> None:
    trials = slices(tried())[part]

    assert mean_error(trials, "forecast") <= mean_error(trials, method)


@needs_folder
@pytest.mark.parametrize("years", [1, 3, 5])
def test_intervals_of_totals_hold_as_often_as_they_say(years: int) -> None:
    assert total_coverage(published(), years, 0.8) == pytest.approx(0.8, abs=0.05)
