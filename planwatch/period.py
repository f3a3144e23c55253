"""TIME_PERIOD: the period a value is about, in the SDMX time formats."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache

from planwatch.errors import InvalidPeriod
from planwatch.language import Text


class Freq(StrEnum):
    """FREQ, the codes of CL_FREQ that feeds use."""

    ANNUAL = "A"
    HALF_YEARLY = "S"
    QUARTERLY = "Q"
    MONTHLY = "M"
    DAILY = "D"


MONTHS_PER_PERIOD = {Freq.ANNUAL: 12, Freq.HALF_YEARLY: 6, Freq.QUARTERLY: 3, Freq.MONTHLY: 1}

_FORMS = re.compile(
    r"(?P<year>(?:19|20|21)[0-9]{2})"
    r"(?:-A1|-S(?P<half>[12])|-Q(?P<quarter>[1-4])|-M?(?P<month>0[1-9]|1[0-2])(?:-(?P<day>[0-9]{2}))?)?"
)
_RANGE = re.compile(
    r"(?P<year>(?:19|20|21)[0-9]{2})-(?P<month>0[1-9]|1[0-2])-01(?:T00:00:00)?/P(?P<count>[0-9]{1,2})(?P<unit>[MY])"
)


@dataclass(frozen=True, order=True)
class TimePeriod:
    """A calendar period within one year, ordered by its start.

    Attributes:
        start: first day, e.g. 2021-01-01.
        end: last day, e.g. 2021-12-31.
        freq: FREQ that the form implies, e.g. A for `2021`; M for a run of months such as January and February.
    """

    start: date
    end: date
    freq: Freq

    def __hash__(self) -> int:
        """Periods are looked up far more often than made, and few begin on the same day."""
        return hash(self.start)

    def __str__(self) -> str:
        """The SDMX form: `2021`, `2021-S1`, `2021-Q1`, `2021-01`, `2021-01-01/P2M`, `2021-01-31`."""
        return self._text

    @cached_property
    def _text(self) -> str:
        match self.freq:
            case Freq.ANNUAL:
                return f"{self.start.year:04d}"
            case Freq.HALF_YEARLY:
                return f"{self.start.year:04d}-S{(self.start.month + 5) // 6}"
            case Freq.QUARTERLY:
                return f"{self.start.year:04d}-Q{(self.start.month + 2) // 3}"
            case Freq.MONTHLY if self.months > 1:
                return f"{self.start.isoformat()}/P{self.months}M"
            case Freq.MONTHLY:
                return f"{self.start.year:04d}-{self.start.month:02d}"
            case Freq.DAILY:
                return self.start.isoformat()

    @property
    def months(self) -> int:
        """How many calendar months the period reaches into."""
        return self.end.month - self.start.month + 1

    @property
    def days(self) -> int:
        """How many days it lasts: of two periods the longer one is the coarser."""
        return (self.end - self.start).days + 1

    def ends_one_of(self, freq: Freq) -> bool:
        """Whether it ends on the day on which a period of `freq` ends, as December ends the year."""
        if freq is Freq.DAILY:
            return True
        closes_month = self.end.day == monthrange(self.end.year, self.end.month)[1]
        return closes_month and self.end.month % MONTHS_PER_PERIOD[freq] == 0

    def next(self) -> TimePeriod:
        """The period of the same FREQ that begins the day after this one ends."""
        return _period_from(self.end + timedelta(days=1), self.freq)


@lru_cache(maxsize=4096)
def parse_period(text: str) -> TimePeriod:
    """Read a TIME_PERIOD.

    Args:
        text: `2021`, `2021-A1`, `2021-S1`, `2021-Q3`, `2021-03`, `2021-M03`, `2021-03-31`, or a time range of whole
            months within one year: `2021-01-01/P2M` is January and February together. A range that is a year, half,
            quarter or month is that period.
    Raises:
        InvalidPeriod: any other form, or a day that the calendar does not have.
    Source: SDMX technical notes, section 6 (time formats; time range: start and ISO 8601 duration).
    """
    time_range = _RANGE.fullmatch(text.strip())
    if time_range is not None:
        return _months_together(time_range, text)
    form = _FORMS.fullmatch(text.strip())
    if form is None:
        raise _invalid(text)
    year = int(form["year"])
    try:
        if form["day"]:
            return _period_from(date(year, int(form["month"]), int(form["day"])), Freq.DAILY)
        if form["month"]:
            return _period_from(date(year, int(form["month"]), 1), Freq.MONTHLY)
        if form["quarter"]:
            return _period_from(date(year, int(form["quarter"]) * 3 - 2, 1), Freq.QUARTERLY)
        if form["half"]:
            return _period_from(date(year, int(form["half"]) * 6 - 5, 1), Freq.HALF_YEARLY)
        return _period_from(date(year, 1, 1), Freq.ANNUAL)
    except ValueError as error:
        raise _invalid(text) from error


@lru_cache(maxsize=4096)
def year_fraction(day: date) -> float:
    """Time in years at the end of `day`: 2021-12-31 gives 2021.0, 2021-06-30 gives 2020.5 (months of equal length)."""
    length = monthrange(day.year, day.month)[1]
    return day.year - 1 + (day.month - 1 + day.day / length) / 12


def _period_from(start: date, freq: Freq) -> TimePeriod:
    if freq is Freq.DAILY:
        return TimePeriod(start, start, freq)
    months = start.month - 1 + MONTHS_PER_PERIOD[freq]
    after = date(start.year + months // 12, months % 12 + 1, 1)
    return TimePeriod(start, after - timedelta(days=1), freq)


def _months_together(form: re.Match[str], text: str) -> TimePeriod:
    year, first = int(form["year"]), int(form["month"])
    count = int(form["count"]) * (12 if form["unit"] == "Y" else 1)
    last = first + count - 1
    if count < 1 or last > MONTHS_PER_PERIOD[Freq.ANNUAL]:
        raise _invalid(text)
    for freq, months in MONTHS_PER_PERIOD.items():
        if count == months and (first - 1) % months == 0:
            return _period_from(date(year, first, 1), freq)
    return TimePeriod(date(year, first, 1), date(year, last, monthrange(year, last)[1]), Freq.MONTHLY)


def _invalid(text: str) -> InvalidPeriod:
    return InvalidPeriod(
        Text(
            f"时期“{text}”无法识别，应为 2021、2021-S1、2021-Q1、2021-03、2021-03-31 的形式，"
            "或 2021-01-01/P2M（1–2月合并）",
            f"period “{text}” is not understood; expected 2021, 2021-S1, 2021-Q1, 2021-03, 2021-03-31 "
            "or 2021-01-01/P2M (January and February together)",
        )
    )
