"""What the application of a service needs of accounts: add them, ask who it is, get the token for a form."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from planwatch.language import Text
from services.accounts.account import Account, Role
from services.accounts.guard import API, GUARD, SIGN_IN_FIRST, Guard, sign_in_address
from services.accounts.passwords import Passwords
from services.accounts.rendering import NAVIGATION, PUBLIC_URL
from services.accounts.sign_in import SignIn
from services.accounts.sign_in_pages import SignInPages
from services.clock import Clock
from services.database import Pool
from services.settings import Settings
from services.web.page import keep_to_itself
from services.web.refusal import Refused
from services.web.static_files import add_static_files

NOT_YOURS = Text("您的角色不能执行此操作", "your role may not do this")


def add_accounts(app: web.Application, pool: Pool, settings: Settings, clock: Clock) -> None:
    """Guard every handler that is not marked `open_to_anyone`, and serve the pages of accounts.

    Args:
        app: before it is started; handlers may be added before and after.
        pool: connections of the role `planwatch_alerts`.
        settings: `secret` keys the tokens of forms; cookies are for https only where `alerts_url` is.
        clock: the present moment.
    """
    guard = Guard(pool, settings, clock)
    app[GUARD], app[NAVIGATION], app[PUBLIC_URL] = guard, [], settings.public_url
    app.middlewares.append(guard.middleware)
    app.on_response_prepare.append(keep_to_itself)
    add_static_files(app)
    passwords = Passwords()
    SignInPages(guard, passwords, SignIn(guard, passwords)).add_routes(app)


def add_navigation(app: web.Application, path: str, name: Text) -> None:
    """Show a link in the head of every signed-in page; after signing in people come to the first one."""
    app[NAVIGATION].append((path, name))


def account_of(request: web.Request) -> Account:
    """Who asks.

    Raises:
        HTTPSeeOther: nobody is signed in; leads to the page where one signs in.
        Refused: the same, under `/api/`.
    """
    account: Account | None = request.get("account")
    if account is not None:
        return account
    if request.path.startswith(API):
        raise Refused(HTTPStatus.UNAUTHORIZED, SIGN_IN_FIRST)
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
    token: str = request.get("csrf", "")
    return token
