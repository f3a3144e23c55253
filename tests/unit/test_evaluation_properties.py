"""What is stored report by report is what a recomputation of any moment gives, in any order of arrival."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from planwatch.language import Text
from planwatch.milestone import MilestoneStatement, StatedMilestone
from planwatch.observation import Observation
from planwatch.period import parse_period
from planwatch.plan import GoalKind, Indicator, Plan, PlanRevision
from planwatch.plan_history import PlanVersion
from planwatch.series import Accumulation
from tests.builders import make_indicator, make_observation, make_plan
from tests.replay import Replay

STARTED_AT = datetime(2021, 1, 1, tzinfo=UTC)
FLOW, YEAR_TO_DATE, SINCE_START = Accumulation.FLOW, Accumulation.YEAR_TO_DATE, Accumulation.SINCE_PLAN_START
PERIODS = ["2021", "2021-Q1", "2021-01-01/P2M", "2021-02", "2021-12", "2022", "2022-02", "2022-Q4", "2023-06", "2023"]
KINDS = st.sampled_from(
    [
        make_indicator(baseline="50", target="900"),
        make_indicator(baseline=None, target="900"),
        make_indicator(goal_kind=GoalKind.FLOOR, baseline="50", target="40"),
        make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="900", accumulation=FLOW),
        make_indicator(goal_kind=GoalKind.AVERAGE, baseline=None, target="90", accumulation=YEAR_TO_DATE),
        replace(
            make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="900", accumulation=YEAR_TO_DATE),
            follows_last_year=True,
        ),
    ]
)
MOMENTS = st.integers(1, 30).map(lambda day: STARTED_AT + timedelta(days=day))
STATED_MOMENTS = st.integers(1, 30).map(lambda day: STARTED_AT + timedelta(days=day, hours=1))
APPLIED_MOMENTS = st.integers(1, 30).map(lambda day: STARTED_AT + timedelta(days=day, hours=2))
FIGURES = st.one_of(st.none(), st.integers(0, 500).map(str))
SUBMISSIONS = st.lists(
    st.tuples(
        MOMENTS,
        st.lists(
            st.tuples(st.sampled_from(PERIODS), FIGURES, st.sampled_from([None, FLOW, YEAR_TO_DATE, SINCE_START])),
            min_size=1,
            max_size=3,
            unique_by=lambda row: row[0],
        ),
    ),
    min_size=1,
    max_size=7,
)


def first_version(indicator: Indicator) -> PlanVersion:
    return PlanVersion(make_plan(indicator), STARTED_AT)


def second_version(plan: Plan, target: str, effective_on: date, applied_at: datetime) -> PlanVersion:
    indicator = plan.indicators[0]
    lowered = replace(indicator, target=replace(indicator.target, value=Decimal(target)))
    revision = PlanRevision(effective_on, Text("中期评估", "mid-term evaluation"), Text("文件", "document"))
    return PlanVersion(replace(plan, version=2, indicators=(lowered,), revision=revision), applied_at)


def statement(
    indicator: Indicator, year: str, value: str, effective_on: date, at: datetime, version: int
) -> MilestoneStatement:
    return MilestoneStatement(
        "test",
        parse_period(year),
        version,
        effective_on,
        Text("年度计划", "annual work plan"),
        Text("市政府", "municipal government"),
        {indicator.indicator_id: StatedMilestone(Decimal(value), "1")},
        at,
    )


def reports_of(
    indicator: Indicator, submissions: list[tuple[datetime, list[tuple[str, str | None, Accumulation | None]]]]
) -> list[list[Observation]]:
    return [
        [
            make_observation(
                indicator, period, value, accumulation=form, received_at=received_at, submission_id=f"s{number:02d}"
            )
            for period, value, form in rows
        ]
        for number, (received_at, rows) in enumerate(submissions)
    ]


def assert_every_moment_agrees(replay: Replay) -> None:
    moments = replay.moments()
    assert {at: replay.stored_as_of(at) for at in moments} == {at: replay.recomputed(at) for at in moments}


@settings(max_examples=150)
@given(KINDS, SUBMISSIONS, st.randoms(use_true_random=False))
def test_what_was_known_at_any_moment_equals_its_recomputation_in_any_order_of_arrival(
    indicator: Indicator,
    submissions: list[tuple[datetime, list[tuple[str, str | None, Accumulation | None]]]],
    chance: object,
) -> None:
    reports = reports_of(indicator, submissions)
    chance.shuffle(reports)  # type: ignore[attr-defined]
    replay = Replay([first_version(indicator)])

    for report in reports:
        replay.receive(*report)

    assert_every_moment_agrees(replay)


@settings(max_examples=150)
@given(
    KINDS,
    SUBMISSIONS,
    st.sampled_from([date(2021, 1, 1), date(2021, 7, 1), date(2022, 12, 31), date(2024, 1, 1)]),
    APPLIED_MOMENTS,
    st.lists(
        st.tuples(st.sampled_from(["2021", "2022", "2023"]), st.integers(1, 800).map(str), STATED_MOMENTS),
        max_size=2,
        unique_by=lambda stated: stated[2],
    ),
    st.randoms(use_true_random=False),
)
def test_versions_and_milestones_take_effect_from_their_moment_in_any_order(
    indicator: Indicator,
    submissions: list[tuple[datetime, list[tuple[str, str | None, Accumulation | None]]]],
    effective_on: date,
    applied_at: datetime,
    stated: list[tuple[str, str, datetime]],
    chance: object,
) -> None:
    # given reports that come in disorder, among them a revision of the plan and annual work plans
    replay = Replay([first_version(indicator)])
    second = second_version(replay.versions[0].plan, "700", effective_on, applied_at)
    steps: list[object] = [
        *reports_of(indicator, submissions),
        second,
        *(
            statement(indicator, year, value, effective_on, at, number)
            for number, (year, value, at) in enumerate(stated, start=1)
        ),
    ]
    chance.shuffle(steps)  # type: ignore[attr-defined]

    # when each takes its effect
    for step in steps:
        if isinstance(step, PlanVersion | MilestoneStatement):
            replay.say(step)
        else:
            replay.receive(*step)  # type: ignore[misc]

    # then
    last = replay.moments()[-1] + timedelta(seconds=1)
    assert replay.stored_as_of(last) == replay.recomputed(last)


@given(KINDS, SUBMISSIONS, st.integers(1, 800).map(str), STATED_MOMENTS, APPLIED_MOMENTS)
def test_what_was_printed_on_a_day_is_what_is_said_of_that_day_after_everything(
    indicator: Indicator,
    submissions: list[tuple[datetime, list[tuple[str, str | None, Accumulation | None]]]],
    milestone: str,
    stated_at: datetime,
    applied_at: datetime,
) -> None:
    replay = Replay([first_version(indicator)])
    said = statement(indicator, "2022", milestone, date(2021, 1, 1), stated_at, 1)
    second = second_version(replay.versions[0].plan, "700", date(2022, 1, 1), applied_at)
    reports = reports_of(indicator, submissions)
    steps: list[tuple[datetime, int, object]] = [
        *((report[0].received_at, 0, report) for report in reports),
        (stated_at, 1, said),
        (applied_at, 2, second),
    ]

    printed = {}
    for at, kind, step in sorted(steps, key=lambda step: step[:2]):
        match kind:
            case 0:
                replay.receive(*step)  # type: ignore[misc]
            case 1:
                replay.say(said)
            case _:
                replay.say(second)
        printed[at] = replay.stored_as_of(at)

    assert {at: replay.stored_as_of(at) for at in printed} == printed
    assert_every_moment_agrees(replay)


MONTHS = [f"{year}-{month:02d}" for year in range(2021, 2026) for month in range(1, 13)]
TOTAL = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="900", accumulation=FLOW)
SEASONAL = replace(TOTAL, follows_last_year=True)
NO_BASELINE = make_indicator(baseline=None, target="900")


@given(st.sampled_from([(TOTAL, 12), (SEASONAL, 24), (NO_BASELINE, 0)]), st.lists(FIGURES, min_size=60, max_size=60))
@settings(max_examples=10)
def test_what_a_new_month_costs_does_not_depend_on_how_long_the_history_is(
    kind_and_most_rows: tuple[Indicator, int], figures: list[str | None]
) -> None:
    indicator, most_rows = kind_and_most_rows
    replay = Replay([first_version(indicator)])
    read = []

    for number, (month, figure) in enumerate(zip(MONTHS, ["1", *figures[1:]], strict=True)):
        at = STARTED_AT + timedelta(days=number + 1)
        made = replay.receive(
            make_observation(indicator, month, figure, received_at=at, submission_id=f"s{number:02d}")
        )
        read.append(replay.rows_read)
        assert [str(verdict.period) for verdict in made] == [month]

    assert max(read[2:]) <= most_rows
    assert_every_moment_agrees(replay)
