"""What the catalogue says that the plans promise stands in the printed plans, at its line and to the letter.

White space is folded: sentences run over lines and pages. The folder of source texts: see `test_catalogue_files`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from planwatch.plan import GoalKind, Plan, Section
from planwatch.plan_counts import SectionCount, count_plan
from planwatch.plan_document import plan_from_mapping
from planwatch.plan_terms import Comparator
from tests.builders import real_plan, real_plan_file
from tests.unit.test_catalogue_files import fold, for_each_plan, needs_sources, source_lines

Row = dict[str, Any]

LONGEST = 40  # lines over which one paragraph may run, blank ones included

COUNTS = {
    "national": {"text_targets": 20, "monitoring_duties": 17, "contradictions": 2, "agencies": 4},
    "zhongwei": {
        "text_targets": 31,
        "tasks": 12,
        "projects": 16,
        "service_items": 80,
        "monitoring_duties": 17,
        "contradictions": 2,
        "agencies": 13,
    },
    "shizuishan": {
        "text_targets": 63,
        "tasks": 114,
        "projects": 39,
        "monitoring_duties": 16,
        "contradictions": 8,
        "agencies": 9,
    },
    "wuwei": {"text_targets": 44, "projects": 73, "monitoring_duties": 6, "contradictions": 10, "agencies": 3},
    "kongtong": {
        "text_targets": 42,
        "tasks": 61,
        "projects": 72,
        "monitoring_duties": 18,
        "contradictions": 14,
        "agencies": 4,
    },
}
QUANTITIES = {"national": 0, "zhongwei": 17, "shizuishan": 9, "wuwei": 48, "kongtong": 23}
SERVICES = {
    "childcare": 9,
    "learning": 9,
    "employment": 12,
    "health": 16,
    "elderly_care": 4,
    "housing": 3,
    "social_support": 14,
    "veterans": 4,
    "culture_sport": 9,
}


def section(plan_id: str, name: str) -> list[Row]:
    rows: list[Row] = real_plan_file(plan_id).document.get(name, [])
    return rows


def quotations(plan_id: str) -> Iterator[tuple[str, int, str]]:
    """Every text that must begin in its line, as (entry, line, text)."""
    for row in section(plan_id, "text_targets"):
        yield row["target_id"], row["source_line"], row["quote"]
    for row in section(plan_id, "tasks"):
        yield row["task_id"], row["source_line"], row["text"]
    for row in section(plan_id, "projects"):
        yield row["project_id"], row["source_line"], row["text"]
        yield f"{row['project_id']} box", row["box"]["source_line"], row["box"]["title"]
    for row in section(plan_id, "service_domains"):
        yield f"{row['domain']} name", row["source_line"], row["name"]
        yield f"{row['domain']} aim", row["source_line"], row["aim"]
    for row in section(plan_id, "service_items"):
        yield row["item_id"], row["source_line"], row["name"]
    for row in section(plan_id, "monitoring_duties"):
        yield row["duty_id"], row["source_line"], row["quote"]
    for row in section(plan_id, "contradictions"):
        for statement in row["statements"]:
            yield row["contradiction_id"], statement["source_line"], statement["quote"]


def parts(plan_id: str) -> Iterator[tuple[str, str, str]]:
    """Every text that must stand inside another one of its entry, as (entry, outer, inner)."""
    for row in section(plan_id, "text_targets"):
        yield row["target_id"], row["quote"], row["printed"]
    for row in section(plan_id, "tasks"):
        yield row["task_id"], row["text"], row["title"] or ""
    for row in section(plan_id, "projects"):
        yield row["project_id"], row["text"], row["name"]
        for quantity in [*row["quantities"], *([row["investment"]] if row["investment"] else [])]:
            yield quantity.get("quantity_id", row["project_id"]), row["text"], quantity["quote"]
            yield quantity.get("quantity_id", row["project_id"]), quantity["quote"], quantity["printed"]
        for site in row["sub_projects"]:
            yield row["project_id"], row["text"], site


def headings(plan_id: str) -> Iterator[tuple[str, str]]:
    """Pieces of printed headings, which may stand anywhere before their entry."""
    for row in section(plan_id, "tasks"):
        for piece in row["section"].split():
            yield row["task_id"], piece


def begins_at(plan_id: str, line: int, text: str) -> bool:
    """Whether a text begins in a line and runs on from there."""
    lines = source_lines(f"{plan_id}.txt")
    place = fold("".join(lines[line - 1 : line - 1 + LONGEST])).find(fold(text))
    return 0 <= place < len(fold(lines[line - 1]))


@cache
def whole_text(plan_id: str) -> str:
    return fold("".join(source_lines(f"{plan_id}.txt")))


def counts_of(plan: Plan) -> dict[str, SectionCount]:
    return {each.section: each for each in count_plan(plan)}


@needs_sources
@for_each_plan
def test_every_quotation_begins_in_the_line_that_the_catalogue_names(plan_id: str) -> None:
    absent = [(entry, line, text) for entry, line, text in quotations(plan_id) if not begins_at(plan_id, line, text)]

    assert absent == []


@needs_sources
@pytest.mark.parametrize(("line", "found"), [(213, False), (214, True), (215, False), (216, False)])
def test_a_quotation_counts_at_the_line_in_which_it_begins_and_at_no_other(line: int, found: bool) -> None:
    assert begins_at("wuwei", line, "到2025年，九年义务教育巩固率达到100%") is found


@needs_sources
def test_who_is_responsible_is_printed_in_the_line_of_the_task() -> None:
    rows = section("zhongwei", "tasks")

    absent = [row["task_id"] for row in rows if not begins_at("zhongwei", row["source_line"], row["responsibility"])]

    assert len(rows) == 12
    assert absent == []


@needs_sources
@for_each_plan
def test_every_heading_of_a_task_is_printed(plan_id: str) -> None:
    absent = [(entry, piece) for entry, piece in headings(plan_id) if fold(piece) not in whole_text(plan_id)]

    assert absent == []


@for_each_plan
def test_names_figures_and_sites_stand_inside_the_words_of_their_entry(plan_id: str) -> None:
    absent = [(entry, inner) for entry, outer, inner in parts(plan_id) if fold(inner) not in fold(outer)]

    assert absent == []


@for_each_plan
def test_the_entries_of_a_section_stand_in_printed_order(plan_id: str) -> None:
    document = real_plan_file(plan_id).document
    lines = {
        name: [row["source_line"] for row in document.get(name, [])]
        for name in ("text_targets", "tasks", "projects", "service_items", "monitoring_duties")
    }

    unordered = [name for name, found in lines.items() if found != sorted(found)]

    assert unordered == []


@pytest.mark.parametrize(("plan_id", "expected"), COUNTS.items())
def test_each_section_has_as_many_entries_as_its_plan_prints(plan_id: str, expected: dict[str, int]) -> None:
    counted = counts_of(real_plan(plan_id))

    found = {name: counted[name].count for name in COUNTS["zhongwei"] if counted[name].count}

    assert found == expected
    assert counted["projects"].parts["quantities"] == QUANTITIES[plan_id]


def test_the_eighty_services_of_zhongwei_are_those_of_its_nine_domains() -> None:
    plan = real_plan("zhongwei")

    counted = counts_of(plan)["service_items"]

    assert counted.by_domain == SERVICES
    assert {row.domain: row.printed_count for row in plan.commitments.service_domains} == SERVICES
    assert [item.no for item in plan.commitments.service_items] == list(range(1, 81))
    assert counted.without == {"standard": 80, "recipients": 80}


def test_a_section_with_another_count_than_a_plain_one_says_why() -> None:
    notes = {plan_id: counts_of(real_plan(plan_id))["text_targets"].counting for plan_id in COUNTS}

    assert [plan_id for plan_id, note in notes.items() if note is None] == []
    assert counts_of(real_plan("zhongwei"))["tasks"].counting is None


def test_the_counts_of_a_plan_say_what_it_does_not_print() -> None:
    counted = counts_of(real_plan("kongtong"))

    assert counted["tasks"].without == {"lead": 61, "deadline": 61}
    assert counted["projects"].without == {"lead": 72, "deadline": 69, "quantities": 62, "investment": 72}
    assert counted["text_targets"].without["year"] == 36
    assert counted["domains"].without == {"agency": 9}
    assert sum(counted["tasks"].by_domain.values()) == 61


@for_each_plan
def test_every_reference_leads_to_something_of_the_plan(plan_id: str) -> None:
    plan = plan_from_mapping(real_plan_file(plan_id).document)

    identifiers = Counter(
        row[field]
        for name, field in (
            ("text_targets", "target_id"),
            ("tasks", "task_id"),
            ("projects", "project_id"),
            ("service_items", "item_id"),
            ("monitoring_duties", "duty_id"),
            ("contradictions", "contradiction_id"),
        )
        for row in section(plan_id, name)
    )

    assert [name for name, uses in identifiers.items() if uses > 1] == []
    assert [name for name in identifiers if not re.match(rf"{plan.plan_id}-", name)] == []


@for_each_plan
def test_a_text_target_counts_what_its_row_counts(plan_id: str) -> None:
    plan = real_plan(plan_id)
    linked = [(target, plan.indicator(target.indicator_id or "")) for target in plan.commitments.text_targets]

    unlike = [
        target.target_id
        for target, row in linked
        if row is not None and (target.concept, target.quantity.unit.measure) != (row.concept, row.unit.measure)
    ]

    assert unlike == []


@for_each_plan
def test_every_derived_indicator_can_be_watched(plan_id: str) -> None:
    plan = real_plan(plan_id)
    agencies = {agency.agency_id for agency in plan.agencies}

    ids = [row.indicator_id for row in (*plan.indicators, *plan.derived)]

    assert len(ids) == len(set(ids))
    assert {row.owner for row in plan.derived} <= agencies
    assert all(row.commitment_id and row.section is not Section.MAIN_TABLE for row in plan.derived)
    assert all(row.target.period.end <= plan.last_day for row in plan.derived)


@for_each_plan
def test_each_commitment_gives_the_indicators_that_its_content_asks_for(plan_id: str) -> None:
    plan = real_plan(plan_id)
    commitments = plan.commitments

    by_section = Counter(row.section for row in plan.derived)

    assert by_section[Section.TEXT_TARGET] == sum(t.indicator_id is None for t in commitments.text_targets)
    assert by_section[Section.TASK] == 2 * len(commitments.tasks)
    assert by_section[Section.PROJECT] == 2 * len(commitments.projects) + QUANTITIES[plan_id]
    assert by_section[Section.SERVICE] == 0


def test_a_quantity_of_a_project_is_delivered_step_by_step_until_the_end_of_the_plan() -> None:
    beds = real_plan("wuwei").indicator("wuwei-project-17-q4")

    assert beds is not None
    assert (str(beds.target.value), beds.target.comparator, str(beds.target.period)) == (
        "500",
        Comparator.AT_LEAST,
        "2025",
    )
    assert beds.goal_kind is GoalKind.ACCUMULATE
    assert beds.commitment_id == "wuwei-project-17"
