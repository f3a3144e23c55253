"""The pages of the desk: the list, a case with its forms, its print view, attachments."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from aiohttp.web_request import FileField

from planwatch.case.permissions import Action
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.printing import Printer
from services.accounts.account import Account
from services.accounts.web import account_of
from services.alerts.desk import list_store, store
from services.alerts.desk.attachment_files import AttachedFile, read_file
from services.alerts.desk.case_export import cases_as_csv
from services.alerts.desk.case_files import NO_CASE, CaseFiles
from services.alerts.desk.case_list import CHOICES, PAGE_SIZE, counts_by_choice, read_filter
from services.alerts.desk.decisions import Desk, Done, Impossible, Invalid, MovedOn, NotAllowed, Outcome, Unknown, Wish
from services.alerts.desk.fields import MOST_MEASURES
from services.alerts.desk.rendering import desk_page
from services.alerts.desk.submitted import Fault
from services.alerts.desk.views import CaseFile, new_entries, offered, what_is_expected, what_is_wrong
from services.clock import Clock
from services.database import Pool
from services.web.page import language_of, see_other
from services.web.refusal import Refused

FIRST_ROWS = 3
NO_ATTACHMENT = Text("没有这个附件", "there is no such attachment")
NO_ACTION = Text("没有这种办理事项", "there is no such action")
STATUS_OF: dict[type[Outcome], HTTPStatus] = {
    Unknown: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    MovedOn: HTTPStatus.CONFLICT,
    Impossible: HTTPStatus.CONFLICT,
}
"""The status of the answer to what was not done."""


class DeskPages:
    """Every page of the desk."""

    def __init__(self, pool: Pool, desk: Desk, files: CaseFiles, clock: Clock) -> None:
        self._pool, self._desk, self._files, self._clock = pool, desk, files, clock

    def add_routes(self, app: web.Application) -> None:
        """Add the address of every page."""
        app.router.add_get("/cases", self.cases)
        app.router.add_get("/cases.csv", self.export)
        app.router.add_get("/cases/{case_id}", self.case)
        app.router.add_get("/cases/{case_id}/print", self.print_view)
        app.router.add_get("/cases/{case_id}/attachments/{attachment_id}", self.attachment)
        app.router.add_post("/cases/{case_id}/{action}", self.act)

    async def cases(self, request: web.Request) -> web.Response:
        """The list, the most urgent first."""
        account = account_of(request)
        asked, faults = read_filter(request.query)
        today = self._clock().astimezone(LOCAL_TIME).date()
        async with self._pool.connection() as connection, connection.transaction():
            cases = await list_store.load_listed(connection, account, asked, today)
            cells = await list_store.load_cells(connection, account, asked, today)
            names = await store.load_agency_names(connection)
            plans = await list_store.load_plan_titles(connection)
            domains = await list_store.load_domain_names(connection)
        counts = counts_by_choice(cells, asked)
        total = sum(count for state, count in counts["state"].items() if state in asked.states)
        content = {
            "cases": cases,
            "asked": asked,
            "faults": faults,
            "counts": counts,
            "choices": CHOICES,
            "total": total,
            "pages": max(1, -(-total // PAGE_SIZE)),
            "names": names,
            "domains": domains,
            "plans": plans,
        }
        return desk_page(request, "cases", content)

    async def export(self, request: web.Request) -> web.Response:
        """The whole list as CSV that spreadsheets read as text."""
        account = account_of(request)
        asked, _ = read_filter(request.query)
        today = self._clock().astimezone(LOCAL_TIME).date()
        async with self._pool.connection() as connection, connection.transaction():
            cases = await list_store.load_listed(connection, account, asked, today, whole=True)
        text = cases_as_csv(cases, Printer(language_of(request)))
        headers = {"Content-Disposition": f'attachment; filename="cases-{today.isoformat()}.csv"'}
        return web.Response(body=text.encode("utf-8-sig"), content_type="text/csv", charset="utf-8", headers=headers)

    async def case(self, request: web.Request) -> web.Response:
        """A case with the forms that the reader may fill in."""
        account = account_of(request)
        async with self._pool.connection() as connection, connection.transaction():
            file = await self._files.take(connection, account, request.match_info["case_id"])
        return _case_page(request, account, file)

    async def print_view(self, request: web.Request) -> web.Response:
        """A 督办单 on A4."""
        account = account_of(request)
        async with self._pool.connection() as connection, connection.transaction():
            file = await self._files.take(connection, account, request.match_info["case_id"])
        content = {
            "file": file,
            "case": file.case,
            "wrong": what_is_wrong(file),
            "expected": what_is_expected(file),
            "printed_on": file.today,
        }
        return desk_page(request, "supervision_form", content)

    async def attachment(self, request: web.Request) -> web.Response:
        """An attached file, to be saved and never shown, for those who may read the case."""
        return await send_attachment(request, self._pool, self._files)

    async def act(self, request: web.Request) -> web.Response:
        """Do what a form asks for and lead back to the case; or show the form again with what was typed and why."""
        account, case_id, action = account_of(request), request.match_info["case_id"], action_of(request)
        values, uploaded = await read_body(request)
        if action is Action.FILE_MEASURES and "add_row" in values:
            async with self._pool.connection() as connection, connection.transaction():
                file = await self._files.take(connection, account, case_id)
            return _case_page(request, account, file, tried=action, values=values, rows=_rows(values) + 1)
        outcome = await self._desk.fulfil(Wish(account, case_id, action, values, uploaded))
        if isinstance(outcome, Done):
            query = {"done": action.value, **({"again": "1"} if outcome.already else {})}
            if language_of(request) == "en":
                query["lang"] = "en"
            return see_other(f"/cases/{case_id}?{urlencode(query)}")
        if isinstance(outcome, Unknown):
            raise Refused(HTTPStatus.NOT_FOUND, NO_CASE)
        async with self._pool.connection() as connection, connection.transaction():
            file = await self._files.take(connection, account, case_id)
        return _case_page(request, account, file, tried=action, values=values, outcome=outcome)


def action_of(request: web.Request) -> Action:
    """The action in the address.

    Raises:
        Refused: there is none of that name.
    """
    code = request.match_info["action"]
    if code not in set(Action) - {Action.READ}:
        raise Refused(HTTPStatus.NOT_FOUND, NO_ACTION)
    return Action(code)


async def read_body(request: web.Request) -> tuple[dict[str, str], AttachedFile | Fault | None]:
    """The fields of a form, and the file in its field `file` where there is one."""
    form = await request.post()
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    given = form.get("file")
    return values, read_file(given.filename, given.file.read()) if isinstance(given, FileField) else None


async def send_attachment(request: web.Request, pool: Pool, files: CaseFiles) -> web.Response:
    """The file in the address, if its case may be read.

    Raises:
        Refused: it may not, or there is none.
    """
    case_id, attachment_id = request.match_info["case_id"], request.match_info["attachment_id"]
    async with pool.connection() as connection, connection.transaction():
        await files.take(connection, account_of(request), case_id)
        found = await store.load_attachment(connection, case_id, attachment_id)
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, NO_ATTACHMENT)
    attachment, content = found
    headers = {
        "Content-Disposition": _saved_as(attachment.name),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }
    return web.Response(body=content, content_type=attachment.media_type, headers=headers)


def _saved_as(name: str) -> str:
    """`Content-Disposition` that has a file saved under its name (RFC 6266), by an old client under a plain one."""
    plain = f"attachment{PurePosixPath(name).suffix.lower()}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _case_page(
    request: web.Request,
    account: Account,
    file: CaseFile,
    *,
    tried: Action | None = None,
    values: dict[str, str] | None = None,
    rows: int | None = None,
    outcome: Outcome | None = None,
) -> web.Response:
    typed = values or {}
    done = request.query.get("done", "")
    content: dict[str, Any] = {
        "file": file,
        "case": file.case,
        "wrong": what_is_wrong(file),
        "expected": what_is_expected(file),
        "actions": offered(account, file.case),
        "agency_choices": [
            (agency.agency_id, agency.name) for agency in file.plan.agencies if agency.agency_id != file.case.owner
        ],
        "tried": tried,
        "typed": typed,
        "rows": min(rows or _rows(typed), MOST_MEASURES),
        "faults": {fault.field: fault for fault in outcome.faults} if isinstance(outcome, Invalid) else {},
        "refused": outcome.reason if isinstance(outcome, NotAllowed | Impossible) else None,
        "unseen": new_entries(file.entries, outcome.seen) if isinstance(outcome, MovedOn) else (),
        "done": Action(done) if done in set(Action) - {Action.READ} and tried is None else None,
        "again": "again" in request.query,
        "latest": len(file.entries),
    }
    return desk_page(request, "case", content, STATUS_OF[type(outcome)] if outcome else HTTPStatus.OK)


def _rows(values: dict[str, str]) -> int:
    """How many rows of measures the form had."""
    numbers = [int(name[5:]) for name in values if name.startswith("what-") and name[5:].isdecimal()]
    return min(max([FIRST_ROWS, *(number for number in numbers if number <= MOST_MEASURES)]), MOST_MEASURES)
