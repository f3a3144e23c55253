"""PDF files with text: tables by their ruling lines, everything else as lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.psexceptions import PSException
from pdfplumber.page import Page
from pdfplumber.table import Table
from pdfplumber.utils.exceptions import PdfminerException

from planwatch.language import Text
from planwatch.plan_import.source import SourceDocument
from services.documents.errors import refuse
from services.documents.numbering import SUPERSCRIPTS, LineCounter

MOST_PAGES = 800
LEAST_LETTERS = 20
"""Letters in the whole file below which it is taken for pictures of pages."""

RAISED = 0.75
"""Size of a digit against the letter before it below which it is a raised one."""

Box = tuple[float, float, float, float]


def read_pdf(path: Path) -> SourceDocument:
    """Read a PDF file.

    Raises:
        UnreadableDocument: encrypted, damaged, too long, or scanned without text.
    """
    try:
        with pdfplumber.open(path) as pdf:
            if len(pdf.pages) > MOST_PAGES:
                raise refuse(path, f"超过 {MOST_PAGES} 页", f"has more than {MOST_PAGES} pages")
            lines = LineCounter()
            letters = sum(_read_page(page, lines) for page in pdf.pages)
    except PdfminerException as error:
        if any(isinstance(cause, PDFPasswordIncorrect) for cause in error.args):
            raise refuse(
                path, "PDF 已加密；请去掉密码后再导入", "the PDF is encrypted; remove the password first"
            ) from error
        raise refuse(path, "PDF 已损坏或不是 PDF 文件", "the PDF is damaged, or no PDF at all") from error
    except PSException as error:
        raise refuse(path, f"PDF 已损坏：{error}", f"the PDF is damaged: {error}") from error
    if letters < LEAST_LETTERS:
        raise refuse(
            path,
            "PDF 没有文字，多半是扫描件；请先做文字识别（OCR），或用 planwatch plan template 的表格填报",
            "the PDF holds no text, probably scanned pages; recognise the text (OCR) first, or fill in the template",
        )
    return lines.document(path.name)


def _read_page(page: Page, lines: LineCounter) -> int:
    """Add the lines and tables of a page in order from the top; how many letters it has."""
    _mark_raised_digits(page.chars)
    tables = [table for table in page.find_tables() if _is_table(table)]
    outside = page.filter(lambda one: not any(_holds(table.bbox, one) for table in tables))
    blocks: list[tuple[float, str | Table]] = [(table.bbox[1], table) for table in tables]
    blocks += [(line["top"], line["text"]) for line in outside.extract_text_lines(return_chars=False)]
    number, row_number = page.page_number, 0
    for _, block in sorted(blocks, key=lambda one: one[0]):
        if isinstance(block, str):
            row_number += 1
            lines.add_line(block, Text(f"第{number}页第{row_number}行", f"page {number}, line {row_number}"))
        else:
            rows = _cells(block)
            places = [
                Text(f"第{number}页表格第{at}行", f"page {number}, row {at} of the table")
                for at in range(1, len(rows) + 1)
            ]
            lines.add_table(list(zip(rows, places, strict=True)))
    letters = len(page.chars)
    page.close()
    return letters


def _is_table(table: Table) -> bool:
    return len(table.rows) > 1 and max(len(row.cells) for row in table.rows) > 2


def _holds(box: Box, thing: dict[str, Any]) -> bool:
    x, y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _mark_raised_digits(chars: Sequence[dict[str, Any]]) -> None:
    for before, char in pairwise(chars):
        if char["text"].isdigit() and char["size"] < RAISED * before["size"] and before["text"].strip():
            char["text"] = char["text"].translate(SUPERSCRIPTS)


def _cells(table: Table) -> list[list[str]]:
    """The text of every position of the table; a merged cell stands wherever it reaches."""
    texts = table.extract()
    boxes: dict[Box, str] = {}
    for row, cells in zip(table.rows, texts, strict=True):
        boxes |= {box: text or "" for box, text in zip(row.cells, cells, strict=True) if box is not None}
    middles = _column_middles(table)
    shown: list[list[str]] = []
    for row, cells in zip(table.rows, texts, strict=True):
        middle = (row.bbox[1] + row.bbox[3]) / 2
        lowest = min((box[3] for box in row.cells if box is not None), default=row.bbox[3])
        at_height = (row.bbox[1] + lowest) / 2 if lowest > row.bbox[1] else middle
        shown.append(
            [text if text is not None else _covering(boxes, middles[at], at_height) for at, text in enumerate(cells)]
        )
    return shown


def _column_middles(table: Table) -> list[float]:
    """Middle of every column, from the rows in which it is not merged with another."""
    width = max(len(row.cells) for row in table.rows)
    narrow: list[float] = []
    for at in range(width):
        boxes = [row.cells[at] for row in table.rows if at < len(row.cells)]
        found = [box for box in boxes if box is not None]
        best = min(found, key=lambda box: box[2] - box[0], default=None)
        narrow.append((best[0] + best[2]) / 2 if best else 0.0)
    return narrow


def _covering(boxes: dict[Box, str], x: float, y: float) -> str:
    return next((text for box, text in boxes.items() if box[0] <= x <= box[2] and box[1] <= y <= box[3]), "")
