"""SQL of the figures that gaps and checks of data are read from, inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.case.known_figure import KnownFigure
from planwatch.outlook import first_day_needed
from planwatch.period import Freq, parse_period
from planwatch.plan import Plan
from planwatch.series import Accumulation, ObsStatus

_FIGURES = """
    WITH asked AS MATERIALIZED (
        SELECT series_key, indicator_id, ref_area, freq, urbanisation, pop_group FROM series
        WHERE plan_id = %(plan)s AND (indicator_id = ANY(%(whole)s) OR series_key = ANY(%(series)s))
    )
    SELECT DISTINCT ON (s.series_key, o.period_start, o.time_period)
           s.indicator_id, s.ref_area, s.urbanisation, s.pop_group, o.time_period, o.obs_value, o.submission_id,
           o.received_at, o.obs_status, o.accumulation
    FROM asked AS s
    CROSS JOIN LATERAL (
        SELECT max(n.period_start) AS day FROM observations AS n
        WHERE n.series_key = s.series_key AND n.received_at <= %(at)s
    ) AS newest
    JOIN observations AS o ON o.series_key = s.series_key AND o.received_at <= %(at)s
        AND o.period_start >= CASE WHEN s.freq = %(annual)s THEN %(since)s ELSE newest.day - interval '3 years' END
    ORDER BY s.series_key, o.period_start, o.time_period, o.received_at DESC, o.submission_id DESC
"""


_UNFINISHED = """
    WITH reported AS (
        SELECT DISTINCT s.indicator_id, s.freq, s.ref_area <> %(area)s AS in_part, s.urbanisation <> '_T' AS by_place,
               s.pop_group <> '_T' AS by_group, o.period_start
        FROM series AS s JOIN observations AS o USING (series_key)
        WHERE s.series_key = ANY(%(series)s) AND o.received_at = %(at)s
    ), counted AS (
        SELECT r.indicator_id,
               count(DISTINCT s.series_key) FILTER (WHERE o.period_start = r.period_start) AS now,
               count(DISTINCT s.series_key) FILTER (WHERE o.period_start < r.period_start) AS before,
               bool_or(o.period_start > r.period_start) AS has_later
        FROM reported AS r
        JOIN series AS s ON (s.plan_id, s.indicator_id, s.freq) = (%(plan)s, r.indicator_id, r.freq)
            AND (s.ref_area <> %(area)s, s.urbanisation <> '_T', s.pop_group <> '_T')
                = (r.in_part, r.by_place, r.by_group)
        JOIN observations AS o ON o.series_key = s.series_key AND o.received_at <= %(at)s
            AND o.period_start >= r.period_start - CASE r.freq
                WHEN 'A' THEN interval '1 year' WHEN 'S' THEN interval '6 months' WHEN 'Q' THEN interval '3 months'
                WHEN 'M' THEN interval '1 month' ELSE interval '1 day' END
        GROUP BY r.indicator_id, r.freq, r.in_part, r.by_place, r.by_group, r.period_start
    )
    SELECT indicator_id FROM counted GROUP BY indicator_id HAVING bool_and(now < before AND NOT has_later)
"""


async def load_unfinished(
    connection: AsyncConnection[Any], plan: Plan, series_keys: Collection[str], known_at: datetime
) -> set[str]:
    """The indicators of which a report brings nothing but parts of a newest period that lacks others still.

    Fewer series have reported the period than the one before: no gap and no sum can be judged anew, and the figures of
    all parts need not be read for each of them.

    Args:
        connection: of the alerting service.
        plan: of the series.
        series_keys: that the report is about.
        known_at: when it was received.
    """
    cursor = await connection.execute(
        _UNFINISHED, {"plan": plan.plan_id, "area": plan.ref_area, "series": list(series_keys), "at": known_at}
    )
    return {indicator_id for (indicator_id,) in await cursor.fetchall()}


async def load_known_figures(
    connection: AsyncConnection[Any],
    plan: Plan,
    indicator_ids: Collection[str],
    series_keys: Collection[str],
    known_at: datetime,
) -> dict[str, list[KnownFigure]]:
    """Indicator → the newest vintages known at a moment: of whole indicators in every breakdown, and of single series.

    What is read stays bounded: yearly figures from ten years before the plan on, others of the last three years.
    """
    cursor = await connection.execute(
        _FIGURES,
        {
            "plan": plan.plan_id,
            "whole": sorted(indicator_ids),
            "series": sorted(series_keys),
            "annual": Freq.ANNUAL,
            "since": first_day_needed(plan),
            "at": known_at,
        },
    )
    found: dict[str, list[KnownFigure]] = defaultdict(list)
    for indicator_id, area, urban, group, period, value, submission_id, at, status, form in await cursor.fetchall():
        accumulation = Accumulation(form) if form else None
        found[indicator_id].append(
            KnownFigure(
                area, parse_period(period), value, submission_id, at, ObsStatus(status), urban, group, accumulation
            )
        )
    return found
