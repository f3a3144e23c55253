"""Hand one mail over to the SMTP server; its answers become ours."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.errors import MailDeferred, MailRefused, SettingsInvalid

TIMEOUT_S = 20
SCHEMES = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
CLOSING = 421


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over, and how.

    Attributes:
        use_tls: TLS from the first byte on.
        start_tls: TLS after STARTTLS; a server that does not offer it gets no mail.
        tls: checks the server's certificate against the system's authorities, or against the one that was given.
    """

    host: str
    port: int
    use_tls: bool
    start_tls: bool
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None


def smtp_server(smtp_url: str, ca_file: str = "") -> SmtpServer:
    """The server of a URL.

    Args:
        smtp_url: `smtp://`, `smtps://` or `smtp+starttls://`, with a user and a password if the server wants them.
        ca_file: certificates of the authority that signed the server's; empty for those that the system trusts.

    Raises:
        SettingsInvalid: another scheme, no host, an unreadable authority, or a password that would travel in clear.
    """
    parts = urlsplit(smtp_url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise SettingsInvalid(
            f"PLANWATCH_SMTP_URL=“{smtp_url}” 应为 smtp://、smtps:// 或 smtp+starttls:// / must be one of these"
        )
    is_encrypted = parts.scheme != "smtp"
    if parts.password and not is_encrypted and not _is_here(parts.hostname):
        raise SettingsInvalid(
            "PLANWATCH_SMTP_URL：口令只能经 smtps:// 或 smtp+starttls:// 发送"
            " / a password may travel over smtps:// or smtp+starttls:// only"
        )
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or SCHEMES[parts.scheme],
        use_tls=parts.scheme == "smtps",
        start_tls=parts.scheme == "smtp+starttls",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=_checking(ca_file) if is_encrypted else None,
    )


class Mailer:
    """One connection to the SMTP server, opened when needed and kept while it is good."""

    def __init__(self, server: SmtpServer) -> None:
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.use_tls,
            start_tls=server.start_tls,
            username=server.username,
            password=server.password,
            tls_context=server.tls,
            timeout=TIMEOUT_S,
        )

    @property
    def is_open(self) -> bool:
        """The connection is there, as far as is known."""
        return self._client.is_connected

    def close(self) -> None:
        """End the connection without a word."""
        self._client.close()

    async def quit(self) -> None:
        """End the connection as the protocol asks."""
        try:
            await self._client.quit()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()

    async def send(
        self, sender: str, recipient: str, message: bytes, *, before_data: Callable[[], Awaitable[None]]
    ) -> None:
        """Hand over `message`; returns when the server has answered 250.

        Args:
            before_data: called once the server has taken the recipient; from then on the mail may arrive. What it
                raises ends the attempt.

        Raises:
            MailDeferred: try again later; `in_doubt` where the answer to DATA was lost.
            MailRefused: the server will never take it.
        """
        stage = "connect"
        try:
            await self._begin(sender)
            stage = "recipient"
            await self._client.rcpt(recipient)
            await before_data()
            stage = "data"
            await self._client.data(message)
        except aiosmtplib.SMTPResponseException as error:
            await self._reset()
            reason = f"{error.code} {error.message}"
            if 500 <= error.code < 600 and stage != "connect":  # before that it is the server's fault or ours
                raise MailRefused(reason) from error
            raise MailDeferred(reason) from error
        except (aiosmtplib.SMTPException, OSError) as error:  # a certificate that fails is a ValueError as well
            self._client.close()
            raise MailDeferred(f"{type(error).__name__}: {error}", in_doubt=stage == "data") from error
        except ValueError as error:
            await self._reset()
            if stage != "recipient":
                raise MailDeferred(f"{type(error).__name__}: {error}") from error
            raise MailRefused(f"the server takes no address like “{recipient}”") from error
        except BaseException:
            self._client.close()
            raise

    async def _begin(self, sender: str) -> None:
        """Name the sender; a connection that has ended since its last mail is opened anew, once."""
        if self._client.is_connected:
            try:
                await self._client.mail(sender)
            except aiosmtplib.SMTPResponseException as error:
                if error.code != CLOSING:
                    raise
            except (aiosmtplib.SMTPServerDisconnected, OSError):
                pass
            else:
                return
            self._client.close()
        await self._client.connect()
        await self._client.mail(sender)

    async def _reset(self) -> None:
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()


def _checking(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise SettingsInvalid(f"PLANWATCH_SMTP_CA=“{ca_file}” 无法读取 / cannot be read: {error}") from error


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
