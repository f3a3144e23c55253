"""Where cases of a widening gap come from: figures of areas, of urban and rural, and of population groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.breakdown import Dimension, place_in_breakdown
from planwatch.case.events import GapMeasured
from planwatch.case.gap_readings import GroupFigure, gap_readings
from planwatch.case.kinds import Track
from planwatch.outlook import first_day_needed
from planwatch.period import Freq, parse_period
from planwatch.plan import Plan
from planwatch.series import SeriesKey
from services.alerts.cases import Happening
from services.alerts.matters import matter_of

_FIGURES = """
    WITH broken_down AS MATERIALIZED (
        SELECT series_key, ref_area, freq, urbanisation, pop_group FROM series
        WHERE (plan_id, indicator_id) = (%(plan)s, %(indicator)s)
          AND (ref_area <> %(area)s OR (urbanisation, pop_group) <> ('_T', '_T'))
    )
    SELECT DISTINCT ON (s.series_key, o.period_start, o.time_period)
           s.ref_area, s.urbanisation, s.pop_group, o.time_period, o.obs_value, o.submission_id, o.received_at
    FROM broken_down AS s
    CROSS JOIN LATERAL (
        SELECT max(n.period_start) AS day FROM observations AS n
        WHERE n.series_key = s.series_key AND n.received_at <= %(at)s
    ) AS newest
    JOIN observations AS o ON o.series_key = s.series_key AND o.received_at <= %(at)s
        AND o.period_start >= CASE WHEN s.freq = %(annual)s THEN %(since)s ELSE newest.day - interval '3 years' END
    ORDER BY s.series_key, o.period_start, o.time_period, o.received_at DESC, o.submission_id DESC
"""
"""Figures of a year from ten years before the plan on, others of the last three years: what is read stays bounded."""


async def gap_happenings(
    connection: AsyncConnection[Any], plan: Plan, reported: Iterable[SeriesKey], known_at: datetime
) -> list[Happening]:
    """What is known at a moment of the gaps that a report may have changed, one event per indicator and dimension.

    Args:
        connection: of the alerting service.
        plan: whose figures were reported.
        reported: the series.
        known_at: the moment.
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
        figures = await _load_figures(connection, plan, indicator_id, dimensions, known_at)
        for dimension in sorted(dimensions):
            whole = SeriesKey(indicator_id, plan.ref_area, Freq.ANNUAL)
            matter = matter_of(plan, indicator, whole, Track.GAP, dimension=dimension)
            readings = gap_readings(dimension, figures[dimension])
            found.append(Happening(matter.case_id, GapMeasured(matter, readings)))
    return found


async def _load_figures(
    connection: AsyncConnection[Any],
    plan: Plan,
    indicator_id: str,
    dimensions: Collection[Dimension],
    known_at: datetime,
) -> dict[Dimension, list[GroupFigure]]:
    cursor = await connection.execute(
        _FIGURES,
        {
            "plan": plan.plan_id,
            "indicator": indicator_id,
            "area": plan.ref_area,
            "annual": Freq.ANNUAL,
            "since": first_day_needed(plan),
            "at": known_at,
        },
    )
    found: dict[Dimension, list[GroupFigure]] = {dimension: [] for dimension in dimensions}
    for ref_area, urbanisation, pop_group, period, value, submission_id, received_at in await cursor.fetchall():
        place = place_in_breakdown(plan, ref_area, urbanisation, pop_group)
        if place is not None and place[0] in found:
            found[place[0]].append(GroupFigure(place[1], parse_period(period), value, submission_id, received_at))
    return found
