"""Hand one mail over to the SMTP server; its answers become ours."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.errors import MailDeferred, MailRefused, SettingsInvalid

TIMEOUT_S = 20
SCHEMES = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class Mailer:
    """One connection to the SMTP server, opened when needed and kept while it is good."""

    def __init__(self, smtp_url: str) -> None:
        parts = urlsplit(smtp_url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise SettingsInvalid(
                f"PLANWATCH_SMTP_URL=“{smtp_url}” 应为 smtp://、smtps:// 或 smtp+starttls:// / must be one of these"
            )
        self._client = aiosmtplib.SMTP(
            hostname=parts.hostname,
            port=parts.port or SCHEMES[parts.scheme],
            use_tls=parts.scheme == "smtps",
            start_tls=parts.scheme == "smtp+starttls",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            timeout=TIMEOUT_S,
        )

    async def __aenter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._client.close()

    async def send(self, sender: str, recipient: str, message: bytes) -> None:
        """Hand over `message`; returns when the server has answered 250.

        Raises:
            MailDeferred: try again later; `in_doubt` where the answer to DATA was lost.
            MailRefused: the server will never take it.
        """
        stage = "connect"
        try:
            if not self._client.is_connected:
                await self._client.connect()
            await self._client.mail(sender)
            stage = "recipient"
            await self._client.rcpt(recipient)
            stage = "data"
            await self._client.data(message)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset()
            reason = f"{error.code} {error.message}"
            if 500 <= error.code < 600 and stage != "connect":  # before that it is the server's fault or ours
                raise MailRefused(reason) from error
            raise MailDeferred(reason) from error
        except ValueError as error:
            await self._reset()
            raise MailRefused(f"the server takes no address like “{recipient}”") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            self._client.close()
            raise MailDeferred(f"{type(error).__name__}: {error}", in_doubt=stage == "data") from error

    async def _reset(self) -> None:
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()
