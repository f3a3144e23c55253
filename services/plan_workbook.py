"""The workbook for a plan (`planwatch plan template`): written with drop-downs and notes, and read again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from planwatch.errors import InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.plan_import.form import (
    CHOICES,
    CODE_SHEET,
    FORM_MARK,
    GUIDE_SHEET,
    INDICATOR_SHEET,
    PLAN_FIELDS,
    PLAN_SHEET,
    ROW,
    SHEETS,
    SUGGESTIONS,
    YEAR_HEADING,
    YEAR_NOTE,
    Cells,
    FormContent,
    FormField,
    Sheet,
    choice_label,
)
from planwatch.plan_import.form_reading import FIRST_ROW
from services.documents.excel import shown_text

SPARE_ROWS = 200
"""Rows below the content to which drop-downs reach."""

_HEADING = PatternFill("solid", fgColor="DCE6F1")
_REQUIRED = PatternFill("solid", fgColor="FCE4D6")
_YEAR = re.compile(r"((?:19|20)\d\d)年")
_AS_TEXT = "@"

_GUIDE: tuple[Text, ...] = (
    Text("规划主表填报表", "Workbook for the main table of a plan"),
    Text("依次填写：规划、责任单位、领域、指标、表注、待确认。", "Fill in the sheets in order."),
    Text(
        "橙色表头必填；其余空着的由系统推断，并标为待确认。",
        "Orange must be filled in; the rest is proposed.",
    ),
    Text("数值照文件原样填写：≥95%、[6]、7.5*、——、应保尽保。", "Figures as printed: ≥95%, [6], 7.5*, ——, 应保尽保."),
    Text(
        "带下拉的单元格请从下拉中选择；表头批注说明怎样填写。",
        "Choose from the drop-downs; see the notes.",
    ),
    Text("填好后：planwatch plan import 文件名.xlsx", "When done: planwatch plan import FILE.xlsx"),
)


def write_workbook(path: Path, form: FormContent, concepts: Mapping[str, str]) -> None:
    """Write the workbook.

    Args:
        path: file to write; an existing one is replaced.
        form: content, empty for a new plan.
        concepts: concept code → Chinese name, for the list to choose from.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    _write_guide(workbook.create_sheet(GUIDE_SHEET.zh))
    _write_plan(workbook.create_sheet(PLAN_SHEET.zh), form.plan)
    for sheet in SHEETS:
        years = form.years if sheet is INDICATOR_SHEET else ()
        _write_rows(workbook.create_sheet(sheet.title.zh), sheet, form.rows[sheet.path], years)
    _write_codes(workbook.create_sheet(CODE_SHEET.zh), concepts)
    workbook.save(path)


def is_workbook_form(path: Path) -> bool:
    """Whether an Excel file is this workbook."""
    workbook = load_workbook(path, read_only=True)
    try:
        return GUIDE_SHEET.zh in workbook.sheetnames and workbook[GUIDE_SHEET.zh]["A1"].value == FORM_MARK
    finally:
        workbook.close()


def read_workbook(path: Path) -> FormContent:
    """Read a filled workbook.

    Raises:
        InvalidPlan: a sheet or a column of it is missing.
    """
    workbook = load_workbook(path, data_only=True)
    missing = [
        title for title in (PLAN_SHEET.zh, *(sheet.title.zh for sheet in SHEETS)) if title not in workbook.sheetnames
    ]
    if missing:
        raise InvalidPlan(
            path.name, [PlanFault(title, Text("缺少工作表", "the sheet is missing")) for title in missing]
        )
    faults: list[PlanFault] = []
    rows: dict[str, list[Cells]] = {}
    years: tuple[str, ...] = ()
    for sheet in SHEETS:
        worksheet = workbook[sheet.title.zh]
        headings = [shown_text(cell).strip() for cell in worksheet[1]]
        if sheet is INDICATOR_SHEET:
            years = tuple(match.group(1) for heading in headings if (match := _YEAR.fullmatch(heading)))
        faults += _missing_columns(sheet, headings)
        rows[sheet.path] = _read_rows(worksheet, sheet, headings)
    if faults:
        raise InvalidPlan(path.name, faults)
    return FormContent(_read_plan(workbook[PLAN_SHEET.zh]), rows, years)


def _write_guide(sheet: Worksheet) -> None:
    sheet["A1"] = FORM_MARK
    sheet["A1"].font = Font(color="999999", size=8)
    for at, line in enumerate(_GUIDE, start=2):
        sheet.cell(at, 1, line.zh).font = Font(bold=at == 2)
        sheet.cell(at, 2, line.en)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 70, 60


def _write_plan(sheet: Worksheet, content: Cells) -> None:
    for column, heading in enumerate(("字段", "Field", "内容 Content", "怎样填写 How"), start=1):
        _style(sheet.cell(1, column, heading), required=False)
    for at, field in enumerate(PLAN_FIELDS, start=2):
        _style(sheet.cell(at, 1, field.heading.zh), required=field.required)
        sheet.cell(at, 2, field.heading.en)
        sheet.cell(at, 3, content.get(field.key, "") or None).number_format = _AS_TEXT
        sheet.cell(at, 4, f"{field.note.zh} / {field.note.en}")
    for letter, width in zip("ABCD", (22, 26, 60, 70), strict=True):
        sheet.column_dimensions[letter].width = width
    at = next(at for at, field in enumerate(PLAN_FIELDS, start=2) if field.choices == "agencies")
    _validate(sheet, f"C{at}", "=责任单位!$A$3:$A$202")


