"""What is watched outside the main table: progress of tasks and projects, text targets, service standards."""

from __future__ import annotations

import copy
from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage
from typing import Any

import pytest

from planwatch.plan_document import plan_from_mapping
from planwatch.wire import SUBMISSION_RECEIVED
from services.catalogue import apply_plan
from services.catalogue_files import PlanFile
from services.database import connect_as
from tests.builders import APPLIED_AT, figure, make_record, real_plan_file
from tests.fakes import FakeClock
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

PROJECT, TASK, SERVICE, TARGET = "zhongwei-project-03", "zhongwei-task-02", "zhongwei-service-01", "zhongwei-t03"
LEAD, CIVIL_AFFAIRS = "zhongwei-development-reform", "zhongwei-civil-affairs"


def work(reference: str, period: str, **cells: str) -> dict[str, str]:
    """One row about a task or a project."""
    return {"indicator": reference, "time_period": period, **cells}


def standard(value: str, source: str) -> dict[str, Any]:
    return {
        "value": value,
        "comparator": "ge",
        "unit": {"printed": "%", "measure": "PT", "mult": 0},
        "source": {"zh": source, "en": "Standard"},
    }


def with_standards(own: str, parent: str, *, version: int = 2, deadline: str | None = None) -> PlanFile:
    """Zhongwei's plan with standards for its first service, and a deadline for project 3."""
    document = copy.deepcopy(dict(real_plan_file("zhongwei").document))
    document["version"] = version
    document["service_items"][0] |= {
        "standard": standard(own, "自治区实施标准"),
        "parent_standard": standard(parent, "国家标准"),
    }
    document["projects"][2]["deadline"] = deadline
    return PlanFile(plan_from_mapping(document), document)


def apply(pipeline: Pipeline, file: PlanFile) -> bool:
    with connect_as(pipeline.url) as connection:
        return apply_plan(connection, file, pipeline.clock())


async def relay(pipeline: Pipeline) -> None:
    """What the relay and the two workers do with the submissions that wait in the outbox."""
    waiting = pipeline.rows(
        "SELECT record_value FROM outgoing_events WHERE topic = %s AND settled_at IS NULL ORDER BY event_no",
        SUBMISSION_RECEIVED,
    )
    await pipeline.evaluate(*(make_record(value, recorded_at=pipeline.clock()) for (value,) in waiting))
    await pipeline.alert()


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def digest(pipeline: Pipeline) -> EmailMessage:
    """The one mail that gathers what is not urgent."""
    pipeline.clock.advance(minutes=6)
    await pipeline.close_digests()
    return pipeline.mails()[-1]


def kinds(pipeline: Pipeline) -> dict[str, tuple[str, str, str]]:
    found = pipeline.rows("SELECT indicator_id, subject_kind, level, cause FROM early_warnings WHERE state <> 'closed'")
    return {indicator: (kind, level, cause) for indicator, kind, level, cause in found}


async def test_a_report_on_a_project_leaves_figures_verdicts_and_what_it_says(pipeline: Pipeline) -> None:
    await pipeline.submit(
        work(PROJECT, "2022", work_status="在建", physical_progress="15", investment="800", expected_completion="2025"),
        work(f"{PROJECT}-q1", "2022", quantity_delivered="2"),
        submission_id="a",
    )

    assert pipeline.rows("SELECT series_key, obs_value FROM observations ORDER BY 1") == [
        (f"{PROJECT}-delay.640500.A._T._T", Decimal(0)),
        (f"{PROJECT}-progress.640500.A._T._T", Decimal(15)),
        (f"{PROJECT}-q1.640500.A._T._T", Decimal(2)),
    ]
    assert pipeline.rows("SELECT indicator_id, class FROM assessments JOIN series USING (series_key) ORDER BY 1") == [
        (f"{PROJECT}-delay", "held"),
        (f"{PROJECT}-progress", "far_behind"),
        (f"{PROJECT}-q1", "achieved"),
    ]
    assert pipeline.rows(
        "SELECT commitment_id, ref_area, time_period, status, investment, expected_completion, row_number"
        " FROM work_reports"
    ) == [(PROJECT, "640500", "2022", "under_way", Decimal(800), "2025", 1)]
    assert pipeline.rows("SELECT accepted_rows FROM submissions") == [(2,)]


