"""From the sections of a plan document beside its main table to `Commitments`, with every fault listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from planwatch.commitment import (
    Box,
    Commitments,
    Contradiction,
    Deliverable,
    DutyKind,
    Investment,
    MonitoringDuty,
    Project,
    Quantity,
    Quotation,
    ServiceDomain,
    ServiceItem,
    ServiceStandard,
    TargetMeasure,
    Task,
    TextTarget,
)
from planwatch.document_reader import (
    DocumentReader,
    optional_text,
    read_text,
    repetition_faults,
    unknown_reference,
)
from planwatch.errors import PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_terms import UPPER_LIMITS, Comparator, Unit

Row = Mapping[str, Any]
Entry = TypeVar("Entry")

IDENTIFIERS = {
    "text_targets": "target_id",
    "tasks": "task_id",
    "projects": "project_id",
    "service_items": "item_id",
    "monitoring_duties": "duty_id",
    "contradictions": "contradiction_id",
}
"""The sections whose entries carry an identifier, and its field."""


def read_commitments(document: Row, reader: DocumentReader) -> Commitments:
    """The commitments of a document that its JSON Schema has accepted; a section that is not there is empty."""
    return Commitments(
        text_targets=_section(document, "text_targets", _read_text_target, reader),
        tasks=_section(document, "tasks", _read_task, reader),
        projects=_section(document, "projects", _read_project, reader),
        service_domains=tuple(_read_service_domain(row) for row in document.get("service_domains", ())),
        service_items=_section(document, "service_items", _read_service_item, reader),
        monitoring_duties=_section(document, "monitoring_duties", _read_duty, reader),
        contradictions=tuple(_read_contradiction(row) for row in document.get("contradictions", ())),
        counting={section: read_text(reason) for section, reason in document.get("counting", {}).items()},
    )


def _section(
    document: Row, name: str, read: Callable[[Row, str, DocumentReader], Entry], reader: DocumentReader
) -> tuple[Entry, ...]:
    return tuple(read(row, f"{name}[{at}]", reader) for at, row in enumerate(document.get(name, ())))


def commitment_faults(plan: Plan) -> list[PlanFault]:
    """References to agencies, domains and indicators that the plan does not have, and repeated identifiers."""
    known = {
        "agencies": {agency.agency_id for agency in plan.agencies},
        "domains": {domain.code for domain in plan.domains},
        "indicators": {indicator.indicator_id for indicator in plan.indicators},
    }
    known["subjects"] = known["indicators"] | {
        getattr(entry, field) for section, field in IDENTIFIERS.items() for entry in getattr(plan.commitments, section)
    }
    faults = [
        unknown_reference(path, value, listing)
        for path, value, listing in _references(plan.commitments)
        if value is not None and value not in known[listing]
    ]
    return faults + _repetitions(plan.commitments) + _standard_faults(plan.commitments)


def _references(commitments: Commitments) -> Iterator[tuple[str, str | None, str]]:
    """Every reference as (path, value, what it refers to)."""
    for at, target in enumerate(commitments.text_targets):
        yield f"text_targets[{at}].domain", target.domain, "domains"
        yield f"text_targets[{at}].indicator", target.indicator_id, "indicators"
    for at, task in enumerate(commitments.tasks):
        yield f"tasks[{at}].domain", task.domain, "domains"
        yield f"tasks[{at}].lead", task.lead, "agencies"
        yield from _agency_list(f"tasks[{at}].participants", task.participants)
    for at, project in enumerate(commitments.projects):
        yield f"projects[{at}].domain", project.domain, "domains"
        yield f"projects[{at}].lead", project.lead, "agencies"
    for at, listed in enumerate(commitments.service_domains):
        yield f"service_domains[{at}].domain", listed.domain, "domains"
    for at, item in enumerate(commitments.service_items):
        yield f"service_items[{at}].domain", item.domain, "domains"
    for at, duty in enumerate(commitments.monitoring_duties):
        yield f"monitoring_duties[{at}].agency", duty.agency, "agencies"
        yield from _agency_list(f"monitoring_duties[{at}].participants", duty.participants)
    for at, contradiction in enumerate(commitments.contradictions):
        for position, subject in enumerate(contradiction.subjects):
            yield f"contradictions[{at}].subjects[{position}]", subject, "subjects"


def _agency_list(path: str, agencies: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for at, agency in enumerate(agencies):
        yield f"{path}[{at}]", agency, "agencies"


def _repetitions(commitments: Commitments) -> list[PlanFault]:
    """Reports name a commitment by its identifier: each must name one only."""
    identifiers = [
        (f"{section}[{at}].{field}", str(getattr(entry, field)))
        for section, field in IDENTIFIERS.items()
        for at, entry in enumerate(getattr(commitments, section))
    ]
    identifiers += [
        (f"projects[{at}].quantities[{position}].quantity_id", each.quantity_id)
        for at, project in enumerate(commitments.projects)
        for position, each in enumerate(project.deliverables)
    ]
    identifiers += [(f"service_domains[{at}].domain", row.domain) for at, row in enumerate(commitments.service_domains)]
    return repetition_faults(identifiers)


def _standard_faults(commitments: Commitments) -> list[PlanFault]:
    """Standards of one service that cannot be held against each other."""
    faults = []
    for at, item in enumerate(commitments.service_items):
        own, parent = item.standard, item.parent_standard
        if own is None or parent is None:
            continue
        if own.unit.measure != parent.unit.measure:
            zh = f"单位 {own.unit.measure} 与上位标准的 {parent.unit.measure} 不同，无法比较"
            en = f"unit {own.unit.measure} cannot be compared with {parent.unit.measure} of the parent standard"
            faults.append(PlanFault(f"service_items[{at}].standard.unit", Text(zh, en)))
        if (own.comparator in UPPER_LIMITS) != (parent.comparator in UPPER_LIMITS):
            zh, en = "与上位标准一为上限、一为下限", "one of the two standards is an upper limit, the other a lower one"
            faults.append(PlanFault(f"service_items[{at}].standard.comparator", Text(zh, en)))
    return faults


def _read_quantity(row: Row, path: str, reader: DocumentReader) -> Quantity:
    unit = row["unit"]
    return Quantity(
        row["printed"],
        reader.required_decimal(row["value"], f"{path}.value"),
        Comparator(row["comparator"]),
        Unit(unit["printed"], unit["measure"], unit["mult"]),
    )


def _read_text_target(row: Row, path: str, reader: DocumentReader) -> TextTarget:
    return TextTarget(
        target_id=row["target_id"],
        metric=read_text(row["metric"]),
        quotation=Quotation(row["quote"], row["source_line"]),
        quantity=_read_quantity(row, path, reader),
        measure=TargetMeasure(row["measure"]),
        year=reader.optional_period(row["year"], f"{path}.year"),
        scope=optional_text(row["scope"]),
        domain=row["domain"],
        concept=row["concept"],
        indicator_id=row["indicator"],
        contradiction=optional_text(row["contradiction"]),
        doubt=optional_text(row["needs_confirmation"]),
    )


def _read_task(row: Row, path: str, reader: DocumentReader) -> Task:
    return Task(
        task_id=row["task_id"],
        no=row["no"],
        section=row["section"],
        title=row["title"],
        quotation=Quotation(row["text"], row["source_line"]),
        domain=row["domain"],
        lead=row["lead"],
        participants=tuple(row["participants"]),
        responsibility=row["responsibility"],
        deadline=reader.optional_period(row["deadline"], f"{path}.deadline"),
    )


def _read_project(row: Row, path: str, reader: DocumentReader) -> Project:
    box, investment = row["box"], row["investment"]
    return Project(
        project_id=row["project_id"],
        box=Box(box["no"], box["title"], box["source_line"]),
        name=row["name"],
        quotation=Quotation(row["text"], row["source_line"]),
        domain=row["domain"],
        lead=row["lead"],
        deadline=reader.optional_period(row["deadline"], f"{path}.deadline"),
        deliverables=tuple(
            _read_deliverable(entry, f"{path}.quantities[{at}]", reader) for at, entry in enumerate(row["quantities"])
        ),
        sub_projects=tuple(row["sub_projects"]),
        investment=Investment(
            investment["quote"], _read_quantity({"comparator": "ge", **investment}, f"{path}.investment", reader)
        )
        if investment
        else None,
        doubt=optional_text(row["needs_confirmation"]),
    )


def _read_deliverable(row: Row, path: str, reader: DocumentReader) -> Deliverable:
    return Deliverable(
        row["quantity_id"],
        read_text(row["what"]),
        row["quote"],
        _read_quantity(row, path, reader),
        optional_text(row["needs_confirmation"]),
    )


def _read_service_domain(row: Row) -> ServiceDomain:
    return ServiceDomain(row["domain"], row["name"], Quotation(row["aim"], row["source_line"]), row["printed_count"])


def _read_service_item(row: Row, path: str, reader: DocumentReader) -> ServiceItem:
    return ServiceItem(
        item_id=row["item_id"],
        no=row["no"],
        domain=row["domain"],
        name=Text(row["name"], row["name_en"]),
        recipients=optional_text(row["recipients"]),
        standard=_read_standard(row["standard"], f"{path}.standard", reader),
        parent_standard=_read_standard(row.get("parent_standard"), f"{path}.parent_standard", reader),
        source_line=row["source_line"],
    )


def _read_standard(row: Row | None, path: str, reader: DocumentReader) -> ServiceStandard | None:
    if row is None:
        return None
    unit = row["unit"]
    return ServiceStandard(
        reader.required_decimal(row["value"], f"{path}.value"),
        Comparator(row["comparator"]),
        Unit(unit["printed"], unit["measure"], unit["mult"]),
        read_text(row["source"]),
    )


def _read_duty(row: Row, path: str, reader: DocumentReader) -> MonitoringDuty:
    revision = row["target_revision"]
    return MonitoringDuty(
        duty_id=row["duty_id"],
        kind=DutyKind(row["kind"]),
        quotation=Quotation(row["quote"], row["source_line"]),
        agency=row["agency"],
        participants=tuple(row["participants"]),
        due=reader.optional_period(row["due"], f"{path}.due"),
        frequency=row["frequency"],
        may_revise_targets=None if revision is None else revision == "allowed",
    )


def _read_contradiction(row: Row) -> Contradiction:
    return Contradiction(
        row["contradiction_id"],
        tuple(row["subjects"]),
        tuple(Quotation(statement["quote"], statement["source_line"]) for statement in row["statements"]),
        Text(row["zh"], row["en"]),
    )
