"""What a mail that came in is, and which of its words are its own."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.inbound_mail import LONGEST_NOTE, InboundKind, kind_of, own_words
from services.alerts.inbound_reading import read_letter
from tests import inbound_mails as mails

VERP = "bounces+0123456789abcdef0123456789abcdef@in.planwatch.test"
REPLY_TO = "planwatch@in.planwatch.test"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(mails.POSTFIX, InboundKind.BOUNCE, id="Postfix"),
        pytest.param(mails.EXCHANGE, InboundKind.BOUNCE, id="Exchange"),
        pytest.param(mails.QMAIL, InboundKind.BOUNCE, id="qmail"),
        pytest.param(mails.QQ, InboundKind.BOUNCE, id="qq.com, in Chinese, no report"),
        pytest.param(mails.POSTFIX_DELAY, InboundKind.DELAY, id="Postfix goes on trying"),
        pytest.param(mails.NETEASE_DELAY, InboundKind.DELAY, id="163.com goes on trying"),
    ],
)
@pytest.mark.parametrize("recipient", [VERP, REPLY_TO])
def test_a_report_of_a_mail_server_is_told_from_its_form(content: bytes, kind: InboundKind, recipient: str) -> None:
    assert kind_of(read_letter(content, "", recipient)) is kind


@pytest.mark.parametrize("content", [mails.POSTFIX, mails.EXCHANGE, mails.QMAIL, mails.NETEASE_DELAY])
def test_the_mail_that_came_back_is_found_in_what_is_returned(content: bytes) -> None:
    assert mails.MESSAGE_ID in read_letter(content, "", REPLY_TO).answered


@pytest.mark.parametrize("content", [mails.POSTFIX, mails.EXCHANGE, mails.QMAIL])
def test_the_address_that_failed_is_read(content: bytes) -> None:
    assert read_letter(content, "", REPLY_TO).failed == (mails.READER,)


@pytest.mark.parametrize(
    ("content", "envelope_from"),
    [
        pytest.param(mails.OUT_OF_OFFICE, "", id="RFC 3834"),
        pytest.param(mails.OUT_OF_OFFICE, mails.READER, id="RFC 3834, sent by a person's address"),
        pytest.param(mails.QQ_AUTO_REPLY, mails.READER, id="X-Autoreply"),
        pytest.param(mails.EXCHANGE_AUTO_REPLY, mails.READER, id="its subject says so"),
        pytest.param(mails.reply("x", fields="Precedence: bulk\n"), mails.READER, id="Precedence"),
        pytest.param(mails.reply("已收到。"), "", id="a mail that must not come back"),
    ],
)
def test_an_automatic_answer_is_no_reply(content: bytes, envelope_from: str) -> None:
    assert kind_of(read_letter(content, envelope_from, REPLY_TO)) is InboundKind.AUTOMATIC


def test_a_person_who_writes_of_returned_mails_replies() -> None:
    letter = read_letter(mails.reply("上一封被退回，退信原因：邮箱已满。Undelivered Mail."), mails.READER, REPLY_TO)

    assert kind_of(letter) is InboundKind.REPLY


def test_a_mail_that_says_it_is_not_automatic_is_a_reply() -> None:
    letter = read_letter(mails.reply("已整改。", fields="Auto-Submitted: no\n"), mails.READER, REPLY_TO)

    assert kind_of(letter) is InboundKind.REPLY


def test_a_mail_that_answers_nothing_is_unknown() -> None:
    content = mails.mail("From: a@example.cn\nSubject: s\nMessage-ID: <x@example.cn>", "你好")

    assert kind_of(read_letter(content, "a@example.cn", REPLY_TO)) is InboundKind.UNKNOWN


ANSWER = "已约谈三所学校，9月1日前补齐教师。\n李科长负责。"
QUOTED = {
    "Outlook, full-width colons": "发件人：规划监测\n发送时间：2022年3月1日\n收件人：王主任\n主题：预警\n\n正文",
    "Outlook, bold": "*发件人:* 规划监测\n*发送时间:* 2022年3月1日\n*收件人:* 王\n*主题:* 预警\n\n正文",
    "Outlook, English": "From: Planwatch <a@b.cn>\nSent: Tuesday, March 1, 2022\nTo: Wang\nSubject: red\n\nbody",
    "Outlook, a line first": f"{'_' * 32}\n发件人: 规划监测\n发送时间: 2022\n主题: 预警\n\n正文",
    "qq.com": '------------------ 原始邮件 ------------------\n发件人: "规划监测" <a@b.cn>;\n发送时间: 2022\n\n正文',
    "Foxmail, spaces": "------------------ 原始邮件 ------------------\n发件人：x\n\n正文",
    "163.com": "---- 回复的原邮件 ----\n| 发件人 | a@b.cn |\n| 日期 | 2022年03月01日 |\n\n正文",
    "163.com, older": '在 2022-03-01 10:00:00，"规划监测" <a@b.cn> 写道：\n\n> 正文\n> 第二行',
    "Apple Mail, Chinese": "2022年3月1日 上午10:00，规划监测 <a@b.cn> 写道：\n\n> 正文",
    "Gmail, Chinese": "规划监测 <a@b.cn> 于2022年3月1日周二 10:00写道：\n\n> 正文",
    "Gmail": "On Tue, Mar 1, 2022 at 10:00 AM Planwatch <a@b.cn> wrote:\n> body",
    "Gmail, on two lines": "On Tue, Mar 1, 2022 at 10:00 AM Planwatch\n<a@b.cn> wrote:\n> body",
    "Coremail": "-----原始邮件-----\n发件人:规划监测 <a@b.cn>\n发送时间:2022-03-01 10:00:00 (星期二)\n\n正文",
    "Outlook, original": "-----Original Message-----\nFrom: a\n\nbody",
}


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=QUOTED.keys())
def test_what_a_client_quotes_is_left_out(quoted: str) -> None:
    assert own_words(f"{ANSWER}\n\n{quoted}") == ANSWER


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("> 请说明原因\n师资不足。\n> 何时完成\n9月。", "师资不足。\n9月。", id="between the quoted lines"),
        pytest.param("2022年3月1日，a@b.cn 写道：\n> 预警\n> 第二行\n\n已整改。", "已整改。", id="below the quotation"),
        pytest.param("已整改。\n-- \n中卫市教育局\n电话 0955", "已整改。", id="a signature"),
        pytest.param("已整改。\n\n发自我的iPhone", "已整改。", id="a telephone's signature"),
        pytest.param("他写道：\n请放心。", "他写道：\n请放心。", id="somebody's words, no quotation"),
        pytest.param(
            "发件人：不详，已查。\n无其他情况。", "发件人：不详，已查。\n无其他情况。", id="a word that also heads"
        ),
        pytest.param("一\u202e二\x00三\u200b", "一二三", id="what cannot be seen"),
        pytest.param("\n\n一\n\n\n\n二\n\n", "一\n\n二", id="empty lines"),
        pytest.param("> 只有引文", "", id="nothing of its own"),
    ],
)
def test_the_words_of_a_reply_are_kept(text: str, words: str) -> None:
    assert own_words(text) == words


@given(st.text(max_size=3000))
def test_a_note_is_never_longer_than_allowed_and_has_no_control_signs(text: str) -> None:
    words = own_words(text)

    assert len(words) <= LONGEST_NOTE
    assert [sign for sign in words if unicodedata.category(sign).startswith("C") and sign != "\n"] == []


@pytest.mark.parametrize(
    "piece", ["On ", "> ", "From: a\n", "发件人：a\n", "-", "写道：\n", "__\n", "<", "Warning: mail,, "], ids=repr
)
def test_a_text_made_to_keep_the_reader_busy_is_read_in_a_moment(piece: str) -> None:
    started = time.perf_counter()

    own_words(piece * (200_000 // len(piece)))

    assert time.perf_counter() - started < 2


def test_html_that_breaks_its_parser_is_read_as_far_as_it_goes() -> None:
    content = mails.mail("From: a@b.cn\nContent-Type: text/html; charset=utf-8", "<p>已整改。</p><![x")

    assert own_words(read_letter(content, "a@b.cn", REPLY_TO).text) == "已整改。"


def test_a_reply_in_html_alone_has_its_words_without_the_quotation() -> None:
    content = mails.mail(
        "From: a@example.cn\nContent-Type: text/html; charset=gb2312\nContent-Transfer-Encoding: 8bit",
        "<html><head><style>p{}</style></head><body><p>已<b>整改</b>。</p><div>镕主任&nbsp;负责</div>"
        "<blockquote><p>发件人：规划监测</p></blockquote></body></html>",
        charset="gb18030",
    )

    assert own_words(read_letter(content, "a@example.cn", REPLY_TO).text) == "已整改。\n\n镕主任 负责"


def test_attachments_are_named_and_not_read() -> None:
    content = mails.mail(
        'From: a@example.cn\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="M"',
        """
