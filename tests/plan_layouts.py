"""The invented plan of `plan_documents` in many layouts, and how far a draft agrees with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from openpyxl import load_workbook

from tests.plan_documents import (
    CONCLUSION,
    CUMULATIVE,
    INTRODUCTION,
    ROWS,
    TABLE_TITLE,
    TITLE,
    Merge,
    Row,
    Tables,
    domain_runs,
    full_width,
    targets,
    write_excel,
    write_lines,
    write_pdf,
    write_word,
)

STAR_NOTE = "注：带*的为五年累计数。"
HEAD = ["类别", "指标", "单位", "2020年", "2025年", "属性"]
NATURES = {"binding": "约束性", "anticipatory": "预期性"}


def plain_rows(opening: str = "", closing: str = "*") -> list[list[str]]:
    """The rows in the order of HEAD, the domain in each."""
    marked = targets(opening, closing)
    return [
        [row.domain, row.name, row.unit, row.baseline, target, row.nature]
        for row, target in zip(ROWS, marked, strict=True)
    ]


def first_of_domain() -> list[str]:
    """The domain at the first row of each, nothing at the others."""
    starts = {first for first, _ in domain_runs()}
    return [row.domain if at in starts else "" for at, row in enumerate(ROWS)]


def merged_head_and_domains(folder: Path) -> Path:
    """Word: heading over two storeys, domains merged over rows, nature before the figures, growth beside them."""
    head = ["序号", "领域", "指标名称", "单位", "属性", "规划目标", "", "年均增长（%）"]
    years = ["", "", "", "", "", "2020年", "2025年", ""]
    body = [
        [str(at), domain, row.name, row.unit, row.nature, row.baseline, target, "—"]
        for at, (domain, row, target) in enumerate(zip(first_of_domain(), ROWS, targets("", "*"), strict=True), start=1)
    ]
    merges: list[Merge] = [((0, at), (1, at)) for at in (0, 1, 2, 3, 4, 7)]
    merges += [((0, 5), (0, 6)), *(((first + 2, 1), (last + 2, 1)) for first, last in domain_runs())]
    projects = [["序号", "项目名称", "建设内容", "完成时限"], ["1", "托育中心", "新建1所", "2023年"]]
    tables: Tables = [("专栏2 重点工程", projects, []), (TABLE_TITLE, [head, years, *body], merges)]
    return write_word(folder / "merged.docx", tables, [STAR_NOTE])


def broken_over_pages_in_word(folder: Path) -> Path:
    """Word: two tables with 续表 between them, the second without a heading; marks explained after it."""
    rows = plain_rows()
    tables: Tables = [(TABLE_TITLE, [HEAD, *rows[:8]], []), ("续表", rows[8:], [])]
    return write_word(folder / "broken.docx", tables, [STAR_NOTE])


def raised_footnotes_in_a_frame(folder: Path) -> Path:
    """Word: the table inside a one-cell frame, footnote numbers as raised digits after a figure."""
    document = docx.Document()
    for text in INTRODUCTION:
        document.add_paragraph(text)
    frame = document.add_table(rows=1, cols=1).cell(0, 0)
    frame.text = TABLE_TITLE
    table = frame.add_table(rows=len(ROWS) + 1, cols=len(HEAD))
    for cells, texts in zip(table.rows, [HEAD, *plain_rows("", "")], strict=True):
        for cell, text in zip(cells.cells, texts, strict=True):
            cell.text = text
    table.cell(CUMULATIVE + 1, 4).paragraphs[0].add_run("1").font.superscript = True
    frame.add_paragraph("注：1.带1的为五年累计数。")
    for text in CONCLUSION:
        document.add_paragraph(text)
    document.save(str(folder / "frame.docx"))
    return folder / "frame.docx"


def several_tables_one_main(folder: Path) -> Path:
    """Word: a table of the last plan's results first; headings without 年; units in names; broken cells."""
    results = [
        ["指标", "2015年", "2020年", "年均增长（%）"],
        ["地区生产总值（亿元）", "500", "700", "6.5左右"],
        ["城镇化率（%）", "55", "60", "—"],
    ]
    main = [["类别", "指标（单位）", "2020", "2025", "属 性"]]
    main += [[domain, f"{name[:5]}\n{name[5:]}（{unit}）", *rest] for domain, name, unit, *rest in plain_rows()]
    tables: Tables = [("表1 “十三五”主要指标完成情况", results, []), (TABLE_TITLE, main, [])]
    return write_word(folder / "several.docx", tables, ["带*的为五年累计"])


