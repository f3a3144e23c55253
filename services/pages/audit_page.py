"""The page of the self-audit: when it last ran, what it proved and what it found. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from psycopg import AsyncConnection
from psycopg.rows import class_row

from services.clock import Clock
from services.database import Pool
from services.pages import store
from services.pages.rendering import page

INTERVALS_UNTIL_OVERDUE = 5


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest self-audit; fields as in table `audit_runs`."""

    at: datetime
    every_s: int
    findings: int
    checks: list[dict[str, Any]]
    listed: list[dict[str, Any]]

    def is_overdue(self, now: datetime) -> bool:
        """Whether so many intervals have passed that the proof no longer speaks of today."""
        return now - self.at > timedelta(seconds=self.every_s * INTERVALS_UNTIL_OVERDUE)


class AuditPage:
    """`GET /audit`, on a pool of the reading role."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool, self._clock = pool, clock

    def add_routes(self, app: web.Application) -> None:
        """Add the address of the page."""
        app.router.add_get("/audit", self.audit)

    async def audit(self, request: web.Request) -> web.Response:
        """The newest run."""
        async with store.reading(self._pool) as connection:
            last = await _load_last_run(connection)
        content = {
            "run": last,
            "overdue": last is None or last.is_overdue(self._clock()),
            "findings": [
                {**item, "since": datetime.fromisoformat(item["since"]) if item["since"] else None}
                for item in (last.listed if last else ())
            ],
        }
        return page(request, "audit", content)


async def _load_last_run(connection: AsyncConnection[Any]) -> LastRun | None:
    cursor = connection.cursor(row_factory=class_row(LastRun))
    await cursor.execute(
        "SELECT at, every_s, findings, checks, listed FROM audit_runs ORDER BY at DESC, run_no DESC LIMIT 1"
    )
    return await cursor.fetchone()
