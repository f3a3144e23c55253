"""`python -m services.ingest`: the gateway and the relay in one process."""

from __future__ import annotations

import asyncio
import os

from services.clock import system_clock
from services.database import open_pool
from services.ingest.gateway import Gateway
from services.ingest.relay import ROLE, Relay
from services.logs import log_to_stderr
from services.serving import Check, add_operations_routes, serving, stop_on_signals
from services.settings import Settings, read_settings


async def run(settings: Settings) -> None:
    """Serve until the process is told to stop."""
    stop = stop_on_signals()
    async with open_pool(settings.database_url, ROLE, largest=8) as pool:
        relay = Relay(settings, system_clock)

        async def checks() -> dict[str, Check]:
            async with pool.connection() as connection:
                await connection.execute("SELECT 1")
            return {"ledger": Check(True, "answers"), **await relay.health()}

        app = Gateway(pool, settings, system_clock).application()
        add_operations_routes(app, checks)
        async with serving(app, settings):
            await relay.run(stop)


def main() -> None:
    """Entry point."""
    log_to_stderr()
    asyncio.run(run(read_settings(os.environ)))


if __name__ == "__main__":
    main()
