"""The plan files say what the printed plans say, and nothing else.

The comparison with the printed texts needs the folder of source texts: `shared/plans` beside the checkout, or the
folder that PLANWATCH_SOURCE_PLANS names.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from planwatch.plan import Direction, derive_goal_kind
from planwatch.plan_document import plan_from_mapping

Row = dict[str, Any]  # any mapping of a plan file or of the schema

REPOSITORY = Path(__file__).parents[2]
SOURCES = Path(os.environ.get("PLANWATCH_SOURCE_PLANS", REPOSITORY.parent / "shared" / "plans"))

INDICATOR_COUNTS = {"national": 22, "zhongwei": 25, "shizuishan": 25, "wuwei": 25, "kongtong": 28}

SIGNS = {">": "gt", "≥": "ge", "<": "lt", "≤": "le"}
NO_FIGURE = {"-", "—", "——"}
CONDITIONS = {"if", "then", "else"}  # parts of a schema that constrain fields described elsewhere
NATURES = {"binding": "约束性", "anticipatory": "预期性"}

# Rows whose kind the table row alone does not give; the reason stands in the plan file.
OVERRIDDEN = {
    "zhongwei-02": "coverage",
    "zhongwei-21": "coverage",
    "zhongwei-25": "floor",
    "shizuishan-13": "accumulate",
    "shizuishan-14": "accumulate",
    "shizuishan-16": "accumulate",
}

# Concepts that several plans share; whatever is not listed here belongs to one plan only.
SHARED_CONCEPTS = {
    "basic_medical_insurance_participation_rate": {"national", "zhongwei", "shizuishan", "wuwei", "kongtong"},
    "basic_pension_insurance_participation_rate": {"national", "zhongwei", "shizuishan", "wuwei", "kongtong"},
    "childcare_places_under_3_per_1000": {"national", "shizuishan", "wuwei", "kongtong"},
    "community_facility_area_per_100_households": {"national", "zhongwei", "kongtong"},
    "compulsory_education_retention_rate": {"national", "zhongwei", "wuwei", "kongtong"},
    "disability_subsidies_coverage": {"national", "zhongwei", "wuwei", "kongtong"},
    "elderly_care_beds": {"national", "zhongwei", "wuwei", "kongtong"},
    "life_expectancy_at_birth": {"national", "zhongwei", "shizuishan", "wuwei", "kongtong"},
    "medical_institution_beds_per_1000": {"shizuishan", "wuwei", "kongtong"},
    "new_area_elderly_facility_compliance": {"national", "zhongwei", "wuwei", "kongtong"},
    "new_urban_employment": {"shizuishan", "wuwei", "kongtong"},
    "nurses_per_1000": {"national", "zhongwei", "wuwei", "kongtong"},
    "nursing_beds_share_in_institutions": {"national", "zhongwei", "shizuishan", "wuwei", "kongtong"},
    "old_community_renovation_households": {"wuwei", "kongtong"},
    "orphan_support_coverage": {"national", "zhongwei", "wuwei", "kongtong"},
    "physicians_per_1000": {"national", "zhongwei", "shizuishan", "wuwei", "kongtong"},
    "preschool_gross_enrolment_ratio": {"national", "zhongwei", "wuwei", "kongtong"},
    "public_culture_floor_area_per_10000": {"wuwei", "kongtong"},
    "public_culture_visits_per_10000": {"national", "zhongwei", "wuwei", "kongtong"},
    "rural_low_income_housing_safety_rate": {"national", "zhongwei", "wuwei", "kongtong"},
    "sports_area_per_capita": {"national", "zhongwei", "shizuishan", "wuwei", "kongtong"},
    "subsidised_training_participants": {"national", "kongtong"},
    "upper_secondary_gross_enrolment_ratio": {"national", "zhongwei", "wuwei", "kongtong"},
    "urban_low_income_housing_security_rate": {"national", "zhongwei", "wuwei", "kongtong"},
    "urban_rural_workforce_training": {"zhongwei", "shizuishan"},
    "veterans_adaptation_training_rate": {"zhongwei", "kongtong"},
    "veterans_placement_rate": {"zhongwei", "wuwei", "kongtong"},
    "working_age_mean_years_of_schooling": {"national", "zhongwei", "shizuishan", "wuwei", "kongtong"},
}


@cache
def load_schema() -> Row:
    content: Row = json.loads((REPOSITORY / "plans" / "plan.schema.json").read_text(encoding="utf-8"))
    return content


@cache
def load_plan(plan_id: str) -> Row:
    content: Row = yaml.safe_load((REPOSITORY / "plans" / plan_id / "plan.yaml").read_text(encoding="utf-8"))
    return content


@cache
def all_rows() -> tuple[Row, ...]:
    return tuple(row for plan_id in INDICATOR_COUNTS for row in load_plan(plan_id)["indicators"])


def by_indicator(row: Row) -> str:
    return str(row["indicator_id"])


def missing_sources() -> list[str]:
    return [f"{plan_id}.txt" for plan_id in INDICATOR_COUNTS if not (SOURCES / f"{plan_id}.txt").is_file()]


needs_sources = pytest.mark.skipif(
    bool(missing_sources()),
    reason=f"{', '.join(missing_sources())} missing in {SOURCES}; PLANWATCH_SOURCE_PLANS may name another folder",
)
for_each_plan = pytest.mark.parametrize("plan_id", INDICATOR_COUNTS)
for_each_row = pytest.mark.parametrize("row", all_rows(), ids=by_indicator)


def fold(text: str) -> str:
    return re.sub(r"\s+", "", text)


@cache
def source_lines(file: str) -> tuple[str, ...]:
    return tuple((SOURCES / file).read_text(encoding="utf-8").split("\n"))


def source_text(plan: Row, first_line: int, lines: int) -> str:
    """The printed text of `lines` lines from 1-based `first_line` on."""
    return "\n".join(source_lines(plan["document"]["file"])[first_line - 1 : first_line - 1 + lines])


def printed_places(plan: Row) -> list[tuple[str, int, int]]:
    """Every piece of printed text outside the rows: text, its line, how many lines it may run over."""
    document, table = plan["document"], plan["table"]
    at = document["source_lines"]
    forms = [(form, agency["agency_id"]) for agency in plan["agencies"] for form in agency["printed"]]
    short_names = {agency: form["name"].removeprefix("市") for form, agency in reversed(forms)}
    return [
        (plan["title"]["zh"], at["title"], 1),
        *((document[part], at[part], 1) for part in ("number", "issuer") if document[part]),
        (table["title"], table["source_line"], 1),
        *((note["text"], note["source_line"], 2) for note in table["notes"]),
        *((form["name"], form["source_line"], 2) for form, _ in forms),
        *((short_names[row["agency"]], row["source_line"], 1) for row in plan["domains"] if row["source_line"]),
        *((row["name"], 1, len(source_lines(document["file"]))) for row in plan["domains"]),
    ]


def date_digits(text: str) -> str:
    """Digits of a printed date; the Chinese numerals of a title page become Arabic ones."""
    arabic = text.replace("十二", "12").replace("十一", "11").replace("十", "10")
    return re.sub(r"\D", "", arabic.translate(str.maketrans("〇一二三四五六七八九", "0123456789")))


def row_pattern(row: Row) -> str:
    """How the row must read in print: name (blanks allowed inside), marks, unit column, cells apart, nature."""
    name = r"\s*".join(re.escape(letter) for letter in fold(row["name"]))
    marks, unit = re.escape("".join(row["marks"])), re.escape(row["unit"]["printed"] or "")
    cells = r"\s+".join(re.escape(cell["printed"]) for cell in row["values"].values())
    return rf"{name}\s*(?:{marks})?\s*(?:{unit})?\s+{cells}\s+{NATURES[row['nature']]}"


def rows_with_text(plan_id: str) -> list[tuple[Row, str]]:
    """Each row with the printed text from its own line up to the next row's (the last: up to the first note)."""
    plan = load_plan(plan_id)
    starts = [row["source_line"] for row in plan["indicators"]] + [plan["table"]["notes"][0]["source_line"]]
    return [
        (row, source_text(plan, start, following - start))
        for row, start, following in zip(plan["indicators"], starts, starts[1:], strict=False)
    ]


