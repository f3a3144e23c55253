"""When a gap between areas or groups counts as wider than before."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from planwatch.breakdown import Dimension
from planwatch.case.events import Reading
from planwatch.case.gap_readings import GroupFigure, gap_readings
from planwatch.period import parse_period
from tests.builders import RECEIVED_AT

NORTH, SOUTH, EAST = "640502", "640521", "640522"
USUAL = ["4.0", "4.2", "3.9", "4.1"]
"""Gaps whose changes are 0.2, 0.3 and 0.2."""


def of_month(month: int, *, days: int | None = None, **values: str | None) -> list[GroupFigure]:
    """What the groups reported for a month, e.g. `a640502="94.0"`."""
    return [
        GroupFigure(
            group=group.removeprefix("a"),
            period=parse_period(f"2021-{month:02}"),
            value=None if value is None else Decimal(value),
            submission_id=f"s{month}",
            received_at=RECEIVED_AT + timedelta(days=30 * month if days is None else days),
        )
        for group, value in values.items()
    ]


def gaps(*sizes: str) -> list[GroupFigure]:
    """Monthly figures of two areas that are this far apart."""
    return [
        figure
        for month, size in enumerate(sizes, start=1)
        for figure in of_month(month, a640502="90.0", a640521=str(Decimal("90.0") + Decimal(size)))
    ]


def read(figures: list[GroupFigure]) -> list[Reading]:
    return gap_readings(Dimension.AREA, figures)


def bad(figures: list[GroupFigure]) -> list[str]:
    return [str(reading.period) for reading in read(figures) if reading.is_bad]


def test_fewer_than_three_earlier_changes_leave_the_noise_unknown() -> None:
    assert read(gaps("4.0", "4.2", "3.9", "9.0")) == []


def test_a_gap_that_grows_beyond_its_usual_changes_has_widened() -> None:
    (reading,) = read(gaps(*USUAL, "6.0"))

    assert (str(reading.period), reading.is_bad, reading.cause) == ("2021-05", True, "gap_widened")
    assert reading.because.zh == (
        "2021年5月地区之间的差距（极差）由2021年4月的4.1扩大到6.0，超出其波动（历来变化的标准差为0.30）"
    )
    assert reading.because.en == (
        "in 2021-05 the gap between areas (difference) is 6.0, up from 4.1 in 2021-04, "
        "beyond its noise (its changes have a standard deviation of 0.30)"
    )


def test_a_usual_gap_after_one_that_happened_to_be_narrow_is_no_wider() -> None:
    readings = read(gaps(*USUAL, "3.0", "4.3"))

    assert bad(gaps(*USUAL, "3.0", "4.3")) == []
    assert "与此前三期的中间值相比在波动之内" in readings[-1].because.zh


def test_a_gap_that_moves_as_it_always_has_is_no_wider() -> None:
    (reading,) = read(gaps(*USUAL, "4.4"))

    assert (reading.is_bad, reading.cause) == (False, "gap_not_widened")
    assert "在该差距历来的波动之内" in reading.because.zh


def test_a_gap_stays_widened_until_it_has_come_back() -> None:
    figures = gaps(*USUAL, "6.0", "6.1", "6.0", "4.2", "4.1")

    assert bad(figures) == ["2021-05", "2021-06", "2021-07"]
    assert len(read(figures)) == 5


def test_a_correction_that_narrows_the_gap_takes_the_widening_back_and_is_news() -> None:
    before = read(gaps(*USUAL, "6.0"))
    corrected = [
        *gaps(*USUAL),
        *of_month(5, a640502="90.0"),
        *of_month(5, days=200, a640521="94.2"),
    ]

    after = read(corrected)

    assert [reading.is_bad for reading in after] == [False]
    assert after[0].known_at > before[0].known_at


def test_a_correction_of_an_earlier_period_is_news_of_the_later_ones() -> None:
    figures = gaps(*USUAL, "6.0")
    late = of_month(4, days=300, a640521="95.9")

    reading = read([figure for figure in figures if (figure.group, figure.period.start.month) != (SOUTH, 4)] + late)[-1]

    assert not reading.is_bad
    assert reading.known_at == RECEIVED_AT + timedelta(days=300)


def test_a_period_is_not_read_before_every_group_of_the_one_before_has_reported() -> None:
    # given three areas, of which the one that lies apart is late
    months = [
        of_month(month, a640502="90.0", a640522=str(Decimal("90.0") + Decimal(size)), a640521="92.0")
        for month, size in enumerate(USUAL, start=1)
    ]
    known = [figure for month in months for figure in month]

    waiting = read([*known, *of_month(5, a640502="90.0", a640521="92.0")])
    complete = read([*known, *of_month(5, a640502="90.0", a640521="92.0", a640522="96.0")])

    assert waiting == []
    assert [reading.is_bad for reading in complete] == [True]


def test_an_area_that_reports_for_the_first_time_does_not_widen_the_gap() -> None:
    figures = [*gaps(*USUAL, "4.2"), *of_month(5, a640522="50.0")]

    assert [reading.is_bad for reading in read(figures)] == [False]


def test_a_figure_that_was_reported_as_missing_is_none() -> None:
    assert read([*gaps(*USUAL), *of_month(5, a640502="90.0", a640521=None)]) == []


def test_what_rounding_can_do_is_no_widening() -> None:
    reading = read(gaps("4.0", "4.0", "4.0", "4.0", "4.2"))[-1]

    assert not reading.is_bad
    assert "舍入误差" in reading.because.zh


def test_a_gap_that_never_moved_widens_with_the_first_change_beyond_rounding() -> None:
    assert bad(gaps("4.0", "4.0", "4.0", "4.0", "4.3")) == ["2021-05"]


@given(st.lists(st.integers(min_value=0, max_value=200), min_size=5, max_size=9), st.randoms())
def test_the_order_of_the_figures_does_not_matter(tenths: list[int], shuffler: object) -> None:
    figures = gaps(*(f"{size / 10:.1f}" for size in tenths))
    shuffled = list(figures)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]

    assert read(shuffled) == read(figures)
