"""对标: own targets beside the parent plan's."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from planwatch.alignment import REASONS, Alignment, Standing, align
from planwatch.language import Text
from planwatch.plan import Direction, Doubt, GoalKind, Indicator
from planwatch.plan_terms import Comparator, Unit
from services.cli.alignment import align_plans
from tests.builders import PLANS, make_indicator, make_plan, real_plan

CITIES = ["zhongwei", "shizuishan", "wuwei", "kongtong"]


def aligned(own: Indicator, parent: Indicator) -> Alignment:
    return align(make_plan(own), make_plan(parent))[0]


def real(plan_id: str, indicator_id: str) -> Alignment:
    rows = align(real_plan(plan_id), real_plan("national"))
    return next(row for row in rows if row.own and row.own.indicator_id == indicator_id)


@pytest.mark.parametrize(
    ("direction", "own", "parent", "standing"),
    [
        (Direction.INCREASE, "96", "95", Standing.ABOVE),
        (Direction.INCREASE, "95", "95", Standing.EQUAL),
        (Direction.INCREASE, "94", "95", Standing.BELOW),
        (Direction.DECREASE, "5", "6", Standing.ABOVE),
        (Direction.DECREASE, "7", "6", Standing.BELOW),
    ],
)
def test_better_than_the_parent_plan_is_above_it_in_either_direction(
    direction: Direction, own: str, parent: str, standing: Standing
) -> None:
    row = aligned(make_indicator(target=own, direction=direction), make_indicator(target=parent, direction=direction))

    assert (row.standing, row.reason) == (standing, "values")


def test_to_reach_what_the_parent_plan_wants_exceeded_is_below_it() -> None:
    row = aligned(make_indicator(target="95"), make_indicator(target="95", comparator=Comparator.GREATER))

    assert (row.standing, row.reason) == (Standing.BELOW, "weaker_comparator")


def test_the_parent_target_is_given_in_the_own_unit() -> None:
    row = real("wuwei", "wuwei-23")  # 4000 次 against 3.4 万次

    assert (row.parent_target, row.standing) == (Decimal(34000), Standing.BELOW)


def test_amounts_are_compared_by_growth() -> None:
    row = real("zhongwei", "zhongwei-16")  # beds 0.56 to 0.59 万, the nation 823.8 to 1000 万

    assert (row.standing, row.reason) == (Standing.BELOW, "growth")
    assert row.own_growth == Decimal("0.59") / Decimal("0.56")
    assert row.parent_growth == Decimal(1000) / Decimal("823.8")


def test_an_amount_without_a_baseline_is_not_comparable() -> None:
    beds = Unit("张", "BED", 0)

    row = aligned(make_indicator(unit=beds, baseline=None), make_indicator(unit=beds))

    assert (row.standing, row.reason) == (Standing.NOT_COMPARABLE, "amount_without_baseline")


def test_a_total_of_years_is_not_compared_with_the_nation_s() -> None:
    row = real("kongtong", "kongtong-09")

    assert (row.standing, row.reason) == (Standing.NOT_COMPARABLE, "amount_of_years")
    assert any("累计或年均" in caveat.zh for caveat in row.caveats)


def test_units_that_cannot_be_converted_are_not_comparable() -> None:
    row = aligned(make_indicator(unit=Unit("户", "HH", 0)), make_indicator(unit=Unit("套", "DWELLING", 0)))

    assert (row.standing, row.reason, row.parent_target) == (Standing.NOT_COMPARABLE, "different_measure", None)


def test_opposite_directions_are_not_comparable() -> None:
    row = aligned(make_indicator(), make_indicator(direction=Direction.DECREASE, target="10"))

    assert (row.standing, row.reason) == (Standing.NOT_COMPARABLE, "different_direction")


def test_what_only_one_of_the_plans_has_is_listed_too() -> None:
    rows = align(make_plan(make_indicator(no=1)), make_plan(make_indicator(no=2)))

    assert [(row.concept, row.standing) for row in rows] == [
        ("rate_1", Standing.NOT_IN_PARENT),
        ("rate_2", Standing.NOT_TAKEN_UP),
    ]


def test_doubts_about_a_definition_are_caveats_and_other_doubts_are_not() -> None:
    doubts = (Doubt("concept", Text("口径", "definition")), Doubt("owner", Text("单位", "owner")))

    row = aligned(replace(make_indicator(), needs_confirmation=doubts), make_indicator())

    assert [caveat.en for caveat in row.caveats] == ["to be confirmed (own): definition"]


def test_different_names_and_different_baseline_years_are_caveats() -> None:
    texts = [caveat.zh for caveat in real("zhongwei", "zhongwei-09").caveats + real("zhongwei", "zhongwei-10").caveats]

    assert any("基期年份不同：2020年与2019年" in text for text in texts)
    assert any("名称不同" in text for text in texts)


@pytest.mark.parametrize(
    ("plan_id", "below"),
    [
        ("zhongwei", {"zhongwei-09", "zhongwei-12", "zhongwei-16", "zhongwei-23"}),
        ("shizuishan", {"shizuishan-05", "shizuishan-06"}),
        ("wuwei", {"wuwei-01", "wuwei-06", "wuwei-09", "wuwei-10", "wuwei-18", "wuwei-23", "wuwei-25"}),
        ("kongtong", {"kongtong-07", "kongtong-10", "kongtong-25", "kongtong-27"}),
    ],
)
def test_the_targets_of_the_real_plans_below_the_nation_s(plan_id: str, below: set[str]) -> None:
    rows = align(real_plan(plan_id), real_plan("national"))

    assert {row.own.indicator_id for row in rows if row.own and row.standing is Standing.BELOW} == below


@pytest.mark.parametrize("plan_id", CITIES)
def test_every_concept_of_both_plans_is_listed_once_with_a_worded_reason(plan_id: str) -> None:
    plan, parent = real_plan(plan_id), real_plan("national")

    rows = align(plan, parent)

    concepts = {row.concept for row in plan.indicators} | {row.concept for row in parent.indicators}
    assert sorted(row.concept for row in rows) == sorted(concepts)
    assert {row.reason for row in rows} <= set(REASONS)


@given(st.integers(1, 1000), st.integers(1, 1000), st.integers(0, 4))
def test_the_unit_of_the_parent_plan_does_not_matter(own: int, parent: int, mult: int) -> None:
    unit = Unit(None, "PER_1000", mult)
    scaled = Decimal(parent).scaleb(-mult)

    plain = aligned(make_indicator(target=str(own)), make_indicator(target=str(parent)))
    converted = aligned(
        make_indicator(target=str(own), unit=Unit(None, "PER_1000", 0)), make_indicator(target=str(scaled), unit=unit)
    )

    assert converted.standing is plain.standing


def test_a_target_of_the_same_kind_is_aligned_whatever_its_goal_kind() -> None:
    row = aligned(make_indicator(goal_kind=GoalKind.FLOOR, target="95"), make_indicator(goal_kind=GoalKind.COVERAGE))

    assert row.standing is Standing.BELOW


def test_the_command_describes_every_plan_that_has_a_parent() -> None:
    result = CliRunner().invoke(align_plans, ["--plans-dir", str(PLANS), "--json"])
    document = json.loads(result.output)

    assert {item["plan"] for item in document} == set(CITIES)
    assert document[0]["concepts"][0]["reason"]["zh"]


@pytest.mark.parametrize("arguments", [["zhongwei"], []])
def test_the_command_prints_a_table(arguments: list[str]) -> None:
    result = CliRunner().invoke(align_plans, [*arguments, "--plans-dir", str(PLANS)])

    assert result.exit_code == 0
    assert "对标" in result.output


@pytest.mark.parametrize("plan_id", ["national", "nowhere"])
def test_a_plan_without_a_parent_plan_cannot_be_aligned(plan_id: str) -> None:
    result = CliRunner().invoke(align_plans, [plan_id, "--plans-dir", str(PLANS)])

    assert result.exit_code != 0
