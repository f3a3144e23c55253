"""Enter what channels are to be told, in the transaction of the steps themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection

from planwatch.case.effects import MailOrder
from services.alerts import case_store
from services.alerts.channels import store
from services.alerts.channels.configuration import channels_of
from services.alerts.channels.message import body_of
from services.alerts.notices import NoticeWriter
from services.catalogue import Catalogue

if TYPE_CHECKING:
    from services.alerts.cases import Taken


async def enter_messages(
    connection: AsyncConnection[Any], catalogue: Catalogue, taken: Sequence[Taken], now: datetime, notices: NoticeWriter
) -> None:
    """One message per step that is told and channel that wants it; a step that is not mailed goes nowhere else."""
    channels = channels_of(notices.settings.channels)
    for item in taken if channels else ():
        order, case = item.step.notice, item.step.case
        if not isinstance(order, MailOrder):
            continue
        wanted = [channel for channel in channels if channel.wants(case.subject.plan_id, order.to, case.level)]
        if not wanted:
            continue
        plan, indicator = await case_store.load_subject(connection, catalogue.plans, case)
        simulated = await store.load_simulated(connection, case.submission_id)
        for channel in wanted:
            body = body_of(
                channel,
                plan,
                indicator,
                item.step,
                order,
                number=item.number,
                case_url=notices.case_url(case.case_id),
                simulated=simulated,
                now=now,
            )
            await store.insert_message(
                connection, channel.name, case.case_id, item.number, body, now, order.not_before or now
            )