--M
Content-Type: text/plain; charset=utf-8

见附件。
--M
Content-Type: text/plain; name="=?utf-8?B?5pW05pS5LnR4dA==?="
Content-Disposition: attachment; filename="=?utf-8?B?5pW05pS5LnR4dA==?="

秘密
--M--
""",
    )

    letter = read_letter(content, "a@example.cn", REPLY_TO)

    assert (own_words(letter.text), letter.attachments) == ("见附件。", ("整改.txt",))


@pytest.mark.parametrize(
    ("field", "senders"),
    [
        ("office@education.example.cn", ("office@education.example.cn",)),
        ("=?utf-8?B?546L?= <Office@Education.example.cn>", ("office@education.example.cn",)),
        ("a@example.cn, b@example.cn", ("a@example.cn", "b@example.cn")),
        ("=?utf-8?q?office=40education.example.cn_=28?= <evil@example.org>", ("evil@example.org",)),
        ("nobody", ()),
    ],
)
def test_the_sender_is_the_address_and_not_what_its_name_pretends(field: str, senders: tuple[str, ...]) -> None:
    content = mails.mail(f"From: {field}\nSubject: s", "x")

    assert read_letter(content, "a@example.cn", REPLY_TO).senders == senders


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_as_some_mail(content: bytes) -> None:
    kind_of(read_letter(content, "a@example.cn", REPLY_TO))


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "gb2312", "no-such-charset", "utf-7", "base64"]))
def test_any_body_in_any_charset_has_some_text(body: bytes, charset: str) -> None:
    content = f"From: a@b.cn\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode() + body

    assert "\x00" not in read_letter(content, "a@b.cn", REPLY_TO).text


def test_words_of_an_attached_mail_are_not_its_own() -> None:
    letter = read_letter(mails.POSTFIX, "", REPLY_TO)

    assert "This is the mail system" in letter.text
    assert MARK not in letter.text


MARK = "Message-ID"
