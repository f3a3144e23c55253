"""From commitments to indicators, so that what a plan promises outside its main table is judged by the same rules.

A text target is an indicator without a printed baseline. A task or a project gives its physical progress from 0 to 100
per cent, each quantity that is to be delivered, its printed investment, and the delay of its expected completion; a
service with a standard gives its observed level, and its own standard where the parent plan sets one too.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from planwatch.commitment import (
    Deliverable,
    Project,
    Quantity,
    ServiceItem,
    ServiceStandard,
    TargetMeasure,
    Task,
    TextTarget,
)
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import (
    CROSS_DOMAIN,
    LEVEL,
    Baseline,
    Direction,
    GoalKind,
    Indicator,
    Nature,
    Plan,
    Section,
    Target,
)
from planwatch.plan_terms import UPPER_LIMITS, Comparator, Unit
from planwatch.series import Accumulation

PROGRESS, DELAY, INVESTMENT, STANDARD = "progress", "delay", "investment", "standard"
"""Ends of the identifiers: `zhongwei-project-03-progress`."""

PHYSICAL_PROGRESS, QUANTITY_DELIVERED = "physical_progress", "quantity_delivered"
"""Concepts of which a task or project owes all when its deadline has passed."""

_PER_CENT = Unit("%", "PT", 0)
_MONTHS = Unit("个月", "MONTH", 0)
_SHORT = 24


def derive_indicators(plan: Plan) -> tuple[Indicator, ...]:
    """Every indicator that the commitments of a plan give, section by section in printed order."""
    commitments = plan.commitments
    found: list[Indicator] = []
    for no, target in enumerate(commitments.text_targets, start=1):
        if target.indicator_id is None:
            found.append(_of_text_target(plan, no, target))
    for no, task in enumerate(commitments.tasks, start=1):
        found += _of_work(plan, no, task)
    for no, project in enumerate(commitments.projects, start=1):
        found += _of_work(plan, no, project)
        found += [_of_deliverable(plan, no, project, each) for each in project.deliverables]
        if project.investment is not None:
            found.append(_of_investment(plan, no, project, project.investment.quantity))
    for item in commitments.service_items:
        found += _of_service(plan, item)
    return tuple(found)


def identity_of(work: Task | Project) -> str:
    """The identifier of a task or project."""
    return work.project_id if isinstance(work, Project) else work.task_id


def own_standard(item: ServiceItem) -> Decimal | None:
    """The own standard of a service in the unit of the parent plan's; None where it lacks one of the two."""
    if item.standard is None or item.parent_standard is None:
        return None
    return item.standard.value.scaleb(item.standard.unit.mult - item.parent_standard.unit.mult)


def _of_text_target(plan: Plan, no: int, target: TextTarget) -> Indicator:
    adds_up = target.measure is TargetMeasure.TOTAL
    return _indicator(
        plan,
        Section.TEXT_TARGET,
        no,
        target.target_id,
        target.target_id,
        name=_scoped(target.metric, target.scope),
        concept=target.concept,
        domain=target.domain,
        owner=None,
        goal_kind=GoalKind.ACCUMULATE if adds_up else GoalKind.REACH,
        quantity=target.quantity,
        period=target.year,
        baseline=_nothing_yet(plan) if target.measure is TargetMeasure.INCREASE else None,
        note=_assumed_year(plan) if target.year is None else None,
        source_line=target.quotation.source_line,
    )


def _of_work(plan: Plan, no: int, work: Task | Project) -> Iterator[Indicator]:
    """Physical progress, and the delay of the expected completion."""
    is_project = isinstance(work, Project)
    identity = identity_of(work)
    section = Section.PROJECT if is_project else Section.TASK
    name = work.name if isinstance(work, Project) else _short(work.title or work.quotation.text)
    kind = "Project" if is_project else "Task"
    yield _indicator(
        plan,
        section,
        no,
        identity,
        f"{identity}-{PROGRESS}",
        name=Text(f"{name}：形象进度(%)", f"{kind} {no}: physical progress"),
        concept=PHYSICAL_PROGRESS,
        domain=work.domain,
        owner=work.lead,
        goal_kind=GoalKind.REACH,
        quantity=Quantity("100%", Decimal(100), Comparator.AT_LEAST, _PER_CENT),
        period=work.deadline,
        baseline=_nothing_yet(plan),
        note=_assumed_schedule(plan) if work.deadline is None else None,
        source_line=work.quotation.source_line,
        bounds=(Decimal(0), Decimal(100)),
    )
    yield _indicator(
        plan,
        section,
        no,
        identity,
        f"{identity}-{DELAY}",
        name=Text(f"{name}：预计完成时间晚于期限(个月)", f"{kind} {no}: expected delay"),
        concept="expected_delay",
        domain=work.domain,
        owner=work.lead,
        goal_kind=GoalKind.CEILING,
        quantity=Quantity("0", Decimal(0), Comparator.AT_MOST, _MONTHS),
        period=None,
        baseline=None,
        note=_assumed_deadline(plan) if work.deadline is None else None,
        source_line=work.quotation.source_line,
    )


