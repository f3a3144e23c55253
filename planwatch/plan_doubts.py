"""Readings of a plan that somebody has to confirm, wherever the catalogue notes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planwatch.language import Text
from planwatch.plan import Plan


@dataclass(frozen=True, slots=True)
class OpenReading:
    """A doubt with its place.

    Attributes:
        section: as the catalogue's files name it, e.g. `text_targets`.
        subject: identifier of the row, commitment or domain.
        no: number in the main table, None elsewhere.
        name: Chinese as printed; in English the identifier where the catalogue has no English name.
        field: the field in doubt, None where the doubt is of the whole entry.
    """

    section: str
    subject: str
    no: int | None
    name: Text
    field: str | None
    source_line: int | None
    reason: Text


def open_readings(plan: Plan) -> Iterator[OpenReading]:
    """Every doubt of a plan, in the order of its sections."""
    for domain in plan.domains:
        if domain.doubt is not None:
            yield OpenReading(
                "domains", domain.code, None, Text(domain.name, domain.code), "agency", domain.source_line, domain.doubt
            )
    for row in plan.indicators:
        for doubt in row.needs_confirmation:
            yield OpenReading(
                "indicators", row.indicator_id, row.no, row.name, doubt.field, row.source_line, doubt.reason
            )
    for target in plan.commitments.text_targets:
        if target.doubt is not None:
            line = target.quotation.source_line
            yield OpenReading("text_targets", target.target_id, None, target.metric, None, line, target.doubt)
    for project in plan.commitments.projects:
        line = project.quotation.source_line
        if project.doubt is not None:
            yield OpenReading(
                "projects", project.project_id, None, Text(project.name, project.project_id), None, line, project.doubt
            )
        for each in project.deliverables:
            if each.doubt is not None:
                yield OpenReading("projects", each.quantity_id, None, each.what, "quantities", line, each.doubt)
