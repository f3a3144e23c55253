"""What verdicts mean for the case of one series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.case.events import Assessed
from planwatch.case.kinds import CaseKind, Track
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.early_warning import CaseState, DecisionKind, SubjectKind, Verdict, case_id
from planwatch.language import Text
from planwatch.period import Freq, parse_period
from planwatch.plan import Nature
from planwatch.policy import AssessmentClass, Level, Policy
from planwatch.series import SeriesKey
from tests.builders import EVERY_WEEKDAY, RECEIVED_AT, default_policy, make_matter, make_verdict

ON_SCHEDULE, LAGGING, FAR_BEHIND = AssessmentClass.ON_SCHEDULE, AssessmentClass.LAGGING, AssessmentClass.FAR_BEHIND
REVERSED, BREACHED, HELD = AssessmentClass.REVERSED, AssessmentClass.BREACHED, AssessmentClass.HELD
ACHIEVED, AHEAD = AssessmentClass.ACHIEVED, AssessmentClass.AHEAD
NO_DATA, NOT_ASSESSABLE = AssessmentClass.NO_DATA, AssessmentClass.NOT_ASSESSABLE
BINDING, ANTICIPATORY = Nature.BINDING, Nature.ANTICIPATORY
BLUE, YELLOW, ORANGE, RED = Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED
LATER = RECEIVED_AT + timedelta(days=30)
NOW = RECEIVED_AT + timedelta(days=31)


@dataclass(frozen=True)
class Decided:
    """The step that verdicts lead to, if any, and the case after it."""

    kind: DecisionKind | None
    case: Case | None
    reason: Text
    policy_line: str


def decide(current: Case | None, *verdicts: Verdict, nature: Nature = BINDING, policy: Policy | None = None) -> Decided:
    event = Assessed(make_matter(nature=nature), verdicts)
    case, effects, reason = transition(current, event, policy or default_policy(), NOW, EVERY_WEEKDAY)
    entry = effects[0].entry if effects else None
    return Decided(entry.kind if entry else None, case, reason, entry.policy_line if entry else "")


def make_case(
    level: Level,
    *,
    state: CaseState = CaseState.OPEN,
    period: str = "2021",
    cause: AssessmentClass = LAGGING,
    known_at: datetime = RECEIVED_AT,
) -> Case:
    opened = decide(None, make_verdict(period, LAGGING, known_at=known_at)).case
    assert opened is not None
    closed_at = NOW if state is CaseState.CLOSED else None
    return replace(opened, level=level, state=state, cause=cause, closed_at=closed_at)


def told(decision: Decided) -> tuple[DecisionKind | None, Level | None]:
    return decision.kind, decision.case.level if decision.case else None


@pytest.mark.parametrize(
    ("verdict", "nature", "level"),
    [
        (LAGGING, BINDING, YELLOW),
        (LAGGING, ANTICIPATORY, BLUE),
        (FAR_BEHIND, BINDING, ORANGE),
        (FAR_BEHIND, ANTICIPATORY, YELLOW),
        (REVERSED, BINDING, RED),
        (REVERSED, ANTICIPATORY, ORANGE),
        (BREACHED, BINDING, RED),
        (BREACHED, ANTICIPATORY, ORANGE),
    ],
)
def test_a_first_bad_verdict_raises_the_level_of_its_class_and_nature(
    verdict: AssessmentClass, nature: Nature, level: Level
) -> None:
    decision = decide(None, make_verdict("2021", verdict), nature=nature)

    assert told(decision) == (DecisionKind.RAISE, level)
    assert decision.policy_line == f"default-3: levels.{verdict}.{nature} = {level.code}"


@pytest.mark.parametrize("verdict", [ACHIEVED, AHEAD, ON_SCHEDULE, HELD])
def test_a_good_verdict_without_a_case_means_nothing(verdict: AssessmentClass) -> None:
    assert told(decide(None, make_verdict("2021", verdict))) == (None, None)


def test_a_new_case_is_open_and_names_the_verdict_that_raised_it() -> None:
    case = decide(None, make_verdict("2021", REVERSED)).case

    assert case is not None
    assert (case.case_id, case.episode, case.state, case.level, case.cause) == (
        "case", 1, CaseState.OPEN, RED, REVERSED,
    )  # fmt: skip
    assert (case.time_period, case.since_period) == (parse_period("2021"), parse_period("2021"))
    assert case.known_at == RECEIVED_AT


@pytest.mark.parametrize(
    ("verdicts", "nature", "level", "lines"),
    [
        pytest.param([("2021", LAGGING), ("2022", LAGGING)], BINDING, ORANGE, "repeat_raises", id="a second time"),
        pytest.param([("2021", REVERSED), ("2022", LAGGING)], BINDING, ORANGE, "repeat_raises", id="after a worse one"),
        pytest.param([("2021", REVERSED), ("2022", REVERSED)], BINDING, RED, "repeat_raises", id="red stays red"),
        pytest.param([("2021", HELD), ("2022", LAGGING)], BINDING, YELLOW, "", id="after a good one"),
        pytest.param([("2021", LAGGING), ("2022", HELD), ("2023", LAGGING)], BINDING, YELLOW, "", id="not consecutive"),
        pytest.param([("2021", LAGGING), ("2022", NO_DATA), ("2023", LAGGING)], BINDING, ORANGE, "repeat_raises",
                     id="a gap does not clear the earlier one"),
        pytest.param([("2025", LAGGING)], BINDING, ORANGE, "last_year_raises", id="the last year"),
        pytest.param([("2025-12", LAGGING)], BINDING, ORANGE, "last_year_raises", id="the last month"),
        pytest.param([("2025-Q1", LAGGING)], BINDING, ORANGE, "last_year_raises", id="a quarter of the last year"),
        pytest.param([("2025-01", LAGGING)], BINDING, ORANGE, "last_year_raises", id="a month of the last year"),
        pytest.param([("2024-12", LAGGING)], BINDING, YELLOW, "", id="just before the last year"),
        pytest.param([("2024", LAGGING), ("2025", LAGGING)], ANTICIPATORY, ORANGE, "repeat_raises + last_year_raises",
                     id="blue, a second time, in the last year"),
        pytest.param([("2024", BREACHED), ("2025", BREACHED)], ANTICIPATORY, RED, "repeat_raises + last_year_raises",
                     id="capped at red"),
    ],
)  # fmt: skip
def test_repetition_and_the_last_year_each_raise_the_level_by_one(
    verdicts: Sequence[tuple[str, AssessmentClass]], nature: Nature, level: Level, lines: str
) -> None:
    decision = decide(None, *(make_verdict(period, verdict) for period, verdict in verdicts), nature=nature)

    assert told(decision) == (DecisionKind.RAISE, level)
    assert decision.policy_line.partition(" + ")[2] == lines


@pytest.mark.parametrize(
    ("period", "repeat_raises", "last_year_raises", "level"),
    [
        ("2022", True, False, ORANGE),
        ("2022", False, True, YELLOW),
        ("2025", False, True, ORANGE),
        ("2025", True, True, RED),
        ("2025", False, False, YELLOW),
    ],
)
def test_the_policy_can_do_without_either(
    period: str, repeat_raises: bool, last_year_raises: bool, level: Level
) -> None:
    policy = replace(default_policy(), repeat_raises=repeat_raises, last_year_raises=last_year_raises)

    decision = decide(None, make_verdict("2021", LAGGING), make_verdict(period, LAGGING), policy=policy)

    assert told(decision) == (DecisionKind.RAISE, level)


@pytest.mark.parametrize(
    ("before", "verdict", "kind", "after"),
    [
        (YELLOW, LAGGING, DecisionKind.HOLD, YELLOW),
        (YELLOW, FAR_BEHIND, DecisionKind.RAISE_LEVEL, ORANGE),
        (RED, LAGGING, DecisionKind.LOWER_LEVEL, YELLOW),
        (RED, ON_SCHEDULE, DecisionKind.CLOSE, RED),
    ],
)
def test_a_newer_verdict_holds_raises_lowers_or_closes_an_open_case(
    before: Level, verdict: AssessmentClass, kind: DecisionKind, after: Level
) -> None:
    decision = decide(make_case(before), make_verdict("2021", verdict, known_at=LATER))

    assert told(decision) == (kind, after)
    assert decision.case is not None
    assert decision.case.known_at == LATER


def test_a_closed_case_keeps_its_level_its_episode_and_when_it_began() -> None:
    case = decide(make_case(ORANGE), make_verdict("2022", ON_SCHEDULE, known_at=LATER)).case

    assert case is not None
    assert (case.episode, case.state, case.level, case.cause) == (1, CaseState.CLOSED, ORANGE, ON_SCHEDULE)
    assert (case.time_period, case.since_period) == (parse_period("2022"), parse_period("2021"))
    assert (case.known_at, case.closed_at) == (LATER, NOW)


def test_a_closed_case_that_recurs_is_a_new_episode_of_the_same_case() -> None:
    closed = make_case(RED, state=CaseState.CLOSED)

    decision = decide(closed, make_verdict("2022", ON_SCHEDULE), make_verdict("2023", LAGGING, known_at=LATER))

    assert told(decision) == (DecisionKind.REOPEN, YELLOW)
    assert decision.case is not None
    assert (decision.case.case_id, decision.case.episode, decision.case.state) == ("case", 2, CaseState.OPEN)
    assert decision.case.since_period == parse_period("2023")


def test_a_closed_case_stays_closed_while_verdicts_are_good() -> None:
    closed = make_case(RED, state=CaseState.CLOSED)

    assert decide(closed, make_verdict("2022", AHEAD, known_at=LATER)).kind is None


@pytest.mark.parametrize(
    ("verdict", "state"), [(LAGGING, CaseState.ACKNOWLEDGED), (FAR_BEHIND, CaseState.OPEN)], ids=["same", "worse"]
)
def test_an_acknowledged_case_is_open_again_only_when_its_level_rises(
    verdict: AssessmentClass, state: CaseState
) -> None:
    acknowledged = make_case(YELLOW, state=CaseState.ACKNOWLEDGED)

    case = decide(acknowledged, make_verdict("2021", verdict, known_at=LATER)).case

    assert case is not None
    assert case.state is state


def test_a_case_reaches_back_to_its_first_bad_period() -> None:
    case = decide(make_case(YELLOW, period="2022"), make_verdict("2021", LAGGING, known_at=LATER)).case

    assert case is not None
    assert case.since_period == parse_period("2021")


@pytest.mark.parametrize("current", [None, make_case(RED), make_case(RED, state=CaseState.CLOSED)])
@pytest.mark.parametrize("verdicts", [[], [NO_DATA], [NOT_ASSESSABLE], [NO_DATA, NOT_ASSESSABLE]])
def test_silent_verdicts_alone_change_nothing(current: Case | None, verdicts: list[AssessmentClass]) -> None:
    decision = decide(current, *(make_verdict("2022", verdict) for verdict in verdicts))

    assert (decision.kind, decision.case) == (None, current)


def test_a_silent_verdict_after_a_bad_one_leaves_the_last_real_verdict_standing() -> None:
    current = make_case(YELLOW)

    decision = decide(current, make_verdict("2021", LAGGING), make_verdict("2022", NO_DATA, known_at=LATER))

    assert (decision.kind, decision.case) == (None, current)


@pytest.mark.parametrize(
    ("before", "earlier", "kind", "after"),
    [
        pytest.param(ORANGE, ON_SCHEDULE, DecisionKind.LOWER_LEVEL, YELLOW, id="the repetition was an error"),
        pytest.param(YELLOW, LAGGING, DecisionKind.RAISE_LEVEL, ORANGE, id="the year before was bad, too"),
    ],
)
def test_a_revision_of_the_earlier_period_is_news_for_a_level_that_rests_on_it(
    before: Level, earlier: AssessmentClass, kind: DecisionKind, after: Level
) -> None:
    # given a case that 2022 set, and then a figure for 2021 that arrives later
    current = make_case(before, period="2022")

    # when
    decision = decide(current, make_verdict("2021", earlier, known_at=LATER), make_verdict("2022", LAGGING))

    # then the case knows of it: a decision that is no newer than the case would be taken for a repetition
    assert told(decision) == (kind, after)
    assert decision.case is not None
    assert decision.case.known_at == LATER


VERDICTS = st.lists(
    st.builds(make_verdict, st.just("2021"), st.sampled_from(AssessmentClass)), min_size=1, max_size=4
).map(lambda verdicts: [replace(row, period=parse_period(str(2021 + at))) for at, row in enumerate(verdicts)])


@given(VERDICTS, st.sampled_from(Nature), st.none() | st.sampled_from([make_case(level) for level in Level]))
def test_deciding_again_on_the_same_verdicts_changes_nothing(
    verdicts: list[Verdict], nature: Nature, current: Case | None
) -> None:
    once = decide(current, *verdicts, nature=nature)

    again = decide(once.case, *verdicts, nature=nature)

    assert again.kind is None
    assert again.case == once.case


@given(VERDICTS, st.sampled_from(Nature), st.none() | st.sampled_from([make_case(level) for level in Level]))
def test_every_decision_says_why_in_both_languages(
    verdicts: list[Verdict], nature: Nature, current: Case | None
) -> None:
    decision = decide(current, *verdicts, nature=nature)

    assert decision.reason.zh
    assert decision.reason.en
    assert bool(decision.policy_line) == (decision.kind not in (None, DecisionKind.CLOSE))


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"freq": Freq.QUARTERLY}, True),  # an indicator has one case, however often it is reported
        ({"ref_area": "640502"}, False),
        ({"urbanisation": "R"}, False),
        ({"pop_group": "F"}, False),
        ({"indicator_id": "zhongwei-06"}, False),
    ],
)
def test_a_case_is_identified_by_plan_subject_area_breakdown_and_track_and_track(
    changes: dict[str, str], same: bool
) -> None:
    series = SeriesKey("zhongwei-05", "640500", Freq.ANNUAL)

    one = case_id("zhongwei", SubjectKind.INDICATOR, series)
    other = case_id("zhongwei", SubjectKind.INDICATOR, replace(series, **changes))  # type: ignore[arg-type]

    assert (one == other) is same
    assert one != case_id("wuwei", SubjectKind.INDICATOR, series)
    assert one != case_id("zhongwei", SubjectKind.INDICATOR, series, Track.REPORTING)


@pytest.mark.parametrize(
    ("verdicts", "level", "period"),
    [
        pytest.param(
            [("2021", FAR_BEHIND), ("2022-Q1", ON_SCHEDULE)], ORANGE, "2021", id="a later quarter does not close a year"
        ),
        pytest.param([("2021", ON_SCHEDULE), ("2022-Q1", REVERSED)], RED, "2022-Q1", id="a bad quarter warns early"),
        pytest.param([("2021-Q3", REVERSED), ("2021", LAGGING)], YELLOW, "2021", id="the year overtakes its quarters"),
        pytest.param(
            [("2021", FAR_BEHIND), ("2022-12", LAGGING)],
            YELLOW,
            "2022-12",
            id="December speaks for the year until then",
        ),
        pytest.param([("2021", LAGGING), ("2022-03", LAGGING)], YELLOW, "2021", id="of equal levels the longer period"),
        pytest.param(
            [("2021-02", LAGGING), ("2021-03", LAGGING)], ORANGE, "2021-03", id="the month before makes it graver"
        ),
        pytest.param([("2021", LAGGING), ("2022-01-01/P2M", NO_DATA)], YELLOW, "2021", id="no data says nothing"),
    ],
)
def test_figures_of_all_frequencies_speak_to_one_case(
    verdicts: list[tuple[str, AssessmentClass]], level: Level, period: str
) -> None:
    case = decide(None, *(make_verdict(name, verdict) for name, verdict in verdicts)).case

    assert case is not None
    assert (case.level, str(case.time_period)) == (level, period)


def test_a_good_year_closes_what_its_months_and_the_year_before_opened() -> None:
    verdicts = [("2021", FAR_BEHIND), ("2022-11", REVERSED), ("2022", ON_SCHEDULE)]

    decision = decide(make_case(RED), *(make_verdict(name, verdict, known_at=LATER) for name, verdict in verdicts))

    assert decision.kind is DecisionKind.CLOSE


def test_better_figures_have_to_last_at_the_frequency_that_was_bad() -> None:
    verdicts = [("2021", ON_SCHEDULE), ("2022-Q1", LAGGING), ("2022-Q2", ON_SCHEDULE)]
    patient = replace(default_policy(), falls_after={CaseKind.BEHIND_SCHEDULE: 2})

    decision = decide(make_case(YELLOW), *(make_verdict(*found, known_at=LATER) for found in verdicts), policy=patient)

    assert told(decision) == (DecisionKind.HOLD, YELLOW)
