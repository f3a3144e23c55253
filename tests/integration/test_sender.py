"""The sender against an SMTP server that follows a script: never missed, sent once unless an answer is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.alerts.sender import GIVE_UP_AFTER, LEASE, Sender
from tests.builders import make_settings
from tests.fakes import DROP_AFTER_DATA, KEEP_AND_DROP, ScriptedSmtp
from tests.integration.mail_outbox import RECIPIENT, Outbox, message_id_of, until
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded


@pytest.fixture
async def smtp() -> AsyncIterator[ScriptedSmtp]:
    async with ScriptedSmtp().listening() as server:
        yield server


@pytest.fixture
def outbox(pipeline: Pipeline) -> Outbox:
    return Outbox(pipeline)


async def test_a_mail_is_handed_over_once_byte_for_byte(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    outbox.put("m1")

    await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "sent"})

    ((delivered),) = smtp.delivered
    assert (delivered.recipient, delivered.content) == (RECIPIENT, outbox.row("m1", "message")[0])
    assert outbox.row("m1", "attempts, sent_at, leased_until, last_error, in_doubt") == (
        1,
        outbox.pipeline.clock(),
        None,
        None,
        False,
    )


async def test_a_mail_that_is_written_later_wakes_the_sender(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    async with outbox.sending(smtp):
        outbox.put("m1")
        await until(lambda: outbox.states() == {"m1": "sent"})
        outbox.put("m2")
        await until(lambda: outbox.states() == {"m1": "sent", "m2": "sent"})

    assert smtp.message_ids == [message_id_of("m1"), message_id_of("m2")]
    assert smtp.connections == 1


@pytest.mark.parametrize(
    "script",
    [{"rcpt_answers": ["451 4.3.0 try later"]}, {"data_answers": ["452 4.3.1 no room"]}],
    ids=["at RCPT", "after DATA"],
)
async def test_a_4xx_defers_the_mail_by_a_minute(
    outbox: Outbox, smtp: ScriptedSmtp, script: dict[str, list[str]]
) -> None:
    # given
    vars(smtp).update(script)
    outbox.put("m1")

    # when
    await outbox.send_until(smtp, lambda: outbox.row("m1", "last_error") != (None,))

    # then
    now = outbox.pipeline.clock()
    assert outbox.row("m1", "state, attempts, next_attempt_at, in_doubt, leased_until") == (
        "pending",
        1,
        now + timedelta(minutes=1),
        False,
        None,
    )
    assert outbox.row("m1", "last_error")[0].startswith("45")
    assert smtp.delivered == []


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (3, 4)])
async def test_a_deferred_mail_waits_longer_each_time_and_is_sent_in_the_end(
    outbox: Outbox, smtp: ScriptedSmtp, attempts: int, minutes: int
) -> None:
    # given a mail that was deferred before, and a server that is busy once more
    outbox.put("m1")
    outbox.pipeline.execute("UPDATE mails SET attempts = %s", attempts - 1)
    smtp.rcpt_answers = ["450 busy"]
    await outbox.send_until(smtp, lambda: outbox.row("m1", "last_error") != (None,))

    # when the wait is over to the second
    wait = timedelta(minutes=minutes)
    assert outbox.row("m1", "next_attempt_at") == (outbox.pipeline.clock() + wait,)
    outbox.pipeline.clock.now += wait
    await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "sent"})

    # then
    assert smtp.message_ids == [message_id_of("m1")]
    assert outbox.row("m1", "attempts") == (attempts + 1,)


async def test_a_deferred_mail_is_not_tried_before_its_time_and_holds_up_no_other(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    smtp.rcpt_answers = ["450 busy"]
    outbox.put("m1")
    await outbox.send_until(smtp, lambda: outbox.row("m1", "last_error") != (None,))

    outbox.pipeline.clock.advance(seconds=59)
    outbox.put("m2")
    await outbox.send_until(smtp, lambda: outbox.states()["m2"] == "sent")

    assert outbox.states() == {"m1": "pending", "m2": "sent"}
    assert len(smtp.attempts) == 2


@pytest.mark.parametrize(
    "script",
    [{"rcpt_answers": ["550 5.1.1 no such user"]}, {"data_answers": ["554 5.6.0 content rejected"]}],
    ids=["at RCPT", "after DATA"],
)
async def test_a_5xx_refuses_the_mail_for_good_and_the_next_one_is_sent(
    outbox: Outbox, smtp: ScriptedSmtp, script: dict[str, list[str]]
) -> None:
    vars(smtp).update(script)
    outbox.put("m1")
    await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "refused"})

    outbox.put("m2")
    outbox.pipeline.clock.advance(days=1)
    await outbox.send_until(smtp, lambda: outbox.states()["m2"] == "sent")

    assert outbox.row("m1", "state, attempts") == ("refused", 1)
    assert outbox.row("m1", "last_error")[0].startswith("55")
    assert message_id_of("m1") not in smtp.message_ids
    assert message_id_of("m2") in smtp.message_ids


async def test_an_answer_to_data_that_is_lost_leaves_the_mail_in_doubt_and_it_is_sent_again(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    # given a server that drops the connection after DATA
    smtp.data_answers = [DROP_AFTER_DATA]
    outbox.put("m1")
    await outbox.send_until(smtp, lambda: outbox.row("m1", "in_doubt") == (True,))
    assert outbox.row("m1", "state, attempts") == ("pending", 1)

    # when a minute has passed
    outbox.pipeline.clock.advance(minutes=1)
    await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "sent"})

    # then
    assert smtp.message_ids == [message_id_of("m1")]
    assert outbox.row("m1", "in_doubt") == (True,)


async def test_a_copy_that_follows_a_lost_answer_carries_the_same_message_id(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    # given a server that takes the mail and drops the connection before it says so
    smtp.data_answers = [KEEP_AND_DROP]
    outbox.put("m1")
    await outbox.send_until(smtp, lambda: outbox.row("m1", "in_doubt") == (True,))

    outbox.pipeline.clock.advance(minutes=1)
    await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "sent"})

    first, copy = smtp.delivered
    assert first == copy


async def test_a_connection_that_breaks_before_data_leaves_no_doubt(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    smtp.rcpt_answers = [DROP_AFTER_DATA.replace("drop after DATA", "421 4.3.2 closing")]
    outbox.put("m1")

    await outbox.send_until(smtp, lambda: outbox.row("m1", "last_error") != (None,))

    assert outbox.row("m1", "state, in_doubt") == ("pending", False)


async def test_an_outage_of_the_server_only_delays(outbox: Outbox) -> None:
    # given a server that has been switched off
    server = ScriptedSmtp()
    async with server.listening():
        pass
    outbox.put("m1")
    await outbox.send_until(server, lambda: outbox.row("m1", "last_error") != (None,))
    assert outbox.row("m1", "state, in_doubt, attempts") == ("pending", False, 1)

    # when it is back a minute later
    outbox.pipeline.clock.advance(minutes=1)
    async with server.listening():
        await outbox.send_until(server, lambda: outbox.states() == {"m1": "sent"})

    assert server.message_ids == [message_id_of("m1")]


async def test_a_server_that_was_restarted_between_two_mails_delays_neither(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    async with outbox.sending(smtp):
        outbox.put("m1")
        await until(lambda: outbox.states() == {"m1": "sent"})
        smtp.drop_connections()
        await until(lambda: smtp.connections == 1)
        outbox.put("m2")
        await until(lambda: outbox.states()["m2"] == "sent")

    assert outbox.row("m2", "attempts") == (1,)


@pytest.mark.parametrize(
    "fault",
    [{"sender_refused": "530 5.7.0 Authentication required"}, {"credentials_refused": True}],
    ids=["a password is wanted", "the password is wrong"],
)
async def test_a_server_that_refuses_every_mail_refuses_none_for_good(
    outbox: Outbox, smtp: ScriptedSmtp, fault: dict[str, object]
) -> None:
    # given a fault of the server or of our settings, not of a mail
    vars(smtp).update(fault)
    outbox.put("m1", "m2")
    await outbox.send_until(smtp, lambda: outbox.pipeline.rows("SELECT FROM mails WHERE last_error IS NULL") == [])
    assert outbox.states() == {"m1": "pending", "m2": "pending"}

    # when somebody has mended it
    smtp.sender_refused, smtp.credentials_refused = "", False
    outbox.pipeline.clock.advance(minutes=1)
    await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "sent", "m2": "sent"})

    # then nothing is missed
    assert sorted(smtp.message_ids) == [message_id_of("m1"), message_id_of("m2")]


@pytest.mark.parametrize("address", ["教育局@例子.中国", "two words@example.org", "@"])
async def test_an_address_that_no_server_takes_stops_no_other_mail(
    outbox: Outbox, smtp: ScriptedSmtp, address: str
) -> None:
    outbox.put("m1", recipient=address)
    outbox.put("m2")

    await outbox.send_until(smtp, lambda: outbox.states()["m2"] == "sent" and outbox.states()["m1"] == "refused")

    assert message_id_of("m2") in smtp.message_ids
    assert message_id_of("m1") not in smtp.message_ids
    assert outbox.row("m1", "last_error") != (None,)


async def test_two_senders_never_send_one_mail_twice(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    mail_ids = [f"m{number}" for number in range(40)]
    outbox.put(*mail_ids)

    await outbox.send_until(smtp, lambda: set(outbox.states().values()) == {"sent"}, senders=2)

    assert sorted(smtp.message_ids) == sorted(map(message_id_of, mail_ids))
    assert outbox.pipeline.rows("SELECT DISTINCT attempts FROM mails") == [(1,)]


async def test_a_mail_is_sent_only_while_its_sender_holds_it(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    # given a server that takes a minute over each of five mails
    held = []

    async def answer_slowly(message_id: str) -> None:
        outbox.pipeline.clock.advance(minutes=1)
        ((leased_until,),) = outbox.pipeline.rows("SELECT leased_until FROM mails WHERE message_id = %s", message_id)
        held.append(leased_until > outbox.pipeline.clock())

    smtp.before_answer = answer_slowly
    outbox.put("m1", "m2", "m3", "m4", "m5")

    # when
    await outbox.send_until(smtp, lambda: set(outbox.states().values()) == {"sent"}, smtp_connections=1)

    # then no second sender could have taken one of them at the same time
    assert held == [True] * 5


async def test_a_mail_that_a_dead_sender_held_is_sent_when_its_lease_is_over(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    # given a sender that was killed after it claimed the mail
    outbox.put("dead", "fresh")
    outbox.pipeline.execute(
        "UPDATE mails SET leased_until = %s, attempts = 1 WHERE mail_id = 'dead'", outbox.pipeline.clock() + LEASE
    )
    await outbox.send_until(smtp, lambda: outbox.states()["fresh"] == "sent")
    assert outbox.states()["dead"] == "pending"

    outbox.pipeline.clock.now += LEASE
    await outbox.send_until(smtp, lambda: outbox.states()["dead"] == "sent")

    assert smtp.message_ids == [message_id_of("fresh"), message_id_of("dead")]


async def test_a_mail_that_nobody_takes_for_five_days_is_given_up_and_told(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    smtp.rcpt_answers = ["450 busy"]
    outbox.put("m1")
    outbox.pipeline.clock.now += GIVE_UP_AFTER + timedelta(seconds=1)

    await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "refused"})

    assert outbox.row("m1", "last_error")[0].startswith("given up after 5 days: 450")


async def test_health_tells_of_a_server_that_defers_and_of_its_recovery(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    smtp.rcpt_answers = ["450 busy"]
    async with outbox.sending(smtp) as (sender,):
        outbox.put("m1")
        await until(lambda: outbox.row("m1", "last_error") != (None,))
        while_busy = (await sender.health())["sender"]

        outbox.put("m2")
        await until(lambda: outbox.states()["m2"] == "sent")
        afterwards = (await sender.health())["sender"]

    assert (while_busy.is_well, "450" in while_busy.detail) == (False, True)
    assert (afterwards.is_well, afterwards.detail) == (True, "sending")


async def test_before_it_has_read_the_outbox_a_sender_is_not_healthy(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    sender = Sender(make_settings(database_url=outbox.pipeline.url, smtp_url=smtp.url), outbox.pipeline.clock)

    assert not (await sender.health())["sender"].is_well
