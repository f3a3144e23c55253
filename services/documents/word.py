"""Word documents (.docx): paragraphs and tables in reading order, raised digits kept as such."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn

from planwatch.language import Text
from planwatch.plan_import.source import SourceDocument
from services.documents.archive import check_archive
from services.documents.errors import refuse
from services.documents.numbering import SUPERSCRIPTS, LineCounter

Element = Any  # lxml's elements have no published types here

_PARAGRAPH, _TABLE, _CONTROL, _CONTENT = qn("w:p"), qn("w:tbl"), qn("w:sdt"), qn("w:sdtContent")
_BREAKS = {qn("w:br"), qn("w:cr")}


def read_word(path: Path) -> SourceDocument:
    """Read a Word document.

    Raises:
        UnreadableDocument: encrypted, damaged or of another format.
    """
    check_archive(path, "word/document.xml", "Word 文档", "Word document")
    try:
        body = docx.Document(str(path)).element.body
    except (KeyError, ValueError, SyntaxError) as error:
        raise refuse(path, f"Word 文档已损坏：{error}", f"the Word document is damaged: {error}") from error
    reader = _Reader()
    reader.read(body)
    return reader.lines.document(path.name)


class _Reader:
    """Walks through the body of a document."""

    def __init__(self) -> None:
        self.lines = LineCounter()
        self.paragraphs = 0
        self.tables = 0

    def read(self, parent: Element) -> None:
        for element in _blocks(parent):
            if element.tag == _PARAGRAPH:
                self.paragraphs += 1
                place = Text(f"第{self.paragraphs}段", f"paragraph {self.paragraphs}")
                for text in _text(element).split("\n"):
                    self.lines.add_line(text, place)
            else:
                self._read_table(element)

    def _read_table(self, table: Element) -> None:
        rows = _rows(table)
        cells = [cell for row in table.iterchildren(qn("w:tr")) for cell in _cells(row)]
        if max(map(len, rows), default=0) < 2:
            for cell in cells:
                self.read(cell)
            return
        self.tables += 1
        number = self.tables
        places = [Text(f"表{number}第{at}行", f"table {number}, row {at}") for at in range(1, len(rows) + 1)]
        self.lines.add_table(list(zip(rows, places, strict=True)))
        for nested in (block for cell in cells for block in _blocks(cell) if block.tag == _TABLE):
            self._read_table(nested)


def _blocks(parent: Element) -> Iterator[Element]:
    for element in parent:
        if element.tag in (_PARAGRAPH, _TABLE):
            yield element
        elif element.tag == _CONTROL:
            for content in element.iterchildren(_CONTENT):
                yield from _blocks(content)


@dataclass(slots=True)
class _Cell:
    text: str
    continues: bool


def _rows(table: Element) -> list[list[str]]:
    """The cells of every row by position of the table's grid; a merged cell stands wherever it reaches."""
    rows: list[list[str]] = []
    for row in table.iterchildren(qn("w:tr")):
        cells: list[str] = [""] * _skipped(row)
        for element in _cells(row):
            cell = _read_cell(element)
            for _ in range(_span(element)):
                above = rows[-1][len(cells)] if cell.continues and rows and len(cells) < len(rows[-1]) else ""
                cells.append(above if cell.continues else cell.text)
        rows.append(cells)
    return rows


def _cells(row: Element) -> Iterator[Element]:
    for element in row:
        if element.tag == qn("w:tc"):
            yield element
        elif element.tag == _CONTROL:
            for content in element.iterchildren(_CONTENT):
                yield from _cells(content)


def _read_cell(cell: Element) -> _Cell:
    merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
    continues = merged is not None and merged.get(qn("w:val"), "continue") == "continue"
    paragraphs = [_text(block) for block in _blocks(cell) if block.tag == _PARAGRAPH]
    return _Cell("\n".join(text for text in paragraphs if text.strip()), continues)


def _span(cell: Element) -> int:
    span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    return int(span.get(qn("w:val"), "1")) if span is not None else 1


def _skipped(row: Element) -> int:
    before = row.find(f"{qn('w:trPr')}/{qn('w:gridBefore')}")
    return int(before.get(qn("w:val"), "0")) if before is not None else 0


def _text(paragraph: Element) -> str:
    """The text of a paragraph; deleted text of tracked changes is left out."""
    pieces: list[str] = []
    for run in paragraph.iter(qn("w:r")):
        raised = run.find(f"{qn('w:rPr')}/{qn('w:vertAlign')}")
        is_raised = raised is not None and raised.get(qn("w:val")) == "superscript"
        for part in run:
            if part.tag == qn("w:t"):
                text = part.text or ""
                pieces.append(text.translate(SUPERSCRIPTS) if is_raised else text)
            elif part.tag == qn("w:tab"):
                pieces.append("\t")
            elif part.tag in _BREAKS:
                pieces.append("\n")
    return "".join(pieces)
