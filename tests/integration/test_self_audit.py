"""The self-audit finds exactly what was planted, and nothing in a history that the pipeline wrote itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.errors import UndefinedFunction

from planwatch.case.events import Acknowledged, ClosedByPerson, MeasuresFiled, Silenced
from planwatch.case.model import Measure
from services.alerts.audit_rounds import AuditRounds, AuditRun
from services.alerts.working_calendar import working_calendar
from services.cli.audit import verification
from services.cli.main import commands
from services.database import Pool, connect_as, open_pool
from services.metrics import AUDIT_FAILURES, AUDIT_FINDINGS, AUDIT_LAST_RUN
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

EDUCATION, HEALTH = "zhongwei-education", "zhongwei-health"
MONDAY = datetime(2022, 3, 7, 2, tzinfo=UTC)  # ten o'clock in Shanghai

Plant = Callable[..., None]


@pytest.fixture(autouse=True)
def _addresses(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")
    pipeline.clock.now = MONDAY


@pytest.fixture
async def plant(pipeline: Pipeline) -> Plant:
    """A healthy history (a red warning, a yellow one in a closed digest), and a way around every protection."""
    await pipeline.submit(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(minutes=6)
    await pipeline.close_digests()
    pipeline.execute("UPDATE mails SET state = 'sent', sent_at = %s", pipeline.clock())

    def change(*statements: str) -> None:
        with psycopg.connect(pipeline.url) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    return change


def audits(pool: Pool, pipeline: Pipeline) -> AuditRounds:
    return AuditRounds(pool, working_calendar(), pipeline.clock, every_s=60, mail_late_s=3600)


async def audited(pipeline: Pipeline) -> AuditRun | None:
    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        return await audits(pool, pipeline).make()


async def found(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Code and subject of every finding; the id of the red case reads `red`, of the yellow one `yellow`."""
    run = await audited(pipeline)
    assert run is not None
    names = {"zhongwei-05": "red", "zhongwei-06": "yellow"}
    cases = {case: names.get(indicator, indicator) for case, indicator in pipeline.rows(
        "SELECT case_id, indicator_id FROM early_warnings")}  # fmt: skip
    return [
        (finding.code, "/".join(cases.get(part, part) for part in finding.subject.split("/")))
        for finding in run.findings
    ]


