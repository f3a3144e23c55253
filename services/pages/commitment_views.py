"""What the page of a plan's commitments shows: every promise beside the main table and how it stands. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from planwatch.commitment import Project, Quotation, ServiceItem, ServiceStandard, Task, TextTarget
from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan import CROSS_DOMAIN, Agency, Indicator, Plan
from services.pages.commitment_store import Report
from services.pages.standings import Reported, Standing, standings_of

Standings = Mapping[str, tuple[Standing, ...]]
"""By commitment."""


class Part(StrEnum):
    """A part of the page."""

    TEXT_TARGETS = "text_targets"
    TASKS = "tasks"
    PROJECTS = "projects"
    SERVICES = "services"
    DUTIES = "duties"
    AGENCIES = "agencies"


@dataclass(frozen=True, slots=True)
class Who:
    """Who does it.

    Attributes:
        leads: the agency that the plan prints as answering for it; None where it prints none.
        participants: other agencies printed by name.
        responsibility: the printed wording.
        answers: who answers for it: the lead, else the agency of its domain, else the coordinating one.
    """

    leads: Agency | None
    participants: tuple[Agency, ...]
    responsibility: str | None
    answers: Agency


@dataclass(frozen=True, slots=True)
class Entry:
    """One commitment as the page shows it.

    Attributes:
        commitment_id: also the anchor on the page.
        no: printed number, or position in its part.
        title: printed name; None where none is printed.
        title_en: in English; None where only the printed one is known.
        quotation: words of the plan; None where the title is all that is printed.
        source_line: in the document.
        domain: None where it belongs to none.
        who: who does it.
        place: under which heading of the plan it stands.
        deadline: as printed, None where none is printed.
        promise: the printed figure of a text target.
        standards: of a service: its own and the parent plan's.
        recipients: of a service.
        named: single projects, as printed.
        row: the row of the main table that is the same thing.
        doubts: readings that somebody has to confirm, and what it contradicts.
        standings: how its indicators stand.
        report: the newest report on it in the plan's own area.
    """

    commitment_id: str
    no: str
    title: str | None
    title_en: str | None
    quotation: Quotation | None
    source_line: int
    domain: str | None
    who: Who
    place: str | None = None
    deadline: TimePeriod | None = None
    promise: str | None = None
    standards: tuple[tuple[Text, ServiceStandard], ...] = ()
    recipients: Text | None = None
    named: tuple[str, ...] = ()
    row: Indicator | None = None
    doubts: tuple[Text, ...] = ()
    standings: tuple[Standing, ...] = ()
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """An agency with the number of commitments, per part, for which the plan prints it as leading or taking part."""

    agency: Agency
    superior: Agency | None
    leads: Mapping[Part, int]
    takes_part: Mapping[Part, int]


_OWN, _PARENT = Text("本级标准", "Own standard"), Text("上位标准", "Parent standard")


def count_parts(plan: Plan) -> dict[Part, int]:
    """How many entries each part has."""
    kept = plan.commitments
    return {
        Part.TEXT_TARGETS: len(kept.text_targets),
        Part.TASKS: len(kept.tasks),
        Part.PROJECTS: len(kept.projects),
        Part.SERVICES: len(kept.service_items),
        Part.DUTIES: len(kept.monitoring_duties),
        Part.AGENCIES: len(plan.agencies),
    }


def commitment_entries(plan: Plan, reported: Reported, domain: str | None = None) -> dict[Part, list[Entry]]:
    """Text targets, tasks, projects and services in printed order, all or those of one domain.

    Args:
        plan: the plan.
        reported: what is known of it.
        domain: code, `cross_domain` for the commitments that belong to none.
    """
    standings = standings_of(plan, reported)
    newest = {report.commitment_id: report for report in reported.reports if report.ref_area == plan.ref_area}
    kept = plan.commitments
    every = {
        Part.TEXT_TARGETS: [_of_target(plan, no, each, standings) for no, each in enumerate(kept.text_targets, 1)],
        Part.TASKS: [_of_task(plan, each, standings, newest) for each in kept.tasks],
        Part.PROJECTS: [_of_project(plan, no, each, standings, newest) for no, each in enumerate(kept.projects, 1)],
        Part.SERVICES: [_of_service(plan, each, standings) for each in kept.service_items],
    }
    return {
        part: [entry for entry in entries if domain in (None, entry.domain or CROSS_DOMAIN)]
        for part, entries in every.items()
    }


def domains_of_commitments(plan: Plan) -> list[tuple[str, str]]:
    """Code and printed name of every domain that a commitment belongs to, in the plan's order."""
    kept = plan.commitments
    named = (kept.text_targets, kept.tasks, kept.projects, kept.service_items)
    found = {entry.domain or CROSS_DOMAIN for entries in named for entry in entries}
    codes = [domain.code for domain in plan.domains] + [CROSS_DOMAIN]
    return [(code, plan.domain_name(code)) for code in codes if code in found]


