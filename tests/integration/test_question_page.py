"""The page of what a careful reader would ask the author of a plan."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from planwatch.plan_question import CODE_NAMES
from planwatch.plan_review import review_plan
from services.catalogue import apply_plan
from services.database import connect_as, open_pool
from services.pages.app import build_app
from services.pages.store import ROLE
from tests.builders import APPLIED_AT, real_plan, real_plan_file
from tests.integration.test_pages import Reader

pytestmark = pytest.mark.embedded


@pytest_asyncio.fixture
async def reader(database_url: str) -> AsyncIterator[Reader]:
    with connect_as(database_url) as connection:
        for plan_id in ("national", "kongtong"):
            apply_plan(connection, real_plan_file(plan_id), APPLIED_AT)
    async with open_pool(database_url, ROLE) as pool, TestClient(TestServer(build_app(pool, ""))) as client:
        yield Reader(client)


async def test_every_question_stands_on_the_page_under_its_kind_and_code(reader: Reader) -> None:
    questions = review_plan(real_plan("kongtong"), real_plan("national"))

    page = await reader.get("/plans/kongtong/questions")

    assert f"要问规划编制单位的 {len(questions)}" in page.text
    assert [each for each in questions if " ".join(each.text.zh.split()) not in page.text] == []
    assert {CODE_NAMES[each.code].zh for each in questions} <= set(re.findall(r"<summary>([^<]+)<", page.source))
    assert "并与《“十四五”公共服务规划》对照" in page.text


async def test_a_question_leads_to_what_it_is_about(reader: Reader) -> None:
    page = await reader.get("/plans/kongtong/questions")

    targets = set(re.findall(r'class="identity" href="([^"]+)"', page.source))
    plan = await reader.get("/plans/kongtong")
    commitments = await reader.get("/plans/kongtong/commitments")
    parent = await reader.get("/plans/national")
    sources = {
        "/plans/kongtong": plan.source,
        "/plans/kongtong/commitments": commitments.source,
        "/plans/national": parent.source,
    }
    assert len(targets) > 20
    assert [link for link in targets if f'id="{link.partition("#")[2]}"' not in sources[link.partition("#")[0]]] == []


async def test_the_plan_leads_to_its_questions_and_an_unknown_plan_has_none(reader: Reader) -> None:
    plan, unknown = await reader.get("/plans/kongtong"), await reader.get("/plans/atlantis/questions")

    assert 'href="/plans/kongtong/questions"' in plan.source
    assert unknown.status == HTTPStatus.NOT_FOUND


async def test_the_page_is_there_in_english(reader: Reader) -> None:
    page = await reader.get("/plans/kongtong/questions?lang=en")

    assert "Questions to the plan's author" in page.text
    assert "they are questions, not faults" in page.text
