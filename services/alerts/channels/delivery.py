"""From the outbox to the channels: each has a sender of its own, so that one that is down holds up nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from psycopg import AsyncConnection

from services.alerts.channels import apprise_services, store, webhook
from services.alerts.channels.configuration import Channel, ChannelKind, Destination, channels_of, destination_of
from services.alerts.channels.message import message_id
from services.alerts.channels.store import ClaimedMessage
from services.alerts.channels.webhook import ChannelDeferred, ChannelRefused
from services.alerts.sender import ROLE, retry_after
from services.clock import Clock
from services.database import conninfo_as, wrap_errors
from services.errors import Retriable
from services.metrics import CHANNEL_MESSAGES
from services.settings import Settings

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)  # longer than an attempt can take
GIVE_UP_AFTER = timedelta(days=2)
IDLE_S = 1.0


class ChannelSenders:
    """Sends to every channel until it is stopped. Several processes may; a lease keeps them out of each other's way."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], clock: Clock) -> None:
        """Read the file of channels and their secrets.

        Raises:
            ChannelsInvalid: the file has faults, or a secret is missing.
        """
        self._database_url, self._clock = settings.database_url, clock
        self._destinations = [
            (channel, checked_destination(channel, environment)) for channel in channels_of(settings.channels)
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Send what waits, listen for more."""
        async with asyncio.TaskGroup() as tasks:
            for channel, destination in self._destinations:
                tasks.create_task(self._serve(channel, destination, stop))

    async def _serve(self, channel: Channel, destination: Destination, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with self._connection() as connection:
                    while not stop.is_set():
                        await self._send_waiting(connection, channel, destination)
                        await _wait_for_notice(connection)
            except Retriable as error:
                logger.warning("channel %s waits: %s", channel.name, error)
                await asyncio.sleep(IDLE_S)

    async def _send_waiting(self, connection: AsyncConnection[Any], channel: Channel, destination: Destination) -> None:
        while True:
            with wrap_errors():
                message = await store.claim_message(connection, channel.name, self._clock(), LEASE)
            if message is None:
                return
            await self._send(connection, channel, destination, message)

    async def _send(
        self, connection: AsyncConnection[Any], channel: Channel, destination: Destination, message: ClaimedMessage
    ) -> None:
        identity = message_id(message.channel, message.case_id, message.step)
        try:
            await hand_over(channel, destination, identity, message.body, self._clock)
        except (ChannelRefused, ChannelDeferred) as error:
            await self._note_failed(connection, message, identity, error)
        else:
            with wrap_errors():
                await store.settle_message(connection, message, "sent", sent_at=self._clock())
            CHANNEL_MESSAGES.labels(channel=message.channel, outcome="sent").inc()

    async def _note_failed(
        self,
        connection: AsyncConnection[Any],
        message: ClaimedMessage,
        identity: str,
        error: ChannelRefused | ChannelDeferred,
    ) -> None:
        now, reason = self._clock(), str(error)
        gives_up = isinstance(error, ChannelRefused) or now - message.created_at > GIVE_UP_AFTER
        if gives_up:
            logger.error("message %s given up: %s", identity, reason)
        else:
            logger.warning("message %s deferred: %s", identity, reason)
        with wrap_errors():
            await store.settle_message(
                connection,
                message,
                "refused" if gives_up else "pending",
                next_attempt_at=None if gives_up else now + retry_after(message.attempts),
                error=reason,
            )
        CHANNEL_MESSAGES.labels(channel=message.channel, outcome="refused" if gives_up else "deferred").inc()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        with wrap_errors():
            connection = await AsyncConnection.connect(
                conninfo_as(self._database_url, ROLE, "planwatch_channels"), autocommit=True
            )
        async with connection:
            with wrap_errors():
                await connection.execute(f"LISTEN {store.NOTICE}")
            yield connection


def checked_destination(channel: Channel, environment: Mapping[str, str]) -> Destination:
    """Where a channel leads.

    Raises:
        ChannelsInvalid: a secret is missing, or the address cannot be used.
    """
    destination = destination_of(channel, environment)
    if channel.kind is ChannelKind.APPRISE:
        apprise_services.check_address(channel, destination)
    return destination


async def hand_over(channel: Channel, destination: Destination, identity: str, body: str, clock: Clock) -> None:
    """One attempt.

    Raises:
        ChannelDeferred: it may succeed later.
        ChannelRefused: it never will.
    """
    match channel.kind:
        case ChannelKind.WEBHOOK:
            await webhook.post(destination, identity, body, clock())
        case ChannelKind.APPRISE:
            await apprise_services.notify(destination, body)


async def _wait_for_notice(connection: AsyncConnection[Any]) -> None:
    with wrap_errors():
        async for _ in connection.notifies(timeout=IDLE_S, stop_after=1):
            return
