"""Connections to the SMTP server that are used again: few at a time, none for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from services.alerts.mailer import Mailer, SmtpServer
from services.clock import Clock

IDLE = timedelta(seconds=30)
"""An unused connection is closed after this time; servers end them after a few minutes."""
MOST_MAILS = 100
"""Mails over one connection; many servers end it at some number, and a new one finds a new server behind a name."""


@dataclass(slots=True)
class _Kept:
    mailer: Mailer
    mails: int
    used_at: datetime


class SmtpPool:
    """At most `size` connections; the one that was used last is used again first, so that the others grow idle."""

    def __init__(self, server: SmtpServer, clock: Clock, *, size: int) -> None:
        self._server, self._clock = server, clock
        self._free = asyncio.Semaphore(size)
        self._kept: list[_Kept] = []

    async def __aenter__(self) -> Self:
        """Nothing is opened yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is kept."""
        await self._close(self._kept)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Mailer]:
        """A connection for one mail; it is kept afterwards while it is good for another."""
        async with self._free:
            await self.close_idle()
            taken = self._kept.pop() if self._kept else _Kept(Mailer(self._server), 0, self._clock())
            try:
                yield taken.mailer
            finally:
                taken.mails += 1
                taken.used_at = self._clock()
                if taken.mailer.is_open:
                    await self._keep(taken)

    async def close_idle(self) -> None:
        """Close the connections that have not been used for a while, and forget those that have ended."""
        limit = self._clock() - IDLE
        idle = [kept for kept in self._kept if kept.used_at <= limit]
        self._kept = [kept for kept in self._kept if kept.used_at > limit and kept.mailer.is_open]
        await self._close(idle)

    async def _keep(self, used: _Kept) -> None:
        if used.mails < MOST_MAILS:
            self._kept.append(used)
        else:
            await used.mailer.quit()

    async def _close(self, connections: list[_Kept]) -> None:
        for each in connections:
            await each.mailer.quit()
