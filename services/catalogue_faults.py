"""Everything that is wrong with a plan document, told at once: its form by the schema, its content by the domain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jsonschema import Draft202012Validator

from planwatch.commitment_document import IDENTIFIERS
from planwatch.errors import InvalidPlan, PlanFault
from planwatch.plan import Plan
from planwatch.plan_document import plan_from_mapping
from services.schema_faults import SchemaFault, printed_path, schema_faults

Document = Mapping[str, Any]

_IDENTIFIERS: Mapping[str, str] = {
    "agencies": "agency_id",
    "domains": "domain",
    "indicators": "indicator_id",
    **IDENTIFIERS,
    "service_domains": "domain",
}
"""The lists of a document, each with the field by which its entries are referred to."""

_NOT_KNOWN = "not-known"
_STAND_INS: Document = {
    "plan_id": _NOT_KNOWN,
    "version": 1,
    "title": {"zh": _NOT_KNOWN, "en": _NOT_KNOWN},
    "ref_area": _NOT_KNOWN,
    "area_name": {"zh": _NOT_KNOWN, "en": _NOT_KNOWN},
    "period": {"start": "2000", "end": "2199"},
    "parent_plan": None,
    "counting": {},
    "document": {"file": _NOT_KNOWN, "number": None, "issuer": None, "issued_on": None},
    "coordinating_agency": _NOT_KNOWN,
}
"""What stands in for a part that the schema refuses, so that the rest can be read; nothing is concluded from it."""


def check_document(
    validator: Draft202012Validator, document: Document, unread: Collection[str]
) -> tuple[Plan | None, list[PlanFault]]:
    """The plan that a document describes, and everything that is wrong with it.

    The content of whatever the schema accepts is checked although it refuses other parts; complaints that follow from
    a refused part are left out.

    Args:
        unread: names whose file could not be read; `plan_id` stands for all of `plan.yaml` but the sections.
    Returns:
        The plan, None where there are faults.
    """
    objections = [
        objection for objection in schema_faults(validator, document) if objection.path or "plan_id" not in unread
    ]
    faults = [PlanFault(printed_path(objection.path), objection.reason) for objection in objections]
    if not objections and not unread:
        try:
            return plan_from_mapping(document), []
        except InvalidPlan as error:
            return None, list(error.faults)
    return None, faults + _content_faults(_readable(document, objections, unread))


@dataclass(frozen=True, slots=True)
class _Readable:
    """What is left of a document without the parts that the schema refuses.

    Attributes:
        kept: by list, the positions that its entries have in the files.
        left_out: identifiers of entries that are not there any more.
        incomplete: lists of which it is not known what they hold.
    """

    document: Document
    kept: Mapping[str, Sequence[int]]
    left_out: Collection[str]
    incomplete: Collection[str]


def _readable(document: Document, objections: Sequence[SchemaFault], unread: Collection[str]) -> _Readable:
    refused = {objection.path[0] for objection in objections if objection.path}
    whole = {objection.path[0] for objection in objections if len(objection.path) == 1}
    places = {(objection.path[0], objection.path[1]) for objection in objections if len(objection.path) > 1}
    content: dict[str, Any] = {
        name: stand_in if name in refused or name not in document else document[name]
        for name, stand_in in _STAND_INS.items()
    }
    kept: dict[str, list[int]] = {}
    left_out, incomplete = {_NOT_KNOWN}, set(unread) & set(_IDENTIFIERS)
    if "plan_id" in unread:
        incomplete |= {"agencies", "domains", "indicators"}
    for name, field in _IDENTIFIERS.items():
        entries = document.get(name, ())
        if name in whole or not isinstance(entries, list | tuple):
            entries = ()
            incomplete.add(name)
        elif name not in document and name in {"agencies", "domains", "indicators"}:
            incomplete.add(name)
        kept[name] = [at for at in range(len(entries)) if (name, at) not in places]
        content[name] = [entries[at] for at in kept[name]]
        for at in set(range(len(entries))) - set(kept[name]):
            entry = entries[at]
            if isinstance(entry, dict) and isinstance(entry.get(field), str):
                left_out.add(entry[field])
            else:
                incomplete.add(name)
    if incomplete & {"indicators", *IDENTIFIERS}:
        incomplete.add("subjects")
    return _Readable(content, kept, left_out, incomplete)


def _content_faults(readable: _Readable) -> list[PlanFault]:
    """What the content check says of the rest, but for complaints that name something left out."""
    try:
        plan_from_mapping(readable.document)
    except InvalidPlan as error:
        return [
            _at_home(fault, readable.kept)
            for fault in error.faults
            if fault.refers_to is None
            or (fault.refers_to[0] not in readable.incomplete and fault.refers_to[1] not in readable.left_out)
        ]
    return []


def _at_home(fault: PlanFault, kept: Mapping[str, Sequence[int]]) -> PlanFault:
    """The fault with the position that its entry has in the file."""
    name, bracket, rest = fault.path.partition("[")
    if not bracket or name not in kept:
        return fault
    at, _, tail = rest.partition("]")
    return replace(fault, path=f"{name}[{kept[name][int(at)]}]{tail}")
