"""签收 by the signed link of a mail, on a real PostgreSQL."""

from __future__ import annotations

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.alerts.acknowledge import AcknowledgePages
from services.database import open_pool
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded


@pytest.fixture
async def address(pipeline: Pipeline) -> str:
    """The path of the link in the mail of a red warning."""
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    (mail,) = pipeline.mails()
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"/acknowledge/\S+", body.get_content())
    assert found is not None
    return found.group()


async def ask(pipeline: Pipeline, method: str, address: str, name: str = "") -> tuple[int, str]:
    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        app = web.Application()
        AcknowledgePages(pool, pipeline.settings, pipeline.clock).add_routes(app)
        async with TestClient(TestServer(app)) as client:
            answer = await client.request(method, address, data={"name": name} if method == "POST" else None)
            return answer.status, await answer.text()


async def test_following_the_link_changes_nothing(pipeline: Pipeline, address: str) -> None:
    status, text = await ask(pipeline, "GET", address)

    assert status == 200
    assert "九年义务教育巩固率" in text
    assert [kind for kind, *_ in pipeline.steps("zhongwei-05")] == ["raise"]


async def test_the_button_acknowledges_once_and_names_who(pipeline: Pipeline, address: str) -> None:
    await ask(pipeline, "POST", address, "王主任")
    status, _ = await ask(pipeline, "POST", address, "李科长")

    assert status == 200
    assert [kind for kind, *_ in pipeline.steps("zhongwei-05")] == ["raise", "acknowledge"]
    assert pipeline.rows("SELECT actor FROM warning_history ORDER BY step DESC LIMIT 1") == [("中卫市教育局 王主任",)]
    assert pipeline.rows("SELECT state, due_on = measures_by FROM early_warnings") == [("acknowledged", True)]


async def test_what_was_acknowledged_in_time_is_not_escalated(pipeline: Pipeline, address: str) -> None:
    await ask(pipeline, "POST", address, "王主任")
    pipeline.clock.advance(days=6)

    taken = await pipeline.make_rounds()

    assert taken == 0


async def test_a_forged_link_finds_nothing(pipeline: Pipeline, address: str) -> None:
    status, _ = await ask(pipeline, "POST", address[:-4] + "AAAA", "王主任")

    assert status == 404
    assert [kind for kind, *_ in pipeline.steps("zhongwei-05")] == ["raise"]


async def test_the_link_of_an_earlier_episode_acknowledges_nothing(pipeline: Pipeline, address: str) -> None:
    pipeline.clock.advance(days=1)
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")
    pipeline.clock.advance(days=1)
    await pipeline.submit(figure(5, "2022", "97"), submission_id="c")

    await ask(pipeline, "POST", address, "王主任")

    assert [kind for kind, *_ in pipeline.steps("zhongwei-05")] == ["raise", "close", "reopen"]
