"""One concept side by side in the plans: baselines and targets in one unit, and what keeps definitions apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planwatch.commitment import TargetMeasure, TextTarget
from planwatch.concept import Concept, ConceptList
from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan import GoalKind, Indicator, Nature, Plan, Section
from planwatch.plan_terms import Comparator, Unit
from planwatch.unit_conversion import conversion


class Comparability(StrEnum):
    """Whether a row may be held against the others."""

    SAME = "same"
    DEFINITION_DIFFERS = "definition_differs"
    OTHER_CONCEPT = "other_concept"


@dataclass(frozen=True, slots=True)
class ComparedBaseline:
    """A baseline in the unit of the comparison.

    Attributes:
        comparator: the printed inequality, None where there is none.
        comparable: False where it is not of the same kind as the target of its row.
    """

    value: Decimal | None
    comparator: Comparator | None
    period: TimePeriod
    comparable: bool


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row of a main table or one text target.

    Attributes:
        subject: indicator id or text target id.
        section: the main table or the running text.
        no: its number there.
        concept: of the row; another than the one compared where the row is only a neighbour.
        unit: of baseline and target.
        baseline: None where the plan prints none.
        target: None where the unit cannot be converted.
        period: of the target, None where the text names no year.
        nature: None for a text target, for which plans print none.
        kind: what it means to keep the promise.
        scope: whom or where it counts, None for the whole area.
        reasons: why the row is not like the others; empty for `SAME`.
    """

    plan_id: str
    area_name: Text
    subject: str
    section: Section
    no: int
    name: Text
    concept: str
    unit: Unit
    baseline: ComparedBaseline | None
    target: Decimal | None
    comparator: Comparator
    period: TimePeriod | None
    nature: Nature | None
    kind: GoalKind | TargetMeasure
    scope: Text | None
    source_line: int
    comparability: Comparability
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A concept in all plans, and after it its neighbours.

    Attributes:
        rows: of the concept, all in its unit; plan by plan, main table before text.
        neighbours: rows of related concepts, each in the unit of its own concept; none is comparable with `rows`.
    """

    concept: Concept
    rows: tuple[ComparedRow, ...]
    neighbours: tuple[ComparedRow, ...]


def compare(concepts: ConceptList, concept: Concept, plans: Sequence[Plan]) -> Comparison:
    """Set a concept of the list side by side in `plans`, in the order given."""
    neighbours = [
        row
        for related, difference in concepts.neighbours(concept)
        for row in _rows(related, plans, Comparability.OTHER_CONCEPT, (difference,))
    ]
    return Comparison(concept, tuple(_rows(concept, plans, Comparability.SAME, ())), tuple(neighbours))


def _rows(
    concept: Concept, plans: Sequence[Plan], comparability: Comparability, reasons: tuple[Text, ...]
) -> Iterator[ComparedRow]:
    for plan in plans:
        found = [(no, row) for no, row in enumerate(plan.commitments.text_targets, 1) if row.concept == concept.code]
        rows = [row for row in plan.indicators if row.concept == concept.code]
        lines = {row.source_line for row in rows} | {target.quotation.source_line for _, target in found}
        for row in rows:
            noted = (*reasons, *_notes(concept, plan, row.source_line, lines))
            yield _of_main_table(concept, plan, row, _lowered(comparability, noted), noted)
        for no, target in found:
            noted = (*reasons, *_notes(concept, plan, target.quotation.source_line, lines))
            yield _of_text_target(concept, plan, no, target, _lowered(comparability, noted), noted)


def _notes(concept: Concept, plan: Plan, line: int, lines: set[int]) -> tuple[Text, ...]:
    """The notes on a row: those of its own line, and those whose line is that of no row of the plan."""
    return tuple(
        note.text
        for note in concept.notes
        if note.plan_id == plan.plan_id and (note.source_line == line or note.source_line not in lines)
    )


def _lowered(comparability: Comparability, reasons: tuple[Text, ...]) -> Comparability:
    return Comparability.DEFINITION_DIFFERS if comparability is Comparability.SAME and reasons else comparability


def _of_main_table(
    concept: Concept, plan: Plan, row: Indicator, comparability: Comparability, reasons: tuple[Text, ...]
) -> ComparedRow:
    baseline = row.baseline
    return ComparedRow(
        plan_id=plan.plan_id,
        area_name=plan.area_name,
        subject=row.indicator_id,
        section=Section.MAIN_TABLE,
        no=row.no,
        name=row.name,
        concept=concept.code,
        unit=concept.unit,
        baseline=None
        if baseline is None
        else ComparedBaseline(
            _converted(baseline.value, row.unit, concept.unit),
            baseline.comparator,
            baseline.period,
            baseline.comparable,
        ),
        target=_converted(row.target.value, row.unit, concept.unit),
        comparator=row.target.comparator,
        period=row.target.period,
        nature=row.nature,
        kind=row.goal_kind,
        scope=None,
        source_line=row.source_line,
        comparability=comparability,
        reasons=reasons,
    )


def _of_text_target(
    concept: Concept, plan: Plan, no: int, target: TextTarget, comparability: Comparability, reasons: tuple[Text, ...]
) -> ComparedRow:
    return ComparedRow(
        plan_id=plan.plan_id,
        area_name=plan.area_name,
        subject=target.target_id,
        section=Section.TEXT_TARGET,
        no=no,
        name=target.metric,
        concept=concept.code,
        unit=concept.unit,
        baseline=None,
        target=_converted(target.quantity.value, target.quantity.unit, concept.unit),
        comparator=target.quantity.comparator,
        period=target.year,
        nature=None,
        kind=target.measure,
        scope=target.scope,
        source_line=target.quotation.source_line,
        comparability=comparability,
        reasons=reasons,
    )


def _converted(value: Decimal, source: Unit, wanted: Unit) -> Decimal | None:
    """The value in the wanted unit; with its printed decimals where it is in that unit already."""
    if (source.measure, source.mult) == (wanted.measure, wanted.mult):
        return value
    return conversion(source, wanted).apply(value)
