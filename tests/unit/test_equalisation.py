"""均等化: the measures agree with the published values, and behave as measures of inequality must.

Published values: the World Health Organization's package healthequal (its documented sample data and test cases); only
figures are used. The sample of 34 provinces is read from the folder `shared/oracles` beside the checkout, or from the
folder that PLANWATCH_ORACLES names.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planwatch.equalisation import Comparison, Group, MeasureCode, measure_gaps
from planwatch.plan import Direction

ORACLES = Path(os.environ.get("PLANWATCH_ORACLES", Path(__file__).parents[3] / "shared" / "oracles"))
PROVINCES = ORACLES / "who_nonordered_sample.csv"

FIFTHS = [
    Group(f"第{rank}组", value, population, rank)
    for rank, (value, population) in enumerate([(20, 78), (30, 91), (40, 162), (50, 103), (60, 105)], start=1)
]
# The package's unordered test case: its generator with seed 123 gives these 25 regions.
POPULATIONS = [832, 931, 1468, 1021, 1039, 1515, 1138, 620, 794, 866, 1367, 1108, 1120, 1033, 833, 1536, 1149, 410]
POPULATIONS += [1210, 858, 680, 935, 692, 781, 812]
VALUES = [61, 74, 58, 59, 72, 75, 74, 68, 75, 67, 73, 63, 66, 62, 60, 66, 71, 73, 71, 61, 74, 84, 55, 69, 60]
ERRORS = [5, 3, 3, 3, 4, 9, 2, 2, 2, 5, 5, 7, 5, 6, 4, 5, 6, 6, 9, 4, 3, 4, 1, 3, 7]
REGIONS = [
    Group(str(no), value, population, None, se)
    for no, (value, population, se) in enumerate(zip(VALUES, POPULATIONS, ERRORS, strict=True), start=1)
]
PER_CENT = Comparison(scale=100)
FROM_REGION_14 = Comparison(scale=100, reference="14")


def value_of(code: MeasureCode | str, groups: Sequence[Group], comparison: Comparison = PER_CENT) -> float:
    value = {m.code: m.value for m in measure_gaps(groups, comparison)}[MeasureCode(code)]
    assert value is not None
    return value


def error_of(code: MeasureCode | str, groups: Sequence[Group], comparison: Comparison = PER_CENT) -> float:
    error = {m.code: m.se for m in measure_gaps(groups, comparison)}[MeasureCode(code)]
    assert error is not None
    return error


def reason_of(code: MeasureCode | str, groups: Sequence[Group], comparison: Comparison = PER_CENT) -> str | None:
    return {m.code: m.reason for m in measure_gaps(groups, comparison)}[MeasureCode(code)]


def provinces() -> list[Group]:
    with PROVINCES.open(encoding="utf-8") as file:
        return [
            Group(row["subgroup"], float(row["estimate"]), float(row["population"]), None, float(row["se"]))
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize(
    ("code", "value", "se"),
    [
        ("ACI", 7.3284202, 0.29368517),
        ("RCI", 0.1777686, 0.0071240491),
        ("PAR", 18.775509, 4.4066348),
        ("PAF", 45.544548, 10.689361),  # the package prints its error as a share, 0.10689361
        ("SII", 44.44502, 2.190822),  # likewise 0.02190822
        ("RII", 3.159506, 0.07644001),  # of the logarithm
    ],
)
def test_the_published_ordered_case_is_reproduced(code: str, value: float, se: float) -> None:
    assert value_of(code, FIFTHS) == pytest.approx(value, rel=1e-6)
    assert error_of(code, FIFTHS) == pytest.approx(se, rel=1e-5)


@pytest.mark.parametrize(
    ("code", "value", "tolerance"),  # the tolerances of the package's own tests
    [
        ("BGV", 46.198326, 1e-6),
        ("BGSD", 6.7969351, 1e-4),
        ("MDMW", 5.8348689, 1e-4),
        ("MDMU", 5.891726, 1e-4),
        ("IDISW", 8.6178417, 1e-4),
        ("IDISU", 8.7018175, 1e-4),
        ("MDBW", 16.293156, 1e-4),
        ("MDBU", 16.360001, 1e-4),
        ("MDRW", 7.2228465, 1e-4),
        ("MDRU", 7.2399998, 1e-4),
        ("TI", 5.0359201, 1e-4),
        ("MLD", 5.0524006, 1e-4),
        ("PAR", 16.293152, 1e-4),
        ("PAF", 24.06426, 1e-4),
    ],
)
def test_the_published_unordered_case_is_reproduced(code: str, value: float, tolerance: float) -> None:
    assert value_of(code, REGIONS, FROM_REGION_14) == pytest.approx(value, rel=tolerance)


@pytest.mark.parametrize(
    ("code", "se"),
    [
        ("BGV", 17.134647),
        ("TI", 1.4201),  # the package gives the error of the index before it is multiplied by 1000
        ("PAR", 1.1994447),
        ("PAF", 1.771526),
    ],
)
def test_published_standard_errors_of_the_unordered_case_are_reproduced(code: str, se: float) -> None:
    assert error_of(code, REGIONS) == pytest.approx(se, rel=1e-4)


@pytest.mark.skipif(not PROVINCES.is_file(), reason=f"{PROVINCES.name} missing; PLANWATCH_ORACLES may name its folder")
@pytest.mark.parametrize(
    ("code", "value"),
    [("BGV", 50.420226), ("TI", 3.1438723), ("MLD", 3.3079006), ("COV", 7.7521583), ("D", 35.804733)],
)
def test_the_published_values_of_34_provinces_are_reproduced(code: str, value: float) -> None:
    assert value_of(code, provinces()) == pytest.approx(value, rel=1e-7)


@pytest.mark.skipif(not PROVINCES.is_file(), reason=f"{PROVINCES.name} missing; PLANWATCH_ORACLES may name its folder")
def test_mean_and_error_of_34_provinces_are_reproduced() -> None:
    mean = 100 * value_of("BGSD", provinces()) / value_of("COV", provinces())

    assert mean == pytest.approx(91.596687, abs=1e-6)
    assert error_of("BGV", provinces()) == pytest.approx(9.560196, rel=1e-6)


def test_difference_and_ratio_carry_the_errors_of_their_two_groups() -> None:
    town, country = Group("城镇", 80, 60, se=3), Group("乡村", 50, 40, se=4)

    assert value_of("D", [country, town]) == 30
    assert error_of("D", [country, town]) == pytest.approx(5)  # sqrt(3² + 4²)
    assert value_of("R", [country, town]) == pytest.approx(1.6)
    assert error_of("R", [country, town]) == pytest.approx(sqrt((3 / 80) ** 2 + (4 / 50) ** 2))  # of the logarithm


def test_where_less_is_better_the_difference_is_taken_the_other_way_round() -> None:
    lower_is_better = Comparison(Direction.DECREASE, scale=1000)

    assert value_of("D", REGIONS, lower_is_better) == 55 - 84
    assert value_of("MDBU", REGIONS, lower_is_better) == pytest.approx(sum(VALUES) / 25 - 55)
    assert value_of("PAR", REGIONS, lower_is_better) < 0
    assert value_of("D", FIFTHS, lower_is_better) == 20 - 60  # worst-off less best-off


def test_the_attributable_risk_is_zero_where_the_best_off_group_is_not_the_better_one() -> None:
    upside_down = [Group(g.name, 100 - (g.value or 0), g.population, g.rank) for g in FIFTHS]

    assert value_of("PAR", upside_down) == 0
    assert value_of("PAF", upside_down) == 0


@pytest.mark.parametrize(
    ("code", "groups", "comparison", "reason"),
    [
        pytest.param("D", REGIONS[:1], PER_CENT, "one_group", id="one group"),
        pytest.param("BGV", REGIONS[:2], PER_CENT, "two_groups", id="two groups have a difference only"),
        pytest.param("TI", [Group("a", -1, 1), *REGIONS], PER_CENT, "negative_value", id="no logarithm"),
        pytest.param("COV", [Group(str(v), v, 1) for v in (-3, 0, 1)], PER_CENT, "mean_not_positive", id="mean"),
        pytest.param("R", [Group("a", 0, 1), Group("b", 5, 1)], PER_CENT, "denominator_zero", id="zero below"),
        pytest.param("ACI", REGIONS, PER_CENT, "no_order", id="areas have no order"),
        pytest.param("BGV", FIFTHS, PER_CENT, "has_order", id="fifths have one"),
        pytest.param("MDRW", REGIONS, PER_CENT, "no_reference", id="no reference"),
        pytest.param("D", REGIONS, Comparison(reference="nowhere"), "reference_missing", id="unknown reference"),
        pytest.param("SII", FIFTHS, Comparison(scale=50), "beyond_scale", id="60 out of 50"),
        pytest.param("BGV", [Group("x", None, 9), *REGIONS[:4]], PER_CENT, "too_many_missing", id="1 of 5 missing"),
        pytest.param("ACI", [Group("x", None, 9, 6), *FIFTHS], PER_CENT, "group_missing", id="a fifth is missing"),
        pytest.param(
            "SII", [Group(str(r), v, 10, r) for r, v in enumerate((0, 0, 100))], PER_CENT, "no_convergence", id="cliff"
        ),
    ],
)
def test_what_is_undefined_has_a_reason_and_no_value(
    code: str, groups: Sequence[Group], comparison: Comparison, reason: str
) -> None:
    measures = {measure.code: measure for measure in measure_gaps(groups, comparison)}

    assert measures[MeasureCode(code)].value is None
    assert measures[MeasureCode(code)].reason == reason


def test_up_to_fifteen_per_cent_of_unordered_groups_may_be_missing() -> None:
    with_gap = [Group("缺数", None, 5000), *REGIONS]

    assert value_of("BGV", with_gap) == value_of("BGV", REGIONS)


@pytest.mark.parametrize("code", ["BGSD", "COV", "MDMW", "MDBU", "IDISW"])
def test_an_error_that_is_published_from_simulation_only_is_not_made_up(code: str) -> None:
    assert reason_of(code, REGIONS) == "by_simulation"


def test_without_errors_of_the_groups_a_measure_has_a_value_and_says_why_it_has_no_error() -> None:
    counted = [Group(g.name, g.value, g.population) for g in REGIONS]

    assert value_of("BGV", counted) == value_of("BGV", REGIONS)
    assert reason_of("BGV", counted) == "no_se"


def test_an_amount_without_a_scale_is_regressed_on_a_straight_line() -> None:
    on_a_line = [Group(str(rank), 10 + 20 * (rank + 0.5) / 4, 25, rank) for rank in range(4)]

    assert value_of("SII", on_a_line, Comparison()) == pytest.approx(20)
    assert value_of("RII", on_a_line, Comparison()) == pytest.approx(3)  # 30 ÷ 10
    assert reason_of("SII", on_a_line, Comparison()) == "exact_fit"


def test_the_interval_of_a_ratio_is_that_of_its_logarithm() -> None:
    rii = {m.code: m for m in measure_gaps(FIFTHS, PER_CENT)}[MeasureCode.RELATIVE_INDEX]

    assert rii.interval() == pytest.approx((2.719902, 3.67016), rel=1e-5)  # as published


FIGURES = st.floats(1, 99).map(lambda figure: round(figure, 2))
PEOPLE = st.integers(1, 10_000)
UNORDERED = st.lists(st.tuples(FIGURES, PEOPLE), min_size=3, max_size=9).map(
    lambda pairs: [Group(str(no), value, people, None, 1.5) for no, (value, people) in enumerate(pairs)]
)
ORDERED = UNORDERED.map(lambda groups: [Group(g.name, g.value, g.population, int(g.name), 1.5) for g in groups])
RELATIVE = ["R", "COV", "IDISW", "IDISU", "TI", "MLD", "PAF"]
ABSOLUTE = ["D", "BGSD", "MDMW", "MDMU", "MDBW", "MDBU", "PAR"]
WEIGHTED = ["BGV", "BGSD", "COV", "MDMW", "MDBW", "IDISW", "TI", "MLD", "PAR", "PAF"]
TRANSFER = ["BGV", "COV", "TI", "MLD"]


def values_of(codes: Sequence[str], groups: Sequence[Group], comparison: Comparison = PER_CENT) -> list[float]:
    values = {m.code: m.value for m in measure_gaps(groups, comparison)}
    found = [values[MeasureCode(code)] for code in codes]
    assert None not in found
    return [value for value in found if value is not None]


@given(UNORDERED.flatmap(lambda groups: st.tuples(st.just(groups), st.permutations(groups))))
def test_the_order_of_the_rows_does_not_matter(tables: tuple[list[Group], list[Group]]) -> None:
    groups, shuffled = tables

    assert values_of(RELATIVE + ABSOLUTE, shuffled) == pytest.approx(values_of(RELATIVE + ABSOLUTE, groups), abs=1e-9)


@given(ORDERED.flatmap(lambda groups: st.tuples(st.just(groups), st.permutations(groups))))
def test_ordered_groups_are_ordered_by_rank_and_not_by_row(tables: tuple[list[Group], list[Group]]) -> None:
    groups, shuffled = tables

    assert measure_gaps(shuffled, PER_CENT) == measure_gaps(groups, PER_CENT)


@given(groups=UNORDERED, factor=st.sampled_from([0.01, 0.1, 10, 10_000]))
def test_relative_measures_do_not_depend_on_the_unit(groups: list[Group], factor: float) -> None:
    scaled = [Group(g.name, (g.value or 0) * factor, g.population) for g in groups]

    assert values_of(RELATIVE, scaled) == pytest.approx(values_of(RELATIVE, groups), rel=1e-6, abs=1e-6)


@given(groups=UNORDERED, factor=st.sampled_from([0.01, 0.1, 10, 10_000]), shift=st.sampled_from([0, 5, 250]))
def test_absolute_measures_scale_with_the_unit_and_ignore_a_common_shift(
    groups: list[Group], factor: float, shift: float
) -> None:
    moved = [Group(g.name, (g.value or 0) * factor + shift, g.population) for g in groups]

    expected = [factor * value for value in values_of(ABSOLUTE, groups)]

    assert values_of(ABSOLUTE, moved) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(groups=UNORDERED, times=st.integers(2, 5))
def test_measures_see_shares_of_people_and_not_their_number(groups: list[Group], times: int) -> None:
    larger = [Group(g.name, g.value, g.population * times) for g in groups]

    assert values_of(WEIGHTED, larger) == pytest.approx(values_of(WEIGHTED, groups), rel=1e-9, abs=1e-9)


@given(groups=UNORDERED)
def test_a_group_split_in_two_alike_changes_no_weighted_measure(groups: list[Group]) -> None:
    first, *others = groups
    halves = [Group(f"{first.name}{half}", first.value, first.population / 2) for half in "甲乙"]

    assert values_of(WEIGHTED, [*halves, *others]) == pytest.approx(values_of(WEIGHTED, groups), rel=1e-9, abs=1e-9)


@given(groups=UNORDERED, share=st.floats(0.05, 0.5))
def test_a_transfer_from_a_richer_to_a_poorer_group_makes_less_inequality(groups: list[Group], share: float) -> None:
    poor, rich = min(groups, key=lambda g: g.value or 0), max(groups, key=lambda g: g.value or 0)
    gap = (rich.value or 0) - (poor.value or 0)
    assume(gap > 0.5)
    moved = share * gap * min(poor.population, rich.population)
    after = {
        poor.name: (poor.value or 0) + moved / poor.population / 2,
        rich.name: (rich.value or 0) - moved / rich.population / 2,
    }
    closer = [Group(g.name, after.get(g.name, g.value), g.population) for g in groups]

    pairs = zip(values_of(TRANSFER, closer), values_of(TRANSFER, groups), strict=True)

    assert all(less < more for less, more in pairs)


@given(st.lists(PEOPLE, min_size=3, max_size=8), FIGURES)
def test_equal_groups_have_no_gap(people: list[int], figure: float) -> None:
    alike = [Group(str(no), figure, population) for no, population in enumerate(people)]

    assert values_of(ABSOLUTE, alike) == pytest.approx([0] * len(ABSOLUTE), abs=1e-9)
    assert values_of(RELATIVE, alike) == pytest.approx([1] + [0] * (len(RELATIVE) - 1), abs=1e-9)


@given(ORDERED)
def test_turning_the_order_round_turns_the_sign_of_concentration_and_slope(groups: list[Group]) -> None:
    turned = [Group(g.name, g.value, g.population, -int(g.name)) for g in groups]

    expected = [-value for value in values_of(["ACI", "RCI", "SII"], groups, Comparison())]

    assert values_of(["ACI", "RCI", "SII"], turned, Comparison()) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_a_logistic_slope_keeps_within_the_scale() -> None:
    steep = [Group(str(rank), value, 100, rank) for rank, value in enumerate((2, 50, 98))]

    assert value_of("SII", steep, Comparison()) == pytest.approx(144)  # 96 over two thirds of the rank
    assert 90 < value_of("SII", steep) < 100
