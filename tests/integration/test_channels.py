"""Channels beside the mail: one message per step and channel, told to a real server, and nothing given away."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from click.testing import CliRunner, Result
from psycopg.errors import InsufficientPrivilege

from planwatch.case.events import Acknowledged, Silenced
from services.alerts.audit_rounds import AuditRounds
from services.alerts.channels.configuration import ChannelsInvalid
from services.alerts.channels.delivery import GIVE_UP_AFTER, LEASE, ChannelSenders
from services.alerts.channels.store import NOTICE
from services.alerts.notices import NoticeWriter
from services.alerts.sender import Sender
from services.alerts.working_calendar import working_calendar
from services.cli.main import commands
from services.database import connect_as, open_pool
from services.metrics import CHANNEL_MESSAGES
from tests.builders import figure, make_settings
from tests.fakes import FakeClock, ScriptedSmtp
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

SECRET, TOKEN = "a-key-that-nobody-may-see", "token-that-nobody-may-see"
ENVIRONMENT = {"HOOK_SECRET": SECRET, "HOOK_TOKEN": TOKEN}
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "channels.md"
PATIENCE_S = 10.0


@dataclass
class Receiver:
    """An HTTP server that answers as it is told and keeps what it gets."""

    statuses: list[int] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    port: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.got.append((request.path, dict(request.headers), body))
        if self.hold is not None:
            await self.hold.wait()
        status = self.statuses.pop(0) if self.statuses else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 307 else {})

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.answer)
    async with TestServer(app) as server:
        assert server.port is not None
        receiver.port = server.port
        yield receiver


class Office:
    """The pipeline with a file of channels, and the senders that work on it."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    async def raise_red(self) -> None:
        """A red warning of today, and a yellow one for the digest."""
        await self.pipeline.submit(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")

    def messages(self, columns: str = "channel, state") -> list[tuple[Any, ...]]:
        return self.pipeline.rows(f"SELECT {columns} FROM channel_messages ORDER BY channel, case_id, step")  # noqa: S608

    @asynccontextmanager
    async def sending(self, *, processes: int = 1) -> AsyncIterator[None]:
        """Run senders while the block does."""
        stop = asyncio.Event()
        senders = [ChannelSenders(self.pipeline.settings, ENVIRONMENT, self.pipeline.clock) for _ in range(processes)]
        tasks = [asyncio.create_task(sender.run(stop)) for sender in senders]
        try:
            yield
        finally:
            stop.set()
            self.pipeline.execute(f"NOTIFY {NOTICE}")
            await asyncio.gather(*tasks)

    async def send_until(self, condition: Callable[[], bool], *, processes: int = 1) -> None:
        """Run senders until the condition holds."""
        async with self.sending(processes=processes):
            await until(condition)


Open = Callable[[str], Office]


@pytest.fixture
async def opened(database_url: str, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens an office with the channels of a text."""
    offices = []

    def open_office(text: str) -> Office:
        path = tmp_path / "channels.yaml"
        path.write_text(text, "utf-8")
        settings = make_settings(database_url=database_url, channels=str(path))
        offices.append(Pipeline(database_url, clock, settings))
        return Office(offices[-1])

    yield open_office
    for pipeline in offices:
        pipeline.__exit__(None, None, None)


def hook(receiver_port: int, name: str = "duty-room", more: str = "") -> str:
    return (
        f"  - {{name: {name}, kind: webhook, url: 'http://127.0.0.1:{receiver_port}/{name}/${{HOOK_TOKEN}}',"
        f" secret: '${{HOOK_SECRET}}'{more}}}\n"
    )


def channels(*rows: str) -> str:
    return "channels:\n" + "".join(rows)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110  (what is waited for is a row)
            await asyncio.sleep(0.02)


def receiver_check() -> Callable[..., bool]:
    """What the guide gives to the authors of receivers."""
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102
    check: Callable[..., bool] = names["is_authentic"]
    return check


async def test_a_step_that_is_mailed_is_one_message_per_channel_that_wants_it(opened: Open, receiver: Receiver) -> None:
    # given a channel for red and orange, one for yellow, and ones for another plan and another agency
    office = opened(
        channels(
            hook(receiver.port),
            hook(receiver.port, "all-yellow", ", levels: [yellow]"),
            hook(receiver.port, "other-plan", ", plans: [wuwei]"),
            hook(receiver.port, "other-agency", ", agencies: [zhongwei-health]"),
        )
    )

    await office.raise_red()

    red, yellow = office.pipeline.rows("SELECT case_id FROM early_warnings ORDER BY indicator_id")
    assert set(office.messages("channel, case_id, step, state")) == {
        ("duty-room", *red, 1, "pending"),
        ("all-yellow", *yellow, 1, "pending"),
    }


async def test_what_is_not_mailed_is_not_told_elsewhere(opened: Open, receiver: Receiver) -> None:
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()

    await office.pipeline.happen("zhongwei-05", Acknowledged("王主任"))
    await office.pipeline.happen("zhongwei-05", Silenced("赵处长", date(2022, 6, 1), "口径核对"))

    assert [kind for kind, *_ in office.pipeline.steps("zhongwei-05")] == ["raise", "acknowledge", "silence"]
    assert len(office.messages()) == 1


async def test_a_message_says_what_is_wrong_what_to_do_by_when_and_where_to_look(
    opened: Open, receiver: Receiver
) -> None:
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    await office.send_until(lambda: office.messages() == [("duty-room", "sent")])

    (body,) = receiver.bodies()
    ((case_id,),) = office.pipeline.rows("SELECT case_id FROM early_warnings WHERE level = 'red'")
    chinese, english = body["title"].split("\n")
    assert chinese == "【红色预警】中卫市：九年义务教育巩固率(%)"
    assert english.startswith("[red warning] ")
    assert "请中卫市教育局于2022-03-04前签收。" in body["text"]
    assert body["due_on"] == "2022-03-04"
    assert body["url"] == NoticeWriter(office.pipeline.settings).case_url(case_id)
    assert (body["level"], body["simulated"], body["step"]) == ("red", False, 1)


async def test_an_escalation_asks_the_superior_to_see_to_it(opened: Open, receiver: Receiver) -> None:
    office = opened(channels(hook(receiver.port, more=", language: zh")))
    await office.raise_red()
    office.pipeline.clock.advance(days=6)
    await office.pipeline.make_rounds()

    await office.send_until(lambda: {state for _, state in office.messages()} == {"sent"})

    escalation = next(body for body in receiver.bodies() if body["step_kind"] == "escalate")
    assert escalation["title"] == "【红色预警·督办】中卫市：九年义务教育巩固率(%)"
    assert "请中卫市发展改革委督促中卫市教育局于2022-03-04前签收。" in escalation["text"]


async def test_simulated_figures_are_marked(opened: Open, receiver: Receiver) -> None:
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    office.pipeline.execute("UPDATE submissions SET simulated = true")
    office.pipeline.clock.advance(days=6)
    await office.pipeline.make_rounds()

    await office.send_until(lambda: {state for _, state in office.messages()} == {"sent"})

    later = receiver.bodies()[-1]
    assert (later["simulated"], later["title"].startswith("【模拟数据】")) == (True, True)


async def test_the_signature_holds_for_this_body_this_key_and_five_minutes(opened: Open, receiver: Receiver) -> None:
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    await office.send_until(lambda: office.messages() == [("duty-room", "sent")])
    ((_, headers, body),) = receiver.got
    signed, now = headers["Planwatch-Signature"], office.pipeline.clock().timestamp()

    is_authentic = receiver_check()

    assert is_authentic(SECRET, signed, body, now)
    assert is_authentic(SECRET, signed, body, now + 300)
    assert not is_authentic(SECRET, signed, body, now + 301)
    assert not is_authentic(SECRET, signed, body.replace(b"red", b"low"), now)
    assert not is_authentic("another key than ours", signed, body, now)
    assert not is_authentic(SECRET, signed.replace("t=1", "t=2"), body, now)
    assert not is_authentic(SECRET, "t=,v1=", body, now)


@pytest.mark.parametrize("status", [500, 503, 429, 403, 404, 307])
async def test_an_answer_that_may_change_is_tried_again_with_the_same_key_and_body(
    opened: Open, receiver: Receiver, status: int
) -> None:
    # given an address that cannot take it now
    receiver.statuses = [status]
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    await office.send_until(lambda: office.messages("last_error") != [(None,)])
    assert office.messages("state, attempts, next_attempt_at, last_error, leased_until") == [
        ("pending", 1, office.pipeline.clock() + timedelta(minutes=1), f"应答 answered {status}", None)
    ]

    # when a minute has passed
    office.pipeline.clock.advance(minutes=1)
    await office.send_until(lambda: office.messages() == [("duty-room", "sent")])

    # then it went to the same address both times, and nowhere else
    (path, headers, body), (again, more_headers, same_body) = receiver.got
    assert (path, body, headers["Idempotency-Key"]) == (again, same_body, more_headers["Idempotency-Key"])
    assert json.loads(body)["id"] == headers["Idempotency-Key"]
    assert office.messages("last_error, sent_at") == [(None, office.pipeline.clock())]


@pytest.mark.parametrize("status", [410, 400, 413, 422])
async def test_a_final_answer_gives_the_message_up_and_tells(
    opened: Open, receiver: Receiver, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    receiver.statuses = [status]
    office = opened(channels(hook(receiver.port)))
    before = refused()
    await office.raise_red()

    await office.send_until(lambda: office.messages() == [("duty-room", "refused")])
    office.pipeline.clock.advance(days=1)
    async with office.sending():
        await asyncio.sleep(0.1)

    assert len(receiver.got) == 1
    assert refused() == before + 1
    assert [record.levelname for record in caplog.records if "given up" in record.message] == ["ERROR"]


async def test_a_message_that_nobody_takes_for_two_days_is_given_up(opened: Open, receiver: Receiver) -> None:
    receiver.statuses = [503]
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    office.pipeline.clock.now += GIVE_UP_AFTER + timedelta(seconds=1)

    await office.send_until(lambda: office.messages() == [("duty-room", "refused")])


async def test_a_channel_that_is_down_holds_up_neither_mails_nor_other_channels(
    opened: Open, receiver: Receiver
) -> None:
    # given a channel that does not answer at all, one where nobody listens, and one that works
    silent = Receiver(hold=asyncio.Event())
    app = web.Application()
    app.router.add_post("/{path:.*}", silent.answer)
    async with TestServer(app) as server, ScriptedSmtp().listening() as smtp:
        assert server.port is not None
        office = opened(
            channels(hook(server.port, "silent"), hook(unused_port(), "nobody"), hook(receiver.port, "works"))
        )
        await office.raise_red()
        stop = asyncio.Event()
        mails = Sender(make_settings(database_url=office.pipeline.url, smtp_url=smtp.url), office.pipeline.clock).run(
            stop
        )
        mailing = asyncio.create_task(mails)

        # when all of them are sent to
        async with office.sending():
            await until(lambda: len(silent.got) == 1)
            await until(lambda: ("works", "sent") in office.messages())
            await until(lambda: office.pipeline.rows("SELECT state FROM mails") == [("sent",)])
            await until(lambda: ("nobody", "没有应答 / no answer: ClientConnectorError") in office.messages(
                "channel, last_error"))  # fmt: skip
            assert ("silent", "pending") in office.messages()
            assert silent.hold is not None
            silent.hold.set()
        stop.set()
        await mailing

    assert len(smtp.delivered) == 1


async def test_apprise_is_called_with_the_address_of_its_channel(opened: Open, receiver: Receiver) -> None:
    office = opened(
        channels(
            f"  - {{name: group, kind: apprise, url: 'json://127.0.0.1:{receiver.port}/${{HOOK_TOKEN}}',"
            " language: zh}\n"
        )
    )
    await office.raise_red()

    await office.send_until(lambda: office.messages() == [("group", "sent")])

    ((path, _, body),) = receiver.got
    message = json.loads(body)
    assert path == f"/{TOKEN}"
    assert message["title"] == "【红色预警】中卫市：九年义务教育巩固率(%)"
    assert re.search(r"请中卫市教育局于2022-03-04前签收。\nhttp://\S+/[0-9a-f]{16}$", message["message"])


async def test_apprise_that_fails_is_tried_again(opened: Open, receiver: Receiver) -> None:
    receiver.statuses = [500]
    office = opened(channels(f"  - {{name: group, kind: apprise, url: 'json://127.0.0.1:{receiver.port}/'}}\n"))
    await office.raise_red()
    await office.send_until(lambda: office.messages("last_error") != [(None,)])
    assert office.messages() == [("group", "pending")]

    office.pipeline.clock.advance(minutes=1)
    await office.send_until(lambda: office.messages() == [("group", "sent")])

    assert len(receiver.got) == 2


async def test_no_secret_stands_in_the_database_or_the_log(
    opened: Open, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    # given channels that fail in every way, and a log that keeps everything
    caplog.set_level(logging.DEBUG)
    receiver.statuses = [500, 410, 500]
    office = opened(
        channels(
            hook(receiver.port, "a"), hook(receiver.port, "b"), hook(unused_port(), "c"),
            f"  - {{name: d, kind: apprise, url: 'json://{TOKEN}@127.0.0.1:{receiver.port}/${{HOOK_TOKEN}}'}}\n",
            f"  - {{name: e, kind: apprise, url: 'json://127.0.0.1:{unused_port()}/${{HOOK_TOKEN}}'}}\n",
        )
    )  # fmt: skip
    await office.raise_red()

    await office.send_until(lambda: all(error for (error,) in office.messages("coalesce(last_error, sent_at::text)")))

    ours = [record for record in caplog.records if record.name != "aiohttp.access"]  # that is the receiver's
    everything = str(office.messages("channel_messages::text"))
    everything += "".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in ours)
    assert len(office.messages()) == 5
    assert [secret for secret in (SECRET, TOKEN) if secret in everything] == []


async def test_two_processes_never_send_one_message_twice(opened: Open, receiver: Receiver) -> None:
    rows = [hook(receiver.port, f"room-{number}") for number in range(8)]
    office = opened(channels(*rows))
    await office.raise_red()

    await office.send_until(lambda: {state for _, state in office.messages()} == {"sent"}, processes=3)

    assert len(receiver.got) == len(office.messages()) == 8
    assert set(office.messages("attempts")) == {(1,)}


async def test_a_message_that_a_dead_process_held_is_sent_when_its_lease_is_over(
    opened: Open, receiver: Receiver
) -> None:
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    office.pipeline.execute("UPDATE channel_messages SET leased_until = %s", office.pipeline.clock() + LEASE)
    async with office.sending():
        await asyncio.sleep(0.2)
    assert receiver.got == []

    office.pipeline.clock.now += LEASE
    await office.send_until(lambda: office.messages() == [("duty-room", "sent")])

    assert len(receiver.got) == 1


async def test_a_missing_secret_keeps_the_service_from_starting(opened: Open, receiver: Receiver) -> None:
    office = opened(channels(hook(receiver.port)))

    with pytest.raises(ChannelsInvalid, match="HOOK_TOKEN 未设置"):
        ChannelSenders(office.pipeline.settings, {}, office.pipeline.clock)


async def test_the_self_audit_finds_a_message_that_waits_too_long(opened: Open, receiver: Receiver) -> None:
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    office.pipeline.execute("UPDATE mails SET state = 'sent'")
    office.pipeline.execute("UPDATE agencies SET email = 'a@example.org'")

    async def codes() -> list[str]:
        async with open_pool(office.pipeline.url, "planwatch_alerts") as pool:
            audit = AuditRounds(pool, working_calendar(), office.pipeline.clock, every_s=60, mail_late_s=600)
            run = await audit.make()
        assert run is not None
        return [finding.code for finding in run.findings if finding.code == "channel_late"]

    before = await codes()
    office.pipeline.clock.advance(minutes=10)

    assert (before, await codes()) == ([], ["channel_late"])


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("planwatch_reader", "SELECT body FROM channel_messages"),
        ("planwatch_reader", "UPDATE channel_messages SET state = 'sent'"),
        ("planwatch_reader", "DELETE FROM audit_runs"),
        ("planwatch_alerts", "DELETE FROM channel_messages"),
        ("planwatch_alerts", "UPDATE audit_runs SET findings = 0"),
        ("planwatch_evaluate", "SELECT * FROM channel_messages"),
    ],
)
def test_each_role_may_do_its_part_only(shared_database_url: str, role: str, statement: str) -> None:
    with connect_as(shared_database_url, role) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


async def test_the_commands_list_and_test_a_channel(
    opened: Open, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = opened(channels(hook(receiver.port)))
    await office.raise_red()
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", office.pipeline.url)
    monkeypatch.setenv("PLANWATCH_CHANNELS", office.pipeline.settings.channels)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("HOOK_TOKEN", TOKEN)
    receiver.statuses = [204, 500]

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, commands, ["channel", *arguments])

    answers = [await invoke("test", "duty-room"), await invoke("test", "duty-room"), await invoke("test", "nobody")]
    listed = await invoke("list", "--json")

    assert [answer.exit_code for answer in answers] == [0, 1, 2]
    assert "应答 answered 500" in answers[1].output
    assert [body["test"] for body in receiver.bodies()] == [True, True]
    (row,) = json.loads(listed.output)
    assert (row["name"], row["levels"], row["pending"], row["sent"]) == ("duty-room", ["red", "orange"], 1, 0)
    assert TOKEN not in listed.output + "".join(answer.output for answer in answers)


def refused() -> float:
    """How many messages have been given up so far."""
    return sum(
        sample.value
        for family in CHANNEL_MESSAGES.collect()
        for sample in family.samples
        if sample.labels.get("outcome") == "refused" and sample.name.endswith("_total")
    )
