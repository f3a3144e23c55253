"""What apprise offers (企业微信, 钉钉, 飞书 and others), in a thread, and silent about addresses."""

from __future__ import annotations

import asyncio
import json
import logging

from apprise import Apprise

from services.alerts.channels.configuration import Channel, ChannelsInvalid, Destination
from services.alerts.channels.webhook import ChannelDeferred

TIMEOUT_S = 60
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its lines may carry tokens
logging.getLogger("urllib3").setLevel(logging.ERROR)  # so may the paths in these


def check_address(channel: Channel, destination: Destination) -> None:
    """Return if apprise knows such an address.

    Raises:
        ChannelsInvalid: it does not.
    """
    if not Apprise().add(destination.url):
        raise ChannelsInvalid([f"{channel.name}: apprise 不认识此 url / apprise does not know such a url"])


async def notify(destination: Destination, body: str) -> None:
    """Hand a message over: its title, and its text with the link.

    Raises:
        ChannelDeferred: apprise says no; it does not say why, so that every failure is one that may pass.
    """
    message = json.loads(body)
    text = f"{message['text']}\n{message['url']}"
    try:
        delivered = await asyncio.wait_for(asyncio.to_thread(_notify, destination, message["title"], text), TIMEOUT_S)
    except TimeoutError:
        raise ChannelDeferred("没有应答 / no answer in time") from None
    if not delivered:
        raise ChannelDeferred("apprise 未能送达 / apprise could not deliver it")


def _notify(destination: Destination, title: str, text: str) -> bool:
    service = Apprise()
    return bool(service.add(destination.url) and service.notify(title=title, body=text))
