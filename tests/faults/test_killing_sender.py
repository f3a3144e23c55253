"""SIGKILL at every step of a mail: each is delivered, twice only where the server's 250 was lost, in the same bytes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.clock import system_clock
from tests.fakes import ScriptedSmtp
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

MAILS = ("m1", "m2", "m3", "m4", "m5")
LEASE_S = 2.0
PATIENCE_S = 40.0
HIT = "m3"
"""The mail at which the sender is killed: the third of five, on a connection that has carried two."""

NOT_YET_HANDED_OVER = ("claimed", "before_recipient", "recipient_taken")
ANSWER_LOST = ("answered", "marked")
KILLED = -signal.SIGKILL


@dataclass
class Run:
    """What came of five mails.

    Attributes:
        exits: of the senders, in order.
        delivered: mail → how often the server took it.
        contents: how many different messages the server took.
        states: mail → its state in the outbox.
        in_doubt, attempts: mails that may have arrived twice; how often each was tried.
    """

    exits: list[int | None]
    delivered: Counter[str]
    contents: int
    states: dict[str, str]
    in_doubt: set[str]
    attempts: dict[str, int]


class Outbox:
    """Five mails in a database, a mail server, and senders that are real processes."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.pipeline, self.folder = pipeline, folder
        self.smtp = ScriptedSmtp()
        now = system_clock()
        for number, mail_id in enumerate(MAILS):
            pipeline.execute(
                """
                INSERT INTO mails (mail_id, mail_kind, agency_id, recipient, subject, message_id, message, accepted_at,
                                   created_at, state, next_attempt_at)
                VALUES (%s, 'warning', 'zhongwei-education', 'a@example.org', 's', %s, %s, %s, %s, 'pending',
                        %s - interval '10 seconds' + %s * interval '1 second')
                """,
                mail_id,
                f"<{mail_id}@planwatch.test>",
                f"Message-ID: <{mail_id}@planwatch.test>\r\nSubject: s\r\n\r\n预警\r\n".encode(),
                now,
                now,
                now,
                number,
            )

    @asynccontextmanager
    async def sender(self, *options: str) -> AsyncIterator[Process]:
        """A sender process while the block runs; it sends one mail at a time."""
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.faults.killing_sender", "--lease-s", str(LEASE_S), *options,
                stderr=log, env=self._environment(),
            )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    def is_settled(self) -> bool:
        return not self.pipeline.rows("SELECT FROM mails WHERE state = 'pending'")

    def ending(self, *exits: int | None) -> Run:
        rows = self.pipeline.rows("SELECT mail_id, state, in_doubt, attempts FROM mails ORDER BY mail_id")
        return Run(
            exits=list(exits),
            delivered=Counter(message_id.strip("<>").split("@")[0] for message_id in self.smtp.message_ids),
            contents=len({mail.content for mail in self.smtp.delivered}),
            states={mail_id: state for mail_id, state, _, _ in rows},
            in_doubt={mail_id for mail_id, _, doubtful, _ in rows if doubtful},
            attempts={mail_id: attempts for mail_id, _, _, attempts in rows},
        )

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PLANWATCH_DATABASE_URL": self.pipeline.url,
            "PLANWATCH_KAFKA": "none",
            "PLANWATCH_SMTP_URL": self.smtp.url,
            "PLANWATCH_SMTP_CONNECTIONS": "1",
            "PLANWATCH_SECRET": "a secret of more than thirty-two characters",
        }


@pytest.fixture
def outbox(pipeline: Pipeline, tmp_path: Path) -> Outbox:
    return Outbox(pipeline, tmp_path)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  (what is waited for is a row)
            await asyncio.sleep(0.05)


async def kill_and_restart(outbox: Outbox, *options: str) -> Run:
    """A sender that is to be killed; once it is dead, one that is not, until nothing waits."""
    async with outbox.smtp.listening():
        async with outbox.sender(*options) as doomed, asyncio.timeout(PATIENCE_S):
            first = await doomed.wait()
        async with outbox.sender() as successor:
            await until(outbox.is_settled)
        return outbox.ending(first, successor.returncode)


