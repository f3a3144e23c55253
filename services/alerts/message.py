"""From a rendered mail to its RFC 5322 bytes. No field can add a header, whatever stands in it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import cast

from services.alerts.render import RenderedMail

MOST_REFERENCES = 10
"""Of a thread the first mail and the last ones are named; a longer header would only be cut by others."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Line ends of every kind, control characters, and signs that turn the direction of what follows."""


class EncodedHeader(UnstructuredHeader, BaseHeader):
    """Always in encoded words: the folding of the standard library loses blanks between words in several scripts."""

    def fold(self, *, policy: Policy) -> str:
        """The header as it travels."""
        words = Header(str(self), "utf-8", header_name=self.name).encode(linesep=policy.linesep)
        return f"{self.name}: {words}{policy.linesep}"


class UnfoldedHeader(UnstructuredHeader, BaseHeader):
    """On one line: a long address that is folded or encoded is no address any more."""

    def fold(self, *, policy: Policy) -> str:
        """The header as it travels."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", EncodedHeader)
_HEADERS.map_to_type("list-unsubscribe", UnfoldedHeader)
_POLICY = SMTP.clone(header_factory=_HEADERS)


def header_text(text: str) -> str:
    """One line that a header can carry and that reads the same when it is parsed again."""
    line = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return line.replace("=?", "= ?")  # what looks like an encoded word would be decoded by the reader


def build_message(
    rendered: RenderedMail,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    references: Sequence[str] = (),
    reply_to: str = "",
) -> bytes:
    """The mail as it travels: text beside html with its picture; the same arguments give the same bytes.

    Args:
        rendered: the words, the picture, and the link to unsubscribe if there is one.
        sender: address, with or without a display name.
        recipient: address.
        message_id: with its angle brackets.
        date: of the Date header (aware).
        references: Message-IDs of earlier mails on the same case, oldest first.
        reply_to: where answers go; empty: to the sender.
    Raises:
        ValueError: an address or a Message-ID contains a line break.
    Source: RFC 5322, RFC 2387 (related), RFC 3834 (Auto-Submitted), RFC 8058 (one click); X-Auto-Response-Suppress is
        what Exchange looks at.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = recipient
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = header_text(rendered.subject)
    message["Date"] = date
    message["Message-ID"] = message_id
    if references:
        message["In-Reply-To"] = references[-1]
        message["References"] = " ".join(thread_of(references))
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if rendered.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{rendered.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    digest = hashlib.sha256(message_id.encode()).hexdigest()[:32]
    message.set_boundary(f"=_{digest}")
    if rendered.picture is not None:
        html = cast(EmailMessage, list(message.iter_parts())[-1])
        html.add_related(
            rendered.picture.png, "image", "png", cid=f"<{rendered.picture.content_id}>", disposition="inline",
            filename="path.png",
        )  # fmt: skip
        html.set_boundary(f"=_related_{digest}")
    return message.as_bytes()


def thread_of(references: Sequence[str]) -> tuple[str, ...]:
    """The first mail of a thread and its last ones, at most ten."""
    if len(references) <= MOST_REFERENCES:
        return tuple(references)
    return (references[0], *references[1 - MOST_REFERENCES :])
