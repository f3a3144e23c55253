"""`python -m services.pages`: serve the pages until the process is told to stop."""

from __future__ import annotations

import asyncio
import os

from services.database import open_pool
from services.logs import log_to_stderr
from services.pages.app import build_app
from services.pages.store import ROLE
from services.serving import serving, stop_on_signals
from services.settings import Settings, read_settings


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = stop_on_signals()
    async with (
        open_pool(settings.database_url, ROLE) as pool,
        serving(build_app(pool, settings.mail_catcher, settings.alerts_url), settings),
    ):
        await stop.wait()


def main() -> None:
    """Entry point."""
    log_to_stderr()
    asyncio.run(run(read_settings(os.environ)))


if __name__ == "__main__":
    main()
