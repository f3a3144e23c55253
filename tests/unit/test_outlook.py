"""Forecasts of a subject as known at a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.evaluation import Subject
from planwatch.forecast import falls_short
from planwatch.outlook import Outlook, has_outlook, outlook_at, outlooks_since
from planwatch.period import parse_period
from planwatch.plan import GoalKind, Indicator
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.series import Accumulation
from planwatch.vintages import Vintages
from tests.builders import (
    APPLIED_AT,
    RECEIVED_AT,
    default_policy,
    make_history,
    make_indicator,
    make_observation,
    make_plan,
    series_of,
)

QUARTERS = {f"{year}-Q{quarter}": str(40 + year - 2021 + quarter) for year in (2021, 2022) for quarter in range(1, 5)}


def subject_of(indicator: Indicator) -> Subject:
    plans = PlanHistory([PlanVersion(make_plan(indicator), APPLIED_AT)])
    return Subject(indicator.indicator_id, series_of(indicator).subject_key, plans, default_policy())


def outlook(indicator: Indicator, figures: Mapping[str, str | None], **form: Accumulation) -> Outlook:
    found = outlook_at(subject_of(indicator), make_history(indicator, figures, **form), RECEIVED_AT)
    assert found is not None
    return found


def test_a_baseline_and_one_figure_are_too_few_for_a_forecast() -> None:
    found = outlook(make_indicator(), {"2021": "60"})

    assert (found.period, found.forecast.reason, found.forecast.value) == (parse_period("2021"), "too_few_points", None)


def test_the_printed_baseline_is_the_first_of_three_points() -> None:
    found = outlook(make_indicator(baseline="50", target="60"), {"2021": "52", "2022": "54"})

    # slope 2 followed by 3 / 4: 54 + 3 years of 1.5
    assert found.forecast.value == pytest.approx(58.5)
    assert found.forecast.pace_needed == pytest.approx(2)
    assert found.forecast.reason is None


def test_the_figure_of_the_baselines_year_takes_the_place_of_the_printed_one() -> None:
    figures = {"2021": "52", "2022": "54"}

    with_own = outlook(make_indicator(baseline="99", target="100"), {"2020": "50", **figures})
    assert with_own.forecast.value == outlook(make_indicator(baseline="50", target="100"), figures).forecast.value


def test_a_bound_that_the_indicator_has_is_never_passed() -> None:
    indicator = make_indicator(baseline="80", target="99", bounds=("0", "100"))

    forecast = outlook(indicator, {"2021": "88", "2022": "96"}).forecast
    assert forecast.high == 100
    assert forecast.value is not None
    assert forecast.value <= 100


def test_a_total_is_forecast_from_the_flows_of_whole_years() -> None:
    indicator = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="50")

    found = outlook(indicator, {"2021": "10", "2022": "10", "2023": "10"})
    assert found.forecast.value == pytest.approx(50)
    assert found.forecast.pace_needed == pytest.approx(10)


def test_months_of_a_year_that_is_under_way_do_not_count_as_a_flow() -> None:
    indicator = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="50")
    years = {"2021": "10", "2022": "10", "2023": "10"}

    under_way = outlook(indicator, {**years, "2024-01": "5"})
    assert under_way.period == parse_period("2024-01")
    assert under_way.forecast == outlook(indicator, years).forecast


def test_a_yearly_mean_is_forecast_as_the_total_that_it_means() -> None:
    indicator = make_indicator(goal_kind=GoalKind.AVERAGE, baseline=None, target="10")

    assert outlook(indicator, {"2021": "10", "2022": "10", "2023": "10"}).forecast.value == pytest.approx(50)


def test_quarters_are_forecast_with_their_season() -> None:
    indicator = make_indicator(baseline=None, target="60")

    found = outlook(indicator, {**QUARTERS, "2023-Q1": "43"})
    # the fourth quarter lies 3 above the first, and a year adds at most 1
    assert found.forecast.value is not None
    assert 46 <= found.forecast.value <= 49


def test_years_serve_where_the_quarters_do_not_reach_back_two_seasons() -> None:
    indicator = make_indicator(baseline="50", target="60")
    years = {"2021": "52", "2022": "54"}

    assert outlook(indicator, {**years, "2023-Q1": "54.4"}).forecast == outlook(indicator, years).forecast


def test_after_the_target_year_its_figure_decides() -> None:
    forecast = outlook(make_indicator(baseline="50", target="60"), {"2021": "52", "2025": "61"}).forecast

    assert (forecast.reason, forecast.probability, forecast.value) == ("target_year_over", 1.0, 61.0)


@pytest.mark.parametrize("goal_kind", [GoalKind.FLOOR, GoalKind.CEILING, GoalKind.COVERAGE])
def test_a_limit_has_no_outlook(goal_kind: GoalKind) -> None:
    indicator = make_indicator(goal_kind=goal_kind)

    history = make_history(indicator, {"2021": "60", "2022": "61", "2023": "62"})
    assert outlook_at(subject_of(indicator), history, RECEIVED_AT) is None
    assert not has_outlook([indicator])


def test_figures_before_the_plan_alone_have_no_outlook() -> None:
    indicator = make_indicator()

    assert outlook_at(subject_of(indicator), make_history(indicator, {"2020": "50"}), RECEIVED_AT) is None


@given(
    st.permutations([("a", "2021", "52", 1), ("b", "2022", "53", 2), ("c", "2023", "56", 3), ("d", "2021", "51", 4)])
)
def test_the_forecast_known_at_any_moment_does_not_depend_on_the_order_of_arrival(
    order: list[tuple[str, str, str, int]],
) -> None:
    indicator = make_indicator(baseline="50", target="60")
    subject, vintages = subject_of(indicator), Vintages()
    stored: dict[datetime, Outlook] = {}

    for submission_id, period, value, day in order:
        received_at = RECEIVED_AT + timedelta(days=day)
        vintages.add(make_observation(indicator, period, value, received_at=received_at, submission_id=submission_id))
        stored |= {found.known_at: found for found in outlooks_since(subject, vintages, received_at)}

    assert list(stored.values()) != []
    assert stored == {
        moment: outlook_at(subject, vintages.known_at(subject.subject_key, moment), moment) for moment in stored
    }
    assert len(stored) == 4


@pytest.mark.parametrize(
    ("pace", "needed", "short"),
    [
        (1.9, 2.0, True),
        (2.0, 2.0, False),
        (-1.9, -2.0, True),
        (-2.1, -2.0, False),
        (1.0, 0.0, False),
        (None, 2.0, False),
    ],
)
def test_a_pace_falls_short_in_the_direction_of_the_target(pace: float | None, needed: float, short: bool) -> None:
    assert falls_short(pace, needed) is short


def test_a_series_exactly_on_its_path_does_not_fall_short() -> None:
    forecast = outlook(make_indicator(baseline="50", target="60"), {"2021": "52", "2022": "54"}).forecast

    assert not falls_short(forecast.pace, forecast.pace_needed)
    assert forecast.probability == pytest.approx(float(Decimal("0.37")), abs=0.01)
