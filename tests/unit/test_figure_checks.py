"""Which figures cannot be true beside others: of urban and rural, and of totals inside their year or plan."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.case.figure_checks import FigureCheck, breakdown_checks, fall_checks
from planwatch.case.known_figure import KnownFigure
from planwatch.case.quality_readings import quality_readings
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.rollup import Aggregation
from planwatch.series import Accumulation, ObsStatus
from tests.builders import RECEIVED_AT

CITY = "640500"
PLAN_START = date(2021, 1, 1)
RATE, COUNT, SUM = Aggregation.WEIGHTED_MEAN, Aggregation.COUNT, Aggregation.SUM
YEAR_TO_DATE, SINCE_PLAN_START, FLOW = Accumulation.YEAR_TO_DATE, Accumulation.SINCE_PLAN_START, Accumulation.FLOW

counts = st.integers(0, 10**6)
tenths = st.integers(0, 10**4).map(lambda tens: Decimal(tens).scaleb(-1))


def known(
    period: str,
    value: str | Decimal | int | None,
    part: str = "_T",
    *,
    status: ObsStatus = ObsStatus.NORMAL,
    form: Accumulation | None = None,
    days: int = 0,
) -> KnownFigure:
    given_value = None if value is None else Decimal(value)
    received_at = RECEIVED_AT + timedelta(days=days)
    return KnownFigure(
        CITY, parse_period(period), given_value, f"s{period}", received_at, status, part, accumulation=form
    )


def split(whole: object, urban: object, rural: object, **whole_is: object) -> list[KnownFigure]:
    return [
        known("2021-03", whole, **whole_is),  # type: ignore[arg-type]
        known("2021-03", urban, "U"),  # type: ignore[arg-type]
        known("2021-03", rural, "R"),  # type: ignore[arg-type]
    ]


def found(checks: list[FigureCheck]) -> list[str]:
    return [str(check.period) for check in checks if check.finding is not None]


def totals(*values: str, year: int = 2021) -> list[KnownFigure]:
    return [known(f"{year}-{month:02}", value) for month, value in enumerate(values, start=1)]


def test_a_rate_of_the_whole_that_lies_outside_of_urban_and_rural_is_found() -> None:
    (check,) = breakdown_checks(split("93.5", "91.0", "88.0"), RATE)

    assert check.finding == Text(
        "2021年3月合计上报93.5，城镇91.0、乡村88.0，合计不在两者之间",
        "2021-03: reported as 93.5, urban 91.0, rural 88.0; the whole does not lie between them",
    )


@pytest.mark.parametrize(
    ("whole", "is_found"), [("91.1", False), ("91.2", True), ("87.9", False), ("87.8", True), ("91", False)]
)
def test_rounding_of_the_last_decimal_explains_a_rate_just_outside(whole: str, is_found: bool) -> None:
    assert bool(found(breakdown_checks(split(whole, "91.0", "88.0"), RATE))) is is_found


@given(urban=tenths, rural=tenths, share=st.integers(0, 1000))
def test_a_mean_of_urban_and_rural_is_never_found_whatever_their_weights(
    urban: Decimal, rural: Decimal, share: int
) -> None:
    weight = Decimal(share) / 1000
    whole = (weight * urban + (1 - weight) * rural).quantize(Decimal("0.1"))

    assert found(breakdown_checks(split(whole, urban, rural), RATE)) == []


@given(urban=counts, rural=counts, off=st.integers(-50, 50))
def test_a_count_of_the_whole_is_found_if_and_only_if_it_is_not_the_sum(urban: int, rural: int, off: int) -> None:
    figures = split(urban + rural + off, urban, rural)

    assert bool(found(breakdown_checks(figures, COUNT))) is (off != 0)


@given(urban=st.decimals(0, 1000, places=3), rural=st.decimals(0, 1000, places=3))
def test_amounts_that_add_up_before_they_are_rounded_are_never_found(urban: Decimal, rural: Decimal) -> None:
    printed = [value.quantize(Decimal("0.1")) for value in (urban + rural, urban, rural)]

    assert found(breakdown_checks(split(*printed), SUM)) == []


def test_an_amount_of_the_whole_that_is_not_the_sum_is_found() -> None:
    (check,) = breakdown_checks(split("3.4", "1.1", "2.1"), SUM)

    assert check.finding == Text(
        "2021年3月合计上报3.4，城镇1.1、乡村2.1，两者之和为3.2，相差超出舍入误差",
        "2021-03: reported as 3.4, urban 1.1, rural 2.1, which make 3.2; rounding does not explain the difference",
    )


@pytest.mark.parametrize("status", [ObsStatus.BREAK, ObsStatus.DEFINITION_DIFFERS, ObsStatus.SPECIAL_EVENT])
def test_what_its_sender_confirms_contradicts_nothing(status: ObsStatus) -> None:
    assert found(breakdown_checks(split("99.0", "91.0", "88.0", status=status), RATE)) == []
    assert found(fall_checks([known("2021-01", 9), known("2021-02", 3, status=status)], PLAN_START, COUNT, FLOW)) == []
    assert (
        found(fall_checks([known("2021-01", 9), known("2021-02", 3, status=status)], PLAN_START, COUNT, YEAR_TO_DATE))
        == []
    )


def test_with_a_part_not_reported_or_in_another_form_nothing_is_found() -> None:
    missing = split("99.0", "91.0", None)
    flow_beside_total = [*split(30, 1, 2, form=YEAR_TO_DATE)]

    assert breakdown_checks(missing[:2], RATE) == []
    assert found(breakdown_checks(missing, RATE)) == []
    assert found(breakdown_checks(flow_beside_total, COUNT, FLOW)) == []
    assert found(breakdown_checks(flow_beside_total, COUNT, YEAR_TO_DATE)) == ["2021-03"]


def test_a_finding_is_known_from_the_newest_of_its_figures_on() -> None:
    figures = [*split("99.0", "91.0", "88.0")[:2], known("2021-03", "88.0", "R", days=4)]

    assert breakdown_checks(figures, RATE)[0].known_at == RECEIVED_AT + timedelta(days=4)


def test_a_total_of_the_year_that_falls_is_found() -> None:
    checks = fall_checks(totals("100", "210", "160", "420"), PLAN_START, COUNT, YEAR_TO_DATE)

    assert found(checks) == ["2021-03"]
    assert checks[1].finding == Text(
        "2021年3月本年累计上报160，低于2021年2月的210，累计数不应下降",
        "2021-03: the total of the year so far is reported as 160, less than 210 in 2021-02; a total does not fall",
    )


def test_a_total_is_held_against_the_last_month_that_has_a_figure() -> None:
    figures = [known("2021-01", 100), known("2021-02", None), known("2021-03", 90)]

    assert found(fall_checks(figures, PLAN_START, COUNT, YEAR_TO_DATE)) == ["2021-03"]


def test_a_total_of_the_year_starts_anew_in_january_and_one_of_the_plan_does_not() -> None:
    figures = [known("2021-12", 900), known("2022-01", 80)]

    assert found(fall_checks(figures, PLAN_START, COUNT, YEAR_TO_DATE)) == []
    assert found(fall_checks(figures, PLAN_START, COUNT, SINCE_PLAN_START)) == ["2022-01"]


def test_a_total_of_the_plan_before_is_not_held_against_that_of_this_one() -> None:
    assert found(fall_checks([known("2020", 900), known("2021", 80)], PLAN_START, COUNT, SINCE_PLAN_START)) == []


def test_flows_may_fall_and_a_figure_may_say_that_it_is_a_total() -> None:
    figures = totals("100", "40")
    said = [known("2021-01", 100, form=YEAR_TO_DATE), known("2021-02", 40, form=YEAR_TO_DATE)]

    assert fall_checks(figures, PLAN_START, COUNT, FLOW) == fall_checks(figures, PLAN_START, COUNT) == []
    assert found(fall_checks(said, PLAN_START, COUNT)) == ["2021-02"]


@pytest.mark.parametrize(("value", "is_found"), [("1.2", False), ("1.1", True)])
def test_a_fall_by_what_rounding_explains_is_not_found(value: str, is_found: bool) -> None:
    assert bool(found(fall_checks(totals("1.3", value), PLAN_START, SUM, YEAR_TO_DATE))) is is_found


@given(flows=st.lists(st.decimals(0, 100, places=3), min_size=1, max_size=12), places=st.integers(0, 2))
def test_flows_that_are_not_negative_add_up_to_totals_in_which_nothing_is_found(
    flows: list[Decimal], places: int
) -> None:
    so_far = [sum(flows[: month + 1], Decimal(0)).quantize(Decimal(1).scaleb(-places)) for month in range(len(flows))]

    assert found(fall_checks(totals(*map(str, so_far)), PLAN_START, SUM, YEAR_TO_DATE)) == []


@given(st.lists(counts, min_size=2, max_size=12))
def test_every_fall_of_a_count_is_found(values: list[int]) -> None:
    falls = [f"2021-{month:02}" for month in range(2, len(values) + 1) if values[month - 1] < values[month - 2]]

    assert found(fall_checks(totals(*map(str, values)), PLAN_START, COUNT, YEAR_TO_DATE)) == falls


@given(st.permutations(totals("100", "210", "160", "420")))
def test_the_order_in_which_figures_are_given_does_not_matter(figures: list[KnownFigure]) -> None:
    assert found(fall_checks(figures, PLAN_START, COUNT, YEAR_TO_DATE)) == ["2021-03"]


def test_two_findings_of_one_period_are_both_said() -> None:
    figures = [known("2021-02", 90), known("2021-03", 80), known("2021-03", 70, "U"), known("2021-03", 20, "R")]
    checks = [
        *breakdown_checks(figures, COUNT, YEAR_TO_DATE),
        *fall_checks(figures[:2], PLAN_START, COUNT, YEAR_TO_DATE),
    ]

    reading = quality_readings(figures[:2], checks, expects_trend=False)[-1]

    assert reading.is_bad
    assert reading.because.zh == (
        "数据存疑：2021年3月合计上报80，城镇70、乡村20，两者之和为90，相差超出舍入误差；"
        "2021年3月本年累计上报80，低于2021年2月的90，累计数不应下降"
    )


def test_a_fall_stays_in_doubt_until_it_is_corrected() -> None:
    wrong, mended = totals("100", "210", "160", "420"), totals("100", "210", "310", "420")

    before, after = (
        quality_readings(figures, fall_checks(figures, PLAN_START, COUNT, YEAR_TO_DATE), expects_trend=False)
        for figures in (wrong, mended)
    )

    assert [reading.is_bad for reading in before] == [False, False, True, True]
    assert [reading.is_bad for reading in after] == [False] * 4
