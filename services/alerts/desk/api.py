"""The desk over HTTP and JSON: the same cases, the same decisions, the same errors as the pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from aiohttp import web

from planwatch.case.model import case_to_mapping
from planwatch.case.permissions import Action
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from services.accounts.web import account_of
from services.alerts.desk import list_store
from services.alerts.desk.attachment_files import AttachedFile
from services.alerts.desk.case_files import NO_CASE, CaseFiles
from services.alerts.desk.case_list import CHOICES, PAGE_SIZE, counts_by_choice, read_filter
from services.alerts.desk.decisions import Desk, Done, Impossible, Invalid, MovedOn, NotAllowed, Outcome, Unknown, Wish
from services.alerts.desk.fields import MEASURE_FIELDS, MOST_MEASURES
from services.alerts.desk.openapi import api_description
from services.alerts.desk.pages import STATUS_OF, action_of, read_body, send_attachment
from services.alerts.desk.submitted import Fault
from services.alerts.desk.views import CaseFile, offered, what_is_expected, what_is_wrong
from services.clock import Clock
from services.database import Pool
from services.web.access import open_to_anyone
from services.web.problem import problem

NOT_JSON = Text("请求内容应为 JSON 对象", "the body has to be a JSON object")
MOVED_ON = Text("该预警已有新的经过，请查看后再办理", "the case has moved on; look at its new steps first")
FAULTY = Text("部分字段填写有误", "some fields do not hold what they should")


class DeskApi:
    """Every address under `/api`."""

    def __init__(self, pool: Pool, desk: Desk, files: CaseFiles, clock: Clock) -> None:
        self._pool, self._desk, self._files, self._clock = pool, desk, files, clock

    def add_routes(self, app: web.Application) -> None:
        """Add every address."""
        app.router.add_get("/api/openapi.json", describe)
        app.router.add_get("/api/cases", self.cases)
        app.router.add_get("/api/cases/{case_id}", self.case)
        app.router.add_get("/api/cases/{case_id}/history", self.history)
        app.router.add_get("/api/cases/{case_id}/mails", self.mails)
        app.router.add_get("/api/cases/{case_id}/attachments", self.attachments)
        app.router.add_get("/api/cases/{case_id}/attachments/{attachment_id}", self.attachment)
        app.router.add_post("/api/cases/{case_id}/{action}", self.act)

    async def cases(self, request: web.Request) -> web.Response:
        """One page of the list with the counts of every filter."""
        account = account_of(request)
        asked, faults = read_filter(request.query)
        if faults:
            return _faulty(faults)
        today = self._clock().astimezone(LOCAL_TIME).date()
        async with self._pool.connection() as connection, connection.transaction():
            cases = await list_store.load_listed(connection, account, asked, today)
            cells = await list_store.load_cells(connection, account, asked, today)
        counts = counts_by_choice(cells, asked)
        return _json(
            {
                "cases": [asdict(case) for case in cases],
                "page": asked.page,
                "page_size": PAGE_SIZE,
                "total": sum(count for state, count in counts["state"].items() if state in asked.states),
                "counts": {choice: counts[choice] for choice in CHOICES},
            }
        )

    async def case(self, request: web.Request) -> web.Response:
        """A case with its figures and what the account may do with it."""
        file = await self._take(request)
        return _json(
            {
                "case": case_to_mapping(file.case),
                "step": len(file.entries),
                "is_overdue": file.is_overdue,
                "due_on": file.case.due_on,
                "simulated": file.simulated,
                "what_is_wrong": what_is_wrong(file).as_mapping(),
                "what_is_expected": what_is_expected(file).as_mapping(),
                "actions": list(offered(account_of(request), file.case)),
                "figures": [asdict(figure) for figure in file.figures],
            }
        )

    async def history(self, request: web.Request) -> web.Response:
        """Every step, with its hash."""
        file = await self._take(request)
        return _json({"case_id": file.case.case_id, "history": [asdict(entry) for entry in file.entries]})

    async def mails(self, request: web.Request) -> web.Response:
        """The mails that told of the case."""
        file = await self._take(request)
        return _json({"case_id": file.case.case_id, "mails": [asdict(mail) for mail in file.mails]})

    async def attachments(self, request: web.Request) -> web.Response:
        """The attached files without their content."""
        file = await self._take(request)
        return _json({"case_id": file.case.case_id, "attachments": [asdict(found) for found in file.attachments]})

    async def attachment(self, request: web.Request) -> web.Response:
        """The content of an attached file."""
        return await send_attachment(request, self._pool, self._files)

    async def act(self, request: web.Request) -> web.Response:
        """What a form does; the body is JSON, for a file `multipart/form-data`."""
        account, case_id, action = account_of(request), request.match_info["case_id"], action_of(request)
        uploaded: AttachedFile | Fault | None = None
        if action is Action.ATTACH:
            values, uploaded = await read_body(request)
        else:
            document = await _read_object(request)
            if document is None:
                return problem(HTTPStatus.BAD_REQUEST, NOT_JSON)
            values = as_form(document)
        outcome = await self._desk.fulfil(Wish(account, case_id, action, values, uploaded))
        return _answer(case_id, outcome)

    async def _take(self, request: web.Request) -> CaseFile:
        async with self._pool.connection() as connection, connection.transaction():
            return await self._files.take(connection, account_of(request), request.match_info["case_id"])


@open_to_anyone
async def describe(_: web.Request) -> web.Response:
    """The description of the API (OpenAPI 3.1)."""
    return _json(api_description())


def as_form(document: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a form that a JSON object stands for: `measures` become numbered fields."""
    values = {name: str(value) for name, value in document.items() if isinstance(value, str | int)}
    measures = document.get("measures")
    rows = measures if isinstance(measures, list) else []
    for number, row in enumerate(rows[:MOST_MEASURES], start=1):
        held = row if isinstance(row, Mapping) else {}
        values |= {f"{field.name}-{number}": str(held.get(field.name, "")) for field in MEASURE_FIELDS}
    return values


async def _read_object(request: web.Request) -> Mapping[str, Any] | None:
    try:
        document = json.loads(await request.text())
    except (ValueError, RecursionError, LookupError):
        return None
    return document if isinstance(document, dict) else None


def _answer(case_id: str, outcome: Outcome) -> web.Response:
    match outcome:
        case Done(step, already):
            return _json({"case_id": case_id, "step": step, "already": already})
        case Invalid(faults):
            return _faulty(faults)
        case MovedOn(seen, latest):
            return problem(STATUS_OF[MovedOn], MOVED_ON, {"seen": seen, "latest": latest})
        case NotAllowed(reason) | Impossible(reason):
            return problem(STATUS_OF[type(outcome)], reason)
        case Unknown():
            return problem(STATUS_OF[Unknown], NO_CASE)


def _faulty(faults: Sequence[Fault]) -> web.Response:
    listed = [{"field": fault.field, "value": fault.value, "expected": fault.expected.as_mapping()} for fault in faults]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, FAULTY, {"faults": listed})


def _json(content: Any) -> web.Response:  # noqa: ANN401
    text = json.dumps(content, ensure_ascii=False, default=_plain)
    return web.Response(text=text, content_type="application/json", headers={"Cache-Control": "no-store"})


def _plain(value: object) -> object:
    """Dates and moments as ISO 8601; decimals as text, so that no digit is lost."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(type(value))
