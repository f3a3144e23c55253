"""`/account`: somebody's own password, sessions, API tokens, and what happened to the account."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from planwatch.language import Text
from services.accounts import administration, session_store, store
from services.accounts.account import AccountRefused
from services.accounts.event_names import EVENT_NAMES
from services.accounts.guard import Guard
from services.accounts.passwords import Passwords, password_fault
from services.accounts.rendering import signed_in_page
from services.accounts.request_keys import ACCOUNT, SESSION
from services.accounts.session_store import Scope
from services.accounts.sign_in import SignIn, begin_session
from services.accounts.sign_in_pages import DIFFERENT
from services.accounts.store import EventKind
from services.web.form import text_fields
from services.web.page import Linker, in_other_language, language_of, see_other

NOT_THE_PRESENT_ONE = Text("当前口令不正确", "the present password is not right")
TOO_MANY = Text("尝试次数过多，请15分钟后再试", "too many attempts; try again in 15 minutes")
NO_SUCH_SCOPE = Text("令牌权限只能是读取或读写", "a token may read, or read and write")


class OwnPages:
    """Everybody's page about their own account."""

    def __init__(self, guard: Guard, passwords: Passwords, sign_in: SignIn) -> None:
        self._guard, self._passwords, self._sign_in = guard, passwords, sign_in

    def add_routes(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/account", self.show)
        app.router.add_post("/account/password", self.change_password)
        app.router.add_post("/account/sessions/end", self.end_sessions)
        app.router.add_post("/account/tokens", self.make_token)
        app.router.add_post("/account/tokens/revoke", self.revoke_token)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        return await self._page(request)

    async def change_password(self, request: web.Request) -> web.StreamResponse:
        """Change the password after the present one was given; every other session ends, this one is renewed."""
        account, session = request[ACCOUNT], request[SESSION]
        form = await text_fields(request)
        present, password, again = (form.get(name, "") for name in ("present", "password", "again"))
        fault = password_fault(password, account) or (DIFFERENT if password != again else None)
        if fault is None:
            address = self._guard.address_of(request)
            attempt = await self._sign_in.attempt(account.sign_in_name, present, address)
            fault = TOO_MANY if attempt.locked_until else NOT_THE_PRESENT_ONE if attempt.account is None else None
        if fault is not None:
            return await self._page(request, HTTPStatus.UNPROCESSABLE_ENTITY, password_fault=fault)
        password_hash = await self._passwords.hash(password)
        now, actor = self._guard.clock(), self._guard.actor_of(request)
        async with self._guard.pool.connection() as connection:
            await store.set_password_hash(connection, account.account_id, password_hash)
            await session_store.end_sessions(connection, account.account_id, now)
            await session_store.end_links(connection, account.account_id, now)
            await store.record_event(connection, EventKind.PASSWORD_CHANGED, account.account_id, actor, now, by="form")
            token = await begin_session(connection, account, session, actor, now)
        response = self._back(request)
        self._guard.keep_cookie(response, token)
        return response

    async def end_sessions(self, request: web.Request) -> web.StreamResponse:
        """End every session but this one."""
        account, now = request[ACCOUNT], self._guard.clock()
        async with self._guard.pool.connection() as connection:
            ended = await session_store.end_sessions(
                connection, account.account_id, now, except_for=request[SESSION].session_id
            )
            actor = self._guard.actor_of(request)
            await store.record_event(
                connection, EventKind.SESSION_ENDED, account.account_id, actor, now, sessions=ended
            )
        return self._back(request)

    async def make_token(self, request: web.Request) -> web.StreamResponse:
        """Make an API token and show it this once."""
        form = await text_fields(request)
        scope, days = form.get("scope", ""), form.get("days", "")
        try:
            if scope not in set(Scope):
                raise AccountRefused(NO_SUCH_SCOPE)
            async with self._guard.pool.connection() as connection:
                token = await administration.make_token(
                    connection,
                    request[ACCOUNT],
                    form.get("name", ""),
                    Scope(scope),
                    int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
                    self._guard.actor_of(request),
                    self._guard.clock(),
                )
        except AccountRefused as error:
            return await self._page(request, HTTPStatus.UNPROCESSABLE_ENTITY, token_fault=error.reason)
        return await self._page(request, fresh_token=token)

    async def revoke_token(self, request: web.Request) -> web.StreamResponse:
        """Revoke one of one's own tokens."""
        account, now = request[ACCOUNT], self._guard.clock()
        token_id = (await text_fields(request)).get("token_id", "")
        if token_id.isascii() and token_id.isdigit() and len(token_id) < 18:
            async with self._guard.pool.connection() as connection:
                if await session_store.revoke_tokens(connection, account.account_id, now, only=int(token_id)):
                    actor = self._guard.actor_of(request)
                    await store.record_event(
                        connection, EventKind.TOKEN_REVOKED, account.account_id, actor, now, token_id=int(token_id)
                    )
        return self._back(request)

    def _back(self, request: web.Request) -> web.StreamResponse:
        return see_other(Linker(language_of(request))("account"))

    async def _page(self, request: web.Request, status: HTTPStatus = HTTPStatus.OK, **said: Text | str) -> web.Response:
        account_id, now = request[ACCOUNT].account_id, self._guard.clock()
        async with self._guard.pool.connection() as connection:
            content: dict[str, Any] = {
                "sessions": await session_store.load_sessions(connection, account_id, now),
                "tokens": await session_store.load_tokens(connection, account_id, now),
                "events": await store.load_events(connection, account_id),
            }
        present = request[SESSION].session_id
        nothing = {"password_fault": None, "token_fault": None, "fresh_token": None}
        shown = {**nothing, **content, **said, "present": present, "EVENT_NAMES": EVENT_NAMES}
        shown["other_language"] = in_other_language(request, "account")
        return signed_in_page(request, "account", shown, status)
