"""Which handlers answer everybody; where accounts guard an application, all others ask for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[web.StreamResponse]])

_MARK = "is_open_to_anyone"


def open_to_anyone(handler: Handler) -> Handler:
    """Mark a handler that answers without an account: it is harmless, or its address carries a signature."""
    setattr(handler, _MARK, True)
    return handler


def is_open_to_anyone(handler: object) -> bool:
    """Whether the handler (a function or a method) was marked."""
    return getattr(handler, _MARK, False)
