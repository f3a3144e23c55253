"""The Chinese working calendar as a value: public holidays and made-up working days."""

from __future__ import annotations

from functools import cache

from chinese_calendar import holidays, workdays  # type: ignore[import-untyped]

from planwatch.working_days import WorkingCalendar


@cache
def working_calendar() -> WorkingCalendar:
    """The calendar that the installed release of `chinesecalendar` knows; it comes out once a year."""
    return WorkingCalendar(
        years=frozenset(day.year for day in holidays),
        holidays=frozenset(holidays),
        made_up=frozenset(workdays),
    )
