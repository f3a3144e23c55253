"""退订: the page behind the signed link at the foot of digests and summaries, and the way back.

A GET changes nothing, because mail scanners follow links; the button on the page sends the POST, and so does a mail
client that offers to unsubscribe with one click (RFC 8058). Warnings and what follows from them have no such link.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from planwatch.wording import OPTIONAL_MAIL_NAMES
from services.alerts import unsubscribed_store
from services.alerts.acknowledge import HEADERS
from services.alerts.links import LinkSigner, Unsubscription
from services.catalogue import CatalogueCache
from services.clock import Clock
from services.database import Pool
from services.settings import Settings
from services.web.access import open_to_anyone


class UnsubscribePages:
    """`GET` and `POST /unsubscribe?token=`."""

    def __init__(self, pool: Pool, settings: Settings, clock: Clock) -> None:
        self._pool, self._clock = pool, clock
        self._signer = LinkSigner(settings.secret)
        self._catalogue = CatalogueCache()
        self._template = Environment(
            loader=PackageLoader("services.alerts"),
            autoescape=select_autoescape(("html.j2",)),
            undefined=StrictUndefined,
        ).get_template("unsubscribe.html.j2")

    def add_routes(self, app: web.Application) -> None:
        """Add both routes."""
        app.router.add_get("/unsubscribe", self.show)
        app.router.add_post("/unsubscribe", self.change)

    @open_to_anyone
    async def show(self, request: web.Request) -> web.Response:
        """How it stands, and the button; changes nothing."""
        return await self._answer(request, wanted=None)

    @open_to_anyone
    async def change(self, request: web.Request) -> web.Response:
        """Unsubscribe, or with `action=resubscribe` the way back; a second click changes nothing."""
        form = await request.post()
        return await self._answer(request, wanted=form.get("action") != "resubscribe")

    async def _answer(self, request: web.Request, *, wanted: bool | None) -> web.Response:
        """The page; `wanted` is what the reader asks for: to be unsubscribed or not, None where nothing is asked."""
        now = self._clock()
        who = self._signer.read_unsubscribe(request.query.get("token", ""), now=now)
        if who is None:
            return self._page(HTTPStatus.NOT_FOUND, who, "", outcome="invalid")
        async with self._pool.connection() as connection, connection.transaction():
            agency = await unsubscribed_store.load_agency(connection, who.agency_id)
            catalogue = await self._catalogue.current(connection)
            if agency is None:
                return self._page(HTTPStatus.NOT_FOUND, None, "", outcome="invalid")
            if who.mail_kind not in catalogue.policy.may_unsubscribe:
                return self._page(HTTPStatus.FORBIDDEN, who, agency.zh, outcome="required")
            if wanted is True:
                await unsubscribed_store.unsubscribe(connection, who, now)
            elif wanted is False:
                await unsubscribed_store.resubscribe(connection, who)
            is_out = await unsubscribed_store.is_unsubscribed(connection, who)
        return self._page(HTTPStatus.OK, who, agency.zh, outcome="unsubscribed" if is_out else "subscribed")

    def _page(self, status: HTTPStatus, who: Unsubscription | None, agency: str, *, outcome: str) -> web.Response:
        kind = OPTIONAL_MAIL_NAMES.get(who.mail_kind) if who else None
        text = self._template.render(outcome=outcome, who=who, kind=kind, agency=agency)
        return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
