"""From the content of a `plan.yaml` to a `Plan`, with every fault listed at once."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from itertools import pairwise
from typing import Any

from planwatch.commitment_document import commitment_faults, read_commitments
from planwatch.derived_indicators import derive_indicators
from planwatch.document_reader import DocumentReader, read_text, repetition_faults, unknown_reference
from planwatch.errors import InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.plan import (
    Agency,
    AgencyRole,
    Baseline,
    Direction,
    Domain,
    Doubt,
    GoalKind,
    Indicator,
    Nature,
    Plan,
    PlanRevision,
    PrintedName,
    PrintedValue,
    Target,
    fold,
)
from planwatch.plan_terms import Comparator, Unit
from planwatch.series import Accumulation
from planwatch.trajectory import Trajectory


def plan_from_mapping(document: Mapping[str, Any]) -> Plan:
    """Build a plan from the content of a `plan.yaml` that its JSON Schema has accepted.

    Raises:
        InvalidPlan: with every fault that the schema cannot see (numbers, periods, references).
    """
    reader = DocumentReader()
    plan = _read_plan(document, reader)
    unread = {fault.path for fault in reader.faults}
    found = [*_reference_faults(plan), *commitment_faults(plan)]
    reader.faults += [fault for fault in found if fault.path not in unread]
    if reader.faults:
        raise InvalidPlan(plan.plan_id, reader.faults)
    return replace(plan, derived=derive_indicators(plan))


def _read_plan(document: Mapping[str, Any], reader: DocumentReader) -> Plan:
    source = document["document"]
    return Plan(
        plan_id=document["plan_id"],
        version=document["version"],
        title=read_text(document["title"]),
        ref_area=document["ref_area"],
        area_name=read_text(document["area_name"]),
        start=reader.period(document["period"]["start"], "period.start"),
        end=reader.period(document["period"]["end"], "period.end", instead="2199"),
        parent_plan=document["parent_plan"],
        document_file=source["file"],
        document_number=source["number"],
        issuer=source["issuer"],
        issued_on=source["issued_on"],
        coordinating_agency=document["coordinating_agency"],
        agencies=tuple(
            Agency(
                row["agency_id"],
                read_text(row["name"]),
                tuple(PrintedName(form["name"], form["source_line"]) for form in row["printed"]),
                AgencyRole(row["role"]),
                row["superior"],
            )
            for row in document["agencies"]
        ),
        domains=tuple(_read_domain(row) for row in document["domains"]),
        indicators=tuple(
            _read_indicator(row, f"indicators[{position}]", reader)
            for position, row in enumerate(document["indicators"])
        ),
        commitments=read_commitments(document, reader),
        revision=_read_revision(document.get("revision"), reader),
    )


def _read_revision(row: Mapping[str, Any] | None, reader: DocumentReader) -> PlanRevision | None:
    if row is None:
        return None
    effective_on = reader.day(row["effective_on"], "revision.effective_on")
    return PlanRevision(effective_on, read_text(row["reason"]), read_text(row["document"]))


def _read_domain(row: Mapping[str, Any]) -> Domain:
    doubt = row["needs_confirmation"]
    return Domain(
        row["domain"], row["name"], row["agency"], row["basis"], row["source_line"], read_text(doubt) if doubt else None
    )


def _read_indicator(row: Mapping[str, Any], path: str, reader: DocumentReader) -> Indicator:
    note = row["note"]
    lower, upper = row["bounds"]
    return Indicator(
        indicator_id=row["indicator_id"],
        no=row["no"],
        name=Text(row["name"], row["name_en"]),
        marks=tuple(row["marks"]),
        concept=row["concept"],
        domain=row["domain"],
        unit=Unit(row["unit"]["printed"], row["unit"]["measure"], row["unit"]["mult"]),
        nature=Nature(row["nature"]),
        goal_kind=GoalKind(row["goal_kind"]),
        direction=Direction(row["direction"]),
        accumulation=Accumulation(row["accumulation"]) if row["accumulation"] else None,
        bounds=(reader.decimal(lower, f"{path}.bounds[0]"), reader.decimal(upper, f"{path}.bounds[1]")),
        values={
            column: _read_printed(cell, f"{path}.values.{column}", reader) for column, cell in row["values"].items()
        },
        baseline=_read_baseline(row["baseline"], f"{path}.baseline", reader),
        target=Target(
            reader.required_decimal(row["target"]["value"], f"{path}.target.value"),
            Comparator(row["target"]["comparator"]),
            reader.period(row["target"]["period"], f"{path}.target.period"),
        ),
        milestones=tuple(
            (
                reader.period(step["period"], f"{path}.milestones"),
                reader.required_decimal(step["value"], f"{path}.milestones"),
            )
            for step in row.get("milestones", ())
        ),
        owner=row["owner"],
        note=read_text(note) if note else None,
        needs_confirmation=tuple(Doubt(doubt["field"], read_text(doubt)) for doubt in row["needs_confirmation"]),
        source_line=row["source_line"],
        trajectory=Trajectory(row.get("trajectory", Trajectory.LINEAR)),
        follows_last_year=row.get("seasonal_profile") == "last_year",
    )


def _read_printed(cell: Mapping[str, Any], path: str, reader: DocumentReader) -> PrintedValue:
    return PrintedValue(
        cell["printed"],
        reader.decimal(cell["value"], f"{path}.value"),
        Comparator(cell["comparator"]) if cell["comparator"] else None,
        reader.period(cell["period"], f"{path}.period"),
    )


def _read_baseline(row: Mapping[str, Any] | None, path: str, reader: DocumentReader) -> Baseline | None:
    if row is None:
        return None
    return Baseline(
        reader.required_decimal(row["value"], f"{path}.value"),
        Comparator(row["comparator"]) if row["comparator"] else None,
        reader.period(row["period"], f"{path}.period"),
        row["comparable"],
    )


def _reference_faults(plan: Plan) -> list[PlanFault]:
    agencies = {agency.agency_id for agency in plan.agencies}
    faults = []
    if plan.coordinating_agency not in agencies:
        faults.append(unknown_reference("coordinating_agency", plan.coordinating_agency, "agencies"))
    if plan.end < plan.start:
        zh, en = f"规划期末 {plan.end} 早于期初 {plan.start}", f"the end {plan.end} lies before the start {plan.start}"
        faults.append(PlanFault("period.end", Text(zh, en)))
    for position, agency in enumerate(plan.agencies):
        if agency.superior is not None and agency.superior not in agencies:
            faults.append(unknown_reference(f"agencies[{position}].superior", agency.superior, "agencies"))
    for position, domain in enumerate(plan.domains):
        if domain.agency not in agencies:
            faults.append(unknown_reference(f"domains[{position}].agency", domain.agency, "agencies"))
    for position, indicator in enumerate(plan.indicators):
        faults += _indicator_faults(plan, indicator, f"indicators[{position}]", agencies)
    faults += repetition_faults((f"agencies[{at}].agency_id", row.agency_id) for at, row in enumerate(plan.agencies))
    faults += repetition_faults((f"domains[{at}].domain", row.code) for at, row in enumerate(plan.domains))
    return faults + _repetition_faults(plan)


def _indicator_faults(plan: Plan, indicator: Indicator, path: str, agencies: Set[str]) -> list[PlanFault]:
    faults = []
    if indicator.owner not in agencies:
        faults.append(unknown_reference(f"{path}.owner", indicator.owner, "agencies"))
    if indicator.domain not in {domain.code for domain in plan.domains}:
        faults.append(unknown_reference(f"{path}.domain", indicator.domain, "domains"))
    target = indicator.target.period
    if target.end > plan.last_day:
        zh, en = f"目标年份 {target} 晚于规划期末 {plan.end}", f"target {target} lies after the plan's end {plan.end}"
        faults.append(PlanFault(f"{path}.target.period", Text(zh, en)))
    ends = [period.end for period, _ in indicator.milestones] + [target.end]
    if any(earlier >= later for earlier, later in pairwise(ends)):
        zh, en = "年度目标须按时间递增，且早于目标年份", "milestones must rise in time and come before the target"
        faults.append(PlanFault(f"{path}.milestones", Text(zh, en)))
    return faults + _path_faults(indicator, path)


def _path_faults(indicator: Indicator, path: str) -> list[PlanFault]:
    faults = []
    start = None if indicator.is_total or indicator.baseline is None else indicator.baseline.value
    if indicator.trajectory is Trajectory.GEOMETRIC and (start is None or start * indicator.target.value <= 0):
        zh = "几何增长路径要求印有基期数，且基期数与目标同号、均不为零；累计指标从零起算，不适用"
        en = "a geometric path needs a printed baseline of the target's sign, neither of them 0; totals start from 0"
        faults.append(PlanFault(f"{path}.trajectory", Text(zh, en)))
    if indicator.follows_last_year and not indicator.is_total:
        zh, en = "季节分布只用于累计或年均指标", "a seasonal profile is for totals and yearly means only"
        faults.append(PlanFault(f"{path}.seasonal_profile", Text(zh, en)))
    return faults


def _repetition_faults(plan: Plan) -> list[PlanFault]:
    """Reports name an indicator by id, number or name: each must name one only."""
    faults, seen = [], set()
    for position, indicator in enumerate(plan.indicators):
        names = {"indicator_id": indicator.indicator_id, "no": str(indicator.no), "name": fold(indicator.name.zh)}
        for field, value in names.items():
            if (field, value) in seen:
                reason = Text(f"“{value}”已用于另一行", f"“{value}” is used by another row")
                faults.append(PlanFault(f"indicators[{position}].{field}", reason))
            seen.add((field, value))
    return faults
