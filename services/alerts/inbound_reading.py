"""From the bytes of a mail that came in to the fields that are judged. Whatever a sender wrote, something is read."""

from __future__ import annotations

import logging
import re
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from html.parser import HTMLParser

from flufl.bounce import all_failures

from planwatch.inbound_mail import Letter

logger = logging.getLogger(__name__)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

AUTOMATIC_FIELDS = (
    "Auto-Submitted",
    "Precedence",
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponse",
    "X-Auto-Reply-From",
)
MOST_MESSAGE_IDS = 30
MOST_TEXT = 200_000
LONGEST_FIELD = 500
LONGEST_RAW = 10_000
MOST_PARTS = 200
READ_BYTES = 500_000
"""How much of a mail is read: its words stand before its attachments, and reading takes seconds for each megabyte."""
REPORT_BYTES = 64_000
"""How much of a mail is searched for a report, which stands before what it returns; the detectors are slow."""
CHINESE_CHARSETS = frozenset({"gb2312", "gbk", "gb_2312-80", "gb18030", "x-gbk", "cp936"})


def read_letter(content: bytes, envelope_from: str, recipient: str) -> Letter:
    """Read a mail.

    Args:
        content: as it came, RFC 5322.
        envelope_from: empty for a mail that must not come back.
    """
    message = message_from_bytes(content[:READ_BYTES])
    temporary, permanent = _failures(content[:REPORT_BYTES])
    return Letter(
        envelope_from=envelope_from,
        recipient=recipient,
        senders=tuple(address.lower() for _, address in getaddresses([_raw(message, "From")]) if "@" in address),
        message_id=field(message, "Message-ID"),
        subject=field(message, "Subject"),
        automatic_fields=tuple(
            (name.lower(), field(message, name).partition(";")[0].strip().lower())
            for name in AUTOMATIC_FIELDS
            if name in message
        ),
        answered=_answered(message),
        failed=_addresses(permanent),
        delayed=_addresses(temporary),
        is_report=message.get_content_type() == "multipart/report",
        text=text_of(message)[:MOST_TEXT],
        attachments=_attachments(message),
    )


def field(message: Message, name: str) -> str:
    """A header field, decoded, on one line and of bounded length; empty where there is none."""
    return " ".join(_plain(_raw(message, name)).replace("\x00", "").split())[:LONGEST_FIELD]


def text_of(message: Message) -> str:
    """The words of a mail: its plain text, or its HTML without marks; attached mails are not its own words."""
    plain, html = [], []
    for part in _own_parts(message):
        if part.get_filename() or part.get_content_disposition() == "attachment":
            continue
        if part.get_content_type() == "text/plain":
            plain.append(_content(part))
        elif part.get_content_type() == "text/html":
            html.append(_content(part))
    words = "\n".join(plain)
    return words if words.strip() else "\n".join(_words_of(each) for each in html)


def decoded(content: bytes, charset: str) -> str:
    """Text of bytes; mails that call themselves GB 2312 are read as GB 18030, which contains it."""
    if charset.lower() in CHINESE_CHARSETS:
        charset = "gb18030"
    try:
        text = content.decode(charset, "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    return text.replace("\x00", "")


def _raw(message: Message, name: str) -> str:
    """A field as it came; signs that are not ASCII are UTF-8, else GB 18030, as Chinese servers send them."""
    found = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    content = found[:LONGEST_RAW].encode("utf-8", "surrogateescape")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def _plain(value: str) -> str:
    return "".join(
        piece if isinstance(piece, str) else decoded(piece, charset or "utf-8")
        for piece, charset in decode_header(value)
    )


def _content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return decoded(payload, str(part.get_content_charset() or "utf-8")) if isinstance(payload, bytes) else ""


def _own_parts(message: Message) -> list[Message]:
    """The leaves of a mail in order, without those of mails that are attached to it."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(each for each in reversed(payload) if isinstance(each, Message))
        else:
            found.append(part)
    return found


_MESSAGE_ID = re.compile(r"<[^<>@\s]{1,200}@[^<>@\s]{1,200}>")
_RETURNED_FIELDS = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"})


def _answered(message: Message) -> tuple[str, ...]:
    """Message-IDs of a returned mail, of In-Reply-To and References, and those that stand in the words."""
    found: list[str] = []
    for part in message.walk():
        if part.get_content_type() in _RETURNED_FIELDS:
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            head = field(inner, "Message-ID") if isinstance(inner, Message) else _content(part)
            found += _MESSAGE_ID.findall(head)
    found += _MESSAGE_ID.findall(field(message, "In-Reply-To"))
    found += reversed(_MESSAGE_ID.findall(_raw(message, "References")))
    if message.get_content_type() == "multipart/report" or not field(message, "In-Reply-To"):
        found += _MESSAGE_ID.findall(text_of(message)[:MOST_TEXT])
    return tuple(dict.fromkeys(found))[:MOST_MESSAGE_IDS]


def _attachments(message: Message) -> tuple[str, ...]:
    names = []
    for part in _own_parts(message):
        name = part.get_filename()
        if name and part.get_content_disposition() != "inline":
            names.append(" ".join(_plain(name[:LONGEST_RAW]).split())[:100])
    return tuple(names[:20])


def _failures(content: bytes) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Addresses that are reported as failed for the time being and for good; the detectors want a well-formed mail."""
    try:
        temporary, permanent = all_failures(message_from_bytes(content))
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, AssertionError, LookupError):
        return frozenset(), frozenset()
    return frozenset(temporary), frozenset(permanent)


def _addresses(found: frozenset[bytes]) -> tuple[str, ...]:
    return tuple(sorted(each.decode("ascii", "replace").lower() for each in found))


class _Words(HTMLParser):
    """Text of HTML, with line ends where blocks end, without quotations, styles and scripts."""

    BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "hr", "table"})
    SILENT = frozenset({"style", "script", "head", "title", "blockquote"})

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SILENT:
            self._silent += 1
        if tag in self.BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in self.BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split()) if data.strip() else " ")


def _words_of(html: str) -> str:
    parser = _Words()
    try:
        parser.feed(html[:MOST_TEXT])
    except AssertionError:  # the parser's own, at marks such as “<![”: what was read so far has to do
        logger.info("a mail in HTML could be read in part only")
    return "".join(parser.pieces).replace("\xa0", " ")