async def test_a_healthy_history_has_no_findings_and_says_what_was_proved(pipeline: Pipeline, plant: Plant) -> None:
    plant()

    run = await audited(pipeline)

    assert run is not None
    assert list(run.findings) == []
    examined = {check.code: check.examined for check in run.checks}
    assert examined["notification_missing"] == 4  # two steps are mailed and both stand in the weekly summary
    assert examined["notification_unfounded"] == 4  # a mail, a digest with its mail, a weekly summary
    assert examined["history_broken"] == examined["case_deviates"] == 2


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["DELETE FROM mails WHERE mail_kind = 'warning'"], [("notification_missing", "red/1")]),
        (["DELETE FROM digests"], [("notification_missing", "yellow/1")]),
        (
            ["INSERT INTO mails (mail_id, mail_kind, agency_id, recipient, subject, message_id, message, accepted_at,"
             " created_at, state, next_attempt_at)"
             " SELECT 'again', mail_kind, agency_id, recipient, subject, '<again>', message, accepted_at, created_at,"
             " state, next_attempt_at FROM mails WHERE mail_kind = 'warning'"],
            [("notification_unfounded", "again")],
        ),
        (
            ["INSERT INTO digests (mail_id, agency_id, local_date, opened_at, due_at, closed_at, held_back_zh)"
             " SELECT 'empty', agency_id, local_date - 1, opened_at, due_at, closed_at, '无' FROM digests"],
            [("notification_unfounded", "empty")],
        ),
        (
            ["UPDATE mails SET agency_id = 'zhongwei-health' WHERE mail_kind = 'warning'"],
            [("notification_misdirected", "red/1")],
        ),
        (
            ["UPDATE early_warnings SET agency_id = 'nobody' WHERE indicator_id = 'zhongwei-05'"],
            [("case_deviates", "red"), ("owner_unknown", "red")],
        ),
        (
            ["UPDATE agencies SET email = ' ' WHERE agency_id = 'zhongwei-education'"],
            [("owner_unreachable", EDUCATION)],
        ),
        (["UPDATE early_warnings SET state = 'closed' WHERE indicator_id = 'zhongwei-05'"], [("case_deviates", "red")]),
        (["UPDATE early_warnings SET level = 'blue' WHERE indicator_id = 'zhongwei-05'"], [("case_deviates", "red")]),
        (
            ["UPDATE early_warnings SET due_on = due_on + 9 WHERE indicator_id = 'zhongwei-05'"],
            [("case_deviates", "red")],
        ),
        (
            ["UPDATE warning_history SET case_id = 'lost' WHERE entry_no = 1",
             "DELETE FROM early_warnings WHERE indicator_id = 'zhongwei-05'"],
            [("case_deviates", "lost"), ("history_broken", "zhongwei")],
        ),
        (["UPDATE warning_history SET reason_zh = '无事' WHERE entry_no = 1"], [("history_broken", "zhongwei")]),
        (["UPDATE history_heads SET entry_no = 3"], [("history_broken", "zhongwei")]),
        (["DELETE FROM history_heads"], [("history_broken", "zhongwei")]),
    ],
    ids=["a mail is gone", "a digest is gone", "a mail is doubled", "a digest of nothing", "a mail to somebody else",
         "an owner that nobody knows", "an owner without an address", "closed by hand", "lowered by hand",
         "a day put off by hand", "a case is gone", "a step rewritten", "a head moved", "a head is gone"],
)  # fmt: skip
async def test_a_planted_fault_is_what_is_found_and_nothing_else(
    pipeline: Pipeline, plant: Plant, statements: list[str], expected: list[tuple[str, str]]
) -> None:
    plant(*statements)

    assert await found(pipeline) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE warning_history SET delivery_reason_zh = ' ' WHERE step = 2",
        "UPDATE warning_history SET delivery_reason_en = '' WHERE step = 2",
        "UPDATE warning_history SET delivery = 'later' WHERE step = 2",
    ],
)
async def test_a_step_that_was_not_mailed_and_does_not_say_why_is_found(
    pipeline: Pipeline, plant: Plant, statement: str
) -> None:
    # given an acknowledgement, which is not mailed
    await pipeline.happen("zhongwei-05", Acknowledged("王主任"))
    assert await found(pipeline) == []

    plant(statement)

    assert ("suppression_unexplained", "red/2") in await found(pipeline)


async def test_a_digest_that_had_nothing_to_tell_keeps_its_reason(pipeline: Pipeline, plant: Plant) -> None:
    # given a yellow case that opens and closes before its digest goes out
    pipeline.clock.advance(days=1)
    await pipeline.submit(figure(1, "2021", "0.32"), submission_id="b")
    assert pipeline.open_levels()["zhongwei-01"] == "yellow"
    pipeline.clock.advance(minutes=1)
    await pipeline.submit(figure(1, "2021", "0.5"), submission_id="c")
    pipeline.clock.advance(days=1)
    await pipeline.close_digests()
    empty = pipeline.rows(
        "SELECT mail_id FROM digests WHERE closed_at IS NOT NULL AND mail_id NOT IN (SELECT mail_id FROM mails)"
    )
    assert len(empty) == 1

    # then the reason is what keeps it from being a finding
    assert await found(pipeline) == []
    plant("UPDATE digests SET held_back_zh = NULL")
    assert await found(pipeline) == [("notification_missing", empty[0][0])]


async def test_a_mail_is_late_when_it_has_waited_longer_than_it_may(pipeline: Pipeline, plant: Plant) -> None:
    plant("UPDATE mails SET state = 'pending', attempts = 3 WHERE mail_kind = 'warning'")
    (mail_id,) = pipeline.rows("SELECT mail_id FROM mails WHERE mail_kind = 'warning'")[0]

    pipeline.clock.now = MONDAY.replace(hour=2, minute=59, second=59)
    in_time = await found(pipeline)
    pipeline.clock.advance(seconds=1)
    late = await found(pipeline)

    assert (in_time, late) == ([], [("mail_late", mail_id)])


async def test_a_mail_that_waits_for_the_morning_is_not_late_in_the_night(pipeline: Pipeline, plant: Plant) -> None:
    plant(
        "UPDATE mails SET state = 'pending', attempts = 1, due_at = '2022-03-08T23:00Z',"
        " next_attempt_at = '2022-03-08T23:01Z' WHERE mail_kind = 'warning'"
    )

    pipeline.clock.now = datetime(2022, 3, 8, 23, 59, tzinfo=UTC)

    assert await found(pipeline) == []


