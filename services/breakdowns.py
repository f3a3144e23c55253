"""SQL of the figures of one indicator in all its breakdowns, for commands and pages alike; read as planwatch_reader."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, Connection

from planwatch.breakdown import BrokenDownFigure
from planwatch.period import parse_period

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


def _asked(plan_id: str, indicator_id: str, as_of: datetime | None) -> dict[str, Any]:
    return {"plan": plan_id, "indicator": indicator_id, "as_of": as_of}


def _figures(rows: Iterable[tuple[Any, ...]]) -> list[BrokenDownFigure]:
    return [
        BrokenDownFigure(area, urbanisation, group, parse_period(period), value, simulated)
        for area, urbanisation, group, period, value, simulated in rows
    ]
