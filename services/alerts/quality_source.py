"""Where cases of doubtful data come from: jumps, wholes that are not their parts, totals that fall. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from planwatch.area import lies_within
from planwatch.breakdown import aggregation_of
from planwatch.case.events import QualityChecked, Reading
from planwatch.case.figure_checks import RURAL, URBAN, breakdown_checks, fall_checks, rollup_checks
from planwatch.case.kinds import Track
from planwatch.case.known_figure import KnownFigure
from planwatch.case.quality_readings import quality_readings
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
        for subject in sorted({series, *_wholes(series, indicator, known)}, key=str):
            matter = matter_of(plan, indicator, subject, Track.QUALITY)
            if matter.case_id not in found:
                readings = _readings(plan, indicator, subject, known)
                found[matter.case_id] = Happening(matter.case_id, QualityChecked(matter, readings))
    return list(found.values())


def series_compared(reported: Iterable[SeriesKey]) -> set[str]:
    """The series that are held against the reported ones in their own area: the whole, urban and rural."""
    return {
        str(each)
        for series in reported
        for part in (TOTAL, URBAN, RURAL)
        for each in replace(series, urbanisation=part).at_every_freq
    }


def is_part_of_plan(plan: Plan, series: SeriesKey) -> bool:
    """Whether a series is the urban or rural part of the plan's own area, whose whole is held against all areas too."""
    return series.ref_area == plan.ref_area and series.urbanisation in (URBAN, RURAL)


def _wholes(series: SeriesKey, indicator: Indicator, figures: Iterable[KnownFigure]) -> set[SeriesKey]:
    """What a series is part of and has been reported: the areas that hold its own, and urban and rural together."""
    if series.urbanisation in (URBAN, RURAL):
        whole = (series.ref_area, TOTAL, series.pop_group)
        is_known = any((each.ref_area, each.urbanisation, each.pop_group) == whole for each in figures)
        return {replace(series, urbanisation=TOTAL)} if is_known else set()
    if not _is_rolled_up(series, indicator):
        return set()
    areas = {figure.ref_area for figure in figures if lies_within(series.ref_area, figure.ref_area)}
    return {replace(series, ref_area=area) for area in areas}


def _readings(plan: Plan, indicator: Indicator, subject: SeriesKey, figures: Sequence[KnownFigure]) -> list[Reading]:
    of_group = [figure for figure in figures if figure.pop_group == subject.pop_group]
    alike = [figure for figure in of_group if figure.urbanisation == subject.urbanisation]
    own = [figure for figure in alike if figure.ref_area == subject.ref_area]
    aggregation, checks = aggregation_of(indicator), []
    if _is_rolled_up(subject, indicator):
        within = [figure for figure in alike if lies_within(figure.ref_area, subject.ref_area)]
        checks += rollup_checks(subject.ref_area, within, aggregation)
    if subject.urbanisation == TOTAL and not _may_be_negative(indicator):
        parts = [figure for figure in of_group if figure.ref_area == subject.ref_area]
        checks += breakdown_checks(parts, aggregation, indicator.accumulation)
    if aggregation is not Aggregation.WEIGHTED_MEAN and not _may_be_negative(indicator):
        checks += fall_checks(own, plan.first_day, aggregation, indicator.accumulation)
    return quality_readings(own, checks, expects_trend=indicator.goal_kind not in TOTAL_KINDS)


def _may_be_negative(indicator: Indicator) -> bool:
    """Of growth and net changes: their totals may fall, and a growth rate need not lie between those of its parts."""
    return indicator.bounds[0] is None or indicator.bounds[0] < 0


def _is_rolled_up(series: SeriesKey, indicator: Indicator) -> bool:
    """Whether the figures of areas add up; rates would need weights, which are not reported."""
    is_whole = (series.urbanisation, series.pop_group) == (TOTAL, TOTAL)
    return is_whole and aggregation_of(indicator) is not Aggregation.WEIGHTED_MEAN
