"""Apply the numbered migrations in order, under an advisory lock; forward only."""

from __future__ import annotations

from importlib.resources import files

from services.database import connect_as

_LOCK = 7_214_202_501


def migrate(database_url: str) -> list[str]:
    """Bring the schema up to date.

    Args:
        database_url: of an owner who may create tables and roles.
    Returns:
        The names of the migrations applied now; empty when there was nothing to do.
    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    with connect_as(database_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz DEFAULT now())"
        )
        done = {name for (name,) in connection.execute("SELECT name FROM migrations")}
        pending = [name for name in migration_names() if name not in done]
        for name in pending:
            connection.execute(_text(name).encode())
            connection.execute("INSERT INTO migrations (name) VALUES (%s)", (name,))
        return pending


def migration_names() -> list[str]:
    """Names of all migrations in order, e.g. `0001_catalogue.sql`."""
    folder = files("services.database") / "migrations"
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))


def _text(name: str) -> str:
    return (files("services.database") / "migrations" / name).read_text(encoding="utf-8")
