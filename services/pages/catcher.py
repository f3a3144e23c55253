"""The local mail catcher's folder: the mails as they were received, found by Message-ID."""

from __future__ import annotations

import asyncio
import base64
import mailbox
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A mail as received.

    Attributes:
        headers: names and decoded values, in the order in which they stand.
        text: the text part, empty if there is none.
        html: the html part, with its pictures in place; empty if there is none.
        copies: how many mails with this Message-ID were received.
    """

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    copies: int


class MailFolder:
    """A Maildir that somebody else writes; each mail's Message-ID is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, list[str]] = {}
        self._seen: set[str] = set()
        self._lock = asyncio.Lock()

    async def find(self, message_id: str) -> CaughtMail | None:
        """The mail with this Message-ID, None if it was not received (yet)."""
        async with self._lock:
            return await asyncio.to_thread(self._find, message_id)

    def _find(self, message_id: str) -> CaughtMail | None:
        if not (self._folder / "new").is_dir():
            return None
        maildir = mailbox.Maildir(self._folder, create=False)
        for key in maildir.keys():  # noqa: SIM118  (a Maildir iterates over its messages)
            if key not in self._seen:
                found = message_from_bytes(maildir.get_bytes(key), policy=default)["Message-ID"]
                self._keys.setdefault(str(found or "").strip(), []).append(key)
                self._seen.add(key)
        keys = self._keys.get(message_id, [])
        return read_mail(maildir.get_bytes(keys[0]), copies=len(keys)) if keys else None


def read_mail(content: bytes, *, copies: int) -> CaughtMail:
    """The parts of an RFC 5322 message that people look at."""
    message = message_from_bytes(content, policy=default)
    return CaughtMail(
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_part(message, "plain"),
        html=_with_pictures(_part(message, "html"), message),
        copies=copies,
    )


def _with_pictures(html: str, message: EmailMessage) -> str:
    """The html with each PNG of the mail in the place of its Content-ID, as a mail client shows it."""
    for part in message.walk():
        content_id = str(part["Content-ID"] or "").strip("<>")
        if content_id and part.get_content_type() == "image/png":
            content = base64.b64encode(part.get_content()).decode()
            html = html.replace(f'src="cid:{content_id}"', f'src="data:image/png;base64,{content}"')
    return html


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""
