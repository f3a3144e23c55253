"""What changed between two verdicts, in words; which version and milestones hold for a period."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from planwatch.assessment import Assessment
from planwatch.language import Text
from planwatch.milestone import MilestoneStatement, StatedMilestone, statement_faults
from planwatch.period import parse_period
from planwatch.plan import GoalKind, Indicator, PlanRevision
from planwatch.plan_history import PlanVersion
from planwatch.policy import AssessmentClass
from planwatch.series import Accumulation
from tests.builders import make_indicator, make_observation, make_plan
from tests.replay import Replay

REACH = make_indicator(baseline="50", target="100")
TOTAL = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="10", accumulation=Accumulation.FLOW)
NO_BASELINE = make_indicator(baseline=None, target="100")


def day(month: int, number: int = 1) -> datetime:
    return datetime(2022, month, number, tzinfo=UTC)


def replay_of(indicator: Indicator) -> Replay:
    return Replay([PlanVersion(make_plan(indicator), datetime(2021, 1, 1, tzinfo=UTC))])


def report(replay: Replay, indicator: Indicator, period: str, value: str, month: int) -> list[Assessment]:
    return replay.receive(
        make_observation(indicator, period, value, received_at=day(month), submission_id=f"s{month:02d}")
    )


def lowered(indicator: Indicator, target: str, effective_on: date, applied_at: datetime) -> PlanVersion:
    revised = replace(indicator, target=replace(indicator.target, value=Decimal(target)))
    revision = PlanRevision(effective_on, Text("中期评估", "mid-term"), Text("中期评估报告", "mid-term report"))
    return PlanVersion(replace(make_plan(revised), version=2, revision=revision), applied_at)


def stated(
    indicator: Indicator, year: str, value: str, at: datetime, *, effective_on: date = date(2021, 1, 1)
) -> MilestoneStatement:
    return MilestoneStatement(
        "test", parse_period(year), 1, effective_on, Text("年度计划", "annual plan"), Text("市政府", "government"),
        {indicator.indicator_id: StatedMilestone(Decimal(value), "第3行")}, at,
    )  # fmt: skip


def test_the_first_verdict_has_changed_nothing() -> None:
    (made,) = report(replay_of(REACH), REACH, "2021", "60", 3)

    assert made.change is None


def test_a_correction_says_which_revision_replaced_which() -> None:
    replay = replay_of(REACH)
    report(replay, REACH, "2021", "49", 3)

    (made,) = report(replay, REACH, "2021", "60", 4)

    assert made.change is not None
    assert made.change.code == "revision"
    assert made.change.text.en == (
        "revision 2 (60) replaced revision 1 (49); the class changes from reversed to on schedule"
    )
    assert made.change.text.zh == "第2版数据（60）取代第1版（49）；评价由逆向变动变为基本符合预期"


def test_a_correction_changes_the_later_totals_and_leaves_the_earlier_alone() -> None:
    replay = replay_of(TOTAL)
    for month, year in ((1, "2021"), (2, "2022"), (3, "2023")):
        report(replay, TOTAL, year, "1", month)

    made = report(replay, TOTAL, "2022", "3", 4)

    assert [str(verdict.period) for verdict in made] == ["2022", "2023"]
    assert [verdict.change.code for verdict in made if verdict.change] == ["revision", "earlier_figure"]
    assert made[1].change is not None
    assert "2022" in made[1].change.text.en


def test_a_correction_of_a_finer_figure_leaves_the_annual_verdict_alone() -> None:
    replay = replay_of(TOTAL)
    report(replay, TOTAL, "2021-11", "1", 1)
    report(replay, TOTAL, "2021", "3", 2)

    made = report(replay, TOTAL, "2021-11", "2", 3)

    assert [str(verdict.period) for verdict in made] == ["2021-11"]


def test_another_stand_in_for_the_baseline_is_named() -> None:
    replay = replay_of(NO_BASELINE)
    report(replay, NO_BASELINE, "2021", "50", 1)
    report(replay, NO_BASELINE, "2022", "55", 2)

    made = report(replay, NO_BASELINE, "2021", "20", 3)

    changes = {str(verdict.period): verdict.change.code for verdict in made if verdict.change}
    assert changes == {"2021": "revision", "2022": "baseline"}


def test_a_version_judges_the_periods_that_end_after_its_day_and_says_what_it_did_to_the_target() -> None:
    replay = replay_of(REACH)
    report(replay, REACH, "2021", "55", 1)
    report(replay, REACH, "2022", "60", 2)

    replay.say(lowered(REACH, "70", date(2022, 7, 1), day(9)))

    *_, last = replay.assessments
    assert [(str(row.period), row.plan_version) for row in replay.assessments] == [
        ("2021", 1),
        ("2022", 1),
        ("2022", 2),
    ]
    assert (last.known_at, last.verdict) == (day(9), AssessmentClass.AHEAD)  # 50 → 70: a = 0.5, s = 0.4
    assert last.change is not None
    assert last.change.code == "plan_version"
    assert "plan version 2 lowered the target from 100 to 70 (mid-term report)" in last.change.text.en


def test_a_late_correction_of_an_early_period_is_judged_by_its_own_version() -> None:
    replay = replay_of(REACH)
    report(replay, REACH, "2021", "55", 1)
    replay.say(lowered(REACH, "70", date(2022, 7, 1), day(9)))

    (made,) = report(replay, REACH, "2021", "54", 10)

    assert made.plan_version == 1


def test_a_stated_milestone_bends_the_path_and_is_named() -> None:
    # 50 → 56 in two years: 55 in the first year is a = 0.1, s = 0.06
    replay = replay_of(REACH)
    report(replay, REACH, "2021", "55", 1)

    replay.say(stated(REACH, "2022", "56", day(2)))

    *_, last = replay.assessments
    assert (last.verdict, last.measures.expected) == (AssessmentClass.AHEAD, Decimal(53))
    assert last.change is not None
    assert (last.change.code, "56 for 2022" in last.change.text.en) == ("milestone", True)


def test_a_milestone_does_not_judge_periods_that_ended_before_it_took_effect() -> None:
    replay = replay_of(REACH)
    report(replay, REACH, "2021", "55", 1)

    replay.say(stated(REACH, "2022", "56", day(2), effective_on=date(2022, 1, 1)))

    assert len(replay.assessments) == 1


def test_a_milestone_is_refused_where_there_is_no_path_or_no_such_year() -> None:
    floor = make_indicator(no=1, goal_kind=GoalKind.FLOOR)
    statement = replace(
        stated(REACH, "2025", "99", day(2)),
        milestones={name: StatedMilestone(Decimal(1), "1") for name in ("test-01", "test-02", "test-09")},
    )

    faults = statement_faults(statement, make_plan(floor, make_indicator(no=2)))

    assert [fault.path for fault in faults] == ["milestones[test-01]", "milestones[test-02]", "milestones[test-09]"]


def test_inside_a_year_a_flow_may_follow_the_year_before() -> None:
    # 2021: 0.5 by June and 2 by December, so a quarter of 2022 is due by June: 2 + (4 - 2) / 4
    seasonal = replace(TOTAL, follows_last_year=True, accumulation=Accumulation.YEAR_TO_DATE)
    replay = replay_of(seasonal)
    report(replay, seasonal, "2021-06", "0.5", 1)
    report(replay, seasonal, "2021-12", "2", 2)

    (made,) = report(replay, seasonal, "2022-06", "0.5", 8)

    assert (made.measures.expected, made.verdict) == (Decimal("2.5"), AssessmentClass.ON_SCHEDULE)


def test_without_the_figures_of_the_year_before_the_path_keeps_its_form() -> None:
    seasonal = replace(TOTAL, follows_last_year=True, accumulation=Accumulation.YEAR_TO_DATE)

    (made,) = report(replay_of(seasonal), seasonal, "2021-06", "1", 1)

    assert made.measures.expected == 1  # 10 * 0.5/5