async def test_a_report_that_gives_a_status_only_is_kept_and_announced(pipeline: Pipeline) -> None:
    await pipeline.submit(work(TASK, "2022", work_status="暂停"), submission_id="a")

    assert pipeline.rows("SELECT commitment_id, status FROM work_reports") == [(TASK, "suspended")]
    assert pipeline.rows("SELECT accepted_rows, evaluated_at IS NOT NULL FROM submissions") == [(1, True)]
    assert pipeline.rows("SELECT count(*) FROM outgoing_events WHERE settled_at IS NULL") == [(0,)]


async def test_a_report_that_is_delivered_twice_changes_nothing(pipeline: Pipeline) -> None:
    row = work(PROJECT, "2022", work_status="在建", physical_progress="15")
    await pipeline.submit(row, submission_id="a")
    before = pipeline.snapshot(), pipeline.rows("SELECT * FROM work_reports")

    await pipeline.submit(row, submission_id="a")

    assert (pipeline.snapshot(), pipeline.rows("SELECT * FROM work_reports")) == before


async def test_each_kind_of_commitment_opens_a_warning_of_its_own_kind(pipeline: Pipeline) -> None:
    apply(pipeline, with_standards(own="95", parent="90"))
    await relay(pipeline)

    await pipeline.submit(
        work(PROJECT, "2022", physical_progress="15"),
        work(TASK, "2022", physical_progress="30"),
        figure(TARGET, "2021", "10"),
        figure(TARGET, "2022", "12"),
        figure(SERVICE, "2022", "80"),
        submission_id="a",
    )

    assert kinds(pipeline) == {
        f"{PROJECT}-progress": ("project", "yellow", "far_behind"),
        f"{TASK}-progress": ("task", "blue", "lagging"),
        TARGET: ("text_target", "yellow", "far_behind"),
        f"{SERVICE}-level": ("service_standard", "orange", "breached"),
    }


async def test_a_mail_on_a_project_says_where_it_stands_and_that_the_schedule_is_assumed(pipeline: Pipeline) -> None:
    await pipeline.submit(work(PROJECT, "2022", physical_progress="15"), submission_id="a")

    text = text_of(await digest(pipeline))

    assert text.startswith(
        "公益性养老服务供给能力提升工程：形象进度(%) 2022年为15，按序时进度应达40.0，低25.0个百分点，自2022年起"
    )
    assert "《中卫市公共服务发展“十四五”规划》重点工程第3项｜重点工程预警" in text
    assert "说明：规划未印发工期，以规划期（2021–2025年）为序时进度" in text
    assert "主表" not in text


async def test_an_expected_completion_after_the_deadline_is_told_at_once(pipeline: Pipeline) -> None:
    await pipeline.submit(
        work(PROJECT, "2022", physical_progress="40", expected_completion="2026-06"), submission_id="a"
    )

    (mail,) = pipeline.mails()
    assert kinds(pipeline) == {f"{PROJECT}-delay": ("project", "orange", "breached")}
    assert mail["To"] == "planwatch@planwatch.test"
    assert text_of(mail).startswith(
        "公益性养老服务供给能力提升工程：预计完成时间晚于期限(个月) 2022年为6，规划要求≤0，晚6个月；评价为“未达标”"
    )
    assert "说明：规划未印发期限，以规划期末（2025年）为期限" in text_of(mail)


async def test_a_project_that_is_not_done_when_its_deadline_has_passed_is_warned_of(pipeline: Pipeline) -> None:
    apply(pipeline, with_standards(own="95", parent="90", deadline="2022"))
    await relay(pipeline)

    await pipeline.submit(work(PROJECT, "2023-Q1", physical_progress="98"), submission_id="a")

    assert kinds(pipeline) == {f"{PROJECT}-progress": ("project", "blue", "lagging")}
    assert pipeline.rows("SELECT reason FROM assessments WHERE time_period = '2023-Q1'") == [("deadline_passed",)]


async def test_warnings_on_a_project_are_closed_when_it_is_completed(pipeline: Pipeline) -> None:
    await pipeline.submit(
        work(PROJECT, "2022", physical_progress="15", expected_completion="2026-06"), submission_id="a"
    )
    assert kinds(pipeline).keys() == {f"{PROJECT}-progress", f"{PROJECT}-delay"}
    pipeline.clock.advance(days=300)

    await pipeline.submit(work(PROJECT, "2023", work_status="已完成"), submission_id="b")

    assert kinds(pipeline) == {}
    assert [step[0] for step in pipeline.steps(f"{PROJECT}-progress")] == ["raise", "close"]
    assert [step[0] for step in pipeline.steps(f"{PROJECT}-delay")] == ["raise", "close"]


