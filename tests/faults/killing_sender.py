"""`python -m tests.faults.killing_sender --point answered --lease-s 2`: the sender, killed at one step.

It runs `services.alerts.sender.Sender`; only the function at the named step is wrapped, so the code under test is the
production code. A death between DATA and its answer is brought about by the mail server (`test_killing_sender`).
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import aiosmtplib

from services.alerts import mail_store
from services.alerts.mailer import Mailer
from services.alerts.sender import Sender
from services.clock import system_clock
from services.logs import log_to_stderr
from services.serving import stop_on_signals
from services.settings import read_settings
from tests.faults.killing_worker import LINGER_S, Step, fail_at, kill

POINTS: Mapping[str, Step] = {
    "claimed": Step(mail_store, "claim_mail", only=lambda _: True),
    "before_recipient": Step(aiosmtplib.SMTP, "rcpt", before=True),
    "recipient_taken": Step(aiosmtplib.SMTP, "rcpt"),
    "data_announced": Step(aiosmtplib.SMTP, "data", before=True),
    "answered": Step(aiosmtplib.SMTP, "data"),
    "marked": Step(mail_store, "note_sent"),
    "committed": Step(Sender, "_settle"),
}
"""The steps of a mail in their order; between `marked` and `committed` lies COMMIT."""


def mark_before_sending() -> None:
    """The sender calls a mail sent before the server has it: known to lose."""
    original: Callable[..., Awaitable[bool]] = mail_store.begin_data

    @functools.wraps(original)
    async def begin_and_mark(*arguments: Any) -> bool:  # noqa: ANN401  (whatever the production code gives)
        connection, mail, now = arguments[:3]
        holds = await original(*arguments)
        await mail_store.note_sent(connection, mail, now)
        return holds

    mail_store.begin_data = begin_and_mark  # type: ignore[assignment]


def new_message_id() -> None:
    """Every attempt words the mail anew, with a Message-ID of its own: copies cannot be told apart."""
    original = Mailer.send

    @functools.wraps(original)
    async def send(self: Mailer, sender: str, recipient: str, message: bytes, **options: Any) -> None:  # noqa: ANN401
        tagged = message.replace(b"Message-ID: <", b"Message-ID: <%d." % os.getpid(), 1)
        await original(self, sender, recipient, tagged, **options)

    Mailer.send = send  # type: ignore[method-assign]


MUTATIONS: Mapping[str, Callable[[], None]] = {
    "mark_before_sending": mark_before_sending,
    "new_message_id": new_message_id,
}


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.killing_sender")
    parser.add_argument("--point", choices=POINTS, help="where to be killed; nowhere by default")
    parser.add_argument("--reach", type=int, default=3, help="when the point is reached for the n-th time")
    parser.add_argument("--lease-s", type=float, required=True, help="how long a mail is held, in seconds")
    parser.add_argument("--mutation", choices=MUTATIONS, help="a build of the sender that is known to fail")
    options = parser.parse_args()
    log_to_stderr()
    if options.mutation:
        MUTATIONS[options.mutation]()
    if options.point:
        fail_at(POINTS[options.point], kill, options.reach, functools.partial(asyncio.sleep, LINGER_S))
    asyncio.run(_send(timedelta(seconds=options.lease_s)))


async def _send(lease: timedelta) -> None:
    await Sender(read_settings(os.environ), system_clock, lease=lease).run(stop_on_signals())


if __name__ == "__main__":
    main()
