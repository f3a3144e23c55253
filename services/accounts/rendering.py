"""Pages for people who are signed in: the shared layout with their name, their ways, and how to leave."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import web
from jinja2 import Environment

from planwatch.language import Text
from services.accounts.account import ROLE_NAMES, Role
from services.accounts.request_keys import ACCOUNT, FORM_TOKEN
from services.web.page import render_page, templates_of
from services.web.problem import problem

Navigation = list[tuple[str, Text]]
NAVIGATION: web.AppKey[Navigation] = web.AppKey("navigation", list)
PUBLIC_URL: web.AppKey[str] = web.AppKey("public_url", str)


@cache
def _templates() -> Environment:
    return templates_of("services.accounts")


def signed_in_page(
    request: web.Request,
    template: str,
    content: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    templates: Environment | None = None,
) -> web.Response:
    """A page whose template extends `signed_in.html.j2`.

    Args:
        request: of somebody who is signed in, or of nobody.
        template: its name without `.html.j2`.
        content: what it shows, beside `account`, `csrf` and `role_names`.
        status: of the answer.
        templates: of another package, made by `templates_of(package, "services.accounts")`.
    """
    context = {
        "account": request.get(ACCOUNT),
        "csrf": request.get(FORM_TOKEN),
        "navigation": request.app[NAVIGATION],
        "public_url": request.app[PUBLIC_URL],
        "role_names": ROLE_NAMES,
        "Role": Role,
    }
    return render_page(request, templates or _templates(), template, {**context, **content}, status)


def refusal(request: web.Request, status: HTTPStatus, reason: Text) -> web.Response:
    """Why there is no answer: a page, or problem+json under `/api/`."""
    if request.path.startswith("/api/"):
        headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
        return problem(status, reason, headers=headers)
    return signed_in_page(request, "refused", {"reason": reason}, status)
