"""Which columns of the main table hold the baseline, the target and the years between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planwatch.plan_import.headings import Column, Role
from planwatch.plan_import.tables import MainTable


@dataclass(frozen=True, slots=True)
class Columns:
    """Which value columns hold the baseline, the target and the years between.

    Attributes:
        values: position → column, one for each year, in printed order.
        baseline: position, None where the table has no column before the target.
        target: position of the column of the plan's last year; of the latest year where there is none.
        beside: position → column of growth or totals.
    """

    values: Mapping[int, Column]
    baseline: int | None
    target: int
    beside: Mapping[int, Column]

    @classmethod
    def of(cls, table: MainTable, period: tuple[str, str]) -> Columns:
        """The columns of a table; of two columns for one year the one that is not a plan's figure counts."""
        by_year: dict[str, int] = {}
        for position, column in enumerate(table.columns):
            if column.role is Role.VALUE and column.period:
                earlier = by_year.get(column.period)
                if earlier is None or (table.columns[earlier].planned and not column.planned):
                    by_year[column.period] = position
        values = {position: table.columns[position] for position in sorted(by_year.values())}
        target = by_year.get(period[1], by_year[max(by_year)])
        earlier_years = [year for year in by_year if year < (table.columns[target].period or "")]
        baseline = by_year[min(earlier_years)] if earlier_years else None
        beside = {at: column for at, column in enumerate(table.columns) if column.role in (Role.GROWTH, Role.TOTAL)}
        return cls(values, baseline, target, beside)

    @property
    def between(self) -> dict[int, Column]:
        """Columns of years between baseline and target."""
        end = self.values[self.target].period or ""
        return {at: column for at, column in self.values.items() if at != self.baseline and (column.period or "") < end}