def parse_cell(printed: str) -> tuple[Decimal | None, str | None]:
    """Number and comparator of a printed cell, read independently of the plan file."""
    text = printed.strip("[]").rstrip("*").rstrip("%")
    if text in NO_FIGURE:
        return None, None
    if text == "应保尽保":
        return Decimal(100), "ge"
    number = text.lstrip("".join(SIGNS))
    expanded = Decimal(number.removesuffix("万")) * (10_000 if number.endswith("万") else 1)
    return expanded, SIGNS.get(text[0])


def figure(cell: Row) -> Row | None:
    """What a baseline takes over from its cell; None where the cell has no figure."""
    return {key: cell[key] for key in ("value", "comparator", "period")} if cell["value"] else None


def explained_by(plan: Row, mark: str) -> str:
    """The note of the table that explains a mark; empty if there is none."""
    return "".join(note["text"] for note in plan["table"]["notes"] if note["mark"] == mark)


def derived_kind(row: Row) -> str:
    plan = load_plan(row["indicator_id"].rsplit("-", 1)[0])
    notes = "".join(explained_by(plan, mark) for mark in row["marks"])
    return derive_goal_kind(
        baseline=Decimal(row["baseline"]["value"]) if row["baseline"] else None,
        target=Decimal(row["target"]["value"]),
        direction=Direction(row["direction"]),
        entitled=row["values"]["2025"]["printed"] == "应保尽保",
        total="累计" in notes,
        yearly_mean="年度平均" in notes,
    ).value


