"""The published methods beside the schedule method, rule by rule, with the arithmetic in the comments.

`tests/data/sdsn_europe_2019_arrows.jsonl`: values, bounds, green thresholds and published arrows from the database of
the 2019 Europe Sustainable Development Report (SDSN and IEEP, repository sdsna/2019EUIndex, CC BY 4.0), the first
country per indicator and arrow among those where rule and publication agree. Of the 2,421 arrows of that database the
rule gives 2,387; most of the others are small decreases that are published as stagnation.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planwatch.methods.case import MethodCase, MethodResult, Point
from planwatch.methods.case_document import read_case
from planwatch.methods.catalogue import METHODS, run
from planwatch.methods.escap_anticipated_progress import predict
from planwatch.methods.reasons import REASON_TEXTS
from planwatch.plan import Direction, GoalKind
from planwatch.policy import AssessmentClass
from tests.builders import default_policy

UP, DOWN = Direction.INCREASE, Direction.DECREASE
ARROWS = (Path(__file__).parents[1] / "data/sdsn_europe_2019_arrows.jsonl").read_bytes().splitlines()
ACHIEVED, ON_SCHEDULE, LAGGING = AssessmentClass.ACHIEVED, AssessmentClass.ON_SCHEDULE, AssessmentClass.LAGGING
FAR_BEHIND, REVERSED = AssessmentClass.FAR_BEHIND, AssessmentClass.REVERSED
NOT_ASSESSABLE = AssessmentClass.NOT_ASSESSABLE


def points(*values: tuple[float, float]) -> tuple[Point, ...]:
    return tuple(Point(year, value) for year, value in values)


def half_way(latest: float, *, base: float = 50, target: float | None = 100, **fields: object) -> MethodCase:
    """From 50 in 2015 to 100 in 2025, judged in 2020."""
    return MethodCase(
        points((2015, base), (2020, latest)),
        base_year=2015,
        target=target,
        target_year=2025,
        **{"direction": UP, **fields},  # type: ignore[arg-type]
    )


def assessed(name: str, case: MethodCase) -> MethodResult:
    return run(METHODS[name], case)


# 50 → 100 in ten years needs 7.177 % a year. 50 → 70 in five is 6.961 %: ratio 0.970.
@pytest.mark.parametrize(
    ("latest", "value", "published", "ours"),
    [
        pytest.param(70, 0.969862, "significant progress", ON_SCHEDULE, id="97-per-cent"),
        pytest.param(65, 0.750611, "moderate progress", LAGGING, id="75-per-cent"),
        pytest.param(55, 0.268134, "insufficient progress", FAR_BEHIND, id="27-per-cent"),
        pytest.param(50, 0.0, "insufficient progress", FAR_BEHIND, id="no-change"),
        pytest.param(49, -0.056182, "movement away", REVERSED, id="backwards"),
    ],
)
def test_eurostat_holds_growth_against_the_growth_needed(
    latest: float, value: float, published: str, ours: AssessmentClass
) -> None:
    result = assessed("eurostat", half_way(latest))

    assert result.value == pytest.approx(value, abs=1e-6)
    assert (result.published_class, result.verdict, result.reason) == (published, ours, None)


@pytest.mark.parametrize(
    ("growth", "published", "score"),
    [
        pytest.param(0.02, "significant progress", 5.0, id="2-per-cent"),
        pytest.param(0.0101, "significant progress", 2.525, id="just-over-1"),
        pytest.param(0.005, "moderate progress", 1.25, id="half-per-cent"),
        pytest.param(0.0, "moderate progress", 0.0, id="no-change"),
        pytest.param(-0.005, "moderate movement away", -1.25, id="minus-half"),
        pytest.param(-0.03, "significant movement away", -5.0, id="minus-3"),
    ],
)
def test_eurostat_without_a_target_takes_one_per_cent_a_year_as_the_mark(
    growth: float, published: str, score: float
) -> None:
    result = assessed("eurostat", half_way(50 * (1 + growth) ** 5, target=None))

    assert result.published_class == published
    assert result.value == pytest.approx(growth)
    assert result.score == pytest.approx(score)


def test_eurostat_takes_the_last_five_years_where_no_base_year_is_named() -> None:
    case = MethodCase(points((2010, 10), (2015, 50), (2020, 50 * 1.03**5)), direction=UP)

    assert assessed("eurostat", case).value == pytest.approx(0.03)


# 50 → 60 in five years, carried on for five: 60² / 50 = 72; (72 - 50) / (100 - 50) = 0.44.
@pytest.mark.parametrize(
    ("latest", "value", "score", "ours"),
    [
        pytest.param(70, (98 - 50) / 50, 3, ON_SCHEDULE, id="on-track"),
        pytest.param(60, 0.44, 2, LAGGING, id="fair-progress"),
        pytest.param(52, (54.08 - 50) / 50, 1, FAR_BEHIND, id="stagnation"),
        pytest.param(48, (46.08 - 50) / 50, 1, REVERSED, id="regression"),
    ],
)
def test_the_united_nations_project_the_present_growth(
    latest: float, value: float, score: float, ours: AssessmentClass
) -> None:
    result = assessed("un_projection", half_way(latest))

    assert result.value == pytest.approx(value)
    assert (result.score, result.verdict) == (score, ours)


@pytest.mark.parametrize(
    ("case", "score", "reason"),
    [
        pytest.param(half_way(101), 3, "target_met", id="met"),
        pytest.param(half_way(99.2, base=99.9), 3, "within_one_point", id="within-a-point-of-100"),
        pytest.param(half_way(100.9, base=101, direction=DOWN), 2, None, id="values-above-100-are-no-share"),
        pytest.param(
            MethodCase(points((2015, 50), (2020, 60), (2029, 99)), target=80, target_year=2020, direction=UP),
            2,
            None,
            id="values-after-the-target-year-do-not-count",
        ),
        pytest.param(
            MethodCase(points((2012, 50), (2020, 80)), target=100, target_year=2030, direction=UP),
            3,
            None,
            id="a-year-before-the-base-year-gives-the-second-value",
        ),
    ],
)
def test_the_united_nations_make_exceptions(case: MethodCase, score: float, reason: str | None) -> None:
    result = assessed("un_projection", case)

    assert (result.score, result.reason) == (score, reason)


@pytest.mark.parametrize(
    ("growth", "direction", "score"),
    [(0.02001, UP, 3), (0.00501, UP, 2), (0.004, UP, 1), (-0.02001, DOWN, 3), (-0.00501, DOWN, 2), (0.01, DOWN, 1)],
)
def test_the_united_nations_have_marks_without_a_target(growth: float, direction: Direction, score: float) -> None:
    result = assessed("un_projection", half_way(50 * (1 + growth) ** 5, target=None, direction=direction))

    assert result.value == pytest.approx(growth)
    assert result.score == score


@pytest.mark.parametrize(
    ("case", "value", "ours"),
    [
        pytest.param(half_way(60), 2.0, None, id="a-fifth-of-the-way"),  # 10 · 10 / 50
        pytest.param(half_way(40), -2.0, REVERSED, id="regression"),
        pytest.param(half_way(100), 10.0, ACHIEVED, id="all-of-it"),
        pytest.param(half_way(60, base=80, target=40, direction=DOWN), 5.0, None, id="downwards"),  # 10 · 20 / 40
        pytest.param(half_way(3, base=0, target=6, goal_kind=GoalKind.ACCUMULATE), 5.0, None, id="from-zero"),
    ],
)
def test_escap_counts_the_way_done_in_tenths(case: MethodCase, value: float, ours: AssessmentClass | None) -> None:
    result = assessed("escap_current_status", case)

    assert result.value == pytest.approx(value)
    assert result.verdict == ours


# Two values: a straight line. 50 → 60 in five years leads to 70 in 2025; 30 of the 50 needed are missing: 60 %.
@pytest.mark.parametrize(
    ("latest", "gap", "published"),
    [
        pytest.param(75, 0, "maintain", id="reached"),
        pytest.param(72.5, 10, "maintain", id="a-tenth-missing"),
        pytest.param(60, 60, "accelerate", id="missing"),
        pytest.param(50, 100, "accelerate", id="no-change"),
        pytest.param(45, 120, "reverse", id="wrong-way"),
    ],
)
def test_escap_anticipates_the_gap_at_the_target_year(latest: float, gap: float, published: str) -> None:
    result = assessed("escap_anticipated_progress", half_way(latest))

    assert result.value == pytest.approx(gap)
    assert result.published_class == published


def test_later_values_weigh_more_in_what_escap_anticipates() -> None:
    # Weights 1, 2, 3: mean year 2002 1/3, mean value 1.5.
    # Slope: (1·4/3·1.5 + 2·1/3·1.5 + 3·2/3·1.5) / (1·16/9 + 2·1/9 + 3·4/9) = 6 / (10/3) = 1.8; unweighted it is 1.5.
    series = points((2001, 0), (2002, 0), (2003, 3))

    assert predict(series, 2003) == pytest.approx(1.5 + 1.8 * 2 / 3)


# Straight on from 50 → 60 by 2 a year: 70 in 2025; 30 of the remaining 40 would be missed.
@pytest.mark.parametrize(
    ("latest", "deviation", "published"),
    [
        pytest.param(100, 0, "sun", id="reached"),
        pytest.param(74.5, 1 / 25.5, "sun", id="missed-by-4-per-cent"),  # 99 of 100, 1 of 25.5
        pytest.param(73, 4 / 27, "slightly cloudy", id="missed-by-15-per-cent"),
        pytest.param(60, 30 / 40, "cloudy", id="missed-by-75-per-cent"),
        pytest.param(50, 1, "thunderstorm", id="constant-distance"),
        pytest.param(45, 60 / 55, "thunderstorm", id="growing-distance"),
    ],
)
def test_destatis_carries_the_recent_change_on(latest: float, deviation: float, published: str) -> None:
    result = assessed("destatis", half_way(latest))

    assert result.value == pytest.approx(deviation)
    assert result.published_class == published


def test_destatis_looks_back_five_years() -> None:
    # 70 → 80 in five years leads to 90 in 2025; what was before does not count
    case = MethodCase(points((2010, 10), (2015, 70), (2020, 80)), target=100, target_year=2025, direction=UP)

    assert assessed("destatis", case).value == pytest.approx(10 / 20)


@pytest.mark.parametrize("line", ARROWS, ids=[json.loads(line)["id"] for line in ARROWS])
def test_arrows_are_those_that_sdsn_publishes(line: bytes) -> None:
    assert assessed("sdsn_trend", read_case(line).case).published_class == json.loads(line)["published"]


@pytest.mark.parametrize(
    ("base", "latest", "published"),
    [
        pytest.param(85, 81, "on track or maintaining goal achievement", id="kept-above-green"),
        pytest.param(85, 79, "decreasing", id="fell-below-green"),
        pytest.param(50, 65, "on track or maintaining goal achievement", id="exactly-the-pace-needed"),
        pytest.param(50, 57.5, "moderately improving", id="half-the-pace"),
        pytest.param(50, 50, "stagnating", id="no-change"),
        pytest.param(50, 49, "decreasing", id="backwards"),
    ],
)
def test_sdsn_holds_the_pace_of_the_score_against_the_pace_to_green(base: float, latest: float, published: str) -> None:
    case = half_way(latest, base=base, lower=0, optimum=100, green=80)

    result = assessed("sdsn_trend", case)

    assert (result.published_class, result.score) == (published, latest)


def test_the_schedule_method_over_a_case_has_the_thresholds_of_the_default_policy() -> None:
    from planwatch.methods.schedule_method import DEFAULT_THRESHOLDS

    assert default_policy().thresholds == DEFAULT_THRESHOLDS


@pytest.mark.parametrize(
    ("latest", "verdict", "reason"),
    [
        pytest.param(100, AssessmentClass.ACHIEVED, "target_met", id="achieved"),
        pytest.param(76.25, AssessmentClass.AHEAD, "schedule_index", id="exactly-1.05"),  # 26.25 / 25
        pytest.param(73.75, AssessmentClass.ON_SCHEDULE, "schedule_index", id="exactly-0.95"),
        pytest.param(65, AssessmentClass.LAGGING, "schedule_index", id="exactly-0.6"),
        pytest.param(64.9, AssessmentClass.FAR_BEHIND, "schedule_index", id="below"),
        pytest.param(49, AssessmentClass.REVERSED, "moved_away", id="reversed"),
    ],
)
def test_the_schedule_method_over_a_case_has_its_classes(latest: float, verdict: AssessmentClass, reason: str) -> None:
    result = assessed("schedule", half_way(latest))

    assert (result.verdict, result.reason) == (verdict, reason)


def test_the_schedule_method_over_a_case_judges_a_limit_where_the_base_value_meets_the_target() -> None:
    held, breached = (assessed("schedule", half_way(latest, base=99.8, target=95)) for latest in (96, 94))

    assert (held.verdict, breached.verdict) == (AssessmentClass.HELD, AssessmentClass.BREACHED)


NEEDS_TWO_VALUES = [
    "eurostat",
    "escap_current_status",
    "escap_anticipated_progress",
    "destatis",
    "sdsn_trend",
    "schedule",
]
GROWTH = ["eurostat", "un_projection"]


@pytest.mark.parametrize(
    ("names", "case", "reason"),
    [
        pytest.param(list(METHODS), MethodCase((), target=1, green=1, target_year=2025), "no_data", id="empty"),
        pytest.param(
            NEEDS_TWO_VALUES,
            MethodCase(points((2020, 5)), target=9, target_year=2025, lower=0, optimum=9, green=9),
            "one_value",
            id="one-value",
        ),
        pytest.param(GROWTH, half_way(5, base=0), "zero_base", id="zero-base"),
        pytest.param(GROWTH, half_way(5, base=-5), "mixed_sign", id="mixed-sign"),
        pytest.param(["eurostat"], half_way(5, base=9, target=0, direction=DOWN), "zero_target", id="zero-target"),
        pytest.param(GROWTH, half_way(-4, base=-5, target=None), "negative_values", id="negative"),
        pytest.param(GROWTH, half_way(49, target=50), "target_equals_base", id="target-is-base"),
        pytest.param([*GROWTH, "escap_current_status"], half_way(39, target=40), "target_met_at_base", id="lost"),
        pytest.param(
            ["escap_current_status", "escap_anticipated_progress", "destatis", "schedule"],
            half_way(55, target=None),
            "target_missing",
            id="no-target",
        ),
        pytest.param(
            [*GROWTH, "statistics_canada"],
            half_way(55, target=None, direction=None),
            "direction_missing",
            id="no-direction",
        ),
        pytest.param(
            ["eurostat", "destatis", "schedule"],
            MethodCase(points((2016, 50), (2020, 55)), target=100, direction=UP),
            "target_year_missing",
            id="no-target-year",
        ),
        pytest.param(
            ["escap_anticipated_progress", "destatis"],
            MethodCase(points((2015, 50), (2020, 55)), target=100, target_year=2020, direction=UP),
            "target_year_over",
            id="target-year-over",
        ),
        pytest.param(["sdsn_trend"], half_way(55), "green_missing", id="no-green"),
        pytest.param(["sdsn_trend"], half_way(55, green=80), "bounds_missing", id="no-bounds"),
        pytest.param(["sdsn_trend"], half_way(55, green=80, lower=1, optimum=1), "equal_bounds", id="equal-bounds"),
        pytest.param(
            [*GROWTH, "statistics_canada", "escap_current_status", "escap_anticipated_progress", "destatis"],
            half_way(96, base=99.8, target=95, goal_kind=GoalKind.FLOOR),
            "limit_goal",
            id="limit",
        ),
        pytest.param(
            [*GROWTH, "statistics_canada"],
            half_way(3, base=0, target=6, goal_kind=GoalKind.ACCUMULATE),
            "total_goal",
            id="total",
        ),
        pytest.param(["statistics_canada"], half_way(1e308, base=1e-308, target=None), "out_of_range", id="overflow"),
    ],
)
def test_a_method_that_has_nothing_to_say_gives_a_reason_and_no_number(
    names: list[str], case: MethodCase, reason: str
) -> None:
    results = {name: assessed(name, case) for name in names}

    assert {name: (result.value, result.score, result.reason) for name, result in results.items()} == dict.fromkeys(
        names, (None, None, reason)
    )
    assert {result.verdict for result in results.values()} == {NOT_ASSESSABLE}
    assert reason in REASON_TEXTS