def _write_rows(sheet: Worksheet, form: Sheet, rows: Sequence[Cells], years: Sequence[str]) -> None:
    columns = list(_columns(form, years))
    last = FIRST_ROW + len(rows) + SPARE_ROWS
    for at, (key, heading, note, field) in enumerate(columns, start=1):
        required = field is None or field.required
        _style(sheet.cell(1, at, heading.zh), required=required)
        _style(sheet.cell(2, at, heading.en), required=required)
        sheet.cell(1, at).comment = Comment(f"{note.zh}\n{note.en}", "Planwatch", width=320, height=90)
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].number_format = _AS_TEXT
        sheet.column_dimensions[letter].width = 40 if key in ("name", "text", "zh", "en") else 16
        for row, cells in enumerate(rows, start=FIRST_ROW):
            text = cells.get(key, "")
            shown = (
                choice_label(field.choices, text)
                if field and text and field.choices in {*CHOICES, *SUGGESTIONS}
                else text
            )
            cell = sheet.cell(row, at, shown or None)
            cell.number_format = _AS_TEXT
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        if field and field.choices:
            _validate(
                sheet, f"{letter}{FIRST_ROW}:{letter}{last}", _list_of(field.choices), strict=field.choices in CHOICES
            )
    sheet.freeze_panes = "C3" if form is INDICATOR_SHEET else "A3"


def _columns(form: Sheet, years: Sequence[str]) -> Iterable[tuple[str, Text, Text, FormField | None]]:
    """The columns of a sheet; those of the years stand behind the nature."""
    for field in form.fields:
        yield field.key, field.heading, field.note, field
        if form is INDICATOR_SHEET and field.key == "nature":
            for year in years:
                yield year, Text(f"{year}{YEAR_HEADING}", year), YEAR_NOTE, None


def _list_of(choices: str) -> str:
    sources = {"agencies": "=责任单位!$A$3:$A$202", "domains": "=领域!$A$3:$A$202"}
    if choices in sources:
        return sources[choices]
    names = [*CHOICES, *SUGGESTIONS, "concept"]
    letter = get_column_letter(2 * names.index(choices) + 1)
    return f"={CODE_SHEET.zh}!${letter}$2:${letter}$400"


def _write_codes(sheet: Worksheet, concepts: Mapping[str, str]) -> None:
    """The lists to choose from, each with the Chinese word beside it."""
    lists = {
        **{
            name: [(choice_label(name, code), word) for code, word in words.items()]
            for name, words in {**CHOICES, **SUGGESTIONS}.items()
        }
    }
    lists["concept"] = sorted(concepts.items())
    for position, (name, entries) in enumerate(lists.items()):
        column = 2 * position + 1
        _style(sheet.cell(1, column, name), required=False)
        for at, (label, word) in enumerate(entries, start=2):
            sheet.cell(at, column, label)
            sheet.cell(at, column + 1, word)
        sheet.column_dimensions[get_column_letter(column)].width = 28


def _validate(sheet: Worksheet, area: str, formula: str, *, strict: bool = False) -> None:
    rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=strict)
    rule.errorTitle, rule.error = "请从下拉中选择", "Choose from the list"
    sheet.add_data_validation(rule)
    rule.add(area)


def _style(cell: object, *, required: bool) -> None:
    cell.font = Font(bold=True)  # type: ignore[attr-defined]  # a merged cell has no style of its own; none is merged
    cell.fill = _REQUIRED if required else _HEADING  # type: ignore[attr-defined]


def _missing_columns(sheet: Sheet, headings: Sequence[str]) -> list[PlanFault]:
    return [
        PlanFault(
            f"{sheet.title.zh}!1", Text(f"缺少“{field.heading.zh}”一列", f"the column “{field.heading.zh}” is missing")
        )
        for field in sheet.fields
        if field.heading.zh not in headings
    ]


def _read_rows(worksheet: Worksheet, sheet: Sheet, headings: Sequence[str]) -> list[Cells]:
    """The rows up to the last one with any content; empty ones between are passed over."""
    keys = {field.heading.zh: field.key for field in sheet.fields}
    rows: list[Cells] = []
    for cells in worksheet.iter_rows(min_row=FIRST_ROW):
        read: Cells = {}
        for heading, cell in zip(headings, cells, strict=False):
            year = _YEAR.fullmatch(heading)
            key = year.group(1) if year else keys.get(heading)
            if key is not None:
                read[key] = shown_text(cell).strip()
        if any(read.values()):
            rows.append(read | {ROW: str(cells[0].row)})
    return rows


def _read_plan(worksheet: Worksheet) -> Cells:
    keys = {field.heading.zh: field.key for field in PLAN_FIELDS}
    content: Cells = {}
    for cells in worksheet.iter_rows(min_row=2, max_col=3):
        key = keys.get(shown_text(cells[0]).strip())
        if key is not None:
            content[key] = shown_text(cells[2]).strip()
    return content
