"""From a row of the main table to an indicator of the catalogue, with the evidence of every field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from planwatch.language import Text
from planwatch.plan import Direction
from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.cells import CellReading, read_cell
from planwatch.plan_import.columns import Columns
from planwatch.plan_import.concepts import ConceptProposal, propose_concept
from planwatch.plan_import.evidence import Evidence
from planwatch.plan_import.headings import Column, Role, nature_of
from planwatch.plan_import.marks import NameReading
from planwatch.plan_import.notes import TableNote
from planwatch.plan_import.proposals import (
    RowFigures,
    overrides_the_row,
    propose_accumulation,
    propose_bounds,
    propose_direction,
    propose_goal_kind,
)
from planwatch.plan_import.source import compact, plain
from planwatch.plan_import.tables import MainTable, TableRow
from planwatch.plan_import.units import UnitReading, propose_unit, unit_in_name
from planwatch.plan_terms import Comparator

ABSENT_COLUMN = "（无此栏）"
UNTRANSLATED = "[to be translated] "
UNNAMED_CONCEPT = "to_be_named_"
"""Beginnings of texts that hold the place of what nobody has given yet."""

_CONVENTIONAL_TOTALS = {"[]", "【】", "〔〕"}


@dataclass(slots=True)
class RowReading:
    """An indicator as the draft writes it, and what it rests on.

    Attributes:
        indicator: the mapping for plan.yaml; owner and ids are filled in by the draft.
        evidence: confidence of every field.
        figures: the parsed figures.
    """

    indicator: dict[str, Any]
    evidence: Evidence
    figures: RowFigures
    concept: ConceptProposal


def read_row(
    row: TableRow,
    name: NameReading,
    table: MainTable,
    columns: Columns,
    notes: Sequence[TableNote],
    catalogue: KnownCatalogue,
) -> RowReading:
    """Read one row: parse what is printed, propose what is not."""
    evidence = Evidence(row.line)
    sure = table.confidence
    for doubted, reason in row.doubts.items():
        evidence.state(doubted, 0.5, reason)
    label, name_marks = _name(name, notes, evidence, sure)
    cells = {position: _cell(row, position, evidence) for position in columns.values}
    unit, concept = _unit_and_concept(row, label, cells, catalogue, evidence)
    marks = _marks(name_marks, cells, notes, evidence)
    values = {
        str(column.period): _value(cells[position], column, unit, notes) for position, column in columns.values.items()
    }
    figures = _figures(row, label, columns, cells, unit, name_marks, notes, evidence)
    indicator = _indicator(row, label, marks, values, unit, concept, figures, columns, evidence)
    return RowReading(indicator, evidence, figures, concept)


def _name(name: NameReading, notes: Sequence[TableNote], evidence: Evidence, sure: float) -> tuple[str, list[str]]:
    marks = list(name.marks)
    label = name.name
    explained = {note.mark for note in notes}
    if name.trailing_digit and name.trailing_digit in explained:
        marks.append(name.trailing_digit)
        label = label[:-1]
    elif name.trailing_digit:
        reason = Text("名称以数字结尾，可能是脚注号", "the name ends in a digit, perhaps a footnote mark")
        evidence.state("name", 0.5, reason)
    if re.search(r"[\u4e00-\u9fff][%％≥≤<>＜＞][\u4e00-\u9fff]", label):
        evidence.state("name", 0.4, Text("名称中间有单位或符号，可能与相邻一栏重叠", "a sign stands inside the name"))
    evidence.state("name", sure)
    return label, marks


def _cell(row: TableRow, position: int, evidence: Evidence) -> CellReading:
    text = row.cells.get(position, "")
    reading = read_cell(text)
    if reading is None:
        reason = Text(f"“{compact(text)}”不是数值", f"“{compact(text)}” is not a figure")
        reading = CellReading(compact(text), None, doubt=reason)
    if reading.doubt is not None:
        zh, en = f"“{reading.printed}”：{reading.doubt.zh}", f"“{reading.printed}”: {reading.doubt.en}"
        evidence.state("values", 0.5, Text(zh, en))
    return reading


def _unit_and_concept(
    row: TableRow, label: str, cells: Mapping[int, CellReading], catalogue: KnownCatalogue, evidence: Evidence
) -> tuple[UnitReading, ConceptProposal]:
    in_cells = [
        cell.unit for cell in cells.values() if cell.unit and plain(cell.unit) not in ("万", "亿", "千", "百万")
    ]
    in_row = row.unit or unit_in_name(label)
    printed = in_row or next((unit for unit in in_cells if not cells_disagree(in_cells)), None)
    first = propose_unit(label, printed, None)
    certain = first.reason is None
    concept = propose_concept(label, first.measure if certain else None, catalogue.indicators)
    known = concept.known.measure if concept.known and concept.reason is None else None
    unit = first if certain else propose_unit(label, printed, known)
    evidence.state("unit", unit.confidence, unit.reason)
    if cells_disagree([*([plain(in_row)] if in_row else []), *in_cells]):
        evidence.state("values", 0.5, Text("单元格里的单位与本行单位不同", "a cell prints another unit than its row"))
    elif (
        in_row
        and in_cells
        and len(in_cells) < sum(cell.number is not None and not cell.entitled for cell in cells.values())
    ):
        zh = "已有单位，只有部分单元格又印了单位"
        evidence.state("values", 0.7, Text(zh, "the row has a unit, and only some cells repeat it"))
    evidence.state("concept", concept.confidence, concept.reason)
    return unit, concept


def cells_disagree(units: Sequence[str]) -> bool:
    """Whether cells print different units."""
    return len({plain(unit) for unit in units}) > 1


def _marks(
    name_marks: Sequence[str], cells: Mapping[int, CellReading], notes: Sequence[TableNote], evidence: Evidence
) -> list[str]:
    explained = {note.mark for note in notes}
    marks = list(dict.fromkeys([*name_marks, *(mark for cell in cells.values() for mark in cell.marks)]))
    for mark in marks:
        if mark not in explained and mark != "累计":
            reason = Text(f"标记“{mark}”在表下没有注释", f"no note under the table explains the mark “{mark}”")
            evidence.state("name" if mark in name_marks else "values", 0.6, reason)
    return marks


def _value(cell: CellReading, column: Column, unit: UnitReading, notes: Sequence[TableNote]) -> dict[str, Any]:
    moved = next((note.period for note in notes if note.mark in cell.marks and note.period), None)
    return {
        "printed": cell.printed,
        "value": cell.value_in(unit.mult),
        "comparator": cell.comparator.value if cell.comparator else None,
        "period": cell.period or moved or column.period,
    }


def _figures(
    row: TableRow,
    label: str,
    columns: Columns,
    cells: Mapping[int, CellReading],
    unit: UnitReading,
    name_marks: Sequence[str],
    notes: Sequence[TableNote],
    evidence: Evidence,
) -> RowFigures:
    target_cell, total_column = _target_cell(row, columns, cells, evidence)
    target_marks = {*name_marks, *target_cell.marks}
    totals = {note.mark for note in notes if note.total} | {"累计"}
    means = {note.mark for note in notes if note.yearly_mean}
    explained = {note.mark for note in notes}
    conventional = _CONVENTIONAL_TOTALS - explained
    between = [cells[position] for position, column in columns.between.items() if not column.planned]
    baseline = cells[columns.baseline] if columns.baseline is not None else CellReading(ABSENT_COLUMN, None)
    return RowFigures(
        name=label,
        measure=unit.measure,
        baseline=_decimal(baseline, unit),
        between=tuple(value for cell in between if (value := _decimal(cell, unit)) is not None),
        target=_decimal(target_cell, unit),
        comparator=target_cell.comparator,
        entitled=target_cell.entitled,
        total=bool(target_marks & (totals | conventional)) or total_column,
        certain_mark=bool(target_marks & totals),
        yearly_mean=bool(target_marks & means) or target_cell.yearly,
        total_between=any(set(cell.marks) & (totals | conventional) for cell in between),
    )


def _target_cell(
    row: TableRow, columns: Columns, cells: Mapping[int, CellReading], evidence: Evidence
) -> tuple[CellReading, bool]:
    """The cell that promises: of the target year, or where it is empty of a column of totals or growth.

    Returns:
        The reading, and whether it is a total by its column.
    """
    cell = cells[columns.target]
    if cell.number is not None:
        return cell, False
    for position, column in columns.beside.items():
        other = read_cell(row.cells.get(position, ""))
        if other is not None and other.number is not None:
            zh = f"目标年份没有数，取“{column.heading}”一栏的 {other.printed}"
            en = f"the target year has no figure; {other.printed} is taken from “{column.heading}”"
            evidence.state("target", 0.3, Text(zh, en))
            evidence.state("goal_kind", 0.5, Text(zh, en))
            return other, column.role is Role.TOTAL
    evidence.state("target", 0.0, Text("未印目标值，暂填 0", "no target is printed; 0 stands in"))
    return cell, False


def _indicator(
    row: TableRow,
    label: str,
    marks: list[str],
    values: dict[str, dict[str, Any]],
    unit: UnitReading,
    concept: ConceptProposal,
    figures: RowFigures,
    columns: Columns,
    evidence: Evidence,
) -> dict[str, Any]:
    direction = propose_direction(figures)
    evidence.state("direction", direction.confidence, direction.reason)
    kind = propose_goal_kind(figures, Direction(direction.value or "increase"))
    evidence.state("goal_kind", kind.confidence, kind.reason)
    accumulation = propose_accumulation(figures, kind.value or "reach")
    evidence.state("accumulation", accumulation.confidence, accumulation.reason)
    numbers = tuple(Decimal(value["value"]) for value in values.values() if value["value"] is not None)
    bounds, bounds_confidence, bounds_reason = propose_bounds(label, unit.measure, numbers)
    evidence.state("bounds", bounds_confidence, bounds_reason)
    evidence.state("values", 0.97)
    milestones = _milestones(columns, values)
    overridden = overrides_the_row(figures, Direction(direction.value or "increase"), kind.value or "reach")
    return {
        "name": label,
        "name_en": _english_name(label, concept, evidence),
        "marks": marks,
        "concept": concept.known.concept if concept.known else None,
        "domain": None,
        "unit": {"printed": unit.printed, "measure": unit.measure, "mult": unit.mult},
        "nature": _nature(row, evidence),
        "goal_kind": str(kind.value),
        "goal_kind_reason": kind.reason.as_mapping() if overridden and kind.reason else None,
        "direction": str(direction.value),
        "accumulation": accumulation.value,
        "bounds": bounds,
        "values": _with_two_columns(values, columns, evidence),
        "baseline": _baseline(values, columns, figures, str(kind.value), evidence),
        "target": _target(figures, columns, str(direction.value), evidence),
        **({"milestones": milestones} if milestones else {}),
        "owner": None,
        "note": _beside(row, columns),
        "needs_confirmation": [],
        "source_line": row.line,
    }


def _english_name(label: str, concept: ConceptProposal, evidence: Evidence) -> str:
    if concept.known is not None and concept.reason is None:
        evidence.state("name_en", concept.confidence)
        return concept.known.name_en
    evidence.state("name_en", 0.0, Text("英文名待译", "the English name is missing"))
    return UNTRANSLATED + label


def _nature(row: TableRow, evidence: Evidence) -> str:
    nature = nature_of(row.nature or "")
    if nature is not None:
        evidence.state("nature", 0.97)
        return nature
    if row.nature:
        reason = Text(
            f"属性“{row.nature}”不是约束性或预期性", f"the nature “{row.nature}” is neither 约束性 nor 预期性"
        )
    else:
        reason = Text(
            "未印约束性或预期性，暂按预期性", "whether binding or anticipatory is not printed; taken as anticipatory"
        )
    evidence.state("nature", 0.2, reason)
    return "anticipatory"


def _with_two_columns(
    values: dict[str, dict[str, Any]], columns: Columns, evidence: Evidence
) -> dict[str, dict[str, Any]]:
    """The printed cells; the catalogue wants a year before the target's, which a table of targets only lacks."""
    if len(values) > 1:
        return values
    year = str(int(columns.values[columns.target].period or "0") - 5)
    evidence.state("baseline", 0.3, Text("主表没有基期一栏", "the table has no column for a baseline"))
    return {year: {"printed": ABSENT_COLUMN, "value": None, "comparator": None, "period": year}, **values}


