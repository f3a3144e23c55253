"""Counts the lines of a document while it is read, and keeps where each one stands."""

from __future__ import annotations

from collections.abc import Sequence

from planwatch.language import Text
from planwatch.plan_import.source import Grid, GridRow, SourceDocument, SourceLine

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
"""Raised digits are footnote marks or exponents: they must not melt into the figure before them."""


class LineCounter:
    """Collects lines and tables in reading order."""

    def __init__(self) -> None:
        self.lines: list[SourceLine] = []
        self.grids: list[Grid] = []

    def add_line(self, text: str, place: Text) -> int:
        """Add one line; its 1-based number."""
        self.lines.append(SourceLine(len(self.lines) + 1, text.replace("\n", " "), place))
        return len(self.lines)

    def add_table(self, rows: Sequence[tuple[Sequence[str], Text]]) -> None:
        """Add a table: each row is one line, its cells joined by tabs."""
        numbered = [GridRow(self.add_line(_joined(cells), place), tuple(cells)) for cells, place in rows]
        if numbered:
            self.grids.append(Grid(tuple(numbered)))

    def document(self, file: str) -> SourceDocument:
        """Everything that was added."""
        return SourceDocument(file, tuple(self.lines), tuple(self.grids))


def _joined(cells: Sequence[str]) -> str:
    """The cells of a row, a merged one only once."""
    shown = [cell for at, cell in enumerate(cells) if at == 0 or not cell or cell != cells[at - 1]]
    return "\t".join(" ".join(cell.split()) for cell in shown)
