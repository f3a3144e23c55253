"""TIME_PERIOD: what is written can be read again, and order is the calendar's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.errors import InvalidPeriod
from planwatch.period import Freq, TimePeriod, parse_period, year_fraction

YEARS = st.integers(1900, 2198).map(str)
FORMS = st.one_of(
    YEARS,
    st.tuples(YEARS, st.sampled_from("12")).map("-S".join),
    st.tuples(YEARS, st.sampled_from("1234")).map("-Q".join),
    st.tuples(YEARS, st.integers(1, 12).map("{:02d}".format)).map("-".join),
    st.dates(date(1900, 1, 1), date(2198, 12, 31)).map(date.isoformat),
    st.tuples(YEARS, st.sampled_from(["01-01/P2M", "01-01/P9M", "02-01/P3M", "11-01/P2M"])).map("-".join),
)
PERIODS = FORMS.map(parse_period)


@given(PERIODS)
def test_a_period_is_read_as_it_was_written(period: TimePeriod) -> None:
    assert parse_period(str(period)) == period


@given(FORMS)
def test_the_canonical_form_is_kept_to_the_letter(form: str) -> None:
    assert str(parse_period(form)) == form


@given(PERIODS)
def test_the_next_period_begins_the_day_after_the_end_with_the_same_frequency(period: TimePeriod) -> None:
    following = period.next()

    assert (following.start, following.freq) == (period.end + timedelta(days=1), period.freq)
    assert following > period


@pytest.mark.parametrize(
    ("form", "start", "end", "freq"),
    [
        ("2021", date(2021, 1, 1), date(2021, 12, 31), Freq.ANNUAL),
        ("2021-A1", date(2021, 1, 1), date(2021, 12, 31), Freq.ANNUAL),
        ("2021-S2", date(2021, 7, 1), date(2021, 12, 31), Freq.HALF_YEARLY),
        ("2021-Q4", date(2021, 10, 1), date(2021, 12, 31), Freq.QUARTERLY),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), Freq.MONTHLY),
        ("2021-M12", date(2021, 12, 1), date(2021, 12, 31), Freq.MONTHLY),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29), Freq.DAILY),
        (" 2021 ", date(2021, 1, 1), date(2021, 12, 31), Freq.ANNUAL),
        ("2021-01-01/P2M", date(2021, 1, 1), date(2021, 2, 28), Freq.MONTHLY),
        ("2024-01-01T00:00:00/P2M", date(2024, 1, 1), date(2024, 2, 29), Freq.MONTHLY),
    ],
)
def test_a_period_spans_whole_calendar_days(form: str, start: date, end: date, freq: Freq) -> None:
    assert parse_period(form) == TimePeriod(start, end, freq)


@pytest.mark.parametrize(
    ("time_range", "form"),
    [("2021-01-01/P1M", "2021-01"), ("2021-04-01/P3M", "2021-Q2"), ("2021-07-01/P6M", "2021-S2"),
     ("2021-01-01/P12M", "2021"), ("2021-01-01/P1Y", "2021")],
)  # fmt: skip
def test_a_time_range_that_is_a_calendar_period_is_that_period(time_range: str, form: str) -> None:
    assert parse_period(time_range) == parse_period(form)


@pytest.mark.parametrize(
    ("form", "freq", "ends"),
    [
        ("2021-12", Freq.ANNUAL, True),
        ("2021-Q4", Freq.ANNUAL, True),
        ("2021-06", Freq.ANNUAL, False),
        ("2021-06", Freq.QUARTERLY, True),
        ("2021-01-01/P2M", Freq.MONTHLY, True),
        ("2021-12-30", Freq.MONTHLY, False),
    ],
)
def test_a_period_may_end_where_a_longer_one_does(form: str, freq: Freq, ends: bool) -> None:
    assert parse_period(form).ends_one_of(freq) is ends


@pytest.mark.parametrize(
    "form",
    [
        *("2021-01-15/P2M", "2021-11-01/P3M", "2021-01-01/P0M", "2021-01-01/P2Y", "2021-01-01/P2W"),
        *("", "21", "0000", "9999", "20211231", "2021年", "2021/01", "2021-W01"),
        *("2021-Q5", "2021-S3", "2021-13", "2021-00", "2021-1"),
        *("2023-02-29", "2021-02-30", "2021-M12-01-01"),
    ],
)
def test_another_form_or_a_day_that_the_calendar_lacks_is_refused_in_both_languages(form: str) -> None:
    with pytest.raises(InvalidPeriod) as refusal:
        parse_period(form)

    assert f"“{form}”" in refusal.value.text.zh
    assert f"“{form}”" in refusal.value.text.en


@pytest.mark.parametrize(
    ("day", "years"),
    [
        (date(2020, 12, 31), 2020.0),
        (date(2021, 6, 30), 2020.5),  # 6 of 12 months
        (date(2021, 3, 31), 2020.25),  # 3 of 12 months
        (date(2021, 1, 31), 2020 + 1 / 12),
        (date(2024, 2, 29), 2023 + 2 / 12),  # the last day of a month closes it, in a leap year too
        (date(2021, 4, 15), 2020 + 3.5 / 12),  # half of a month of 30 days
    ],
)
def test_time_in_years_counts_months_of_equal_length(day: date, years: float) -> None:
    assert year_fraction(day) == pytest.approx(years, abs=1e-12)


@given(st.dates(), st.dates())
def test_time_in_years_rises_with_the_day(one: date, other: date) -> None:
    assert (year_fraction(one) < year_fraction(other)) == (one < other)
