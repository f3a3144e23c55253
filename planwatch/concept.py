"""指标概念: what the plans measure, independent of the plan, and what keeps neighbouring concepts apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from planwatch.errors import PlanFault
from planwatch.language import Text
from planwatch.plan import Plan, fold
from planwatch.plan_terms import Unit
from planwatch.unit_conversion import conversion

MOST_HINTS = 5
"""How many concepts are offered in place of an unknown one."""


@dataclass(frozen=True, slots=True)
class UnitMeasure:
    """A UNIT_MEASURE code and its name, e.g. `BED`, 张床位, beds."""

    code: str
    name: Text


@dataclass(frozen=True, slots=True)
class RelatedConcept:
    """A neighbouring concept and what keeps the two apart.

    Attributes:
        concept: code of the neighbour.
        difference: in words that call the concept it stands at the former (前者) and the neighbour the latter (后者).
    """

    concept: str
    difference: Text


@dataclass(frozen=True, slots=True)
class PlanNote:
    """How one plan's definition of a concept differs.

    Attributes:
        source_line: the line that says so; where it is the line of a row, the note is about that row only.
    """

    plan_id: str
    source_line: int
    text: Text


@dataclass(frozen=True, slots=True)
class Concept:
    """What is measured, e.g. `nursing_beds_share_in_institutions`.

    Attributes:
        definition: what is counted, of what population.
        unit: the unit in which plans are compared; no plan prints it.
        domain: the domain that the plans put it in, `cross_domain` for none.
        related: neighbouring concepts; each pair stands at one of the two only.
        notes: where a plan's definition differs.
    """

    code: str
    name: Text
    definition: Text
    unit: Unit
    domain: str
    related: tuple[RelatedConcept, ...]
    notes: tuple[PlanNote, ...]


@dataclass(frozen=True)
class ConceptList:
    """The concepts of the catalogue in the order of their list.

    Attributes:
        version: of the list, three numbers joined by points.
        unit_measures: every UNIT_MEASURE code of the catalogue.
    """

    version: str
    unit_measures: tuple[UnitMeasure, ...]
    concepts: tuple[Concept, ...]

    def find(self, reference: str) -> Concept | None:
        """The concept with this code or name (either language); None if there is none."""
        return self._by_reference.get(fold(reference))

    def near(self, reference: str) -> tuple[Concept, ...]:
        """The concepts that an unknown code or name may have meant, the nearest first; none if nothing is near."""
        wanted, known = fold(reference), self._by_reference
        containing = sorted((name for name in known if wanted and wanted in name), key=len)
        close = get_close_matches(wanted, known, n=MOST_HINTS)
        meant = dict.fromkeys(known[name].code for name in (*containing, *close))
        return tuple(self._by_reference[code] for code in meant)[:MOST_HINTS]

    def differences(self) -> dict[str, dict[str, Text]]:
        """By concept, its neighbours and what keeps them apart."""
        return {
            concept.code: {other.code: difference for other, difference in self.neighbours(concept)}
            for concept in self.concepts
        }

    def neighbours(self, concept: Concept) -> tuple[tuple[Concept, Text], ...]:
        """The neighbouring concepts and the difference, of pairs that stand here and of those that stand there."""
        pairs = [(concept, self._by_reference[related.concept], related.difference) for related in concept.related]
        pairs += [
            (other, concept, related.difference)
            for other in self.concepts
            for related in other.related
            if related.concept == concept.code
        ]
        return tuple(
            (latter if former == concept else former, _worded(former, latter, difference))
            for former, latter, difference in pairs
        )

    def measure_name(self, code: str) -> Text:
        """The name of a UNIT_MEASURE; KeyError if the list has none."""
        return self._measures[code]

    def unit_name(self, unit: Unit) -> Text:
        """A unit in words: 万张床位, 10,000 beds."""
        name = self.measure_name(unit.measure)
        if unit.mult == 0:
            return name
        zh = {4: "万", 8: "亿"}.get(unit.mult, f"10^{unit.mult} ")
        return Text(f"{zh}{name.zh}", f"{10**unit.mult:,} {name.en}")

    @cached_property
    def _by_reference(self) -> dict[str, Concept]:
        index = {concept.code: concept for concept in self.concepts}
        for concept in self.concepts:
            index.setdefault(fold(concept.name.zh), concept)
            index.setdefault(fold(concept.name.en), concept)
        return index

    @cached_property
    def _measures(self) -> dict[str, Text]:
        return {measure.code: measure.name for measure in self.unit_measures}


def _worded(former: Concept, latter: Concept, difference: Text) -> Text:
    return Text(
        f"前者“{former.name.zh}”，后者“{latter.name.zh}”：{difference.zh}",
        f"The former is {former.name.en}, the latter {latter.name.en}. {difference.en}",
    )


@dataclass(frozen=True, slots=True)
class ConceptUse:
    """One place of a plan that uses a concept.

    Attributes:
        file: of the plan's folder.
        path: of the entry in that file, e.g. `indicators[4]`.
    """

    plan_id: str
    file: str
    path: str
    concept: str
    unit: Unit
    source_line: int


def concept_uses(plan: Plan) -> Iterator[ConceptUse]:
    """Every row of the main table and every text target of a plan, in printed order."""
    for at, row in enumerate(plan.indicators):
        yield ConceptUse(plan.plan_id, "plan.yaml", f"indicators[{at}]", row.concept, row.unit, row.source_line)
    for at, target in enumerate(plan.commitments.text_targets):
        yield ConceptUse(
            plan.plan_id,
            "text_targets.yaml",
            f"text_targets[{at}]",
            target.concept,
            target.quantity.unit,
            target.quotation.source_line,
        )


def users_of_concepts(plans: Sequence[Plan]) -> dict[str, tuple[str, ...]]:
    """The plans that use each concept, by its code; a concept that none uses is absent."""
    users: dict[str, tuple[str, ...]] = {}
    for plan in plans:
        for code in dict.fromkeys(use.concept for use in concept_uses(plan)):
            users[code] = (*users.get(code, ()), plan.plan_id)
    return users


def use_faults(concepts: ConceptList, plans: Sequence[Plan]) -> list[PlanFault]:
    """Where plans and concept list do not fit: an unlisted concept, a unit that cannot be converted, a stray note."""
    uses = [use for plan in plans for use in concept_uses(plan)]
    faults = [fault for use in uses for fault in _faults_of_use(concepts, use)]
    return faults + list(_stray_notes(concepts, {plan.plan_id for plan in plans}, uses))


def unused_concepts(concepts: ConceptList, plans: Sequence[Plan]) -> tuple[Concept, ...]:
    """The concepts that none of the plans uses."""
    used = users_of_concepts(plans)
    return tuple(concept for concept in concepts.concepts if concept.code not in used)


def _faults_of_use(concepts: ConceptList, use: ConceptUse) -> Iterator[PlanFault]:
    file = f"{use.plan_id}/{use.file}"
    concept = concepts.find(use.concept)
    if concept is None or concept.code != use.concept:
        reason = Text(f"“{use.concept}”不在概念表 concepts 之中", f"“{use.concept}” is not among the concepts")
        yield PlanFault(f"{use.path}.concept", reason, file)
        return
    converted = conversion(use.unit, concept.unit)
    if converted.reason is not None:
        yield PlanFault(f"{use.path}.unit", converted.reason, file)


def _stray_notes(concepts: ConceptList, plan_ids: set[str], uses: Sequence[ConceptUse]) -> Iterator[PlanFault]:
    """A note on a plan of the catalogue that does not use the concept."""
    used = {(use.plan_id, use.concept) for use in uses}
    for at, concept in enumerate(concepts.concepts):
        for position, note in enumerate(concept.notes):
            if note.plan_id in plan_ids and (note.plan_id, concept.code) not in used:
                reason = Text(f"规划 {note.plan_id} 没有用到本概念", f"plan {note.plan_id} does not use this concept")
                yield PlanFault(f"concepts[{at}].notes[{position}].plan", reason, "concepts.yaml")