async def kill_while_the_server_answers(outbox: Outbox) -> Run:
    """The server has the whole mail and kills its sender before it says so."""
    doomed: list[Process] = []

    async def kill_sender(message_id: str) -> None:
        if HIT in message_id and doomed:
            doomed.pop().send_signal(signal.SIGKILL)

    outbox.smtp.before_answer = kill_sender
    async with outbox.smtp.listening():
        async with outbox.sender() as process, asyncio.timeout(PATIENCE_S):
            doomed.append(process)
            first = await process.wait()
        async with outbox.sender() as successor:
            await until(outbox.is_settled)
        return outbox.ending(first, successor.returncode)


ONCE = Counter(MAILS)
HIT_TWICE = Counter([*MAILS, HIT])
ALL_SENT = dict.fromkeys(MAILS, "sent")


async def test_without_a_kill_every_mail_is_delivered_once(outbox: Outbox) -> None:
    async with outbox.smtp.listening(), outbox.sender() as process:
        await until(outbox.is_settled)

    assert outbox.ending(process.returncode) == Run([0], ONCE, 5, ALL_SENT, set(), dict.fromkeys(MAILS, 1))
    assert outbox.smtp.connections == 1


@pytest.mark.parametrize("point", NOT_YET_HANDED_OVER)
async def test_a_sender_killed_before_data_delivers_nothing_twice_and_leaves_no_doubt(
    outbox: Outbox, point: str
) -> None:
    run = await kill_and_restart(outbox, "--point", point)

    assert run == Run([KILLED, 0], ONCE, 5, ALL_SENT, set(), {**dict.fromkeys(MAILS, 1), HIT: 2})


async def test_a_sender_killed_after_it_announced_data_leaves_a_doubt_though_nothing_arrived(outbox: Outbox) -> None:
    run = await kill_and_restart(outbox, "--point", "data_announced")

    assert run == Run([KILLED, 0], ONCE, 5, ALL_SENT, {HIT}, {**dict.fromkeys(MAILS, 1), HIT: 2})


async def test_a_sender_killed_between_data_and_250_sends_the_same_message_again(outbox: Outbox) -> None:
    run = await kill_while_the_server_answers(outbox)

    assert run == Run([KILLED, 0], HIT_TWICE, 5, ALL_SENT, {HIT}, {**dict.fromkeys(MAILS, 1), HIT: 2})


@pytest.mark.parametrize("point", ANSWER_LOST)
async def test_a_sender_killed_before_it_wrote_down_the_250_sends_the_same_message_again(
    outbox: Outbox, point: str
) -> None:
    run = await kill_and_restart(outbox, "--point", point)

    assert run == Run([KILLED, 0], HIT_TWICE, 5, ALL_SENT, {HIT}, {**dict.fromkeys(MAILS, 1), HIT: 2})


async def test_a_sender_killed_after_commit_delivers_nothing_twice(outbox: Outbox) -> None:
    run = await kill_and_restart(outbox, "--point", "committed")

    assert run == Run([KILLED, 0], ONCE, 5, ALL_SENT, set(), dict.fromkeys(MAILS, 1))


async def test_a_sender_that_marks_before_it_sends_is_found_to_lose(outbox: Outbox) -> None:
    run = await kill_and_restart(outbox, "--point", "data_announced", "--mutation", "mark_before_sending")

    assert run.states == ALL_SENT
    assert run.delivered == ONCE - Counter([HIT])


async def test_a_sender_that_words_every_attempt_anew_is_found_to_hide_its_copies(outbox: Outbox) -> None:
    run = await kill_and_restart(outbox, "--point", "answered", "--mutation", "new_message_id")

    assert run.contents == 6
