"""Where path and values stand in the picture."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from planwatch.drawn_path import expected_path
from planwatch.period import parse_period
from planwatch.plan import GoalKind, Target
from planwatch.plan_terms import Comparator
from services.pages.forecast_store import KnownForecast
from services.web.chart import draw_chart
from tests.unit.test_pages_views import FIGURE, FLOW, PLAN, RETENTION, TRAINING


def test_the_path_runs_from_the_baseline_to_the_target_across_the_whole_width() -> None:
    chart = draw_chart(PLAN, RETENTION, [], 116, 66)

    assert chart is not None
    # 8 free on each side: x 8..108, y 58 (low) .. 8 (high)
    assert [(dot.x, dot.y) for dot in chart.path] == [(8.0, 58.0), (108.0, 8.0)]


def test_a_value_stands_at_its_time_and_height() -> None:
    chart = draw_chart(PLAN, RETENTION, [replace(FIGURE, obs_value=Decimal("99.675"))], 116, 66)

    assert chart is not None
    # 2021 is a fifth of 2020..2025, 99.675 half of 99.55..99.8
    assert [(dot.x, dot.y) for dot in chart.actual] == [(28.0, 33.0)]


def test_a_missing_value_leaves_no_dot() -> None:
    chart = draw_chart(PLAN, RETENTION, [replace(FIGURE, obs_value=None)], 116, 66)

    assert chart is not None
    assert chart.actual == ()


def test_a_stated_milestone_bends_the_path() -> None:
    indicator = replace(RETENTION, milestones=((parse_period("2023"), Decimal("99.6")),))

    path = expected_path(PLAN, indicator, [])

    assert [(point.time, point.value) for point in path] == [
        (2020.0, Decimal("99.55")),
        (2023.0, Decimal("99.6")),
        (2025.0, Decimal("99.8")),
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (GoalKind.ACCUMULATE, [Decimal(0), Decimal(6)]),
        (GoalKind.AVERAGE, [Decimal(0), Decimal(30)]),  # 6 a year, 5 years
        (GoalKind.FLOOR, [Decimal(6), Decimal(6)]),
    ],
)
def test_a_total_starts_from_nothing_and_a_limit_is_level(kind: GoalKind, expected: list[Decimal]) -> None:
    path = expected_path(PLAN, replace(TRAINING, goal_kind=kind), [])

    assert [point.value for point in path] == expected


def test_a_total_is_drawn_and_not_the_flow() -> None:
    chart = draw_chart(PLAN, TRAINING, [replace(FLOW, obs_value=Decimal("0.3"), measured=Decimal("2.78"))], 116, 66)

    assert chart is not None
    assert [dot.value for dot in chart.actual] == [Decimal("2.78")]


def test_without_a_baseline_the_path_starts_where_the_first_figure_stands_in() -> None:
    indicator = replace(RETENTION, baseline=None)
    first = replace(FIGURE, baseline_substituted=True, baseline_period="2021", baseline_value=Decimal(50))

    path = expected_path(PLAN, indicator, [first])

    assert [(point.time, point.value) for point in path] == [(2021.0, Decimal(50)), (2025.0, Decimal("99.8"))]


def test_without_any_baseline_there_is_no_picture() -> None:
    assert draw_chart(PLAN, replace(RETENTION, baseline=None), [], 116, 66) is None


def test_a_level_picture_runs_through_the_middle() -> None:
    indicator = replace(
        RETENTION,
        goal_kind=GoalKind.FLOOR,
        target=Target(Decimal(100), Comparator.AT_LEAST, parse_period("2025")),
    )

    chart = draw_chart(PLAN, indicator, [replace(FIGURE, obs_value=Decimal(100))], 116, 66)

    assert chart is not None
    assert {dot.y for dot in (*chart.path, *chart.actual)} == {33.0}


def test_a_forecast_stands_at_the_end_with_its_interval_and_stretches_the_picture() -> None:
    forecast = KnownForecast("key", "2021", 99.8, 99.55, 100.05, 0.8, 0.5, 0.05, 0.05, 2025, None)

    chart = draw_chart(PLAN, RETENTION, [], 116, 66, forecast=forecast)

    assert chart is not None
    assert [(dot.x, dot.y) for dot in chart.outlook] == [(108.0, 33.0), (108.0, 58.0), (108.0, 8.0)]
    assert [(dot.x, dot.y) for dot in chart.path] == [(8.0, 58.0), (108.0, 33.0)]


def test_without_an_interval_nothing_is_drawn_at_the_end() -> None:
    decided = KnownForecast("key", "2025", 99.8, None, None, None, 1.0, None, None, None, "target_year_over")

    chart = draw_chart(PLAN, RETENTION, [], 116, 66, forecast=decided)

    assert chart is not None
    assert chart.outlook == ()
