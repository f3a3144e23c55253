"""The concept list and the plans of the catalogue fit: what one names the other has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from jsonschema import Draft202012Validator

from planwatch.concept import ConceptList, concept_uses, unused_concepts, use_faults
from planwatch.concept_comparison import Comparability, compare
from planwatch.plan import Plan
from services.catalogue_files import plan_ids, read_schema
from services.concept_files import read_concept_list
from tests.builders import PLANS, real_plan

SET_AGAINST = re.compile(r"_per_(county|township|subdistrict|village|community|school|station|bed|\d)")


@cache
def concepts() -> ConceptList:
    return read_concept_list(PLANS)


@cache
def plans() -> tuple[Plan, ...]:
    return tuple(real_plan(plan_id) for plan_id in plan_ids(PLANS))


def measures_in_use() -> Iterator[str]:
    """The UNIT_MEASURE of everything in the plans that has a figure."""
    for plan in plans():
        yield from (use.unit.measure for use in concept_uses(plan))
        for project in plan.commitments.projects:
            yield from (delivered.quantity.unit.measure for delivered in project.deliverables)
            if project.investment is not None:
                yield project.investment.quantity.unit.measure
        for item in plan.commitments.service_items:
            yield from (each.unit.measure for each in (item.standard, item.parent_standard) if each is not None)


def test_the_schema_of_the_list_is_a_schema() -> None:
    Draft202012Validator.check_schema(read_schema(PLANS / "concepts.schema.json").schema)


def test_every_concept_of_every_plan_is_listed_in_a_unit_that_its_own_converts_to() -> None:
    assert use_faults(concepts(), plans()) == []


def test_no_concept_is_listed_that_no_plan_uses() -> None:
    assert [concept.code for concept in unused_concepts(concepts(), plans())] == []


def test_the_named_unit_measures_are_those_that_the_plans_use() -> None:
    named = [measure.code for measure in concepts().unit_measures]

    assert named == sorted(set(measures_in_use()))


def test_every_domain_of_the_list_is_one_of_a_plan() -> None:
    known = {domain.code for plan in plans() for domain in plan.domains} | {"cross_domain"}

    assert {concept.domain for concept in concepts().concepts} <= known


def test_a_concept_that_is_set_against_something_has_a_measure_that_says_so() -> None:
    named = [concept for concept in concepts().concepts if SET_AGAINST.search(concept.code)]

    amounts = {concept.code: concept.unit.measure for concept in named if "PER_" not in concept.unit.measure}

    assert len(named) > 20
    assert amounts == {}


@pytest.mark.parametrize(
    ("code", "neighbour"),
    [
        ("childcare_places_under_3_per_1000", "childcare_places_under_1_5_per_1000"),
        ("old_community_renovation_communities", "old_community_renovation_dwellings"),
        ("old_community_renovation_dwellings", "old_community_renovation_households"),
        ("subsidised_training_participants", "urban_rural_workforce_training"),
    ],
)
def test_neighbours_that_readers_would_take_for_the_same_are_shown_as_not_comparable(code: str, neighbour: str) -> None:
    concept = concepts().find(code)
    assert concept is not None

    comparison = compare(concepts(), concept, plans())

    found = [row for row in comparison.neighbours if row.concept == neighbour]
    assert found
    assert {row.comparability for row in found} == {Comparability.OTHER_CONCEPT}


def test_beds_printed_in_ten_thousands_and_in_ones_are_compared_in_ones() -> None:
    concept = concepts().find("养老服务床位总量")
    assert concept is not None

    rows = compare(concepts(), concept, plans()).rows

    # national 1000万张, Zhongwei 0.59万张
    assert {row.plan_id: row.target for row in rows} == {
        "national": 10_000_000,
        "kongtong": 3925,
        "wuwei": 17385,
        "zhongwei": 5900,
    }


def test_nursing_beds_are_compared_in_all_five_plans_with_the_two_that_count_other_beds_marked() -> None:
    concept = concepts().find("nursing_beds_share_in_institutions")
    assert concept is not None

    rows = compare(concepts(), concept, plans()).rows

    differing = {row.subject for row in rows if row.comparability is Comparability.DEFINITION_DIFFERS}
    assert {row.plan_id for row in rows} == {"national", "kongtong", "shizuishan", "wuwei", "zhongwei"}
    assert differing == {"shizuishan-19", "wuwei-t14"}
