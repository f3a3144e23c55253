"""The inbound SMTP address: bounces of our mails, and replies to them. Mail to anybody else is refused.

A mail is answered with 250 once it is in the database, and with 4xx while the database is away: nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from services.alerts.inbound_desk import InboundDesk
from services.alerts.return_path import ReturnPath
from services.clock import Clock
from services.errors import Retriable
from services.settings import Settings

logger = logging.getLogger(__name__)

MAIL_BYTES = 10 * 1024 * 1024
LINE_BYTES = 65_536
"""Chinese web mailers exceed the 998 bytes that a line may have."""
MOST_CONNECTIONS = 10
MAILS_PER_MINUTE = 120
SESSION_S = 60
COMMANDS = 200
"""Calls of one command in one connection."""
MINUTE = timedelta(minutes=1)


class InboundHandler:
    """Answers the commands of the servers that deliver to us."""

    def __init__(self, desk: InboundDesk, settings: Settings, clock: Clock) -> None:
        self._desk, self._clock = desk, clock
        self._return_path = ReturnPath(settings)
        self._taken: deque[datetime] = deque()

    async def handle_RCPT(  # noqa: N802 — aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail to our own addresses, one at a time."""
        if not self._return_path.takes(address):
            return "550 5.1.1 No such address here"
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        if self._is_too_busy():
            return "450 4.3.2 Too many mails at the moment, try again later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail; only an absent database asks for it again."""
        self._taken.append(self._clock())
        content = envelope.original_content or b""
        try:
            await self._desk.take(content, _plain(envelope.mail_from or ""), envelope.rcpt_tos[0])
        except Retriable as error:
            logger.warning("a mail is asked for again: %s", error)
            return "451 4.3.0 Try again later"
        except Exception:
            logger.exception("a mail is asked for again")
            return "451 4.3.0 Try again later"
        return "250 2.0.0 Taken"

    def _is_too_busy(self) -> bool:
        limit = self._clock() - MINUTE
        while self._taken and self._taken[0] <= limit:
            self._taken.popleft()
        return len(self._taken) >= MAILS_PER_MINUTE


class _Busy(asyncio.Protocol):
    """Turns a connection away that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


class Listener:
    """Counts the connections that are open."""

    def __init__(self, handler: InboundHandler, hostname: str) -> None:
        self._handler, self._hostname = handler, hostname
        self._open = 0

    def connection(self) -> asyncio.Protocol:
        """A protocol for a new connection."""
        if self._open >= MOST_CONNECTIONS:
            return _Busy()
        return cast(asyncio.Protocol, _Counted(self, self._handler, self._hostname))

    def opened(self) -> None:
        """One connection more."""
        self._open += 1

    def closed(self) -> None:
        """One connection fewer."""
        self._open -= 1


class _Counted(SMTP):
    line_length_limit = LINE_BYTES

    def __init__(self, listener: Listener, handler: InboundHandler, hostname: str) -> None:
        super().__init__(
            handler,
            data_size_limit=MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="Planwatch",
            timeout=SESSION_S,
            command_call_limit=COMMANDS,
        )
        self._listener = listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._listener.opened()
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._listener.closed()
        super().connection_lost(error)


@asynccontextmanager
async def listening_for_mail(desk: InboundDesk, settings: Settings, clock: Clock) -> AsyncIterator[int]:
    """Listen while the block runs, if a port is set.

    Yields:
        The port; 0 where none is set.

    Raises:
        OSError: the port is taken.
    """
    if not settings.inbound_port:
        yield 0
        return
    listener = Listener(InboundHandler(desk, settings, clock), settings.inbound_domain)
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    server = await asyncio.get_running_loop().create_server(
        listener.connection, settings.http_host, settings.inbound_port
    )
    logger.info("mails to %s are taken in on port %d", settings.inbound_domain, settings.inbound_port)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _plain(address: str) -> str:
    return address.strip("<>").replace("\x00", "")[:320]
