"""汇总: counties make cities, cities make provinces, and what is missing is said."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.rollup import Aggregation, AreaFigure, Rollup, check_rollups, parent_of, roll_up

SUM, MEAN = Aggregation.SUM, Aggregation.WEIGHTED_MEAN
ZHONGWEI = ["640502", "640521", "640522"]  # 沙坡头区, 中宁县, 海原县
SHIZUISHAN = ["640202", "640205", "640221"]


def figures(*rows: tuple[str, str | None, str | None]) -> list[AreaFigure]:
    return [
        AreaFigure(area, Decimal(value) if value else None, Decimal(weight) if weight else None)
        for area, value, weight in rows
    ]


COUNTIES = figures(("640502", "90", "400"), ("640521", "80", "300"), ("640522", "70", "300"))


def city(rows: Sequence[AreaFigure], aggregation: Aggregation = MEAN) -> Rollup:
    return roll_up(rows, ZHONGWEI, aggregation)["640500"]


@pytest.mark.parametrize(
    ("area", "parent"), [("640502", "640500"), ("640500", "640000"), ("640000", "100000"), ("100000", None)]
)
def test_a_code_tells_the_area_that_it_lies_in(area: str, parent: str | None) -> None:
    assert parent_of(area) == parent


def test_a_rate_is_weighted_by_its_denominator() -> None:
    assert city(COUNTIES).value == Decimal("81")  # (90 * 400 + 80 * 300 + 70 * 300) / 1000


def test_an_amount_is_added_up() -> None:
    assert city(COUNTIES, SUM).value == 240


def test_all_levels_above_are_made_the_lowest_first() -> None:
    assert list(roll_up(COUNTIES, [*ZHONGWEI, *SHIZUISHAN], SUM)) == ["640200", "640500", "640000", "100000"]


def test_a_city_without_counties_of_its_own_is_a_part_of_its_province() -> None:
    rollups = roll_up(figures(("640500", "5", None), ("640202", "3", None)), ["640500", "640202"], SUM)

    assert "640500" not in rollups
    assert rollups["640000"].value == 8


def test_who_did_not_report_is_named_and_the_share_that_did_is_given() -> None:
    rollup = city(figures(("640502", "90", "400"), ("640521", None, "300"), ("640522", "70", "300")))

    assert (rollup.used, rollup.missing) == (("640502", "640522"), ("640521",))
    assert rollup.weight_share == Decimal("0.7")
    assert not rollup.is_complete
    assert rollup.completeness.zh == "3 个地区中 2 个已计入"


def test_an_area_that_sent_nothing_at_all_is_missing_too() -> None:
    assert city(COUNTIES[:2]).missing == ("640522",)


def test_a_rate_without_a_weight_is_not_used_and_is_named() -> None:
    rollup = city(figures(("640502", "90", "400"), ("640521", "80", None), ("640522", "70", "0")))

    assert rollup.value == 90
    assert rollup.unweighted == ("640521", "640522")
    assert rollup.weight_share is None


def test_without_any_report_there_is_no_value() -> None:
    rollup = city([])

    assert (rollup.value, rollup.used) == (None, ())


def test_the_own_figure_of_a_whole_is_not_one_of_its_parts() -> None:
    assert city([*COUNTIES, *figures(("640500", "10", "1000"))]).value == 81


@pytest.mark.parametrize(
    ("own", "found"),
    [
        # the counties are rounded to ones, the city's figure to its own last decimal
        pytest.param("81", 0, id="the same"),
        pytest.param("81.5", 0, id="0.5 is within 0.5 + 0.05"),
        pytest.param("82", 0, id="1 is within 0.5 + 0.5"),
        pytest.param("81.6", 1, id="0.6 is beyond 0.5 + 0.05"),
        pytest.param("79", 1, id="2 is beyond 0.5 + 0.5"),
    ],
)
def test_an_own_figure_that_rounding_does_not_explain_is_a_finding(own: str, found: int) -> None:
    findings = check_rollups(roll_up(COUNTIES, ZHONGWEI, MEAN), figures(("640500", own, None)), MEAN)

    assert len(findings) == found


@pytest.mark.parametrize(("aggregation", "found"), [(Aggregation.COUNT, 1), (SUM, 0)])
def test_counts_must_agree_exactly_and_rounded_amounts_within_their_rounding(
    aggregation: Aggregation, found: int
) -> None:
    findings = check_rollups(
        roll_up(COUNTIES, ZHONGWEI, aggregation), figures(("640500", "241", None)), aggregation
    )  # 240 by the counties; three halves and one half of rounding

    assert len(findings) == found


def test_a_finding_names_both_figures() -> None:
    findings = check_rollups(roll_up(COUNTIES, ZHONGWEI, MEAN), figures(("640500", "85", None)), MEAN)

    assert [finding.area for finding in findings] == ["640500"]
    assert "85" in findings[0].reason.zh
    assert "81" in findings[0].reason.en


def test_an_incomplete_roll_up_accuses_nobody() -> None:
    assert check_rollups(roll_up(COUNTIES[:2], ZHONGWEI, MEAN), figures(("640500", "10", None)), MEAN) == []


ROWS = st.lists(
    st.tuples(st.decimals(0, 100, places=1), st.integers(1, 1000)), min_size=len(ZHONGWEI + SHIZUISHAN), max_size=6
).map(
    lambda rows: [
        AreaFigure(area, value, Decimal(weight))
        for area, (value, weight) in zip(ZHONGWEI + SHIZUISHAN, rows, strict=True)
    ]
)


@given(ROWS, st.sampled_from(Aggregation))
def test_a_province_made_of_its_cities_is_the_province_made_of_its_counties(
    rows: list[AreaFigure], aggregation: Aggregation
) -> None:
    from_counties = roll_up(rows, ZHONGWEI + SHIZUISHAN, aggregation)
    weights = {
        parent: sum((r.weight or Decimal(0) for r in rows if parent_of(r.area) == parent), Decimal(0))
        for parent in ("640500", "640200")
    }
    cities = [AreaFigure(area, from_counties[area].value, weights[area]) for area in weights]

    from_cities = roll_up(cities, list(weights), aggregation)["640000"].value

    assert from_cities == pytest.approx(from_counties["640000"].value, abs=Decimal("1e-20"))


@given(ROWS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))), st.sampled_from(Aggregation))
def test_the_order_of_reports_does_not_matter(
    tables: tuple[list[AreaFigure], list[AreaFigure]], aggregation: Aggregation
) -> None:
    rows, shuffled = tables

    assert roll_up(shuffled, ZHONGWEI + SHIZUISHAN, aggregation) == roll_up(rows, ZHONGWEI + SHIZUISHAN, aggregation)


@given(ROWS)
def test_a_weighted_mean_lies_between_its_parts(rows: list[AreaFigure]) -> None:
    value = roll_up(rows, ZHONGWEI + SHIZUISHAN, MEAN)["640000"].value
    reported = [row.value for row in rows if row.value is not None]

    assert value is not None
    assert min(reported) - Decimal("1e-20") <= value <= max(reported) + Decimal("1e-20")


@given(ROWS)
def test_figures_rounded_from_true_ones_are_never_a_finding(rows: list[AreaFigure]) -> None:
    true = roll_up(rows, ZHONGWEI + SHIZUISHAN, MEAN)
    rounded = [
        AreaFigure(row.area, None if row.value is None else row.value.quantize(Decimal(1)), row.weight) for row in rows
    ]
    own = [AreaFigure(area, round(rollup.value or Decimal(0), 1)) for area, rollup in true.items()]

    assert check_rollups(roll_up(rounded, ZHONGWEI + SHIZUISHAN, MEAN), own, MEAN) == []
