"""Excel workbooks (.xlsx): every sheet as it is shown, per cent and decimals as their number format prints them."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from planwatch.language import Text
from planwatch.plan_import.source import SourceDocument
from services.documents.archive import check_archive
from services.documents.errors import refuse
from services.documents.numbering import SUPERSCRIPTS, LineCounter

MOST_CELLS = 500_000

_DECIMALS = re.compile(r"[0#]\.(0+)")


def read_excel(path: Path) -> SourceDocument:
    """Read a workbook; hidden sheets are passed over.

    Raises:
        UnreadableDocument: encrypted, damaged, of another format or too large.
    """
    check_archive(path, "xl/workbook.xml", "Excel 工作簿", "Excel workbook")
    try:
        workbook = load_workbook(path, data_only=True, rich_text=True)
    except (InvalidFileException, KeyError, ValueError, TypeError, SyntaxError) as error:
        raise refuse(path, f"Excel 工作簿已损坏：{error}", f"the workbook is damaged: {error}") from error
    lines = LineCounter()
    for sheet in workbook.worksheets:
        if sheet.sheet_state == "visible":
            if sheet.max_row * sheet.max_column > MOST_CELLS:
                raise refuse(path, f"工作表“{sheet.title}”过大", f"the sheet “{sheet.title}” is too large")
            _read_sheet(sheet, lines)
    workbook.close()
    return lines.document(path.name)


def _read_sheet(sheet: Worksheet, lines: LineCounter) -> None:
    """Rows without a blank one between them make a table, if any of them has more than one cell."""
    block: list[tuple[list[str], Text]] = []
    for number, cells in enumerate(_shown(sheet), start=1):
        place = Text(f"工作表“{sheet.title}”第{number}行", f"sheet “{sheet.title}”, row {number}")
        if any(cell.strip() for cell in cells):
            block.append((cells, place))
            continue
        _add_block(block, lines)
        block = []
        lines.add_line("", place)
    _add_block(block, lines)


def _add_block(block: list[tuple[list[str], Text]], lines: LineCounter) -> None:
    if any(len(set(filter(None, cells))) > 1 for cells, _ in block):
        lines.add_table(block)
        return
    for cells, place in block:
        lines.add_line(next(filter(None, cells), ""), place)


def _shown(sheet: Worksheet) -> list[list[str]]:
    """The cells of a sheet as text; a merged cell stands wherever it reaches; columns without any text are left out."""
    rows = [[shown_text(cell) for cell in row] for row in sheet.iter_rows()]
    for area in sheet.merged_cells.ranges:
        text = rows[area.min_row - 1][area.min_col - 1] if area.min_row <= len(rows) else ""
        for row in rows[area.min_row - 1 : area.max_row]:
            row[area.min_col - 1 : area.max_col] = [text] * len(row[area.min_col - 1 : area.max_col])
    used = [at for at in range(sheet.max_column) if any(row[at].strip() for row in rows)]
    return [[row[at] for at in used] for row in rows]


def shown_text(cell: Any) -> str:  # noqa: ANN401  (openpyxl has many kinds of cells)
    """What a cell shows, raised digits as such; empty where it shows nothing."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, CellRichText):
        return "".join(_run(part) for part in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return _number(value, cell.number_format or "General")


def _run(part: str | TextBlock) -> str:
    if isinstance(part, str):
        return part
    raised = part.font is not None and part.font.vertAlign == "superscript"
    return part.text.translate(SUPERSCRIPTS) if raised else str(part.text)


def _number(value: float, number_format: str) -> str:
    """A number as its format shows it: 0.952 as 95.2%, 3 under 0.0 as 3.0."""
    shown = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    pattern = number_format.split(";")[0]
    per_cent = "%" in pattern
    shown = shown * 100 if per_cent else shown
    decimals = _DECIMALS.search(pattern)
    if decimals:
        text = f"{shown:.{len(decimals.group(1))}f}"
    elif pattern in ("0", "#,##0", "0%"):
        text = f"{shown:.0f}"
    else:
        text = f"{shown.normalize():f}" if shown else "0"
    return f"{text}%" if per_cent else text
