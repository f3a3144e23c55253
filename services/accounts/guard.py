"""The middleware in front of every handler: a session for pages, a bearer token for the API, a token in every form.

Refuses by default: only what is marked `open_to_anyone` is served without an account.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from planwatch.language import Text
from services.accounts import session_store
from services.accounts.account import Account, AccountRefused, Role
from services.accounts.rendering import refusal
from services.accounts.request_keys import ACCOUNT, FORM_TOKEN, SESSION
from services.accounts.session_store import Scope, Session
from services.accounts.store import Actor
from services.accounts.tokens import keyed_digest, secret_digest
from services.clock import Clock
from services.database import Pool, wrap_errors
from services.errors import StoreUnavailable
from services.settings import Settings
from services.web.access import is_open_to_anyone
from services.web.form import text_fields
from services.web.page import language_of
from services.web.refusal import Refused

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

API = "/api/"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_NEXT = 500

NOT_YOURS = Text("您的角色不能执行此操作", "your role may not do this")
TOKEN_NEEDED = Text(
    "须附有效的接口令牌（Authorization: Bearer …）", "a valid token is needed (Authorization: Bearer …)"
)
READ_ONLY = Text("此令牌只能读取", "this token may only read")
STALE_FORM = Text(
    "表单已失效，没有执行任何操作；请返回刷新页面后重试",
    "the form is out of date and nothing was done; reload the page",
)
UNAVAILABLE = Text("数据库暂时不可用，请稍后再试", "the database is unavailable for now; please try again later")
NO_SUCH_PAGE = Text("没有这个页面", "there is no such page")
BROKEN = Text("页面出错，已记入日志", "the page failed; the fault is in the log")


class Guard:
    """Knows who asks. One per application."""

    def __init__(self, pool: Pool, settings: Settings, clock: Clock) -> None:
        self.pool, self.clock = pool, clock
        self.is_secure = urlsplit(settings.alerts_url).scheme == "https"
        self.cookie = "__Host-planwatch_session" if self.is_secure else "planwatch_session"
        self.public_url = settings.public_url
        self._key, self._proxies = settings.secret, settings.trusted_proxies

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request through with its account, or answer why not."""
        try:
            if request.match_info.http_exception is None and not is_open_to_anyone(request.match_info.handler):
                await self._let_in(request)
            with wrap_errors():
                return await handler(request)
        except Refused as error:
            return refusal(request, error.status, error.reason)
        except AccountRefused as error:
            return refusal(request, HTTPStatus.UNPROCESSABLE_ENTITY, error.reason)
        except StoreUnavailable as error:
            logger.warning("%s", error)
            return refusal(request, HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE)
        except web.HTTPNotFound:
            return refusal(request, HTTPStatus.NOT_FOUND, NO_SUCH_PAGE)
        except web.HTTPException:
            raise
        except Exception:
            logger.exception("%s failed", request.path)
            return refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR, BROKEN)

    async def _let_in(self, request: web.Request) -> None:
        if request.path.startswith(API):
            request[ACCOUNT] = await self._account_of_token(request)
            return
        session = await self.session_of(request)
        if session is None:
            raise web.HTTPSeeOther(sign_in_address(request))
        request[ACCOUNT], request[SESSION] = session.account, session
        request[FORM_TOKEN] = self.form_token(request.cookies[self.cookie])
        if request.method not in READING:
            await check_form(request, request[FORM_TOKEN])

    async def session_of(self, request: web.Request) -> Session | None:
        """The session of the cookie; None where there is none that stands."""
        token = request.cookies.get(self.cookie)
        if not token:
            return None
        with wrap_errors():
            async with self.pool.connection() as connection:
                return await session_store.use_session(connection, secret_digest(token), self.clock())

    async def _account_of_token(self, request: web.Request) -> Account:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        token = None
        if scheme.casefold() == "bearer" and secret:
            with wrap_errors():
                async with self.pool.connection() as connection:
                    token = await session_store.use_token(connection, secret_digest(secret.strip()), self.clock())
        if token is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, TOKEN_NEEDED)
        if request.method not in READING and token.scope is not Scope.WRITE:
            raise Refused(HTTPStatus.FORBIDDEN, READ_ONLY)
        return token.account

    def form_token(self, cookie: str) -> str:
        """What the forms of the holder of a cookie carry; nobody else can work it out."""
        return keyed_digest(self._key, "form", cookie)

    def throttled_name(self, typed: str) -> str:
        """Under what the attempts for a name are counted: not the name, for people type passwords into that field."""
        return keyed_digest(self._key, "throttle", typed)

    def address_of(self, request: web.Request) -> str:
        """Where the request came from, seen past as many reverse proxies as the settings name."""
        forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if self._proxies and len(forwarded) >= self._proxies:
            return forwarded[-self._proxies][:64]
        return request.remote or "unknown"

    def actor_of(self, request: web.Request) -> Actor:
        """The signed-in person and their address, for the record."""
        return Actor(request[ACCOUNT].account_id, self.address_of(request))

    def keep_cookie(self, response: web.StreamResponse, token: str) -> None:
        """Give the browser the token of a session: for this site only, out of reach of scripts."""
        lifetime = int(session_store.SESSION_LIFETIME.total_seconds())
        response.set_cookie(
            self.cookie, token, max_age=lifetime, path="/", httponly=True, samesite="Lax", secure=self.is_secure
        )

    def drop_cookie(self, response: web.StreamResponse) -> None:
        """Take the token back."""
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Lax", secure=self.is_secure)


async def check_form(request: web.Request, expected: str) -> None:
    """Refuse a form that was not made by a page of this person's.

    Raises:
        Refused: the field `csrf` is missing or another one.
    """
    given = (await text_fields(request)).get("csrf", "")
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise Refused(HTTPStatus.FORBIDDEN, STALE_FORM)


def account_of(request: web.Request) -> Account:
    """Who asks.

    Raises:
        HTTPSeeOther: nobody is signed in; leads to the page where one signs in.
        Refused: the same, under `/api/`.
    """
    account: Account | None = request.get(ACCOUNT)
    if account is not None:
        return account
    if request.path.startswith(API):
        raise Refused(HTTPStatus.UNAUTHORIZED, TOKEN_NEEDED)
    raise web.HTTPSeeOther(sign_in_address(request))


def require_role(request: web.Request, *roles: Role) -> Account:
    """Who asks, where their role is one of these.

    Raises:
        Refused: it is another one.
    """
    account = account_of(request)
    if account.role not in roles:
        raise Refused(HTTPStatus.FORBIDDEN, NOT_YOURS)
    return account


def csrf_token(request: web.Request) -> str:
    """For the hidden field `csrf` of a form; empty where the request came with a bearer token."""
    token: str = request.get(FORM_TOKEN, "")
    return token


def sign_in_address(request: web.Request) -> str:
    """Where somebody signs in to come back to the page that they asked for."""
    asked = {"next": request.path_qs} if request.method in READING and len(request.path_qs) <= LONGEST_NEXT else {}
    if language_of(request) == "en":
        asked["lang"] = "en"
    return "/sign-in" + (f"?{urlencode(asked)}" if asked else "")


def own_path(address: str) -> str | None:
    """An address that leads to a page of this site, as it was given; None for any other.

    Browsers read two slashes, backslashes and control characters in creative ways: only the plainest form is taken.
    """
    is_plain = address.isprintable() and "\\" not in address and len(address) <= LONGEST_NEXT
    return address if is_plain and address.startswith("/") and not address.startswith("//") else None


GUARD: web.AppKey[Guard] = web.AppKey("guard", Guard)