def undescribed(node: object) -> list[str]:
    """Names of the properties anywhere below a schema node that have no description, own or of their definition."""
    if isinstance(node, list):
        return [name for part in node for name in undescribed(part)]
    if not isinstance(node, dict):
        return []
    definitions = load_schema()["$defs"]
    bare = [
        name
        for name, part in node.get("properties", {}).items()
        if "description" not in {**definitions.get(part.get("$ref", "").removeprefix("#/$defs/"), {}), **part}
    ]
    return bare + [name for key, part in node.items() if key not in CONDITIONS for name in undescribed(part)]


def test_the_schema_describes_every_field() -> None:
    schema = load_schema()

    bare = undescribed(schema)

    Draft202012Validator.check_schema(schema)
    assert bare == []


@for_each_plan
def test_every_plan_file_satisfies_the_schema(plan_id: str) -> None:
    faults = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(load_schema()).iter_errors(load_plan(plan_id))
    ]

    assert faults == []


def test_the_schema_refuses_a_field_it_does_not_know() -> None:
    first, *others = load_plan("zhongwei")["indicators"]
    misspelt = {**load_plan("zhongwei"), "indicators": [{**first, "baselin": None}, *others]}

    accepted = Draft202012Validator(load_schema()).is_valid(misspelt)

    assert not accepted


@pytest.mark.parametrize(("plan_id", "count"), INDICATOR_COUNTS.items())
def test_every_row_of_the_printed_table_is_there_once_in_order(plan_id: str, count: int) -> None:
    rows = load_plan(plan_id)["indicators"]

    assert [row["no"] for row in rows] == list(range(1, count + 1))
    assert [row["indicator_id"] for row in rows] == [f"{plan_id}-{no:02d}" for no in range(1, count + 1)]
    assert len({row["name"] for row in rows}) == len({row["name_en"] for row in rows}) == count


@for_each_plan
def test_every_agency_and_domain_that_is_referred_to_is_defined(plan_id: str) -> None:
    content = load_plan(plan_id)

    plan = plan_from_mapping(content)

    assert {domain["agency"] for domain in content["domains"]} <= {agency.agency_id for agency in plan.agencies}
    assert {indicator.domain for indicator in plan.indicators} == {domain.code for domain in plan.domains}
    assert content["parent_plan"] in {None, *INDICATOR_COUNTS}


@needs_sources
@for_each_plan
def test_titles_numbers_notes_agencies_and_domains_stand_in_print_where_the_file_says(plan_id: str) -> None:
    plan = load_plan(plan_id)

    absent = [
        (line, text)
        for text, line, lines in printed_places(plan)
        if fold(text) not in fold(source_text(plan, line, lines))
    ]

    assert absent == []


@needs_sources
@pytest.mark.parametrize("plan_id", ["zhongwei", "shizuishan", "wuwei", "kongtong"])
def test_the_date_of_issue_stands_in_print_at_its_line(plan_id: str) -> None:
    plan = load_plan(plan_id)
    document = plan["document"]
    year, month, *day = (str(int(part)) for part in document["issued_on"].split("-"))

    digits = date_digits(source_text(plan, document["source_lines"]["issued_on"], 1))

    assert re.search(year + "0?" + month + "".join(f"0?{part}" for part in day), digits)


