"""What the score of a plan is made of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from planwatch.breakdown import BrokenDownFigure
from planwatch.period import parse_period
from planwatch.plan import GoalKind
from planwatch.plan_score import StandingFigure, equally_scored, scored_as_given, scored_by_entropy, share_of
from tests.builders import make_indicator, make_plan

RATE, LIMIT = make_indicator(no=1), make_indicator(no=2, goal_kind=GoalKind.FLOOR, baseline="95", target="80")
PLAN = make_plan(RATE, LIMIT)


def standing(no: int, value: str | None, share: float | None = None, *, simulated: bool = False) -> StandingFigure:
    return StandingFigure(f"test-{no:02d}", "2021", Decimal(value) if value else None, share, simulated)


def by_area(period: str, *values: str) -> list[BrokenDownFigure]:
    areas = ("640502", "640521", "640522")
    return [
        BrokenDownFigure(area, "_T", "_T", parse_period(period), Decimal(value))
        for area, value in zip(areas, values, strict=False)
    ]


def test_a_path_counts_by_its_achieved_share_and_a_limit_by_value_over_target() -> None:
    assert share_of(RATE, standing(1, "60", 0.2)) == 0.2
    assert share_of(LIMIT, standing(2, "60")) == pytest.approx(0.75)
    assert share_of(LIMIT, standing(2, None)) is None
    assert share_of(RATE, None) is None


def test_a_plan_is_scored_from_its_indicators() -> None:
    found = equally_scored(PLAN, [standing(1, "60", 0.2), standing(2, "60")])

    assert found.score.value == pytest.approx(100 * (0.2 + 0.75) / 2)
    assert not found.simulated


def test_a_generated_figure_marks_the_score() -> None:
    assert equally_scored(PLAN, [standing(1, "60", 0.2, simulated=True), standing(2, "60")]).simulated


def test_given_weights_must_name_every_indicator() -> None:
    figures = [standing(1, "60", 0.2), standing(2, "60")]

    assert scored_as_given(PLAN, figures, {"test-01": 3, "test-02": 1}).score.value == pytest.approx(33.75)
    assert scored_as_given(PLAN, figures, {"test-01": 3}).weights.reason == "weights_missing"


def test_entropy_weights_take_the_newest_period_of_each_indicator() -> None:
    figures = [standing(1, "60", 0.2), standing(2, "60")]
    spread = by_area("2020", "1", "1", "1") + by_area("2021", "10", "50", "90")

    found = scored_by_entropy(PLAN, figures, {"test-01": spread, "test-02": by_area("2021", "80", "80", "80")})

    assert found.weights.weights == {"test-01": 1.0, "test-02": 0.0}
    assert found.score.value == pytest.approx(20)


def test_an_area_that_lacks_a_figure_is_left_out_of_entropy_weights() -> None:
    found = scored_by_entropy(
        PLAN, [], {"test-01": by_area("2021", "10", "50", "90"), "test-02": by_area("2021", "80", "90")}
    )

    assert (found.weights.areas, found.weights.left_out) == (("640502", "640521"), ("640522",))
