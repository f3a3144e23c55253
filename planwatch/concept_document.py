"""From the content of `concepts.yaml` to a `ConceptList`, with every fault listed at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from planwatch.concept import Concept, ConceptList, PlanNote, RelatedConcept, UnitMeasure
from planwatch.document_reader import read_text, unknown_reference
from planwatch.errors import InvalidConceptList, PlanFault
from planwatch.language import Text
from planwatch.plan import fold
from planwatch.plan_terms import Unit

Row = Mapping[str, Any]

CONCEPTS_FILE = "concepts.yaml"


def concept_list_from_mapping(document: Row) -> ConceptList:
    """Build the list from the content of a `concepts.yaml` that its JSON Schema has accepted.

    Raises:
        InvalidConceptList: with every fault that the schema cannot see (repetitions, references).
    """
    faults = [*_repetitions(document), *_unknown_measures(document), *_related_faults(document)]
    if faults:
        raise InvalidConceptList(faults)
    return ConceptList(
        version=document["version"],
        unit_measures=tuple(UnitMeasure(row["measure"], read_text(row)) for row in document["unit_measures"]),
        concepts=tuple(_read_concept(row) for row in document["concepts"]),
    )


def _read_concept(row: Row) -> Concept:
    return Concept(
        code=row["concept"],
        name=read_text(row["name"]),
        definition=read_text(row["definition"]),
        unit=Unit(None, row["unit"]["measure"], row["unit"]["mult"]),
        domain=row["domain"],
        related=tuple(
            RelatedConcept(entry["concept"], read_text(entry["difference"])) for entry in row.get("related", ())
        ),
        notes=tuple(PlanNote(note["plan"], note["source_line"], read_text(note)) for note in row.get("notes", ())),
    )


def _repetitions(document: Row) -> Iterator[PlanFault]:
    """Commands name a concept by code or name: each must name one only."""
    concepts = document["concepts"]
    yield from _repeated(document["unit_measures"], "unit_measures", "measure", lambda row: row["measure"])
    yield from _repeated(concepts, "concepts", "concept", lambda row: row["concept"])
    yield from _repeated(concepts, "concepts", "name.zh", lambda row: fold(row["name"]["zh"]))
    yield from _repeated(concepts, "concepts", "name.en", lambda row: fold(row["name"]["en"]))


def _repeated(rows: list[Row], section: str, field: str, value_of: Callable[[Row], str]) -> Iterator[PlanFault]:
    values = [value_of(row) for row in rows]
    counted = Counter(values)
    for at, value in enumerate(values):
        if counted[value] > 1 and values.index(value) != at:
            reason = Text(f"“{value}”已用于另一项", f"“{value}” is used by another entry")
            yield _fault(f"{section}[{at}].{field}", reason)


def _unknown_measures(document: Row) -> Iterator[PlanFault]:
    known = {row["measure"] for row in document["unit_measures"]}
    for at, row in enumerate(document["concepts"]):
        measure = row["unit"]["measure"]
        if measure not in known:
            yield _fault_of_reference(f"concepts[{at}].unit.measure", measure, "unit_measures")


def _related_faults(document: Row) -> Iterator[PlanFault]:
    """A pair of concepts that names itself, an unlisted concept, or stands twice."""
    codes = {row["concept"] for row in document["concepts"]}
    seen: set[frozenset[str]] = set()
    for at, row in enumerate(document["concepts"]):
        for position, entry in enumerate(row.get("related", ())):
            path = f"concepts[{at}].related[{position}].concept"
            neighbour, pair = entry["concept"], frozenset({row["concept"], entry["concept"]})
            if neighbour not in codes:
                yield _fault_of_reference(path, neighbour, "concepts")
            elif neighbour == row["concept"]:
                yield _fault(path, Text("不能与自身相关", "a concept cannot be related to itself"))
            elif pair in seen:
                names = f"“{row['concept']}”, “{neighbour}”"
                yield _fault(path, Text(f"这一对概念已列出：{names}", f"this pair stands already: {names}"))
            seen.add(pair)


def _fault(path: str, reason: Text) -> PlanFault:
    return PlanFault(path, reason, CONCEPTS_FILE)


def _fault_of_reference(path: str, value: str, listing: str) -> PlanFault:
    return _fault(path, unknown_reference(path, value, listing).reason)