async def test_a_service_below_its_standard_is_a_warning_on_the_standard(pipeline: Pipeline) -> None:
    apply(pipeline, with_standards(own="95", parent="90"))
    await relay(pipeline)

    await pipeline.submit(figure(SERVICE, "2022", "94.5", ref_area="640521"), submission_id="a")

    (mail,) = pipeline.mails()
    name = with_standards(own="95", parent="90").plan.commitments.service_items[0].name.zh
    assert text_of(mail).startswith(f"{name}：实际水平2022年为94.5%，标准要求≥95%，低0.5个百分点；评价为“未达标”")
    assert "中卫市（640521）" in text_of(mail)
    assert "服务项目第1项｜标准落实监测预警" in text_of(mail)
    assert "说明：标准依据：自治区实施标准" in text_of(mail)


async def test_an_own_standard_below_the_parents_is_a_warning_as_soon_as_the_plan_is_applied(
    pipeline: Pipeline,
) -> None:
    assert apply(pipeline, with_standards(own="85", parent="90"))

    await relay(pipeline)

    assert kinds(pipeline) == {f"{SERVICE}-standard": ("service_standard", "orange", "breached")}
    assert pipeline.rows(
        "SELECT agency_id, channel, periods, simulated, accepted_rows, findings, evaluated_at FROM submissions"
    ) == [(LEAD, "catalogue", "2021", False, 1, [], pipeline.clock())]
    (mail,) = pipeline.mails()
    assert "：本级标准2021年为85%，上位标准要求≥90%，低5个百分点；评价为“未达标”" in text_of(mail)
    assert "说明：标准依据：国家标准" in text_of(mail)


async def test_the_own_standards_are_reported_once_per_version_of_the_plan(pipeline: Pipeline) -> None:
    assert apply(pipeline, with_standards(own="85", parent="90"))
    assert not apply(pipeline, with_standards(own="85", parent="90"))
    await relay(pipeline)
    pipeline.clock.advance(days=1)

    assert not apply(pipeline, with_standards(own="85", parent="90"))
    await relay(pipeline)

    assert pipeline.rows("SELECT count(*) FROM submissions") == [(1,)]
    assert pipeline.rows("SELECT count(*) FROM outgoing_events WHERE topic = %s", SUBMISSION_RECEIVED) == [(1,)]
    assert len(pipeline.mails()) == 1


async def test_a_new_version_that_lifts_the_standard_closes_the_warning(pipeline: Pipeline, clock: FakeClock) -> None:
    apply(pipeline, with_standards(own="85", parent="90"))
    await relay(pipeline)
    clock.advance(days=100)

    apply(pipeline, with_standards(own="92", parent="90", version=3))
    await relay(pipeline)

    assert kinds(pipeline) == {}
    assert [step[0] for step in pipeline.steps(f"{SERVICE}-standard")] == ["raise", "close"]
    assert pipeline.rows("SELECT revision, obs_value FROM observations ORDER BY 1") == [
        (1, Decimal(85)),
        (2, Decimal(92)),
    ]


def test_a_plan_without_standards_reports_nothing(empty_database_url: str) -> None:
    with connect_as(empty_database_url) as connection:
        apply_plan(connection, real_plan_file("zhongwei"), APPLIED_AT + timedelta(days=1))
        row = connection.execute("SELECT count(*) FROM submissions").fetchone()

    assert row == (0,)


async def test_the_commitments_are_listed_with_their_newest_verdict_as_known_at_a_moment(pipeline: Pipeline) -> None:
    first = pipeline.clock()
    await pipeline.submit(work(PROJECT, "2022", physical_progress="15"), submission_id="a")
    pipeline.clock.advance(days=30)
    await pipeline.submit(work(PROJECT, "2022", physical_progress="45"), submission_id="b")

    listed = [
        pipeline.rows(
            "SELECT section, commitment_id, no, obs_value, class, level, simulated FROM commitment_status_as_of(%s)"
            " WHERE indicator_id = %s",
            moment,
            f"{PROJECT}-progress",
        )
        for moment in (first - timedelta(seconds=1), first, pipeline.clock())
    ]

    assert listed == [
        [("project", PROJECT, 3, None, None, None, False)],
        [("project", PROJECT, 3, Decimal(15), "far_behind", "yellow", False)],
        [("project", PROJECT, 3, Decimal(45), "ahead", None, False)],
    ]
