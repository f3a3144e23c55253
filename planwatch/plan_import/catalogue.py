"""What the import knows from the plans that are in the catalogue already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planwatch.plan_import.concepts import KnownIndicator
from planwatch.plan_import.domains import NATIONAL_DOMAINS
from planwatch.plan_import.metadata import NATIONAL_CODE

CONCEPT_LIST = "concepts"
"""Stands for the plan of a concept that no main table uses."""


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan that a new one may be set against.

    Attributes:
        plan_id: its code.
        ref_area: its area.
        start: first year.
        end: last year.
    """

    plan_id: str
    ref_area: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class KnownCatalogue:
    """Names, domains and areas that checked-in plans use.

    Attributes:
        indicators: every row of their main tables, then the concepts that only the concept list has.
        areas: printed name of an area → GB/T 2260 code.
        plans: the plans themselves.
    """

    indicators: tuple[KnownIndicator, ...]
    areas: Mapping[str, str]
    plans: tuple[KnownPlan, ...]

    @property
    def domains(self) -> dict[str, str]:
        """Printed name of a domain → its code."""
        return {one.domain_name: one.domain for one in self.indicators if one.plan_id != CONCEPT_LIST}

    def national_plan(self, period: tuple[str, str]) -> str | None:
        """The national plan for the same years, None if the catalogue has none."""
        fitting = (plan for plan in self.plans if plan.ref_area == NATIONAL_CODE and (plan.start, plan.end) == period)
        return next((plan.plan_id for plan in fitting), None)

    def without(self, plan_id: str) -> KnownCatalogue:
        """The catalogue as it was before one plan came; the concept list was written with it and is left out too."""
        indicators = tuple(one for one in self.indicators if one.plan_id not in (plan_id, CONCEPT_LIST))
        return replace(self, indicators=indicators)


def known_catalogue(
    documents: Iterable[Mapping[str, Any]], concepts: Iterable[Mapping[str, Any]] = ()
) -> KnownCatalogue:
    """What documents of checked plan files teach.

    Args:
        documents: content of plan files.
        concepts: entries of the concept list; those that no main table uses are added under their own names.
    """
    indicators: list[KnownIndicator] = []
    areas: dict[str, str] = {}
    plans: list[KnownPlan] = []
    for document in documents:
        names = {domain["domain"]: domain["name"] for domain in document["domains"]}
        areas[document["area_name"]["zh"]] = document["ref_area"]
        period = document["period"]
        plans.append(KnownPlan(document["plan_id"], document["ref_area"], period["start"], period["end"]))
        indicators += [
            KnownIndicator(
                document["plan_id"],
                row["name"],
                row["name_en"],
                row["concept"],
                row["unit"]["measure"],
                row["domain"],
                names[row["domain"]],
            )
            for row in document["indicators"]
        ]
    used = {indicator.concept for indicator in indicators}
    indicators += [_of_concept_list(entry) for entry in concepts if entry["concept"] not in used]
    return KnownCatalogue(tuple(indicators), areas, tuple(plans))


def _of_concept_list(entry: Mapping[str, Any]) -> KnownIndicator:
    name, domain = entry["name"], entry["domain"]
    return KnownIndicator(
        CONCEPT_LIST,
        name["zh"],
        name["en"],
        entry["concept"],
        entry["unit"]["measure"],
        domain,
        NATIONAL_DOMAINS.get(domain, domain),
    )
