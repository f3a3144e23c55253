"""签收: the page behind a signed link, and the step it adds to the history of the case.

A GET changes nothing, because mail scanners follow links; the button on the page sends the POST.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from psycopg import AsyncConnection

from planwatch.case.events import Acknowledged
from planwatch.case.model import Case
from planwatch.early_warning import CaseState
from planwatch.plan import Section
from planwatch.wording import LEVEL_NAMES, place_text
from services.alerts import case_store
from services.alerts.cases import CaseBook, Happening
from services.alerts.links import Acknowledgement, LinkSigner
from services.alerts.notices import NoticeWriter
from services.alerts.working_calendar import working_calendar
from services.catalogue import CatalogueCache
from services.clock import Clock
from services.database import Pool
from services.settings import Settings
from services.web.access import open_to_anyone

LONGEST_NAME = 40
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """What the page shows of a case."""

    plan_title: str
    place: str
    indicator_name: str
    agency: str


class AcknowledgePages:
    """`GET` and `POST /acknowledge/{token}`."""

    def __init__(self, pool: Pool, settings: Settings, clock: Clock) -> None:
        self._pool, self._clock = pool, clock
        self._signer = LinkSigner(settings.secret)
        self._book = CaseBook(NoticeWriter(settings), clock, working_calendar())
        self._catalogue = CatalogueCache()
        self._public_url, self._alerts_url = settings.public_url, settings.alerts_url
        self._template = Environment(
            loader=PackageLoader("services.alerts"),
            autoescape=select_autoescape(("html.j2",)),
            undefined=StrictUndefined,
        ).get_template("acknowledge.html.j2")

    def add_routes(self, app: web.Application) -> None:
        """Add both routes."""
        app.router.add_get("/acknowledge/{token}", self.show)
        app.router.add_post("/acknowledge/{token}", self.acknowledge)

    @open_to_anyone
    async def show(self, request: web.Request) -> web.Response:
        """The case and the button; changes nothing."""
        allowed = self._signer.read(request.match_info["token"], now=self._clock())
        if allowed is None:
            return self._page(HTTPStatus.NOT_FOUND, outcome="invalid")
        async with self._pool.connection() as connection, connection.transaction():
            stored = (await case_store.load_cases(connection, [allowed.case_id])).get(allowed.case_id)
            if stored is None:
                return self._page(HTTPStatus.NOT_FOUND, outcome="invalid")
            case = stored.case
            outcome = outcome_of(case, allowed)
            return self._page(HTTPStatus.OK, outcome=outcome, case=case, summary=await _summary(connection, case))

    @open_to_anyone
    async def acknowledge(self, request: web.Request) -> web.Response:
        """Record that the department has taken note; a second click changes nothing."""
        allowed = self._signer.read(request.match_info["token"], now=self._clock())
        if allowed is None:
            return self._page(HTTPStatus.NOT_FOUND, outcome="invalid")
        form = await request.post()
        name = str(form.get("name", "")).replace("\x00", "").strip()[:LONGEST_NAME]
        async with self._pool.connection() as connection, connection.transaction():
            plan_id = await case_store.load_plan_of(connection, allowed.case_id)
            if plan_id is None:
                return self._page(HTTPStatus.NOT_FOUND, outcome="invalid")
            await case_store.lock_plans(connection, [plan_id])
            case = (await case_store.load_cases(connection, [allowed.case_id]))[allowed.case_id].case
            outcome = outcome_of(case, allowed)
            summary = await _summary(connection, case)
            if outcome == "open":
                event = Acknowledged(f"{summary.agency} {name}".strip())
                catalogue = await self._catalogue.current(connection)
                await self._book.apply(connection, catalogue, [Happening(allowed.case_id, event)])
                outcome = "done"
        return self._page(HTTPStatus.OK, outcome=outcome, case=case, summary=summary)

    def _page(
        self,
        status: HTTPStatus,
        *,
        outcome: str,
        case: Case | None = None,
        summary: CaseSummary | None = None,
    ) -> web.Response:
        text = self._template.render(
            outcome=outcome,
            warning=case,
            level=LEVEL_NAMES[case.level] if case else None,
            summary=summary,
            public_url=self._public_url,
            alerts_url=self._alerts_url,
        )
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def outcome_of(warning: Case, allowed: Acknowledgement) -> str:
    """What a link means for a case as it stands: `open`, `done`, `closed`, or `past` for an earlier episode."""
    if warning.episode != allowed.episode:
        return "past"
    match warning.state:
        case CaseState.OPEN:
            return "open"
        case CaseState.ACKNOWLEDGED | CaseState.RECTIFYING:
            return "done"
        case CaseState.CLOSED:
            return "closed"


async def _summary(connection: AsyncConnection[Any], case: Case) -> CaseSummary:
    row = await (
        await connection.execute(
            """
            SELECT p.title_zh, i.section, i.no, i.name_zh, a.name_zh
            FROM early_warnings AS w
            JOIN plans AS p USING (plan_id, plan_version)
            JOIN indicators AS i USING (plan_id, plan_version, indicator_id)
            JOIN agencies AS a USING (agency_id)
            WHERE w.case_id = %s
            """,
            (case.case_id,),
        )
    ).fetchone()
    assert row is not None
    plan_title, section, no, indicator_name, agency = row
    return CaseSummary(plan_title, place_text(Section(section), no).zh, indicator_name, agency)
