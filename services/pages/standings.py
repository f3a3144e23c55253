"""How the indicators that follow from a plan's commitments stand, from figures and cases. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import Indicator, Plan
from services.pages.commitment_store import Report
from services.pages.store import Case, Figure
from services.pages.views import rests_on_simulated


@dataclass(frozen=True, slots=True)
class Standing:
    """How one indicator of a commitment stands in one area.

    Attributes:
        label: what is measured, in short.
        indicator: derived from the commitment.
        ref_area: where; None for the plan's own area.
        latest: the newest period, None where nothing was reported.
        case: the warning that stands on it, None where there is none.
        simulated: the latest figure, or one that it rests on, was generated.
    """

    label: Text
    indicator: Indicator
    ref_area: str | None
    latest: Figure | None
    case: Case | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class Reported:
    """What is known of the commitments of one plan.

    Attributes:
        figures: periods of their series, by series and rising period.
        cases: warnings that stand, the gravest first.
        reports: on tasks and projects, the newest last.
    """

    figures: Sequence[Figure] = ()
    cases: Sequence[Case] = ()
    reports: Sequence[Report] = ()


_LABELS = {
    "physical_progress": Text("形象进度", "Progress"),
    "expected_delay": Text("预计晚于期限", "Expected delay"),
    "investment_completed": Text("完成投资", "Investment"),
    "service_level": Text("实际水平", "Observed level"),
    "service_standard": Text("本级标准", "Own standard"),
}
_SHOWN_UNREPORTED = frozenset({"quantity_delivered", "investment_completed", "service_level", "service_standard"})
_FIGURE = Text("数值", "Figure")


def standings_of(plan: Plan, reported: Reported) -> dict[str, tuple[Standing, ...]]:
    """Commitment → how each of its indicators stands: the plan's own area first, then others where reported."""
    series: dict[tuple[str, str], list[Figure]] = {}
    for periods in _by_series(reported.figures):
        place = (periods[0].indicator_id, periods[0].ref_area)
        known = series.get(place)
        if known is None or _end(periods[-1]) >= _end(known[-1]):
            series[place] = periods
    cases = {case.series_key: case for case in reversed(reported.cases)}
    quantities = {each.quantity_id: each.what for project in plan.commitments.projects for each in project.deliverables}
    found: dict[str, tuple[Standing, ...]] = {}
    for indicator in plan.derived:
        areas = sorted({area for identity, area in series if identity == indicator.indicator_id} - {plan.ref_area})
        label = quantities.get(indicator.indicator_id) or _LABELS.get(indicator.concept, _FIGURE)
        for area in (plan.ref_area, *areas):
            figures = series.get((indicator.indicator_id, area), [])
            if figures or (area == plan.ref_area and _is_shown(indicator)):
                standing = _standing(label, indicator, None if area == plan.ref_area else area, figures, cases)
                key = indicator.commitment_id or ""
                found[key] = (*found.get(key, ()), standing)
    return found


def _is_shown(indicator: Indicator) -> bool:
    """Whether an indicator is worth a line before anything is reported of it: it carries a printed figure."""
    return indicator.concept in _SHOWN_UNREPORTED


def _standing(
    label: Text, indicator: Indicator, area: str | None, figures: Sequence[Figure], cases: Mapping[str, Case]
) -> Standing:
    latest = figures[-1] if figures else None
    return Standing(
        label=label,
        indicator=indicator,
        ref_area=area,
        latest=latest,
        case=cases.get(latest.series_key) if latest else None,
        simulated=rests_on_simulated(indicator, figures, latest) if latest else False,
    )


def _by_series(figures: Iterable[Figure]) -> list[list[Figure]]:
    series: dict[str, list[Figure]] = {}
    for figure in figures:
        series.setdefault(figure.series_key, []).append(figure)
    return list(series.values())


def _end(figure: Figure) -> str:
    return parse_period(figure.time_period).end.isoformat()
