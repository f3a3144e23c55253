"""What the alerting service does by the clock: press cases, close digests and summaries, count what is open."""

from __future__ import annotations

import asyncio
import logging

from planwatch.policy import Level
from services.alerts import store
from services.alerts.case_rounds import CaseRounds
from services.alerts.digests import DigestCloser
from services.alerts.weekly import SummaryCloser
from services.database import Pool, wrap_errors
from services.errors import Retriable
from services.metrics import MAILS_PENDING, WARNINGS_OPEN

logger = logging.getLogger(__name__)

EVERY_S = 0.5


async def make_rounds(
    pool: Pool, cases: CaseRounds, digests: DigestCloser, summaries: SummaryCloser, stop: asyncio.Event
) -> None:
    """Make a round every half second until `stop` is set; an unreachable database is waited out."""
    while not stop.is_set():
        try:
            await cases.make_due()
            await digests.close_due()
            await summaries.close_due()
            await _count(pool)
        except Retriable as error:
            logger.warning("no round made: %s", error)
        await asyncio.sleep(EVERY_S)


async def _count(pool: Pool) -> None:
    with wrap_errors():
        async with pool.connection() as connection:
            levels, waiting = await store.count_open(connection)
    for level in Level:
        WARNINGS_OPEN.labels(level=level.code).set(levels.get(level.code, 0))
    MAILS_PENDING.set(waiting)
