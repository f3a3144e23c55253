"""The database: pools, and the one place where psycopg's errors become ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from services.errors import StoreUnavailable

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]


def conninfo_as(database_url: str, role: str, application: str) -> str:
    """Connection string that acts as `role` from the first statement on, with UTC as its time zone."""
    return make_conninfo(database_url, options=f"-c role={role} -c timezone=UTC", application_name=application)


@asynccontextmanager
async def open_pool(database_url: str, role: str, *, largest: int = 4) -> AsyncIterator[Pool]:
    """A pool of connections that act as `role`; open while the block runs.

    Raises:
        StoreUnavailable: no connection within 30 seconds.
    """
    pool: Pool = AsyncConnectionPool(
        conninfo_as(database_url, role, role), min_size=1, max_size=largest, open=False, timeout=30
    )
    with wrap_errors():
        await pool.open(wait=True, timeout=30)
    try:
        yield pool
    finally:
        await pool.close()


@contextmanager
def wrap_errors() -> Iterator[None]:
    """Translate a lost or refused connection into `StoreUnavailable`."""
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise StoreUnavailable(f"数据库不可用 / the database is unavailable: {error}") from error


@contextmanager
def connect_as(database_url: str, role: str | None = None) -> Iterator[psycopg.Connection[TupleRow]]:
    """One blocking connection for a command; it acts as `role` if one is given, and commits at the end.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    options = "-c timezone=UTC" + (f" -c role={role}" if role else "")
    with wrap_errors(), psycopg.connect(database_url, options=options, connect_timeout=10) as connection:
        yield connection
