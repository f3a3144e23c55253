"""From the catalogue to what a case is about and who answers for it. Pure."""

from __future__ import annotations

from planwatch.breakdown import Dimension
from planwatch.case.kinds import Track
from planwatch.case.model import Case, Matter, Owners, Subject
from planwatch.early_warning import SUBJECT_KINDS, case_id
from planwatch.plan import Indicator, Plan
from planwatch.series import SeriesKey


def matter_of(
    plan: Plan,
    indicator: Indicator,
    series: SeriesKey,
    track: Track = Track.PROGRESS,
    neighbours: tuple[Case, ...] = (),
    dimension: Dimension | None = None,
) -> Matter:
    """What a case about a series, or about the gap along a dimension, is about, as the plan has it now."""
    kind = SUBJECT_KINDS[indicator.section]
    return Matter(
        case_id=case_id(plan.plan_id, kind, series, track, dimension),
        subject=Subject(
            plan.plan_id,
            kind,
            series.indicator_id,
            series.ref_area,
            series.urbanisation,
            series.pop_group,
            dimension,
        ),
        nature=indicator.nature,
        last_period=plan.end,
        plan_version=plan.version,
        owners=owners_of(plan, indicator),
        neighbours=neighbours,
    )


def series_of(case: Case) -> str:
    """The key of the series whose figure set the level of a case: of its subject, at the frequency that decided."""
    subject = case.subject
    return str(
        SeriesKey(
            subject.indicator_id, subject.ref_area, case.time_period.freq, subject.urbanisation, subject.pop_group
        )
    )


def owners_of(plan: Plan, indicator: Indicator) -> Owners:
    """Lead, participants of the task division, and the chain: superior, then coordinating body."""
    lead, coordinating = indicator.owner, plan.coordinating_agency
    links = [plan.agency(lead).superior, coordinating]
    chain = tuple(dict.fromkeys(link for link in links if link is not None and link != lead))
    task = next((task for task in plan.commitments.tasks if task.task_id == indicator.commitment_id), None)
    return Owners(lead, chain, coordinating, task.participants if task else ())
