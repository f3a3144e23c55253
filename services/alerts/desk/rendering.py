"""The desk's templates and what they know by name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from http import HTTPStatus
from typing import Any

from aiohttp import web
from jinja2 import Environment

from planwatch.case import wording as case_wording
from planwatch.case.permissions import Action
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.policy import level_from_code
from planwatch.printing import decimals_of, due_decimals
from planwatch.schedule import LIMIT_KINDS, TOTAL_KINDS
from planwatch.wording import DOMAIN_NAMES_EN, KIND_NAMES, LEVEL_NAMES, NATURE_NAMES, cause_name, place_in_plan
from services.accounts.rendering import signed_in_page
from services.alerts.desk.fields import (
    ACTION_HINTS,
    ACTION_NAMES,
    FIELDS,
    MEASURE_FIELDS,
    MOST_MEASURES,
    FieldKind,
    field_label,
)
from services.web.page import templates_of


def desk_page(
    request: web.Request, template: str, content: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """A page of the desk in the language that the address asks for."""
    return signed_in_page(request, template, content, status, _templates())


def name_of(table: str, code: str) -> Text:
    """The name of a code in one of the tables of `planwatch.case.wording`; an unknown code is its own name."""
    names: Mapping[str, Text] = getattr(case_wording, table)
    return names.get(code, Text(code, code))


@cache
def _templates() -> Environment:
    environment = templates_of("services.alerts.desk", "services.accounts")
    environment.filters.update(decimal=lambda number: Decimal(repr(number)), decimals=decimals_of)
    environment.globals.update(
        name_of=name_of,
        level_name=lambda code: LEVEL_NAMES[level_from_code(code)],
        cause_name=cause_name,
        place_in_plan=place_in_plan,
        parse_period=parse_period,
        due_decimals=due_decimals,
        DOMAIN_NAMES_EN=DOMAIN_NAMES_EN,
        KIND_NAMES=KIND_NAMES,
        NATURE_NAMES=NATURE_NAMES,
        LIMIT_KINDS=LIMIT_KINDS,
        TOTAL_KINDS=TOTAL_KINDS,
        ACTION_NAMES=ACTION_NAMES,
        ACTION_HINTS=ACTION_HINTS,
        FIELDS=FIELDS,
        MEASURE_FIELDS=MEASURE_FIELDS,
        MOST_MEASURES=MOST_MEASURES,
        FieldKind=FieldKind,
        field_label=field_label,
        Action=Action,
    )
    return environment
