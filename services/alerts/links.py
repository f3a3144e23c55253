"""Signed links: who holds one may acknowledge one episode of one case until a date, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer

VALID_DAYS = 90


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a valid link allows."""

    case_id: str
    episode: int


class LinkSigner:
    """Makes and reads the tokens of acknowledgement links."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeSerializer(secret, salt="acknowledge")

    def token(self, case_id: str, episode: int, *, now: datetime) -> str:
        """The token for one episode of one case, valid for 90 days from `now`."""
        until = (now + timedelta(days=VALID_DAYS)).isoformat()
        token = self._serializer.dumps([case_id, episode, until])
        return token if isinstance(token, str) else token.decode()

    def read(self, token: str, *, now: datetime) -> Acknowledgement | None:
        """What the token allows at `now`; None where it is forged, damaged or expired."""
        try:
            case_id, episode, until = self._serializer.loads(token)
        except BadSignature:
            return None
        return Acknowledgement(case_id, episode) if now <= datetime.fromisoformat(until) else None
