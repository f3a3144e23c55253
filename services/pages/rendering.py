"""From what a page shows to its bytes: the templates of the public pages, and the names they print."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import web
from jinja2 import Environment

from planwatch import breakdown, plan_question, work_report
from planwatch import wording as domain_wording
from planwatch.alignment import REASONS as ALIGNMENT_REASONS
from planwatch.alignment import STANDING_NAMES
from planwatch.breakdown import DIMENSION_NAMES
from planwatch.case import wording as case_wording
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
from planwatch.printing import Printer, decimals_of, due_decimals
from planwatch.schedule import LIMIT_KINDS, TOTAL_KINDS
from planwatch.weighting import REASONS as NO_WEIGHTS
from services.pages import wording
from services.pages.commitment_views import Part
from services.web.page import PAGE_HEADERS, language_of, render_page, templates_of

DESK_URL: web.AppKey[str] = web.AppKey("desk_url", str)
"""Where people sign in to answer cases; empty where nobody is led there."""

MAIL_BODY_HEADERS = {
    **PAGE_HEADERS,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
    "X-Frame-Options": "SAMEORIGIN",
}
"""A received mail runs nothing and loads nothing; its links open outside the frame."""


def page(
    request: web.Request, template: str, content: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """A page in the language that the address asks for."""
    shared = {"name": Names(Printer(language_of(request))), "desk_url": request.app[DESK_URL]}
    return render_page(request, _templates(), template, {**shared, **content}, status)


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
        return self._printer.t(printed, domain_wording.DOMAIN_NAMES_EN.get(code, code))

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
            for module in (wording, case_wording, domain_wording, work_report, plan_question, breakdown)
            if hasattr(module, table)
        )
        names: Mapping[str, Text] = getattr(home, table)
        return self._printer.say(names.get(code, Text(code, code)))


@cache
def _templates() -> Environment:
    environment = templates_of("services.pages")
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
