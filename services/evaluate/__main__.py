"""`python -m services.evaluate`: one evaluator worker."""

from __future__ import annotations

import asyncio
import os
import tempfile

from aiohttp import web

from planwatch.wire import SUBMISSION_RECEIVED
from services.clock import system_clock
from services.database import open_pool
from services.evaluate.effects import EvaluateEffects
from services.logs import log_to_stderr
from services.serving import add_operations_routes, serving, stop_on_signals
from services.settings import Settings, read_settings
from services.stream.faust_loop import FaustLoop
from services.topics import ensure_topics

CONSUMER = "planwatch-evaluate"
ROLE = "planwatch_evaluate"


async def run(settings: Settings) -> None:
    """Consume submissions until the process is told to stop."""
    stop = stop_on_signals()
    topics = await asyncio.to_thread(ensure_topics, settings.kafka, partitions=settings.partitions)
    async with open_pool(settings.database_url, ROLE) as pool:
        with tempfile.TemporaryDirectory() as data_dir:
            loop = FaustLoop(
                consumer=CONSUMER,
                topic=SUBMISSION_RECEIVED,
                incarnation=topics[SUBMISSION_RECEIVED],
                bootstrap=settings.kafka,
                pool=pool,
                effects=lambda: EvaluateEffects(system_clock),
                clock=system_clock,
                data_dir=data_dir,
            )
            app = web.Application()
            add_operations_routes(app, loop.health)
            async with serving(app, settings):
                await loop.run(stop)


def main() -> None:
    """Entry point."""
    log_to_stderr()
    asyncio.run(run(read_settings(os.environ)))


if __name__ == "__main__":
    main()
