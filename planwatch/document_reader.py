"""Reads the leaves of a catalogue document and collects every fault on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from planwatch.errors import InvalidPeriod, PlanFault
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period


class DocumentReader:
    """Converts leaves and collects the faults, so that all of them are told at once."""

    def __init__(self) -> None:
        self.faults: list[PlanFault] = []

    def decimal(self, text: str | None, path: str) -> Decimal | None:
        """The number, None for None; a fault and 0 where it is not a finite number."""
        if text is None:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            self.faults.append(PlanFault(path, Text(f"“{text}”不是数字", f"“{text}” is not a number")))
            return Decimal(0)
        return value

    def required_decimal(self, text: str, path: str) -> Decimal:
        """The number; a fault and 0 where it is not a finite number."""
        return self.decimal(text, path) or Decimal(0)

    def day(self, text: str, path: str) -> date:
        """The day; a fault and the first day of all where it is none."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.faults.append(PlanFault(path, Text(f"“{text}”不是日期", f"“{text}” is not a day")))
            return date.min

    def period(self, text: str, path: str, *, instead: str = "1900") -> TimePeriod:
        """The TIME_PERIOD; a fault and `instead` where it is none."""
        try:
            return parse_period(text)
        except InvalidPeriod as error:
            self.faults.append(PlanFault(path, error.text))
            return parse_period(instead)

    def optional_period(self, text: str | None, path: str) -> TimePeriod | None:
        """The TIME_PERIOD, None for None."""
        return None if text is None else self.period(text, path)


def read_text(pair: Mapping[str, str]) -> Text:
    """A text in both languages."""
    return Text(pair["zh"], pair["en"])


def optional_text(pair: Mapping[str, str] | None) -> Text | None:
    """A text in both languages, None for None."""
    return None if pair is None else read_text(pair)


def unknown_reference(path: str, value: str, listing: str) -> PlanFault:
    """The fault of naming something that the document does not define."""
    reason = Text(f"“{value}”不在 {listing} 之中", f"“{value}” is not among the {listing}")
    return PlanFault(path, reason, refers_to=(listing, value))


def repetition_faults(identifiers: Iterable[tuple[str, str]]) -> list[PlanFault]:
    """The faults of using an identifier again, for identifiers given as (path, value)."""
    faults, seen = [], set()
    for path, value in identifiers:
        if value in seen:
            reason = Text(f"“{value}”已用于另一项", f"“{value}” is used by another entry")
            faults.append(PlanFault(path, reason))
        seen.add(value)
    return faults
