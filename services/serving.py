"""What every service shares as a process: its HTTP side (`/metrics`, `/healthz`), signals, and an orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.settings import Settings
from services.web.access import open_to_anyone

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must go well for a service to be healthy; `detail` says how it stands."""

    is_well: bool
    detail: str


Checks = Callable[[], Awaitable[dict[str, Check]]]

HEALTH_TIMEOUT_S = 5


def add_operations_routes(app: web.Application, checks: Checks) -> None:
    """Serve `/metrics` and `/healthz`; the latter answers 503 unless every check is well."""

    @open_to_anyone
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @open_to_anyone
    async def health(_: web.Request) -> web.Response:
        try:
            found = await asyncio.wait_for(checks(), HEALTH_TIMEOUT_S)
        except Exception as error:
            logger.warning("health check failed: %r", error)
            found = {"check": Check(False, type(error).__name__)}
        is_well = all(check.is_well for check in found.values())
        details = {name: {"healthy": check.is_well, "detail": check.detail} for name, check in found.items()}
        return web.json_response({"healthy": is_well, "checks": details}, status=200 if is_well else 503)

    app.router.add_get("/metrics", metrics)
    app.router.add_get("/healthz", health)


@asynccontextmanager
async def serving(app: web.Application, settings: Settings) -> AsyncIterator[None]:
    """Listen on the configured address while the block runs."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
        logger.info("listening on %s", runner.addresses)
        yield
    finally:
        await runner.cleanup()


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
