"""What the application of a service needs of accounts: add them, ask who it is, get the token for a form."""

from __future__ import annotations

from aiohttp import web

from planwatch.language import Text
from services.accounts.administration_pages import AdministrationPages
from services.accounts.api import AccountsApi
from services.accounts.guard import GUARD, Guard, account_of, csrf_token, require_role
from services.accounts.own_pages import OwnPages
from services.accounts.passwords import Passwords
from services.accounts.rendering import NAVIGATION, PUBLIC_URL
from services.accounts.sign_in import SignIn
from services.accounts.sign_in_pages import SignInPages
from services.clock import Clock
from services.database import Pool
from services.settings import Settings
from services.web.page import keep_to_itself
from services.web.static_files import add_static_files

__all__ = ["account_of", "add_accounts", "add_navigation", "csrf_token", "require_role"]


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
    sign_in = SignIn(guard, passwords)
    SignInPages(guard, passwords, sign_in).add_routes(app)
    OwnPages(guard, passwords, sign_in).add_routes(app)
    AdministrationPages(guard, settings.alerts_url).add_routes(app)
    AccountsApi(guard, settings.alerts_url).add_routes(app)


def add_navigation(app: web.Application, path: str, name: Text) -> None:
    """Show a link in the head of every signed-in page; after signing in people come to the first one."""
    app[NAVIGATION].append((path, name))
