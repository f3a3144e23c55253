"""The desk as a test asks it: an application on a test database, and people who are signed in to it."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer

from planwatch.case.permissions import Role
from services.accounts.web import add_accounts
from services.alerts.cases import CaseBook
from services.alerts.desk.app import MOST_BODY_BYTES, add_desk
from services.alerts.notices import NoticeWriter
from services.alerts.working_calendar import working_calendar
from services.database import open_pool
from tests.pipeline import Pipeline

EDUCATION, COMMISSION, HEALTH = "zhongwei-education", "zhongwei-development-reform", "zhongwei-health"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and text of an answer."""

    status: int
    headers: Mapping[str, str]
    text: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in, with a token for the API."""

    client: TestClient[web.Request, web.Application]
    cookie: str
    token: str

    async def get(self, path: str) -> Answer:
        """A page."""
        return await self._ask("GET", path, headers=self._cookie_header())

    async def post(self, path: str, data: Mapping[str, str] | None = None, *, csrf: str | None = None) -> Answer:
        """A form with the token that the pages give out, or another one."""
        token = self.csrf_of((await self.get("/cases")).text) if csrf is None else csrf
        fields = {**(data or {}), "csrf": token}
        return await self._ask("POST", path, data=fields, headers=self._cookie_header())

    async def attach(self, path: str, name: str, content: bytes, step: str) -> Answer:
        """A form with a file."""
        form = FormData(quote_fields=False)  # as browsers send names of files
        form.add_field("csrf", self.csrf_of((await self.get("/cases")).text))
        form.add_field("step", step)
        form.add_field("file", io.BytesIO(content), filename=name, content_type="application/octet-stream")
        return await self._ask("POST", path, data=form, headers=self._cookie_header())

    async def api_get(self, path: str) -> Answer:
        """An address of the API."""
        return await self._ask("GET", path, headers={"Authorization": f"Bearer {self.token}"})

    async def api_post(self, path: str, document: object) -> Answer:
        """A JSON document to the API."""
        return await self._ask("POST", path, json=document, headers={"Authorization": f"Bearer {self.token}"})

    def csrf_of(self, page: str) -> str:
        """The token in the first form of a page."""
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found is not None
        return found[1]

    def _cookie_header(self) -> dict[str, str]:
        return {"Cookie": f"planwatch_session={self.cookie}"}

    async def _ask(self, method: str, path: str, **options: Any) -> Answer:  # noqa: ANN401
        async with self.client.request(method, path, allow_redirects=False, **options) as answer:
            content = await answer.read()
            return Answer(answer.status, dict(answer.headers), content.decode(errors="replace"), content)


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """The desk while it is open."""

    pipeline: Pipeline
    client: TestClient[web.Request, web.Application]

    def sign_in(self, role: Role, agency_id: str | None, name: str = "王晓") -> Person:
        """Somebody of an agency with an account, a session and a token that may write."""
        account_id, cookie, token = secrets.token_hex(8), secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = self.pipeline.clock()
        self.pipeline.execute(
            "INSERT INTO accounts (account_id, sign_in_name, name, agency_id, role, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            account_id, account_id, name, agency_id, role, now,
        )  # fmt: skip
        self.pipeline.execute(
            "INSERT INTO account_sessions (token_digest, account_id, address, signed_in_at, last_used_at)"
            " VALUES (%s, %s, 'test', %s, %s)",
            hashlib.sha256(cookie.encode()).digest(), account_id, now, now,
        )  # fmt: skip
        self.pipeline.execute(
            "INSERT INTO account_tokens (token_digest, account_id, name, scope, created_at, expires_at)"
            " VALUES (%s, %s, 'test', 'write', %s, %s)",
            hashlib.sha256(token.encode()).digest(), account_id, now, now + timedelta(days=90),
        )  # fmt: skip
        return Person(self.client, cookie, token)

    def case_id(self, indicator_id: str) -> str:
        """The case about an indicator."""
        ((case_id,),) = self.pipeline.rows("SELECT case_id FROM early_warnings WHERE indicator_id = %s", indicator_id)
        return str(case_id)

    def kinds(self, indicator_id: str) -> list[str]:
        """The kinds of the steps of the case about an indicator."""
        return [kind for kind, *_ in self.pipeline.steps(indicator_id)]


@asynccontextmanager
async def open_desk(pipeline: Pipeline) -> AsyncIterator[OpenDesk]:
    """The application of the desk with the role of its service."""
    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        app = web.Application(client_max_size=MOST_BODY_BYTES)
        add_accounts(app, pool, pipeline.settings, pipeline.clock)
        calendar = working_calendar()
        book = CaseBook(NoticeWriter(pipeline.settings), pipeline.clock, calendar)
        add_desk(app, pool, book, calendar, pipeline.clock)
        async with TestClient(TestServer(app)) as client:
            yield OpenDesk(pipeline, client)
