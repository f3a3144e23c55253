"""综合指数: weights, scores with their trace, and rankings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from math import log

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planwatch.composite import IndicatorShare, Score, Tier, score_plan, target_value_share
from planwatch.plan import Direction
from planwatch.ranking import rank_areas
from planwatch.weighting import Weights, entropy_weights, equal_weights, given_weights

SHARES = [
    IndicatorShare("a", "learning", 0.5),
    IndicatorShare("b", "learning", 1.5),
    IndicatorShare("c", "health", -0.2),
    IndicatorShare("d", "health", 0.8),
    IndicatorShare("e", "health", 0.4),
]
IDS = [share.indicator_id for share in SHARES]
UP = Direction.INCREASE


def score(shares: list[IndicatorShare], *, equal_domains: bool = True, threshold: float = 0.8) -> Score:
    weights = equal_weights([share.indicator_id for share in shares])
    return score_plan("test", shares, weights, equal_domains=equal_domains, threshold=threshold)


def indicators_of(plan: Score) -> list[Score]:
    return [part for domain in plan.parts for part in domain.parts]


def test_shares_are_capped_before_they_are_averaged() -> None:
    plan = score(SHARES)

    assert {part.code: part.value for part in indicators_of(plan)} == {"a": 50, "b": 100, "c": 0, "d": 80, "e": 40}
    assert {part.code: part.value for part in plan.parts} == {"learning": 75, "health": pytest.approx(40)}


def test_domains_count_the_same_or_by_the_weight_of_their_indicators() -> None:
    assert score(SHARES).value == pytest.approx(57.5)  # (75 + 40) / 2
    assert score(SHARES, equal_domains=False).value == pytest.approx(54)  # (50 + 100 + 0 + 80 + 40) / 5


def test_given_weights_shift_the_score() -> None:
    weights = given_weights(IDS, {"a": 6, "b": 1, "c": 1, "d": 1, "e": 1})

    assert score_plan("test", SHARES, weights, equal_domains=False).value == pytest.approx(52)  # (6*50+100+0+80+40)/10


def test_every_score_can_be_traced_to_its_indicators() -> None:
    plan = score(SHARES)

    assert plan.value == pytest.approx(sum(domain.contribution or 0 for domain in plan.parts))
    assert [part.share for part in indicators_of(plan)] == [0.5, 1.5, -0.2, 0.8, 0.4]
    assert [part.tier for part in (plan, *plan.parts)] == [Tier.PLAN, Tier.DOMAIN, Tier.DOMAIN]


def test_a_missing_share_is_shown_and_the_others_take_its_place() -> None:
    shares = [IndicatorShare("x", "learning", None), *(IndicatorShare(str(no), "learning", 0.6) for no in range(4))]

    plan = score(shares)

    assert plan.value == pytest.approx(60)
    assert plan.coverage == pytest.approx(0.8)
    assert (indicators_of(plan)[0].reason, indicators_of(plan)[0].contribution) == ("no_share", None)


def test_under_the_data_threshold_no_score_is_given() -> None:
    shares = [replace(SHARES[0], share=None), *SHARES[1:]]

    plan = score(shares)

    assert {part.code: part.reason for part in plan.parts} == {"learning": "too_few_data", "health": None}
    assert (plan.value, plan.reason) == (None, "too_few_data")
    assert plan.coverage == pytest.approx(0.75)  # half of learning, all of health
    assert plan.scored_weight == pytest.approx(0.5)  # health alone


def test_a_lower_threshold_gives_the_score_of_what_there_is() -> None:
    shares = [replace(SHARES[0], share=None), *SHARES[1:]]

    assert score(shares, threshold=0.5).value == pytest.approx(70)  # (100 + 40) / 2


def test_without_any_figure_there_is_no_score_whatever_the_threshold() -> None:
    assert score([replace(share, share=None) for share in SHARES], threshold=0).value is None


def test_without_weights_there_is_no_score() -> None:
    plan = score_plan("test", SHARES, Weights({}, "no_spread"), equal_domains=True)

    assert (plan.value, plan.reason) == (None, "no_weight")


@pytest.mark.parametrize(
    ("value", "target", "direction", "share"),
    [("96", "95", UP, 96 / 95), ("90", "95", UP, 90 / 95), ("6", "5", Direction.DECREASE, 5 / 6), ("0", "5", UP, None)],
)
def test_a_limit_counts_by_its_value_against_the_target(
    value: str, target: str, direction: Direction, share: float | None
) -> None:
    assert target_value_share(Decimal(value), Decimal(target), direction) == pytest.approx(share)


def test_entropy_gives_more_weight_to_what_tells_areas_apart() -> None:
    # even: 0, 1/2, 1 between worst and best → P = 0, 1/3, 2/3; peaked: 0, 0, 1 → e = 0
    figures = {
        "640502": {"even": 1.0, "peaked": 5.0, "same": 7.0},
        "640521": {"even": 2.0, "peaked": 5.0, "same": 7.0},
        "640522": {"even": 3.0, "peaked": 9.0, "same": 7.0},
    }

    weights = entropy_weights(figures, {"even": UP, "peaked": UP, "same": UP})

    of_even = 1 + (1 / 3 * log(1 / 3) + 2 / 3 * log(2 / 3)) / log(3)
    assert weights.weights == pytest.approx({"even": of_even / (1 + of_even), "peaked": 1 / (1 + of_even), "same": 0})


def test_an_area_that_lacks_a_figure_is_left_out_of_the_entropy_and_named() -> None:
    figures: dict[str, dict[str, float | None]] = {
        "640502": {"x": 1.0},
        "640521": {"x": 2.0},
        "640522": {"x": None},
    }

    weights = entropy_weights(figures, {"x": UP})

    assert (weights.areas, weights.left_out) == (("640502", "640521"), ("640522",))


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"640502": {"x": 1.0}}, "too_few_areas"),
        ({"640502": {"x": 1.0}, "640521": {"x": None}}, "too_few_areas"),
        ({"640502": {"x": 1.0}, "640521": {"x": 1.0}}, "no_spread"),
    ],
)
def test_entropy_weights_that_cannot_be_found_have_a_reason(
    figures: Mapping[str, Mapping[str, float | None]], reason: str
) -> None:
    weights = entropy_weights(figures, {"x": UP})

    assert (weights.weights, weights.reason) == ({}, reason)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"a": 1.0}, "weights_missing"),
        ({"a": 1.0, "b": -1.0}, "weights_invalid"),
        ({"a": 0, "b": 0}, "weights_invalid"),
    ],
)
def test_given_weights_must_be_complete_and_mean_something(given: Mapping[str, float], reason: str) -> None:
    assert given_weights(["a", "b"], given).reason == reason


TABLES = st.integers(2, 6).flatmap(
    lambda areas: st.lists(
        st.lists(st.integers(0, 100).map(float), min_size=areas, max_size=areas), min_size=2, max_size=5
    )
)


def as_figures(columns: list[list[float]]) -> dict[str, dict[str, float]]:
    return {
        str(area): {str(code): column[area] for code, column in enumerate(columns)} for area in range(len(columns[0]))
    }


@given(TABLES)
def test_entropy_weights_add_up_to_one(columns: list[list[float]]) -> None:
    assume(any(len(set(column)) > 1 for column in columns))

    weights = entropy_weights(as_figures(columns), {str(code): UP for code in range(len(columns))}).weights

    assert sum(weights.values()) == pytest.approx(1)
    assert min(weights.values()) >= -1e-12


@given(TABLES, st.sampled_from([0.01, 3, 1000]), st.sampled_from([-50, 0, 7]))
def test_entropy_weights_do_not_depend_on_the_unit_of_an_indicator(
    columns: list[list[float]], factor: float, shift: float
) -> None:
    assume(any(len(set(column)) > 1 for column in columns))
    directions = {str(code): UP for code in range(len(columns))}
    moved = [[value * factor + shift for value in columns[0]], *columns[1:]]

    weights, expected = entropy_weights(as_figures(moved), directions), entropy_weights(as_figures(columns), directions)

    assert weights.weights == pytest.approx(expected.weights, abs=1e-9)


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=8))
def test_given_weights_are_brought_to_a_sum_of_one(given: list[float]) -> None:
    ids = [str(no) for no in range(len(given))]

    assert sum(given_weights(ids, dict(zip(ids, given, strict=True))).weights.values()) == pytest.approx(1)


PLANS = st.lists(st.tuples(st.sampled_from("ABC"), st.floats(-1, 2)), min_size=1, max_size=9).map(
    lambda rows: [IndicatorShare(str(no), domain, share) for no, (domain, share) in enumerate(rows)]
)


@given(PLANS, st.data(), st.floats(0, 1), st.booleans())
def test_more_achieved_never_lowers_the_score(
    shares: list[IndicatorShare], data: st.DataObject, more: float, equal_domains: bool
) -> None:
    at = data.draw(st.integers(0, len(shares) - 1))
    better = [replace(share, share=(share.share or 0) + more * (no == at)) for no, share in enumerate(shares)]

    before, after = score(shares, equal_domains=equal_domains), score(better, equal_domains=equal_domains)

    assert before.value is not None
    assert after.value is not None
    assert after.value >= before.value - 1e-9


@given(PLANS, st.booleans())
def test_a_score_lies_between_zero_and_a_hundred_and_is_the_sum_of_its_contributions(
    shares: list[IndicatorShare], equal_domains: bool
) -> None:
    plan = score(shares, equal_domains=equal_domains)

    assert plan.value is not None
    assert 0 <= plan.value <= 100
    assert plan.value == pytest.approx(sum(domain.contribution or 0 for domain in plan.parts))
    assert sum(domain.weight for domain in plan.parts) == pytest.approx(1)
    assert [sum(part.weight for part in domain.parts) for domain in plan.parts] == pytest.approx([1] * len(plan.parts))


@given(PLANS.flatmap(lambda shares: st.tuples(st.just(shares), st.permutations(shares))), st.booleans())
def test_the_order_of_indicators_does_not_matter(
    tables: tuple[list[IndicatorShare], list[IndicatorShare]], equal_domains: bool
) -> None:
    shares, shuffled = tables

    expected = score(shares, equal_domains=equal_domains).value

    assert score(shuffled, equal_domains=equal_domains).value == pytest.approx(expected)


def test_tied_areas_share_a_rank_and_the_next_counts_them() -> None:
    rows = rank_areas({"640502": 80.0, "640521": 90.0, "640522": 80.0, "640523": 70.0})

    assert [(row.area, row.rank, row.tied) for row in rows] == [
        ("640521", 1, False),
        ("640502", 2, True),
        ("640522", 2, True),
        ("640523", 4, False),
    ]


def test_what_is_printed_alike_is_tied() -> None:
    rows = rank_areas({"640502": 80.001, "640521": 80.004, "640522": 80.006})

    assert [(row.area, row.rank) for row in rows] == [("640522", 1), ("640502", 2), ("640521", 2)]


def test_who_has_no_figure_has_no_rank_but_is_listed() -> None:
    rows = rank_areas({"640502": None, "640521": Decimal("80")})

    assert [(row.area, row.rank) for row in rows] == [("640521", 1), ("640502", None)]
    assert rows[1].place.zh == "缺数，不排名"
    assert rows[0].place.zh == "第1名（1 个地区有数）"


def test_where_less_is_better_the_least_is_first() -> None:
    rows = rank_areas({"640502": 5.0, "640521": 4.0}, Direction.DECREASE)

    assert [row.area for row in rows] == ["640521", "640502"]


AREAS = st.dictionaries(
    st.integers(640501, 640599).map(str), st.none() | st.floats(-1000, 1000), min_size=1, max_size=9
)


@given(AREAS, st.sampled_from(Direction))
def test_a_ranking_holds_every_area_once_and_agrees_with_the_figures(
    figures: dict[str, float | None], direction: Direction
) -> None:
    rows = rank_areas(figures, direction)
    ranked = [row for row in rows if row.rank is not None and row.value is not None]

    better = {
        row.area: sum(
            (other.value or 0) > (row.value or 0) if direction is UP else (other.value or 0) < (row.value or 0)
            for other in ranked
        )
        for row in ranked
    }
    assert sorted(row.area for row in rows) == sorted(figures)
    assert {row.area: row.rank for row in ranked} == {area: count + 1 for area, count in better.items()}
    assert {row.area for row in rows if row.rank is None} == {area for area, value in figures.items() if value is None}
