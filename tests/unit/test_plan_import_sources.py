"""The source texts of the five plans, imported, give their checked main tables.

The comparison needs the folder of source texts: `shared/plans` beside the checkout, or the folder that
PLANWATCH_SOURCE_PLANS names.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.comparison import Agreement, Comparison, compare_tables
from planwatch.plan_import.draft import import_plan
from planwatch.plan_import.evidence import DOUBT_FIELDS
from services.catalogue_files import default_plans_dir, read_plan_file
from services.documents import read_document
from services.plan_drafts import draft_faults, read_known_catalogue
from tests.unit.test_catalogue_files import INDICATOR_COUNTS, SOURCES, load_schema, needs_sources

pytestmark = needs_sources
for_each_plan = pytest.mark.parametrize("plan_id", INDICATOR_COUNTS)

CONCEPTS_OF_NO_OTHER_PLAN = {"national": 1, "zhongwei": 3, "shizuishan": 15, "wuwei": 1, "kongtong": 1}
"""Rows whose concept nobody can know before the plan is in the catalogue."""


@cache
def catalogue() -> KnownCatalogue:
    return read_known_catalogue(default_plans_dir())


@cache
def imported(plan_id: str, *, unseen: bool) -> dict[str, Any]:
    known = catalogue().without(plan_id) if unseen else catalogue()
    return import_plan(read_document(SOURCES / f"{plan_id}.txt"), known, plan_id)


@cache
def compared(plan_id: str, *, unseen: bool = False) -> Comparison:
    return compare_tables(imported(plan_id, unseen=unseen), read_plan_file(default_plans_dir(), plan_id).document)


@for_each_plan
def test_ninety_five_of_a_hundred_cells_of_a_main_table_are_right_without_help(plan_id: str) -> None:
    comparison = compared(plan_id)

    assert comparison.share_right >= 0.95


@for_each_plan
@pytest.mark.parametrize("unseen", [False, True], ids=["known", "unseen"])
def test_no_cell_is_wrong_without_a_mark(plan_id: str, unseen: bool) -> None:
    wrong = [cell for cell in compared(plan_id, unseen=unseen).differing() if cell.agreement is Agreement.WRONG]

    assert wrong == []


@for_each_plan
def test_of_a_plan_that_the_catalogue_never_saw_only_its_own_concepts_and_what_follows_from_them_differ(
    plan_id: str,
) -> None:
    differing = [cell for cell in compared(plan_id, unseen=True).core if cell.agreement is not Agreement.RIGHT]

    assert {cell.cell for cell in differing} <= {"concept", "unit"}
    assert sum(cell.cell == "concept" for cell in differing) == CONCEPTS_OF_NO_OTHER_PLAN[plan_id]


@for_each_plan
def test_a_draft_of_a_source_text_satisfies_the_schema(plan_id: str) -> None:
    faults = draft_faults(default_plans_dir(), imported(plan_id, unseen=True))

    assert faults == []


@for_each_plan
def test_the_head_of_the_plan_is_found(plan_id: str) -> None:
    draft, checked = imported(plan_id, unseen=False), read_plan_file(default_plans_dir(), plan_id).document

    assert draft["title"]["zh"] == checked["title"]["zh"]
    assert draft["ref_area"] == checked["ref_area"]
    assert draft["period"] == checked["period"]
    assert draft["parent_plan"] == checked["parent_plan"]
    assert [draft["document"][name] for name in ("number", "issuer", "issued_on")] == [
        checked["document"][name] for name in ("number", "issuer", "issued_on")
    ]


@for_each_plan
def test_title_and_notes_of_the_table_are_found(plan_id: str) -> None:
    draft, checked = (
        imported(plan_id, unseen=False)["table"],
        read_plan_file(default_plans_dir(), plan_id).document["table"],
    )

    assert draft["title"] == checked["title"]
    assert draft["value_periods"] == checked["value_periods"]
    assert [(note["mark"], note["source_line"]) for note in draft["notes"]] == [
        (note["mark"], note["source_line"]) for note in checked["notes"]
    ]


def test_leads_that_the_annex_names_own_their_domains() -> None:
    draft, checked = imported("zhongwei", unseen=False), read_plan_file(default_plans_dir(), "zhongwei").document
    leads = {row["domain"]: row["agency"] for row in checked["domains"] if row["basis"] == "lead"}

    proposed = {row["domain"]: row["agency"] for row in draft["domains"] if row["basis"] == "lead"}

    assert proposed == leads


def test_fields_that_may_be_doubted_are_those_of_the_schema() -> None:
    fields = load_schema()["$defs"]["indicator"]["properties"]["needs_confirmation"]["items"]["properties"]["field"][
        "enum"
    ]

    assert set(DOUBT_FIELDS) == set(fields)
