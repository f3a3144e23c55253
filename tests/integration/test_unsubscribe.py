"""退订: by the signed link of a weekly summary, on a real PostgreSQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from click.testing import CliRunner

from services.accounts.web import add_accounts
from services.alerts.links import LinkSigner, Unsubscription
from services.alerts.unsubscribe import UnsubscribePages
from services.cli.main import commands
from services.database import open_pool
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

LEAD, EDUCATION = "zhongwei-development-reform", "zhongwei-education"
ADDRESS = f"{LEAD}@example.org"
HELD_BACK = "SELECT mail_id IN (SELECT mail_id FROM mails), held_back_zh FROM weekly_summaries ORDER BY due_at"
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def _addresses(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")
    pipeline.clock.now = datetime(2022, 3, 7, 2, tzinfo=UTC)  # a Monday, ten o'clock in Shanghai


async def next_summary(pipeline: Pipeline, value: str, submission_id: str) -> None:
    """A week with a change of a red case, and its summary."""
    await pipeline.submit(figure(5, "2021", value), submission_id=submission_id)
    pipeline.clock.now += WEEK
    await pipeline.close_summaries()


async def ask(pipeline: Pipeline, method: str, url: str, **form: str) -> tuple[int, str]:
    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        app = web.Application()
        UnsubscribePages(pool, pipeline.settings, pipeline.clock).add_routes(app)
        add_accounts(app, pool, pipeline.settings, pipeline.clock)
        async with TestClient(TestServer(app)) as client:
            answer = await client.request(method, url, data=form if method == "POST" else None)
            return answer.status, await answer.text()


def link(pipeline: Pipeline) -> str:
    """Path and query of the link in the headers of the newest mail."""
    header = pipeline.mails()[-1]["List-Unsubscribe"]
    found = re.fullmatch(r"<\S+?(/unsubscribe\?token=\S+)>", header)
    assert found is not None
    return found.group(1)


def summaries(pipeline: Pipeline) -> int:
    return pipeline.outbox().count(("weekly", LEAD))


async def test_only_the_summary_can_be_unsubscribed_by_the_default_policy(pipeline: Pipeline) -> None:
    # given a red warning and, in the digest, a yellow one
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="b")
    pipeline.clock.advance(minutes=5)
    await pipeline.close_digests()
    await next_summary(pipeline, "97.81", "a")

    offered = [(kind, mail["List-Unsubscribe"] is not None) for (kind, _), mail in zip(
        pipeline.outbox(), pipeline.mails(), strict=True
    )]  # fmt: skip

    assert offered == [("digest", False), ("warning", False), ("weekly", True)]


async def test_following_the_link_changes_nothing(pipeline: Pipeline) -> None:
    await next_summary(pipeline, "97.81", "a")

    status, text = await ask(pipeline, "GET", link(pipeline))

    assert status == 200
    assert ADDRESS in text
    assert "退订" in text
    assert pipeline.rows("SELECT FROM unsubscribed") == []


async def test_one_click_of_a_mail_client_ends_the_summaries_with_a_stored_reason(pipeline: Pipeline) -> None:
    # given
    await next_summary(pipeline, "97.81", "a")

    # when the client posts what RFC 8058 says, twice
    status, _ = await ask(pipeline, "POST", link(pipeline), **{"List-Unsubscribe": "One-Click"})
    await ask(pipeline, "POST", link(pipeline), **{"List-Unsubscribe": "One-Click"})
    await next_summary(pipeline, "99.7", "b")

    # then
    assert status == 200
    assert pipeline.rows("SELECT agency_id, mail_kind, email FROM unsubscribed") == [(LEAD, "weekly", ADDRESS)]
    assert summaries(pipeline) == 1
    assert pipeline.rows(HELD_BACK) == [(True, None), (False, "收件人已退订此类邮件")]


async def test_the_page_offers_the_way_back(pipeline: Pipeline) -> None:
    # given
    await next_summary(pipeline, "97.81", "a")
    address = link(pipeline)
    _, text = await ask(pipeline, "POST", address, action="unsubscribe")

    # when
    await ask(pipeline, "POST", address, action="resubscribe")
    await next_summary(pipeline, "99.7", "b")

    # then
    assert 'value="resubscribe"' in text
    assert summaries(pipeline) == 2


async def test_who_has_unsubscribed_is_still_warned_reminded_and_escalated_to(pipeline: Pipeline) -> None:
    # given everybody has unsubscribed from everything that there is
    pipeline.execute(
        "INSERT INTO unsubscribed SELECT agency_id, kind, email, now() FROM agencies, unnest(ARRAY['weekly', 'digest',"
        " 'warning', 'reminder', 'escalation', 'closure', 'group', 'request']) AS kinds (kind)"
    )

    # when a red warning is not answered, and a yellow one waits for its digest
    await pipeline.submit(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    await pipeline.close_digests()
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()

    # then
    assert sorted(pipeline.outbox()) == [
        ("digest", EDUCATION), ("escalation", LEAD), ("reminder", EDUCATION), ("warning", EDUCATION),
    ]  # fmt: skip


async def test_a_digest_is_held_back_where_the_policy_allows_it(pipeline: Pipeline) -> None:
    # given
    pipeline.execute("UPDATE policies SET document = jsonb_set(document, '{mail,may_unsubscribe}', '[\"digest\"]')")
    pipeline.execute(
        "INSERT INTO unsubscribed SELECT agency_id, 'digest', email, now() FROM agencies WHERE agency_id = %s",
        EDUCATION,
    )

    # when
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(minutes=5)
    await pipeline.close_digests()

    # then
    assert pipeline.outbox() == []
    assert pipeline.rows("SELECT held_back_zh, held_back_en FROM digests") == [
        ("收件人已退订此类邮件", "the reader has unsubscribed from mails of this kind")
    ]


async def test_a_digest_with_nothing_left_to_tell_says_why_no_mail_went_out(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(minutes=2)
    await pipeline.submit(figure(6, "2021", "95"), submission_id="b")
    pipeline.clock.advance(minutes=3)

    await pipeline.close_digests()

    assert pipeline.outbox() == []
    assert pipeline.rows("SELECT held_back_zh FROM digests") == [("汇总期内开启又销号，或已由专函告知，无可通知",)]


async def test_a_kind_that_the_policy_no_longer_lets_go_cannot_be_unsubscribed(pipeline: Pipeline) -> None:
    await next_summary(pipeline, "97.81", "a")
    address = link(pipeline)
    pipeline.execute("UPDATE policies SET document = jsonb_set(document, '{mail,may_unsubscribe}', '[]')")

    status, _ = await ask(pipeline, "POST", address, action="unsubscribe")

    assert status == 403
    assert pipeline.rows("SELECT FROM unsubscribed") == []


@pytest.mark.parametrize("token", ["", "forged", "acknowledge"])
async def test_a_link_of_another_purpose_or_none_unsubscribes_nobody(pipeline: Pipeline, token: str) -> None:
    signer = LinkSigner(pipeline.settings.secret)
    tokens = {"acknowledge": signer.token("0123456789abcdef", 1, now=pipeline.clock())}

    status, _ = await ask(pipeline, "POST", f"/unsubscribe?token={tokens.get(token, token)}")

    assert status == 404
    assert pipeline.rows("SELECT FROM unsubscribed") == []


async def test_an_expired_link_unsubscribes_nobody(pipeline: Pipeline) -> None:
    who = Unsubscription(LEAD, "weekly", ADDRESS)
    token = LinkSigner(pipeline.settings.secret).unsubscribe_token(who, now=pipeline.clock() - timedelta(days=91))

    status, _ = await ask(pipeline, "POST", f"/unsubscribe?token={token}")

    assert status == 404


async def test_the_operator_can_bring_an_address_back(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    await next_summary(pipeline, "97.81", "a")
    await ask(pipeline, "POST", link(pipeline), action="unsubscribe")
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)
    command = ["contact", "resubscribe", LEAD, ADDRESS]

    # when
    first, second = CliRunner().invoke(commands, command), CliRunner().invoke(commands, command)

    # then
    assert first.exit_code == 0
    assert "weekly" in first.output
    assert second.exit_code == 2
    assert pipeline.rows("SELECT FROM unsubscribed") == []
