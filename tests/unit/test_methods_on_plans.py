"""The five plans under every method, from the figures that they print."""

from __future__ import annotations

from pathlib import Path

import pytest

from planwatch.methods.case import MethodResult
from planwatch.methods.catalogue import METHODS
from planwatch.methods.reasons import REASON_TEXTS
from planwatch.methods.side_by_side import assess_side_by_side, printed_history
from planwatch.plan import GoalKind
from planwatch.policy import AssessmentClass
from services.cli.methods import compare_plan, markdown_table
from tests.builders import default_policy, make_history, make_indicator, make_plan, real_plan
from tests.unit.test_worked_example import BY_HAND

DOCS = Path(__file__).parents[2] / "docs"
PLANS = ["national", "zhongwei", "shizuishan", "wuwei", "kongtong"]


def side_by_side(plan_id: str) -> dict[str, dict[str, MethodResult]]:
    plan, thresholds = real_plan(plan_id), default_policy().thresholds
    return {
        row.indicator_id: assess_side_by_side(plan, row, thresholds, printed_history(plan, row))
        for row in plan.indicators
    }


def says_something(result: MethodResult) -> bool:
    """A value with a class or the reason why there is none, or the reason why there is no value."""
    if result.value is None or result.verdict is None:
        return result.reason in REASON_TEXTS
    return True


@pytest.mark.parametrize("plan_id", PLANS)
def test_every_indicator_has_a_value_or_a_reason_under_every_method(plan_id: str) -> None:
    results = side_by_side(plan_id)

    assert {tuple(by_method) for by_method in results.values()} == {tuple(METHODS)}
    assert [
        (indicator, name)
        for indicator, by_method in results.items()
        for name, result in by_method.items()
        if not says_something(result)
    ] == []


def test_the_schedule_column_is_the_worked_example() -> None:
    results = side_by_side("zhongwei")

    assert {no: results[f"zhongwei-{no:02d}"]["schedule"].verdict for no in BY_HAND} == {
        no: verdict for no, (verdict, _, _) in BY_HAND.items()
    }


@pytest.mark.parametrize(("name", "language"), [("method.md", "en"), ("method.zh-CN.md", "zh")])
def test_the_documents_show_the_table_that_the_command_prints(name: str, language: str) -> None:
    compared = compare_plan(real_plan("zhongwei"), default_policy().thresholds)

    assert markdown_table(compared, language) in (DOCS / name).read_text("utf-8")


def test_the_worked_example_of_the_documents_is_what_the_methods_give() -> None:
    # No. 6: 93.65 in 2020, 93.88 in 2021, 95.5 in 2025, possible values 0 to 150
    results = side_by_side("zhongwei")["zhongwei-06"]

    assert {name: result.value for name, result in results.items()} == {
        "schedule": pytest.approx(0.622, abs=5e-4),
        "eurostat": pytest.approx(0.6265, abs=5e-5),
        "statistics_canada": pytest.approx(0.6265, abs=5e-5),
        "un_projection": pytest.approx(0.625, abs=5e-4),
        "escap_current_status": pytest.approx(1.24, abs=5e-3),
        "escap_anticipated_progress": pytest.approx(37.8, abs=5e-2),
        "destatis": pytest.approx(0.432, abs=5e-4),
        "sdsn_trend": pytest.approx(0.622, abs=5e-4),
    }
    assert results["statistics_canada"].score == pytest.approx(0.189, abs=5e-4)


@pytest.mark.parametrize("name", ["method.md", "method.zh-CN.md"])
def test_the_documents_explain_every_method_and_every_reason(name: str) -> None:
    text = (DOCS / name).read_text("utf-8")

    assert [code for code in [*METHODS, *REASON_TEXTS] if f"`{code}`" not in text] == []


def test_a_total_is_given_to_the_methods_as_the_total_so_far() -> None:
    # given: 10 and 12 of 50 in two of five years, reported as flows
    indicator = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="50")
    plan, thresholds = make_plan(indicator), default_policy().thresholds

    # when
    results = assess_side_by_side(plan, indicator, thresholds, make_history(indicator, {"2021": "10", "2022": "12"}))

    # then: 22 of 50 in tenths; 22 + 3 · 11 = 55 reaches 50
    assert results["escap_current_status"].value == pytest.approx(4.4)
    assert results["destatis"].published_class == "sun"
    assert results["statistics_canada"].reason == "total_goal"


def test_a_period_before_the_plan_begins_gets_no_verdict() -> None:
    indicator = make_indicator()
    plan, thresholds = make_plan(indicator), default_policy().thresholds

    result = assess_side_by_side(plan, indicator, thresholds, make_history(indicator, {"2020": "50"}))["schedule"]

    assert (result.verdict, result.reason) == (AssessmentClass.NO_DATA, "no_data")
