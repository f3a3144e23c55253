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
from planwatch.series import ObsStatus

_FIGURES = """
    WITH asked AS MATERIALIZED (
        SELECT series_key, indicator_id, ref_area, freq, urbanisation, pop_group FROM series
        WHERE plan_id = %(plan)s AND indicator_id = ANY(%(indicators)s)
    )
    SELECT DISTINCT ON (s.series_key, o.period_start, o.time_period)
           s.indicator_id, s.ref_area, s.urbanisation, s.pop_group, o.time_period, o.obs_value, o.submission_id,
           o.received_at, o.obs_status
    FROM asked AS s
    CROSS JOIN LATERAL (
        SELECT max(n.period_start) AS day FROM observations AS n
        WHERE n.series_key = s.series_key AND n.received_at <= %(at)s
    ) AS newest
    JOIN observations AS o ON o.series_key = s.series_key AND o.received_at <= %(at)s
        AND o.period_start >= CASE WHEN s.freq = %(annual)s THEN %(since)s ELSE newest.day - interval '3 years' END
    ORDER BY s.series_key, o.period_start, o.time_period, o.received_at DESC, o.submission_id DESC
"""


async def load_known_figures(
    connection: AsyncConnection[Any], plan: Plan, indicator_ids: Collection[str], known_at: datetime
) -> dict[str, list[KnownFigure]]:
    """Indicator → the newest vintages known at a moment, in every area and breakdown.

    What is read stays bounded: yearly figures from ten years before the plan on, others of the last three years.
    """
    cursor = await connection.execute(
        _FIGURES,
        {
            "plan": plan.plan_id,
            "indicators": sorted(indicator_ids),
            "annual": Freq.ANNUAL,
            "since": first_day_needed(plan),
            "at": known_at,
        },
    )
    found: dict[str, list[KnownFigure]] = defaultdict(list)
    for indicator_id, area, urban, group, period, value, submission_id, at, status in await cursor.fetchall():
        found[indicator_id].append(
            KnownFigure(area, parse_period(period), value, submission_id, at, ObsStatus(status), urban, group)
        )
    return found
