"""The description of the API, OpenAPI 3.1: made from what forms ask for and from what the answers are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, get_args, get_type_hints

from planwatch.case.model import Case
from planwatch.case.permissions import Action
from planwatch.early_warning import CaseState
from planwatch.policy import Level
from services.alerts.desk.case_list import ALL_STATES, CHOICES, NOT_CLOSED
from services.alerts.desk.fields import (
    ACTION_HINTS,
    ACTION_NAMES,
    FIELDS,
    LONGEST_LINE,
    LONGEST_TEXT,
    MEASURE_FIELDS,
    MOST_MEASURES,
    Field,
    FieldKind,
)
from services.alerts.desk.list_store import ListedCase
from services.alerts.desk.store import Attachment, CaseMail, Entry
from services.figures import Figure

Schema = dict[str, Any]

TEXT_SCHEMA: Schema = {
    "type": "object",
    "required": ["zh", "en"],
    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
    "additionalProperties": False,
}
_TYPES: Mapping[type, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}
_FIELD_SCHEMAS: Mapping[FieldKind, Schema] = {
    FieldKind.LINE: {"type": "string", "minLength": 1, "maxLength": LONGEST_LINE},
    FieldKind.TEXT: {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
    FieldKind.DATE: {"type": "string", "format": "date"},
    FieldKind.AGENCY: {"type": "string", "minLength": 1},
}


@cache
def api_description() -> Schema:
    """The document behind `/api/openapi.json`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "规划监测：预警办理 / Planwatch: cases",
            "version": "1",
            "description": "与网页同一套权限、校验和状态机 / the same permissions and checks as the pages",
        },
        "paths": {**_reading_paths(), **_acting_paths()},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _schemas() -> Schema:
    problem = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "zh", "en"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "zh": {"type": "string"},
            "en": {"type": "string"},
            "seen": {"type": "integer"},
            "latest": {"type": "integer"},
            "faults": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "value", "expected"],
                    "properties": {
                        "field": {"type": "string"},
                        "value": {"type": "string"},
                        "expected": TEXT_SCHEMA,
                    },
                },
            },
        },
    }
    case = {
        "type": "object",
        "required": [field.name for field in fields(Case)],
        "properties": {
            "case_id": {"type": "string"},
            "level": {"enum": [level.code for level in Level]},
            "state": {"enum": [str(state) for state in CaseState]},
            "owner": {"type": "string"},
        },
    }
    counts = {"type": "object", "additionalProperties": {"type": "integer"}}
    return {
        "Text": TEXT_SCHEMA,
        "Problem": problem,
        "Case": case,
        "ListedCase": _of(ListedCase),
        "Entry": _of(Entry),
        "Mail": _of(CaseMail),
        "Attachment": _of(Attachment),
        "Figure": _of(Figure),
        "List": _object(
            cases=_list("ListedCase"),
            page={"type": "integer"},
            page_size={"type": "integer"},
            total={"type": "integer"},
            counts=_object(**dict.fromkeys(CHOICES, counts)),
        ),
        "CaseFile": _object(
            case=_ref("Case"),
            step={"type": "integer", "minimum": 1},
            is_overdue={"type": "boolean"},
            due_on={"anyOf": [_TYPES[date], _TYPES[type(None)]]},
            simulated={"type": "boolean"},
            what_is_wrong=_ref("Text"),
            what_is_expected=_ref("Text"),
            actions={"type": "array", "items": {"enum": [str(action) for action in Action]}},
            figures=_list("Figure"),
        ),
        "History": _object(case_id={"type": "string"}, history=_list("Entry")),
        "Mails": _object(case_id={"type": "string"}, mails=_list("Mail")),
        "Attachments": _object(case_id={"type": "string"}, attachments=_list("Attachment")),
        "Done": _object(case_id={"type": "string"}, step={"type": "integer"}, already={"type": "boolean"}),
    }


