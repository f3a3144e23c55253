"""SQL of the figures that are compared and scored, for commands and pages alike; read as planwatch_reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, Connection

from planwatch.breakdown import BrokenDownFigure
from planwatch.period import parse_period
from planwatch.plan_score import StandingFigure

_FIGURES = """
    SELECT s.ref_area, s.urbanisation, s.pop_group, o.time_period, o.obs_value, u.simulated
    FROM series AS s
    JOIN observations_as_of(coalesce(%(as_of)s::timestamptz, 'infinity')) AS o USING (series_key)
    JOIN submissions AS u USING (submission_id)
    WHERE (s.plan_id, s.indicator_id) = (%(plan)s, %(indicator)s)
"""

_AREAS = "SELECT DISTINCT ref_area FROM series WHERE plan_id = %(plan)s ORDER BY ref_area"


def read_breakdowns(
    connection: Connection[Any], plan_id: str, indicator_id: str, as_of: datetime | None
) -> list[BrokenDownFigure]:
    """The figures of an indicator in every area and breakdown as known at `as_of` (None: now)."""
    return _figures(connection.execute(_FIGURES, _asked(plan_id, indicator_id, as_of)).fetchall())


def read_areas(connection: Connection[Any], plan_id: str) -> list[str]:
    """The areas from which anything of a plan was ever reported."""
    return [area for (area,) in connection.execute(_AREAS, {"plan": plan_id}).fetchall()]


async def load_breakdowns(
    connection: AsyncConnection[Any], plan_id: str, indicator_id: str, as_of: datetime | None
) -> list[BrokenDownFigure]:
    """The same on a connection of the pages."""
    cursor = await connection.execute(_FIGURES, _asked(plan_id, indicator_id, as_of))
    return _figures(await cursor.fetchall())


_STANDING = """
    SELECT indicator_id, time_period, obs_value, achieved_share, simulated
    FROM indicator_status_as_of(coalesce(%(as_of)s::timestamptz, 'infinity'))
    WHERE plan_id = %(plan)s
"""

_BY_AREA = """
    SELECT s.indicator_id, s.ref_area, s.urbanisation, s.pop_group, o.time_period, o.obs_value, u.simulated
    FROM series AS s
    JOIN observations_as_of(coalesce(%(as_of)s::timestamptz, 'infinity')) AS o USING (series_key)
    JOIN submissions AS u USING (submission_id)
    WHERE s.plan_id = %(plan)s AND (s.urbanisation, s.pop_group) = ('_T', '_T')
"""


def read_standing(connection: Connection[Any], plan_id: str, as_of: datetime | None) -> list[StandingFigure]:
    """The newest verdict on every indicator of a plan as known at `as_of` (None: now)."""
    rows = connection.execute(_STANDING, {"plan": plan_id, "as_of": as_of}).fetchall()
    return [StandingFigure(*row) for row in rows]


async def load_standing(connection: AsyncConnection[Any], plan_id: str, as_of: datetime | None) -> list[StandingFigure]:
    """The same on a connection of the pages."""
    cursor = await connection.execute(_STANDING, {"plan": plan_id, "as_of": as_of})
    return [StandingFigure(*row) for row in await cursor.fetchall()]


def read_by_area(
    connection: Connection[Any], plan_id: str, as_of: datetime | None
) -> dict[str, list[BrokenDownFigure]]:
    """Indicator → its figures in every area, for the whole population."""
    return _by_indicator(connection.execute(_BY_AREA, {"plan": plan_id, "as_of": as_of}).fetchall())


async def load_by_area(
    connection: AsyncConnection[Any], plan_id: str, as_of: datetime | None
) -> dict[str, list[BrokenDownFigure]]:
    """The same on a connection of the pages."""
    cursor = await connection.execute(_BY_AREA, {"plan": plan_id, "as_of": as_of})
    return _by_indicator(await cursor.fetchall())


def _by_indicator(rows: Iterable[tuple[Any, ...]]) -> dict[str, list[BrokenDownFigure]]:
    found: dict[str, list[BrokenDownFigure]] = {}
    for indicator, *row in rows:
        found.setdefault(indicator, []).extend(_figures([tuple(row)]))
    return found


def _asked(plan_id: str, indicator_id: str, as_of: datetime | None) -> dict[str, Any]:
    return {"plan": plan_id, "indicator": indicator_id, "as_of": as_of}


def _figures(rows: Iterable[tuple[Any, ...]]) -> list[BrokenDownFigure]:
    return [
        BrokenDownFigure(area, urbanisation, group, parse_period(period), value, simulated)
        for area, urbanisation, group, period, value, simulated in rows
    ]
