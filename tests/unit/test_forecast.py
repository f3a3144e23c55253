"""Forecasts: honest with few points, robust, within bounds, aware of the season and of the comparator."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.forecast import REASONS, Forecast, forecast_target, forecast_total
from planwatch.period import parse_period, year_fraction
from planwatch.plan import Target
from planwatch.plan_terms import Comparator
from planwatch.prediction import (
    Bounds,
    Prediction,
    SeriesPoint,
    predict,
    robust_slope,
    student_quantile,
    student_share,
)

PER_CENT: Bounds = (Decimal(0), Decimal(100))
AT_LEAST, GREATER, AT_MOST, LESS = Comparator.AT_LEAST, Comparator.GREATER, Comparator.AT_MOST, Comparator.LESS


def yearly(*values: str, start: int = 2020) -> list[SeriesPoint]:
    return [SeriesPoint(float(start + at), Decimal(value)) for at, value in enumerate(values)]


def target(value: str, comparator: Comparator = AT_LEAST, period: str = "2025") -> Target:
    return Target(Decimal(value), comparator, parse_period(period))


def predicted(points: Sequence[SeriesPoint], at: float, bounds: Bounds = (None, None)) -> Prediction:
    found = predict(points, at, bounds=bounds)
    assert isinstance(found, Prediction)
    return found


def probability(points: Sequence[SeriesPoint], goal: Target, bounds: Bounds = (None, None)) -> float:
    found = forecast_target(points, goal, bounds=bounds).probability
    assert found is not None
    return found


@pytest.mark.parametrize("values", [(), ("50",), ("50", "60")])
def test_fewer_than_three_points_give_a_reason_and_no_figure(values: tuple[str, ...]) -> None:
    forecast = forecast_target(yearly(*values), target("100"))

    assert forecast.reason == "too_few_points"
    assert (forecast.value, forecast.low, forecast.high, forecast.probability) == (None, None, None, None)


def test_two_points_already_tell_the_pace() -> None:
    forecast = forecast_target(yearly("50", "60"), target("100"))

    assert (forecast.pace, forecast.pace_needed, forecast.best_pace) == (10, 10, 10)  # 40 in the four years left


def test_a_steady_rise_is_followed() -> None:
    forecast = forecast_target(yearly("50", "60", "70"), target("100"))

    assert forecast.value == pytest.approx(70 + 30 * 3 / 4)  # of the slope 10 three years on, n / (n + 1) is followed
    assert forecast.pace == 10


def test_a_rise_that_drowns_in_noise_is_hardly_followed() -> None:
    steady = predicted(yearly("50", "52", "54", "56", "58"), 2029.0)
    noisy = predicted(yearly("50", "64", "44", "68", "58"), 2029.0)

    assert steady.value - 58 > 5
    assert abs(noisy.value - 58) < 2
    assert noisy.scale > 5 * steady.scale


def test_one_wild_figure_does_not_turn_the_pace() -> None:
    wild = yearly("50", "52", "5", "56", "58", "60")

    assert robust_slope(wild) == pytest.approx(2)
    assert predicted(wild, 2028.0).value == pytest.approx(60, abs=6)


def test_figures_older_than_ten_years_are_forgotten() -> None:
    recent = yearly(*[str(50 + year) for year in range(10)], start=2011)
    with_old = [*yearly("900", "3", "700", start=1990), *recent]

    assert predict(with_old, 2025.0) == predict(recent, 2025.0)


def test_a_rate_cannot_pass_its_bound() -> None:
    forecast = forecast_target(yearly("90", "94", "98"), target("99"), bounds=PER_CENT)

    assert forecast.value == 100
    assert forecast.high == 100
    assert forecast.low is not None
    assert forecast.low < 100


@pytest.mark.parametrize(
    ("comparator", "value", "expected"),
    [
        pytest.param(GREATER, "100", 0.0, id="nothing is more than all"),
        pytest.param(AT_LEAST, "101", 0.0, id="out of reach"),
        pytest.param(AT_MOST, "100", 1.0, id="always"),
        pytest.param(LESS, "101", 1.0, id="always, strictly"),
        pytest.param(LESS, "0", 0.0, id="nothing is less than nothing"),
        pytest.param(AT_MOST, "-1", 0.0, id="out of reach below"),
        pytest.param(AT_LEAST, "0", 1.0, id="always at least nothing"),
        pytest.param(GREATER, "-1", 1.0, id="always more than less than nothing"),
    ],
)
def test_what_bounds_decide_is_certain(comparator: Comparator, value: str, expected: float) -> None:
    assert probability(yearly("40", "60", "50"), target(value, comparator), PER_CENT) == expected


def test_the_bound_itself_can_be_reached() -> None:
    assert 0.5 < probability(yearly("96", "98", "100"), target("100"), PER_CENT) < 1
    assert 0 < probability(yearly("96", "98", "100"), target("100", LESS), PER_CENT) < 0.5


def test_a_strict_comparator_asks_for_one_more_in_the_last_decimal() -> None:
    points = yearly("90", "90", "90")

    at_least, greater = (probability(points, target("90", comparator)) for comparator in (AT_LEAST, GREATER))

    assert at_least > 0.5 > greater
    assert at_least + greater == pytest.approx(1)  # 89.5 and 90.5 lie on both sides of 90


def test_the_pace_needed_is_set_against_the_best_ever_seen() -> None:
    forecast = forecast_target(yearly("50", "52", "57", "58"), target("78"))

    assert forecast.pace_needed == 10  # 20 in two years
    assert forecast.best_pace == 5  # 2021 to 2022
    assert forecast.pace_ratio == 2


def test_where_less_is_better_the_best_pace_is_the_steepest_fall() -> None:
    forecast = forecast_target(yearly("20", "19", "16", "15"), target("11", AT_MOST))

    assert (forecast.best_pace, forecast.pace_needed) == (-3, -2)
    assert forecast.pace_ratio == pytest.approx(2 / 3)


def test_a_pace_never_seen_in_the_good_direction_has_no_ratio() -> None:
    assert forecast_target(yearly("50", "48", "47"), target("60")).pace_ratio is None


@pytest.mark.parametrize(
    ("values", "goal", "year"),
    [
        pytest.param(("50", "60", "70"), target("100"), 2025, id="70 + 3 * 10"),
        pytest.param(("50", "60", "70"), target("95"), 2025, id="in the middle of 2025"),
        pytest.param(("50", "60", "70"), target("100", GREATER), 2026, id="a moment after the end of 2025"),
        pytest.param(("50", "60", "70"), target("70"), 2022, id="met already"),
        pytest.param(("50", "60", "70"), target("70", GREATER), 2023, id="equal is not greater"),
        pytest.param(("20", "18", "16"), target("10", AT_MOST), 2025, id="downwards"),
        pytest.param(("50", "50", "50"), target("100"), None, id="standing still"),
        pytest.param(("50", "48", "46"), target("100"), None, id="moving away"),
    ],
)
def test_the_first_year_in_which_the_target_is_met_at_the_present_pace(
    values: tuple[str, ...], goal: Target, year: int | None
) -> None:
    assert forecast_target(yearly(*values), goal).reached_in == year


def test_a_figure_of_the_target_year_decides() -> None:
    forecast = forecast_target(yearly("90", "95", "99", start=2023), target("95"))

    assert (forecast.reason, forecast.value, forecast.probability) == ("target_year_over", 99, 1)


def test_figures_after_the_target_year_do_not_decide_it() -> None:
    forecast = forecast_target(yearly("90", "94", "99", start=2024), target("95"))

    assert (forecast.value, forecast.probability) == (94, 0)


def quarterly(years: int, pattern: Sequence[int], rise: int) -> list[SeriesPoint]:
    return [
        SeriesPoint(
            year_fraction(parse_period(f"{2020 + year}-Q{quarter + 1}").end), Decimal(100 + rise * year + extra)
        )
        for year in range(years)
        for quarter, extra in enumerate(pattern)
    ]


def test_a_seasonal_series_is_forecast_for_the_season_of_the_target() -> None:
    winter_peaks = quarterly(4, (0, -20, -30, 40), 0)

    assert predicted(winter_peaks, 2025.0).value == pytest.approx(140)
    assert predicted(winter_peaks[:-1], 2025.0).value == pytest.approx(
        140, abs=0.5
    )  # from the low of the third quarter


def test_a_seasonal_series_is_as_sure_as_its_years_and_not_its_quarters_differ() -> None:
    prediction = predicted(quarterly(4, (0, -20, -30, 40), 0), 2025.0)

    assert prediction.scale < 2


def test_a_trend_is_seen_through_the_season() -> None:
    assert robust_slope(quarterly(4, (0, -20, -30, 40), 6)) == pytest.approx(6)


def test_a_season_seen_once_is_no_season() -> None:
    assert predict(quarterly(1, (0, -20, -30, 40), 0), 2025.0) == "season_unknown"


def test_a_total_grows_by_what_the_years_add() -> None:
    forecast = forecast_total(yearly("10", "10", "10", start=2021), Decimal(30), target("50"))

    assert forecast.value == pytest.approx(50)  # 30 and two years of 10
    assert forecast.pace == 10
    assert forecast.pace_needed == 10
    assert forecast.reached_in == 2025


def test_a_total_never_falls() -> None:
    forecast = forecast_total(yearly("10", "4", "1", start=2021), Decimal(15), target("50"))

    assert forecast.low == 15
    assert forecast.probability is not None
    assert forecast.probability < 0.2


def test_a_total_with_two_years_behind_it_is_not_forecast() -> None:
    forecast = forecast_total(yearly("10", "4", start=2021), Decimal(14), target("50"))

    assert (forecast.reason, forecast.value, forecast.pace) == ("too_few_points", None, 7)


def test_a_total_of_the_last_year_decides() -> None:
    forecast = forecast_total(yearly("10", "10", "10", start=2023), Decimal(50), target("50"))

    assert (forecast.reason, forecast.probability) == ("target_year_over", 1)


def test_every_reason_is_worded_in_both_languages() -> None:
    assert {"too_few_points", "season_unknown", "target_year_over"} == set(REASONS)


@pytest.mark.parametrize(("share", "quantile"), [(0.5, 0.0), (0.9, 1.885618), (0.95, 2.919986), (0.975, 4.302653)])
def test_quantiles_are_those_of_published_tables_of_t_with_two_degrees_of_freedom(
    share: float, quantile: float
) -> None:
    assert student_quantile(share) == pytest.approx(quantile, abs=1e-6)
    assert student_share(quantile) == pytest.approx(share, abs=1e-6)


VALUES = st.lists(st.integers(0, 1000).map(lambda tenths: Decimal(tenths).scaleb(-1)), min_size=3, max_size=9)
TARGETS = st.integers(0, 1000).map(lambda tenths: Decimal(tenths).scaleb(-1))


def series(values: Sequence[Decimal]) -> list[SeriesPoint]:
    return [SeriesPoint(2010.0 + at, value) for at, value in enumerate(values)]


@given(VALUES.flatmap(lambda values: st.tuples(st.just(series(values)), st.permutations(series(values)))))
def test_the_order_of_arrival_does_not_matter(arrived: tuple[list[SeriesPoint], list[SeriesPoint]]) -> None:
    in_time, shuffled = arrived

    assert forecast_target(shuffled, target("50")) == forecast_target(in_time, target("50"))


@given(VALUES, TARGETS, st.sampled_from([-4, -3, -1]))
def test_the_unit_scales_nothing_but_units(values: list[Decimal], goal: Decimal, power: int) -> None:
    plain = forecast_target(series(values), target(str(goal)))
    scaled = forecast_target(series([value.scaleb(power) for value in values]), target(str(goal.scaleb(power))))

    assert plain.value is not None
    assert scaled.value == pytest.approx(plain.value * 10**power)
    assert scaled.probability == pytest.approx(plain.probability)


@given(VALUES, TARGETS)
def test_probabilities_of_a_comparator_and_its_opposite_add_up_to_one(values: list[Decimal], goal: Decimal) -> None:
    reached = probability(series(values), target(str(goal), AT_LEAST))

    assert reached + probability(series(values), target(str(goal), LESS)) == pytest.approx(1)
    assert 0 <= reached <= 1


@given(VALUES, TARGETS, TARGETS)
def test_a_harder_target_is_never_more_likely(values: list[Decimal], one: Decimal, other: Decimal) -> None:
    easier, harder = sorted((one, other))

    assert probability(series(values), target(str(harder))) <= probability(series(values), target(str(easier)))


@given(VALUES)
def test_the_interval_holds_the_value_and_widens_with_confidence_and_with_years(values: list[Decimal]) -> None:
    near, far = (predicted(series(values), 2020.0 + years, PER_CENT) for years in (1, 5))
    low, high = near.interval(0.8)
    lower, higher = near.interval(0.95)

    assert 0 <= lower <= low <= near.value <= high <= higher <= 100
    assert far.scale > near.scale


@given(VALUES, TARGETS)
def test_upside_down_figures_give_the_same_probability(values: list[Decimal], goal: Decimal) -> None:
    mirrored = series([-value for value in values])

    upright, turned = probability(series(values), target(str(goal))), probability(mirrored, target(str(-goal), AT_MOST))

    assert turned == pytest.approx(upright, abs=1e-9)


def test_an_empty_forecast_has_no_ratio() -> None:
    assert Forecast().pace_ratio is None