def _reading_paths() -> Schema:
    of_case = [_in_path("case_id")]
    return {
        "/api/cases": {
            "get": _reading("预警列表 / the list of cases", "List", [*map(_in_query, (*CHOICES, "text", "page"))])
        },
        "/api/cases/{case_id}": {"get": _reading("一件预警 / a case", "CaseFile", of_case)},
        "/api/cases/{case_id}/history": {"get": _reading("经过 / its history", "History", of_case)},
        "/api/cases/{case_id}/mails": {"get": _reading("邮件 / its mails", "Mails", of_case)},
        "/api/cases/{case_id}/attachments": {"get": _reading("附件 / its attachments", "Attachments", of_case)},
        "/api/cases/{case_id}/attachments/{attachment_id}": {
            "get": {
                "summary": "附件内容 / the content of an attachment",
                "parameters": [*of_case, _in_path("attachment_id")],
                "responses": {
                    "200": {"description": "the bytes", "content": {"application/octet-stream": {}}},
                    "default": _problem(),
                },
            }
        },
    }


def _acting_paths() -> Schema:
    return {
        f"/api/cases/{{case_id}}/{action}": {
            "post": {
                "summary": f"{ACTION_NAMES[action].zh} / {ACTION_NAMES[action].en}",
                "description": f"{ACTION_HINTS[action].zh} {ACTION_HINTS[action].en}",
                "parameters": [_in_path("case_id")],
                "requestBody": {"required": True, "content": _body(action)},
                "responses": {"200": _answer("Done"), "default": _problem()},
            }
        }
        for action in Action
        if action is not Action.READ
    }


def _body(action: Action) -> Schema:
    step = {"type": "integer", "minimum": 1, "description": "最近看到的经过序号 / the last step that was seen"}
    if action is Action.ATTACH:
        return {"multipart/form-data": {"schema": _object(step=step, file={"type": "string", "format": "binary"})}}
    if action is Action.FILE_MEASURES:
        row = _object(**{field.name: _of_field(field) for field in MEASURE_FIELDS})
        measures = {"type": "array", "minItems": 1, "maxItems": MOST_MEASURES, "items": row}
        return {"application/json": {"schema": _object(step=step, measures=measures)}}
    asked = {field.name: _of_field(field) for field in FIELDS[action]}
    return {"application/json": {"schema": _object(step=step, **asked)}}


def _reading(summary: str, schema: str, parameters: list[Schema]) -> Schema:
    return {
        "summary": summary,
        "parameters": parameters,
        "responses": {"200": _answer(schema), "default": _problem()},
    }


def _answer(schema: str) -> Schema:
    return {"description": schema, "content": {"application/json": {"schema": _ref(schema)}}}


def _problem() -> Schema:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {"description": "未办理及原因 / not done, and why (RFC 9457)", "content": content}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(name: str) -> Schema:
    schema: Schema = {"type": "string"}
    if name == "state":
        schema = {"enum": [NOT_CLOSED, *map(str, CaseState), ALL_STATES], "default": NOT_CLOSED}
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _of_field(field: Field) -> Schema:
    return {**_FIELD_SCHEMAS[field.kind], "description": f"{field.label.zh} / {field.label.en}"}


def _of(row: type[Any]) -> Schema:
    """The schema of the rows that a frozen dataclass stands for."""
    hints = get_type_hints(row)
    properties = {field.name: _of_hint(hints[field.name]) for field in fields(row)}
    required = [field.name for field in fields(row) if field.default is MISSING]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_hint(hint: Any) -> Schema:  # noqa: ANN401
    options = get_args(hint)
    return {"anyOf": [_TYPES[option] for option in options]} if options else _TYPES[hint]


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(schema: str) -> Schema:
    return {"type": "array", "items": _ref(schema)}


def _ref(schema: str) -> Schema:
    return {"$ref": f"#/components/schemas/{schema}"}
