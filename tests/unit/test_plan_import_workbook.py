"""The workbook that an office fills in gives the plan that was filled in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from planwatch.errors import InvalidPlan
from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.form import (
    CHOICES,
    INDICATOR_SHEET,
    PLAN_FIELDS,
    SHEETS,
    choice_code,
    choice_label,
    empty_form,
    form_of_plan,
)
from services.catalogue_files import default_plans_dir, plan_ids, read_yaml
from services.plan_drafts import draft_doubts, draft_faults, make_draft, read_known_catalogue
from services.plan_workbook import is_workbook_form, read_workbook, write_workbook
from tests.unit.test_catalogue_files import load_schema

PLANS = plan_ids(default_plans_dir())

for_each_plan = pytest.mark.parametrize("plan_id", PLANS)


@cache
def catalogue() -> KnownCatalogue:
    return read_known_catalogue(default_plans_dir())


@cache
def main_table(plan_id: str) -> dict[str, Any]:
    content: dict[str, Any] = read_yaml(default_plans_dir() / plan_id / "plan.yaml")
    return content


def filled(folder: Path, plan_id: str) -> Path:
    path = folder / f"{plan_id}.xlsx"
    write_workbook(path, form_of_plan(main_table(plan_id)), {one.concept: one.name for one in catalogue().indicators})
    return path


def column_of(sheet: Worksheet, heading: str) -> int:
    return next(cell.column for cell in sheet[1] if cell.value == heading)


def changed(path: Path, sheet: str, heading: str, row: int, text: str | None) -> Path:
    """The workbook with one other cell."""
    workbook = load_workbook(path)
    workbook[sheet].cell(row, column_of(workbook[sheet], heading)).value = text
    workbook.save(path)
    return path


def widened(path: Path, heading: str, text: str) -> Path:
    """The workbook with one more column of figures."""
    workbook = load_workbook(path)
    sheet = workbook["指标"]
    column = sheet.max_column + 1
    sheet.cell(1, column).value = heading
    for row in range(3, sheet.max_row + 1):
        sheet.cell(row, column).value = text
    workbook.save(path)
    return path


def imported(path: Path) -> dict[str, Any]:
    return make_draft(path, catalogue(), None)[0]


@for_each_plan
def test_a_plan_written_into_the_workbook_is_imported_as_it_was(plan_id: str, tmp_path: Path) -> None:
    path = filled(tmp_path, plan_id)

    draft = imported(path)
    covered = {name: content for name, content in draft.items() if name != "draft"}

    assert covered == {name: main_table(plan_id)[name] for name in covered}


@for_each_plan
def test_what_is_filled_in_is_certain(plan_id: str, tmp_path: Path) -> None:
    draft = imported(filled(tmp_path, plan_id))["draft"]

    told = [one for row in draft["indicators"].values() for one in row["fields"].values()] + list(
        draft["plan"].values()
    )

    assert {one["confidence"] for one in told} == {1.0}


def test_the_sheets_are_those_that_the_guide_names(tmp_path: Path) -> None:
    workbook = load_workbook(filled(tmp_path, "zhongwei"))

    assert workbook.sheetnames == ["说明", "规划", "责任单位", "领域", "指标", "表注", "待确认", "代码"]


def test_every_column_has_a_chinese_and_an_english_heading_and_a_note(tmp_path: Path) -> None:
    workbook = load_workbook(filled(tmp_path, "zhongwei"))
    cells = [cell for sheet in SHEETS for cell in workbook[sheet.title.zh][1]]

    bare = [cell.coordinate for cell in cells if not cell.value or cell.comment is None]
    english = [workbook[sheet.title.zh].cell(2, at).value for sheet in SHEETS for at in range(1, len(sheet.fields) + 1)]

    assert bare == []
    assert all(english)


def test_fields_with_a_list_have_a_drop_down(tmp_path: Path) -> None:
    sheet = load_workbook(filled(tmp_path, "zhongwei"))["指标"]
    chosen = [field.heading.zh for field in INDICATOR_SHEET.fields if field.choices]

    areas = " ".join(str(rule.sqref) for rule in sheet.data_validations.dataValidation)

    assert [heading for heading in chosen if sheet.cell(3, column_of(sheet, heading)).coordinate not in areas] == []


def test_every_drop_down_offers_something(tmp_path: Path) -> None:
    workbook = load_workbook(filled(tmp_path, "zhongwei"))
    formulas = [rule.formula1 for sheet in workbook for rule in sheet.data_validations.dataValidation]

    firsts = [
        workbook[sheet.strip("=")][area.replace("$", "").partition(":")[0]]
        for sheet, _, area in (f.partition("!") for f in formulas)
    ]

    assert all(cell.value for cell in firsts)


def test_the_unit_codes_offered_are_those_of_the_schema() -> None:
    codes = [choice["const"] for choice in load_schema()["$defs"]["unit"]["properties"]["measure"]["oneOf"]]

    assert list(CHOICES["measure"]) == codes


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_understood_as_code_as_word_and_as_the_drop_down_shows_it(name: str) -> None:
    codes = list(CHOICES[name])

    assert [choice_code(name, code) for code in codes] == codes
    assert [choice_code(name, choice_label(name, code)) for code in codes] == codes
    assert [choice_code(name, CHOICES[name][code]) for code in codes] == codes


def test_what_is_left_open_is_proposed_and_marked(tmp_path: Path) -> None:
    path = changed(filled(tmp_path, "zhongwei"), "指标", "目标类型", 14, None)

    draft = imported(path)
    row = draft["indicators"][11]

    assert row["goal_kind"] == "floor"
    assert "目标落后于基期" in [doubt["zh"] for doubt in row["needs_confirmation"] if doubt["field"] == "goal_kind"][-1]
    assert draft["draft"]["indicators"]["zhongwei-12"]["fields"]["goal_kind"]["confidence"] < 0.8


def test_a_figure_that_cannot_be_read_is_doubted(tmp_path: Path) -> None:
    path = changed(filled(tmp_path, "zhongwei"), "指标", "2021年", 3, "约0.3")

    row = imported(path)["indicators"][0]

    assert row["values"]["2021"]["value"] == "0.3"
    assert "values" in {doubt["field"] for doubt in row["needs_confirmation"]}


def test_a_column_for_another_year_may_be_added(tmp_path: Path) -> None:
    path = widened(filled(tmp_path, "zhongwei"), "2022年", "1")

    draft = imported(path)

    assert set(draft["indicators"][0]["values"]) == {"2020", "2021", "2022", "2025"}
    assert draft["indicators"][0]["target"]["value"] == "1.5"


@pytest.mark.parametrize(
    ("sheet", "heading", "row", "text", "place"),
    [
        ("指标", "属性", 5, None, "指标!属性 第5行"),
        ("指标", "属性", 5, "大概", "指标!属性 第5行"),
        ("指标", "2025年", 7, None, "指标!2025年 第7行"),
        ("指标", "10的几次方", 4, "万", "指标!10的几次方 第4行"),
        ("责任单位", "单位名称", 3, None, "责任单位!单位名称 第3行"),
    ],
)
def test_a_missing_or_wrong_cell_is_told_by_sheet_and_row(
    sheet: str, heading: str, row: int, text: str | None, place: str, tmp_path: Path
) -> None:
    path = changed(filled(tmp_path, "zhongwei"), sheet, heading, row, text)

    with pytest.raises(InvalidPlan) as refused:
        imported(path)

    assert [fault.path for fault in refused.value.faults] == [place]


def test_all_faults_of_a_workbook_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    write_workbook(path, empty_form(["2025", "2030"]), {})

    with pytest.raises(InvalidPlan) as refused:
        imported(path)

    told = {fault.path for fault in refused.value.faults}
    assert told == {*(f"规划!{field.heading.zh}" for field in PLAN_FIELDS if field.required), "指标"}


def test_a_workbook_that_lost_a_column_is_refused(tmp_path: Path) -> None:
    path = changed(filled(tmp_path, "zhongwei"), "指标", "属性", 1, "随便")

    with pytest.raises(InvalidPlan) as refused:
        imported(path)

    assert refused.value.faults[0].path == "指标!1"


def test_an_owner_that_no_sheet_names_is_a_fault_of_the_draft(tmp_path: Path) -> None:
    path = changed(filled(tmp_path, "zhongwei"), "指标", "责任单位代码", 3, "zhongwei-nobody")

    faults = draft_faults(default_plans_dir(), imported(path))

    assert [fault["path"] for fault in faults] == ["indicators[0].owner"]


def test_a_draft_in_the_workbook_leaves_open_what_nobody_has_given(tmp_path: Path) -> None:
    plan = main_table("zhongwei")
    first, *others = plan["indicators"]
    open_draft = {
        **plan,
        "title": {**plan["title"], "en": "[to be translated] 规划"},
        "indicators": [{**first, "concept": "to_be_named_01"}, *others],
    }
    path = tmp_path / "draft.xlsx"
    write_workbook(path, form_of_plan(open_draft), {})

    draft = imported(path)
    doubted = {doubt["field"] for doubt in draft_doubts(draft) if doubt["no"] in (None, 1)}

    assert read_workbook(path).plan["title.en"] == ""
    assert {"title.en", "concept"} <= doubted


def test_an_ordinary_workbook_is_not_taken_for_the_form(tmp_path: Path) -> None:
    path = filled(tmp_path, "zhongwei")
    workbook = load_workbook(path)
    workbook["说明"]["A1"] = "主要指标"
    workbook.save(path)

    assert not is_workbook_form(path)