def _baseline(
    values: Mapping[str, dict[str, Any]], columns: Columns, figures: RowFigures, kind: str, evidence: Evidence
) -> dict[str, Any] | None:
    if columns.baseline is None:
        if kind == "reach":
            reason = Text("没有基期，无从判断是达到还是保持", "without a baseline it may be a limit to keep as well")
            evidence.state("goal_kind", 0.6, reason)
        return None
    cell = values[str(columns.values[columns.baseline].period)]
    if cell["value"] is None:
        evidence.state("baseline", 0.95)
        return None
    comparable = kind != "accumulate"
    if not comparable and not figures.total:
        evidence.state(
            "baseline",
            0.5,
            Text("基期是否与目标同口径待确认", "whether the baseline is of the same kind as the target"),
        )
    if cell["comparator"]:
        evidence.state(
            "baseline",
            0.7,
            Text("基期印的是不等式，取其界限", "the baseline is printed as an inequality; its bound is used"),
        )
    if columns.values[columns.baseline].inferred:
        evidence.state("baseline", 0.7, _inferred(columns.values[columns.baseline]))
    evidence.state("baseline", 0.95 if cell["period"] == columns.values[columns.baseline].period else 0.85)
    return {
        "value": cell["value"],
        "comparator": cell["comparator"],
        "period": cell["period"],
        "comparable": comparable,
    }


