"""The way to the mail server: pooled connections, pace by domain, TLS, long outages, and the operator's alarm."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from services.alerts import smtp_pool
from services.alerts.mailer import smtp_server
from services.alerts.sender import Sender
from services.errors import SettingsInvalid
from tests.builders import make_settings
from tests.fakes import ScriptedSmtp
from tests.integration.mail_outbox import Outbox, message_id_of, until
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

OPERATOR = "planwatch@planwatch.test"


@pytest.fixture
async def smtp() -> AsyncIterator[ScriptedSmtp]:
    async with ScriptedSmtp().listening() as server:
        yield server


@pytest.fixture
def outbox(pipeline: Pipeline) -> Outbox:
    return Outbox(pipeline)


def mail_ids(count: int) -> list[str]:
    return [f"m{number:02}" for number in range(count)]


async def test_many_mails_share_a_few_connections(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    outbox.put(*mail_ids(40))

    await outbox.send_until(smtp, lambda: set(outbox.states().values()) == {"sent"}, smtp_connections=3)

    assert 1 <= smtp.connections <= 3
    assert len(smtp.delivered) == 40


async def test_a_connection_is_given_up_after_its_number_of_mails(
    outbox: Outbox, smtp: ScriptedSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_pool, "MOST_MAILS", 4)
    outbox.put(*mail_ids(10))

    await outbox.send_until(smtp, lambda: set(outbox.states().values()) == {"sent"}, smtp_connections=1)

    assert smtp.connections == 3  # 4 + 4 + 2


async def test_an_idle_connection_is_closed_and_a_new_one_opened_for_the_next_mail(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    async with outbox.sending(smtp):
        outbox.put("m1")
        await until(lambda: outbox.states() == {"m1": "sent"})
        outbox.pipeline.clock.now += smtp_pool.IDLE
        outbox.put("m2")
        await until(lambda: outbox.states()["m2"] == "sent")

    assert smtp.connections == 2


async def test_a_mail_over_the_pace_of_its_domain_waits_with_its_reason_and_holds_up_no_other_domain(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    # given five mails to one domain, which may have two a minute, and one to another domain behind them
    outbox.put(*mail_ids(5))
    outbox.put("other", recipient="a@Elsewhere.example")

    # when
    await outbox.send_until(smtp, lambda: outbox.states()["other"] == "sent", mails_per_minute=2)

    # then
    assert sorted(smtp.message_ids) == sorted(map(message_id_of, ("m00", "m01", "other")))
    minute = outbox.pipeline.clock() + timedelta(minutes=1)
    assert outbox.row("m02", "state, attempts, next_attempt_at, wait_reason_zh") == (
        "pending",
        0,
        minute,
        "example.org每分钟最多2封，依次等待",
    )


async def test_a_domain_gets_its_number_every_minute_in_the_order_of_the_outbox(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    outbox.put(*mail_ids(5))
    counts = []

    async with outbox.sending(smtp, mails_per_minute=2):
        for sent in (2, 4, 5):
            await until(lambda sent=sent: len(smtp.delivered) == sent)  # type: ignore[misc]
            await until(lambda: outbox.pipeline.rows("SELECT FROM mails WHERE leased_until IS NOT NULL") == [])
            counts.append(len(smtp.delivered))
            outbox.pipeline.clock.advance(minutes=1)
            outbox.wake_senders()
        await until(lambda: set(outbox.states().values()) == {"sent"})

    assert counts == [2, 4, 5]
    assert smtp.message_ids[:2] == [message_id_of("m00"), message_id_of("m01")]
    assert outbox.row("m04", "attempts, wait_reason_zh") == (1, None)


async def test_two_senders_keep_one_pace(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    outbox.put(*mail_ids(20))
    outbox.put("other", recipient="a@elsewhere.example")

    await outbox.send_until(
        smtp, lambda: len(outbox.pipeline.rows("SELECT FROM mails WHERE wait_reason_zh IS NOT NULL")) == 17,
        senders=2, mails_per_minute=3,
    )  # fmt: skip

    assert sum(recipient.endswith("example.org") for recipient in smtp.attempts) == 3


async def try_for_hours(outbox: Outbox, hours: int) -> None:
    """Let time pass hour by hour; each hour every mail is tried."""
    due = "SELECT FROM mails WHERE next_attempt_at <= %s"
    for _ in range(hours):
        outbox.wake_senders()
        await until(lambda: outbox.pipeline.rows(due, outbox.pipeline.clock()) == [])
        outbox.pipeline.clock.now += timedelta(hours=1)


async def test_a_server_that_is_down_for_two_days_delays_every_mail_and_loses_none(outbox: Outbox) -> None:
    # given a server that is switched off, and senders that try for two days
    server = ScriptedSmtp()
    async with server.listening():
        pass
    outbox.put(*mail_ids(3))
    async with outbox.sending(server):
        await try_for_hours(outbox, 48)
    assert outbox.pipeline.rows("SELECT DISTINCT state, attempts > 40 FROM mails") == [("pending", True)]

    # when it is back
    async with server.listening():
        await outbox.send_until(server, lambda: set(outbox.states().values()) == {"sent"})

    # then
    assert sorted(server.message_ids) == [message_id_of(mail_id) for mail_id in mail_ids(3)]
    assert outbox.pipeline.rows("SELECT DISTINCT in_doubt FROM mails") == [(False,)]


async def test_a_refused_mail_is_told_to_the_operator_once_a_day_for_each_address(
    outbox: Outbox, smtp: ScriptedSmtp
) -> None:
    # given
    smtp.rcpt_answers = ["550 5.1.1 no such user"]
    outbox.put("m1")
    await outbox.send_until(smtp, lambda: outbox.states()["m1"] == "refused")
    smtp.rcpt_answers = ["550 5.1.1 no such user"]
    outbox.put("m2")

    # when
    await outbox.send_until(
        smtp, lambda: outbox.pipeline.rows("SELECT FROM mails WHERE state = 'pending'") == [], smtp_connections=1
    )

    # then
    (alarm,) = [mail for mail in smtp.delivered if mail.recipient == OPERATOR]
    message = message_from_bytes(alarm.content, policy=SMTP)
    text = message.get_content()
    assert "zhongwei-education@example.org" in str(message["Subject"])
    assert "550 5.1.1 no such user" in text
    assert "http://planwatch.test/mails/m1" in text
    assert outbox.pipeline.rows("SELECT email FROM undeliverable_addresses") == [("zhongwei-education@example.org",)]


async def test_an_alarm_that_is_refused_raises_no_other(outbox: Outbox, smtp: ScriptedSmtp) -> None:
    smtp.rcpt_answers = ["550 no such user", "550 no such user either"]
    outbox.put("m1")

    await outbox.send_until(smtp, lambda: outbox.pipeline.rows("SELECT FROM mails WHERE state = 'pending'") == [])

    assert outbox.pipeline.rows("SELECT mail_kind, state FROM mails ORDER BY 1 DESC") == [
        ("warning", "refused"),
        ("alarm", "refused"),
    ]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of 127.0.0.1 with its key, in one file."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


def make_certificate(folder: Path, name: str) -> Path:
    made = folder / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=smtp.test",
         "-addext", f"subjectAltName={name}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    made.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return made


def speaking_tls(scheme: str, certificate: Path) -> ScriptedSmtp:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    return ScriptedSmtp(tls=tls, scheme=scheme)


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_server_whose_authority_is_known_gets_the_mail_over_tls(
    outbox: Outbox, certificate: Path, scheme: str
) -> None:
    outbox.put("m1")

    async with speaking_tls(scheme, certificate).listening() as smtp:
        await outbox.send_until(smtp, lambda: outbox.states() == {"m1": "sent"}, smtp_ca=str(certificate))

    assert smtp.message_ids == [message_id_of("m1")]


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_server_whose_authority_is_unknown_gets_nothing(outbox: Outbox, certificate: Path, scheme: str) -> None:
    outbox.put("m1")

    async with speaking_tls(scheme, certificate).listening() as smtp:
        await outbox.send_until(smtp, lambda: outbox.row("m1", "last_error") != (None,))

    assert (outbox.states(), smtp.attempts, smtp.delivered) == ({"m1": "pending"}, [], [])
    assert "CERTIFICATE_VERIFY_FAILED" in outbox.row("m1", "last_error")[0]


async def test_a_certificate_of_another_host_gets_nothing(outbox: Outbox, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "DNS:elsewhere.example")
    outbox.put("m1")

    async with speaking_tls("smtps", certificate).listening() as smtp:
        await outbox.send_until(smtp, lambda: outbox.row("m1", "last_error") != (None,), smtp_ca=str(certificate))

    assert (outbox.states(), smtp.delivered) == ({"m1": "pending"}, [])


async def test_a_server_that_offers_no_starttls_gets_nothing(outbox: Outbox) -> None:
    outbox.put("m1")

    async with ScriptedSmtp(scheme="smtp+starttls").listening() as smtp:
        await outbox.send_until(smtp, lambda: outbox.row("m1", "last_error") != (None,))

    assert (outbox.states(), smtp.attempts) == ({"m1": "pending"}, [])


@pytest.mark.parametrize("url", ["smtp://planwatch:secret@mail.example.cn", "ftp://mail.example.cn", "smtp://"])
def test_a_server_to_which_a_password_would_travel_in_clear_or_that_is_none_is_not_accepted(url: str) -> None:
    with pytest.raises(SettingsInvalid):
        smtp_server(url)


def test_an_authority_that_cannot_be_read_is_told_at_once(pipeline: Pipeline) -> None:
    settings = make_settings(smtp_url="smtps://mail.example.cn", smtp_ca="/nowhere/ca.pem")

    with pytest.raises(SettingsInvalid, match="PLANWATCH_SMTP_CA"):
        Sender(settings, pipeline.clock)
