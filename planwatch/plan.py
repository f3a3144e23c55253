"""A plan and its indicators, as the catalogue describes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, lru_cache

from planwatch.commitment import Commitments, ServiceItem
from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan_terms import Comparator, Unit
from planwatch.series import Accumulation
from planwatch.trajectory import Trajectory

LEVEL = "level"
"""End of the identifier of a service's observed level: `zhongwei-service-01-level`."""

CROSS_DOMAIN, CROSS_DOMAIN_NAME = "cross_domain", "跨领域"
"""Of a commitment that belongs to no domain of its plan."""

UNIT_SUFFIX = re.compile(r"\s*[(（][^()（）]*[)）]$")


class Nature(StrEnum):
    """指标性质: whether the government is bound by the target."""

    BINDING = "binding"
    ANTICIPATORY = "anticipatory"


class Section(StrEnum):
    """Where in the plan an indicator comes from."""

    MAIN_TABLE = "main_table"
    TEXT_TARGET = "text_target"
    TASK = "task"
    PROJECT = "project"
    SERVICE = "service"


class GoalKind(StrEnum):
    """目标类型: what it means to keep the promise."""

    REACH = "reach"
    FLOOR = "floor"
    CEILING = "ceiling"
    ACCUMULATE = "accumulate"
    AVERAGE = "average"
    COVERAGE = "coverage"


LIMIT_KINDS = frozenset({GoalKind.FLOOR, GoalKind.CEILING, GoalKind.COVERAGE})
TOTAL_KINDS = frozenset({GoalKind.ACCUMULATE, GoalKind.AVERAGE})


class Direction(StrEnum):
    """The good direction of an indicator."""

    INCREASE = "increase"
    DECREASE = "decrease"


@dataclass(frozen=True, slots=True)
class PrintedValue:
    """One cell of a main table.

    Attributes:
        printed: the cell to the letter, e.g. `>75%`.
        value: the number in the row's unit, None where none is printed.
        comparator: the printed inequality, None where there is none.
        period: the period the figure is about, which a footnote may move (national `**`: 2019).
    """

    printed: str
    value: Decimal | None
    comparator: Comparator | None
    period: TimePeriod


@dataclass(frozen=True, slots=True)
class Baseline:
    """The value a plan starts from.

    Attributes:
        value: in the row's unit; the bound where the plan prints an inequality.
        comparator: the printed inequality, None where there is none.
        period: e.g. 2020.
        comparable: False where the figure is of another kind than the target (a total of the last plan).
    """

    value: Decimal
    comparator: Comparator | None
    period: TimePeriod
    comparable: bool


