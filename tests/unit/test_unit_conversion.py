"""单位换算: within a measure exactly, between measures never."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.plan_terms import Unit
from planwatch.unit_conversion import conversion, measure_of
from tests.builders import real_plan

CODES = ["PT", "PER_1000", "PER_10000", "PER_100000", "NUM_PER_PS"]


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        pytest.param("3.4", Unit("万次", "PER_10000", 4), Unit("次", "PER_10000", 0), "34000", id="万次 to 次"),
        pytest.param("10924", Unit("张", "BED", 0), Unit("万张", "BED", 4), "1.0924", id="张 to 万张"),
        pytest.param("25100", Unit("户", "HH", 0), Unit("万户", "HH", 4), "2.51", id="户 to 万户"),
        pytest.param("3.2", Unit("人", "PER_1000", 0), Unit("人", "PER_10000", 0), "32", id="per 1,000 to per 10,000"),
        pytest.param("4.84", Unit("‰", "PER_1000", 0), Unit("%", "PT", 0), "0.484", id="per mille to per cent"),
        pytest.param("16", Unit("/10万", "PER_100000", 0), Unit(None, "PER_1000", 0), "0.16", id="per 100,000"),
        pytest.param("2.6", Unit("m²", "SQM_PER_PS", 0), Unit("m²", "SQM_PER_10000", 0), "26000", id="area per head"),
        pytest.param("30", Unit("m²", "SQM_PER_100_HH", 0), Unit("m²", "SQM_PER_100_HH", 0), "30", id="the same"),
    ],
)
def test_values_are_converted_exactly(value: str, source: Unit, target: Unit, expected: str) -> None:
    converted = conversion(source, target).apply(Decimal(value))

    assert str(converted) == expected


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pytest.param(Unit("万个", "COMMUNITY", 4), Unit("万套", "DWELLING", 4), id="小区 and 套"),
        pytest.param(Unit("户", "HH", 0), Unit("万套", "DWELLING", 4), id="户 and 套"),
        pytest.param(Unit("万人", "PS", 4), Unit("万人次", "PS_TIME", 4), id="人 and 人次"),
        pytest.param(Unit("张", "BED", 0), Unit("张", "PER_1000", 0), id="an amount and a rate"),
        pytest.param(
            Unit("m²", "SQM_PER_100_HH", 0), Unit("m²", "SQM_PER_10000", 0), id="per households and per heads"
        ),
        pytest.param(Unit("年", "YR", 0), Unit("%", "PT", 0), id="years and per cent"),
    ],
)
def test_different_measures_are_refused_with_a_reason(source: Unit, target: Unit) -> None:
    refused = conversion(source, target)

    assert refused.apply(Decimal(1)) is None
    assert refused.reason is not None
    assert source.measure in refused.reason.zh
    assert target.measure in refused.reason.en


@pytest.mark.parametrize(
    ("code", "amount"), [("BED", True), ("PS", True), ("PT", False), ("PER_1000", False), ("YR", False)]
)
def test_an_amount_grows_with_the_area_and_a_rate_does_not(code: str, amount: bool) -> None:
    assert measure_of(code).is_amount is amount


@pytest.mark.parametrize("plan_id", ["zhongwei", "shizuishan", "wuwei", "kongtong"])
def test_every_concept_that_a_plan_shares_with_the_nation_can_be_converted(plan_id: str) -> None:
    above = {indicator.concept: indicator.unit for indicator in real_plan("national").indicators}
    shared = [indicator for indicator in real_plan(plan_id).indicators if indicator.concept in above]

    refused = [row.indicator_id for row in shared if conversion(above[row.concept], row.unit).factor is None]

    assert shared
    assert refused == []


@given(
    st.decimals(-1_000_000, 1_000_000, places=4),
    st.sampled_from(CODES),
    st.sampled_from(CODES),
    st.integers(-4, 8),
    st.integers(-4, 8),
)
def test_there_and_back_is_the_same_value(value: Decimal, left: str, right: str, one: int, other: int) -> None:
    source, target = Unit(None, left, one), Unit(None, right, other)

    there = conversion(source, target).apply(value)
    assert there is not None

    assert conversion(target, source).apply(there) == value
