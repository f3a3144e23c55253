"""An application with accounts on a real database, as tests visit it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from services.accounts import administration, store
from services.accounts.account import Account, Role
from services.accounts.session_store import LinkPurpose, Scope
from services.accounts.store import Actor
from services.accounts.web import account_of, add_accounts, csrf_token
from services.database import Pool, open_pool
from services.serving import add_operations_routes
from services.settings import Settings
from services.web.access import open_to_anyone
from tests.fakes import FakeClock

PASSWORD = "一句别人猜不到的长口令 2022"
OTHER_PASSWORD = "correct horse battery staple"
TESTER = Actor("cli:tester", "local")

Client = TestClient[Any, Any]


async def note(request: web.Request) -> web.Response:
    """Stands for a page of another package that changes something."""
    return web.Response(text=f"noted by {account_of(request).name}")


async def who(request: web.Request) -> web.Response:
    return web.Response(text=f"{account_of(request).name} {csrf_token(request)}")


@open_to_anyone
async def signed_page(_: web.Request) -> web.Response:
    return web.Response(text="open")


class Site:
    """The application, a clock, and ways to reach its database and its pages."""

    def __init__(self, url: str, pool: Pool, clock: FakeClock, client: Client) -> None:
        self.url, self.pool, self.clock, self.client = url, pool, clock, client
        self._visitors: list[Client] = []

    def visitor(self) -> Client:
        """Another browser, without cookies."""
        visitor: Client = TestClient(self.client.server, cookie_jar=CookieJar(unsafe=True))
        self._visitors.append(visitor)
        return visitor

    async def close(self) -> None:
        """Close what the visitors' browsers hold open."""
        for visitor in self._visitors:
            await visitor.session.close()

    async def add(self, name: str = "zhang.san", role: Role = Role.OFFICER, agency_id: str | None = None) -> str:
        """Add an account; returns the path of the link to choose a password."""
        agency_id = agency_id or (None if role is Role.ADMINISTRATOR else "zhongwei-education")
        async with self.pool.connection() as connection:
            person = "张三" if role is Role.OFFICER else f"某{role.value}"
            account = await administration.add_account(connection, name, person, role, agency_id, TESTER, self.clock())
            return await administration.make_link(
                connection, account, LinkPurpose.CHOOSE_PASSWORD, TESTER, self.clock()
            )

    async def account(self, name: str = "zhang.san") -> Account:
        async with self.pool.connection() as connection:
            return (await administration.find(connection, name)).account

    async def token(self, scope: Scope, days: int = 30, name: str = "zhang.san") -> str:
        async with self.pool.connection() as connection:
            account = (await administration.find(connection, name)).account
            return await administration.make_token(connection, account, "脚本", scope, days, TESTER, self.clock())

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement.encode()).fetchall()

    def events(self) -> list[str]:
        return [kind for (kind,) in self.rows("SELECT event_kind FROM account_events ORDER BY event_id")]


@asynccontextmanager
async def account_site(url: str, clock: FakeClock, settings: Settings) -> AsyncIterator[Site]:
    """A site with `/who`, `/note`, `/signed/{token}` and `/api/v1/note`, served while the block runs."""

    async def checks() -> dict[str, Any]:
        return {}

    async with open_pool(url, store.ROLE) as pool:
        app = web.Application()
        add_operations_routes(app, checks)
        add_accounts(app, pool, settings, clock)
        app.router.add_get("/who", who)
        app.router.add_post("/note", note)
        app.router.add_get("/signed/{token}", signed_page)
        app.router.add_get("/api/v1/note", note)
        app.router.add_post("/api/v1/note", note)
        async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
            site = Site(url, pool, clock, client)
            yield site
            await site.close()


def form_token(page: str) -> str:
    """The token in the forms of a page."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found.group(1)


async def post(client: Client, form_at: str, address: str, **fields: str) -> ClientResponse:
    """Fill in a form of the page at `form_at` and send it to `address`; no redirect is followed."""
    token = form_token(await (await client.get(form_at)).text())
    return await client.post(address, data={"csrf": token, **fields}, allow_redirects=False)


async def choose_password(client: Client, link: str, password: str = PASSWORD) -> ClientResponse:
    return await post(client, link, link, password=password, again=password)


async def sign_in(client: Client, name: str = "zhang.san", password: str = PASSWORD, way: str = "") -> ClientResponse:
    address = "/sign-in" + way
    return await post(client, address, address, name=name, password=password)
