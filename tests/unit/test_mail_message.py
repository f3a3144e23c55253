"""How a mail travels: its headers hold what was put in and nothing else, its picture travels with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planwatch.language import Text
from planwatch.trajectory import PathPoint
from services.alerts.message import MOST_REFERENCES, build_message, header_text, thread_of
from services.alerts.picture import Drawing, draw_picture
from services.alerts.render import RenderedMail, render_closure, render_digest, render_warning
from tests.unit.test_mail_rendering import CLOSED, ESCALATED, RETENTION, TRAINING

MAIL = RenderedMail("【红色预警】巩固率", "正文\n", "<p>正文</p>")
FIELDS: dict[str, Any] = {
    "sender": "规划监测 <planwatch@example.test>",
    "recipient": "jiaoyuju@example.test",
    "message_id": "<warning-1@planwatch.test>",
    "date": datetime(2026, 11, 22, 2, 5, tzinfo=UTC),
}
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version",
    "Content-Type",
]  # fmt: skip
PICTURE = draw_picture(
    Drawing(
        path=(PathPoint(2020, RETENTION.target.value), PathPoint(2025, RETENTION.target.value)),
        actual=(PathPoint(2021, RETENTION.target.value),),
        shown=PathPoint(2021, RETENTION.target.value),
        due=None,
        outlook=None,
    )
)
NAMES = st.text(max_size=60)
TOKEN = st.from_regex(r"[A-Za-z0-9_.-]{1,300}", fullmatch=True)


def parsed(message: bytes) -> EmailMessage:
    return message_from_bytes(message, policy=default)


@settings(deadline=None)
@given(NAMES, NAMES, NAMES, NAMES)
def test_no_name_or_note_can_write_a_header(area: str, name: str, agency: str, reason: str) -> None:
    # given a case whose every name is somebody else's text
    notice = replace(
        ESCALATED,
        area=Text(area, area),
        indicator_name=Text(name, name),
        agency=Text(agency, agency),
        reader=Text(agency, agency),
        reason=Text(reason, reason),
        plan_title=Text(name, name),
    )
    mail = render_warning(notice)

    # when it is sent and read
    message = parsed(build_message(mail, **FIELDS))

    # then there are the headers that there always are, and the subject reads as it was written
    assert message.keys() == HEADERS
    assert message["Subject"] == header_text(mail.subject)
    assert message["To"] == "jiaoyuju@example.test"
    assert message["Message-ID"] == "<warning-1@planwatch.test>"


@pytest.mark.parametrize(
    "name",
    [
        "巩固率\r\nBcc: x@example.test",
        "巩固率\nBcc: x@example.test",
        "巩固率\rBcc: x@example.test",
        "巩固率\u2028Bcc: x@example.test",
        "巩固率\u2029\u0085\x0b\x0c\x1cBcc: x@example.test",
        "=?utf-8?q?=0D=0ABcc:_x=40example.test?=",
        "=?utf-8?b?DQpCY2M6IHhAZXhhbXBsZS50ZXN0?=",
        '"巩固率" <x@example.test>, y@example.test',
        "\u202ecod.exe",
    ],
    ids=["crlf", "lf", "cr", "line_separator", "other_ends", "quoted_word", "base64_word", "address", "right_to_left"],
)
def test_known_ways_to_write_a_header_give_a_subject(name: str) -> None:
    message = parsed(build_message(replace(MAIL, subject=name), **FIELDS))

    assert message.keys() == HEADERS
    assert message["Subject"] == header_text(name)
    assert "\u202e" not in message["Subject"]


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "Sm"]), min_size=1, max_size=150))
def test_ordinary_words_of_any_script_reach_the_reader_unchanged(words: str) -> None:
    subject = f"【红色预警】 {words.replace('=?', '')} 2021年 （中卫市）"

    message = parsed(build_message(replace(MAIL, subject=subject), **FIELDS))

    assert message["Subject"] == subject


@given(st.text(max_size=300))
def test_a_header_text_is_one_printable_line_and_stays_as_it_is(text: str) -> None:
    line = header_text(text)

    assert len(line.splitlines()) <= 1
    assert header_text(line) == line


@given(TOKEN)
def test_the_link_to_unsubscribe_travels_unbroken_with_its_one_click_header(token: str) -> None:
    url = f"https://alerts.example.test/unsubscribe?token={token}"

    content = build_message(replace(MAIL, unsubscribe_url=url), **FIELDS)

    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in content
    assert parsed(content)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("notice", [RETENTION, ESCALATED, CLOSED])
def test_a_mail_on_one_case_has_no_way_to_unsubscribe(notice: Any) -> None:  # noqa: ANN401
    mail = render_closure(notice) if notice is CLOSED else render_warning(notice)

    assert parsed(build_message(mail, **FIELDS))["List-Unsubscribe"] is None
    assert "unsubscribe" not in mail.html + mail.text


def test_a_digest_that_may_be_unsubscribed_says_so_at_its_foot_and_in_its_headers() -> None:
    url = "http://alerts.test/unsubscribe?token=signed"

    mail = render_digest(RETENTION.agency, [TRAINING], date(2026, 11, 22), unsubscribe_url=url)

    assert f'href="{url}"' in mail.html
    assert f"不再接收此类邮件： {url}" in mail.text
    assert parsed(build_message(mail, **FIELDS))["List-Unsubscribe"] == f"<{url}>"


def test_the_picture_travels_inside_the_mail_and_the_html_shows_it_by_its_content_id() -> None:
    mail = render_warning(replace(RETENTION, picture=PICTURE))

    text, related = (cast(EmailMessage, part) for part in parsed(build_message(mail, **FIELDS)).iter_parts())
    html, image = (cast(EmailMessage, part) for part in related.iter_parts())

    assert [part.get_content_type() for part in (text, related, html, image)] == [
        "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    assert image["Content-ID"] == f"<{PICTURE.content_id}>"
    assert image.get_content_disposition() == "inline"
    assert image.get_content() == PICTURE.png
    assert f'<img src="cid:{PICTURE.content_id}"' in mail.html
    assert mail.html.count("src=") == 1


def test_a_mail_with_a_picture_is_the_same_bytes_each_time() -> None:
    mail = render_warning(replace(RETENTION, picture=PICTURE))

    assert build_message(mail, **FIELDS) == build_message(mail, **FIELDS)


def test_answers_go_where_the_settings_say() -> None:
    assert parsed(build_message(MAIL, **FIELDS))["Reply-To"] is None
    assert parsed(build_message(MAIL, reply_to="case@example.test", **FIELDS))["Reply-To"] == "case@example.test"


def test_holiday_notices_are_not_sent_back() -> None:
    message = parsed(build_message(MAIL, **FIELDS))

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"


@given(st.integers(1, 60))
def test_a_long_thread_names_its_first_mail_and_its_last_ones(length: int) -> None:
    references = [f"<warning-0123456789abcdef-{step}@planwatch.test>" for step in range(length)]

    message = parsed(build_message(MAIL, references=references, **FIELDS))

    named = message["References"].split()
    assert named == list(thread_of(references))
    assert named[0] == references[0]
    assert named[-1] == message["In-Reply-To"] == references[-1]
    assert len(named) == min(length, MOST_REFERENCES)


def test_every_mail_of_a_case_has_the_name_behind_the_bracket_and_ends_with_the_area() -> None:
    subjects = [
        render_warning(RETENTION).subject,
        render_warning(ESCALATED).subject,
        render_closure(CLOSED).subject,
    ]

    bare = [subject.partition("】")[2] for subject in subjects]
    assert all(subject.startswith("九年义务教育巩固率(%)") for subject in bare)
    assert all(subject.endswith("（中卫市）") for subject in bare)
