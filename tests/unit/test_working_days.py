"""Working days: holidays, made-up days, years that are not known."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.working_days import CalendarNotCovered, weekdays_after
from services.alerts.working_calendar import working_calendar
from tests.builders import CALENDAR_2026

DAYS_OF_2026 = st.integers(0, 330).map(lambda days: date.fromordinal(date(2026, 1, 5).toordinal() + days))


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        pytest.param("2026-03-02", 3, "2026-03-05", id="a plain week"),
        pytest.param("2026-03-06", 1, "2026-03-09", id="over a weekend"),
        pytest.param("2026-02-13", 1, "2026-02-14", id="a made-up Saturday counts"),
        pytest.param("2026-02-14", 1, "2026-02-24", id="Spring Festival does not"),
        pytest.param("2026-09-30", 3, "2026-10-10", id="National Day and the made-up Saturday after it"),
        pytest.param("2026-10-03", 0, "2026-10-08", id="a day off is moved to the next working day"),
    ],
)
def test_working_days_after_a_day(day: str, count: int, found: str) -> None:
    assert CALENDAR_2026.after(date.fromisoformat(day), count) == date.fromisoformat(found)


def test_a_year_that_is_not_known_is_named() -> None:
    with pytest.raises(CalendarNotCovered, match="2027年的节假日安排"):
        CALENDAR_2026.after(date(2026, 12, 30), 3)


def test_without_holidays_a_stand_in_counts_monday_to_friday() -> None:
    assert weekdays_after(date(2026, 12, 30), 3) == date(2027, 1, 4)


@pytest.mark.parametrize(("day", "days"), [("2026-12-31", 1), ("2026-01-01", 365), ("2027-01-01", 0)])
def test_how_far_ahead_a_calendar_knows(day: str, days: int) -> None:
    assert CALENDAR_2026.days_covered(date.fromisoformat(day)) == days


@given(DAYS_OF_2026, st.integers(0, 8))
def test_counting_forth_and_back_ends_on_the_same_working_day(day: date, count: int) -> None:
    start = CALENDAR_2026.after(day, 0)

    assert CALENDAR_2026.before(CALENDAR_2026.after(start, count), count) == start


def test_the_installed_calendar_agrees_with_the_order_of_the_state_council_for_2026() -> None:
    year = [date.fromordinal(date(2026, 1, 1).toordinal() + day) for day in range(365)]

    assert [day for day in year if working_calendar().is_working_day(day) != CALENDAR_2026.is_working_day(day)] == []
