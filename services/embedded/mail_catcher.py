"""The local mail catcher: an SMTP server on 127.0.0.1 that delivers to nobody and keeps every mail in a Maildir.

`python -m services.embedded.mail_catcher --port 20025 --maildir ~/mail`
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import mailbox
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from services.logs import log_to_stderr
from services.program import Command, Program

MAIL_BYTES = 25 * 1024 * 1024
PROBE_S = 2.0

logger = logging.getLogger(__name__)


class MaildirHandler:
    """Keeps each accepted mail, also one whose Message-ID is there already: duplicates are to be seen.

    A mail is kept as it came, below one `Return-Path` and a `Delivered-To` for each recipient of the
    envelope, as a mail server delivers it.
    """

    def __init__(self, maildir: Path) -> None:
        maildir.parent.mkdir(parents=True, exist_ok=True)
        self._maildir = mailbox.Maildir(maildir)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 — aiosmtpd's
        """Keep the mail on disk, then accept it; a disk that fails asks the sender to try later."""
        try:
            self._maildir.add(_as_delivered(envelope))
        except OSError as error:
            logger.exception("a mail could not be kept")
            return f"452 4.3.1 The mail could not be kept: {error.strerror}"
        return "250 2.0.0 Kept"


def _as_delivered(envelope: Envelope) -> bytes:
    trace = [f"Return-Path: <{envelope.mail_from}>", *(f"Delivered-To: {to}" for to in envelope.rcpt_tos)]
    content = (envelope.original_content or b"").replace(b"\r\n", b"\n")
    return "".join(f"{line}\n" for line in trace).encode(errors="surrogateescape") + content


class MailCatcher:
    """A mail catcher on a port of 127.0.0.1.

    Attributes:
        smtp_url: address for the sender, e.g. `smtp://127.0.0.1:20025`.
        maildir: folder of the mails, in Maildir form.
        program: what the supervisor runs.
    """

    def __init__(self, port: int, maildir: Path) -> None:
        self.smtp_url = f"smtp://127.0.0.1:{port}"
        self.maildir = maildir
        self.program = Program("mail_catcher", self._command, self._fault)
        self._port = port

    def _command(self) -> Command:
        options = ["--port", str(self._port), "--maildir", str(self.maildir)]
        return Command([sys.executable, "-m", __name__, *options], os.environ)

    def _fault(self) -> str | None:
        try:
            with socket.create_connection(("127.0.0.1", self._port), PROBE_S) as connection:
                greeting = connection.recv(4)
        except OSError as error:
            return f"no answer: {error}"
        return None if greeting.startswith(b"220") else f"greets with {greeting!r}"


async def catch_mails(port: int, maildir: Path) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        OSError: the port is taken or the folder cannot be written.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ended.set)
    handler = MaildirHandler(maildir)

    def serve_connection() -> SMTP:
        return SMTP(
            handler, data_size_limit=MAIL_BYTES, enable_SMTPUTF8=True, hostname="planwatch.localhost", loop=loop
        )

    async with await loop.create_server(serve_connection, "127.0.0.1", port):
        logger.info("mails to 127.0.0.1:%d are kept in %s", port, maildir)
        await ended.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        prog="python -m services.embedded.mail_catcher",
        description="接收邮件并存入 Maildir，不向外投递 / keeps mails in a Maildir and delivers none.",
    )
    parser.add_argument("--port", type=int, required=True, help="127.0.0.1 上的端口 / port on 127.0.0.1")
    parser.add_argument("--maildir", type=Path, required=True, help="邮件目录 / folder of the mails")
    options = parser.parse_args(arguments)
    log_to_stderr()
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    asyncio.run(catch_mails(options.port, options.maildir))


if __name__ == "__main__":
    main()
