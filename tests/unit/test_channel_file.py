"""The file of channels: what it means, and that every fault is named without giving an address away."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from planwatch.language import Text
from planwatch.policy import Level
from services.alerts.channels.configuration import (
    Channel,
    ChannelKind,
    ChannelsInvalid,
    Language,
    destination_of,
    read_channels,
)
from services.cli.main import commands

HOOK = """
channels:
  - name: duty-room
    kind: webhook
    url: https://duty.example.cn/hook/${TOKEN}
    secret: ${HOOK_SECRET}
"""
ENVIRONMENT = {"TOKEN": "abc", "HOOK_SECRET": "0123456789abcdef"}


def read(tmp_path: Path, text: str) -> tuple[Channel, ...]:
    path = tmp_path / "channels.yaml"
    path.write_text(text, "utf-8")
    return read_channels(path)


def with_url(url: str) -> Channel:
    return Channel(
        "duty-room", ChannelKind.WEBHOOK, url, "${HOOK_SECRET}", frozenset(), frozenset(), frozenset(), Language.ZH
    )


def test_a_channel_that_says_little_hears_of_orange_and_red_everywhere_in_both_languages(tmp_path: Path) -> None:
    (channel,) = read(tmp_path, HOOK)

    assert channel.wants("zhongwei", "zhongwei-education", Level.ORANGE)
    assert not channel.wants("zhongwei", "zhongwei-education", Level.YELLOW)
    assert channel.language.of(Text("红", "red")) == "红\nred"


def test_a_filter_lets_through_only_what_it_names(tmp_path: Path) -> None:
    (channel,) = read(tmp_path, HOOK + "    plans: [zhongwei]\n    agencies: [a, b]\n    levels: [yellow]\n")

    asked = [("zhongwei", "a", Level.YELLOW), ("zhongwei", "b", Level.YELLOW), ("wuwei", "a", Level.YELLOW),
             ("zhongwei", "c", Level.YELLOW), ("zhongwei", "a", Level.RED)]  # fmt: skip
    assert [channel.wants(*question) for question in asked] == [True, True, False, False, False]


def test_secrets_come_from_the_environment_and_are_not_printed(tmp_path: Path) -> None:
    (channel,) = read(tmp_path, HOOK)

    destination = destination_of(channel, ENVIRONMENT)

    assert (destination.url, destination.secret) == ("https://duty.example.cn/hook/abc", "0123456789abcdef")
    assert "abc" not in repr(destination)
    assert "abc" not in repr(channel)


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("    colour: red\n", "duty-room: 没有“colour”这一项"),
        ("    levels: [purple]\n", "duty-room: levels 只能是"),
        ("    plans: zhongwei\n", "duty-room: plans 应为列表"),
        ("    language: fr\n", "duty-room: language 应为"),
        ("  - {name: duty-room, kind: apprise, url: x}\n", "duty-room: 名称重复"),
        ("  - {name: Duty Room, kind: apprise, url: x}\n", "Duty Room: name 应为小写字母"),
        ("  - {kind: apprise, url: x}\n", "channels[2]: name 应为小写字母"),
        ("  - {name: b, kind: pigeon, url: x}\n", "b: kind 应为 webhook 或 apprise"),
        ("  - {name: b, kind: webhook, secret: '${A}'}\n", "b: 缺少 url"),
        ("  - {name: b, kind: webhook, url: x}\n", "b: secret 应为"),
        ("  - {name: b, kind: webhook, url: x, secret: in-the-open-123456}\n", "b: secret 应为"),
        ("  - {name: b, kind: apprise, url: x, secret: '${A}'}\n", "b: apprise 没有 secret"),
    ],
)
def test_a_fault_is_named_with_its_channel(tmp_path: Path, field: str, fault: str) -> None:
    with pytest.raises(ChannelsInvalid) as caught:
        read(tmp_path, HOOK + field)

    assert [found for found in caught.value.faults if found.startswith(fault)] == caught.value.faults


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ChannelsInvalid) as caught:
        read(tmp_path, "channels:\n  - {name: a, kind: pigeon}\n  - {name: b, kind: apprise, url: x, colour: red}\n")

    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("text", ["", "channels: yes", "- a", "channels: [a]", "a: [", "channels:\n\t- x"])
def test_what_is_no_file_of_channels_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ChannelsInvalid):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChannelsInvalid, match=r"absent\.yaml"):
        read_channels(tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    "url",
    ["https://a.example", "https://10.0.0.1:8443/x", "http://localhost:1/x", "http://127.0.0.1:1/", "http://[::1]/x"],
)
def test_a_webhook_is_https_or_stays_on_this_machine(url: str) -> None:
    assert destination_of(with_url(url), ENVIRONMENT).url == url


@pytest.mark.parametrize(
    "url",
    ["http://a.example", "http://10.0.0.1", "http://127.0.0.1.example.cn", "http://localhost.example.cn", "ftp://a.cn",
     "file:///etc/passwd", "https://", "https://user:word@a.cn", "https://a.cn/\nHost: b", "https://a.cn:port/"],
)  # fmt: skip
def test_any_other_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ChannelsInvalid) as caught:
        destination_of(with_url(url), ENVIRONMENT)

    assert url not in str(caught.value)


def test_missing_and_short_secrets_are_named_by_their_variable_and_channel(tmp_path: Path) -> None:
    (channel,) = read(tmp_path, HOOK)

    with pytest.raises(ChannelsInvalid, match=r"TOKEN 未设置.*; duty-room: HOOK_SECRET 未设置"):
        destination_of(channel, {})
    with pytest.raises(ChannelsInvalid, match="至少 16 个字符"):
        destination_of(channel, {**ENVIRONMENT, "HOOK_SECRET": "short"})


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("channels:\n  - {name: a, kind: apprise, url: 'json://127.0.0.1:1'}\n", 0, "没有错误"),
        ("channels:\n  - {name: a, kind: apprise, url: 'pigeon://secret-nest'}\n", 1, "apprise 不认识此 url"),
        ("channels:\n  - {name: a, kind: apprise, url: 'json://${NOWHERE_TO_BE_FOUND}'}\n", 1, "未设置"),
        ("channels:\n  - {name: a, kind: pigeon, url: x}\n", 1, "kind 应为"),
    ],
)
def test_the_command_checks_the_file(tmp_path: Path, text: str, status: int, said: str) -> None:
    path = tmp_path / "channels.yaml"
    path.write_text(text, "utf-8")

    result = CliRunner().invoke(commands, ["channel", "check", "--file", str(path)])

    assert (result.exit_code, said in result.output, "secret-nest" in result.output) == (status, True, False)
