"""What the overview and a plan's page show, from plans, figures and cases. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from planwatch.period import parse_period
from planwatch.plan import Domain, Indicator, Plan, PrintedValue
from planwatch.policy import AssessmentClass, Level, level_from_code
from planwatch.schedule import TOTAL_KINDS
from services.figures import Figure
from services.pages.forecast_store import Forecasts, KnownForecast
from services.pages.store import Case
from services.web.chart import Chart, draw_chart

SPARKLINE = (150, 48)


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator in a plan's table.

    Attributes:
        indicator: as the plan prints it.
        baseline_cell: the printed cell of the baseline, or of its absence.
        target_cell: the printed cell of the target.
        latest: the newest period known, None where nothing was reported.
        case: the gravest warning that stands, None where there is none.
        chart: the path with the actual values, None where the path has no start.
        simulated: the latest figure or a figure that it rests on was generated.
        forecast: beside the verdict on the latest period; None where none was tried.
    """

    indicator: Indicator
    baseline_cell: PrintedValue | None
    target_cell: PrintedValue | None
    latest: Figure | None
    case: Case | None
    chart: Chart | None
    simulated: bool
    forecast: KnownForecast | None = None

    @property
    def verdict(self) -> AssessmentClass | None:
        """The class of the latest period, None where it has none."""
        return AssessmentClass(self.latest.verdict) if self.latest and self.latest.verdict else None


@dataclass(frozen=True, slots=True)
class DomainGroup:
    """The indicators of one domain, in the order of the table."""

    domain: Domain
    rows: tuple[IndicatorRow, ...]


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """How a plan stands.

    Attributes:
        plan: the plan.
        levels: level → warnings that stand, the gravest first, every level present.
        classes: class → indicators whose latest period has it, in the order of the classes, empty ones left out.
        unassessed: indicators without a class, because nothing was reported or only figures before the plan.
        simulated: some latest figure was generated.
    """

    plan: Plan
    levels: Mapping[Level, int]
    classes: Mapping[AssessmentClass, int]
    unassessed: int
    simulated: bool


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One warning in a list; `indicator` is None where the plan's present version no longer has it."""

    case: Case
    plan: Plan | None
    indicator: Indicator | None
    simulated: bool


def indicator_rows(
    plan: Plan, figures: Iterable[Figure], cases: Iterable[Case], forecasts: Forecasts | None = None
) -> list[IndicatorRow]:
    """One row per indicator of `plan`, in the order of its table.

    Args:
        plan: the plan.
        figures: periods of its headline series, by series and rising period.
        cases: warnings that stand, the gravest first.
        forecasts: beside verdicts on these series.
    """
    series = _by_indicator(plan, figures)
    gravest: dict[str, Case] = {}
    for case in cases:
        if case.plan_id == plan.plan_id:
            gravest.setdefault(case.indicator_id, case)
    return [
        _row(
            plan,
            indicator,
            series.get(indicator.indicator_id, []),
            gravest.get(indicator.indicator_id),
            forecasts or {},
        )
        for indicator in plan.indicators
    ]


def group_by_domain(plan: Plan, rows: Sequence[IndicatorRow]) -> list[DomainGroup]:
    """The rows by domain, domains in the order in which the table first names them."""
    order = list(dict.fromkeys(row.indicator.domain for row in rows))
    in_order = sorted(rows, key=lambda row: order.index(row.indicator.domain))
    return [
        DomainGroup(plan.domain(code), tuple(group))
        for code, group in groupby(in_order, key=lambda row: row.indicator.domain)
    ]


def summarise(plan: Plan, rows: Sequence[IndicatorRow], cases: Iterable[Case]) -> PlanSummary:
    """Counts by class of the latest period and by level of the warnings that stand."""
    verdicts = Counter(row.verdict for row in rows)
    levels = Counter(level_from_code(case.level) for case in cases if case.plan_id == plan.plan_id and case.level)
    return PlanSummary(
        plan=plan,
        levels={level: levels[level] for level in sorted(Level, reverse=True)},
        classes={verdict: verdicts[verdict] for verdict in AssessmentClass if verdicts[verdict]},
        unassessed=verdicts[None],
        simulated=any(row.simulated for row in rows),
    )


def case_rows(cases: Sequence[Case], plans: Sequence[Plan], figures: Iterable[Figure]) -> list[CaseRow]:
    """The cases with the names of plan and indicator, in the order given."""
    by_id = {plan.plan_id: plan for plan in plans}
    generated = {(figure.series_key, figure.time_period) for figure in figures if figure.simulated}
    return [
        CaseRow(
            case,
            by_id.get(case.plan_id),
            plan.indicator(case.indicator_id) if (plan := by_id.get(case.plan_id)) else None,
            (case.series_key, case.time_period) in generated,
        )
        for case in cases
    ]


def rests_on_simulated(indicator: Indicator, figures: Sequence[Figure], latest: Figure) -> bool:
    """Whether `latest` or, where it adds up or has no printed baseline, a figure of its series before it is generated.

    Args:
        indicator: what the series measures.
        figures: the periods of the series, rising.
        latest: one of them.
    """
    if indicator.goal_kind in TOTAL_KINDS or latest.baseline_substituted:
        return any(figure.simulated for figure in figures[: figures.index(latest) + 1])
    return latest.simulated


def baseline_cell(indicator: Indicator) -> PrintedValue | None:
    """The cell in which the plan prints the baseline, or its absence: the one before the plan's own years."""
    if indicator.baseline is not None:
        wanted = (indicator.baseline.period, indicator.baseline.value)
        return next((cell for cell in indicator.values.values() if (cell.period, cell.value) == wanted), None)
    earliest = min(indicator.values.values(), key=lambda cell: cell.period, default=None)
    return earliest if earliest is not None and earliest.period < indicator.target.period else None


def target_cell(indicator: Indicator) -> PrintedValue | None:
    """The cell in which the plan prints the target."""
    return next((cell for cell in indicator.values.values() if cell.period == indicator.target.period), None)


def _row(
    plan: Plan, indicator: Indicator, figures: Sequence[Figure], case: Case | None, forecasts: Forecasts
) -> IndicatorRow:
    latest = figures[-1] if figures else None
    forecast = forecasts.get((latest.series_key, latest.time_period)) if latest else None
    return IndicatorRow(
        indicator=indicator,
        baseline_cell=baseline_cell(indicator),
        target_cell=target_cell(indicator),
        latest=latest,
        case=case,
        chart=draw_chart(plan, indicator, figures, *SPARKLINE, forecast=forecast),
        simulated=rests_on_simulated(indicator, figures, latest) if latest else False,
        forecast=forecast,
    )


def _by_indicator(plan: Plan, figures: Iterable[Figure]) -> dict[str, list[Figure]]:
    """The figures of each indicator's series that reaches furthest, rising; of two alike the one with fewer periods."""
    series: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.plan_id == plan.plan_id:
            series.setdefault(figure.series_key, []).append(figure)
    chosen: dict[str, list[Figure]] = {}
    for found in sorted(series.values(), key=lambda periods: (_end(periods[-1]), -len(periods))):
        chosen[found[0].indicator_id] = found
    return chosen


def _end(figure: Figure) -> str:
    return parse_period(figure.time_period).end.isoformat()
