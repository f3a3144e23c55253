"""The digest of an agency and day: what it collects, when it goes out, what it leaves out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

HEALTH, EDUCATION = "zhongwei-health", "zhongwei-education"
DIGEST_WAIT = timedelta(seconds=300)


async def test_a_yellow_warning_waits_for_the_digest(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")

    assert pipeline.outbox() == []
    assert pipeline.steps("zhongwei-06") == [("raise", "yellow", 1, "digest")]
    assert pipeline.rows("SELECT agency_id, due_at, closed_at FROM digests") == [
        (EDUCATION, pipeline.clock() + DIGEST_WAIT, None)
    ]


@pytest.mark.parametrize(("wait", "closed"), [(DIGEST_WAIT - timedelta(microseconds=1), 0), (DIGEST_WAIT, 1)])
async def test_a_digest_is_closed_when_its_wait_is_over_and_not_before(
    pipeline: Pipeline, wait: timedelta, closed: int
) -> None:
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")

    pipeline.clock.now += wait

    assert await pipeline.close_digests() == closed
    assert len(pipeline.outbox()) == closed


async def test_all_that_comes_while_a_digest_is_open_is_in_one_mail(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(1, "2021", "0.32"), submission_id="a")
    pipeline.clock.advance(minutes=4)
    await pipeline.submit(figure(11, "2021", "2.68"), submission_id="b")
    pipeline.clock.advance(minutes=1)

    await pipeline.close_digests()
    await pipeline.close_digests()

    (mail,) = pipeline.mails()
    body = mail.get_body(("plain",))
    assert body is not None
    assert "婴幼儿托位数" in body.get_content()
    assert "注册护士数" in body.get_content()


async def test_an_agency_gets_one_digest_a_day(pipeline: Pipeline) -> None:
    # given a digest that went out at 10:05 in Shanghai
    await pipeline.submit(figure(1, "2021", "0.32"), submission_id="a")
    pipeline.clock.advance(minutes=5)
    await pipeline.close_digests()

    # when another yellow warning comes on the same day, and one of another agency
    pipeline.clock.advance(hours=1)
    await pipeline.submit(figure(11, "2021", "2.68"), figure(6, "2021", "93.88"), submission_id="b")
    pipeline.clock.advance(hours=5)
    await pipeline.close_digests()
    same_day = pipeline.outbox()

    # then it waits for eight o'clock of the next day
    pipeline.clock.advance(hours=15, minutes=54)  # 07:59
    await pipeline.close_digests()
    before_eight = pipeline.outbox()
    pipeline.clock.advance(minutes=1)
    await pipeline.close_digests()

    assert same_day == [("digest", HEALTH), ("digest", EDUCATION)]
    assert before_eight == same_day
    assert pipeline.outbox() == [*same_day, ("digest", HEALTH)]
    assert pipeline.rows("SELECT local_date::text FROM digests WHERE agency_id = %s ORDER BY 1", HEALTH) == [
        ("2022-03-01",),
        ("2022-03-02",),
    ]


async def test_a_warning_that_opens_and_closes_within_one_digest_is_not_told(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(minutes=2)
    await pipeline.submit(figure(6, "2021", "95"), submission_id="b")
    pipeline.clock.advance(minutes=3)

    closed = await pipeline.close_digests()

    assert pipeline.steps("zhongwei-06") == [("raise", "yellow", 1, "digest"), ("close", "yellow", 1, "digest")]
    assert (closed, pipeline.outbox()) == (1, [])


async def test_a_closure_of_what_an_earlier_digest_told_is_told(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(minutes=5)
    await pipeline.close_digests()
    pipeline.clock.advance(days=1)

    await pipeline.submit(figure(6, "2021", "95"), submission_id="b")
    pipeline.clock.advance(minutes=5)
    await pipeline.close_digests()

    assert pipeline.outbox() == [("digest", EDUCATION), ("digest", EDUCATION)]


async def test_a_closure_is_told_even_if_the_case_opened_and_closed_again_since_the_last_digest(
    pipeline: Pipeline,
) -> None:
    # given a warning that a digest has told
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(minutes=5)
    await pipeline.close_digests()
    pipeline.clock.advance(days=1)

    # when it closes, opens and closes before the next digest goes out
    await pipeline.submit(figure(6, "2021", "95"), submission_id="b")
    pipeline.clock.advance(minutes=1)
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="c")
    pipeline.clock.advance(minutes=1)
    await pipeline.submit(figure(6, "2021", "95.1"), submission_id="d")
    pipeline.clock.advance(minutes=3)
    await pipeline.close_digests()

    # then the department, which knows it as open, hears that it is closed
    assert pipeline.outbox() == [("digest", EDUCATION), ("digest", EDUCATION)]


async def test_a_digest_does_not_tell_what_an_immediate_mail_has_overtaken(pipeline: Pipeline) -> None:
    # given a yellow warning that waits for its digest
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(minutes=1)

    # when a correction makes it red, which is mailed at once
    await pipeline.submit(figure(6, "2021", "90"), submission_id="b")
    pipeline.clock.advance(minutes=4)
    await pipeline.close_digests()

    # then there is no second mail that calls it yellow
    assert pipeline.steps("zhongwei-06") == [("raise", "yellow", 1, "digest"), ("raise_level", "red", 1, "immediate")]
    assert pipeline.outbox() == [("warning", EDUCATION)]
