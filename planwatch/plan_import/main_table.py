"""Which of the tables of a document is the main one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planwatch.errors import Invalid
from planwatch.language import Text
from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.cells import is_value
from planwatch.plan_import.concepts import nearest_likeness
from planwatch.plan_import.grids import Period, grid_tables
from planwatch.plan_import.headings import Role, nature_of
from planwatch.plan_import.source import SourceDocument
from planwatch.plan_import.streams import stream_tables
from planwatch.plan_import.tables import MainTable, names_main_table

CLOSE = 2.0
"""Difference in score below which another table might be the main one."""


class NoMainTable(Invalid):
    """A document in which no table of indicators was found."""


@dataclass(frozen=True, slots=True)
class ChosenTable:
    """The main table and the others that were found.

    Attributes:
        table: the one taken.
        others: the rest, best first; the same lines read in another way are left out.
        doubt: why another one might be meant or rows may be missing, None if neither.
    """

    table: MainTable
    others: tuple[MainTable, ...]
    doubt: Text | None


def find_main_table(document: SourceDocument, catalogue: KnownCatalogue, period: Period) -> ChosenTable:
    """Find the table of the main indicators.

    Raises:
        NoMainTable: no table has a name column and year columns.
    """

    def likeness(name: str) -> float:
        return nearest_likeness(name, catalogue.indicators)

    found = [*grid_tables(document, period), *stream_tables(document, period, likeness, list(catalogue.domains))]
    ranked = sorted((table for table in found if table.rows), key=_score, reverse=True)
    if not ranked:
        raise NoMainTable(_nothing_found(document))
    best, *rest = ranked
    others = [table for table in rest if not _overlap(best, table)]
    return ChosenTable(best, tuple(others), best.doubt or _doubt_about(best, others))


def _doubt_about(best: MainTable, others: Sequence[MainTable]) -> Text | None:
    """Why another table may be meant, or this one may be none."""
    if not (best.title and names_main_table(best.title)) and not _natures(best):
        zh = f"第{best.title_line}行的表既没有约束性、预期性，标题也不是主要指标"
        return Text(zh, f"the table at line {best.title_line} has neither natures nor the title of a main table")
    if others and _score(best) - _score(others[0]) < CLOSE:
        zh = f"第{others[0].title_line}行的“{others[0].title or '无标题表'}”也像主表"
        return Text(zh, f"the table at line {others[0].title_line} may be the main one too")
    return None


def _score(table: MainTable) -> float:
    cells = [cell for row in table.rows for cell in row.cells.values()]
    readable = sum(map(is_value, cells)) / len(cells) if cells else 0
    doubted = sum(bool(row.doubts) for row in table.rows) / len(table.rows)
    return (
        (3 if table.title and names_main_table(table.title) else 0)
        + 4 * _natures(table)
        + min(len(set(table.periods)), 3)
        + min(len(table.rows), 30) / 10
        + 2 * readable
        - 3 * doubted
        + table.confidence
        + (0.5 if table.has(Role.UNIT) else 0)
    )


def _natures(table: MainTable) -> float:
    """Share of the rows that print whether they are binding or anticipatory."""
    return sum(nature_of(row.nature or "") is not None for row in table.rows) / len(table.rows)


def _overlap(first: MainTable, second: MainTable) -> bool:
    return bool({row.line for row in first.rows} & {row.line for row in second.rows})


def _nothing_found(document: SourceDocument) -> Text:
    size = len(document.lines), len(document.grids)
    return Text(
        f"{document.file}：没有找到主要指标表（共 {size[0]} 行、{size[1]} 个表格）。"
        "所找的是：表头有“指标”（或指标名称）列，有写明年份（如2020年、2025年）或“目标值”的列，通常还有“属性/性质”列"
        "（约束性、预期性）。可改用 planwatch plan template 生成的表格填报。",
        f"{document.file}: no table of main indicators was found ({size[0]} lines, {size[1]} tables)."
        " Looked for: a heading with 指标, columns with years such as 2020年 and 2025年 or 目标值, usually a column"
        " 属性 or 性质 with 约束性 and 预期性. `planwatch plan template` writes a workbook to fill in instead.",
    )