def no_nature_column(folder: Path) -> Path:
    """Word: whether a row is binding is not printed at all."""
    main = [["序号", "指标名称", "2020年", "2025年"]]
    main += [[f"（{at}）", f"{row[1]}（{row[2]}）", row[3], row[4]] for at, row in enumerate(plain_rows(), start=1)]
    return write_word(folder / "no_nature.docx", [(TABLE_TITLE, main, [])], [STAR_NOTE])


def targets_only(folder: Path) -> Path:
    """Word: no column for a baseline, nature before the target."""
    main = [["指标", "指标类型", "2025年目标"]]
    main += [[f"{row[1]}（{row[2]}）", row[5], row[4]] for row in plain_rows()]
    return write_word(folder / "targets_only.docx", [(TABLE_TITLE, main, [])], [STAR_NOTE])


def typed_numbers_in_excel(folder: Path) -> Path:
    """Excel: numbers as numbers, per cent as number format, domains merged, title and notes inside the table."""
    rows: list[Sequence[Any]] = [
        ["附件1"],
        [TABLE_TITLE],
        ["类别", "主要指标", "计量单位", "2020年\n（基期值）", "2025年目标", "指标属性"],
    ]
    rows += [[row[0], row[1], row[2], _typed(row[3]), _typed(row[4]), row[5]] for row in plain_rows("[", "]")]
    rows.append(["说明：1.[ ]内为五年累计数。"])
    merges = ["A2:F2", f"A{len(rows)}:F{len(rows)}"]
    merges += [f"A{first + 4}:A{last + 4}" for first, last in domain_runs()]
    sheets: dict[str, Sequence[Sequence[Any]]] = {
        "封面": [[TITLE]],
        "主要指标": rows,
        "任务": [["序号", "任务", "责任单位"], [1, "发展托育", "市卫生健康委"]],
    }
    path = write_excel(folder / "typed.xlsx", sheets, {"主要指标": merges})
    workbook = load_workbook(path)
    sheet = workbook["主要指标"]
    shares = [at for at, row in enumerate(ROWS, start=4) if row.unit == "%"]
    for cell in [sheet.cell(at, column) for at in shares for column in (4, 5)]:
        if isinstance(cell.value, int | float):
            cell.value, cell.number_format = cell.value / 100, "0.0%" if isinstance(cell.value, float) else "0%"
    workbook.save(path)
    return path


def _typed(text: str) -> str | float:
    return float(text) if "." in text and text.replace(".", "").isdigit() else int(text) if text.isdigit() else text


def pipes_and_full_width(folder: Path) -> Path:
    """Text: pipes, full-width digits and signs, 【】 for totals, the domain in a line of its own."""
    lines = ["| 指标 | 属性 | 2020年 | 2025年 |", "|---|---|---:|---:|"]
    for domain, row in zip(first_of_domain(), plain_rows("【", "】"), strict=True):
        lines += [f"| {domain} | | | |"] if domain else []
        lines.append(f"| {row[1]}（{row[2]}） | {row[5]} | {full_width(row[3])} | {full_width(row[4])} |")
    return write_lines(folder / "pipes.txt", lines, ["", "备注：【】内为五年累计数"])


def pipes_over_pages(folder: Path) -> Path:
    """Text: pipes without frame, “十四五”末 for the year, a page number and a repeated heading in the middle."""
    head = "类别 | 指标 | 单位 | 基期（2020年） | “十四五”末目标 | 属性"
    body = [
        " | ".join([domain, *row[1:5], f"{row[5]}指标"])
        for domain, row in zip(first_of_domain(), plain_rows("", "※"), strict=True)
    ]
    return write_lines(
        folder / "pages.txt", [head, *body[:9], "", "13", "", "（续表）", head, *body[9:]], ["※为五年累计数"]
    )


def commas_without_years(folder: Path) -> Path:
    """Text: commas as in CSV, 基期值 and 目标值 without years."""
    lines = ["类别,指标,单位,基期值,目标值,性质", *(",".join(row) for row in plain_rows("[", "]"))]
    return write_lines(folder / "commas.txt", lines, ["注：[]为五年累计数。"])


