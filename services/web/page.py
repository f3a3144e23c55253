"""From what a page shows to its bytes: templates, language, links and the headers that keep a page to itself."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from planwatch.printing import Language, Printer

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def templates_of(*packages: str) -> Environment:
    """Templates of these packages, the first one that has a name wins, with the shared `layout.html.j2` behind them."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "services.web")]),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_page(
    request: web.Request,
    templates: Environment,
    template: str,
    content: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    """A page in the language that the address asks for.

    Args:
        request: decides the language; its path is where the link to the other language leads.
        templates: from `templates_of`.
        template: its name without `.html.j2`.
        content: what it shows, beside `p`, `t`, `say`, `link`, `other_language` and `path`.
        status: of the answer.
    """
    printer = Printer(language_of(request))
    other = {**request.query, "lang": "en"} if printer.language == "zh" else without_language(request.query)
    context = {
        "p": printer,
        "t": printer.t,
        "say": printer.say,
        "link": Linker(printer.language),
        "other_language": request.path + (f"?{urlencode(other)}" if other else ""),
        "path": request.path,
    }
    html = templates.get_template(f"{template}.html.j2").render(context, **content)
    return web.Response(text=html, content_type="text/html", charset="utf-8", status=status, headers=PAGE_HEADERS)


def see_other(address: str) -> web.Response:
    """Send the browser to `address` after a form was taken, so that reloading does not send it twice."""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})


async def keep_to_itself(_: web.Request, response: web.StreamResponse) -> None:
    """Give an answer the headers of a page where it has none of its own; for `Application.on_response_prepare`."""
    for name, value in PAGE_HEADERS.items():
        response.headers.setdefault(name, value)


def language_of(request: web.Request) -> Language:
    """English where the address asks for it, else Chinese."""
    return "en" if request.query.get("lang") == "en" else "zh"


def without_language(query: Mapping[str, str]) -> dict[str, str]:
    """The query without the choice of language."""
    return {name: value for name, value in query.items() if name != "lang"}


def in_other_language(request: web.Request, *parts: str) -> str:
    """The page at `parts` in the language that the request is not in, for answers to forms."""
    return Linker("en" if language_of(request) == "zh" else "zh")(*parts)


class Linker:
    """Addresses of pages that keep the language: `link("plans", "zhongwei", as_of="2026-01-31")`."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, *parts: str, **query: str | None) -> str:
        """The address of the page at `parts`; queries that are None are left out."""
        asked = {name: value for name, value in query.items() if value is not None}
        if self._language == "en":
            asked["lang"] = "en"
        return "/" + "/".join(quote(part, safe="") for part in parts) + (f"?{urlencode(asked)}" if asked else "")
