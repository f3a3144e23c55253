"""The links in mails. A signed one lets its holder do one thing, until a date, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from services.settings import Settings

VALID_DAYS = 90


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a valid link to acknowledge allows: one episode of one case."""

    case_id: str
    episode: int


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """What a valid link to unsubscribe allows: one kind of mail of one agency to one address, and back again."""

    agency_id: str
    mail_kind: str
    email: str


class LinkSigner:
    """Makes and reads the tokens of signed links; a token of one purpose is worth nothing for the other."""

    def __init__(self, secret: str) -> None:
        self._acknowledge = URLSafeSerializer(secret, salt="acknowledge")
        self._unsubscribe = URLSafeSerializer(secret, salt="unsubscribe")

    def token(self, case_id: str, episode: int, *, now: datetime) -> str:
        """The token to acknowledge one episode of one case, valid for 90 days from `now`."""
        return _signed(self._acknowledge, [case_id, episode], now)

    def read(self, token: str, *, now: datetime) -> Acknowledgement | None:
        """What the token allows at `now`; None where it is forged, damaged, expired or of another purpose."""
        content = _verified(self._acknowledge, token, now)
        return Acknowledgement(*content) if content else None

    def unsubscribe_token(self, allowed: Unsubscription, *, now: datetime) -> str:
        """The token to unsubscribe, valid for 90 days from `now`."""
        return _signed(self._unsubscribe, [allowed.agency_id, allowed.mail_kind, allowed.email], now)

    def read_unsubscribe(self, token: str, *, now: datetime) -> Unsubscription | None:
        """What the token allows at `now`; None where it is forged, damaged, expired or of another purpose."""
        content = _verified(self._unsubscribe, token, now)
        return Unsubscription(*content) if content else None


def case_url(settings: Settings, case_id: str) -> str:
    """The page on which a case is worked on."""
    return f"{settings.alerts_url}/cases/{case_id}"


def submission_url(settings: Settings, submission_id: str) -> str:
    """The page of a submission: where a figure comes from."""
    return f"{settings.public_url}/submissions/{submission_id}"


def acknowledge_url(settings: Settings, token: str) -> str:
    """The page behind a token to acknowledge."""
    return f"{settings.alerts_url}/acknowledge/{token}"


def unsubscribe_url(settings: Settings, token: str) -> str:
    """The page behind a token to unsubscribe; mail clients also send it the POST of RFC 8058."""
    return f"{settings.alerts_url}/unsubscribe?token={token}"


def _signed(serializer: URLSafeSerializer, content: list[Any], now: datetime) -> str:
    token = serializer.dumps([*content, (now + timedelta(days=VALID_DAYS)).isoformat()])
    return token if isinstance(token, str) else token.decode()


def _verified(serializer: URLSafeSerializer, token: str, now: datetime) -> list[Any] | None:
    try:
        *content, until = serializer.loads(token)
    except BadSignature:
        return None
    return content if now <= datetime.fromisoformat(until) else None
