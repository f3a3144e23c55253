"""Statistics Canada's progress measure gives what Statistics Canada publishes.

The whole file of results needs the folder of published results: `shared/oracles` beside the checkout, or the folder
that PLANWATCH_ORACLES names. An extract is always there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from planwatch.methods.case import MethodCase, Point
from planwatch.methods.group_means import Scored, group_means
from planwatch.methods.statistics_canada import limit_factor, status_of_mean
from planwatch.plan import Direction, GoalKind
from tests.statistics_canada_results import (
    DATA,
    TOLERANCE,
    agree,
    all_series,
    assessed,
    load_results,
    mismatched_means,
    mismatches,
)

EXTRACT = DATA / "statistics_canada_gif_extract.yml"
ORACLES = Path(os.environ.get("PLANWATCH_ORACLES", Path(__file__).parents[3] / "shared" / "oracles"))
ALL_RESULTS = ORACLES / "statcan_gif.yml"

needs_all_results = pytest.mark.skipif(
    not ALL_RESULTS.exists(), reason=f"{ALL_RESULTS} missing; PLANWATCH_ORACLES may name another folder"
)
either_file = pytest.mark.parametrize(
    "path", [pytest.param(EXTRACT, id="extract"), pytest.param(ALL_RESULTS, id="all", marks=needs_all_results)]
)

UP, DOWN = Direction.INCREASE, Direction.DECREASE


def two(base: float, latest: float) -> tuple[Point, Point]:
    return Point(2015, base), Point(2025, latest)


@either_file
def test_every_published_series_has_the_published_status_value_and_score(path: Path) -> None:
    assert mismatches(all_series(load_results(path))) == []


@either_file
def test_what_cannot_be_computed_is_what_the_publisher_does_not_compute_and_has_a_reason(path: Path) -> None:
    published = all_series(load_results(path))

    ours = {series.name: series.result.reason for series in published if series.result.score is None}

    assert set(ours) == {series.name for series in published if series.fields["status"] == "not_available"}
    assert None not in ours.values()


@either_file
def test_every_published_mean_of_series_and_nested_groups_is_met(path: Path) -> None:
    assert mismatched_means(load_results(path)) == []


@needs_all_results
def test_the_file_of_results_has_its_247_series() -> None:
    assert len(all_series(load_results(ALL_RESULTS))) == 247


@pytest.mark.parametrize(
    ("case", "status", "score", "reason"),
    [
        pytest.param(
            MethodCase(two(5, 0), target=0, direction=DOWN), "target_achieved", 5, "target_met", id="zero-target-met"
        ),
        pytest.param(
            MethodCase(two(100, 100), target=100, direction=UP), "target_achieved", 5, "target_met", id="kept-at-target"
        ),
        pytest.param(
            MethodCase((Point(2020, 100),), target=100, direction=UP),
            "target_achieved",
            5,
            "target_met",
            id="one-value",
        ),
        pytest.param(
            MethodCase((Point(2020, 90),), target=100, direction=UP), "not_available", None, "one_value", id="no-change"
        ),
        pytest.param(
            MethodCase(two(100, 99), target=100, direction=UP), "not_available", None, "target_equals_base", id="fell"
        ),
        pytest.param(MethodCase(two(-5, 5), direction=UP), "not_available", None, "mixed_sign", id="crosses-zero"),
        pytest.param(
            MethodCase((Point(2010, 4),), direction=UP), "not_available", None, "no_value_since_base_year", id="too-old"
        ),
        pytest.param(
            MethodCase(two(100, 100), direction=UP, limit=100), "substantial_progress", 5, None, id="at-limit"
        ),
        pytest.param(
            MethodCase(two(100, 99), direction=UP, limit=100), "deterioration", -2.62557, None, id="off-limit"
        ),
        # All negative: -4 → -2 is growth of -6.7 % a year in size, an improvement where more is better.
        pytest.param(MethodCase(two(-4, -2), direction=UP), "substantial_progress", 5, None, id="negative"),
        # 96 met the target of 95 already and was lost: the sign follows the good direction, not the way to the target.
        pytest.param(
            MethodCase(two(96, 94), target=95, target_year=2030, direction=UP), "deterioration", -5, None, id="lost"
        ),
        pytest.param(MethodCase(two(0, 5), direction=UP), "substantial_progress", 5, "zero_replaced", id="zero-base"),
    ],
)
def test_edge_cases_are_those_of_the_publisher(
    case: MethodCase, status: str, score: float | None, reason: str | None
) -> None:
    result = assessed(case)

    assert (result.published_class, result.reason) == (status, reason)
    assert result.score == (score if score is None else pytest.approx(score, abs=1e-4))


@pytest.mark.parametrize(
    ("base", "limit", "factor"),
    [
        pytest.param(50.0, None, 1.0, id="no-limit"),
        pytest.param(100.0, 100.0, 0.0, id="at-the-limit"),
        pytest.param(50.0, 100.0, 1 - 0.5**4.44, id="half-way-below"),
        pytest.param(150.0, 100.0, 1 - 0.5**4.44, id="half-way-above"),
        pytest.param(200.0, 100.0, 1.0, id="far-above"),
        pytest.param(0.0, 0.0, 1.0, id="limit-of-zero"),
    ],
)
def test_thresholds_shrink_near_a_natural_limit(base: float, limit: float | None, factor: float) -> None:
    assert agree(limit_factor(base, limit), factor)


def test_a_group_enters_the_group_around_it_as_one_member() -> None:
    # given: water 1; education of two series -5 and 3, which count as one member of -1
    members = [
        (("1-4-1",), Scored(1.0, achieved=False)),
        (("1-4-1", "education"), Scored(-5.0, achieved=False)),
        (("1-4-1", "education"), Scored(3.0, achieved=True)),
        (("1-4-1", "transport"), Scored(None, achieved=False)),
    ]

    # when
    means = group_means(members)

    # then: (1 - 1) / 2, transport without a score does not count
    assert {path: mean.score for path, mean in means.items()} == {
        ("1-4-1",): pytest.approx(0.0, abs=TOLERANCE),
        ("1-4-1", "education"): pytest.approx(-1.0),
        ("1-4-1", "transport"): None,
    }


@pytest.mark.parametrize(
    ("score", "achieved", "status"),
    [
        (5.0, True, "target_achieved"),
        (5.0, False, "substantial_progress"),
        (2.5, False, "substantial_progress"),
        (0.0, False, "moderate_progress"),
        (-2.5, False, "limited_progress"),
        (-2.51, False, "deterioration"),
        (None, False, "not_available"),
    ],
)
def test_a_mean_score_has_the_status_of_its_range(score: float | None, achieved: bool, status: str) -> None:
    assert status_of_mean(Scored(score, achieved)) == status


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(GoalKind.FLOOR, "limit_goal"), (GoalKind.COVERAGE, "limit_goal"), (GoalKind.AVERAGE, "total_goal")],
)
def test_growth_is_not_measured_where_the_goal_is_no_growth(kind: GoalKind, reason: str) -> None:
    result = assessed(MethodCase(two(90, 95), target=99, direction=UP, goal_kind=kind))

    assert (result.value, result.score, result.reason) == (None, None, reason)
