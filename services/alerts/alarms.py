"""Tell the operator of mails that did not reach their reader: one mail a day for each address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Any

from psycopg import AsyncConnection

from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import MailKind
from services.alerts.store import Mail, insert_mail
from services.settings import Settings

LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Failure:
    """A mail that its reader has not got.

    Attributes:
        what: how it failed, e.g. that the server refused it.
        detail: the server's words.
    """

    mail_id: str
    mail_kind: str
    agency_id: str
    recipient: str
    subject: str
    what: Text
    detail: str


REFUSED = Text("被邮件服务器拒收", "was refused by the mail server")
GIVEN_UP = Text("多日未能发出，已作罢", "could not be handed over for days and was given up")
BOUNCED = Text("已被退回", "has come back")


def operator_address(settings: Settings) -> str:
    """Where the operator reads mail."""
    return settings.operator_email or settings.mail_from


async def tell_operator(connection: AsyncConnection[Any], settings: Settings, failure: Failure, now: datetime) -> None:
    """Put the alarm into the outbox, in the transaction that notes the failure; a second one of the day is no news.

    An alarm that fails itself raises no other: the log and the metric tell of it.
    """
    if failure.mail_kind == MailKind.ALARM:
        return
    day = now.astimezone(LOCAL_TIME).date()
    address = hashlib.sha256(failure.recipient.lower().encode()).hexdigest()[:12]
    mail_id = f"alarm-{address}-{day.isoformat()}"
    message_id = f"<{mail_id}@{settings.mail_domain}>"
    subject = f"【邮件未送达】{failure.recipient}：{failure.what.zh}"
    mail = Mail(
        mail_id=mail_id,
        mail_kind=MailKind.ALARM,
        agency_id=failure.agency_id,
        recipient=parseaddr(operator_address(settings))[1],
        subject=_line(subject),
        message_id=message_id,
        message=_message(settings, failure, _line(subject), message_id, now),
        accepted_at=now,
    )
    await insert_mail(connection, mail, now)


def _message(settings: Settings, failure: Failure, subject: str, message_id: str, now: datetime) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = operator_address(settings)
    message["Subject"] = subject
    message["Date"] = now
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    detail = _line(failure.detail)[:LONGEST_REASON]
    page = f"{settings.public_url}/mails/{failure.mail_id}"
    message.set_content(
        f"发给{failure.recipient}的邮件{failure.what.zh}，收件单位尚不知情。请核对该单位邮箱，并另行告知。\n"
        f"邮件：{_line(failure.subject)}\n"
        f"单位：{failure.agency_id}\n"
        f"原因：{detail}\n"
        f"详情：{page}\n"
        "该邮箱当日再有邮件未送达，不另发本通知。\n\n"
        f"A mail to {failure.recipient} {failure.what.en}: the agency {failure.agency_id} does not know of it.\n"
        "Check its address and tell it by other means. Further failures of this address today send no other notice.\n"
        f"Reason: {detail}\n"
    )
    return message.as_bytes()


def _line(text: str) -> str:
    return " ".join(text.split())
