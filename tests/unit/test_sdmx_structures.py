"""The published SDMX structures survive being written and read, in every format."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pysdmx.io import read_sdmx
from pysdmx.model import Codelist, Component, Dataflow, DataStructureDefinition, Role
from pysdmx.model.message import StructureMessage

from planwatch.concept import ConceptList, concept_uses
from planwatch.plan import Plan
from planwatch.series import ObsStatus
from services.catalogue_files import plan_ids
from services.concept_files import read_concept_list
from services.sdmx_files import FILES, write_structures
from services.sdmx_structures import OBS_STATUS_NAMES, UNIT_MULT_NAMES, build_structures, code_id
from tests.builders import PLANS, real_plan

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
DIMENSIONS = ["FREQ", "REF_AREA", "INDICATOR", "URBANISATION", "POP_GROUP", "TIME_PERIOD"]


@pytest.fixture(scope="module")
def concepts() -> ConceptList:
    return read_concept_list(PLANS)


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [real_plan(plan_id) for plan_id in plan_ids(PLANS)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, concepts: ConceptList, plans: list[Plan]) -> Path:
    """A folder with the structures in every format."""
    target = tmp_path_factory.mktemp("sdmx") / "made"
    write_structures(concepts, plans, target, NOW)
    return target


@pytest.fixture(params=FILES)
def message(request: pytest.FixtureRequest, folder: Path) -> StructureMessage:
    """One file read back and held against the official schema of its format."""
    read = read_sdmx(str(folder / request.param), validate=True)
    assert isinstance(read, StructureMessage)
    return read


def content(lists: list[Codelist]) -> dict[str, tuple[object, ...]]:
    """What a code list says, by its URN."""
    return {each.short_urn: (each.name, each.is_partial, *each.items) for each in lists}


def shape(component: Component) -> tuple[object, ...]:
    """What a component of a data structure says, without the text of its code list.

    SDMX-ML 2.1 has no usage of a measure, and pysdmx reads none in the other formats.
    """
    codes = component.local_codes
    return (
        component.id,
        component.role,
        component.required or component.role is Role.MEASURE,
        component.dtype,
        component.local_facets,
        component.attachment_level,
        codes.short_urn if isinstance(codes, Codelist) else None,
    )


def structure_of(structures: list[object]) -> DataStructureDefinition:
    [structure] = [each for each in structures if isinstance(each, DataStructureDefinition)]
    return structure


def test_code_lists_are_read_back_as_they_were_written(
    message: StructureMessage, concepts: ConceptList, plans: list[Plan]
) -> None:
    written = [each for each in build_structures(concepts, plans) if isinstance(each, Codelist)]

    assert content(list(message.get_codelists())) == content(written)


def test_the_data_structure_is_read_back_with_every_component_and_its_code_list(
    message: StructureMessage, concepts: ConceptList, plans: list[Plan]
) -> None:
    written = structure_of(list(build_structures(concepts, plans)))

    read = structure_of(list(message.structures or ()))

    assert (read.short_urn, read.name) == (written.short_urn, written.name)
    assert [shape(component) for component in read.components] == [shape(each) for each in written.components]


def test_the_dataflow_refers_to_the_data_structure_of_the_same_message(message: StructureMessage) -> None:
    [flow] = [each for each in message.structures or () if isinstance(each, Dataflow)]

    assert flow.short_urn == "Dataflow=PLANWATCH:PSP(1.0.0)"
    assert flow.structure is not None
    assert "PLANWATCH:PSP(1.0.0)" in (flow.structure if isinstance(flow.structure, str) else flow.structure.short_urn)


def test_the_data_structure_has_the_dimensions_of_a_series_and_the_attributes_of_an_observation(
    concepts: ConceptList, plans: list[Plan]
) -> None:
    structure = structure_of(list(build_structures(concepts, plans)))

    components = structure.components
    assert [each.id for each in components.dimensions] == DIMENSIONS
    assert [(group.id, list(group.dimensions)) for group in structure.groups or ()] == [("SIBLING", DIMENSIONS[1:-1])]
    assert [each.id for each in components.measures] == ["OBS_VALUE"]
    assert {each.id: each.attachment_level for each in components if each.role is Role.ATTRIBUTE} == {
        "OBS_STATUS": "O",
        "ACCUMULATION": "O",
        "UNIT_MEASURE": ",".join(DIMENSIONS[:-1]),
        "UNIT_MULT": ",".join(DIMENSIONS[:-1]),
        "NATURE": ",".join(DIMENSIONS[1:-1]),
        "PLAN_INDICATOR": ",".join(DIMENSIONS[1:-1]),
    }


def test_every_figure_of_the_plans_can_be_coded(concepts: ConceptList, plans: list[Plan]) -> None:
    lists = {each.id: each for each in build_structures(concepts, plans) if isinstance(each, Codelist)}

    uses = [use for plan in plans for use in concept_uses(plan)]

    assert {code_id(use.concept) for use in uses} == {code.id for code in lists["CL_PSP_INDICATOR"].items}
    assert {use.unit.measure for use in uses} <= {code.id for code in lists["CL_PSP_UNIT_MEASURE"].items}
    assert {use.unit.mult for use in uses} <= set(UNIT_MULT_NAMES)
    assert {plan.ref_area for plan in plans} == {code.id for code in lists["CL_PSP_AREA"].items}
    assert set(OBS_STATUS_NAMES) == set(ObsStatus)


def test_a_code_carries_its_unit_its_plans_and_what_keeps_its_neighbours_apart(
    message: StructureMessage,
) -> None:
    indicators = {each.id: each for each in message.get_codelists()}["CL_PSP_INDICATOR"]

    code = indicators["CHILDCARE_PLACES_UNDER_1_5_PER_1000"]

    assert code is not None
    said = {annotation.id: annotation.text for annotation in code.annotations}
    assert said["UNIT_MEASURE"] == "PER_1000"
    assert said["PLANS"] == "zhongwei"
    assert "1.5岁以下" in str(said["CHILDCARE_PLACES_UNDER_3_PER_1000"])