def _of_deliverable(plan: Plan, no: int, project: Project, delivered: Deliverable) -> Indicator:
    return _indicator(
        plan,
        Section.PROJECT,
        no,
        project.project_id,
        delivered.quantity_id,
        name=Text(f"{project.name}：{delivered.what.zh}", f"Project {no}: {delivered.what.en}"),
        concept=QUANTITY_DELIVERED,
        domain=project.domain,
        owner=project.lead,
        goal_kind=GoalKind.ACCUMULATE,
        quantity=delivered.quantity,
        period=project.deadline,
        baseline=None,
        note=_assumed_schedule(plan) if project.deadline is None else None,
        source_line=project.quotation.source_line,
        bounds=(Decimal(0), None),
    )


def _of_investment(plan: Plan, no: int, project: Project, amount: Quantity) -> Indicator:
    return _indicator(
        plan,
        Section.PROJECT,
        no,
        project.project_id,
        f"{project.project_id}-{INVESTMENT}",
        name=Text(f"{project.name}：完成投资", f"Project {no}: investment"),
        concept="investment_completed",
        domain=project.domain,
        owner=project.lead,
        goal_kind=GoalKind.ACCUMULATE,
        quantity=amount,
        period=project.deadline,
        baseline=None,
        note=_assumed_schedule(plan) if project.deadline is None else None,
        source_line=project.quotation.source_line,
        bounds=(Decimal(0), None),
    )


def _of_service(plan: Plan, item: ServiceItem) -> Iterator[Indicator]:
    if item.standard is not None:
        name = Text(f"{item.name.zh}：实际水平", f"{item.name.en}: observed level")
        yield _of_standard(plan, item, LEVEL, name, item.standard)
    if item.standard is not None and item.parent_standard is not None:
        name = Text(f"{item.name.zh}：本级标准", f"{item.name.en}: own standard")
        yield _of_standard(plan, item, STANDARD, name, item.parent_standard)


def _of_standard(plan: Plan, item: ServiceItem, measured: str, name: Text, standard: ServiceStandard) -> Indicator:
    """An indicator that is held against a standard."""
    return _indicator(
        plan,
        Section.SERVICE,
        item.no,
        item.item_id,
        f"{item.item_id}-{measured}",
        name=name,
        concept=f"service_{measured}",
        domain=item.domain,
        owner=None,
        goal_kind=GoalKind.CEILING if standard.comparator in UPPER_LIMITS else GoalKind.FLOOR,
        quantity=Quantity(str(standard.value), standard.value, standard.comparator, standard.unit),
        period=None,
        baseline=None,
        note=Text(f"标准依据：{standard.source.zh}", f"standard set by: {standard.source.en}"),
        source_line=item.source_line,
    )


def _indicator(
    plan: Plan,
    section: Section,
    no: int,
    commitment_id: str,
    indicator_id: str,
    *,
    name: Text,
    concept: str,
    domain: str | None,
    owner: str | None,
    goal_kind: GoalKind,
    quantity: Quantity,
    period: TimePeriod | None,
    baseline: Baseline | None,
    note: Text | None,
    source_line: int,
    bounds: tuple[Decimal | None, Decimal | None] = (None, None),
) -> Indicator:
    return Indicator(
        indicator_id=indicator_id,
        no=no,
        name=name,
        marks=(),
        concept=concept,
        domain=domain or CROSS_DOMAIN,
        unit=quantity.unit,
        nature=Nature.ANTICIPATORY,
        goal_kind=goal_kind,
        direction=Direction.DECREASE if quantity.comparator in UPPER_LIMITS else Direction.INCREASE,
        accumulation=Accumulation.SINCE_PLAN_START if goal_kind is GoalKind.ACCUMULATE else None,
        bounds=bounds,
        values={},
        baseline=baseline,
        target=Target(quantity.value, quantity.comparator, period or plan.end),
        milestones=(),
        owner=owner or (plan.domain(domain).agency if domain else plan.coordinating_agency),
        note=note,
        needs_confirmation=(),
        source_line=source_line,
        section=section,
        commitment_id=commitment_id,
    )


def _nothing_yet(plan: Plan) -> Baseline:
    """Nothing is done at the end of the year before the plan."""
    return Baseline(Decimal(0), None, parse_period(str(plan.first_day.year - 1)), comparable=True)


def _assumed_schedule(plan: Plan) -> Text:
    return Text(
        f"规划未印发工期，以规划期（{plan.start}–{plan.end}年）为序时进度",
        f"the plan prints no schedule; the plan period {plan.start}–{plan.end} is taken as the schedule",
    )


def _assumed_deadline(plan: Plan) -> Text:
    return Text(
        f"规划未印发期限，以规划期末（{plan.end}年）为期限",
        f"the plan prints no deadline; the plan's end {plan.end} is taken",
    )


def _assumed_year(plan: Plan) -> Text:
    return Text(
        f"原文未印年份，以规划期末（{plan.end}年）为期限", f"no year is printed; the plan's end {plan.end} is taken"
    )


def _scoped(metric: Text, scope: Text | None) -> Text:
    return metric if scope is None else Text(f"{metric.zh}（{scope.zh}）", f"{metric.en} ({scope.en})")


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
