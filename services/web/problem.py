"""Why an API does not do what it was asked: RFC 9457, in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from planwatch.language import Text


def problem(
    status: HTTPStatus,
    reason: Text,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """The answer `application/problem+json`.

    Args:
        status: of the answer.
        reason: becomes `detail` and the members `zh` and `en`.
        members: what else a program needs to know.
        headers: beside the content type.
    """
    content = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": f"{reason.zh} / {reason.en}",
        **reason.as_mapping(),
        **(members or {}),
    }
    body = json.dumps(content, ensure_ascii=False).encode()
    return web.Response(body=body, status=status, content_type="application/problem+json", headers=headers)