def one_cell_a_line(folder: Path) -> Path:
    """Text: every cell in a line of its own, per cent in the cells, （累计） after the figure."""
    lines = ["类　别", "指　标", "2020年", "2025年", "属　性"]
    for domain, row in zip(first_of_domain(), plain_rows("", "（累计）"), strict=True):
        shared = row[2] == "%"
        figures = [f"{text}%" if shared and text[-1].isdigit() else text for text in row[3:5]]
        lines += [*([domain] if domain else []), row[1] if shared else f"{row[1]}（{row[2]}）", *figures, row[5]]
    return write_lines(
        folder / "cells.txt", [text for line in lines for text in (line, "")], ["注：1.累计为五年合计。"]
    )


def one_cell_a_line_with_a_gap(folder: Path) -> Path:
    """Text: every cell in a line of its own, one baseline lost, rows numbered."""
    lines = ["序号", "指标", "单位", "2020年", "2025年", "属性"]
    for at, row in enumerate(plain_rows(), start=1):
        lines += [str(at), *row[1:3], *([] if at == 5 else [row[3]]), *row[4:]]
    return write_lines(folder / "gap.txt", lines, ["带*的为累计数"])


def one_cell_a_line_with_growth_and_a_gap(folder: Path) -> Path:
    """Text: every cell in a line of its own, one baseline lost, growth beside the years."""
    lines = ["指标", "单位", "2020年", "2025年", "年均增长", "属性"]
    for at, row in enumerate(plain_rows(), start=1):
        lines += [*row[1:3], *([] if at == 6 else [row[3]]), row[4], "-", row[5]]
    return write_lines(folder / "growth.txt", lines, ["带*的为累计数"])


def blanks_only(folder: Path) -> Path:
    """Text: cells apart by blanks, words instead of signs, rows numbered, a page break with a repeated heading."""
    head = "序号 指标名称 单位 2020年 2025年 指标性质"
    worded = {"≥92": "92以上", "≤5.5": "5.5以内"}
    body = [
        f"{at} {row[1]} {row[2]} {row[3]} {worded.get(row[4], row[4])} {row[5]}"
        for at, row in enumerate(plain_rows(), start=1)
    ]
    return write_lines(
        folder / "blanks.txt", [head, *body[:7], "— 12 —", "", "续表", head, *body[7:]], ["*表示五年累计数"]
    )


def blanks_and_split_words(folder: Path) -> Path:
    """Text: columns aligned by blanks, blanks inside names and headings, domains in lines of their own, milestones."""
    lines = ["指  标        单位    2020 年   2021年  2022年目标   2025 年   属  性"]
    for domain, row in zip(first_of_domain(), plain_rows("[ ", "]"), strict=True):
        lines += [f"   {domain}"] if domain else []
        lines.append("    ".join([row[1].replace("3岁", " 3 岁 "), row[2], row[3], row[3], row[3], row[4], row[5]]))
    return write_lines(folder / "aligned.txt", lines, ["注：[ ]为五年累计数。"])


def tabs_in_another_order(folder: Path) -> Path:
    """Text: tabs, target before baseline, names numbered, 累计 before the figure, units, domain headings."""
    lines = ["指标\t计量单位\t2025年目标值\t2020年基期值\t类型\t责任单位"]
    numerals = iter("一二三四五六七八九")
    for at, (domain, row) in enumerate(zip(first_of_domain(), plain_rows("累计", ""), strict=True), start=1):
        lines += [f"（{next(numerals)}）{domain}"] if domain else []
        lines.append(f"{at}.{row[1]}\t{row[2]}\t{row[4]}\t{row[3]}\t{row[5]}\t市卫生健康委、市教育局")
    return write_lines(folder / "tabs.txt", lines, [])


def total_in_its_own_column(folder: Path) -> Path:
    """Text: tabs, the domain behind the name, the five-year total in a column of its own, an empty row."""
    lines = ["指标\t类别\t2020年实际\t2025年规划\t五年累计\t年均增速(%)\t单位\t指标性质"]
    for at, row in enumerate(plain_rows("", "")):
        figures = ["—", row[4]] if at == CUMULATIVE else [row[4], "—"]
        lines.append("\t".join([row[1], row[0], row[3], *figures, "—", row[2], f"[{row[5]}]"]))
    return write_lines(folder / "total.txt", [*lines[:6], "\t\t\t\t\t\t\t", *lines[6:]], [])


