"""The account that an administrator's request is about."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from planwatch.language import Text
from services.accounts import store
from services.accounts.account import Role
from services.accounts.guard import GUARD, require_role
from services.accounts.store import KnownAccount
from services.web.refusal import Refused

NO_SUCH_ACCOUNT = Text("没有这个账号", "there is no such account")
NOT_ONESELF = Text(
    "管理员不能变更或停用自己的账号，请由另一名管理员操作",
    "administrators do not change or deactivate themselves; another one does",
)
DEACTIVATED = Text("账号已停用，请先恢复", "the account was deactivated; reactivate it first")
ACTIVE = Text("账号未停用", "the account is active")


async def other_account(request: web.Request, *, is_active: bool | None = None) -> KnownAccount:
    """The account that the address names, which is not the administrator's own: so one is always left.

    Args:
        request: of anybody.
        is_active: what the account must be; None where it does not matter.

    Raises:
        Refused: the request is not an administrator's, or the account is not there, their own, or not as it must be.
    """
    administrator = require_role(request, Role.ADMINISTRATOR)
    account_id = request.match_info["account_id"].replace("\x00", "")
    if account_id == administrator.account_id:
        raise Refused(HTTPStatus.CONFLICT, NOT_ONESELF)
    async with request.app[GUARD].pool.connection() as connection:
        known = await store.load_account(connection, account_id)
    if known is None:
        raise Refused(HTTPStatus.NOT_FOUND, NO_SUCH_ACCOUNT)
    if is_active is not None and known.is_active is not is_active:
        raise Refused(HTTPStatus.CONFLICT, ACTIVE if known.is_active else DEACTIVATED)
    return known