@needs_sources
@for_each_plan
def test_every_row_reads_in_print_as_name_unit_cells_and_nature(plan_id: str) -> None:
    unread = [
        (row["indicator_id"], text) for row, text in rows_with_text(plan_id) if not re.search(row_pattern(row), text)
    ]

    assert unread == []


@for_each_row
def test_every_parsed_value_is_the_printed_one(row: Row) -> None:
    cells = row["values"].values()

    parsed = [(Decimal(cell["value"]) if cell["value"] else None, cell["comparator"]) for cell in cells]

    assert parsed == [parse_cell(cell["printed"]) for cell in cells]


@for_each_row
def test_baseline_and_target_are_the_first_and_last_cell(row: Row) -> None:
    first, *_, last = row["values"].values()
    unsigned = {"increase": "ge", "decrease": "le"}[row["direction"]]

    baseline = figure(row["baseline"] or {"value": None})

    assert baseline == figure(first)
    assert row["target"] == {"value": last["value"], "comparator": last["comparator"] or unsigned, "period": "2025"}


@for_each_row
def test_only_a_row_that_adds_up_flows_has_a_baseline_of_another_kind(row: Row) -> None:
    comparable = row["baseline"] is None or row["baseline"]["comparable"]

    assert comparable == (row["baseline"] is None or row["goal_kind"] != "accumulate")


@for_each_row
def test_every_value_lies_within_the_bounds(row: Row) -> None:
    lower, upper = (Decimal(bound) if bound else None for bound in row["bounds"])
    values = [Decimal(cell["value"]) for cell in row["values"].values() if cell["value"]]

    assert lower is None or lower <= min(values)
    assert upper is None or max(values) <= upper


@for_each_row
def test_ten_thousands_in_the_unit_are_in_the_multiplier_and_nowhere_else(row: Row) -> None:
    unit = row["unit"]

    assert unit["mult"] == (4 if (unit["printed"] or "").startswith("万") else 0)


@for_each_plan
def test_columns_are_those_of_the_table(plan_id: str) -> None:
    plan = load_plan(plan_id)

    columns = {tuple(row["values"]) for row in plan["indicators"]}

    assert columns == {tuple(plan["table"]["value_periods"])}


@for_each_plan
def test_marks_and_notes_explain_each_other(plan_id: str) -> None:
    plan = load_plan(plan_id)

    used = {mark for row in plan["indicators"] for mark in row["marks"]}

    assert used == {note["mark"] for note in plan["table"]["notes"] if note["mark"]}


@for_each_row
def test_a_goal_kind_that_the_row_does_not_give_has_a_reason(row: Row) -> None:
    expected = OVERRIDDEN.get(row["indicator_id"], derived_kind(row))

    assert row["goal_kind"] == expected
    assert (row["goal_kind_reason"] is not None) == (row["indicator_id"] in OVERRIDDEN)


@for_each_row
def test_the_good_direction_is_the_way_to_the_target(row: Row) -> None:
    baseline, target = row["baseline"], Decimal(row["target"]["value"])
    start = Decimal(baseline["value"]) if baseline else target

    moves = {"increase": target > start, "decrease": target < start}[row["direction"]]

    assert moves or row["goal_kind"] != "reach" or baseline is None
    assert row["target"]["comparator"] in {"increase": ("gt", "ge"), "decrease": ("lt", "le")}[row["direction"]]


def test_a_shared_concept_is_used_by_the_plans_listed_for_it() -> None:
    plans: dict[str, set[str]] = defaultdict(set)
    plans.update({row["concept"]: set() for row in all_rows()})

    used = {
        concept: {row["indicator_id"].rsplit("-", 1)[0] for row in all_rows() if row["concept"] == concept}
        for concept in plans
    }

    assert {concept: users for concept, users in used.items() if len(users) > 1} == SHARED_CONCEPTS


def test_a_concept_has_one_measure_in_all_plans_and_one_row_in_each() -> None:
    measures = {(row["concept"], row["unit"]["measure"]) for row in all_rows()}
    uses = [(row["indicator_id"].rsplit("-", 1)[0], row["concept"]) for row in all_rows()]

    assert len(measures) == len({row["concept"] for row in all_rows()})
    assert len(uses) == len(set(uses))
