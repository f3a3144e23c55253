"""The figures that the plan of Zhongwei prints for 2021, judged by hand and by the rules: they have to agree."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import pytest

from planwatch.assessment import Assessment, assess
from planwatch.case.events import Assessed
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.early_warning import Verdict
from planwatch.observation import Observation
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import GoalKind
from planwatch.policy import AssessmentClass, Level
from planwatch.series import ObsStatus, SeriesKey
from services.alerts.matters import matter_of
from tests.builders import EVERY_WEEKDAY, RECEIVED_AT, default_policy, real_plan

YEAR = parse_period("2021")

ACHIEVED, AHEAD, ON_SCHEDULE = AssessmentClass.ACHIEVED, AssessmentClass.AHEAD, AssessmentClass.ON_SCHEDULE
LAGGING, FAR_BEHIND, REVERSED = AssessmentClass.LAGGING, AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED
HELD, NO_DATA, NOT_ASSESSABLE = AssessmentClass.HELD, AssessmentClass.NO_DATA, AssessmentClass.NOT_ASSESSABLE
YELLOW, ORANGE, RED = Level.YELLOW, Level.ORANGE, Level.RED

# no: class, achieved share a, level. Linear path, first of five years: s = 0.2.
# A total starts from nothing; a limit and a baseline that is not printed have no share.
BY_HAND: dict[int, tuple[AssessmentClass, float | None, Level | None]] = {
    1: (FAR_BEHIND, (0.32 - 0.16) / (1.5 - 0.16), YELLOW),  # a = 0.119, a/s = 0.597; anticipatory
    2: (HELD, None, None),  # 应保尽保: 100 of 100
    3: (AHEAD, (92.43 - 90.25) / (96 - 90.25), None),  # a = 0.379, a/s = 1.90
    4: (AHEAD, (89.18 - 86.75) / (92 - 86.75), None),  # a = 0.463, a/s = 2.31
    5: (REVERSED, (97.81 - 99.55) / (99.8 - 99.55), RED),  # a = -6.96; binding
    6: (LAGGING, (93.88 - 93.65) / (95.5 - 93.65), YELLOW),  # a = 0.124, a/s = 0.622; binding
    7: (AHEAD, (10.8 - 9.3) / (11.3 - 9.3), None),  # a = 0.75
    8: (AHEAD, 2.48 / 6, None),  # 2.48 of a total of 6: a = 0.413
    9: (NO_DATA, None, None),  # printed -
    10: (FAR_BEHIND, (2.13 - 2.08) / (3.3 - 2.08), ORANGE),  # a = 0.041, a/s = 0.205; binding
    11: (FAR_BEHIND, (2.68 - 2.59) / (3.8 - 2.59), YELLOW),  # a = 0.074, a/s = 0.372; anticipatory
    12: (HELD, None, None),  # a floor: 95.95 ≥ 95
    13: (REVERSED, (31 - 38) / (60 - 38), RED),  # a = -0.318; binding
    14: (NOT_ASSESSABLE, 0.0, None),  # no baseline: 50 stands in for it
    15: (NO_DATA, None, None),  # printed -
    16: (FAR_BEHIND, 0.0, YELLOW),  # 0.56 → 0.56: a = 0; anticipatory
    17: (HELD, None, None),  # 100 → 100 is a floor
    18: (HELD, None, None),
    19: (AHEAD, 2.6 / 3.6, None),  # a running total: 2.6 of 3.6
    20: (AHEAD, (98 - 95) / (100 - 95), None),  # a = 0.6
    21: (HELD, None, None),  # 应保尽保
    22: (NOT_ASSESSABLE, 0.0, None),  # no baseline: 50 stands in for it
    23: (AHEAD, (1.12 - 1.08) / (1.2 - 1.08), None),  # a = 0.333, a/s = 1.67
    24: (AHEAD, (2.5 - 2.23) / (3.15 - 2.23), None),  # a = 0.293, a/s = 1.47
    25: (HELD, None, None),  # a floor: 32 > 30
}


def printed(no: int) -> dict[TimePeriod, Observation]:
    """The figures that row `no` prints for 2020 and 2021, as reports of them would be stored."""
    plan = real_plan("zhongwei")
    row = plan.indicators[no - 1]
    series = SeriesKey(row.indicator_id, plan.ref_area, YEAR.freq)
    cells = [row.values[column] for column in ("2020", "2021")]
    return {
        cell.period: Observation(
            series=series,
            period=cell.period,
            value=cell.value,
            status=ObsStatus.MISSING if cell.value is None else ObsStatus.NORMAL,
            accumulation=None,
            submission_id=f"printed-{cell.period}",
            row=no,
            received_at=RECEIVED_AT,
        )
        for cell in cells
    }


@cache
def assessed(no: int) -> Assessment:
    plan = real_plan("zhongwei")
    row = plan.indicators[no - 1]
    made = assess(plan, row, default_policy(), printed(no), YEAR, submission_id="printed-2021")
    assert made is not None
    return made


@cache
def decided(no: int) -> Case | None:
    plan, made = real_plan("zhongwei"), assessed(no)
    verdict = Verdict(made.period, made.verdict, made.submission_id, made.known_at)
    event = Assessed(matter_of(plan, plan.indicators[no - 1], made.series), [verdict])
    return transition(None, event, default_policy(), RECEIVED_AT, EVERY_WEEKDAY).case


@pytest.mark.parametrize("no", BY_HAND)
def test_every_indicator_gets_the_class_that_the_arithmetic_gives(no: int) -> None:
    verdict, achieved_share, _ = BY_HAND[no]

    made = assessed(no)

    assert made.verdict is verdict
    assert made.measures.achieved_share == (pytest.approx(achieved_share) if achieved_share is not None else None)


@pytest.mark.parametrize("no", BY_HAND)
def test_every_indicator_gets_the_warning_that_its_class_means(no: int) -> None:
    _, _, level = BY_HAND[no]

    warning = decided(no)

    assert (warning.level if warning else None) == level


def test_the_table_has_no_other_row() -> None:
    assert [row.no for row in real_plan("zhongwei").indicators] == list(BY_HAND)


def test_the_warnings_are_those_of_the_design_page() -> None:
    levels = {no: warning.level for no in BY_HAND if (warning := decided(no))}

    assert {no for no, level in levels.items() if level is RED} == {5, 13}
    assert {no for no, level in levels.items() if level is ORANGE} == {10}
    assert {no for no, level in levels.items() if level is YELLOW} == {1, 6, 11, 16}
    assert Level.BLUE not in levels.values()


@pytest.mark.parametrize("no", [14, 22])
def test_a_first_figure_stands_in_for_the_baseline_that_is_not_printed(no: int) -> None:
    made = assessed(no)

    assert made.baseline_substituted
    assert (made.baseline_period, made.measures.baseline) == (YEAR, Decimal(50))


@pytest.mark.parametrize("no", [8, 19])
def test_the_total_of_the_last_plan_is_no_baseline_of_a_total(no: int) -> None:
    assert real_plan("zhongwei").indicators[no - 1].goal_kind is GoalKind.ACCUMULATE
    assert assessed(no).measures.baseline == 0
