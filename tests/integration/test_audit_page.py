"""The page of the self-audit: what it says of a run, in both languages, and that it says when there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from services.alerts.audit_rounds import AuditRounds
from services.alerts.working_calendar import working_calendar
from services.database import open_pool
from services.pages.audit_page import AuditPage
from services.pages.rendering import DESK_URL
from services.pages.store import ROLE
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded


@pytest.fixture
async def client(pipeline: Pipeline) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app[DESK_URL] = ""
    async with open_pool(pipeline.url, ROLE) as pool:
        AuditPage(pool, pipeline.clock).add_routes(app)
        async with TestClient(TestServer(app)) as client:
            yield client


async def audit(pipeline: Pipeline) -> None:
    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        await AuditRounds(pool, working_calendar(), pipeline.clock, every_s=60, mail_late_s=3600).make()


async def test_before_the_first_audit_the_page_says_that_it_is_overdue(
    client: TestClient[web.Request, web.Application],
) -> None:
    text = await (await client.get("/audit")).text()

    assert "还没有审计过" in text
    assert "审计逾期未作" in text


async def test_a_clean_run_is_shown_with_what_it_proved(
    pipeline: Pipeline, client: TestClient[web.Request, web.Application]
) -> None:
    await audit(pipeline)

    chinese = await (await client.get("/audit")).text()
    english = await (await client.get("/audit?lang=en")).text()

    assert "没有发现问题" in chinese
    assert "预警经过的散列链完整" in chinese
    assert "It has no findings." in english
    assert "the chains of the histories hold" in english
    assert "逾期" not in chinese


async def test_findings_are_listed_and_name_nobody(
    pipeline: Pipeline, client: TestClient[web.Request, web.Application]
) -> None:
    pipeline.execute("UPDATE agencies SET email = 'wang@example.org'")
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.execute("UPDATE mails SET last_error = '450 wang@example.org is busy'")
    pipeline.clock.advance(hours=2)
    await audit(pipeline)

    text = await (await client.get("/audit")).text()

    assert "发现 1 个问题" in text
    assert "邮件至今未发出，已尝试0次" in text
    assert "wang" not in text


@pytest.mark.parametrize(("late_by", "is_overdue"), [(timedelta(0), False), (timedelta(seconds=1), True)])
async def test_a_run_of_five_intervals_ago_no_longer_speaks_of_today(
    pipeline: Pipeline, client: TestClient[web.Request, web.Application], late_by: timedelta, is_overdue: bool
) -> None:
    await audit(pipeline)
    pipeline.clock.now += timedelta(minutes=5) + late_by

    text = await (await client.get("/audit")).text()

    assert ("审计逾期未作" in text) is is_overdue
