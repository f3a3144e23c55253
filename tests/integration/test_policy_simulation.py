"""A stored history under another policy: what is the same, and what exactly is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from planwatch.case.events import Acknowledged, MeasuresFiled, ProgressNoted, Silenced
from planwatch.case.model import Measure
from planwatch.case.post import PlannedMail
from planwatch.case.replay_comparison import Divergence
from planwatch.notification import MailKind
from planwatch.policy import Deadlines, Level, Policy, ThresholdMeasure, Thresholds
from planwatch.printed_report import printed_reports
from services.alerts.working_calendar import working_calendar
from services.cli.main import commands
from services.database import connect_as
from services.ingest.formats import read_json
from services.policy_simulation import Simulation, simulate, window_of
from tests.builders import default_policy, figure, real_plan
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

EDUCATION, HEALTH, LEAD = "zhongwei-education", "zhongwei-health", "zhongwei-development-reform"
MONDAY = datetime(2022, 3, 7, 2, tzinfo=UTC)  # ten o'clock in Shanghai
SPRING = window_of(date(2022, 3, 1), date(2022, 6, 30))


def played(pipeline: Pipeline, policy: Policy) -> Simulation:
    with connect_as(pipeline.url, "planwatch_reader") as connection:
        return simulate(connection, "zhongwei", policy, SPRING, working_calendar())


@pytest.fixture
async def history(pipeline: Pipeline) -> Pipeline:
    """A red case that is reminded, escalated, answered and closed, a yellow one in a digest, and one of neither."""
    pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")
    pipeline.clock.now = MONDAY
    reports = [read_json(report.content)[0] for report in printed_reports(real_plan("zhongwei"))]
    await pipeline.submit_table(reports[0], submission_id="a", agency_id=LEAD, plan_id="zhongwei")
    await pipeline.submit_table(reports[1], submission_id="b", agency_id=LEAD, plan_id="zhongwei")
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    pipeline.clock.advance(days=2)
    await pipeline.make_rounds()
    await pipeline.happen("zhongwei-05", Acknowledged("王主任"))
    pipeline.clock.advance(minutes=10)
    measures = (Measure("补齐师资", "李科长", date(2022, 9, 1)),)
    await pipeline.happen("zhongwei-05", MeasuresFiled("王主任", measures))
    await pipeline.happen("zhongwei-05", ProgressNoted("王主任", "已开工"))
    await pipeline.happen("zhongwei-06", Silenced("李主任", date(2022, 4, 1), "数据待核：统计局"))
    pipeline.clock.advance(days=26)
    await pipeline.make_rounds()
    await pipeline.submit(figure(5, "2021", "99.9"), submission_id="c")
    return pipeline


async def test_the_policy_in_force_reproduces_the_recorded_history_step_by_step(history: Pipeline) -> None:
    found = played(history, default_policy())

    assert found.recorded_steps == len(history.rows("SELECT 1 FROM warning_history")) > 8
    assert found.control == []
    assert found.in_force == ["default-3"]
    assert found.unjudged == 0


async def test_an_unchanged_policy_changes_nothing(history: Pipeline) -> None:
    found = played(history, default_policy())

    assert found.verdicts == []
    assert found.cases == []
    assert (found.mails.only_present, found.mails.only_changed) == ([], [])


async def test_a_raised_threshold_shows_exactly_the_verdict_the_case_and_the_mails_that_follow(
    history: Pipeline,
) -> None:
    # given no. 6 with an index of 0.62: lagging and yellow so far, told in the digest of its owner
    present = default_policy()
    stricter = replace(present, version="stricter-1", thresholds=replace(present.thresholds, lagging=Decimal("0.8")))

    # when
    found = played(history, stricter)

    # then it would have been far behind and orange, with shorter deadlines
    (verdict,) = found.verdicts
    assert (verdict.verdict.stored.indicator_id, verdict.changed) == ("zhongwei-06", "far_behind")
    (case,) = found.cases
    assert case.subject.subject.indicator_id == "zhongwei-06"
    assert case.difference.present is not None
    assert case.difference.changed is not None
    assert case.difference.present.levels == (Level.YELLOW,)
    assert case.difference.changed.levels == (Level.ORANGE,)
    assert case.difference.changed.policy_line == "stricter-1: levels.far_behind.binding = orange"
    assert case.verdict is not None
    assert case.verdict.schedule_index == pytest.approx(0.6216, abs=1e-4)
    # and it would have been mailed at once instead of in the digest, and be escalated in the end
    assert mails(found.mails.only_changed, case.difference.case_id) == [
        (MailKind.WARNING, EDUCATION),
        (MailKind.REMINDER, EDUCATION),  # of 11 March, an hour before it was silenced
        (MailKind.REMINDER, EDUCATION),  # of 8 April: its time counts anew from the end of the silence
        (MailKind.ESCALATION, LEAD),
    ]
    assert mails(found.mails.only_present, case.difference.case_id)[0] == (MailKind.DIGEST, EDUCATION)
    # and the replay of the present is still the recorded history
    assert found.control == []


async def test_easier_thresholds_open_fewer_cases_and_lower_others(history: Pipeline) -> None:
    # given nos. 1, 6 and 11 with indices of 0.60, 0.62 and 0.37
    easier = Thresholds(Decimal("1.05"), Decimal("0.5"), Decimal("0.3"))

    found = played(history, replace(default_policy(), version="easier-1", thresholds=easier))

    first, sixth, eleventh = sorted(found.cases, key=lambda case: case.subject.subject.indicator_id)
    assert first.difference.divergences == sixth.difference.divergences == (Divergence.DOES_NOT_OPEN,)
    assert eleventh.subject.subject.indicator_id == "zhongwei-11"
    assert eleventh.difference.changed is not None
    assert eleventh.difference.changed.levels == (Level.BLUE,)
    assert found.mails.counts[MailKind.DIGEST, EDUCATION][1] == 0


async def test_longer_deadlines_of_red_change_what_is_pressed_and_nothing_else(history: Pipeline) -> None:
    present = default_policy()
    patient = replace(present, version="patient-1", deadlines={**present.deadlines, Level.RED: Deadlines(10, 20)})

    found = played(history, patient)

    assert found.verdicts == []
    assert [case.subject.subject.indicator_id for case in found.cases] == ["zhongwei-05", "zhongwei-13"]
    assert {case.difference.divergences for case in found.cases} == {(Divergence.DEADLINE, Divergence.ESCALATION)}
    assert (MailKind.REMINDER, EDUCATION) in [(mail.kind, mail.to) for mail in found.mails.only_present]
    assert found.mails.counts[MailKind.WARNING, EDUCATION] == (1, 1)


async def test_a_rule_in_points_judges_the_stored_figures_anew(history: Pipeline) -> None:
    # given a fifth of the way due: nos. 1 and 6 lie 8 points behind, nos. 10, 11 and 16 16, 13 and 20
    points = Thresholds(Decimal(5), Decimal("9.9999"), Decimal(30), ThresholdMeasure.POINTS_BEHIND)

    found = played(history, replace(default_policy(), version="points-1", thresholds=points))

    assert {item.verdict.stored.indicator_id: item.changed for item in found.verdicts} == {
        "zhongwei-01": "on_schedule",
        "zhongwei-06": "on_schedule",
        "zhongwei-10": "lagging",
        "zhongwei-11": "lagging",
        "zhongwei-16": "lagging",
    }


async def test_a_replay_that_starts_in_the_middle_goes_on_from_how_the_cases_stood(history: Pipeline) -> None:
    with connect_as(history.url, "planwatch_reader") as connection:
        found = simulate(
            connection,
            "zhongwei",
            default_policy(),
            window_of(date(2022, 3, 10), date(2022, 6, 30)),
            working_calendar(),
        )

    assert found.recorded_steps > 8
    assert found.control == []


async def test_a_step_that_the_replay_does_not_reproduce_is_told(history: Pipeline) -> None:
    # given a step whose level was changed behind the back of the history
    history.execute("ALTER TABLE warning_history DISABLE TRIGGER warning_history_append_only")
    history.execute("UPDATE warning_history SET level = 'blue' WHERE step_kind = 'file_measures'")

    found = played(history, default_policy())

    (difference,) = found.control
    assert (difference.recorded, difference.fields) == ("file_measures", ("level",))


async def test_a_simulation_writes_nothing(history: Pipeline) -> None:
    before = history.snapshot()

    played(history, replace(default_policy(), version="other-1", repeat_raises=False))

    assert history.snapshot() == before


async def test_the_command_prints_the_check_and_every_difference_with_its_figures(
    history: Pipeline, plans_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "stricter.yaml"
    file.write_text('version: stricter-1\nbase: default\nthresholds: {lagging: "0.8"}\n', "utf-8")
    window = ["--plan", "zhongwei", "--from", "2022-03-01", "--to", "2022-06-30", "--plans-dir", str(plans_dir)]
    run = partial(CliRunner(env={"PLANWATCH_DATABASE_URL": history.url}).invoke, commands)

    table = run(["policy", "simulate", str(file), *window])
    printed = run(["policy", "simulate", str(file), *window, "--json"])

    assert table.exit_code == 0, table.output
    assert "步全部一致" in table.output
    found = json.loads(printed.output)
    assert (found["in_force"], found["changed"]) == (["default-3"], "stricter-1 (default-3)")
    assert found["control"]["reproduced"] is True
    assert found["case_counts"] == {"level": 1, "deadline": 1, "escalation": 1}
    assert found["cases"][0]["figures"]["series"] == "zhongwei-06.640500.A._T._T"


def mails(found: Sequence[PlannedMail], case_id: str) -> list[tuple[str, str]]:
    """Kind and agency of the mails about a case, in order of time, without the weekly summaries."""
    ordered = sorted(found, key=lambda mail: mail.at)
    return [(mail.kind, mail.to) for mail in ordered if case_id in mail.cases and mail.kind is not MailKind.WEEKLY]
