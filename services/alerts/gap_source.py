"""Where cases of a widening gap come from: figures of areas, of urban and rural, and of population groups. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from planwatch.breakdown import Dimension, place_in_breakdown
from planwatch.case.events import GapMeasured
from planwatch.case.gap_readings import GroupFigure, gap_readings
from planwatch.case.kinds import Track
from planwatch.case.known_figure import KnownFigure
from planwatch.period import Freq
from planwatch.plan import Plan
from planwatch.series import SeriesKey
from services.alerts.cases import Happening
from services.alerts.matters import matter_of


def gap_happenings(
    plan: Plan, reported: Iterable[SeriesKey], figures: Mapping[str, Sequence[KnownFigure]]
) -> list[Happening]:
    """What is known of the gaps that a report may have changed, one event per indicator and dimension.

    Args:
        plan: whose figures were reported.
        reported: the series.
        figures: indicator → all its figures, as known at the moment of the report.
    """
    touched: dict[str, set[Dimension]] = defaultdict(set)
    for series in reported:
        place = place_in_breakdown(plan, series.ref_area, series.urbanisation, series.pop_group)
        if place is not None:
            touched[series.indicator_id].add(place[0])
    found = []
    for indicator_id, dimensions in sorted(touched.items()):
        indicator = plan.indicator(indicator_id)
        if indicator is None:
            continue
        for dimension in sorted(dimensions):
            whole = SeriesKey(indicator_id, plan.ref_area, Freq.ANNUAL)
            matter = matter_of(plan, indicator, whole, Track.GAP, dimension=dimension)
            readings = gap_readings(dimension, _groups(plan, dimension, figures.get(indicator_id, ())))
            found.append(Happening(matter.case_id, GapMeasured(matter, readings)))
    return found


def _groups(plan: Plan, dimension: Dimension, figures: Iterable[KnownFigure]) -> list[GroupFigure]:
    found = []
    for figure in figures:
        place = place_in_breakdown(plan, figure.ref_area, figure.urbanisation, figure.pop_group)
        if place is not None and place[0] is dimension:
            found.append(GroupFigure(place[1], figure.period, figure.value, figure.submission_id, figure.received_at))
    return found
