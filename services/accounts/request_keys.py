"""What the guard notes on a request that it let through."""

from __future__ import annotations

from aiohttp import web

from services.accounts.account import Account
from services.accounts.session_store import Session

ACCOUNT: web.RequestKey[Account] = web.RequestKey("account", Account)
SESSION: web.RequestKey[Session] = web.RequestKey("session", Session)
FORM_TOKEN: web.RequestKey[str] = web.RequestKey("form_token", str)
