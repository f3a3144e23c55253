"""Documents of an invented plan in layouts that no plan of the catalogue has, and what a reader finds in them.

The plan is invented: 青河市 does not exist, its figures are made up for these tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.table import Table
from openpyxl import Workbook
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, TableStyle
from reportlab.platypus import Table as PdfTable

TITLE = "青河市“十四五”公共服务发展规划"
INTRODUCTION = (
    "青河市人民政府办公室关于印发《青河市“十四五”公共服务发展规划》的通知",
    "青政办发〔2021〕88号",
    "各县（区）人民政府，市政府各部门：",
    "《青河市“十四五”公共服务发展规划》已经市政府同意，现印发给你们，请认真贯彻执行。",
    "青河市人民政府办公室",
    "2021年12月6日",
    TITLE,
    "第一章 总体要求",
    "到2025年，公共服务体系更加完善，城镇新增就业累计6万人，每千人口拥有3岁以下婴幼儿托位数达到4.5个。",
)
TABLE_TITLE = "专栏1 “十四五”公共服务发展主要指标"
CONCLUSION = ("第二章 重点任务", "一、完善标准体系。落实国家基本公共服务标准，补齐短板。")


@dataclass(frozen=True)
class Row:
    """One indicator of the invented plan: what it prints in the plainest layout, and how it is to be read."""

    domain: str
    name: str
    unit: str
    baseline: str
    target: str
    nature: str
    measure: str
    baseline_value: str | None
    target_value: str
    comparator: str
    kind: str
    concept: str
    mult: int = 0


ROWS = (
    Row("幼有所育", "每千人口拥有3岁以下婴幼儿托位数", "个", "1.2", "4.5", "预期性",
        "PER_1000", "1.2", "4.5", "ge", "reach", "childcare_places_under_3_per_1000"),
    Row("学有所教", "学前教育毛入园率", "%", "88.5", "≥92", "预期性",
        "PT", "88.5", "92", "ge", "reach", "preschool_gross_enrolment_ratio"),
    Row("学有所教", "九年义务教育巩固率", "%", "95.8", "96", "约束性",
        "PT", "95.8", "96", "ge", "reach", "compulsory_education_retention_rate"),
    Row("劳有所得", "城镇新增就业人数", "万人", "1.1", "6", "预期性",
        "PS", "1.1", "6", "ge", "accumulate", "new_urban_employment", 4),
    Row("劳有所得", "城镇调查失业率", "%", "5.9", "≤5.5", "预期性",
        "PT", "5.9", "5.5", "le", "reach", "surveyed_urban_unemployment_rate"),
    Row("病有所医", "人均预期寿命", "岁", "76.9", "78.1", "预期性",
        "YR", "76.9", "78.1", "ge", "reach", "life_expectancy_at_birth"),
    Row("病有所医", "孕产妇死亡率", "1/10万", "14.5", "<12", "预期性",
        "PER_100000", "14.5", "12", "lt", "reach", "maternal_mortality_ratio"),
    Row("病有所医", "基本医疗保险参保率", "%", "97.3", ">95", "约束性",
        "PT", "97.3", "95", "gt", "floor", "basic_medical_insurance_participation_rate"),
    Row("老有所养", "养老机构护理型床位占比", "%", "41.2", "58", "约束性",
        "PT", "41.2", "58", "ge", "reach", "nursing_beds_share_in_institutions"),
    Row("老有所养", "养老服务床位总量", "张", "12350", "16000", "预期性",
        "BED", "12350", "16000", "ge", "reach", "elderly_care_beds"),
    Row("住有所居", "符合条件的农村低收入群体住房安全保障率", "%", "100", "100", "约束性",
        "PT", "100", "100", "ge", "floor", "rural_low_income_housing_safety_rate"),
    Row("弱有所扶", "困难残疾人生活补贴和重度残疾人护理补贴目标人群覆盖率", "%", "—", "应保尽保", "约束性",
        "PT", None, "100", "ge", "coverage", "disability_subsidies_coverage"),
    Row("文体服务保障", "人均体育场地面积", "平方米", "1.9", "2.6", "预期性",
        "SQM_PER_PS", "1.9", "2.6", "ge", "reach", "sports_area_per_capita"),
    Row("文体服务保障", "每万人接受公共文化设施服务次数", "次", "6200", "9000", "预期性",
        "PER_10000", "6200", "9000", "ge", "reach", "public_culture_visits_per_10000"),
)  # fmt: skip
CUMULATIVE = 3
"""Position of the row that is a five-year total."""

Merge = tuple[tuple[int, int], tuple[int, int]]
Tables = Sequence[tuple[str, Sequence[Sequence[str]], Sequence[Merge]]]
"""Title, cells and merged areas of each table."""


def marked(row: Row, opening: str, closing: str = "") -> str:
    """The target of a row between marks of a total."""
    return f"{opening}{row.target}{closing}"


def targets(opening: str, closing: str = "") -> list[str]:
    """The targets, the one of the five-year total marked."""
    return [marked(row, opening, closing) if at == CUMULATIVE else row.target for at, row in enumerate(ROWS)]


def full_width(text: str) -> str:
    """Digits, points and signs as full-width ones."""
    return text.translate(str.maketrans("0123456789.%<>", "０１２３４５６７８９．％＜＞"))


def domain_runs() -> list[tuple[int, int]]:
    """First and last position of the rows of each domain."""
    starts = [at for at, row in enumerate(ROWS) if at == 0 or row.domain != ROWS[at - 1].domain]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), len(ROWS) - 1], strict=True))


def write_word(path: Path, tables: Tables, notes: Sequence[str]) -> Path:
    """A Word document: introduction, tables each under its title, notes, conclusion."""
    document = docx.Document()
    for text in INTRODUCTION:
        document.add_paragraph(text)
    for title, cells, merges in tables:
        document.add_paragraph(title)
        _fill(document.add_table(rows=len(cells), cols=max(map(len, cells))), cells, merges)
    for text in (*notes, *CONCLUSION):
        document.add_paragraph(text)
    document.save(str(path))
    return path


def _fill(table: Table, cells: Sequence[Sequence[str]], merges: Sequence[Merge]) -> None:
    for row, texts in zip(table.rows, cells, strict=True):
        for cell, text in zip(row.cells, texts, strict=False):
            cell.text = text
    for first, last in merges:
        table.cell(*first).merge(table.cell(*last))


def write_excel(path: Path, sheets: dict[str, Sequence[Sequence[Any]]], merges: dict[str, Sequence[str]]) -> Path:
    """A workbook with one list of rows a sheet."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
        for area in merges.get(title, ()):
            sheet.merge_cells(area)
    workbook.save(path)
    return path


