"""SQL of the addresses that do not want a kind of mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from planwatch.language import Text
from services.alerts.links import Unsubscription

UNSUBSCRIBED = Text("收件人已退订此类邮件", "the reader has unsubscribed from mails of this kind")
"""Why a digest or a summary is not mailed."""


async def is_unsubscribed(connection: AsyncConnection[Any], who: Unsubscription) -> bool:
    """Whether the address has unsubscribed from this kind of mail of this agency."""
    row = await (
        await connection.execute(
            "SELECT FROM unsubscribed WHERE (agency_id, mail_kind, email) = (%s, %s, %s)",
            (who.agency_id, who.mail_kind, who.email),
        )
    ).fetchone()
    return row is not None


async def unsubscribe(connection: AsyncConnection[Any], who: Unsubscription, now: datetime) -> None:
    """Enter an address; one that is entered already keeps its date."""
    await connection.execute(
        "INSERT INTO unsubscribed (agency_id, mail_kind, email, at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (who.agency_id, who.mail_kind, who.email, now),
    )


async def resubscribe(connection: AsyncConnection[Any], who: Unsubscription) -> None:
    """Take an address out again."""
    await connection.execute(
        "DELETE FROM unsubscribed WHERE (agency_id, mail_kind, email) = (%s, %s, %s)",
        (who.agency_id, who.mail_kind, who.email),
    )


async def load_agency(connection: AsyncConnection[Any], agency_id: str) -> Text | None:
    """The name of an agency; None if there is none of this id."""
    row = await (
        await connection.execute("SELECT name_zh, name_en FROM agencies WHERE agency_id = %s", (agency_id,))
    ).fetchone()
    return Text(*row) if row else None