@dataclass(frozen=True, slots=True)
class Target:
    """The value a plan promises, e.g. at least 99.8 in 2025."""

    value: Decimal
    comparator: Comparator
    period: TimePeriod

    def met_by(self, value: Decimal) -> bool:
        """Whether `value` keeps the promise; a strict comparator wants it truly beyond."""
        return self.comparator.holds(value, self.value)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reading of the printed plan that somebody has to confirm."""

    field: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Indicator:
    """A concept inside a plan. Field meanings: `plans/plan.schema.json`.

    Attributes:
        section: the main table, or the section of the commitment that it is derived from.
        no: its number in that section.
        commitment_id: the commitment that it is derived from, None for a row of the main table.
    """

    indicator_id: str
    no: int
    name: Text
    marks: tuple[str, ...]
    concept: str
    domain: str
    unit: Unit
    nature: Nature
    goal_kind: GoalKind
    direction: Direction
    accumulation: Accumulation | None
    bounds: tuple[Decimal | None, Decimal | None]
    values: Mapping[str, PrintedValue]
    baseline: Baseline | None
    target: Target
    milestones: tuple[tuple[TimePeriod, Decimal], ...]
    owner: str
    note: Text | None
    needs_confirmation: tuple[Doubt, ...]
    source_line: int
    section: Section = Section.MAIN_TABLE
    commitment_id: str | None = None
    trajectory: Trajectory = Trajectory.LINEAR
    follows_last_year: bool = False

    @property
    def is_limit(self) -> bool:
        """Only a breach counts; there is no path."""
        return self.goal_kind in LIMIT_KINDS

    @property
    def is_total(self) -> bool:
        """What is held against the path is a total since the plan began."""
        return self.goal_kind in TOTAL_KINDS

    @property
    def needs_stand_in(self) -> bool:
        """The plan prints no baseline, so the first figure stands in for it."""
        return self.baseline is None and self.goal_kind is GoalKind.REACH


class AgencyRole(StrEnum):
    """The strongest part in which the plan names an agency."""

    COORDINATING = "coordinating"
    LEAD = "lead"
    PARTICIPANT = "participant"
    DISTRICT_GOVERNMENT = "district_government"
    SUPERVISOR = "supervisor"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class PrintedName:
    """One form in which the plan prints a name, and the line in which it first does."""

    name: str
    source_line: int


@dataclass(frozen=True, slots=True)
class Agency:
    """责任单位: a department that a plan names, e.g. 市教育局.

    Attributes:
        name: canonical and full.
        printed: every form as printed.
        superior: agency of the same plan to escalate to, None where the plan names none.
    """

    agency_id: str
    name: Text
    printed: tuple[PrintedName, ...]
    role: AgencyRole
    superior: str | None


@dataclass(frozen=True, slots=True)
class Domain:
    """领域: one field of service of a plan and the agency that the plan names for it."""

    code: str
    name: str
    agency: str
    basis: str
    source_line: int | None
    doubt: Text | None


@dataclass(frozen=True, slots=True)
class PlanRevision:
    """Why there is another version of a plan.

    Attributes:
        effective_on: the version judges the periods that end on or after this day.
        reason: why it was revised.
        document: title and number of the document that revises it.
    """

    effective_on: date
    reason: Text
    document: Text


@dataclass(frozen=True)
class Plan:
    """规划: one version of a plan, its indicators in the order of the table.

    Attributes:
        indicators: the rows of the main table.
        derived: the indicators that its commitments give, see `planwatch.derived_indicators`.
    """

    plan_id: str
    version: int
    title: Text
    ref_area: str
    area_name: Text
    start: TimePeriod
    end: TimePeriod
    parent_plan: str | None
    document_file: str
    document_number: str | None
    issuer: str | None
    issued_on: str | None
    coordinating_agency: str
    agencies: tuple[Agency, ...]
    domains: tuple[Domain, ...]
    indicators: tuple[Indicator, ...]
    commitments: Commitments
    derived: tuple[Indicator, ...] = ()
    revision: PlanRevision | None = None

    def indicator(self, reference: str) -> Indicator | None:
        """The indicator with this id, table number or printed name; None if there is none.

        A derived one has its id only; a service item and its printed name stand for its observed level.
        """
        return self._by_reference.get(reference) or self._by_reference.get(fold(reference))

    def service_item(self, reference: str) -> ServiceItem | None:
        """The service item with this id or printed name; None if there is none, or several of that name."""
        name = fold(reference)
        found = [item for item in self.commitments.service_items if name in (fold(item.item_id), fold(item.name.zh))]
        return found[0] if len(found) == 1 else None

    def agency(self, agency_id: str) -> Agency:
        """The agency with this id; KeyError if the plan names none."""
        return next(agency for agency in self.agencies if agency.agency_id == agency_id)

    @property
    def watched(self) -> tuple[Indicator, ...]:
        """Everything that figures are held against: the rows of the main table and the derived indicators."""
        return (*self.indicators, *self.derived)

    def derived_from(self, commitment_id: str) -> tuple[Indicator, ...]:
        """The indicators that one commitment gives; none where the plan has no such commitment."""
        return self._by_commitment.get(commitment_id, ())

    def domain_name(self, code: str) -> str:
        """The printed name of a domain, 跨领域 for a commitment that belongs to none."""
        return CROSS_DOMAIN_NAME if code == CROSS_DOMAIN else self.domain(code).name

    def domain(self, code: str) -> Domain:
        """The domain with this code; KeyError if the plan has none."""
        return next(domain for domain in self.domains if domain.code == code)

    @cached_property
    def _by_reference(self) -> dict[str, Indicator]:
        index: dict[str, Indicator] = {}
        for indicator in self.indicators:
            index[fold(indicator.indicator_id)] = indicator
            index[str(indicator.no)] = indicator
            index[fold(indicator.name.zh)] = indicator
        for indicator in self.indicators:
            index.setdefault(fold(UNIT_SUFFIX.sub("", indicator.name.zh)), indicator)
        for indicator in self.derived:
            index.setdefault(fold(indicator.indicator_id), indicator)
        counted = Counter(fold(item.name.zh) for item in self.commitments.service_items)
        for item in self.commitments.service_items:
            level = index.get(fold(f"{item.item_id}-{LEVEL}"))
            if level is not None:
                index.setdefault(fold(item.item_id), level)
                if counted[fold(item.name.zh)] == 1:
                    index.setdefault(fold(item.name.zh), level)
        return index

    @cached_property
    def _by_commitment(self) -> dict[str, tuple[Indicator, ...]]:
        found: dict[str, tuple[Indicator, ...]] = {}
        for indicator in self.derived:
            if indicator.commitment_id is not None:
                found[indicator.commitment_id] = (*found.get(indicator.commitment_id, ()), indicator)
        return found

    @property
    def first_day(self) -> date:
        """First day of the plan period."""
        return self.start.start

    @property
    def last_day(self) -> date:
        """Last day of the plan period."""
        return self.end.end


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A printed name without white space and with half-width brackets, for comparison."""
    return re.sub(r"\s+", "", name).replace("（", "(").replace("）", ")").casefold()


def derive_goal_kind(
    *, baseline: Decimal | None, target: Decimal, direction: Direction, entitled: bool, total: bool, yearly_mean: bool
) -> GoalKind:
    """The goal kind that the table row implies; the catalogue may override it with a reason.

    Args:
        baseline: in the unit of the target, None if not printed.
        target: the printed target.
        direction: the good direction.
        entitled: the row prints 应保尽保.
        total: the row is marked as a cumulative total of the plan period.
        yearly_mean: the row is marked as a yearly average.
    Source: docs/method.md, goal kinds.
    """
    if entitled:
        return GoalKind.COVERAGE
    if total:
        return GoalKind.ACCUMULATE
    if yearly_mean:
        return GoalKind.AVERAGE
    if baseline is not None and direction is Direction.INCREASE and target <= baseline:
        return GoalKind.FLOOR
    if baseline is not None and direction is Direction.DECREASE and target >= baseline:
        return GoalKind.CEILING
    return GoalKind.REACH