async def test_a_mail_may_be_sent_from_its_first_attempt_on(pipeline: Pipeline, plant: Plant) -> None:
    plant("UPDATE mails SET next_attempt_at = next_attempt_at + interval '1 hour'")

    assert pipeline.rows("SELECT DISTINCT due_at FROM mails WHERE mail_kind = 'warning'") == [(MONDAY,)]


async def test_digests_and_summaries_that_nobody_closes_are_found(pipeline: Pipeline, plant: Plant) -> None:
    plant("UPDATE digests SET closed_at = NULL", "DELETE FROM mails WHERE mail_kind = 'digest'")
    (digest,) = pipeline.rows("SELECT mail_id FROM digests")[0]
    (summary,) = pipeline.rows("SELECT mail_id FROM weekly_summaries")[0]

    # when the digest is due since eleven minutes, and the summary of next Monday has not come yet
    pipeline.clock.advance(minutes=10)
    first = await found(pipeline)
    pipeline.clock.now = datetime(2022, 3, 14, 1, 10, tzinfo=UTC)
    second = {subject for code, subject in await found(pipeline) if code == "collection_late"}

    assert (first, second) == ([("collection_late", digest)], {digest, summary})


async def test_a_refused_mail_that_its_case_does_not_know_of_is_found(pipeline: Pipeline, plant: Plant) -> None:
    plant("UPDATE mails SET state = 'refused' WHERE mail_kind = 'warning'")
    pipeline.clock.advance(minutes=10)

    before = await found(pipeline)
    await pipeline.make_rounds()
    after = await found(pipeline)

    assert [code for code, _ in before] == ["refusal_unnoted"]
    assert after == []


async def test_a_deadline_that_passes_while_the_clock_stands_still_is_found(pipeline: Pipeline, plant: Plant) -> None:
    # given a red warning of Monday, to be acknowledged by Thursday the 10th, and no rounds
    plant()

    # when it is Friday, which is the day to escalate, and when it is the Monday after
    pipeline.clock.now = datetime(2022, 3, 11, 15, 59, tzinfo=UTC)
    on_friday = await found(pipeline)
    pipeline.clock.now = datetime(2022, 3, 13, 16, 0, tzinfo=UTC)
    on_monday = await found(pipeline)

    # then
    assert on_friday == []
    assert on_monday == [("deadline_unattended", "red"), ("escalation_missing", "red")]


async def test_a_case_that_was_reminded_of_but_not_escalated_is_found(pipeline: Pipeline, plant: Plant) -> None:
    plant()
    pipeline.clock.now = datetime(2022, 3, 9, 2, tzinfo=UTC)
    await pipeline.make_rounds()
    pipeline.execute("UPDATE mails SET state = 'sent'")

    pipeline.clock.now = datetime(2022, 3, 13, 16, 0, tzinfo=UTC)

    assert await found(pipeline) == [("escalation_missing", "red")]


async def test_a_holiday_week_shortens_nobodys_time(pipeline: Pipeline, plant: Plant) -> None:
    # given a red warning of Wednesday, 28 September: due on Saturday, 8 October, a made-up working day
    plant()
    await pipeline.happen("zhongwei-05", ClosedByPerson("赵处长", "口径有误"))
    await pipeline.happen("zhongwei-06", ClosedByPerson("赵处长", "口径有误"))
    pipeline.clock.now = datetime(2022, 9, 28, 2, tzinfo=UTC)
    await pipeline.close_digests()
    await pipeline.close_summaries()
    await pipeline.submit(figure(5, "2022", "97"), submission_id="b")
    assert pipeline.rows("SELECT due_on FROM early_warnings WHERE state <> 'closed'") == [(date(2022, 10, 8),)]
    pipeline.execute("UPDATE mails SET state = 'sent'")

    # when nobody presses on Sunday the 9th, a made-up working day as well
    pipeline.clock.now = datetime(2022, 10, 9, 15, 0, tzinfo=UTC)
    during = [code for code, subject in await found(pipeline) if subject == "red"]
    pipeline.clock.now = datetime(2022, 10, 9, 16, 0, tzinfo=UTC)
    afterwards = [code for code, subject in await found(pipeline) if subject == "red"]

    assert (during, afterwards) == ([], ["deadline_unattended", "escalation_missing"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE policies SET document = document - 'escalation'",
        "UPDATE warning_history SET changes = changes || '{\"deadlines_provisional\": true}' WHERE entry_no = 1",
    ],
    ids=["the policy asks nobody", "the holidays are not known"],
)
async def test_where_nobody_is_to_be_pressed_that_is_no_finding(
    pipeline: Pipeline, plant: Plant, statement: str
) -> None:
    plant(statement)

    pipeline.clock.now = datetime(2022, 3, 13, 16, 0, tzinfo=UTC)

    assert {code for code, _ in await found(pipeline)} <= {"history_broken"}


