"""`/api/v1/accounts`: what the page of accounts does, for an administrator's programs."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any

from aiohttp import web

from planwatch.language import Text
from services.accounts import administration, store
from services.accounts.account import Account, Role, role_from
from services.accounts.guard import Guard, require_role
from services.accounts.lookup import other_account
from services.accounts.request_keys import ACCOUNT
from services.accounts.session_store import LinkPurpose
from services.web.refusal import Refused

NO_OBJECT = Text("请求内容须为 JSON 对象，各值为文本", "the body is a JSON object whose values are texts")


class AccountsApi:
    """The same acts as on the pages, with JSON on both sides."""

    def __init__(self, guard: Guard, site_url: str) -> None:
        self._guard, self._site_url = guard, site_url

    def add_routes(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/api/v1/account", self.own)
        app.router.add_get("/api/v1/accounts", self.all)
        app.router.add_post("/api/v1/accounts", self.add)
        app.router.add_post("/api/v1/accounts/{account_id}/role", self.change_role)
        app.router.add_post("/api/v1/accounts/{account_id}/reset", self.reset)
        app.router.add_post("/api/v1/accounts/{account_id}/deactivate", self.deactivate)
        app.router.add_post("/api/v1/accounts/{account_id}/reactivate", self.reactivate)

    async def own(self, request: web.Request) -> web.StreamResponse:
        """Whose token it is."""
        return web.json_response(account_document(request[ACCOUNT]))

    async def all(self, request: web.Request) -> web.StreamResponse:
        """All accounts."""
        require_role(request, Role.ADMINISTRATOR)
        async with self._guard.pool.connection() as connection:
            rows = await store.load_accounts(connection)
        return web.json_response(
            {
                "accounts": [
                    {
                        **account_document(store.account_from(row)),
                        "is_active": row["deactivated_at"] is None,
                        "has_password": row["has_password"],
                        "signed_in_at": row["signed_in_at"].isoformat() if row["signed_in_at"] else None,
                    }
                    for row in rows
                ]
            }
        )

    async def add(self, request: web.Request) -> web.StreamResponse:
        """Add an account; answers with it and the link to choose a password."""
        require_role(request, Role.ADMINISTRATOR)
        asked, actor, now = await _object(request), self._guard.actor_of(request), self._guard.clock()
        role, agency_id = role_from(asked.get("role", "")), asked.get("agency_id") or None
        async with self._guard.pool.connection() as connection:
            account = await administration.add_account(
                connection, asked.get("sign_in_name", ""), asked.get("name", ""), role, agency_id, actor, now
            )
            path = await administration.make_link(connection, account, LinkPurpose.CHOOSE_PASSWORD, actor, now)
        return self._answer(account, path, HTTPStatus.CREATED)

    async def change_role(self, request: web.Request) -> web.StreamResponse:
        """Give the account another role or agency."""
        known = await other_account(request)
        asked = await _object(request)
        role, agency_id = role_from(asked.get("role", "")), asked.get("agency_id") or None
        async with self._guard.pool.connection() as connection:
            changed = await administration.change_role(
                connection, known.account, role, agency_id, self._guard.actor_of(request), self._guard.clock()
            )
        return self._answer(changed)

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """Take everything back that lets somebody in; answers with a link to begin anew."""
        known = await other_account(request, is_active=True)
        async with self._guard.pool.connection() as connection:
            path = await administration.reset_account(
                connection, known.account, self._guard.actor_of(request), self._guard.clock()
            )
        return self._answer(known.account, path)

    async def deactivate(self, request: web.Request) -> web.StreamResponse:
        """Let the person in no more."""
        known = await other_account(request, is_active=True)
        async with self._guard.pool.connection() as connection:
            await administration.deactivate_account(
                connection, known.account, self._guard.actor_of(request), self._guard.clock()
            )
        return self._answer(known.account)

    async def reactivate(self, request: web.Request) -> web.StreamResponse:
        """Make a deactivated account active again; answers with a link to choose a password."""
        known = await other_account(request, is_active=False)
        async with self._guard.pool.connection() as connection:
            path = await administration.reactivate_account(
                connection, known.account, self._guard.actor_of(request), self._guard.clock()
            )
        return self._answer(known.account, path)

    def _answer(self, account: Account, path: str = "", status: HTTPStatus = HTTPStatus.OK) -> web.Response:
        link = {"link": self._site_url + path} if path else {}
        return web.json_response({**account_document(account), **link}, status=status)


def account_document(account: Account) -> dict[str, Any]:
    """An account as the API gives it."""
    return {
        "account_id": account.account_id,
        "sign_in_name": account.sign_in_name,
        "name": account.name,
        "agency_id": account.agency_id,
        "role": account.role,
    }


async def _object(request: web.Request) -> Mapping[str, str]:
    try:
        asked = await request.json()
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, NO_OBJECT) from error
    if not isinstance(asked, dict) or not all(isinstance(value, str | None) for value in asked.values()):
        raise Refused(HTTPStatus.BAD_REQUEST, NO_OBJECT)
    return {name: (value or "").replace("\x00", "") for name, value in asked.items()}
