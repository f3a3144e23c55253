"""What the clock does to stored cases, on a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from planwatch.case.events import Acknowledged, MeasuresFiled, Silenced
from planwatch.case.model import Measure
from services.catalogue import apply_plan
from services.catalogue_files import read_plan_file
from services.cli.main import commands
from services.database import connect_as
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

EDUCATION, LEAD = "zhongwei-education", "zhongwei-development-reform"
MONDAY = datetime(2022, 3, 7, 2, tzinfo=UTC)  # ten o'clock in Shanghai


@pytest.fixture(autouse=True)
def _addresses(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")
    pipeline.clock.now = MONDAY


async def raise_red(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")


async def test_nobody_is_pressed_before_the_deadline_is_near(pipeline: Pipeline) -> None:
    await raise_red(pipeline)

    taken = await pipeline.make_rounds()

    assert taken == 0
    assert pipeline.outbox() == [("warning", EDUCATION)]


async def test_an_unanswered_warning_is_reminded_and_escalated_once_each(pipeline: Pipeline) -> None:
    # given a red warning of Monday, to be acknowledged by Thursday
    await raise_red(pipeline)

    # when rounds are made on Wednesday, and twice on Friday, the first working day after
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    await pipeline.make_rounds()

    # then
    assert pipeline.outbox() == [("warning", EDUCATION), ("reminder", EDUCATION), ("escalation", LEAD)]
    warning, reminder, escalation = pipeline.mails()
    assert reminder["In-Reply-To"] == warning["Message-ID"]
    assert "催办" in str(reminder["Subject"])
    assert "督办" in str(escalation["Subject"])
    assert escalation["To"] == f"{LEAD}@example.org"
    text = escalation.get_body(("plain",))
    assert text is not None
    assert "请中卫市发展改革委督促中卫市教育局办理" in text.get_content()
    assert "/acknowledge/" not in text.get_content()


async def test_measures_keep_the_escalation_away(pipeline: Pipeline) -> None:
    await raise_red(pipeline)
    await pipeline.happen("zhongwei-05", Acknowledged("王主任"))
    await pipeline.happen("zhongwei-05", MeasuresFiled("王主任", (Measure("补齐师资", "李科长", date(2022, 9, 1)),)))

    pipeline.clock.advance(days=21)
    taken = await pipeline.make_rounds()

    assert taken == 0
    assert pipeline.rows("SELECT state, due_on FROM early_warnings") == [("rectifying", date(2022, 9, 1))]
    assert pipeline.rows("SELECT state FROM early_warnings_as_of('infinity')") == [("rectifying",)]


async def test_a_silence_holds_the_mails_back_with_its_reason(pipeline: Pipeline) -> None:
    await raise_red(pipeline)
    await pipeline.happen("zhongwei-05", Silenced("赵处长", date(2022, 4, 1), "口径核对"))
    pipeline.clock.advance(days=4)
    await pipeline.submit(figure(5, "2021", "99.58"), submission_id="b")

    taken = await pipeline.make_rounds()

    assert taken == 0
    assert pipeline.outbox() == [("warning", EDUCATION)]
    assert pipeline.rows("SELECT delivery_reason_zh FROM warning_history ORDER BY step DESC LIMIT 1") == [
        ("静默至2022-04-01",)
    ]


async def test_a_report_that_does_not_come_is_a_case_of_its_own_and_ends_with_the_report(pipeline: Pipeline) -> None:
    # given figures for 2021 of all indicators but no. 5, due by 31 March and ten days of grace
    rows = [figure(no, "2021", "-") for no in range(1, 26) if no != 5]
    await pipeline.submit(*rows, submission_id="a")

    # when the 10th of April has passed, sixty days more have, and the report comes
    pipeline.clock.now = datetime(2022, 4, 10, 15, 59, tzinfo=UTC)
    before = await pipeline.make_rounds()
    pipeline.clock.advance(minutes=1)
    await pipeline.make_rounds()
    await pipeline.make_rounds()
    pipeline.clock.advance(days=60)
    await pipeline.make_rounds()
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")
    await pipeline.make_rounds()

    # then
    assert before == 0
    assert pipeline.steps("zhongwei-05") == [
        ("raise", "blue", 1, "digest"),
        ("raise_level", "orange", 1, "immediate"),
        ("close", "orange", 1, "immediate"),
    ]
    assert pipeline.rows("SELECT kind, state, series_key FROM early_warnings") == [("overdue_report", "closed", None)]
    warning, closure = pipeline.mails()
    assert "至今未报" in str(warning["Subject"])
    assert "规划未印发报送频率" in str(warning["Subject"])
    assert "均已报送" in str(closure["Subject"])


async def test_what_ended_before_the_plan_was_entered_is_history_and_no_omission(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE plans SET applied_at = '2026-11-01'")
    pipeline.clock.now = datetime(2026, 11, 20, 2, tzinfo=UTC)

    assert await pipeline.make_rounds() == 0


async def test_the_digest_tells_of_missing_reports(pipeline: Pipeline) -> None:
    pipeline.clock.now = datetime(2022, 4, 11, 2, tzinfo=UTC)
    await pipeline.make_rounds()
    pipeline.clock.advance(minutes=5)

    await pipeline.close_digests()

    mail = next(mail for mail in pipeline.mails() if mail["To"] == f"{EDUCATION}@example.org")
    text = mail.get_body(("plain",))
    assert text is not None
    assert "至今未报" in text.get_content()
    assert "None" not in text.get_content()


async def test_a_refused_mail_is_noted_once(pipeline: Pipeline) -> None:
    await raise_red(pipeline)
    pipeline.execute("UPDATE mails SET state = 'refused', last_error = '550 no such user'")

    taken = [await pipeline.make_rounds(), await pipeline.make_rounds()]

    assert taken == [1, 0]
    assert [kind for kind, *_ in pipeline.steps("zhongwei-05")] == ["raise", "mail_failed"]


async def test_a_second_version_of_the_plan_hands_the_case_to_its_new_owner(
    pipeline: Pipeline, plans_dir: Path
) -> None:
    # given a red warning, and a version 2 that gives no. 5 to another department
    await raise_red(pipeline)
    path = plans_dir / "zhongwei" / "plan.yaml"
    document = yaml.safe_load(path.read_text("utf-8"))
    document["version"] = 2
    document["revision"] = {
        "effective_on": "2021-01-01",
        "reason": {"zh": "职能调整", "en": "duties were moved"},
        "document": {"zh": "职能调整通知", "en": "notice on moved duties"},
    }
    document["indicators"][4]["owner"] = "zhongwei-health"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    pipeline.clock.advance(hours=1)
    with connect_as(pipeline.url) as connection:
        apply_plan(connection, read_plan_file(plans_dir, "zhongwei"), pipeline.clock())

    # when
    taken = [await pipeline.make_rounds(), await pipeline.make_rounds()]

    # then
    assert taken == [1, 0]
    assert pipeline.outbox() == [("warning", EDUCATION), ("warning", "zhongwei-health")]
    assert pipeline.rows("SELECT agency_id, plan_version FROM early_warnings") == [("zhongwei-health", 2)]


async def test_a_substitute_gets_the_mails_of_its_days(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)
    add, days = ["contact", "add", EDUCATION], ["--from", "2022-03-07", "--until", "2022-03-08"]
    answers = [
        CliRunner().invoke(commands, [*add, "常任", "officer@example.org", "--from", "2022-01-01"]).exit_code,
        CliRunner().invoke(commands, [*add, "代理", "substitute@example.org", *days, "--substitute"]).exit_code,
        CliRunner().invoke(commands, [*add, "无名", "no address"]).exit_code,
    ]
    assert answers == [0, 0, 2]
    await raise_red(pipeline)
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()

    assert [mail["To"] for mail in pipeline.mails()] == ["substitute@example.org", "officer@example.org"]


async def test_the_coordinating_body_gets_one_summary_of_the_week(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.now = datetime(2022, 3, 14, 0, 59, tzinfo=UTC)
    early = await pipeline.close_summaries()
    pipeline.clock.advance(minutes=1)

    closed = [await pipeline.close_summaries(), await pipeline.close_summaries()]

    assert (early, closed) == (0, [1, 0])
    summary = pipeline.mails()[-1]
    assert summary["To"] == f"{LEAD}@example.org"
    assert str(summary["Subject"]) == "【每周综述】中卫市发展改革委：本周2件有变化，在办2件，逾期1件（2022年3月14日）"


async def test_many_red_warnings_of_one_report_to_one_agency_are_one_mail(pipeline: Pipeline) -> None:
    # given more red and orange warnings for one agency than may go out at once
    pipeline.execute("UPDATE policies SET document = jsonb_set(document, '{mail,most_at_once}', '1')")
    pipeline.execute("UPDATE policies SET applied_at = applied_at + interval '1 second'")

    await pipeline.submit(figure(5, "2021", "97.81"), figure(5, "2021", "97.2", ref_area="640502"), submission_id="a")

    assert pipeline.outbox() == [("group", EDUCATION)]
    assert pipeline.rows("SELECT count(DISTINCT mail_id), count(*) FROM warning_history") == [(1, 2)]
