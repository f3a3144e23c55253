"""`planwatch key`: one API key per agency; the database keeps its digest only."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from psycopg import Connection

from services.api_keys import key_digest
from services.cli.connection import data_dir_option, find_running
from services.clock import system_clock
from services.database import connect_as


@click.group()
def key() -> None:
    """报送密钥：签发与吊销。 API keys of the agencies."""


@key.command()
@click.argument("agency_id")
@data_dir_option
def issue(agency_id: str, data_dir: Path | None) -> None:
    """为一个单位签发新密钥（原密钥随即失效）；密钥只显示这一次。 A new key, shown this once; the old one ends."""
    with connect_as(find_running(data_dir).database_url) as connection:
        if connection.execute("SELECT FROM agencies WHERE agency_id = %s", (agency_id,)).fetchone() is None:
            raise click.BadParameter(f"没有单位“{agency_id}” / there is no such agency")
        click.echo(issue_key(connection, agency_id, system_clock()))


@key.command()
@click.argument("agency_id")
@data_dir_option
def revoke(agency_id: str, data_dir: Path | None) -> None:
    """吊销一个单位的密钥。 Revoke the agency's key."""
    with connect_as(find_running(data_dir).database_url) as connection:
        revoked = revoke_key(connection, agency_id, system_clock())
    click.echo(f"已吊销 revoked: {revoked}")


def issue_key(connection: Connection[Any], agency_id: str, now: datetime) -> str:
    """Give the agency a new key of 256 random bits; its former key ends at once."""
    revoke_key(connection, agency_id, now)
    fresh = secrets.token_urlsafe(32)
    connection.execute(
        "INSERT INTO api_keys (key_digest, agency_id, issued_at) VALUES (%s, %s, %s)",
        (key_digest(fresh), agency_id, now),
    )
    return fresh


def revoke_key(connection: Connection[Any], agency_id: str, now: datetime) -> int:
    """End the agency's live key; returns how many there were (0 or 1)."""
    return connection.execute(
        "UPDATE api_keys SET revoked_at = %s WHERE agency_id = %s AND revoked_at IS NULL", (now, agency_id)
    ).rowcount
