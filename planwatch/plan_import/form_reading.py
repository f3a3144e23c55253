"""From a filled workbook to a plan: what is filled in counts as it is, what is left open is proposed and marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from planwatch.errors import InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.cells import read_cell
from planwatch.plan_import.columns import Columns
from planwatch.plan_import.concepts import LIKELY
from planwatch.plan_import.evidence import Evidence
from planwatch.plan_import.form import (
    CHOICES,
    LIST_SEPARATOR,
    OPEN_END,
    PLAN_FIELDS,
    ROW,
    SHEETS,
    SUGGESTIONS,
    Cells,
    FormContent,
    FormField,
    Sheet,
    choice_code,
)
from planwatch.plan_import.headings import Column, Role
from planwatch.plan_import.marks import NameReading
from planwatch.plan_import.notes import TableNote, note_explaining
from planwatch.plan_import.rows import UNNAMED_CONCEPT, UNTRANSLATED, RowReading, read_row
from planwatch.plan_import.tables import MainTable, TableRow

Document = dict[str, Any]

FIRST_ROW = 3
"""Row of a sheet under its two headings, Chinese and English."""


def plan_from_form(form: FormContent, file: str, catalogue: KnownCatalogue) -> Document:
    """Read a filled workbook.

    Args:
        form: its content.
        file: name of the file, for faults and the draft section.
        catalogue: known plans, for what is left open.
    Returns:
        A plan.yaml with a `draft` section, like `import_plan`; filled cells have confidence 1.
    Raises:
        InvalidPlan: with every required cell that is empty and every text that is no number, by sheet and cell.
    """
    faults = _faults(form)
    if faults:
        raise InvalidPlan(form.plan.get("plan_id") or file, faults)
    form = _with_codes(form)
    head = Evidence(1)
    period = (form.plan["period.start"], form.plan["period.end"])
    notes = [_note(cells, at) for at, cells in _numbered(form.rows["notes"])]
    readings = _indicators(form, period, notes, catalogue)
    agencies = [_agency(cells, at) for at, cells in _numbered(form.rows["agencies"])]
    domains = [_domain(cells, form.plan["coordinating_agency"]) for cells in form.rows["domains"]]
    for reading, cells in zip(readings, form.rows["indicators"], strict=True):
        _complete(reading, cells, form, {domain["domain"]: domain["agency"] for domain in domains})
    return {
        **_head(form, period, head),
        "agencies": agencies,
        "domains": domains,
        "table": {
            "title": form.plan.get("table.title") or "（无标题）",
            "source_line": int(form.plan.get("table.source_line") or 1),
            "value_periods": list(form.years),
            "notes": [{"mark": note.mark, "text": note.text, "source_line": note.line} for note in notes],
        },
        "indicators": [reading.indicator for reading in readings],
        "draft": {
            "source": file,
            "likely_from": LIKELY,
            "table": {"form": "workbook", "line": 1, "rows": len(readings)},
            "other_tables": [],
            "plan": head.as_mapping(),
            "indicators": {
                reading.indicator["indicator_id"]: {
                    "place": Text(f"工作表“指标”第{at}行", f"sheet “指标”, row {at}").as_mapping(),
                    "fields": reading.evidence.as_mapping(),
                }
                for (at, _), reading in zip(_numbered(form.rows["indicators"]), readings, strict=True)
            },
        },
    }


def _numbered(rows: Sequence[Cells]) -> list[tuple[int, Cells]]:
    """The rows with their numbers in the sheet."""
    return [(int(cells.get(ROW) or at), cells) for at, cells in enumerate(rows, FIRST_ROW)]


def _faults(form: FormContent) -> list[PlanFault]:
    faults = [
        _empty(f"规划!{field.heading.zh}") for field in PLAN_FIELDS if field.required and not form.plan.get(field.key)
    ]
    for sheet in SHEETS:
        faults += [fault for at, cells in _numbered(form.rows[sheet.path]) for fault in _row_faults(sheet, cells, at)]
    if not form.rows["indicators"]:
        faults.append(PlanFault("指标", Text("没有任何指标", "there is no indicator")))
    if len(form.years) < 2:
        faults.append(PlanFault("指标", Text("至少要有两个年份列", "two columns of years are needed at least")))
    for at, cells in _numbered(form.rows["indicators"]):
        faults += [_empty(f"指标!{year}年 第{at}行") for year in form.years if not cells.get(year)]
    return faults


def _with_codes(form: FormContent) -> FormContent:
    """The content with the code of every choice instead of what the drop-down shows."""
    rows = {
        sheet.path: [
            cells
            | {field.key: choice_code(field.choices or "", cells[field.key]) or "" for field in _chosen(sheet, cells)}
            for cells in form.rows[sheet.path]
        ]
        for sheet in SHEETS
    }
    return FormContent(form.plan, rows, form.years)


def _chosen(sheet: Sheet, cells: Cells) -> list[FormField]:
    known = {*CHOICES, *SUGGESTIONS}
    return [field for field in sheet.fields if field.choices in known and cells.get(field.key)]


def _row_faults(sheet: Sheet, cells: Cells, at: int) -> list[PlanFault]:
    faults = []
    for field in sheet.fields:
        text, place = cells.get(field.key, ""), f"{sheet.title.zh}!{field.heading.zh} 第{at}行"
        if field.required and not text:
            faults.append(_empty(place))
        if text and field.key in ("no", "source_line", "unit.mult") and not re.fullmatch(r"-?\d+", text):
            faults.append(PlanFault(place, Text(f"“{text}”不是整数", f"“{text}” is no whole number")))
    for field in _chosen(sheet, cells):
        if choice_code(field.choices or "", cells[field.key]) is None:
            offered = "、".join(CHOICES[field.choices or ""].values())
            place = f"{sheet.title.zh}!{field.heading.zh} 第{at}行"
            reason = Text(
                f"“{cells[field.key]}”不是可选值：{offered}", f"“{cells[field.key]}” is not one of: {offered}"
            )
            faults.append(PlanFault(place, reason))
    return faults


def _empty(place: str) -> PlanFault:
    return PlanFault(place, Text("必须填写", "must be filled in"))


def _head(form: FormContent, period: tuple[str, str], head: Evidence) -> Document:
    def given(key: str) -> str | None:
        head.state(key, 1.0)
        return form.plan.get(key) or None

    def translated(key: str) -> Document:
        zh, en = form.plan[f"{key}.zh"], form.plan.get(f"{key}.en")
        head.state(f"{key}.en", 1.0 if en else 0.0, None if en else Text("英文待译", "the English text is missing"))
        return {"zh": zh, "en": en or UNTRANSLATED + zh}

    def line(key: str) -> int | None:
        text = form.plan.get(f"document.source_lines.{key}")
        return int(text) if text else None

    note = form.plan.get("note.zh")
    facts = {name: given(f"document.{name}") for name in ("number", "issuer", "issued_on")}
    return {
        "plan_id": given("plan_id"),
        "version": 1,
        "title": translated("title"),
        "ref_area": given("ref_area"),
        "area_name": translated("area_name"),
        "period": {"start": period[0], "end": period[1]},
        "parent_plan": given("parent_plan"),
        "note": {"zh": note, "en": form.plan.get("note.en") or UNTRANSLATED + note} if note else None,
        "document": {
            "file": f"{form.plan['plan_id']}.txt",
            **facts,
            "source_lines": {"title": line("title") or 1, **{name: line(name) for name in facts}},
        },
        "coordinating_agency": given("coordinating_agency"),
    }


def _agency(cells: Cells, at: int) -> Document:
    forms = [form.rpartition("@") for form in _listed(cells.get("printed", ""))]
    printed = [{"name": name or line, "source_line": int(line) if name else at} for name, _, line in forms]
    return {
        "agency_id": cells["agency_id"],
        "name": {"zh": cells["name.zh"], "en": cells.get("name.en") or UNTRANSLATED + cells["name.zh"]},
        "printed": printed or [{"name": cells["name.zh"], "source_line": at}],
        "role": cells.get("role") or "lead",
        "superior": cells.get("superior") or None,
    }


def _domain(cells: Cells, coordinating: str) -> Document:
    agency = cells.get("agency") or coordinating
    basis = cells.get("basis") or ("coordinating" if agency == coordinating else "lead")
    reason = cells.get("needs_confirmation.zh")
    line = int(cells["source_line"]) if cells.get("source_line") else None
    return {
        "domain": cells["domain"],
        "name": cells["name"],
        "agency": agency,
        "basis": basis,
        "source_line": None if basis == "coordinating" else line or 1,
        "needs_confirmation": {"zh": reason, "en": cells.get("needs_confirmation.en") or UNTRANSLATED + reason}
        if reason
        else None,
    }


def _note(cells: Cells, at: int) -> TableNote:
    return note_explaining(cells.get("mark") or None, cells["text"], int(cells.get("source_line") or at))


def _indicators(
    form: FormContent, period: tuple[str, str], notes: Sequence[TableNote], catalogue: KnownCatalogue
) -> list[RowReading]:
    years = [Column(Role.VALUE, f"{year}年", year) for year in form.years]
    rows = [
        TableRow(
            int(cells.get("source_line") or at),
            cells["name"],
            unit=cells.get("unit.printed") or None,
            cells={position: cells[year] for position, year in enumerate(form.years)},
            nature={"binding": "约束性", "anticipatory": "预期性"}.get(cells["nature"], cells["nature"]),
        )
        for at, cells in _numbered(form.rows["indicators"])
    ]
    table = MainTable("workbook", form.plan.get("table.title"), 1, tuple(years), tuple(rows), (), 1.0)
    columns = Columns.of(table, period)
    names = [
        NameReading(cells["name"], None, tuple(_listed(cells.get("marks", ""))), None)
        for cells in form.rows["indicators"]
    ]
    return [read_row(row, name, table, columns, notes, catalogue) for row, name in zip(rows, names, strict=True)]


def _complete(reading: RowReading, cells: Cells, form: FormContent, owners: Mapping[str, str]) -> None:
    """Put what is filled in over what was proposed; what is filled in needs no confirmation."""
    row, no = reading.indicator, int(cells["no"])
    proposed_mult = row["unit"]["mult"]
    given = _given(cells, row)
    row |= {"marks": _listed(cells.get("marks", "")), **given}
    row |= {"domain": cells["domain"], "owner": cells.get("owner") or owners.get(cells["domain"], "")}
    if row["concept"] is None:
        row["concept"] = f"{UNNAMED_CONCEPT}{no:02d}"
    if row["baseline"] is not None and cells.get("baseline.comparable"):
        row["baseline"]["comparable"] = cells["baseline.comparable"] == "是"
    if cells.get("target.comparator"):
        row["target"]["comparator"] = cells["target.comparator"]
    settled = {"name", "nature", "domain", "owner", "values", *given}
    settled |= {"baseline"} if cells.get("baseline.comparable") or row["baseline"] is None else set()
    settled |= {"target"} if cells.get("target.comparator") else set()
    for name in settled:
        reading.evidence.fields.pop(name, None)
        reading.evidence.state(name, 1.0)
    _state_figures(reading.evidence, cells, form.years)
    if "unit" in given and given["unit"]["mult"] != proposed_mult:
        reason = Text("“10的几次方”与单位不符", "the power of ten does not fit the unit")
        reading.evidence.state("unit", 0.3, reason)
    doubts = [
        {"field": doubt["field"], "zh": doubt["zh"], "en": doubt.get("en") or UNTRANSLATED + doubt["zh"]}
        for doubt in form.rows["doubts"]
        if int(doubt["no"]) == no
    ]
    row["needs_confirmation"] = [*doubts, *reading.evidence.doubts()]
    first = {"indicator_id": f"{form.plan['plan_id']}-{no:02d}", "no": no}
    rest = {name: value for name, value in row.items() if name not in first}
    row.clear()
    row |= first | rest


def _state_figures(evidence: Evidence, cells: Cells, years: Sequence[str]) -> None:
    """Doubt the cells that are no plain figures, although they are filled in."""
    for year in years:
        reading = read_cell(cells[year])
        if reading is None:
            reason = Text(f"“{cells[year]}”不是数值", f"“{cells[year]}” is not a figure")
            evidence.state("values", 0.3, reason)
        elif reading.doubt is not None:
            evidence.state("values", 0.5, reading.doubt)


def _given(cells: Cells, row: Mapping[str, Any]) -> Document:
    """The fields of a row that the office filled in."""
    given: Document = {name: cells[name] for name in ("name_en", "concept", "direction") if cells.get(name)}
    if cells.get("goal_kind"):
        reason = cells.get("goal_kind_reason.zh")
        given["goal_kind"] = cells["goal_kind"]
        given["goal_kind_reason"] = (
            {"zh": reason, "en": cells.get("goal_kind_reason.en") or UNTRANSLATED + reason} if reason else None
        )
        if cells["goal_kind"] not in ("accumulate", "average"):
            given["accumulation"] = None
    if cells.get("accumulation"):
        given["accumulation"] = cells["accumulation"]
    if cells.get("unit.measure"):
        printed, mult = cells.get("unit.printed") or None, int(cells.get("unit.mult") or row["unit"]["mult"])
        given["unit"] = {"printed": printed, "measure": cells["unit.measure"], "mult": mult}
    if cells.get("bounds.0") and cells.get("bounds.1"):
        given["bounds"] = [None if cells[key] == OPEN_END else cells[key] for key in ("bounds.0", "bounds.1")]
    if cells.get("note.zh"):
        given["note"] = {"zh": cells["note.zh"], "en": cells.get("note.en") or UNTRANSLATED + cells["note.zh"]}
    if cells.get("milestones"):
        steps = [step.partition("=") for step in _listed(cells["milestones"])]
        given["milestones"] = [{"period": period.strip(), "value": value.strip()} for period, _, value in steps]
    return given


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace(";", LIST_SEPARATOR).split(LIST_SEPARATOR) if part.strip()]
