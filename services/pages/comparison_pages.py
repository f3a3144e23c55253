"""The pages that compare: gaps between groups, scores, and targets beside the parent plan's. Nothing here writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from psycopg import AsyncConnection

from planwatch.alignment import Standing, align
from planwatch.breakdown import Dimension, dimensions_of, disparity
from planwatch.errors import InvalidPeriod
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Plan
from planwatch.plan_score import Weighting, equally_scored, scored_by_entropy
from services.breakdowns import load_breakdowns, load_by_area, load_standing
from services.database import Pool
from services.pages import store
from services.pages.gap_views import draw_gap
from services.pages.handlers import NotShown
from services.pages.moment import parse_moment
from services.pages.rendering import page

Handler = Callable[[web.Request], Awaitable[web.Response]]


class ComparisonPages:
    """Pages under the address of a plan, on a pool of the reading role."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._shelf = store.PlanShelf()

    def add_routes(self, app: web.Application) -> None:
        """Add the address of every page."""
        routes: dict[str, Handler] = {
            "/plans/{plan_id}/equalisation/{indicator}": self.equalisation,
            "/plans/{plan_id}/scores": self.scores,
            "/plans/{plan_id}/alignment": self.alignment,
        }
        for address, handler in routes.items():
            app.router.add_get(address, handler)

    async def equalisation(self, request: web.Request) -> web.Response:
        """The gap of one indicator between areas, urban and rural, or groups."""
        as_of, period = _moment(request), _period(request)
        reference = request.match_info["indicator"]
        async with store.reading(self._pool) as connection:
            plan = await self._plan(connection, request, as_of)
            indicator = plan.indicator(reference)
            if indicator is None:
                raise _unknown("指标", "indicator", reference)
            figures = await load_breakdowns(connection, plan.plan_id, indicator.indicator_id, as_of)
        dimensions = dimensions_of(plan, figures)
        asked = request.query.get("by", "")
        chosen = next((found for found in Dimension if found == asked), dimensions[0] if dimensions else None)
        found = disparity(plan, indicator, figures, chosen, {}, period) if chosen else None
        content = {
            "plan": plan,
            "indicator": indicator,
            "dimensions": dimensions,
            "chosen": chosen,
            "found": found,
            "picture": draw_gap(found) if found else None,
            "as_of": as_of,
        }
        return page(request, "equalisation", content)

    async def scores(self, request: web.Request) -> web.Response:
        """The score of a plan and of its domains, traced to the indicators."""
        as_of = _moment(request)
        by_entropy = request.query.get("weights") == Weighting.ENTROPY
        async with store.reading(self._pool) as connection:
            plan = await self._plan(connection, request, as_of)
            standing = await load_standing(connection, plan.plan_id, as_of)
            by_area = await load_by_area(connection, plan.plan_id, as_of)
        found = scored_by_entropy(plan, standing, by_area) if by_entropy else equally_scored(plan, standing)
        compared = {code for code, figures in by_area.items() if dimensions_of(plan, figures)}
        return page(request, "scores", {"plan": plan, "found": found, "compared": compared, "as_of": as_of})

    async def alignment(self, request: web.Request) -> web.Response:
        """The targets of a plan beside those of its parent plan."""
        async with store.reading(self._pool) as connection:
            plan = await self._plan(connection, request, None)
            plans = await self._shelf.load(connection, None)
        parent = next((found for found in plans if found.plan_id == plan.parent_plan), None)
        rows = align(plan, parent) if parent else ()
        counts = {standing: sum(row.standing is standing for row in rows) for standing in Standing}
        return page(request, "alignment", {"plan": plan, "parent": parent, "rows": rows, "counts": counts})

    async def _plan(self, connection: AsyncConnection[Any], request: web.Request, as_of: datetime | None) -> Plan:
        plan_id = request.match_info["plan_id"]
        plans = await self._shelf.load(connection, as_of)
        found = next((plan for plan in plans if plan.plan_id == plan_id), None)
        if found is None:
            raise _unknown("规划", "plan", plan_id)
        return found


def _moment(request: web.Request) -> datetime | None:
    asked = request.query.get("as_of", "").strip()
    try:
        return parse_moment(asked) if asked else None
    except (ValueError, OverflowError) as error:
        reason = Text(
            f"时间“{asked}”无法识别，应为 2026-01-31 或 2026-01-31T08:00+08:00 的形式",
            f"the moment “{asked}” is not understood; expected 2026-01-31 or 2026-01-31T08:00+08:00",
        )
        raise NotShown(HTTPStatus.BAD_REQUEST, reason) from error


def _period(request: web.Request) -> TimePeriod | None:
    asked = request.query.get("period", "").strip()
    try:
        return parse_period(asked) if asked else None
    except InvalidPeriod as error:
        raise NotShown(HTTPStatus.BAD_REQUEST, error.text) from error


def _unknown(zh: str, en: str, identity: str) -> NotShown:
    shown = identity.replace("\x00", "␀")
    return NotShown(HTTPStatus.NOT_FOUND, Text(f"没有这个{zh}：{shown}", f"there is no such {en}: {shown}"))
