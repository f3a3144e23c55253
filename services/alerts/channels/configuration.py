"""The file of channels: YAML → channels, with every fault named; secrets are taken from the environment."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from planwatch.language import Text
from planwatch.policy import Level, level_from_code
from services.errors import SettingsInvalid

DEFAULT_LEVELS = frozenset({Level.ORANGE, Level.RED})
SHORTEST_SECRET = 16
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FIELDS = frozenset({"name", "kind", "url", "secret", "plans", "agencies", "levels", "language"})


class ChannelKind(StrEnum):
    """How a channel is spoken to."""

    WEBHOOK = "webhook"
    APPRISE = "apprise"


class Language(StrEnum):
    """In which languages a channel is told; both: Chinese first."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"

    def of(self, text: Text) -> str:
        """What the channel reads of a text."""
        return {Language.ZH: text.zh, Language.EN: text.en, Language.BOTH: f"{text.zh}\n{text.en}"}[self]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as its file has it.

    Attributes:
        name: what rows, logs and metrics call it; its address is nowhere else.
        url: with `${NAME}` for what the environment holds.
        secret: key of a webhook's signatures, `${NAME}`; empty for apprise.
        plans, agencies: whose steps it is told of; empty: of all. The agency is the one that is mailed.
        levels: of the steps that it is told of.
    """

    name: str
    kind: ChannelKind
    url: str
    secret: str
    plans: frozenset[str]
    agencies: frozenset[str]
    levels: frozenset[Level]
    language: Language

    def wants(self, plan_id: str, agency_id: str, level: Level) -> bool:
        """Whether it is told of a step of a plan that is mailed to an agency."""
        return (
            (not self.plans or plan_id in self.plans)
            and (not self.agencies or agency_id in self.agencies)
            and level in self.levels
        )


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a channel leads: its address and key with the secrets in them. Never logged, never stored."""

    url: str
    secret: str

    def __repr__(self) -> str:
        """Nothing that a traceback could give away."""
        return "Destination(…)"


class ChannelsInvalid(SettingsInvalid):
    """The file of channels cannot be used; each fault names channel and field, and no address."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@cache
def channels_of(path: str) -> tuple[Channel, ...]:
    """The channels of a file, read once in the life of a process; none without a file.

    Raises:
        ChannelsInvalid: the file cannot be read or has faults.
    """
    return read_channels(Path(path)) if path else ()


def read_channels(path: Path) -> tuple[Channel, ...]:
    """Read a file of channels.

    Raises:
        ChannelsInvalid: the file cannot be read or has faults; every one is named.
    """
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise ChannelsInvalid([f"{path}: {error.strerror}"]) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = getattr(error, "problem_mark", None)
        line = f":{place.line + 1}" if place else ""
        raise ChannelsInvalid([f"{path}{line}: 不是 YAML / is not YAML"]) from None
    rows = document.get("channels") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ChannelsInvalid([f"{path}: 应为 channels: 下的列表 / expected a list under channels:"])
    faults = [fault for position, row in enumerate(rows, 1) for fault in _faults(row, _place(row, position))]
    names = [str(row.get("name")) for row in rows]
    faults += [f"{name}: 名称重复 / the name is taken" for name in dict.fromkeys(names) if names.count(name) > 1]
    if faults:
        raise ChannelsInvalid(faults)
    return tuple(_channel(row) for row in rows)


def destination_of(channel: Channel, environment: Mapping[str, str]) -> Destination:
    """The address and key of a channel.

    Raises:
        ChannelsInvalid: a variable is not set, or what comes out cannot be used.
    """
    asked = _REFERENCE.findall(channel.url + channel.secret)
    missing = [name for name in dict.fromkeys(asked) if not environment.get(name)]
    if missing:
        raise ChannelsInvalid([f"{channel.name}: {name} 未设置 / is not set" for name in missing])
    found = Destination(_filled(channel.url, environment), _filled(channel.secret, environment))
    if channel.kind is ChannelKind.WEBHOOK:
        faults = []
        if not _is_safe(found.url):
            faults.append(f"{channel.name}: url 应为 https（本机可用 http） / must be https, or http on this machine")
        if len(found.secret) < SHORTEST_SECRET:
            faults.append(f"{channel.name}: secret 至少 {SHORTEST_SECRET} 个字符 / needs that many characters")
        if faults:
            raise ChannelsInvalid(faults)
    return found


def _faults(row: Mapping[str, Any], place: str) -> list[str]:
    faults = [
        f"{place}: 没有“{field}”这一项 / there is no such field" for field in sorted(map(str, set(row) - _FIELDS))
    ]
    if not isinstance(row.get("name"), str) or not _NAME.fullmatch(row["name"]):
        faults.append(f"{place}: name 应为小写字母、数字和“-” / lower case letters, digits and - only")
    if row.get("kind") not in list(ChannelKind):
        faults.append(f"{place}: kind 应为 webhook 或 apprise / must be one of the two")
    if not isinstance(row.get("url"), str) or not row["url"]:
        faults.append(f"{place}: 缺少 url / url is missing")
    is_reference = isinstance(row.get("secret"), str) and _REFERENCE.fullmatch(row["secret"])
    if row.get("kind") == ChannelKind.WEBHOOK and not is_reference:
        faults.append(f"{place}: secret 应为 ${{变量名}} / must be ${{NAME}} of a variable")
    if row.get("kind") == ChannelKind.APPRISE and "secret" in row:
        faults.append(f"{place}: apprise 没有 secret，写在 url 中 / has no secret of its own: it is part of the url")
    faults += [
        f"{place}: {field} 应为列表 / must be a list"
        for field in ("plans", "agencies", "levels")
        if not _is_list_of_words(row.get(field, []))
    ]
    known = {level.code for level in Level}
    levels = row.get("levels", [])
    if _is_list_of_words(levels) and not set(levels) <= known:
        faults.append(f"{place}: levels 只能是 red、orange、yellow、blue / must be among these four")
    if row.get("language", Language.BOTH) not in list(Language):
        faults.append(f"{place}: language 应为 zh、en 或 both / must be one of the three")
    return faults


def _channel(row: Mapping[str, Any]) -> Channel:
    return Channel(
        name=row["name"],
        kind=ChannelKind(row["kind"]),
        url=row["url"],
        secret=row.get("secret", ""),
        plans=frozenset(row.get("plans", ())),
        agencies=frozenset(row.get("agencies", ())),
        levels=frozenset(map(level_from_code, row["levels"])) if row.get("levels") else DEFAULT_LEVELS,
        language=Language(row.get("language", Language.BOTH)),
    )


def _place(row: Mapping[str, Any], position: int) -> str:
    name = row.get("name")
    return name if isinstance(name, str) and name else f"channels[{position}]"


def _is_list_of_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _filled(text: str, environment: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda found: environment[found[1]], text)


def _is_safe(url: str) -> bool:
    """Whether what is posted stays secret on its way: TLS, or never leaves this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or any(sign.isspace() for sign in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
