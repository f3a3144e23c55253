"""Wiring of the pages: routes, the stylesheet, and what a reader sees when something is not there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

from aiohttp import web

from planwatch.language import Text
from services.clock import system_clock
from services.database import Pool
from services.errors import StoreUnavailable
from services.pages import store
from services.pages.audit_page import AuditPage
from services.pages.catcher import MailFolder
from services.pages.comparison_pages import ComparisonPages
from services.pages.handlers import NotShown, Pages
from services.pages.rendering import DESK_URL, page
from services.serving import Check, add_operations_routes
from services.web.page import keep_to_itself
from services.web.static_files import add_static_files

logger = logging.getLogger(__name__)

NO_SUCH_PAGE = Text("没有这个页面", "there is no such page")
UNAVAILABLE = Text("数据库暂时不可用，请稍后再试", "the database is unavailable for now; please try again later")
BROKEN = Text("页面出错，已记入日志", "the page failed; the fault is in the log")


def build_app(pool: Pool, mail_catcher: str, alerts_url: str = "") -> web.Application:
    """The application.

    Args:
        pool: connections of the role planwatch_reader.
        mail_catcher: folder of the local mail catcher; empty where there is none.
        alerts_url: address of the alerting service, where cases are answered; empty where nobody is led there.
    """

    async def checks() -> dict[str, Check]:
        async with store.reading(pool) as connection:
            plans = await store.count_plans(connection)
        return {"database": Check(True, f"{plans} plans")}

    app = web.Application(middlewares=[_answer_in_words])
    app[DESK_URL] = alerts_url
    Pages(pool, MailFolder(Path(mail_catcher)) if mail_catcher else None).add_routes(app)
    ComparisonPages(pool).add_routes(app)
    AuditPage(pool, system_clock).add_routes(app)
    add_static_files(app)
    app.on_response_prepare.append(keep_to_itself)
    add_operations_routes(app, checks)
    return app


@web.middleware
async def _answer_in_words(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except NotShown as error:
        return _error_page(request, error.status, error.reason)
    except web.HTTPNotFound:
        return _error_page(request, HTTPStatus.NOT_FOUND, NO_SUCH_PAGE)
    except web.HTTPException:
        raise
    except StoreUnavailable as error:
        logger.warning("%s", error)
        return _error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE)
    except Exception:
        logger.exception("page %s failed", request.path)
        return _error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, BROKEN)


def _error_page(request: web.Request, status: HTTPStatus, reason: Text) -> web.Response:
    return page(request, "error", {"reason": reason, "status": status.value}, status)
