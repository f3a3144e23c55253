"""A document as the import sees it: numbered lines, and tables where the file format has them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from planwatch.language import Text

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ",
    0xA0: " ",
    0x2007: " ",
    0x202F: " ",
}
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD))
_LATIN_GAP = re.compile(r"(?<=[A-Za-z])\s+(?=[A-Za-z])")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of the document.

    Attributes:
        number: 1-based, counted through the whole document; the line of the text file that is kept beside the draft.
        text: as printed; the cells of a table's row are joined by tabs.
        place: where a reader of the original finds it, e.g. 第3页第8行.
    """

    number: int
    text: str
    place: Text


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of a table; a merged cell stands in every position that it covers."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table whose cells are known, not guessed from white space."""

    rows: tuple[GridRow, ...]

    @property
    def lines(self) -> range:
        """The lines that the table covers."""
        return range(self.rows[0].line, self.rows[-1].line + 1)


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document to import a plan from.

    Attributes:
        file: name of the file, without its folder.
        lines: every line in reading order, blank ones included.
        grids: tables of the file format (Word, Excel, PDF); empty for plain text.
    """

    file: str
    lines: tuple[SourceLine, ...]
    grids: tuple[Grid, ...]

    def text_at(self, number: int) -> str:
        """The text of a 1-based line."""
        return self.lines[number - 1].text


def half_width(text: str) -> str:
    """`text` with full-width letters, digits, signs and blanks as their ordinary ones: ２０２５年（％） → 2025年(%)."""
    return text.translate(_INVISIBLE).translate(_FULL_WIDTH)


def compact(text: str) -> str:
    """A printed piece without the blanks that typesetting put into it; Latin words keep one between them."""
    kept = _LATIN_GAP.sub("\0", text.translate(_INVISIBLE).strip())
    return _SPACES.sub("", kept).replace("\0", " ")


def plain(text: str) -> str:
    """`text` for comparison with a pattern: half-width, without any white space."""
    return _SPACES.sub("", half_width(text))


def balanced(text: str) -> bool:
    """Whether the round brackets of `text` close each other."""
    depth = 0
    for letter in half_width(text):
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return False
    return depth == 0
