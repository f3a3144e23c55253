"""The self-audit finds exactly what was planted, and nothing in a history that the pipeline wrote itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from psycopg.errors import UndefinedFunction

from planwatch.case.events import Acknowledged, ClosedByPerson, MeasuresFiled, Silenced
from planwatch.case.model import Measure
from services.alerts.audit_rounds import AuditRounds, AuditRun
from services.alerts.working_calendar import working_calendar
from services.cli.audit import verification
from services.database import connect_as, open_pool
from services.metrics import AUDIT_FINDINGS, AUDIT_LAST_RUN
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


async def audited(pipeline: Pipeline, *, unless_since: datetime | None = None) -> AuditRun | None:
    async with open_pool(pipeline.url, "planwatch_alerts") as pool:
        rounds = AuditRounds(pool, pipeline.settings, working_calendar(), pipeline.clock)
        return await rounds.make(unless_since=unless_since)


async def found(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Code and subject of every finding; the id of the red case reads `red`, of the yellow one `yellow`."""
    run = await audited(pipeline)
    assert run is not None
    names = {"zhongwei-05": "red", "zhongwei-06": "yellow"}
    cases = {case: names[indicator] for case, indicator in pipeline.rows(
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
            ["INSERT INTO mails SELECT (jsonb_populate_record(m, '{\"mail_id\": \"again\", \"message_id\": \"<again>\"}')).*"
             " FROM mails AS m WHERE mail_kind = 'warning'"],
            [("notification_unfounded", "again")],
        ),
        (
            ["INSERT INTO digests (mail_id, agency_id, local_date, opened_at, due_at, closed_at, untold_reason_zh)"
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
        (["UPDATE agencies SET email = ' ' WHERE agency_id = 'zhongwei-education'"], [("owner_unreachable", EDUCATION)]),
        (["UPDATE early_warnings SET state = 'closed' WHERE indicator_id = 'zhongwei-05'"], [("case_deviates", "red")]),
        (["UPDATE early_warnings SET level = 'blue' WHERE indicator_id = 'zhongwei-05'"], [("case_deviates", "red")]),
        (["UPDATE early_warnings SET due_on = due_on + 9 WHERE indicator_id = 'zhongwei-05'"], [("case_deviates", "red")]),
        (["DELETE FROM early_warnings WHERE indicator_id = 'zhongwei-05'"], []),
        (["UPDATE warning_history SET reason_zh = '无事' WHERE entry_no = 1"], [("history_broken", "zhongwei")]),
        (["UPDATE history_heads SET entry_no = 3"], [("history_broken", "zhongwei")]),
        (["DELETE FROM history_heads"], [("history_broken", "zhongwei")]),
    ],
    ids=["a mail is gone", "a digest is gone", "a mail is doubled", "a digest of nothing", "a mail to somebody else",
         "an owner that nobody knows", "an owner without an address", "closed by hand", "lowered by hand",
         "a day put off by hand", "a case is gone", "a step rewritten", "a head moved", "a head is gone"],
)  # fmt: skip
async def test_a_planted_fault_is_the_finding_and_the_only_one(
    pipeline: Pipeline, plant: Plant, statements: list[str], expected: list[tuple[str, str]]
) -> None:
    plant(*statements)

    assert await found(pipeline) == expected
