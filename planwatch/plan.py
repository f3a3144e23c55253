"""A plan and its indicators, as the catalogue describes them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property, lru_cache

from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.series import Accumulation
from planwatch.trajectory import Trajectory

_UNIT_SUFFIX = re.compile(r"\s*[(（][^()（）]*[)）]$")


class Nature(StrEnum):
    """指标性质: whether the government is bound by the target."""

    BINDING = "binding"
    ANTICIPATORY = "anticipatory"


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


class Comparator(StrEnum):
    """How a value is held against a target or printed as an inequality."""

    GREATER = "gt"
    AT_LEAST = "ge"
    LESS = "lt"
    AT_MOST = "le"

    @property
    def sign(self) -> str:
        """The printed sign, e.g. `≥`."""
        return {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}[self.value]

    @property
    def test(self) -> Callable[[Decimal, Decimal], bool]:
        """The function that says whether a value satisfies the comparator against a target, both in the same unit."""
        return _TESTS[self.value]

    def holds(self, value: Decimal, target: Decimal) -> bool:
        """Whether `value` satisfies the comparator against `target`, both in the same unit."""
        return self.test(value, target)


_TESTS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


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
class Unit:
    """The unit of a row.

    Attributes:
        printed: as the plan prints it, None where it prints none.
        measure: UNIT_MEASURE code, e.g. `PT`.
        mult: UNIT_MULT, the power of ten, e.g. 4 for 万.
    """

    printed: str | None
    measure: str
    mult: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """A concept inside a plan. Field meanings: `plans/plan.schema.json`."""

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


@dataclass(frozen=True, slots=True)
class Agency:
    """责任单位: a department that a plan names, e.g. 市教育局."""

    agency_id: str
    name: Text
    superior: str | None
    source_line: int | None


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
    """规划: one version of a plan, its indicators in the order of the table."""

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
    revision: PlanRevision | None = None

    def indicator(self, reference: str) -> Indicator | None:
        """The indicator with this id, table number or printed name; None if there is none."""
        return self._by_reference.get(reference) or self._by_reference.get(fold(reference))

    def agency(self, agency_id: str) -> Agency:
        """The agency with this id; KeyError if the plan names none."""
        return next(agency for agency in self.agencies if agency.agency_id == agency_id)

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
            index.setdefault(fold(_UNIT_SUFFIX.sub("", indicator.name.zh)), indicator)
        return index

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