async def test_a_silence_is_a_stored_reason_not_to_press(pipeline: Pipeline, plant: Plant) -> None:
    plant()
    await pipeline.happen("zhongwei-05", Silenced("赵处长", date(2022, 6, 1), "口径核对"))

    pipeline.clock.now = datetime(2022, 3, 13, 16, 0, tzinfo=UTC)

    assert await found(pipeline) == []


async def test_a_contact_of_today_is_an_address(pipeline: Pipeline, plant: Plant) -> None:
    plant(
        "UPDATE agencies SET email = NULL WHERE agency_id = 'zhongwei-education'",
        "INSERT INTO agency_contacts"
        " VALUES ('zhongwei-education', '李科长', 'li@example.org', false, '2022-01-01', '2022-03-07')",
    )

    today = await found(pipeline)
    pipeline.clock.advance(days=1)
    tomorrow = await found(pipeline)

    assert (today, tomorrow) == ([], [("owner_unreachable", EDUCATION)])


async def test_months_of_a_case_leave_nothing_to_find_on_any_day(pipeline: Pipeline, plant: Plant) -> None:
    # given a clock that runs: rounds, digests and summaries are made, mails are sent, and the audit looks after each
    async def pass_days(*days: datetime) -> list[tuple[str, str]]:
        wrong = []
        for day in days:
            pipeline.clock.now = day
            await pipeline.make_rounds()
            await pipeline.close_digests()
            await pipeline.close_summaries()
            pipeline.execute("UPDATE mails SET state = 'sent' WHERE state = 'pending'")
            wrong += await found(pipeline)
        return wrong

    def march(*days: int) -> list[datetime]:
        return [datetime(2022, 3, day, 2, tzinfo=UTC) for day in days]

    # when a red warning is reminded of, escalated, acknowledged late, given measures, silenced, revised and closed
    unanswered = await pass_days(*march(8, 9, 10, 11, 14, 15, 16, 17, 18))
    await pipeline.happen("zhongwei-05", Acknowledged("王主任"))
    acknowledged = await pass_days(*march(21, 22, 23, 24, 25))
    await pipeline.happen("zhongwei-05", MeasuresFiled("王主任", (Measure("补齐师资", "李科长", date(2022, 3, 29)),)))
    rectifying = await pass_days(*march(28, 29, 30, 31))
    await pipeline.happen("zhongwei-05", Silenced("赵处长", date(2022, 4, 8), "口径核对"))
    await pipeline.submit(figure(5, "2021", "99.56"), figure(6, "2021", "97"), submission_id="b")
    silent = await pass_days(*(datetime(2022, 4, day, 2, tzinfo=UTC) for day in (1, 6, 7, 8, 11, 12)))
    await pipeline.submit(figure(5, "2021", "99.9"), submission_id="c")
    closed = await pass_days(*(datetime(2022, 4, day, 2, tzinfo=UTC) for day in (13, 18, 25)))

    # then all of that happened, and there was never anything wrong
    kinds = {kind for kind, *_ in pipeline.steps("zhongwei-05")}
    assert {"raise", "remind", "escalate", "acknowledge", "file_measures", "silence", "close"} <= kinds
    assert [unanswered, acknowledged, rectifying, silent, closed] == [[], [], [], [], []]


