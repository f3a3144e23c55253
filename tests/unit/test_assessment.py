"""The schedule method, class by class, with its arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from planwatch.assessment import Assessment, affected_periods, assess
from planwatch.period import parse_period
from planwatch.plan import Direction, GoalKind, Indicator
from planwatch.plan_terms import Comparator
from planwatch.policy import AssessmentClass
from planwatch.running_state import needs_history
from planwatch.series import Accumulation
from tests.builders import (
    RECEIVED_AT,
    default_policy,
    make_history,
    make_indicator,
    make_observation,
    make_plan,
)

ACHIEVED, AHEAD, ON_SCHEDULE = AssessmentClass.ACHIEVED, AssessmentClass.AHEAD, AssessmentClass.ON_SCHEDULE
LAGGING, FAR_BEHIND, REVERSED = AssessmentClass.LAGGING, AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED
HELD, BREACHED = AssessmentClass.HELD, AssessmentClass.BREACHED
NO_DATA, NOT_ASSESSABLE = AssessmentClass.NO_DATA, AssessmentClass.NOT_ASSESSABLE
DECREASE = Direction.DECREASE
FLOW, SINCE_START = Accumulation.FLOW, Accumulation.SINCE_PLAN_START

REACH = make_indicator(baseline="50", target="100")
MORTALITY = make_indicator(baseline="10", target="5", direction=DECREASE)
STRICT = make_indicator(baseline="50", target="90", comparator=Comparator.GREATER)
FLOOR = make_indicator(goal_kind=GoalKind.FLOOR, baseline="96.68", target="95")
STRICT_FLOOR = make_indicator(goal_kind=GoalKind.FLOOR, baseline=None, target="30", comparator=Comparator.GREATER)
CEILING = make_indicator(goal_kind=GoalKind.CEILING, baseline="4.84", target="5", direction=DECREASE)
COVERAGE = make_indicator(goal_kind=GoalKind.COVERAGE, baseline=None, target="100")
TOTAL = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline="6.1", target="6", accumulation=FLOW)
AVERAGE = make_indicator(goal_kind=GoalKind.AVERAGE, baseline="1800", target="1500", accumulation=FLOW)
NO_BASELINE = make_indicator(baseline=None, target="100")
STRICT_NO_BASELINE = make_indicator(baseline=None, target="90", comparator=Comparator.GREATER)


def judge(
    indicator: Indicator,
    figures: Mapping[str, str | None],
    period: str,
    *,
    accumulation: Accumulation | None = None,
) -> Assessment:
    made = assess(
        make_plan(indicator),
        indicator,
        default_policy(),
        make_history(indicator, figures, accumulation=accumulation),
        parse_period(period),
        submission_id="s1",
    )
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("indicator", "value", "period", "verdict"),
    [
        # 50 → 100 in five years: s = 0.2 by the end of 2021, a = (y - 50) / 50
        pytest.param(REACH, "100", "2021", ACHIEVED, id="the target itself, four years early"),
        pytest.param(REACH, "60.5", "2021", AHEAD, id="a = 0.21, a/s = 1.05"),
        pytest.param(REACH, "60.49", "2021", ON_SCHEDULE, id="a/s = 1.049"),
        pytest.param(REACH, "60", "2021", ON_SCHEDULE, id="a/s = 1"),
        pytest.param(REACH, "59.5", "2021", ON_SCHEDULE, id="a = 0.19, a/s = 0.95"),
        pytest.param(REACH, "59.49", "2021", LAGGING, id="a/s = 0.949"),
        pytest.param(REACH, "56", "2021", LAGGING, id="a = 0.12, a/s = 0.6"),
        pytest.param(REACH, "55.99", "2021", FAR_BEHIND, id="a/s = 0.599"),
        pytest.param(REACH, "50", "2021", FAR_BEHIND, id="a = 0"),
        pytest.param(REACH, "49", "2021", REVERSED, id="a = -0.02"),
        # s = 0.8 by the end of 2024, s = 1 by the end of 2025
        pytest.param(REACH, "92", "2024", AHEAD, id="a = 0.84, a/s = 1.05"),
        pytest.param(REACH, "88", "2024", ON_SCHEDULE, id="a = 0.76, a/s = 0.95"),
        pytest.param(REACH, "74", "2024", LAGGING, id="a = 0.48, a/s = 0.6"),
        pytest.param(REACH, "99.99", "2025", ON_SCHEDULE, id="the last year, a = 0.9998"),
        pytest.param(REACH, "55", "2021-S1", ON_SCHEDULE, id="half a year: s = 0.1, a = 0.1"),
        # 10 → 5: a = (10 - y) / 5
        pytest.param(MORTALITY, "5", "2022", ACHIEVED, id="falling: the target"),
        pytest.param(MORTALITY, "8.9", "2021", AHEAD, id="falling: a = 0.22, a/s = 1.1"),
        pytest.param(MORTALITY, "9", "2021", ON_SCHEDULE, id="falling: a/s = 1"),
        pytest.param(MORTALITY, "9.3", "2021", LAGGING, id="falling: a = 0.14, a/s = 0.7"),
        pytest.param(MORTALITY, "9.9", "2021", FAR_BEHIND, id="falling: a = 0.02, a/s = 0.1"),
        pytest.param(MORTALITY, "11", "2021", REVERSED, id="falling: it rose"),
        # > 90 wants more than 90; from 50, s = 0.2, a = 40 / 40
        pytest.param(STRICT, "90", "2021", AHEAD, id="strict: the bound itself does not achieve"),
        pytest.param(STRICT, "90.01", "2021", ACHIEVED, id="strict: truly greater"),
        pytest.param(STRICT, "90", "2025", ON_SCHEDULE, id="strict: the bound itself in the last year, a/s = 1"),
        # limits: only a breach counts
        pytest.param(FLOOR, "95.95", "2021", HELD, id="floor: below the baseline, above the limit"),
        pytest.param(FLOOR, "95", "2021", HELD, id="floor: the limit itself"),
        pytest.param(FLOOR, "94.99", "2021", BREACHED, id="floor: below the limit"),
        pytest.param(STRICT_FLOOR, "30", "2021", BREACHED, id="strict floor: the limit itself"),
        pytest.param(STRICT_FLOOR, "30.1", "2021", HELD, id="strict floor: above"),
        pytest.param(CEILING, "5", "2021", HELD, id="ceiling: the limit itself"),
        pytest.param(CEILING, "5.01", "2021", BREACHED, id="ceiling: above the limit"),
        pytest.param(COVERAGE, "100", "2021", HELD, id="coverage: all of those entitled"),
        pytest.param(COVERAGE, "99.99", "2021", BREACHED, id="coverage: not all"),
        # totals start from 0 whatever the last plan achieved: s = 0.2, a = y / 6
        pytest.param(TOTAL, "2.48", "2021", AHEAD, id="total: a = 0.413, a/s = 2.07"),
        pytest.param(TOTAL, "1.2", "2021", ON_SCHEDULE, id="total: a = 0.2, a/s = 1"),
        pytest.param(TOTAL, "0.9", "2021", LAGGING, id="total: a = 0.15, a/s = 0.75"),
        pytest.param(TOTAL, "0", "2021", FAR_BEHIND, id="total: nothing yet"),
        pytest.param(TOTAL, "6", "2021", ACHIEVED, id="total: all of it in the first year"),
        # 1500 a year on average is 7500 in five years: s = 0.2, a = y / 7500
        pytest.param(AVERAGE, "1500", "2021", ON_SCHEDULE, id="average: a year like the target is on schedule"),
        pytest.param(AVERAGE, "1600", "2021", AHEAD, id="average: a = 0.2133, a/s = 1.067"),
        pytest.param(AVERAGE, "1200", "2021", LAGGING, id="average: a = 0.16, a/s = 0.8"),
        pytest.param(AVERAGE, "600", "2021", FAR_BEHIND, id="average: a = 0.08, a/s = 0.4"),
    ],
)
def test_the_class_follows_from_achieved_and_expected_share(
    indicator: Indicator, value: str, period: str, verdict: AssessmentClass
) -> None:
    assert judge(indicator, {period: value}, period).verdict is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        # printed baseline 99.55: half a unit of its last decimal is 0.005
        pytest.param("99.545", FAR_BEHIND, id="0.005 below is rounding"),
        pytest.param("99.544", REVERSED, id="0.006 below is not"),
        # a figure with one decimal: half a unit is 0.05
        pytest.param("99.5", FAR_BEHIND, id="0.05 below a coarser figure is rounding"),
        pytest.param("99.4", REVERSED, id="0.15 below is not"),
        # a figure without decimals: half a unit is 0.5
        pytest.param("99", REVERSED, id="0.55 below is not, even without decimals"),
        pytest.param("97.81", REVERSED, id="1.74 below"),
    ],
)
def test_a_step_back_within_the_rounding_of_the_coarser_figure_is_not_reversed(
    value: str, verdict: AssessmentClass
) -> None:
    retention = make_indicator(baseline="99.55", target="99.8")

    assert judge(retention, {"2021": value}, "2021").verdict is verdict


def test_whole_numbers_are_rounded_to_half_a_unit_however_large_they_are() -> None:
    beds = make_indicator(baseline="5600", target="5900")

    assert judge(beds, {"2021": "5599"}, "2021").verdict is REVERSED


@pytest.mark.parametrize(
    ("figures", "period", "verdict", "reason"),
    [
        ({"2021": None}, "2021", NO_DATA, "value_missing"),
        ({"2021": "60"}, "2021", NOT_ASSESSABLE, "first_observation_is_baseline"),
        # 60 at the end of 2021 stands in: 60 → 100 in four years, s = 1/4 at the end of 2022
        ({"2021": "60", "2022": "70"}, "2022", ON_SCHEDULE, "schedule_index"),
        ({"2021": None, "2022": "60"}, "2022", NOT_ASSESSABLE, "first_observation_is_baseline"),
        ({"2021": "60", "2022": "55"}, "2022", REVERSED, "moved_away"),
        ({"2021": "100"}, "2021", HELD, "limit_held"),
    ],
)
def test_the_first_figure_stands_in_for_a_baseline_that_is_not_printed(
    figures: Mapping[str, str | None], period: str, verdict: AssessmentClass, reason: str
) -> None:
    made = judge(NO_BASELINE, figures, period)

    assert (made.verdict, made.reason) == (verdict, reason)


def test_a_substituted_baseline_is_marked_and_named() -> None:
    made = judge(NO_BASELINE, {"2021": "60", "2022": "70"}, "2022")

    assert made.baseline_substituted
    assert made.baseline_period == parse_period("2021")
    assert made.measures.baseline == 60


def test_a_first_figure_beyond_the_target_does_not_turn_the_good_direction_round() -> None:
    # more than 90 is promised; 95 stands in for the baseline, then the rate falls below the target
    made = judge(STRICT_NO_BASELINE, {"2021": "95", "2022": "85"}, "2022")

    assert made.verdict in (BREACHED, REVERSED)


def test_a_printed_figure_before_the_plan_may_stand_in_but_is_not_judged() -> None:
    history = make_history(NO_BASELINE, {"2020": "50", "2021": "60"})

    judged = {
        period: assess(make_plan(NO_BASELINE), NO_BASELINE, default_policy(), history, period, submission_id="s1")
        for period in history
    }

    assert judged[parse_period("2020")] is None
    later = judged[parse_period("2021")]
    assert later is not None
    # 50 at the end of 2020 → 100: a = 0.2, s = 0.2
    assert (later.verdict, later.baseline_period) == (ON_SCHEDULE, parse_period("2020"))


@pytest.mark.parametrize(
    ("figures", "period", "verdict"),
    [
        # 2 + 0.8 = 2.8 of 6: a = 0.467, s = 0.4, a/s = 1.17
        ({"2021": "2", "2022": "0.8"}, "2022", AHEAD),
        # 2 + 0.1 = 2.1 of 6: a = 0.35, a/s = 0.875
        ({"2021": "2", "2022": "0.1"}, "2022", LAGGING),
        # 5.9 of 6 in the last year: a/s = 0.983
        ({"2021": "5", "2022": "0.5", "2023": "0.2", "2024": "0.1", "2025": "0.1"}, "2025", ON_SCHEDULE),
        ({"2021": "5", "2022": "0.5", "2023": "0.3", "2024": "0.1", "2025": "0.1"}, "2025", ACHIEVED),
    ],
)
def test_flows_are_added_up_before_they_are_judged(
    figures: Mapping[str, str], period: str, verdict: AssessmentClass
) -> None:
    assert judge(TOTAL, figures, period).verdict is verdict


def test_a_running_total_is_judged_as_it_is() -> None:
    # 2.6 of 3.6: a = 0.722, s = 0.2
    made = judge(replace(TOTAL, target=replace(TOTAL.target, value=Decimal("3.6"))), {"2021": "2.6"}, "2021",
                 accumulation=SINCE_START)  # fmt: skip

    assert made.verdict is AHEAD
    assert made.measures.achieved_share == pytest.approx(2.6 / 3.6)


def test_a_total_with_a_gap_is_not_assessable() -> None:
    made = judge(TOTAL, {"2022": "1"}, "2022")

    assert (made.verdict, made.reason) == (NOT_ASSESSABLE, "earlier_flow_missing")


@pytest.mark.parametrize(
    ("last", "verdict"),
    [
        ("1500", ACHIEVED),  # 5 * 1500 = 7500
        ("1499", ON_SCHEDULE),  # 7499 of 7500
        ("100", LAGGING),  # 6100 of 7500: 0.813
    ],
)
def test_an_average_is_achieved_at_the_end_of_the_plan_only(last: str, verdict: AssessmentClass) -> None:
    years = dict.fromkeys(("2021", "2022", "2023", "2024"), "1500")

    assert judge(AVERAGE, {**years, "2025": last}, "2025").verdict is verdict


def test_an_average_above_the_yearly_figure_is_not_achieved_early() -> None:
    assert judge(AVERAGE, {"2021": "7400"}, "2021").verdict is AHEAD


@pytest.mark.parametrize(
    ("value", "period", "verdict"),
    [
        # milestone 90 for 2022: from 50, 70 is expected at the end of 2021, s = 20/46, a = (y - 50)/46
        ("70", "2021", ON_SCHEDULE),
        ("60", "2021", FAR_BEHIND),  # a/s = 10/20 = 0.5
        ("90", "2022", ON_SCHEDULE),
        ("92", "2023", ON_SCHEDULE),  # from 90 at 2022 to 96 at 2025
        ("86", "2023", LAGGING),  # a/s = 36/42 = 0.857
    ],
)
def test_a_stated_milestone_bends_the_path(value: str, period: str, verdict: AssessmentClass) -> None:
    staged = make_indicator(baseline="50", target="96", milestones={"2022": "90"})

    assert judge(staged, {period: value}, period).verdict is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        pytest.param("52", AHEAD, id="better than the path, which stands still"),
        pytest.param("50", ON_SCHEDULE, id="on the path"),
        pytest.param("45", REVERSED, id="moved away"),
    ],
)
def test_a_path_that_begins_level_is_judged_by_the_side_on_which_a_value_lies(
    value: str, verdict: AssessmentClass
) -> None:
    # the plan expects nothing of the first year: s = 0
    late_start = make_indicator(baseline="50", target="100", milestones={"2021": "50"})

    assert judge(late_start, {"2021": value}, "2021").verdict is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        pytest.param("45", ON_SCHEDULE, id="the dip that the plan announced"),
        pytest.param("48", AHEAD, id="a smaller dip than announced"),
        pytest.param("55", AHEAD, id="no dip at all"),
        pytest.param("40", REVERSED, id="a deeper dip than announced"),
    ],
)
def test_a_path_that_dips_first_is_judged_by_the_side_on_which_a_value_lies(
    value: str, verdict: AssessmentClass
) -> None:
    # while schools are rebuilt the plan itself expects 45: s = -0.1
    rebuilt = make_indicator(baseline="50", target="100", milestones={"2021": "45"})

    assert judge(rebuilt, {"2021": value}, "2021").verdict is verdict


def test_the_figures_behind_a_verdict_are_kept() -> None:
    measures = judge(REACH, {"2022": "65"}, "2022").measures

    assert measures.measured == 65
    assert measures.baseline == 50
    assert measures.expected == 70  # 50 + 50 * 2/5
    assert measures.achieved_share == pytest.approx(0.3)  # 15 / 50
    assert measures.expected_share == pytest.approx(0.4)
    assert measures.schedule_index == pytest.approx(0.75)
    assert measures.gap == -5
    assert measures.gap_pct == pytest.approx(-100 * 5 / 70)
    assert measures.pace == pytest.approx(7.5)  # 15 in two years
    assert measures.pace_needed == pytest.approx(35 / 3)  # 35 in three years
    assert measures.years_to_target == pytest.approx(35 / 7.5)


def test_moving_away_has_no_years_to_target() -> None:
    assert judge(REACH, {"2021": "49"}, "2021").measures.years_to_target is None


def test_the_margin_to_a_limit_is_kept() -> None:
    measures = judge(FLOOR, {"2021": "95.95"}, "2021").measures

    assert (measures.expected, measures.gap) == (Decimal(95), Decimal("0.95"))
    assert measures.achieved_share is None


def test_a_verdict_names_what_it_rests_on() -> None:
    made = judge(REACH, {"2021": "60"}, "2021")

    assert (made.plan_id, made.plan_version, made.policy_version) == ("test", 1, "default-3")
    assert (made.value, made.revision, made.submission_id) == (Decimal(60), 1, "s1")
    assert (made.baseline_period, made.baseline_substituted) == (parse_period("2020"), False)
    assert made.known_at == RECEIVED_AT


def test_a_total_is_known_when_its_newest_part_is() -> None:
    corrected_at = RECEIVED_AT + timedelta(days=30)
    history = {
        **make_history(TOTAL, {"2022": "1"}),
        parse_period("2021"): make_observation(TOTAL, "2021", "2", received_at=corrected_at),
    }

    made = assess(make_plan(TOTAL), TOTAL, default_policy(), history, parse_period("2022"), submission_id="s2")

    assert made is not None
    assert made.known_at == corrected_at


@pytest.mark.parametrize(
    ("indicator", "figures", "touched", "affected"),
    [
        pytest.param(REACH, {"2021": "1", "2022": "2"}, ["2021"], ["2021"], id="a printed baseline: only its own"),
        pytest.param(
            TOTAL, {"2021": "1", "2022": "2", "2023": "3"}, ["2022"], ["2022", "2023"], id="a total: all later ones"
        ),
        pytest.param(
            NO_BASELINE, {"2021": "1", "2022": "2"}, ["2021"], ["2021", "2022"], id="the stand-in baseline: all"
        ),
        pytest.param(
            NO_BASELINE, {"2021": "1", "2022": "2", "2023": "3"}, ["2022"], ["2022"], id="after the stand-in: its own"
        ),
        pytest.param(
            NO_BASELINE, {"2021": None, "2022": "2"}, ["2021"], ["2021", "2022"], id="the stand-in was withdrawn: all"
        ),
        pytest.param(FLOOR, {"2021": "1", "2022": "2"}, ["2021"], ["2021"], id="a limit: only its own"),
    ],
)
def test_a_figure_affects_the_verdicts_that_rest_on_it(
    indicator: Indicator, figures: Mapping[str, str | None], touched: list[str], affected: list[str]
) -> None:
    found = affected_periods(indicator, make_history(indicator, figures), {parse_period(name) for name in touched})

    assert [str(period) for period in found] == affected


@pytest.mark.parametrize(
    ("indicator", "needed"), [(REACH, False), (FLOOR, False), (COVERAGE, False), (TOTAL, True), (NO_BASELINE, True)]
)
def test_history_is_needed_where_a_verdict_rests_on_more_than_its_own_figure(
    indicator: Indicator, needed: bool
) -> None:
    assert needs_history(indicator) is needed
