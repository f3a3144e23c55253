"""From what a page shows to its bytes: templates, language, links and the headers that keep a page to itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from planwatch import breakdown, plan_question, work_report
from planwatch import wording as domain_wording
from planwatch.alignment import REASONS as ALIGNMENT_REASONS
from planwatch.alignment import STANDING_NAMES
from planwatch.breakdown import DIMENSION_NAMES
from planwatch.composite import REASONS as NO_SCORE
from planwatch.equalisation.change import CHANGE_NAMES as GAP_CHANGE_NAMES
from planwatch.equalisation.change import REASONS as GAP_REASONS
from planwatch.equalisation.measure import MEASURE_NAMES, UNDEFINED
from planwatch.forecast import REASONS as FORECAST_REASONS
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import Indicator
from planwatch.plan_score import WEIGHTING_NAMES
from planwatch.policy import Level, level_from_code
from planwatch.printing import Language, Printer, decimals_of, due_decimals
from planwatch.schedule import LIMIT_KINDS, TOTAL_KINDS
from planwatch.weighting import REASONS as NO_WEIGHTS
from services.pages import wording
from services.pages.commitment_views import Part

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

MAIL_BODY_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
    "X-Frame-Options": "SAMEORIGIN",
}
"""A received mail runs nothing and loads nothing; its links open outside the frame."""


def language_of(request: web.Request) -> Language:
    """English where the address asks for it, else Chinese."""
    return "en" if request.query.get("lang") == "en" else "zh"


def page(
    request: web.Request, template: str, content: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """A page in the language that the address asks for."""
    printer = Printer(language_of(request))
    other = {**request.query, "lang": "en"} if printer.language == "zh" else without_language(request.query)
    context = {
        "p": printer,
        "t": printer.t,
        "say": printer.say,
        "link": Linker(printer.language),
        "name": Names(printer),
        "other_language": request.path + (f"?{urlencode(other)}" if other else ""),
        "path": request.path,
    }
    html = _templates().get_template(f"{template}.html.j2").render(context, **content)
    return web.Response(text=html, content_type="text/html", charset="utf-8", status=status, headers=PAGE_HEADERS)


def without_language(query: Mapping[str, str]) -> dict[str, str]:
    """The query without the choice of language."""
    return {name: value for name, value in query.items() if name != "lang"}


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


class Names:
    """Names of codes in the language of the page; a code without a name stands for itself."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def level(self, code: str) -> str:
        """红色, red."""
        return self._printer.say(domain_wording.LEVEL_NAMES[level_from_code(code)])

    def verdict(self, code: str) -> str:
        """逆向变动, reversed."""
        return self._printer.say(domain_wording.cause_name(code))

    def domain(self, code: str, printed: str) -> str:
        """The plan's own name of a domain, or its English one."""
        return self._printer.t(printed, wording.DOMAIN_NAMES_EN.get(code, code))

    def place(self, indicator: Indicator) -> str:
        """重点工程第3项, project no. 3."""
        return self._printer.say(domain_wording.place_in_plan(indicator))

    def case(self, indicator: Indicator) -> str:
        """What a warning on an indicator is called, e.g. 重点工程预警."""
        return self._printer.say(domain_wording.CASE_NAMES[indicator.section])

    def of(self, table: str, code: str) -> str:
        """The name of `code` in one of the tables of wording, e.g. `of("STATE_NAMES", "open")`."""
        home = next(
            module
            for module in (wording, domain_wording, work_report, plan_question, breakdown)
            if hasattr(module, table)
        )
        names: Mapping[str, Text] = getattr(home, table)
        return self._printer.say(names.get(code, Text(code, code)))


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("services.pages"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(decimal=lambda number: Decimal(repr(number)), decimals=decimals_of)
    environment.globals.update(
        FORECAST_REASONS=FORECAST_REASONS,
        MEASURE_NAMES=MEASURE_NAMES,
        GAP_REASONS=GAP_REASONS,
        GAP_CHANGE_NAMES=GAP_CHANGE_NAMES,
        UNDEFINED=UNDEFINED,
        DIMENSION_NAMES=DIMENSION_NAMES,
        STANDING_NAMES=STANDING_NAMES,
        ALIGNMENT_REASONS=ALIGNMENT_REASONS,
        NO_SCORE=NO_SCORE,
        NO_WEIGHTS=NO_WEIGHTS,
        WEIGHTING_NAMES=WEIGHTING_NAMES,
        due_decimals=due_decimals,
        parse_period=parse_period,
        Level=Level,
        Part=Part,
        LIMIT_KINDS=LIMIT_KINDS,
        TOTAL_KINDS=TOTAL_KINDS,
    )
    return environment
