"""`python -m services.alerts`: one alerting process: warnings, digests, the sender, the desk."""

from __future__ import annotations

import asyncio
import os
import tempfile

from aiohttp import web

from planwatch.wire import ASSESSMENT_MADE
from services.accounts.web import add_accounts
from services.alerts.acknowledge import AcknowledgePages
from services.alerts.audit_rounds import AuditRounds
from services.alerts.case_rounds import CaseRounds
from services.alerts.cases import CaseBook
from services.alerts.channels.delivery import ChannelSenders
from services.alerts.desk.app import MOST_BODY_BYTES, add_desk
from services.alerts.digests import DigestCloser
from services.alerts.effects import AlertEffects
from services.alerts.inbound import listening_for_mail
from services.alerts.inbound_desk import InboundDesk
from services.alerts.notices import NoticeWriter
from services.alerts.rounds import make_rounds
from services.alerts.sender import ROLE, Sender
from services.alerts.unsubscribe import UnsubscribePages
from services.alerts.weekly import SummaryCloser
from services.alerts.working_calendar import working_calendar
from services.clock import system_clock
from services.database import open_pool
from services.logs import log_to_stderr
from services.serving import Check, add_operations_routes, serving, stop_on_signals
from services.settings import Settings, read_settings
from services.stream.faust_loop import FaustLoop
from services.topics import ensure_topics

CONSUMER = "planwatch-alerts"


async def run(settings: Settings) -> None:
    """Consume evaluations, close digests and send mails until the process is told to stop."""
    stop = stop_on_signals()
    topics = await asyncio.to_thread(ensure_topics, settings.kafka, partitions=settings.partitions)
    notices = NoticeWriter(settings)
    sender = Sender(settings, system_clock)
    channels = ChannelSenders(settings, os.environ, system_clock)
    async with open_pool(settings.database_url, ROLE) as pool:
        with tempfile.TemporaryDirectory() as data_dir:
            loop = FaustLoop(
                consumer=CONSUMER,
                topic=ASSESSMENT_MADE,
                incarnation=topics[ASSESSMENT_MADE],
                bootstrap=settings.kafka,
                pool=pool,
                effects=lambda: AlertEffects(notices, system_clock, digest_wait_s=settings.digest_wait_s),
                clock=system_clock,
                data_dir=data_dir,
            )

            async def checks() -> dict[str, Check]:
                return {**await loop.health(), **await sender.health()}

            book = CaseBook(notices, system_clock, working_calendar(), digest_wait_s=settings.digest_wait_s)
            app = web.Application(client_max_size=MOST_BODY_BYTES)
            AcknowledgePages(pool, settings, system_clock).add_routes(app)
            UnsubscribePages(pool, settings, system_clock).add_routes(app)
            add_operations_routes(app, checks)
            add_accounts(app, pool, settings, system_clock)
            add_desk(app, pool, book, working_calendar(), system_clock)
            rounds = make_rounds(
                pool,
                CaseRounds(pool, book, working_calendar(), system_clock),
                DigestCloser(pool, notices, system_clock),
                SummaryCloser(pool, notices, system_clock),
                stop,
            )
            desk = InboundDesk(pool, book, settings, system_clock)
            audits = AuditRounds(
                pool,
                working_calendar(),
                system_clock,
                every_s=settings.audit_every_s,
                mail_late_s=settings.mail_late_s,
            )
            async with (
                serving(app, settings),
                listening_for_mail(desk, settings, system_clock),
                asyncio.TaskGroup() as tasks,
            ):
                tasks.create_task(sender.run(stop))
                tasks.create_task(rounds)
                tasks.create_task(audits.run(stop))
                tasks.create_task(channels.run(stop))
                tasks.create_task(loop.run(stop))


def main() -> None:
    """Entry point."""
    log_to_stderr()
    asyncio.run(run(read_settings(os.environ)))


if __name__ == "__main__":
    main()
