"""A stored history under another policy: what is the same, and what exactly is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from planwatch.case.events import Acknowledged, MeasuresFiled, ProgressNoted, Silenced
from planwatch.case.model import Measure
from planwatch.case.replay_comparison import Divergence
from planwatch.notification import MailKind
from planwatch.policy import Deadlines, Level, Policy, ThresholdMeasure, Thresholds
from services.alerts.working_calendar import working_calendar
from services.database import connect_as
from services.policy_simulation import Simulation, simulate, window_of
from tests.builders import default_policy, figure
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
    await pipeline.submit(
        figure(5, "2021", "97.81"), figure(6, "2021", "92.03"), figure(8, "2021", "2.48"), submission_id="a"
    )
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
    await pipeline.submit(figure(5, "2021", "99.9"), submission_id="b")
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


async def test_a_raised_threshold_shows_exactly_the_verdicts_cases_and_mails_that_follow(history: Pipeline) -> None:
    # given 92.03 of no. 6 with an index of 0.61, lagging so far and yellow, in the digest of its owner
    present = default_policy()
    stricter = replace(present, version="stricter-1", thresholds=replace(present.thresholds, lagging=Decimal("0.8")))

    # when
    found = played(history, stricter)

    # then it would have been far behind and orange: mailed at once, with shorter deadlines, until its silence
    (verdict,) = found.verdicts
    assert (verdict.verdict.stored.indicator_id, verdict.changed) == ("zhongwei-06", "far_behind")
    (case,) = found.cases
    assert case.subject.subject.indicator_id == "zhongwei-06"
    assert set(case.difference.divergences) >= {Divergence.LEVEL, Divergence.DEADLINE}
    assert case.difference.present is not None
    assert case.difference.changed is not None
    assert case.difference.present.levels == (Level.YELLOW,)
    assert case.difference.changed.levels == (Level.ORANGE,)
    assert case.verdict is not None
    assert case.verdict.submission_id == verdict.verdict.submission_id
    kinds = {mail.kind for mail in found.mails.only_changed}
    assert MailKind.WARNING in kinds
    assert {mail.to for mail in found.mails.only_changed} <= {EDUCATION, LEAD}
    assert found.mails.counts[MailKind.DIGEST, EDUCATION] > (0, 0)
    # and the replay of the present is still the recorded history
    assert found.control == []


async def test_an_easier_threshold_does_not_open_the_case(history: Pipeline) -> None:
    present = default_policy()
    easier = replace(
        present, version="easier-1", thresholds=Thresholds(Decimal("1.05"), Decimal("0.5"), Decimal("0.3"))
    )

    found = played(history, easier)

    (case,) = found.cases
    assert case.subject.subject.indicator_id == "zhongwei-06"
    assert case.difference.divergences == (Divergence.DOES_NOT_OPEN,)
    assert [mail.kind for mail in found.mails.only_changed if mail.to == EDUCATION] == []


async def test_longer_deadlines_change_the_reminder_and_the_escalation_and_no_case_opens_or_closes(
    history: Pipeline,
) -> None:
    present = default_policy()
    patient = replace(present, version="patient-1", deadlines={**present.deadlines, Level.RED: Deadlines(10, 20)})

    found = played(history, patient)

    assert found.verdicts == []
    (case,) = found.cases
    assert case.difference.divergences == (Divergence.DEADLINE, Divergence.ESCALATION)
    assert {mail.kind for mail in found.mails.only_present} >= {MailKind.REMINDER, MailKind.ESCALATION}
    assert MailKind.ESCALATION not in {mail.kind for mail in found.mails.only_changed}


async def test_points_behind_judge_the_stored_figures_anew(history: Pipeline) -> None:
    # given no. 6 with 0.61 of the 20 per cent of the way that are due after one year: 7.8 points behind
    present = default_policy()
    points = Thresholds(Decimal(5), Decimal("9.9999"), Decimal(30), ThresholdMeasure.POINTS_BEHIND)

    found = played(history, replace(present, version="points-1", thresholds=points))

    changed = {item.verdict.stored.indicator_id: item.changed for item in found.verdicts}
    assert changed["zhongwei-06"] == "on_schedule"


async def test_what_was_tampered_with_or_cannot_be_replayed_is_said(history: Pipeline) -> None:
    # given a history in which a reminder never came, as if the clock had been stopped on that day
    history.execute("ALTER TABLE warning_history DISABLE TRIGGER warning_history_append_only")
    history.execute("UPDATE warning_history SET level = 'blue' WHERE step_kind = 'remind'")

    found = played(history, default_policy())

    (difference,) = found.control
    assert (difference.recorded, difference.fields) == ("remind", ("level",))
