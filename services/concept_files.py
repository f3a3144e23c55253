"""The concept list of the catalogue as a file, read together with the plans that use it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from planwatch.concept import ConceptList, use_faults
from planwatch.concept_document import CONCEPTS_FILE, concept_list_from_mapping
from planwatch.errors import InvalidConceptList, PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from services.catalogue_files import plan_ids, read_plan_file, read_schema, read_yaml
from services.schema_faults import schema_faults


def read_concepts(plans_dir: Path) -> tuple[ConceptList, list[Plan]]:
    """Read and check the concept list and all plans of the folder, national first.

    Raises:
        InvalidPlan: a plan has faults.
        InvalidConceptList: the list has faults, or a plan uses a concept that it lacks or in a unit that cannot be
            converted; with every fault.
    """
    concepts = read_concept_list(plans_dir)
    plans = [read_plan_file(plans_dir, plan_id).plan for plan_id in plan_ids(plans_dir)]
    _refuse(use_faults(concepts, plans))
    return concepts, plans


def read_concept_list(plans_dir: Path) -> ConceptList:
    """Read and check the concept list alone.

    Raises:
        InvalidConceptList: with every fault, from the schema or from the content.
    """
    try:
        document = read_yaml(plans_dir / CONCEPTS_FILE)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = Text(f"无法读取：{error}", f"cannot be read: {error}")
        raise InvalidConceptList([PlanFault("$", reason, CONCEPTS_FILE)]) from error
    found = schema_faults(read_schema(plans_dir / "concepts.schema.json"), document)
    _refuse([PlanFault(fault.place, fault.reason, CONCEPTS_FILE) for fault in found])
    return concept_list_from_mapping(document)


def _refuse(faults: Sequence[PlanFault]) -> None:
    if faults:
        raise InvalidConceptList(faults)
