"""`/sign-in`, `/sign-out`, and the pages behind one-time links. A GET changes nothing: scanners follow links."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from services.accounts import session_store, store
from services.accounts.account import Account
from services.accounts.guard import Guard, check_form, own_path
from services.accounts.passwords import Passwords, password_fault
from services.accounts.rendering import NAVIGATION, signed_in_page
from services.accounts.request_keys import SESSION
from services.accounts.session_store import LinkPurpose
from services.accounts.sign_in import SignIn, begin_session
from services.accounts.store import Actor, EventKind
from services.accounts.tokens import fresh_secret, secret_digest
from services.web.access import open_to_anyone
from services.web.form import text_fields
from services.web.page import Linker, language_of, see_other
from services.web.refusal import Refused

WRONG = Text("登录名或口令不正确", "the sign-in name or the password is not right")
LINK_ENDED = Text(
    "链接无效、已用过或已过期；请向管理员索取新链接",
    "this link is not valid, was used or has expired; ask an administrator for a new one",
)
DIFFERENT = Text("两次输入的口令不一致", "the two passwords are not the same")


class SignInPages:
    """How people get in and out."""

    def __init__(self, guard: Guard, passwords: Passwords, sign_in: SignIn) -> None:
        self._guard, self._passwords, self._sign_in = guard, passwords, sign_in
        self._form_cookie = guard.cookie.replace("session", "form")

    def add_routes(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/sign-in", self.show)
        app.router.add_post("/sign-in", self.sign_in)
        app.router.add_post("/sign-out", self.sign_out)
        app.router.add_get("/choose-password/{token}", self.show_choice)
        app.router.add_post("/choose-password/{token}", self.choose)
        app.router.add_get("/enter/{token}", self.show_entry)
        app.router.add_post("/enter/{token}", self.enter)

    @open_to_anyone
    async def show(self, request: web.Request) -> web.StreamResponse:
        """The form; who is signed in already goes on."""
        if await self._guard.session_of(request) is not None:
            raise web.HTTPSeeOther(self._way_on(request))
        return self._form(request, "sign_in", {"fault": None, "typed": ""})

    @open_to_anyone
    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Judge the attempt; a right one begins a session and goes on to the page that was asked for."""
        await self._check(request)
        form = await text_fields(request)
        typed, password = form.get("name", ""), form.get("password", "")
        attempt = await self._sign_in.attempt(typed, password, self._guard.address_of(request))
        if attempt.locked_until is not None:
            until = attempt.locked_until.astimezone(LOCAL_TIME).strftime("%H:%M:%S")
            fault = Text(
                f"尝试次数过多，为安全起见暂停登录；{until} 之后可再试，无需联系管理员",
                f"too many attempts; for safety nobody is let in until {until} (China time), then try again",
            )
            answer = self._form(request, "sign_in", {"fault": fault, "typed": typed}, HTTPStatus.TOO_MANY_REQUESTS)
            wait = attempt.locked_until - self._guard.clock()
            answer.headers["Retry-After"] = str(max(1, round(wait.total_seconds())))
            return answer
        if attempt.account is None:
            return self._form(request, "sign_in", {"fault": WRONG, "typed": typed}, HTTPStatus.UNAUTHORIZED)
        async with self._guard.pool.connection() as connection:
            token = await begin_session(
                connection,
                attempt.account,
                await self._guard.session_of(request),
                Actor(attempt.account.account_id, self._guard.address_of(request)),
                self._guard.clock(),
            )
        return self._go_on(request, token)

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """End the session."""
        session, actor = request[SESSION], self._guard.actor_of(request)
        async with self._guard.pool.connection() as connection:
            account_id, now = session.account.account_id, self._guard.clock()
            await session_store.end_sessions(connection, account_id, now, only=session.session_id)
            await store.record_event(connection, EventKind.SIGNED_OUT, account_id, actor, now)
        response = see_other(Linker(language_of(request))("sign-in"))
        self._guard.drop_cookie(response)
        return response

    @open_to_anyone
    async def show_choice(self, request: web.Request) -> web.StreamResponse:
        """The form to choose a password."""
        async with self._guard.pool.connection() as connection:
            owner = await self._owner_of_link(connection, request, LinkPurpose.CHOOSE_PASSWORD)
        return self._form(request, "choose_password", {"fault": None, "owner": owner})

    @open_to_anyone
    async def choose(self, request: web.Request) -> web.StreamResponse:
        """Set the password, end the link and every session, and sign in."""
        await self._check(request)
        form = await text_fields(request)
        password, again = form.get("password", ""), form.get("again", "")
        former = await self._guard.session_of(request)
        async with self._guard.pool.connection() as connection:
            owner = await self._owner_of_link(connection, request, LinkPurpose.CHOOSE_PASSWORD)
        fault = password_fault(password, owner) or (DIFFERENT if password != again else None)
        if fault is not None:
            content = {"fault": fault, "owner": owner}
            return self._form(request, "choose_password", content, HTTPStatus.UNPROCESSABLE_ENTITY)
        password_hash = await self._passwords.hash(password)
        now, actor = self._guard.clock(), Actor(owner.account_id, self._guard.address_of(request))
        async with self._guard.pool.connection() as connection:
            await self._owner_of_link(connection, request, LinkPurpose.CHOOSE_PASSWORD, use=True)
            await store.set_password_hash(connection, owner.account_id, password_hash)
            await session_store.end_sessions(connection, owner.account_id, now)
            await store.record_event(connection, EventKind.PASSWORD_CHANGED, owner.account_id, actor, now, by="link")
            token = await begin_session(connection, owner, former, actor, now)
        return self._go_on(request, token)

    @open_to_anyone
    async def show_entry(self, request: web.Request) -> web.StreamResponse:
        """The button that signs in where Planwatch is tried out."""
        async with self._guard.pool.connection() as connection:
            owner = await self._owner_of_link(connection, request, LinkPurpose.SIGN_IN)
        return self._form(request, "enter", {"owner": owner})

    @open_to_anyone
    async def enter(self, request: web.Request) -> web.StreamResponse:
        """End the link and begin a session."""
        await self._check(request)
        former = await self._guard.session_of(request)
        async with self._guard.pool.connection() as connection:
            owner = await self._owner_of_link(connection, request, LinkPurpose.SIGN_IN, use=True)
            actor = Actor(owner.account_id, self._guard.address_of(request))
            token = await begin_session(connection, owner, former, actor, self._guard.clock())
        return self._go_on(request, token)

    async def _owner_of_link(
        self, connection: store.Connection, request: web.Request, purpose: LinkPurpose, *, use: bool = False
    ) -> Account:
        digest = secret_digest(request.match_info["token"])
        owner = await session_store.load_link(connection, digest, purpose, self._guard.clock(), use=use)
        if owner is None:
            raise Refused(HTTPStatus.NOT_FOUND, LINK_ENDED)
        return owner

    async def _check(self, request: web.Request) -> None:
        """Nobody is signed in on another site's wish: the form has to come from the browser that got it."""
        await check_form(request, self._guard.form_token(request.cookies.get(self._form_cookie, fresh_secret())))

    def _form(
        self, request: web.Request, template: str, content: dict[str, Any], status: HTTPStatus = HTTPStatus.OK
    ) -> web.Response:
        cookie = request.cookies.get(self._form_cookie) or fresh_secret()
        token = self._guard.form_token(cookie)
        response = signed_in_page(request, template, {**content, "form_token": token}, status)
        response.set_cookie(
            self._form_cookie, cookie, path="/", httponly=True, samesite="Strict", secure=self._guard.is_secure
        )
        return response

    def _go_on(self, request: web.Request, token: str) -> web.StreamResponse:
        response = see_other(self._way_on(request))
        self._guard.keep_cookie(response, token)
        return response

    def _way_on(self, request: web.Request) -> str:
        wanted = own_path(request.query.get("next", ""))
        if wanted is not None:
            return wanted
        home = request.app[NAVIGATION][0][0] if request.app[NAVIGATION] else "/account"
        return home + ("?lang=en" if language_of(request) == "en" else "")
