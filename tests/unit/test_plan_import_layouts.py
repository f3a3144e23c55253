"""A plan that no rule was written for is read in layouts that no plan of the catalogue has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.draft import import_plan
from planwatch.plan_import.source import SourceDocument
from services.catalogue_files import default_plans_dir
from services.documents import read_document
from services.plan_drafts import draft_faults, read_known_catalogue
from tests.plan_documents import ROWS, TABLE_TITLE, TITLE
from tests.plan_layouts import LAYOUTS, cells_compared, differences

for_each_layout = pytest.mark.parametrize("layout", LAYOUTS)


@cache
def catalogue() -> KnownCatalogue:
    return read_known_catalogue(default_plans_dir())


@cache
def source_of(layout: str) -> SourceDocument:
    with TemporaryDirectory() as folder:
        return read_document(LAYOUTS[layout](Path(folder)))


@cache
def draft_of(layout: str) -> dict[str, Any]:
    return import_plan(source_of(layout), catalogue(), "qinghe")


@for_each_layout
def test_nothing_that_differs_from_the_document_goes_unmarked(layout: str) -> None:
    draft = draft_of(layout)

    unmarked = [found for found in differences(draft, layout) if not found.marked]

    assert unmarked == []


@for_each_layout
def test_ninety_five_of_a_hundred_printed_cells_are_right_without_help(layout: str) -> None:
    draft = draft_of(layout)

    share = 1 - len(differences(draft, layout)) / cells_compared(layout)

    assert share >= 0.95


@for_each_layout
def test_the_main_table_is_taken_whole_and_in_order(layout: str) -> None:
    draft = draft_of(layout)

    assert [row["no"] for row in draft["indicators"]] == list(range(1, len(ROWS) + 1))
    assert draft["table"]["title"] == TABLE_TITLE


@for_each_layout
def test_a_draft_without_its_draft_section_satisfies_the_schema(layout: str) -> None:
    draft = draft_of(layout)

    faults = draft_faults(default_plans_dir(), draft)

    assert faults == []


@for_each_layout
def test_every_field_says_how_sure_it_is_and_on_which_line_it_rests(layout: str) -> None:
    draft = draft_of(layout)
    told = [one for row in draft["draft"]["indicators"].values() for one in row["fields"].values()]

    assert all(0 <= one["confidence"] <= 1 and one["source_line"] >= 1 for one in told)
    assert all(one["confidence"] >= draft["draft"]["likely_from"] or one["reason"]["zh"] for one in told)


@for_each_layout
def test_what_is_not_likely_stands_in_the_row_s_list_of_what_needs_confirmation(layout: str) -> None:
    draft = draft_of(layout)
    rows = {row["indicator_id"]: {doubt["field"] for doubt in row["needs_confirmation"]} for row in draft["indicators"]}

    unlikely = {
        indicator_id: {
            name
            for name, one in row["fields"].items()
            if one["confidence"] < draft["draft"]["likely_from"] and name != "name_en"
        }
        for indicator_id, row in draft["draft"]["indicators"].items()
    }

    assert rows == unlikely


@for_each_layout
def test_the_source_line_of_a_row_holds_its_name(layout: str) -> None:
    draft = draft_of(layout)

    beginnings = [
        (row["name"][:2], source_of(layout).text_at(row["source_line"]).replace(" ", "")) for row in draft["indicators"]
    ]

    assert [found for found in beginnings if found[0] not in found[1]] == []


def test_the_head_of_the_document_is_read() -> None:
    draft = draft_of("blanks_only")

    assert draft["title"]["zh"] == TITLE
    assert draft["period"] == {"start": "2021", "end": "2025"}
    assert draft["document"]["number"] == "青政办发〔2021〕88号"
    assert draft["document"]["issuer"] == "青河市人民政府办公室"
    assert draft["document"]["issued_on"] == "2021-12-06"
    assert draft["parent_plan"] == "national"


def test_an_area_without_a_known_code_is_left_open_and_said_so() -> None:
    draft = draft_of("blanks_only")

    told = draft["draft"]["plan"]["ref_area"]

    assert draft["ref_area"] == "000000"
    assert told["confidence"] == 0
    assert "青河市" in told["reason"]["zh"]


def test_a_plan_without_a_code_gets_one_to_be_replaced() -> None:
    draft = import_plan(source_of("blanks_only"), catalogue())

    assert draft["indicators"][0]["indicator_id"] == "newplan-01"
    assert draft["draft"]["plan"]["plan_id"]["confidence"] == 0


def test_the_table_that_was_not_taken_is_told() -> None:
    draft = draft_of("several_tables_one_main")

    others = [other["title"] for other in draft["draft"]["other_tables"]]

    assert others == ["表1 “十三五”主要指标完成情况"]


def test_columns_called_targets_of_years_between_become_milestones() -> None:
    draft = draft_of("blanks_and_split_words")

    assert draft["indicators"][0]["milestones"] == [{"period": "2022", "value": "1.2"}]
    assert list(draft["indicators"][0]["values"]) == ["2020", "2021", "2022", "2025"]


def test_the_first_responsible_unit_of_the_table_s_own_column_owns_the_row() -> None:
    draft = draft_of("tabs_in_another_order")
    row = draft["indicators"][0]

    owner = next(agency for agency in draft["agencies"] if agency["agency_id"] == row["owner"])

    assert owner["printed"] == [{"name": "市卫生健康委", "source_line": row["source_line"]}]
    assert "owner" in {doubt["field"] for doubt in row["needs_confirmation"]}


def test_a_row_with_a_lost_cell_is_kept_and_doubted() -> None:
    draft = draft_of("one_cell_a_line_with_a_gap")
    row = draft["indicators"][4]

    doubted = {doubt["field"] for doubt in row["needs_confirmation"]}

    assert row["name"] == "城镇调查失业率"
    assert row["target"]["value"] == "5.5"
    assert row["baseline"] is None
    assert {"values", "baseline", "target"} <= doubted
