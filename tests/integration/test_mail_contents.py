"""What the mails of the outbox carry: their thread, their picture, their links, and when they may go out."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from planwatch.case.events import ClosingRequested
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

EDUCATION, LEAD = "zhongwei-education", "zhongwei-development-reform"
NIGHT = datetime(2022, 3, 7, 15, tzinfo=UTC)  # a Monday, 23:00 in Shanghai
MORNING = datetime(2022, 3, 7, 23, tzinfo=UTC)  # 07:00 on Tuesday


@pytest.fixture(autouse=True)
def _addresses(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")
    pipeline.clock.now = datetime(2022, 3, 7, 2, tzinfo=UTC)  # a Monday, ten o'clock in Shanghai


def picture_of(mail: EmailMessage) -> EmailMessage | None:
    return next((part for part in mail.walk() if part.get_content_type() == "image/png"), None)


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


async def test_warning_reminder_escalation_request_and_closure_are_one_thread(pipeline: Pipeline) -> None:
    # given a red warning that is reminded and escalated, and whose closing is asked for
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    await pipeline.happen("zhongwei-05", ClosingRequested("王主任", "已整改"))

    # when a correction closes it
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")

    # then every mail answers the one before, and all name the first
    mails = pipeline.mails()
    ids = [mail["Message-ID"] for mail in mails]
    assert [kind for kind, _ in pipeline.outbox()] == ["warning", "reminder", "escalation", "request", "closure"]
    assert [mail["In-Reply-To"] for mail in mails] == [None, *ids[:-1]]
    assert [mail["References"].split() for mail in mails[1:]] == [ids[:1], ids[:2], ids[:3], ids[:4]]


async def test_a_mail_on_one_case_carries_the_picture_of_its_series(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")

    (mail,) = pipeline.mails()

    picture = picture_of(mail)
    assert picture is not None
    assert len(picture.get_content()) < 40_000
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in html_of(mail)


async def test_the_picture_shows_what_was_known_when_the_mail_was_written(pipeline: Pipeline) -> None:
    # given two bad years, reported one after the other
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.clock.advance(days=365)
    await pipeline.submit(figure(5, "2022", "97.5"), submission_id="b")
    pipeline.clock.advance(days=30)

    # when the second is corrected upwards
    await pipeline.submit(figure(5, "2022", "99.75"), submission_id="c")

    # then each mail has a picture of its own
    pictures = [picture_of(mail) for mail in pipeline.mails()]
    contents = [picture.get_content() for picture in pictures if picture is not None]
    assert len(contents) == len(pipeline.mails())
    assert len(set(contents)) == len(contents)


async def test_digests_and_missing_reports_carry_no_picture(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(days=60)
    await pipeline.make_rounds()
    await pipeline.close_digests()

    assert pipeline.mails()
    assert all(picture_of(mail) is None for mail in pipeline.mails())


async def test_a_warning_links_the_case_and_the_submission_behind_its_figure(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")

    ((case_id, submission_id),) = pipeline.rows("SELECT case_id, submission_id FROM early_warnings")
    html = html_of(pipeline.mails()[0])
    assert f'href="{pipeline.settings.alerts_url}/cases/{case_id}"' in html
    assert f'href="{pipeline.settings.public_url}/submissions/{submission_id}"' in html


def wait_unless_red(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE policies SET document = jsonb_set(document, '{mail,quiet_hours,urgent_from}', '\"red\"')")


def waits(pipeline: Pipeline) -> list[tuple[str, datetime]]:
    return [(kind, at) for kind, at in pipeline.rows("SELECT mail_kind, next_attempt_at FROM mails ORDER BY mail_id")]


async def test_in_quiet_hours_a_warning_waits_in_the_outbox_and_a_red_one_does_not(pipeline: Pipeline) -> None:
    # given
    wait_unless_red(pipeline)
    pipeline.clock.now = NIGHT

    # when an orange and a red warning come
    await pipeline.submit(figure(10, "2021", "2.13"), figure(5, "2021", "97.81"), submission_id="a")

    # then
    levels = dict(pipeline.rows("SELECT indicator_id, level FROM early_warnings"))
    due = dict(pipeline.rows(
        "SELECT indicator_id, next_attempt_at FROM mails JOIN warning_history USING (mail_id)"
        " JOIN early_warnings USING (case_id)"
    ))  # fmt: skip
    assert levels == {"zhongwei-10": "orange", "zhongwei-05": "red"}
    assert due == {"zhongwei-10": MORNING, "zhongwei-05": NIGHT}


async def test_in_quiet_hours_requests_and_closures_wait_too(pipeline: Pipeline) -> None:
    # given an orange case of the day before
    wait_unless_red(pipeline)
    await pipeline.submit(figure(10, "2021", "2.13"), submission_id="a")
    pipeline.execute("DELETE FROM mails")
    pipeline.clock.now = NIGHT

    # when
    await pipeline.happen("zhongwei-10", ClosingRequested("王主任", "已整改"))
    await pipeline.submit(figure(10, "2021", "2.60"), submission_id="b")

    # then
    assert sorted(waits(pipeline)) == [("closure", MORNING), ("request", MORNING)]


async def test_a_group_of_quiet_hours_waits_as_a_whole(pipeline: Pipeline) -> None:
    # given a policy under which two are many
    wait_unless_red(pipeline)
    pipeline.execute("UPDATE policies SET document = jsonb_set(document, '{mail,most_at_once}', '1')")
    pipeline.execute(
        "UPDATE policies SET document = jsonb_set(document, '{levels,reversed}',"
        """ '{"binding": "orange", "anticipatory": "orange"}')"""
    )
    pipeline.clock.now = NIGHT

    # when one report raises two orange warnings of one agency
    await pipeline.submit(figure(10, "2021", "1.5"), figure(11, "2021", "1.5"), submission_id="a")

    # then
    assert waits(pipeline) == [("group", MORNING)]
