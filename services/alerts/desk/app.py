"""Adds the desk to the application of the alerting service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from aiohttp import web

from planwatch.language import Text
from planwatch.working_days import WorkingCalendar
from services.accounts.rendering import refusal
from services.accounts.web import add_navigation
from services.alerts.cases import CaseBook
from services.alerts.desk.api import DeskApi
from services.alerts.desk.attachment_files import MOST_BYTES
from services.alerts.desk.case_files import CaseFiles
from services.alerts.desk.decisions import Desk
from services.alerts.desk.pages import DeskPages
from services.catalogue import CatalogueCache
from services.clock import Clock
from services.database import Pool
from services.web.access import open_to_anyone
from services.web.page import see_other

MOST_BODY_BYTES = MOST_BYTES + 64 * 1024
"""Of a request: the largest attachment and the other fields of its form."""

CASES = Text("预警办理", "Cases")
TOO_LARGE = Text(
    f"请求过大：附件不得超过{MOST_BYTES // 1024 // 1024} MB",
    f"the request is too large: a file may have {MOST_BYTES // 1024 // 1024} MB at most",
)
STYLESHEET = Path(str(files("services.alerts.desk") / "static" / "supervision_form.css"))


def add_desk(app: web.Application, pool: Pool, book: CaseBook, calendar: WorkingCalendar, clock: Clock) -> None:
    """Serve the pages and the API of cases.

    Args:
        app: guarded by `services.accounts.web.add_accounts`; its `client_max_size` is `MOST_BODY_BYTES`.
        pool: connections of the role planwatch_alerts.
        book: through which every step is written.
        calendar: working days.
        clock: the present moment.
    """
    catalogue = CatalogueCache()
    desk = Desk(pool, book, catalogue, calendar, clock)
    case_files = CaseFiles(catalogue, clock)
    DeskPages(pool, desk, case_files, clock).add_routes(app)
    DeskApi(pool, desk, case_files, clock).add_routes(app)
    app.router.add_get("/static/desk/supervision_form.css", _stylesheet)
    app.router.add_get("/", _to_cases)
    app.middlewares.insert(0, _refuse_large)
    add_navigation(app, "/cases", CASES)


@open_to_anyone
async def _to_cases(_: web.Request) -> web.StreamResponse:
    return see_other("/cases")


@open_to_anyone
async def _stylesheet(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(STYLESHEET)


@web.middleware
async def _refuse_large(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        return refusal(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
