"""What a mail that came in is: something returned, an answer, an automatic answer; and which words are its own.

What a sender writes into a mail proves nothing: a mail can add words to a case, never acknowledge or close it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LONGEST_NOTE = 2000
MOST_LINES = 2000
LONGEST_LINE = 1000


class InboundKind(StrEnum):
    """What a mail is to us."""

    BOUNCE = "bounce"
    DELAY = "delay"
    REPLY = "reply"
    AUTOMATIC = "automatic"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail that came in, as far as its fields could be read.

    Attributes:
        envelope_from: to whom it would come back; empty for a mail that must not.
        senders: addresses of the From header.
        automatic_fields: values of Auto-Submitted, Precedence, X-Autoreply and their like, by field in lower case.
        answered: Message-IDs that it answers or returns, the most telling first.
        failed, delayed: addresses that it reports as undeliverable for good, or for the time being.
        is_report: multipart/report.
        text: its words, quoted ones included.
        attachments: names of the files that came with it.
    """

    envelope_from: str
    recipient: str
    senders: tuple[str, ...]
    message_id: str
    subject: str
    automatic_fields: tuple[tuple[str, str], ...]
    answered: tuple[str, ...]
    failed: tuple[str, ...]
    delayed: tuple[str, ...]
    is_report: bool
    text: str
    attachments: tuple[str, ...] = ()


MAIL_SYSTEMS = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mdaemon", "mail_system"})
RETURNED = ("退信", "被退回", "投递失败", "发送失败", "无法投递", "无法送达", "未能送达", "无法发送到")
RETURNED_EN = (
    "undeliver", "delivery status notification (failure)", "returned mail", "delivery fail", "failure notice",
)  # fmt: skip
STILL_TRYING = (
    "投递延迟", "延迟投递", "仍在尝试", "继续尝试", "将继续重试", "无需重发",
    "will be retried", "will retry", "(delay)",
)  # fmt: skip
AUTOMATIC_SUBJECTS = ("自动回复", "自动答复", "automatic reply", "auto reply", "autoreply", "out of office")
PRECEDENCES = frozenset({"bulk", "junk", "list", "auto_reply"})


def kind_of(letter: Letter) -> InboundKind:
    """What a mail is.

    A report of a mail system comes first, because it calls itself automatic as well. Words alone make nothing a
    report: a person may write of returned mails.
    """
    if _is_from_mail_system(letter):
        if letter.failed or _says(letter.subject, (*RETURNED, *RETURNED_EN)):
            return InboundKind.BOUNCE
        if letter.delayed or _says(letter.subject, STILL_TRYING) or _says(letter.text, STILL_TRYING):
            return InboundKind.DELAY
        if _says(letter.text, (*RETURNED, *RETURNED_EN)):
            return InboundKind.BOUNCE
    if _is_automatic(letter):
        return InboundKind.AUTOMATIC
    return InboundKind.REPLY if letter.answered else InboundKind.UNKNOWN


def own_words(text: str) -> str:
    """The words of an answer without what it quotes, its signature mark and what cannot be seen.

    Chinese and English marks of quoting are known. An answer below the quotation is kept as well. Every line is
    looked at once.

    Returns:
        At most 2000 characters; empty where nothing is left.
    """
    lines = [_visible(line[:LONGEST_LINE]).strip() for line in text.splitlines()[:MOST_LINES]]
    cut = _quotation(lines)
    own = _without_quotes(lines[:cut])
    if not own:
        own = _without_quotes(_below(lines[cut:]))
    words = "\n".join(own)
    return words if len(words) <= LONGEST_NOTE else words[: LONGEST_NOTE - 1] + "…"


def _is_from_mail_system(letter: Letter) -> bool:
    locals_ = {address.partition("@")[0].lower() for address in (letter.envelope_from, *letter.senders)}
    is_answer = any(field == "auto-submitted" and value == "auto-replied" for field, value in letter.automatic_fields)
    if letter.is_report or locals_ & MAIL_SYSTEMS:
        return True
    return letter.envelope_from == "" and not is_answer


def _is_automatic(letter: Letter) -> bool:
    for field, value in letter.automatic_fields:
        if field == "precedence":
            if value in PRECEDENCES:
                return True
        elif field != "auto-submitted" or value != "no":
            return True
    subject = letter.subject.lower()
    return letter.envelope_from == "" or subject.startswith(AUTOMATIC_SUBJECTS)


def _says(words: str, phrases: Sequence[str]) -> bool:
    lowered = words.lower()
    return any(phrase in lowered for phrase in phrases)


_SEPARATOR = re.compile(
    r"[-—_=]{2,} ?(?:回复的)?(?:原始邮件|原邮件|原始消息|转发邮件|original message|forwarded message)", re.I
)
_HEADING = re.compile(r"[*>]{0,2} ?(?:发件人|寄件者|寄件人|发自|from) ?[*]{0,2}[:：]", re.I)
_NEXT_HEADING = re.compile(
    r"[*>]{0,2} ?(?:发送时间|发送日期|日期|时间|收件人|主题|抄送|sent|date|to|cc|subject) ?[*]{0,2}[:：]", re.I
)
_WROTE = ("写道：", "写道:", "写道﹕", "wrote:", "来信：", "寫道：")
_SIGNATURES = ("发自我的", "从我的", "来自我的", "发自手机", "sent from my", "sent from mail", "get outlook for")


def _quotation(lines: Sequence[str]) -> int:
    """The first line of what is quoted, or the number of lines."""
    for number, line in enumerate(lines):
        if _SEPARATOR.match(line):
            return number
        if _HEADING.match(line) and any(_NEXT_HEADING.match(next_line) for next_line in lines[number + 1 : number + 5]):
            return number
        if line.lower().endswith(_WROTE):
            before = lines[number - 1] if number else ""
            if _is_head_of_wrote(before):
                return number - 1
            if _names_someone(line):
                return number
    return len(lines)


def _names_someone(line: str) -> bool:
    return "@" in line or any(sign.isdigit() for sign in line)


def _is_head_of_wrote(line: str) -> bool:
    return line.startswith(("On ", "在 ", "在20", "于 ", "At ")) and _names_someone(line)


def _below(lines: Sequence[str]) -> list[str]:
    """What stands below a quotation whose lines are marked, so that it has an end."""
    quoted = [number for number, line in enumerate(lines) if line.startswith(">")]
    return list(lines[quoted[-1] + 1 :]) if quoted else []


def _without_quotes(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line in ("--", "—"):
            break
        if line.startswith(">") or line.lower().startswith(_SIGNATURES):
            continue
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not (kept[-1] and kept[-1].strip("_-—")):
        kept.pop()
    return kept


def _visible(line: str) -> str:
    return "".join(sign if not unicodedata.category(sign).startswith("C") else " " * (sign == "\t") for sign in line)
