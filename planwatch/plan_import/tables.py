"""The main table as the import understands it, whatever form it had in print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from planwatch.language import Text
from planwatch.plan_import.headings import Column, Role
from planwatch.plan_import.source import plain

_NOTE_START = re.compile(
    r"(备\s*注|注\s*释|注|说\s*明|指标解释|指标说明|附注|资料来源|数据来源)\s*[:：]|(备注|注|说明|指标解释|附注)$"
    r"|注\s*\d|[\-•·]?\s*[(（]?\d{1,2}[.、．)）]\s*\D|\*|※|①|[\[【〔(（]\s*[\]】〕)）]|带\s*[*\[【]|标\s*[*\[【]|[“\"]?[\[【]"
)
_NUMBERED_NOTE = re.compile(r"(?:注\s*[:：]?\s*)?[\-•·]?\s*[(（]?(\d{1,2})")
_HEADING_LINE = re.compile(
    r"第[一二三四五六七八九十百]+[章节篇]|[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）]|专栏|附件|附表|图\s*\d"
)
_TABLE_TITLE = re.compile(r"指标|专栏|表\s*\d|附表|目标")
_MAIN_TITLE = re.compile(r"主要指标|指标体系|主要目标|发展目标|核心指标|发展指标|目标指标")
_REPORTED_TITLE = re.compile(r"(完成|执行|实现|进展)情况|分解")
_PAGE_NUMBER = re.compile(r"[-—–－·\s]*\d{1,4}[-—–－·\s]*|第\s*\d+\s*页(\s*[,，/]?\s*共\s*\d+\s*页)?|\d+\s*/\s*\d+")

FARTHEST_NOTE = 60
"""Lines under a table that are searched for its notes."""


@dataclass(slots=True)
class TableRow:
    """One indicator's row, cells still as printed.

    Attributes:
        line: 1-based line of the row, or of its name where each cell has a line of its own.
        no: printed number, None if none.
        domain: printed domain that the row stands under, None if the table has none.
        name: printed name, marks still in it.
        unit: cell of the unit column, None if there is no such column or the cell is missing.
        cells: position of a value, growth or total column → printed cell.
        nature: cell of the nature column, None if there is none.
        owner: cell of the column of responsible units, None if there is none.
        doubts: field → why the place of a cell in the row is doubtful.
    """

    line: int
    name: str
    no: str | None = None
    domain: str | None = None
    unit: str | None = None
    cells: dict[int, str] = field(default_factory=dict)
    nature: str | None = None
    owner: str | None = None
    doubts: dict[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MainTable:
    """A table that may be the main one.

    Attributes:
        form: how it was printed: `grid` (cells known) or `stream` (cells told apart by their kind).
        title: the line above it, None if there is none that looks like one.
        title_line: 1-based line of the title, or of the heading row.
        columns: in printed order.
        rows: in printed order.
        note_lines: lines under the table that may explain it.
        confidence: 0 to 1, how sure the cells are in their columns.
        doubt: why rows may be missing, None where the table was read to its end.
    """

    form: str
    title: str | None
    title_line: int
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    note_lines: tuple[tuple[int, str], ...]
    confidence: float
    doubt: Text | None = None

    @property
    def periods(self) -> tuple[str, ...]:
        """Years of the value columns, in printed order."""
        return tuple(column.period for column in self.columns if column.role is Role.VALUE and column.period)

    def has(self, role: Role) -> bool:
        """Whether a column of this role is there."""
        return any(column.role is role for column in self.columns)


def starts_note(text: str) -> bool:
    """Whether a line under a table begins a note: 注：, 备注, 1., *, []."""
    return _NOTE_START.match(text.strip()) is not None


def is_heading_line(text: str) -> bool:
    """Whether a line is a heading of the document's text: 第三章, 一、, （一）, 专栏2."""
    return _HEADING_LINE.match(plain(text)) is not None


def is_page_furniture(text: str) -> bool:
    """Whether a line is a page number or 续表, which a page break left inside a table."""
    bare = text.strip()
    return (
        _PAGE_NUMBER.fullmatch(bare) is not None
        or re.fullmatch(r"[(（]?\s*(续表?|接上表|转下页|接上页).{0,4}[)）]?", bare) is not None
    )


def is_table_title(text: str) -> bool:
    """Whether a line may be the title of a table."""
    bare = plain(text)
    return 4 <= len(bare) <= 45 and _TABLE_TITLE.search(bare) is not None and not re.search(r"[。；]", bare)


def names_main_table(title: str) -> bool:
    """Whether a title calls its table the one of the main indicators."""
    return _MAIN_TITLE.search(plain(title)) is not None and _REPORTED_TITLE.search(plain(title)) is None


def title_above(lines: list[tuple[int, str]]) -> tuple[int, str] | None:
    """The title among the lines above a table, nearest last; a line that only names a unit is passed over."""
    for number, text in reversed([line for line in lines if line[1].strip()][-4:]):
        if is_table_title(text):
            return number, text
    return None


def note_lines(below: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The notes under a table: from the first line that looks like one to the next heading or paragraph.

    Args:
        below: (line number, text) of the lines after the table's last row.
    """
    notes: list[tuple[int, str]] = []
    for number, text in below[:FARTHEST_NOTE]:
        if not text.strip() or is_page_furniture(text):
            continue
        begins = starts_note(text) or _follows_in_number(notes, text)
        if not begins and (not notes or is_heading_line(text) or _is_paragraph(text, notes[-1], number)):
            break
        notes.append((number, text.strip()))
    return notes


def _follows_in_number(notes: Sequence[tuple[int, str]], text: str) -> bool:
    """Whether a line begins with the number after that of the last numbered note: `2依据…` after `注:1依据…`."""
    numbers = [match.group(1) for match in (_NUMBERED_NOTE.match(note) for _, note in notes) if match]
    if not numbers:
        return False
    following = str(int(numbers[-1]) + 1)
    return re.match(rf"{following}(?:[.、．](?=(?:19|20)\d\d年)|(?![\d.]\d))", text.strip()) is not None


def _is_paragraph(text: str, previous: tuple[int, str], number: int) -> bool:
    """Whether a line under the notes is running text again: the note above had ended, or a blank lies between."""
    ended = previous[1].endswith(("。", "；", ";"))
    return ended or number - previous[0] > 1 or text.startswith(("  ", "\u3000\u3000"))
