"""What a person typed into a form."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web


async def text_fields(request: web.Request) -> Mapping[str, str]:
    """The text fields of a posted form, without the NUL that PostgreSQL cannot keep; files are left out."""
    form = await request.post()
    return {name: value.replace("\x00", "") for name, value in form.items() if isinstance(value, str)}