def ruled_pdf(folder: Path) -> Path:
    """PDF: ruling lines, names wrapped in their cells, the heading repeated on the second page."""
    rows = plain_rows()
    return write_pdf(folder / "ruled.pdf", [[HEAD, *rows[:8]], [HEAD, *rows[8:]]], [STAR_NOTE], ruled=True)


def unruled_pdf(folder: Path) -> Path:
    """PDF: no lines at all, the domain at its first row only."""
    rows = [[domain, *row[1:]] for domain, row in zip(first_of_domain(), plain_rows(), strict=True)]
    return write_pdf(folder / "unruled.pdf", [[HEAD, *rows[:8]], [HEAD, *rows[8:]]], [STAR_NOTE], ruled=False)


LAYOUTS: Mapping[str, Callable[[Path], Path]] = {
    write.__name__: write
    for write in (
        merged_head_and_domains,
        broken_over_pages_in_word,
        raised_footnotes_in_a_frame,
        several_tables_one_main,
        no_nature_column,
        targets_only,
        typed_numbers_in_excel,
        pipes_and_full_width,
        pipes_over_pages,
        commas_without_years,
        one_cell_a_line,
        one_cell_a_line_with_a_gap,
        one_cell_a_line_with_growth_and_a_gap,
        blanks_only,
        blanks_and_split_words,
        tabs_in_another_order,
        total_in_its_own_column,
        ruled_pdf,
        unruled_pdf,
    )
}

NOT_PRINTED: Mapping[str, frozenset[str]] = {
    "no_nature_column": frozenset({"nature"}),
    "targets_only": frozenset({"baseline", "kind"}),
}
"""Layout → cells that it does not print, which nobody can get right."""


@dataclass(frozen=True)
class Difference:
    """A cell of the draft that is not as the invented plan has it."""

    name: str
    cell: str
    wanted: object
    imported: object
    marked: bool


def cells_compared(layout: str) -> int:
    """How many printed cells a layout has."""
    return len(ROWS) * (len(_cells(ROWS[0])) - len(NOT_PRINTED.get(layout, ())))


def differences(draft: Mapping[str, Any], layout: str) -> list[Difference]:
    """Every cell that differs, in the order of the rows; cells that the layout does not print only where unmarked."""
    found: list[Difference] = []
    names = {domain["domain"]: domain["name"] for domain in draft["domains"]}
    for row, indicator in zip(ROWS, draft["indicators"], strict=True):
        doubts = {doubt["field"] for doubt in indicator["needs_confirmation"]}
        for cell, (wanted, fields) in _cells(row).items():
            imported = _imported(indicator, names, cell, row)
            marked = bool(doubts & fields)
            if imported != wanted and not (marked and cell in NOT_PRINTED.get(layout, ())):
                found.append(Difference(row.name, cell, wanted, imported, marked))
    return found


def _cells(row: Row) -> dict[str, tuple[object, set[str]]]:
    """Cell → what it must be, and the fields of needs_confirmation that announce a doubt about it."""
    return {
        "name": (row.name, {"name"}),
        "measure": (row.measure, {"unit"}),
        "mult": (row.mult, {"unit"}),
        "baseline": (row.baseline_value, {"baseline", "values"}),
        "target": (row.target_value, {"target", "values"}),
        "comparator": (row.comparator, {"target", "values"}),
        "nature": (row.nature, {"nature"}),
        "kind": (row.kind, {"goal_kind"}),
        "concept": (row.concept, {"concept"}),
        "domain": (row.domain, {"domain"}),
    }


def _imported(indicator: Mapping[str, Any], domains: Mapping[str, str], cell: str, row: Row) -> object:
    baseline, target = indicator["baseline"], indicator["target"]
    return {
        "name": str(indicator["name"]).removesuffix(f"（{row.unit}）"),
        "measure": indicator["unit"]["measure"],
        "mult": indicator["unit"]["mult"],
        "baseline": baseline["value"] if baseline else None,
        "target": target["value"],
        "comparator": target["comparator"],
        "nature": NATURES[indicator["nature"]],
        "kind": indicator["goal_kind"],
        "concept": indicator["concept"],
        "domain": domains[indicator["domain"]].rpartition("）")[2],
    }[cell]
