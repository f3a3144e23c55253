"""What a plan promises beside its main table: figures in the text, tasks, projects, services, its own monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan_terms import Comparator, Unit


class TargetMeasure(StrEnum):
    """How the figure of a text target is to be read."""

    LEVEL = "level"
    INCREASE = "increase"
    TOTAL = "total"


class DutyKind(StrEnum):
    """What a plan orders for its own monitoring and evaluation."""

    ANNUAL_MONITORING = "annual_monitoring"
    DYNAMIC_MONITORING = "dynamic_monitoring"
    MID_TERM_EVALUATION = "mid_term_evaluation"
    FINAL_EVALUATION = "final_evaluation"
    EVALUATION = "evaluation"
    SATISFACTION_SURVEY = "satisfaction_survey"
    PUBLIC_DISCLOSURE = "public_disclosure"
    REPORT_TO_SUPERIOR = "report_to_superior"
    THIRD_PARTY_EVALUATION = "third_party_evaluation"
    STATISTICS = "statistics"
    AUDIT_SUPERVISION = "audit_supervision"
    TARGET_REVISION = "target_revision"
    PERFORMANCE_APPRAISAL = "performance_appraisal"


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of the plan, to the letter but for white space.

    Attributes:
        text: the words.
        source_line: 1-based line of the source document in which they begin.
    """

    text: str
    source_line: int


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure with its unit, e.g. 2 institutions.

    Attributes:
        printed: as printed, e.g. `2个`.
        value: the number in `unit`.
        comparator: how a delivered amount is held against it.
        unit: measure and power of ten.
    """

    printed: str
    value: Decimal
    comparator: Comparator
    unit: Unit


@dataclass(frozen=True, slots=True)
class TextTarget:
    """A figure to be reached that stands in the running text.

    Attributes:
        measure: a level to reach, an increase, or a total of the plan period.
        year: None where the text names none.
        scope: whom or where it counts, None for the whole area.
        concept: what is measured, a code of the concept list.
        indicator_id: the row of the main table that is the same thing, None if there is none.
        contradiction: what it disagrees with, None if nothing.
    """

    target_id: str
    metric: Text
    quotation: Quotation
    quantity: Quantity
    measure: TargetMeasure
    year: TimePeriod | None
    scope: Text | None
    domain: str | None
    concept: str
    indicator_id: str | None
    contradiction: Text | None
    doubt: Text | None


@dataclass(frozen=True, slots=True)
class Task:
    """重点任务: something to be done.

    Attributes:
        no: as printed, e.g. `（一）`.
        section: the nearest printed heading.
        title: the printed title sentence, None if there is none.
        lead: None where the plan prints none.
        participants: agencies printed by name.
        responsibility: the printed wording about who does it.
        deadline: None where the plan prints none for the task.
    """

    task_id: str
    no: str
    section: str
    title: str | None
    quotation: Quotation
    domain: str | None
    lead: str | None
    participants: tuple[str, ...]
    responsibility: str | None
    deadline: TimePeriod | None


@dataclass(frozen=True, slots=True)
class Box:
    """专栏: a box of a plan; `no` is None where it has no number."""

    no: str | None
    title: str
    source_line: int


@dataclass(frozen=True, slots=True)
class Deliverable:
    """Something countable that a project is to deliver, with the words that promise it."""

    quantity_id: str
    what: Text
    quote: str
    quantity: Quantity
    doubt: Text | None


@dataclass(frozen=True, slots=True)
class Investment:
    """Money printed for a project."""

    quote: str
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Project:
    """重点工程: something to be built or carried out.

    Attributes:
        deadline: None where the plan prints none for the project.
        sub_projects: named single projects, as printed.
    """

    project_id: str
    box: Box
    name: str
    quotation: Quotation
    domain: str | None
    lead: str | None
    deadline: TimePeriod | None
    deliverables: tuple[Deliverable, ...]
    sub_projects: tuple[str, ...]
    investment: Investment | None
    doubt: Text | None


@dataclass(frozen=True, slots=True)
class ServiceDomain:
    """A row of the list of services: its domain, its aim and how many services the plan counts in it."""

    domain: str
    name: str
    aim: Quotation
    printed_count: int


@dataclass(frozen=True, slots=True)
class ServiceStandard:
    """The level that a service item is to have.

    Attributes:
        comparator: how an observed level is held against it.
        source: who set it where, for readers.
    """

    value: Decimal
    comparator: Comparator
    unit: Unit
    source: Text


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """基本公共服务项目: one listed service.

    Attributes:
        recipients: 服务对象 as printed, None if not printed.
        standard: the plan's own, None where none is known.
        parent_standard: of the parent plan, None where none is known.
    """

    item_id: str
    no: int
    domain: str
    name: Text
    recipients: Text | None
    standard: ServiceStandard | None
    parent_standard: ServiceStandard | None
    source_line: int


@dataclass(frozen=True, slots=True)
class MonitoringDuty:
    """Who must monitor or evaluate what, and when.

    Attributes:
        agency: None where the plan prints none.
        due: None where the plan prints no date.
        frequency: FREQ code, None where none is printed.
        may_revise_targets: whether targets may be changed; None where the duty does not speak of it.
    """

    duty_id: str
    kind: DutyKind
    quotation: Quotation
    agency: str | None
    participants: tuple[str, ...]
    due: TimePeriod | None
    frequency: str | None
    may_revise_targets: bool | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Places of one plan that cannot all be right.

    Attributes:
        subjects: indicators and commitments that it concerns; may be empty.
        statements: what stands in each place, at least two.
        question: what its author has to be asked.
    """

    contradiction_id: str
    subjects: tuple[str, ...]
    statements: tuple[Quotation, ...]
    question: Text


@dataclass(frozen=True, slots=True)
class Commitments:
    """Everything that a plan promises outside its main table, each section in printed order, and where it disagrees.

    Attributes:
        counting: by section, why a plain count of the document gives another number.
    """

    text_targets: tuple[TextTarget, ...] = ()
    tasks: tuple[Task, ...] = ()
    projects: tuple[Project, ...] = ()
    service_domains: tuple[ServiceDomain, ...] = ()
    service_items: tuple[ServiceItem, ...] = ()
    monitoring_duties: tuple[MonitoringDuty, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    counting: Mapping[str, Text] = field(default_factory=dict)
