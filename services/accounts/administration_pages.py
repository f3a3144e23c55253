"""`/accounts`: where an administrator adds accounts, changes roles, deactivates, and makes one-time links."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from planwatch.language import Text
from services.accounts import administration, store
from services.accounts.account import Account, AccountRefused, Role, role_from
from services.accounts.guard import Guard, require_role
from services.accounts.lookup import other_account
from services.accounts.rendering import signed_in_page
from services.accounts.session_store import LinkPurpose
from services.web.form import text_fields
from services.web.page import Linker, in_other_language, language_of, see_other


class AdministrationPages:
    """The page of accounts, for administrators only."""

    def __init__(self, guard: Guard, site_url: str) -> None:
        self._guard, self._site_url = guard, site_url

    def add_routes(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/accounts", self.show)
        app.router.add_post("/accounts", self.add)
        app.router.add_post("/accounts/{account_id}/role", self.change_role)
        app.router.add_post("/accounts/{account_id}/reset", self.reset)
        app.router.add_post("/accounts/{account_id}/deactivate", self.deactivate)
        app.router.add_post("/accounts/{account_id}/reactivate", self.reactivate)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """All accounts and the form for a new one."""
        require_role(request, Role.ADMINISTRATOR)
        return await self._page(request)

    async def add(self, request: web.Request) -> web.StreamResponse:
        """Add an account and show the link by which its owner chooses a password."""
        require_role(request, Role.ADMINISTRATOR)
        form = await text_fields(request)
        actor, now = self._guard.actor_of(request), self._guard.clock()
        try:
            role, agency_id = role_from(form.get("role", "")), form.get("agency_id", "") or None
            async with self._guard.pool.connection() as connection:
                account = await administration.add_account(
                    connection, form.get("sign_in_name", ""), form.get("name", ""), role, agency_id, actor, now
                )
                path = await administration.make_link(connection, account, LinkPurpose.CHOOSE_PASSWORD, actor, now)
        except AccountRefused as error:
            return await self._page(request, HTTPStatus.UNPROCESSABLE_ENTITY, fault=error.reason, typed=form)
        return await self._page(request, link_for=account, link_address=self._site_url + path)

    async def change_role(self, request: web.Request) -> web.StreamResponse:
        """Give the account another role or agency."""
        known = await other_account(request)
        form = await text_fields(request)
        try:
            role, agency_id = role_from(form.get("role", "")), form.get("agency_id", "") or None
            async with self._guard.pool.connection() as connection:
                await administration.change_role(
                    connection, known.account, role, agency_id, self._guard.actor_of(request), self._guard.clock()
                )
        except AccountRefused as error:
            return await self._page(request, HTTPStatus.UNPROCESSABLE_ENTITY, fault=error.reason)
        return self._back(request)

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """Take password, sessions and tokens back and show a link to choose a new password."""
        known = await other_account(request, is_active=True)
        async with self._guard.pool.connection() as connection:
            path = await administration.reset_account(
                connection, known.account, self._guard.actor_of(request), self._guard.clock()
            )
        return await self._page(request, link_for=known.account, link_address=self._site_url + path)

    async def deactivate(self, request: web.Request) -> web.StreamResponse:
        """Let the person in no more."""
        known = await other_account(request, is_active=True)
        async with self._guard.pool.connection() as connection:
            await administration.deactivate_account(
                connection, known.account, self._guard.actor_of(request), self._guard.clock()
            )
        return self._back(request)

    async def reactivate(self, request: web.Request) -> web.StreamResponse:
        """Let the person in again, after they chose a password by the link that is shown."""
        known = await other_account(request, is_active=False)
        async with self._guard.pool.connection() as connection:
            path = await administration.reactivate_account(
                connection, known.account, self._guard.actor_of(request), self._guard.clock()
            )
        return await self._page(request, link_for=known.account, link_address=self._site_url + path)

    def _back(self, request: web.Request) -> web.Response:
        return see_other(Linker(language_of(request))("accounts"))

    async def _page(
        self,
        request: web.Request,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        fault: Text | None = None,
        typed: Mapping[str, str] | None = None,
        link_for: Account | None = None,
        link_address: str = "",
    ) -> web.Response:
        async with self._guard.pool.connection() as connection:
            accounts = await store.load_accounts(connection)
            agencies = await store.load_agencies(connection)
        content = {
            "accounts": accounts,
            "agencies": agencies,
            "fault": fault,
            "typed": typed or {},
            "link_for": link_for,
            "link_address": link_address,
            "other_language": in_other_language(request, "accounts"),
        }
        return signed_in_page(request, "accounts", content, status)
