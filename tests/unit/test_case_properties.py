"""What holds for every event in every state: the machine is total, its history is its state, and it never repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from planwatch.case.effects import HoldBack, MailOrder, Step
from planwatch.case.events import (
    Acknowledged,
    Assessed,
    ClockTicked,
    ClosedByPerson,
    ClosingRequested,
    CoverChanged,
    Escalated,
    Event,
    ForecastMade,
    MailOutcome,
    MailSettled,
    MeasuresFiled,
    MissingReport,
    PlanRevised,
    ProgressNoted,
    Reading,
    Reassigned,
    ReportsChecked,
    Silenced,
    SilenceLifted,
)
from planwatch.case.machine import transition
from planwatch.case.model import Case, Measure, Owners, case_from_mapping, case_to_mapping, replay
from planwatch.early_warning import CaseState, DecisionKind, Verdict
from planwatch.language import Text
from planwatch.notification import Delivery, MailKind
from planwatch.period import parse_period
from planwatch.policy import AssessmentClass
from tests.builders import CALENDAR_2026, LEAD, SCHOOLS, default_policy, make_matter

START = datetime(2026, 1, 5, tzinfo=UTC)
NAMES = st.sampled_from(["王主任", "", "  "])
REASONS = st.sampled_from(["核对口径", ""])
DAYS = st.integers(-5, 400).map(lambda days: date(2026, 1, 5) + timedelta(days=days))
MOMENTS = st.integers(0, 500 * 24).map(lambda hours: START + timedelta(hours=hours))
CASES = st.lists(st.sampled_from(["one", "two"]), unique=True).map(lambda names: tuple(sorted(names)))
MATTER = make_matter(last_period="2030")
VERDICTS = st.lists(st.tuples(st.sampled_from(AssessmentClass), MOMENTS), max_size=4).map(
    lambda found: [
        Verdict(parse_period(f"2026-0{month}"), verdict, "s", known_at)
        for month, (verdict, known_at) in enumerate(found, start=1)
    ]
)
READINGS = st.lists(st.tuples(st.booleans(), MOMENTS), max_size=3).map(
    lambda found: [
        Reading(parse_period(f"2026-0{month}"), bad, "odds", "s", known_at, Text("概率", "odds"))
        for month, (bad, known_at) in enumerate(found, start=1)
    ]
)
MISSING = st.lists(DAYS, max_size=2).map(
    lambda days: [MissingReport(parse_period("2025"), day, Text("年报", "annual")) for day in sorted(days)]
)
MEASURES = st.lists(st.builds(Measure, REASONS, NAMES, DAYS), max_size=2).map(tuple)
OWNERS = st.sampled_from([SCHOOLS, "culture"]).map(lambda lead: Owners(lead, ("superior", LEAD), LEAD))
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Assessed, st.just(MATTER), VERDICTS),
    st.builds(ForecastMade, st.just(MATTER), READINGS),
    st.builds(ReportsChecked, st.just(MATTER), MISSING),
    st.builds(ClockTicked),
    st.builds(Acknowledged, NAMES),
    st.builds(MeasuresFiled, NAMES, MEASURES),
    st.builds(ProgressNoted, NAMES, REASONS),
    st.builds(ClosingRequested, NAMES, REASONS),
    st.builds(ClosedByPerson, NAMES, REASONS),
    st.builds(Silenced, NAMES, DAYS, REASONS),
    st.builds(SilenceLifted, NAMES, REASONS),
    st.builds(Reassigned, NAMES, OWNERS, REASONS),
    st.builds(Escalated, NAMES, REASONS),
    st.builds(PlanRevised, st.integers(1, 3), st.none() | st.just(MATTER)),
    st.builds(MailSettled, st.just("mail"), st.sampled_from(MailOutcome), REASONS),
    st.builds(CoverChanged, CASES, CASES),
)
REVERSED_FIGURE = Assessed(MATTER, [Verdict(parse_period("2025"), AssessmentClass.REVERSED, "s", START)])
STORIES = st.lists(st.tuples(st.integers(0, 300), EVENTS), max_size=12).flatmap(
    lambda story: st.sampled_from([story, [(0, REVERSED_FIGURE), *story], [(0, REVERSED_FIGURE), *story]])
)


def play(story: Sequence[tuple[int, Event]]) -> tuple[Case | None, list[Step]]:
    """A story from its beginning, the hours between its events first; the case at its end, and all steps."""
    case: Case | None = None
    steps: list[Step] = []
    now = START
    for hours, event in story:
        now += timedelta(hours=hours)
        case, effects, _ = transition(case, event, default_policy(), now, CALENDAR_2026)
        steps += effects
    return case, steps


@given(STORIES, EVENTS, MOMENTS)
def test_every_event_has_an_answer_with_a_reason_in_every_state(
    story: Sequence[tuple[int, Event]], event: Event, now: datetime
) -> None:
    case, _ = play(story)

    after, effects, reason = transition(case, event, default_policy(), now, CALENDAR_2026)

    assert reason.zh
    assert reason.en
    assert effects or after == case
    assert all(step.entry.reason.zh and step.notice.reason.zh and step.notice.reason.en for step in effects)


@given(STORIES)
def test_the_state_is_what_the_history_adds_up_to(story: Sequence[tuple[int, Event]]) -> None:
    case, steps = play(story)

    assert replay(step.entry.changes for step in steps) == case


@given(STORIES)
def test_a_case_survives_being_written_and_read(story: Sequence[tuple[int, Event]]) -> None:
    case, _ = play(story)

    assert case is None or case_from_mapping(case_to_mapping(case)) == case


@given(STORIES, st.sampled_from([ClockTicked(), Acknowledged("王主任"), CoverChanged(("one",), ())]))
def test_the_same_event_a_second_time_at_the_same_moment_changes_nothing(
    story: Sequence[tuple[int, Event]], event: Event
) -> None:
    case, _ = play(story)
    now = START + timedelta(days=500)
    once = transition(case, event, default_policy(), now, CALENDAR_2026)

    again = transition(once.case, event, default_policy(), now, CALENDAR_2026)

    assert again.case == once.case
    assert again.effects == ()


@given(STORIES, VERDICTS)
def test_verdicts_that_were_considered_change_nothing(
    story: Sequence[tuple[int, Event]], verdicts: list[Verdict]
) -> None:
    case, _ = play(story)
    event, now = Assessed(MATTER, verdicts), START + timedelta(days=500)
    once = transition(case, event, default_policy(), now, CALENDAR_2026)

    again = transition(once.case, event, default_policy(), now, CALENDAR_2026)

    assert again.effects == () or once.effects == ()


@given(STORIES)
def test_each_rung_is_climbed_once_for_an_obligation_and_never_without_its_predecessor(
    story: Sequence[tuple[int, Event]],
) -> None:
    _, steps = play(story)
    climbed = [step.case.fired for step in steps]

    assert all(len({(fired.obligation, fired.rung) for fired in found}) == len(found) for found in climbed)
    assert all(
        fired.rung == 1 or any((f.obligation, f.rung) == (fired.obligation, fired.rung - 1) for f in found)
        for found in climbed
        for fired in found
    )


@given(STORIES)
def test_episodes_begin_with_raise_or_reopen_and_nothing_but_notes_follows_a_close(
    story: Sequence[tuple[int, Event]],
) -> None:
    _, steps = play(story)
    kinds = [step.entry.kind for step in steps]
    after_close = [later for kind, later in pairwise(kinds) if kind is DecisionKind.CLOSE]

    assert not kinds or kinds[0] is DecisionKind.RAISE
    assert set(after_close) <= {
        DecisionKind.RAISE, DecisionKind.REOPEN, DecisionKind.NOTE, DecisionKind.MAIL_FAILED,
    }  # fmt: skip
    assert [step.case.episode for step in steps] == sorted(step.case.episode for step in steps)


@given(STORIES)
def test_a_silenced_or_covered_case_mails_its_owner_nothing(story: Sequence[tuple[int, Event]]) -> None:
    _, steps = play(story)
    hindered = [step for step in steps if step.case.covered_by and step.case.state is not CaseState.CLOSED]

    assert all(
        isinstance(step.notice, HoldBack) or step.notice.kind in (MailKind.ESCALATION, MailKind.REQUEST)
        for step in hindered
    )


@given(STORIES)
def test_urgent_mails_go_out_at_once_and_the_others_in_the_digest(story: Sequence[tuple[int, Event]]) -> None:
    policy = default_policy()
    _, steps = play(story)
    told = [step for step in steps if isinstance(step.notice, MailOrder) and step.notice.to == step.case.owner]

    assert all(
        (step.notice.delivery is Delivery.IMMEDIATE) == (step.case.level >= policy.immediate_from)
        for step in told
        if isinstance(step.notice, MailOrder)
    )


@given(STORIES)
def test_an_acknowledged_case_is_open_again_only_by_a_rise_a_new_owner_or_a_new_episode(
    story: Sequence[tuple[int, Event]],
) -> None:
    _, steps = play(story)
    states = [(step.case.state, step.entry.kind) for step in steps]
    reopening = [
        kind
        for (before, _), (after, kind) in pairwise(states)
        if before in (CaseState.ACKNOWLEDGED, CaseState.RECTIFYING) and after is CaseState.OPEN
    ]

    assert set(reopening) <= {DecisionKind.RAISE_LEVEL, DecisionKind.REASSIGN}


@given(STORIES)
def test_without_a_known_calendar_nobody_is_reminded_or_escalated_by_the_clock(
    story: Sequence[tuple[int, Event]],
) -> None:
    unknown = replace(CALENDAR_2026, years=frozenset())
    case: Case | None = None
    kinds = set()
    for hours, event in [*story, (2000, ClockTicked())]:
        case, effects, _ = transition(case, event, default_policy(), START + timedelta(hours=hours), unknown)
        kinds |= {step.entry.kind for step in effects if step.entry.actor == "planwatch-alerts"}

    assert not kinds & {DecisionKind.REMIND, DecisionKind.ESCALATE}