async def test_the_audit_and_the_command_agree_on_a_broken_chain(pipeline: Pipeline, plant: Plant) -> None:
    plant(
        "UPDATE warning_history SET actor = 'somebody' WHERE entry_no = 1",
        "UPDATE warning_history AS h SET entry_hash = history_hash(previous_hash, history_content(h))"
        " WHERE entry_no = 1",
    )

    run = await audited(pipeline)
    with connect_as(pipeline.url, "planwatch_reader") as connection:
        faults = verification(connection)["faults"]

    assert run is not None
    assert [finding.reason.en for finding in run.findings] == [
        f"the chain of hashes does not hold at entry {faults[0]['entry']}; see planwatch audit verify"
    ]


async def test_a_run_is_stored_with_its_findings_and_old_runs_are_forgotten(pipeline: Pipeline, plant: Plant) -> None:
    plant("DELETE FROM mails WHERE mail_kind = 'warning'")
    await audited(pipeline)
    pipeline.clock.advance(days=31)
    await audited(pipeline)

    ((findings, listed, checks),) = pipeline.rows("SELECT findings, listed, checks FROM audit_runs")

    assert findings == len(listed) == sum(check["findings"] for check in checks)
    assert {"code", "subject", "since", "zh", "en"} == set(listed[0])


async def test_an_audit_that_fails_leaves_no_run(pipeline: Pipeline, plant: Plant) -> None:
    plant("DROP FUNCTION audit_chains CASCADE")

    with pytest.raises(UndefinedFunction):
        await audited(pipeline)

    assert pipeline.rows("SELECT count(*) FROM audit_runs") == [(0,)]


async def test_an_audit_that_fails_is_counted_and_ends_nothing_else(pipeline: Pipeline, plant: Plant) -> None:
    plant("DROP FUNCTION audit_chains CASCADE")
    before = metric(AUDIT_FAILURES)[0][1]
    stop = asyncio.Event()

    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        task = asyncio.create_task(audits(pool, pipeline).run(stop))
        await asyncio.sleep(0.5)
        stop.set()
        await task

    assert metric(AUDIT_FAILURES)[0][1] == before + 1


async def test_of_several_processes_one_audits_and_all_show_its_result(pipeline: Pipeline, plant: Plant) -> None:
    plant("UPDATE agencies SET email = NULL")
    AUDIT_FINDINGS.clear()
    AUDIT_LAST_RUN.set(0)

    # when four processes find that it is time
    async with open_pool(pipeline.url, "planwatch_alerts", largest=8) as pool:
        processes = [audits(pool, pipeline) for _ in range(4)]
        made = await asyncio.gather(*(process.make_due() for process in processes))
        again = await asyncio.gather(*(process.make_due() for process in processes))

    # then
    assert sum(run is not None for run in (*made, *again)) == 1
    assert pipeline.rows("SELECT count(*) FROM audit_runs") == [(1,)]
    assert metric(AUDIT_LAST_RUN) == [("", pipeline.clock().timestamp())]
    assert dict(metric(AUDIT_FINDINGS))["owner_unreachable"] == 1
    assert dict(metric(AUDIT_FINDINGS))["mail_late"] == 0


async def test_the_next_audit_is_made_after_the_interval(pipeline: Pipeline, plant: Plant) -> None:
    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        rounds = audits(pool, pipeline)
        made = [await rounds.make_due()]
        pipeline.clock.advance(seconds=59)
        made.append(await rounds.make_due())
        pipeline.clock.advance(seconds=1)
        made.append(await rounds.make_due())

    assert [run is not None for run in made] == [True, False, True]


async def test_the_command_audits_and_shows_what_it_found(
    pipeline: Pipeline, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("DELETE FROM mails WHERE mail_kind = 'warning'")
    monkeypatch.setenv("PLANWATCH_DATABASE_URL", pipeline.url)

    async def invoke(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, commands, ["audit", *arguments])

    unknown = await invoke("findings")
    made = await invoke("run", "--json")
    shown = await invoke("findings")

    assert (unknown.exit_code, made.exit_code, shown.exit_code) == (1, 1, 1)
    assert "还没有审计过" in unknown.output
    assert ("notification_missing", 1) in [
        (check["code"], check["findings"]) for check in json.loads(made.output)["checks"]
    ]
    assert f"findings: {json.loads(made.output)['findings']}\n" in shown.output


def metric(gauge: Any) -> list[tuple[str, float]]:  # noqa: ANN401
    """Label and value of every sample."""
    (family,) = gauge.collect()
    return [("".join(sample.labels.values()), sample.value) for sample in family.samples]
