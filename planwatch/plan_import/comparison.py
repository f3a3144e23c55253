"""How far an imported table agrees with a checked one, cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from planwatch.plan_import.concepts import likeness
from planwatch.plan_import.source import plain

Row = Mapping[str, Any]


class Agreement(StrEnum):
    """The verdict on one cell."""

    RIGHT = "right"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class CellComparison:
    """One cell of the imported table beside the checked one.

    Attributes:
        indicator: id in the checked plan, `—` for a row that it does not have.
        name: printed name.
        cell: which cell, e.g. `unit` or `2025`.
        wanted: content in the checked plan.
        imported: content in the draft.
        agreement: right; doubtful: differs and is marked for confirmation; wrong: differs and is not.
        doubted: whether the draft marks it for confirmation.
    """

    indicator: str
    name: str
    cell: str
    wanted: Any
    imported: Any
    agreement: Agreement
    doubted: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every compared cell.

    Attributes:
        core: name, unit, every value, comparator, nature, marks, goal kind, concept of every row.
        further: domain, direction, accumulation, bounds, baseline, target of every row.
    """

    core: tuple[CellComparison, ...]
    further: tuple[CellComparison, ...]

    def count(self, agreement: Agreement) -> int:
        """How many core cells have this verdict."""
        return sum(cell.agreement is agreement for cell in self.core)

    @property
    def share_right(self) -> float:
        """Core cells that are right without help, 0 to 1."""
        return self.count(Agreement.RIGHT) / len(self.core) if self.core else 0.0

    @property
    def needlessly_doubted(self) -> int:
        """Core cells that are right and yet marked for confirmation."""
        return sum(cell.agreement is Agreement.RIGHT and cell.doubted for cell in self.core)

    def differing(self) -> list[CellComparison]:
        """Every cell that is not as imported: corrected by hand in the checked plan."""
        return [cell for cell in (*self.core, *self.further) if cell.agreement is not Agreement.RIGHT]

    def by_cell(self) -> dict[str, Counter[Agreement]]:
        """Verdicts by kind of cell."""
        counts: dict[str, Counter[Agreement]] = {}
        for cell in (*self.core, *self.further):
            counts.setdefault(cell.cell, Counter())[cell.agreement] += 1
        return counts


_CORE = {
    "name": ("name",),
    "unit": ("unit",),
    "comparator": ("target", "values", "direction"),
    "nature": ("nature",),
    "marks": ("name", "values"),
    "goal_kind": ("goal_kind",),
    "concept": ("concept",),
}
_FURTHER = {
    "domain": ("domain",),
    "direction": ("direction",),
    "accumulation": ("accumulation", "goal_kind"),
    "bounds": ("bounds", "unit"),
    "baseline": ("baseline", "values", "goal_kind"),
    "target": ("target", "values", "direction"),
}
"""Cell → fields of needs_confirmation that announce a doubt about it."""


def compare_tables(imported: Mapping[str, Any], checked: Mapping[str, Any]) -> Comparison:
    """Hold the rows of a draft against those of a checked plan; rows are matched by name, then by number."""
    core: list[CellComparison] = []
    further: list[CellComparison] = []
    for mine, theirs in _pairs(imported["indicators"], checked["indicators"]):
        core += _row_cells(mine, theirs, _core_cells(theirs or mine or {}))
        further += _row_cells(mine, theirs, _FURTHER)
    return Comparison(tuple(core), tuple(further))


def _pairs(mine: Sequence[Row], theirs: Sequence[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    left = list(mine)
    for wanted in theirs:
        match = next((row for row in left if plain(row["name"]) == plain(wanted["name"])), None)
        match = match or next(
            (row for row in left if row["no"] == wanted["no"] and likeness(row["name"], wanted["name"]) > 0.5), None
        )
        if match is not None:
            left.remove(match)
        yield match, wanted
    for row in left:
        yield row, None


def _core_cells(row: Row) -> dict[str, tuple[str, ...]]:
    years = list(row["values"])
    values = {year: ("values", "target") if year == years[-1] else ("values", "baseline") for year in years}
    return {
        "name": _CORE["name"],
        "unit": _CORE["unit"],
        **values,
        "comparator": ("target", "values", "direction"),
        **_CORE,
    }


def _row_cells(mine: Row | None, theirs: Row | None, cells: Mapping[str, tuple[str, ...]]) -> Iterator[CellComparison]:
    doubts = {doubt["field"] for doubt in mine["needs_confirmation"]} if mine else set()
    for cell, fields in cells.items():
        wanted, imported = _content(theirs, cell), _content(mine, cell)
        doubted = bool(doubts & set(fields))
        same = mine is not None and theirs is not None and wanted == imported
        agreement = Agreement.RIGHT if same else Agreement.DOUBTFUL if doubted and theirs else Agreement.WRONG
        named = theirs or mine or {}
        yield CellComparison(
            theirs["indicator_id"] if theirs else "—", named["name"], cell, wanted, imported, agreement, doubted
        )


def _content(row: Row | None, cell: str) -> Any:  # noqa: ANN401  (the cells of a plan file are of many kinds)
    if row is None:
        return None
    if cell == "comparator":
        return row["target"]["comparator"]
    if cell == "name":
        return plain(row["name"])
    if cell.isdigit():
        return row["values"].get(cell)
    return row[cell]
