"""A faulty concept list tells everything that is wrong with it at once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from planwatch.concept import ConceptList
from planwatch.concept_document import concept_list_from_mapping
from planwatch.errors import InvalidConceptList
from services.concept_files import read_concept_list
from tests.builders import PLANS
from tests.concept_builders import make_concept_document, make_concept_row, make_related


def faults_of(document: dict[str, Any]) -> list[str]:
    """The paths of the faults with which a list is refused."""
    with pytest.raises(InvalidConceptList) as refusal:
        concept_list_from_mapping(document)
    return [fault.path for fault in refusal.value.faults]


def two_concepts() -> ConceptList:
    rows = [make_concept_row("beds", related=[make_related("beds_per_1000")]), make_concept_row("beds_per_1000")]
    return concept_list_from_mapping(make_concept_document(*rows))


def test_every_fault_is_told_at_once_with_its_place() -> None:
    document = make_concept_document(
        make_concept_row("beds", measure="CHAIR"),
        make_concept_row("nurses", related=[make_related("doctors"), make_related("nurses"), make_related("beds")]),
        make_concept_row("beds", related=[make_related("nurses")]),
    )

    found = faults_of(document)

    assert found == [
        "concepts[2].concept",
        "concepts[2].name.zh",
        "concepts[2].name.en",
        "concepts[0].unit.measure",
        "concepts[1].related[0].concept",
        "concepts[1].related[1].concept",
        "concepts[2].related[0].concept",
    ]


def test_a_name_that_two_concepts_share_is_a_fault_because_commands_use_it() -> None:
    document = make_concept_document(make_concept_row("beds", name="床位"), make_concept_row("all_beds", name="床 位"))

    assert faults_of(document) == ["concepts[1].name.zh"]


def test_a_unit_measure_that_stands_twice_is_a_fault() -> None:
    document = make_concept_document(make_concept_row("beds"))
    document["unit_measures"] += document["unit_measures"][:1]

    assert faults_of(document) == [f"unit_measures[{len(document['unit_measures']) - 1}].measure"]


@pytest.mark.parametrize("reference", ["beds", "BEDS", "beds的名称", " beds的 名称 ", "Name of beds"])
def test_a_concept_is_found_by_code_and_by_name_whatever_case_and_white_space(reference: str) -> None:
    found = two_concepts().find(reference)

    assert found is not None
    assert found.code == "beds"


def test_an_unknown_reference_finds_nothing_but_what_it_may_have_meant() -> None:
    concepts = two_concepts()

    assert concepts.find("bed") is None
    assert [each.code for each in concepts.near("bed")] == ["beds", "beds_per_1000"]
    assert concepts.near("xyz") == ()


def test_a_pair_of_neighbours_is_seen_from_both_and_worded_from_the_first() -> None:
    concepts = two_concepts()
    beds, rate = concepts.concepts

    [(of_beds, difference)] = concepts.neighbours(beds)
    [(of_rate, same_difference)] = concepts.neighbours(rate)

    assert (of_beds, of_rate) == (rate, beds)
    assert difference == same_difference
    assert difference.zh.startswith("前者“beds的名称”，后者“beds_per_1000的名称”：")


@pytest.mark.parametrize(
    ("mult", "name"), [(0, "张床位"), (4, "万张床位"), (8, "亿张床位"), (2, "10^2 张床位")], ids=str
)
def test_a_unit_is_named_with_its_magnitude(mult: int, name: str) -> None:
    concepts = concept_list_from_mapping(make_concept_document(make_concept_row("beds", measure="BED", mult=mult)))

    assert concepts.unit_name(concepts.concepts[0].unit).zh == name


def test_a_file_that_the_schema_refuses_is_refused_with_every_fault_and_its_file(tmp_path: Path) -> None:
    shutil.copy(PLANS / "concepts.schema.json", tmp_path)
    (tmp_path / "concepts.yaml").write_text("version: one\nunit_measures: []\n", encoding="utf-8")

    with pytest.raises(InvalidConceptList) as refusal:
        read_concept_list(tmp_path)

    assert [fault.place for fault in refusal.value.faults] == [
        "concepts.yaml: $",
        "concepts.yaml: unit_measures",
        "concepts.yaml: version",
    ]


def test_a_list_that_is_not_there_is_told_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidConceptList, match=r"concepts\.yaml"):
        read_concept_list(tmp_path)