def _target(figures: RowFigures, columns: Columns, direction: str, evidence: Evidence) -> dict[str, Any]:
    unsigned = Comparator.AT_LEAST if direction == "increase" else Comparator.AT_MOST
    column = columns.values[columns.target]
    evidence.state("target", 0.85 if column.inferred else 0.97, _inferred(column) if column.inferred else None)
    return {
        "value": "0" if figures.target is None else f"{figures.target:f}",
        "comparator": (figures.comparator or unsigned).value,
        "period": column.period,
    }


def _inferred(column: Column) -> Text:
    return Text(
        f"“{column.heading}”未写年份，读作{column.period}年",
        f"“{column.heading}” names no year and is read as {column.period}",
    )


def _beside(row: TableRow, columns: Columns) -> dict[str, str] | None:
    """What the columns beside the years (年均增长, 累计) print."""
    extra = [
        f"{column.heading}：{compact(row.cells[at])}"
        for at, column in columns.beside.items()
        if plain(row.cells.get(at, ""))
    ]
    if not extra:
        return None
    return Text(f"主表另有：{'；'.join(extra)}", f"the table also prints: {'; '.join(extra)}").as_mapping()


def _milestones(columns: Columns, values: Mapping[str, dict[str, Any]]) -> list[dict[str, str]]:
    """Figures that a heading calls targets of years before the last one."""
    years = sorted(column.period for column in columns.between.values() if column.planned and column.period)
    return [{"period": year, "value": values[year]["value"]} for year in years if values[year]["value"] is not None]


def _decimal(cell: CellReading, unit: UnitReading) -> Decimal | None:
    value = cell.value_in(unit.mult)
    return None if value is None else Decimal(value)