def agency_rows(plan: Plan) -> list[AgencyRow]:
    """Every agency of the plan with what it is printed for."""
    kept = plan.commitments
    leads: Counter[tuple[str | None, Part]] = Counter()
    takes_part: Counter[tuple[str | None, Part]] = Counter()
    for task in kept.tasks:
        leads[task.lead, Part.TASKS] += 1
        takes_part.update((agency, Part.TASKS) for agency in task.participants)
    leads.update((project.lead, Part.PROJECTS) for project in kept.projects)
    for duty in kept.monitoring_duties:
        leads[duty.agency, Part.DUTIES] += 1
        takes_part.update((agency, Part.DUTIES) for agency in duty.participants)
    by_id = {agency.agency_id: agency for agency in plan.agencies}
    return [
        AgencyRow(
            agency,
            by_id.get(agency.superior or ""),
            {part: count for (found, part), count in leads.items() if found == agency.agency_id},
            {part: count for (found, part), count in takes_part.items() if found == agency.agency_id},
        )
        for agency in plan.agencies
    ]


def commitment_quotation(plan: Plan, commitment_id: str) -> Quotation | None:
    """The printed words of one commitment; None where the plan has none of this identifier, or only its name."""
    kept = plan.commitments
    quoted = (
        {target.target_id: target.quotation for target in kept.text_targets}
        | {task.task_id: task.quotation for task in kept.tasks}
        | {project.project_id: project.quotation for project in kept.projects}
        | {item.item_id: Quotation(item.name.zh, item.source_line) for item in kept.service_items}
    )
    return quoted.get(commitment_id)


def _of_target(plan: Plan, no: int, target: TextTarget, standings: Standings) -> Entry:
    scope = target.scope
    return Entry(
        commitment_id=target.target_id,
        no=str(no),
        title=target.metric.zh + (f"（{scope.zh}）" if scope else ""),
        title_en=target.metric.en + (f" ({scope.en})" if scope else ""),
        quotation=target.quotation,
        source_line=target.quotation.source_line,
        domain=target.domain,
        who=_who(plan, target.domain),
        deadline=target.year,
        promise=target.quantity.printed,
        row=plan.indicator(target.indicator_id) if target.indicator_id else None,
        doubts=tuple(doubt for doubt in (target.contradiction, target.doubt) if doubt),
        standings=standings.get(target.target_id, ()),
    )


def _of_task(plan: Plan, task: Task, standings: Standings, newest: Mapping[str, Report]) -> Entry:
    return Entry(
        commitment_id=task.task_id,
        no=task.no,
        title=task.title,
        title_en=None,
        quotation=task.quotation,
        source_line=task.quotation.source_line,
        domain=task.domain,
        who=_who(plan, task.domain, task.lead, task.participants, task.responsibility),
        place=task.section,
        deadline=task.deadline,
        standings=standings.get(task.task_id, ()),
        report=newest.get(task.task_id),
    )


def _of_project(plan: Plan, no: int, project: Project, standings: Standings, newest: Mapping[str, Report]) -> Entry:
    box = project.box
    return Entry(
        commitment_id=project.project_id,
        no=str(no),
        title=project.name,
        title_en=None,
        quotation=project.quotation,
        source_line=project.quotation.source_line,
        domain=project.domain,
        who=_who(plan, project.domain, project.lead),
        place=f"专栏{box.no} {box.title}" if box.no else box.title,
        deadline=project.deadline,
        named=project.sub_projects,
        doubts=tuple(doubt for doubt in (project.doubt, *(each.doubt for each in project.deliverables)) if doubt),
        standings=standings.get(project.project_id, ()),
        report=newest.get(project.project_id),
    )


def _of_service(plan: Plan, item: ServiceItem, standings: Standings) -> Entry:
    both = ((_OWN, item.standard), (_PARENT, item.parent_standard))
    return Entry(
        commitment_id=item.item_id,
        no=str(item.no),
        title=item.name.zh,
        title_en=item.name.en,
        quotation=None,
        source_line=item.source_line,
        domain=item.domain,
        who=_who(plan, item.domain),
        standards=tuple((label, standard) for label, standard in both if standard),
        recipients=item.recipients,
        standings=standings.get(item.item_id, ()),
    )


def _who(
    plan: Plan,
    domain: str | None,
    lead: str | None = None,
    participants: Sequence[str] = (),
    responsibility: str | None = None,
) -> Who:
    answers = lead or (plan.domain(domain).agency if domain else plan.coordinating_agency)
    return Who(
        plan.agency(lead) if lead else None,
        tuple(plan.agency(agency) for agency in participants),
        responsibility,
        plan.agency(answers),
    )
