"""A forecast miss: on schedule, but the target is unlikely."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import yaml

from planwatch.case.effects import Transition
from planwatch.case.events import ForecastMade
from planwatch.case.forecast_readings import forecast_readings
from planwatch.case.kinds import CaseKind, Track
from planwatch.case.machine import transition
from planwatch.case.model import Case, replay
from planwatch.early_warning import CaseState, DecisionKind, Verdict
from planwatch.plan import Nature
from planwatch.policy import AssessmentClass, Level, Policy, policy_from_mapping
from tests.builders import EVERY_WEEKDAY, PLANS, RECEIVED_AT, default_policy, make_matter, make_verdict

ON_SCHEDULE, AHEAD, LAGGING = AssessmentClass.ON_SCHEDULE, AssessmentClass.AHEAD, AssessmentClass.LAGGING
LATER = RECEIVED_AT + timedelta(days=30)
NOW = RECEIVED_AT + timedelta(days=31)
HALF = Decimal("0.5")


def doubted(period: str, probability: float | None, verdict: AssessmentClass = ON_SCHEDULE) -> Verdict:
    return replace(make_verdict(period, verdict), probability=probability)


def decide(
    case: Case | None, *verdicts: Verdict, nature: Nature = Nature.BINDING, policy: Policy | None = None
) -> Transition:
    event = ForecastMade(make_matter(nature=nature), forecast_readings(verdicts, HALF))
    return transition(case, event, policy or default_policy(), NOW, EVERY_WEEKDAY)


def opened(*verdicts: Verdict) -> Case:
    case = decide(None, *verdicts).case
    assert case is not None
    return case


@pytest.mark.parametrize(("nature", "level"), [(Nature.BINDING, Level.YELLOW), (Nature.ANTICIPATORY, Level.BLUE)])
@pytest.mark.parametrize("verdict", [ON_SCHEDULE, AHEAD])
def test_an_unlikely_target_raises_a_warning_although_the_schedule_is_kept(
    verdict: AssessmentClass, nature: Nature, level: Level
) -> None:
    case, (step,), _ = decide(None, doubted("2023", 0.32, verdict), nature=nature)

    assert case is not None
    assert (case.kind, case.track, case.level) == (CaseKind.FORECAST_MISS, Track.FORECAST, level)
    assert step.entry.policy_line == f"default-3: other_levels.forecast_miss.{nature} = {level.code}"
    assert "但按目前走势如期实现目标的概率为32%" in step.entry.reason.zh
    assert "with a probability of 32% only" in step.entry.reason.en


@pytest.mark.parametrize("probability", [0.5, 0.93, None])
def test_a_target_that_is_not_unlikely_raises_nothing(probability: float | None) -> None:
    assert decide(None, doubted("2023", probability)).case is None


def test_a_bad_class_is_the_matter_of_the_verdict_and_not_of_the_forecast() -> None:
    assert decide(None, doubted("2023", 0.01, LAGGING)).case is None


def test_a_second_period_in_doubt_raises_the_level() -> None:
    assert opened(doubted("2022", 0.1), doubted("2023", 0.1)).level is Level.ORANGE


def test_a_period_without_a_figure_leaves_the_doubt_as_it_is() -> None:
    missing = make_verdict("2024", AssessmentClass.NO_DATA, known_at=LATER)
    case = opened(doubted("2023", 0.1))

    assert decide(case, doubted("2023", 0.1), missing).effects == ()


@pytest.mark.parametrize(
    "verdict",
    [
        replace(make_verdict("2024", ON_SCHEDULE, known_at=LATER), probability=0.8),
        make_verdict("2024", LAGGING, known_at=LATER),
    ],
    ids=["likely again", "behind schedule"],
)
def test_the_case_closes_when_the_target_is_likely_again_or_the_verdict_speaks(verdict: Verdict) -> None:
    first = doubted("2023", 0.1)

    case, (step,), _ = decide(opened(first), first, verdict)

    assert case is not None
    assert (step.entry.kind, case.state) == (DecisionKind.CLOSE, CaseState.CLOSED)


def test_a_policy_that_orders_no_level_raises_nothing() -> None:
    assert decide(None, doubted("2023", 0.1), policy=replace(default_policy(), other_levels={})).case is None


def test_a_policy_from_before_gives_the_levels_beside_the_probability() -> None:
    document = yaml.safe_load((PLANS / "policy.yaml").read_text("utf-8"))
    del document["other_levels"]
    document["unlikely"] = {"probability": "0.4", "levels": {"binding": "orange"}}

    policy = policy_from_mapping(document)

    assert policy.unlikely_below == Decimal("0.4")
    assert policy.other_levels == {CaseKind.FORECAST_MISS: {Nature.BINDING: Level.ORANGE}}


def test_a_history_that_calls_the_matter_an_unlikely_target_is_read_as_a_forecast_miss() -> None:
    _, (step,), _ = decide(None, doubted("2023", 0.1))

    case = replay([{**step.entry.changes, "kind": "unlikely_target"}])

    assert case is not None
    assert case.kind is CaseKind.FORECAST_MISS
