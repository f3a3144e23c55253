"""What stands in for the world outside: a clock that is set by hand, and an SMTP server that follows a script."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP as SMTP_POLICY
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        """Move on, e.g. `advance(minutes=5)`."""
        self.now += timedelta(**amount)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail that the server has taken."""

    recipient: str
    content: bytes

    @property
    def message_id(self) -> str:
        """The Message-ID, which tells a copy from another mail."""
        return str(message_from_bytes(self.content, policy=SMTP_POLICY)["Message-ID"])


DROP_AFTER_DATA, KEEP_AND_DROP = "drop after DATA", "keep and drop"


@dataclass
class ScriptedSmtp:
    """An SMTP server on a local port, in the event loop of the test.

    Attributes:
        rcpt_answers: answers to RCPT in order, `None` for 250; afterwards all are 250.
        data_answers: answers to DATA in order: `None` for 250, another answer, or one of the `DROP` behaviours:
            the connection ends before an answer, and KEEP_AND_DROP has taken the mail all the same.
        before_answer: called with the Message-ID of each mail before it is answered.
        sender_refused: the answer to MAIL, for every mail; empty for 250.
        credentials_refused: the server takes no password.
        tls: the server speaks TLS with this certificate; from the first byte on, or after STARTTLS.
        scheme: of the URL, with which a client begins.
        delivered: mails taken, in order.
        attempts: recipients of every RCPT, in order.
        connections: how many were opened.
    """

    rcpt_answers: list[str | None] = field(default_factory=list)
    data_answers: list[str | None] = field(default_factory=list)
    before_answer: Callable[[str], Awaitable[None]] | None = None
    sender_refused: str = ""
    credentials_refused: bool = False
    tls: ssl.SSLContext | None = None
    scheme: str = "smtp"
    delivered: list[Delivered] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _transports: list[asyncio.Transport] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Value for PLANWATCH_SMTP_URL."""
        account = "planwatch:wrong@" if self.credentials_refused else ""
        return f"{self.scheme}://{account}127.0.0.1:{self.port}"

    @property
    def message_ids(self) -> list[str]:
        """Message-IDs of the mails taken, in order."""
        return [mail.message_id for mail in self.delivered]

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[ScriptedSmtp]:
        """Listen while the block runs; on the port used before, if there was one."""
        loop = asyncio.get_running_loop()
        at_once = self.tls if self.scheme == "smtps" else None
        server = await loop.create_server(self._session, "127.0.0.1", self.port, ssl=at_once)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.drop_connections()
            await server.wait_closed()

    def drop_connections(self) -> None:
        """End every open connection, as a server does that is restarted."""
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    def _session(self) -> SMTP:
        self.connections += 1
        options: dict[str, Any] = {"hostname": "smtp.test", "ident": "scripted", "enable_SMTPUTF8": False}
        if self.tls is not None and self.scheme == "smtp+starttls":
            options |= {"tls_context": self.tls, "require_starttls": True}
        if self.credentials_refused:
            options |= {"authenticator": _refuse, "auth_require_tls": False}
        return SMTP(self, **options)

    async def handle_EHLO(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: Sequence[str],
    ) -> Sequence[str]:
        """Remember the connection."""
        self._transports.append(cast(asyncio.Transport, server.transport))
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: Sequence[str],
    ) -> str:
        """Answer as the script says."""
        envelope.mail_from = address
        return self.sender_refused or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: Sequence[str],
    ) -> str:
        """Answer as the script says."""
        self.attempts.append(address)
        answer = self.rcpt_answers.pop(0) if self.rcpt_answers else None
        if answer is None:
            envelope.rcpt_tos.append(address)
            return "250 OK"
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer as the script says; what is answered with 250 counts as delivered."""
        answer = self.data_answers.pop(0) if self.data_answers else None
        mail = Delivered(envelope.rcpt_tos[0], cast(bytes, envelope.content))
        if self.before_answer is not None:
            await self.before_answer(mail.message_id)
        if answer in (None, KEEP_AND_DROP):
            self.delivered.append(mail)
        if answer in (DROP_AFTER_DATA, KEEP_AND_DROP):
            cast(asyncio.Transport, server.transport).abort()
            return "421 dropped"
        return answer or "250 OK"


def _refuse(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    return AuthResult(success=False, handled=False)
