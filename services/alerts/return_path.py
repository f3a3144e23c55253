"""The envelope sender of a mail names the mail, so that what comes back is known for what it is."""

from __future__ import annotations

import hashlib
import hmac
import re
from email.utils import parseaddr

from services.settings import Settings

TOKEN = re.compile(r"bounces\+([0-9a-f]{32})", re.ASCII)


class ReturnPath:
    """Makes `bounces+<token>@<domain>`, and reads it; the token cannot be guessed without the secret.

    Where no mail comes in, the envelope sender is the sender of the mails.
    """

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.secret.encode()
        self._domain = settings.inbound_domain.lower() if settings.inbound_port else ""
        self._mail_from = settings.mail_from
        self._reply_address = parseaddr(settings.reply_to or settings.mail_from)[1].lower()

    def token_of(self, mail_id: str) -> str:
        """What names a mail: 128 bits of a keyed hash of its id, as hexadecimal digits."""
        return hmac.new(self._secret, f"return|{mail_id}".encode(), hashlib.sha256).hexdigest()[:32]

    def address_of(self, mail_id: str) -> str:
        """The envelope sender of a mail."""
        return f"bounces+{self.token_of(mail_id)}@{self._domain}" if self._domain else self._mail_from

    def token_in(self, address: str) -> str | None:
        """The token of an envelope sender of ours, None of any other address."""
        local, _, domain = address.lower().rpartition("@")
        found = TOKEN.fullmatch(local)
        return found[1] if found and domain == self._domain else None

    def takes(self, address: str) -> bool:
        """Whether mail to an address is ours: what comes back, replies to the sender of the mails, the postmaster."""
        local, _, domain = address.lower().rpartition("@")
        if domain != self._domain:
            return False
        return local == "postmaster" or self.token_in(address) is not None or address.lower() == self._reply_address
