"""Which figures are in doubt, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.case.events import Reading
from planwatch.case.figure_checks import FigureCheck, rollup_checks
from planwatch.case.known_figure import KnownFigure
from planwatch.case.quality_readings import quality_readings
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.rollup import Aggregation
from planwatch.series import ObsStatus
from tests.builders import RECEIVED_AT

CITY, NORTH, SOUTH = "640500", "640502", "640521"
STEADY = ("90.1", "90.4", "90.2", "90.6", "90.5", "90.9")


def known(period: str, value: str | None, area: str = CITY, *, days: int | None = None) -> KnownFigure:
    found = parse_period(period)
    received = 30 * found.start.month + 365 * (found.start.year - 2021) if days is None else days
    given_value = None if value is None else Decimal(value)
    return KnownFigure(area, found, given_value, f"s{period}", RECEIVED_AT + timedelta(days=received))


def months(*values: str, year: int = 2021) -> list[KnownFigure]:
    return [known(f"{year}-{month:02}", value) for month, value in enumerate(values, start=1)]


def bad(readings: Sequence[Reading]) -> list[str]:
    return [str(reading.period) for reading in readings if reading.is_bad]


def test_a_figure_far_from_the_ones_before_is_in_doubt() -> None:
    reading = quality_readings(months(*STEADY, "910"))[-1]

    assert (reading.is_bad, reading.cause, str(reading.period)) == (True, "data_doubtful", "2021-07")
    assert reading.because == Text(
        "数据存疑：2021年7月上报910，2021年6月为90.9，而历来各期变化一般为0.3",
        "figures are in doubt: 2021-07: reported as 910, but 90.9 in 2021-06, and its usual change is 0.3",
    )


def test_figures_that_follow_one_another_are_not() -> None:
    readings = quality_readings(months(*STEADY, "91.2", "90.8"))

    assert bad(readings) == []
    assert readings[-1].because.zh == "未见存疑数据"


def test_a_change_by_less_than_a_tenth_is_never_in_doubt() -> None:
    assert bad(quality_readings(months(*["90.0"] * 6, "97.0"))) == []


def test_with_fewer_than_five_figures_before_it_none_is_in_doubt() -> None:
    assert bad(quality_readings(months("90.1", "90.4", "90.2", "90.6", "910"))) == []


def test_a_figure_stays_in_doubt_although_later_ones_are_as_before() -> None:
    assert bad(quality_readings(months(*STEADY, "910", "91.2", "91.0"))) == ["2021-07", "2021-08", "2021-09"]


def test_a_correction_takes_the_doubt_back_and_is_news() -> None:
    doubted = quality_readings(months(*STEADY, "910", "91.2"))
    figures = [*months(*STEADY), known("2021-07", "91.0", days=400), known("2021-08", "91.2")]

    corrected = quality_readings(figures)

    assert bad(corrected) == []
    assert corrected[-1].known_at > doubted[-1].known_at


def test_a_second_figure_on_the_new_level_bears_the_first_out() -> None:
    assert bad(quality_readings(months(*STEADY, "140.0", "140.5", "141.0"))) == ["2021-07"]


@pytest.mark.parametrize("status", [ObsStatus.BREAK, ObsStatus.SPECIAL_EVENT, ObsStatus.DEFINITION_DIFFERS])
def test_a_figure_that_its_sender_confirms_by_its_status_is_not_in_doubt(status: ObsStatus) -> None:
    figures = [*months(*STEADY), replace(known("2021-07", "910"), status=status)]

    assert bad(quality_readings(figures)) == []


def test_a_doubt_ends_when_a_year_of_later_figures_has_come() -> None:
    figures = [*months(*STEADY, "910", *["91.0"] * 5), *months(*["91.0"] * 12, year=2022)]

    readings = quality_readings(figures)

    assert bad(readings)[-1] == "2022-07"
    assert str(readings[-1].period) == "2022-12"
    assert not readings[-1].is_bad


def test_what_recurs_every_year_is_not_in_doubt() -> None:
    season = ["50.0", "90.1", "90.4", "90.2", "90.6", "90.5", "90.9", "90.3", "90.6", "90.7", "90.2", "90.8"]
    figures = [*months(*season), *months("51.0", "90.0", year=2022)]

    assert bad(quality_readings(figures)) == []


def test_flows_and_totals_may_jump_every_january() -> None:
    assert bad(quality_readings(months(*STEADY, "910"), expects_trend=False)) == []


def test_a_whole_that_differs_from_its_parts_is_in_doubt_until_they_agree() -> None:
    finding = FigureCheck(parse_period("2021-02"), Text("不符", "differs"), RECEIVED_AT + timedelta(days=90))
    figures = months("300", "310", "320")

    before, after = quality_readings(figures, [finding]), quality_readings(figures, [replace(finding, finding=None)])

    assert bad(before) == ["2021-02", "2021-03"]
    assert before[-1].because == Text("数据存疑：不符", "figures are in doubt: differs")
    assert bad(after) == []


def of_year(year: int, own: str, north: str, south: str | None) -> list[KnownFigure]:
    return [known(str(year), own), known(str(year), north, NORTH), known(str(year), south, SOUTH)]


def findings(figures: Sequence[KnownFigure], aggregation: Aggregation = Aggregation.COUNT) -> dict[str, bool]:
    return {str(check.period): check.finding is not None for check in rollup_checks(CITY, figures, aggregation)}


def test_a_whole_is_held_against_the_sum_of_its_parts() -> None:
    figures = [*of_year(2021, "300", "100", "200"), *of_year(2022, "330", "100", "210")]

    found = rollup_checks(CITY, figures, Aggregation.COUNT)

    assert findings(figures) == {"2021": False, "2022": True}
    assert found[1].finding == Text(
        "2022年本级上报 330，由所辖 2 个地区汇总为 310，相差超出舍入误差",
        "2022: reported as 330, its 2 areas make 310; rounding does not explain the difference",
    )


def test_a_first_period_is_not_checked_for_its_areas_may_still_report() -> None:
    assert findings([known("2021", "300"), known("2021", "100", NORTH)]) == {}


def test_with_a_part_missing_nothing_is_found_but_its_withdrawal_is_known() -> None:
    figures = [*of_year(2021, "300", "100", "200"), *of_year(2022, "330", "100", None)]

    assert findings(figures) == {"2021": False, "2022": False}


def test_rates_are_not_checked_without_the_weights_of_their_areas() -> None:
    figures = [*of_year(2021, "93.0", "90", "91"), *of_year(2022, "93.0", "90", "91")]

    assert findings(figures, Aggregation.WEIGHTED_MEAN) == {"2021": False, "2022": False}


@given(st.permutations(months(*STEADY, "910", "91.0")))
def test_the_order_of_the_figures_does_not_matter(figures: list[KnownFigure]) -> None:
    assert quality_readings(figures) == quality_readings(months(*STEADY, "910", "91.0"))