def write_lines(path: Path, table: Sequence[str], notes: Sequence[str]) -> Path:
    """A text file with the lines of the table between introduction and conclusion."""
    path.write_text("\n".join([*INTRODUCTION, "", TABLE_TITLE, *table, *notes, "", *CONCLUSION]), encoding="utf-8")
    return path


def write_pdf(path: Path, pages: Sequence[Sequence[Sequence[str]]], notes: Sequence[str], *, ruled: bool) -> Path:
    """A PDF file whose table goes over pages, with ruling lines or without any."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("song", fontName="STSong-Light", fontSize=9, leading=13, wordWrap="CJK")
    rules = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []
    story: list[Any] = [Paragraph(text, style) for text in (*INTRODUCTION, TABLE_TITLE)]
    for at, cells in enumerate(pages):
        if at:
            story.append(PageBreak())
        texts = [[Paragraph(text, style) if ruled else text for text in row] for row in cells]
        widths = [75, 245, 45, 45, 50, 45][: len(cells[0])]
        table = PdfTable(texts, colWidths=widths)
        table.setStyle(TableStyle([("FONT", (0, 0), (-1, -1), "STSong-Light", 9), *rules]))
        story.append(table)
    story += [Paragraph(text, style) for text in (*notes, *CONCLUSION)]
    SimpleDocTemplate(str(path), pagesize=A4, title="plan").build(story)
    return path
