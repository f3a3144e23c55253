"""Concept lists and plans that use concepts, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from planwatch.commitment import Commitments, Quantity, Quotation, TargetMeasure, TextTarget
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import Indicator, Plan
from planwatch.plan_terms import Comparator, Unit
from tests.builders import make_indicator, make_plan

PERSON_TIMES = Unit("次", "PER_10000", 0)


def make_concept_document(*concepts: dict[str, Any]) -> dict[str, Any]:
    """The content of a concept list with three unit measures."""
    names = {"PT": ("%", "per cent"), "BED": ("张床位", "beds"), "PER_10000": ("每万人", "per 10,000")}
    return {
        "version": "1.0.0",
        "unit_measures": [{"measure": code, "zh": zh, "en": en} for code, (zh, en) in names.items()],
        "concepts": list(concepts),
    }


def make_concept_row(
    code: str,
    *,
    name: str | None = None,
    measure: str = "PT",
    mult: int = 0,
    related: Sequence[dict[str, Any]] = (),
    notes: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """One entry of a concept list."""
    return {
        "concept": code,
        "name": {"zh": name or f"{code}的名称", "en": f"Name of {code}"},
        "definition": {"zh": f"{code}的定义", "en": f"Definition of {code}"},
        "unit": {"measure": measure, "mult": mult},
        "domain": "learning",
        "related": list(related),
        "notes": list(notes),
    }


def make_related(concept: str) -> dict[str, Any]:
    """A neighbouring concept."""
    return {"concept": concept, "difference": {"zh": "口径不同", "en": "they differ"}}


def make_note(plan_id: str, source_line: int) -> dict[str, Any]:
    """A note on the definition of one plan."""
    return {"plan": plan_id, "source_line": source_line, "zh": "范围较窄", "en": "it is narrower"}


def make_row(concept: str, *, unit: Unit, baseline: str | None, target: str, source_line: int = 1) -> Indicator:
    """A row of a main table that uses a concept."""
    return replace(
        make_indicator(baseline=baseline, target=target, unit=unit), concept=concept, source_line=source_line
    )


def make_text_target(concept: str, *, unit: Unit, value: str, source_line: int, year: str | None = None) -> TextTarget:
    """A text target that uses a concept."""
    return TextTarget(
        target_id="test-t01",
        metric=Text("正文指标", "Metric of the text"),
        quotation=Quotation("达到", source_line),
        quantity=Quantity(value, Decimal(value), Comparator.AT_LEAST, unit),
        measure=TargetMeasure.LEVEL,
        year=parse_period(year) if year else None,
        scope=None,
        domain="learning",
        concept=concept,
        indicator_id=None,
        contradiction=None,
        doubt=None,
    )


def make_plan_using(plan_id: str, *rows: Indicator, text_targets: Sequence[TextTarget] = ()) -> Plan:
    """A plan with these rows and text targets."""
    return replace(make_plan(*rows, commitments=Commitments(text_targets=tuple(text_targets))), plan_id=plan_id)
