"""Where cases of doubtful data come from: jumps within a series, and wholes that are not their parts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from planwatch.area import lies_within
from planwatch.breakdown import aggregation_of
from planwatch.case.events import QualityChecked, Reading
from planwatch.case.kinds import Track
from planwatch.case.known_figure import KnownFigure
from planwatch.case.quality_readings import RollupCheck, quality_readings, rollup_checks
from planwatch.plan import TOTAL_KINDS, Indicator, Plan, Section
from planwatch.rollup import Aggregation
from planwatch.series import TOTAL, SeriesKey
from services.alerts.cases import Happening
from services.alerts.matters import matter_of

STATISTICS = frozenset({Section.MAIN_TABLE, Section.TEXT_TARGET})
"""Where in a plan figures follow one another; reports on tasks and projects may jump."""


def quality_happenings(
    plan: Plan, reported: Iterable[SeriesKey], figures: Mapping[str, Sequence[KnownFigure]]
) -> list[Happening]:
    """What the checks say of the subjects that a report touches: those reported, and the wholes that they are part of.

    Args:
        plan: whose figures were reported.
        reported: the series.
        figures: indicator → all its figures, as known at the moment of the report.
    """
    found: dict[str, Happening] = {}
    for series in sorted(reported, key=str):
        indicator = plan.indicator(series.indicator_id)
        if indicator is None or indicator.section not in STATISTICS:
            continue
        known = figures.get(series.indicator_id, ())
        for area in sorted({series.ref_area, *_wholes(series, indicator, known)}):
            subject = SeriesKey(series.indicator_id, area, series.freq, series.urbanisation, series.pop_group)
            matter = matter_of(plan, indicator, subject, Track.QUALITY)
            if matter.case_id not in found:
                found[matter.case_id] = Happening(
                    matter.case_id, QualityChecked(matter, _readings(indicator, subject, known))
                )
    return list(found.values())


def _wholes(series: SeriesKey, indicator: Indicator, figures: Iterable[KnownFigure]) -> set[str]:
    """The areas that report the indicator and hold the area of a series."""
    if not _is_rolled_up(series, indicator):
        return set()
    return {figure.ref_area for figure in figures if lies_within(series.ref_area, figure.ref_area)}


def _readings(indicator: Indicator, subject: SeriesKey, figures: Sequence[KnownFigure]) -> list[Reading]:
    breakdown = (subject.urbanisation, subject.pop_group)
    alike = [figure for figure in figures if (figure.urbanisation, figure.pop_group) == breakdown]
    own = [figure for figure in alike if figure.ref_area == subject.ref_area]
    checks: list[RollupCheck] = []
    if _is_rolled_up(subject, indicator):
        within = [figure for figure in alike if lies_within(figure.ref_area, subject.ref_area)]
        checks = rollup_checks(subject.ref_area, within, aggregation_of(indicator))
    return quality_readings(own, checks, expects_trend=indicator.goal_kind not in TOTAL_KINDS)


def _is_rolled_up(series: SeriesKey, indicator: Indicator) -> bool:
    """Whether the figures of areas add up; rates would need weights, which are not reported."""
    is_whole = (series.urbanisation, series.pop_group) == (TOTAL, TOTAL)
    return is_whole and aggregation_of(indicator) is not Aggregation.WEIGHTED_MEAN
