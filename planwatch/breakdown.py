"""分组数据: the figures of an indicator by area, urban and rural or population group, as gaps and ranks want them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planwatch.area import lies_within
from planwatch.equalisation import Comparison, Group, Measure, PeriodGap, gap_widened, measure_gaps
from planwatch.equalisation.change import GapDecision
from planwatch.equalisation.measure import MeasureCode
from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.rollup import Aggregation
from planwatch.series import TOTAL
from planwatch.unit_conversion import measure_of

PER_CENT = Decimal(100)


class Dimension(StrEnum):
    """Along what an indicator is broken down."""

    AREA = "area"
    URBANISATION = "urbanisation"
    GROUP = "group"


DIMENSION_NAMES = {
    Dimension.AREA: Text("地区之间", "between areas"),
    Dimension.URBANISATION: Text("城乡之间", "between urban and rural"),
    Dimension.GROUP: Text("人群之间", "between population groups"),
}

UNWEIGHTED = Text("未给出各组人口，各组同等看待", "no population is known; every group counts the same")
PARTLY_WEIGHTED = Text("部分组没有人口数，各组同等看待", "some groups have no population; every group counts the same")


@dataclass(frozen=True, slots=True)
class BrokenDownFigure:
    """The newest vintage of one period of one series of an indicator.

    Attributes:
        ref_area: GB/T 2260 code; `urbanisation` and `pop_group` are `_T` for all of it.
        period: of the figure.
        value: in the indicator's unit; None where it was reported as missing.
        simulated: the figure was generated.
    """

    ref_area: str
    urbanisation: str
    pop_group: str
    period: TimePeriod
    value: Decimal | None
    simulated: bool = False


Populations = Mapping[str, Decimal]
"""Group (area code, or code of the breakdown) → people."""


@dataclass(frozen=True, slots=True)
class Disparity:
    """The gap in one period, and what it did since the one before.

    Attributes:
        dimension: along which the groups differ.
        period: measured.
        periods: the groups of every period of the same length up to it, rising.
        measures: of `period`.
        changes: by measure, from the period before.
        note: how the groups are weighted where that is not by population.
        simulated: a figure in it was generated.
    """

    dimension: Dimension
    period: TimePeriod
    periods: Mapping[TimePeriod, tuple[Group, ...]]
    measures: tuple[Measure, ...]
    changes: Mapping[MeasureCode, GapDecision]
    note: Text | None
    simulated: bool

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups of the period measured."""
        return self.periods[self.period]


def place_in_breakdown(
    plan: Plan, ref_area: str, urbanisation: str = TOTAL, pop_group: str = TOTAL
) -> tuple[Dimension, str] | None:
    """The dimension along which figures of a series are compared with others, and their group there.

    Returns:
        None for the whole of the plan's area, for other areas, and for what is broken down in two ways at once.
    """
    is_own = ref_area == plan.ref_area
    whole = (urbanisation == TOTAL, pop_group == TOTAL)
    if not is_own and all(whole) and lies_within(ref_area, plan.ref_area):
        return Dimension.AREA, ref_area
    if is_own and whole == (False, True):
        return Dimension.URBANISATION, urbanisation
    if is_own and whole == (True, False):
        return Dimension.GROUP, pop_group
    return None


def dimensions_of(plan: Plan, figures: Iterable[BrokenDownFigure]) -> list[Dimension]:
    """The dimensions along which two groups or more have a figure in some period."""
    known = list(figures)
    return [
        dimension
        for dimension in Dimension
        if any(_is_gap(groups) for groups in grouped(plan, known, dimension, {}).values())
    ]


def disparity(
    plan: Plan,
    indicator: Indicator,
    figures: Sequence[BrokenDownFigure],
    dimension: Dimension,
    populations: Populations,
    period: TimePeriod | None = None,
) -> Disparity | None:
    """The gap of an indicator along one dimension.

    Args:
        plan: whose area holds the areas, or is itself broken down.
        indicator: gives direction and bounds.
        figures: of the indicator, of every period.
        dimension: along which to compare.
        populations: of the groups; without one for each of them all groups count the same.
        period: to measure; None: the last one in which two groups or more have a figure.
    Returns:
        None where no period, or not that one, has two groups with a figure.
    """
    every = grouped(plan, figures, dimension, populations)
    measurable = [found for found, groups in every.items() if _is_gap(groups)]
    chosen = period or max(measurable, key=lambda found: (found.end, found.days), default=None)
    if chosen is None or chosen not in measurable:
        return None
    history = {
        found: every[found] for found in sorted(measurable) if found.freq is chosen.freq and found.end <= chosen.end
    }
    comparison = Comparison(indicator.direction, 100.0 if indicator.bounds[1] == PER_CENT else None)
    measured = {found: measure_gaps(groups, comparison) for found, groups in history.items()}
    changes = {
        code: gap_widened(
            [PeriodGap(found, one) for found, measures in measured.items() for one in measures if one.code is code]
        )
        for code in MeasureCode
    }
    named = {group.name for groups in history.values() for group in groups}
    simulated = any(
        figure.simulated and figure.period in history
        for figure in figures
        if _group_name(plan, figure, dimension) is not None
    )
    return Disparity(dimension, chosen, history, measured[chosen], changes, _note(named, populations), simulated)


def grouped(
    plan: Plan, figures: Iterable[BrokenDownFigure], dimension: Dimension, populations: Populations
) -> dict[TimePeriod, tuple[Group, ...]]:
    """The groups of every period; a group that has reported any period is there, with no value where it lacks one."""
    values: dict[TimePeriod, dict[str, Decimal | None]] = {}
    names: dict[str, None] = {}
    for figure in sorted(figures, key=lambda found: (found.period, found.ref_area, found.urbanisation)):
        name = _group_name(plan, figure, dimension)
        if name is not None:
            names[name] = None
            values.setdefault(figure.period, {})[name] = figure.value
    is_weighted = all(name in populations for name in names)
    people = {name: float(populations[name]) if is_weighted else 1.0 for name in names}
    return {
        period: tuple(Group(name, _float(found.get(name)), people[name]) for name in sorted(names))
        for period, found in values.items()
    }


def area_figures(plan: Plan, figures: Iterable[BrokenDownFigure], period: TimePeriod) -> dict[str, Decimal | None]:
    """Area → figure of a period, of the areas within the plan's own, for the whole population."""
    return {
        figure.ref_area: figure.value
        for figure in figures
        if figure.period == period and _group_name(plan, figure, Dimension.AREA) is not None
    }


def aggregation_of(indicator: Indicator) -> Aggregation:
    """How the figures of areas make that of the whole; amounts in a multiple of ten (万张) were rounded."""
    if not measure_of(indicator.unit.measure).is_amount:
        return Aggregation.WEIGHTED_MEAN
    return Aggregation.SUM if indicator.unit.mult else Aggregation.COUNT


def _group_name(plan: Plan, figure: BrokenDownFigure, dimension: Dimension) -> str | None:
    """The group that a figure is of along a dimension; None where it is broken down otherwise."""
    place = place_in_breakdown(plan, figure.ref_area, figure.urbanisation, figure.pop_group)
    return place[1] if place is not None and place[0] is dimension else None


def _is_gap(groups: Sequence[Group]) -> bool:
    return sum(group.value is not None for group in groups) > 1


def _note(names: Iterable[str], populations: Populations) -> Text | None:
    known = [name in populations for name in names]
    if all(known):
        return None
    return PARTLY_WEIGHTED if any(known) else UNWEIGHTED


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
