"""A webhook: a signed POST of JSON. No redirect is followed, and no word of the answer's body is kept."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from http import HTTPStatus

import aiohttp

from services.alerts.channels.configuration import Destination
from services.errors import Permanent, Retriable

TIMEOUT_S = 10
SIGNATURE = "Planwatch-Signature"
GONE_FOR_GOOD = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.GONE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Answers that speak of this message or end the address; all others may be mended by somebody and are tried again."""


class ChannelDeferred(Retriable):
    """The channel could not be reached or asked to try later; it may have taken the message all the same."""


class ChannelRefused(Permanent):
    """The channel refused the message for good."""


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The value of the header: the second of the attempt, and HMAC-SHA-256 of `second.body` as hexadecimal digits."""
    second = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={second},v1={digest}"


async def post(destination: Destination, message_id: str, body: str, now: datetime) -> None:
    """Hand a message over.

    Raises:
        ChannelDeferred: no answer, or one that may be another one later.
        ChannelRefused: the answer is final. Neither names the address.
    """
    content = body.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Planwatch",
        "Idempotency-Key": message_id,
        SIGNATURE: signature(destination.secret, content, now),
    }
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.post(destination.url, data=content, headers=headers, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise ChannelDeferred(f"没有应答 / no answer: {type(error).__name__}") from None
    if status in GONE_FOR_GOOD:
        raise ChannelRefused(f"应答 answered {status}")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise ChannelDeferred(f"应答 answered {status}")
