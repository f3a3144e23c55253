"""The inbound address on a real PostgreSQL: bounces are marked and told, replies become notes, nothing is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

from services.alerts import inbound
from services.alerts.cases import CaseBook
from services.alerts.inbound import listening_for_mail
from services.alerts.inbound_desk import InboundDesk
from services.alerts.inbound_reading import read_letter
from services.alerts.notices import NoticeWriter
from services.alerts.return_path import ReturnPath
from services.alerts.working_calendar import working_calendar
from services.database import open_pool
from services.program import free_ports
from tests import inbound_mails as mails
from tests.builders import figure, make_settings
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

EDUCATION = "zhongwei-education"
REPLY_TO = "planwatch@in.planwatch.test"
OPERATOR = "operator@planwatch.test"


class Post:
    """The inbound address of an alerting service that has sent one red warning to the education department."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.settings = make_settings(
            database_url=pipeline.url,
            mail_from=REPLY_TO,
            operator_email=OPERATOR,
            inbound_port=free_ports(1)[0],
            inbound_domain="in.planwatch.test",
        )

    @property
    def return_address(self) -> str:
        """The envelope sender of the warning."""
        return ReturnPath(self.settings).address_of("warning-1")

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Take mails in while the block runs."""
        clock = self.pipeline.clock
        book = CaseBook(NoticeWriter(self.settings), clock, working_calendar())
        async with (
            open_pool(self.pipeline.url, "planwatch_alerts") as pool,
            listening_for_mail(InboundDesk(pool, book, self.settings, clock), self.settings, clock),
        ):
            yield

    async def deliver(self, content: bytes, *, to: str = REPLY_TO, envelope_from: str = mails.READER) -> str:
        """Hand a mail over as another server does; the answer to the last command."""
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.settings.inbound_port, start_tls=False, timeout=10)
        async with client:
            try:
                await client.mail(envelope_from)
                await client.rcpt(to)
                code, text = await client.data(content)
            except aiosmtplib.SMTPResponseException as error:
                code, text = error.code, error.message
        return f"{code} {text}"

    async def take(self, content: bytes, *, to: str = REPLY_TO, envelope_from: str = mails.READER) -> str:
        """Listen for one mail."""
        async with self.listening():
            return await self.deliver(content, to=to, envelope_from=envelope_from)

    def entries(self, columns: str = "kind, outcome") -> list[tuple[Any, ...]]:
        return self.pipeline.rows(f"SELECT {columns} FROM inbound_mails ORDER BY received_at, inbound_id")  # noqa: S608

    def warning(self, columns: str = "state") -> tuple[Any, ...]:
        (row,) = self.pipeline.rows(f"SELECT {columns} FROM mails WHERE mail_id = 'warning-1'")  # noqa: S608
        return row

    def last_step(self) -> tuple[str, str, str]:
        ((kind, words, actor),) = self.pipeline.rows(
            "SELECT step_kind, reason_zh, actor FROM warning_history ORDER BY step DESC LIMIT 1"
        )
        return kind, words, actor


@pytest.fixture
async def post(pipeline: Pipeline) -> Post:
    pipeline.execute("UPDATE agencies SET email = %s WHERE agency_id = %s", mails.READER, EDUCATION)
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    found = Post(pipeline)
    pipeline.execute("ALTER TABLE warning_history DISABLE TRIGGER warning_history_append_only")
    pipeline.execute("UPDATE warning_history SET mail_id = 'warning-1' WHERE mail_id IS NOT NULL")
    pipeline.execute("ALTER TABLE warning_history ENABLE TRIGGER warning_history_append_only")
    pipeline.execute(
        "UPDATE mails SET mail_id = 'warning-1', message_id = %s, state = 'sent', return_token = %s",
        mails.MESSAGE_ID,
        ReturnPath(found.settings).token_of("warning-1"),
    )
    return found


@pytest.mark.parametrize("by_token", [True, False], ids=["to the return address", "to the sender's address"])
@pytest.mark.parametrize("content", [mails.POSTFIX, mails.EXCHANGE, mails.QMAIL], ids=["Postfix", "Exchange", "qmail"])
async def test_a_mail_that_comes_back_is_marked_and_told(post: Post, content: bytes, by_token: bool) -> None:
    # when
    answer = await post.take(content, to=post.return_address if by_token else REPLY_TO, envelope_from="")
    taken = [await post.pipeline.make_rounds(), await post.pipeline.make_rounds()]

    # then the mail, the address, the operator and the case know of it, once
    assert answer.startswith("250")
    assert post.entries() == [("bounce", "bounced")]
    state, words = post.warning("state, last_error")
    assert (state, mails.READER in words) == ("bounced", True)
    assert post.pipeline.rows("SELECT email FROM undeliverable_addresses") == [(mails.READER,)]
    assert post.pipeline.rows("SELECT recipient FROM mails WHERE mail_kind = 'alarm'") == [(OPERATOR,)]
    assert taken == [1, 0]
    kind, reason, _ = post.last_step()
    assert (kind, "被退回" in reason) == ("mail_failed", True)


async def test_a_chinese_bounce_without_a_report_is_known_by_its_return_address(post: Post) -> None:
    await post.take(mails.QQ, to=post.return_address, envelope_from="")

    assert post.warning() == ("bounced",)


async def test_a_bounce_to_a_forged_return_address_marks_nothing(post: Post) -> None:
    await post.take(mails.QQ, to=f"bounces+{'0' * 32}@in.planwatch.test", envelope_from="")

    assert (post.entries(), post.warning()) == ([("bounce", "rejected")], ("sent",))


async def test_a_mail_that_was_never_handed_over_cannot_come_back(post: Post) -> None:
    post.pipeline.execute("UPDATE mails SET state = 'pending'")

    await post.take(mails.POSTFIX, envelope_from="")

    assert (post.entries(), post.warning()) == ([("bounce", "ignored")], ("pending",))


async def test_a_mail_in_doubt_that_comes_back_is_not_sent_again(post: Post) -> None:
    post.pipeline.execute("UPDATE mails SET state = 'pending', in_doubt = true")

    await post.take(mails.POSTFIX, envelope_from="")

    assert post.warning() == ("bounced",)


@pytest.mark.parametrize("content", [mails.POSTFIX_DELAY, mails.NETEASE_DELAY], ids=["Postfix", "163.com"])
async def test_a_delayed_mail_is_marked_and_remains_sent(post: Post, content: bytes) -> None:
    await post.take(content, to=post.return_address, envelope_from="")

    assert post.entries() == [("delay", "delayed")]
    assert post.warning("state, delayed_at") == ("sent", post.pipeline.clock())
    assert post.pipeline.rows("SELECT FROM undeliverable_addresses") == []


async def test_a_reply_becomes_a_note_in_the_words_of_its_writer(post: Post) -> None:
    # given a contact with a name
    post.pipeline.execute(
        "INSERT INTO agency_contacts VALUES (%s, '王主任', %s, false, '2022-01-01')", EDUCATION, mails.READER
    )
    quoted = "------------------ 原始邮件 ------------------\n发件人：规划监测\n发送时间：2022年3月1日\n\n红色预警"

    # when
    await post.take(mails.reply(f"已约谈三所学校，\n9月1日前补齐教师。\n\n发自我的iPhone\n\n{quoted}"))

    # then
    assert post.entries("kind, outcome, mail_id") == [("reply", "noted", "warning-1")]
    assert post.last_step() == ("note", "已约谈三所学校，\n9月1日前补齐教师。", "中卫市教育局 王主任（邮件回复）")
    assert post.pipeline.rows("SELECT state FROM early_warnings") == [("open",)]


async def test_a_note_names_the_files_that_came_with_it_and_keeps_none(post: Post) -> None:
    message = EmailMessage()
    message["From"], message["Subject"], message["In-Reply-To"] = mails.READER, "Re: s", mails.MESSAGE_ID
    message.set_content("见附件。")
    message.add_attachment(b"secret", maintype="application", subtype="pdf", filename="整改方案.pdf")

    await post.take(message.as_bytes())

    assert post.last_step()[:2] == ("note", "见附件。\n（附件未保存：整改方案.pdf）")


async def test_the_superior_may_write_as_well(post: Post) -> None:
    post.pipeline.execute(
        "UPDATE agencies SET email = 'lead@example.cn' WHERE agency_id = 'zhongwei-development-reform'"
    )

    await post.take(mails.reply("请抓紧。", sender="Lead@example.cn"))

    assert post.last_step() == ("note", "请抓紧。", "中卫市发展改革委 lead@example.cn（邮件回复）")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(mails.reply("假", sender="stranger@example.org"), "联系人", id="of nobody that is known"),
        pytest.param(mails.reply("假", sender="health@example.cn"), "联系人", id="of an agency not concerned"),
        pytest.param(mails.reply("假", sender=f"x@example.org>, <{mails.READER}"), "不唯一", id="of two senders"),
        pytest.param(mails.reply("假", answered="<other@planwatch.test>"), "不是本系统", id="to no mail of ours"),
        pytest.param(mails.reply("> 只有引文"), "没有内容", id="without words"),
    ],
)
async def test_a_reply_that_cannot_be_trusted_or_placed_is_kept_with_its_reason_and_noted_nowhere(
    post: Post, content: bytes, reason: str
) -> None:
    post.pipeline.execute("UPDATE agencies SET email = 'health@example.cn' WHERE agency_id = 'zhongwei-health'")

    answer = await post.take(content)

    ((outcome, reason_zh),) = post.entries("outcome, reason_zh")
    assert (answer[:3], outcome, reason in reason_zh) == ("250", "rejected", True)
    assert post.last_step()[0] == "raise"


@pytest.mark.parametrize("content", [mails.OUT_OF_OFFICE, mails.QQ_AUTO_REPLY, mails.EXCHANGE_AUTO_REPLY])
async def test_an_automatic_answer_is_noted_nowhere(post: Post, content: bytes) -> None:
    await post.take(content, to=post.return_address)

    assert (post.entries(), post.warning(), post.last_step()[0]) == ([("automatic", "ignored")], ("sent",), "raise")


async def test_a_reply_that_is_delivered_twice_is_noted_once(post: Post) -> None:
    again = b"Received: from relay by other\r\n" + mails.reply("已整改。")

    async with post.listening():
        answers = [await post.deliver(mails.reply("已整改。")), await post.deliver(again)]

    assert [answer[:3] for answer in answers] == ["250", "250"]
    assert [kind for kind, *_ in post.pipeline.steps("zhongwei-05")] == ["raise", "note"]
    assert len(post.entries()) == 1


async def test_a_reply_to_a_digest_is_noted_on_every_case_of_it(post: Post) -> None:
    # given a digest with two cases of the department
    post.pipeline.execute("UPDATE agencies SET email = 'health@example.cn' WHERE agency_id = 'zhongwei-health'")
    await post.pipeline.submit(figure(1, "2021", "0.32"), figure(11, "2021", "2.68"), submission_id="b")
    post.pipeline.clock.advance(minutes=5)
    await post.pipeline.close_digests()
    ((digest, message_id),) = post.pipeline.rows("SELECT mail_id, message_id FROM mails WHERE mail_kind = 'digest'")
    told = post.pipeline.rows("SELECT DISTINCT case_id FROM warning_history WHERE mail_id = %s ORDER BY 1", digest)

    # when
    await post.take(mails.reply("均在整改。", sender="health@example.cn", answered=message_id))

    # then
    noted = post.pipeline.rows("SELECT case_id FROM warning_history WHERE step_kind = 'note' ORDER BY 1")
    assert len(told) == 2
    assert noted == told


@pytest.mark.parametrize(
    "address",
    [
        "nobody@in.planwatch.test",
        "bounces+1@in.planwatch.test",
        "planwatch@planwatch.test",
        "office@education.example.cn",
    ],
)
async def test_mail_to_anybody_else_is_refused(post: Post, address: str) -> None:
    answer = await post.take(mails.reply("x"), to=address)

    assert (answer[:3], post.entries()) == ("550", [])


async def test_a_mail_that_breaks_the_reader_is_set_aside_and_the_next_one_taken(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a reader with a fault
    poison = mails.reply("毒")

    def fail_on_poison(content: bytes, *addresses: str) -> object:
        return read_letter(content, *addresses) if content != poison else [][0]

    monkeypatch.setattr("services.alerts.inbound_desk.read_letter", fail_on_poison)

    # when
    async with post.listening():
        answers = [
            await post.deliver(poison),
            await post.deliver(mails.reply("好", message_id="<2@education.example.cn>")),
        ]

    # then
    assert [answer[:3] for answer in answers] == ["250", "250"]
    assert sorted(post.entries("outcome, message")) == [("failed", poison), ("noted", None)]


async def test_a_mail_that_comes_while_the_database_breaks_off_is_asked_for_again_and_then_taken(post: Post) -> None:
    async with post.listening():
        post.pipeline.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        while_away = await post.deliver(mails.reply("已整改。"))
        afterwards = await post.deliver(mails.reply("已整改。"))

    assert (while_away[:3], afterwards[:3]) == ("451", "250")
    assert post.last_step()[:2] == ("note", "已整改。")
    assert post.entries() == [("reply", "noted")]


async def test_too_many_mails_in_a_minute_are_put_off(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "MAILS_PER_MINUTE", 1)

    async with post.listening():
        answers = [await post.deliver(mails.reply(text, message_id=f"<{text}@b.cn>")) for text in ("一", "二")]
        post.pipeline.clock.advance(minutes=1)
        answers.append(await post.deliver(mails.reply("三", message_id="<3@b.cn>")))

    assert [answer[:3] for answer in answers] == ["250", "450", "250"]


async def test_one_connection_too_many_is_turned_away_and_counted_off_when_it_ends(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "MOST_CONNECTIONS", 1)

    async with post.listening():
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=post.settings.inbound_port, start_tls=False):
            with pytest.raises(aiosmtplib.SMTPConnectResponseError, match="Too many"):
                await post.deliver(mails.reply("一"))
        answer = await post.deliver(mails.reply("一"))

    assert answer[:3] == "250"


async def test_a_mail_that_is_too_large_is_refused(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "MAIL_BYTES", 1000)

    assert (await post.take(mails.reply("大" * 100 + "\n" + "大" * 300)))[:3] == "552"


async def test_a_line_longer_than_the_protocol_allows_is_taken_all_the_same(post: Post) -> None:
    answer = await post.take(mails.reply("大" * 900))

    assert (answer[:3], post.last_step()[:2]) == ("250", ("note", "大" * 900))


async def test_without_a_port_nothing_listens(post: Post) -> None:
    settings = make_settings(inbound_port=0)
    async with open_pool(post.pipeline.url, "planwatch_alerts") as pool:
        book = CaseBook(NoticeWriter(settings), post.pipeline.clock, working_calendar())
        desk = InboundDesk(pool, book, settings, post.pipeline.clock)
        async with listening_for_mail(desk, settings, post.pipeline.clock) as port:
            assert port == 0
