"""Working days: the calendar is a value that the services fill in, so that counting stays pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from planwatch.errors import PlanwatchError
from planwatch.language import Text

SATURDAY = 5


class CalendarNotCovered(PlanwatchError):
    """A working day lies in a year whose public holidays are not known yet.

    Attributes:
        year: the first year that is not covered.
        text: what is missing, in both languages.
    """

    def __init__(self, year: int) -> None:
        self.year = year
        self.text = Text(
            f"{year}年的节假日安排尚不在工作日历中，期限暂按周一至周五计算，请更新日历",
            f"the working calendar does not know the public holidays of {year} yet; deadlines count Monday to Friday "
            "for the time being; update the calendar",
        )
        super().__init__(f"{self.text.zh} / {self.text.en}")


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are worked.

    Attributes:
        years: whose arrangement is known, e.g. 2004 to 2026.
        holidays: days off from Monday to Friday.
        made_up: working days on Saturday or Sunday (调休).
    """

    years: frozenset[int]
    holidays: frozenset[date]
    made_up: frozenset[date]

    def days_covered(self, today: date) -> int:
        """How many days from `today` on are known, through all years without a gap; 0 where its own year is not."""
        year = today.year
        while year in self.years:
            year += 1
        return max((date(year, 1, 1) - today).days, 0) if year > today.year else 0

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is worked.

        Raises:
            CalendarNotCovered: the arrangement of its year is not known.
        """
        if day.year not in self.years:
            raise CalendarNotCovered(day.year)
        return day in self.made_up or (day.weekday() < SATURDAY and day not in self.holidays)

    def after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, which itself does not count; with 0 `day` or the next working day.

        Raises:
            CalendarNotCovered: a day on the way lies in a year that is not known.
        """
        found = day
        if count == 0:
            while not self.is_working_day(found):
                found += timedelta(days=1)
            return found
        for _ in range(count):
            found = self.after(found + timedelta(days=1), 0)
        return found

    def before(self, day: date, count: int) -> date:
        """The `count`-th working day before `day`, which itself does not count; with 0 `day` or the one before it.

        Raises:
            CalendarNotCovered: a day on the way lies in a year that is not known.
        """
        found = day
        if count == 0:
            while not self.is_working_day(found):
                found -= timedelta(days=1)
            return found
        for _ in range(count):
            found = self.before(found - timedelta(days=1), 0)
        return found


def weekdays_after(day: date, count: int) -> date:
    """The `count`-th day from Monday to Friday after `day`: a stand-in where a year's holidays are not known."""
    found = day
    for _ in range(count):
        found += timedelta(days=1)
        while found.weekday() >= SATURDAY:
            found += timedelta(days=1)
    return found
