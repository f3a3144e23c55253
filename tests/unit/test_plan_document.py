"""A plan file is refused with every fault it has, not with the first one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from planwatch.errors import InvalidPlan
from planwatch.plan import GoalKind
from planwatch.plan_document import plan_from_mapping
from planwatch.plan_terms import Comparator
from tests.builders import real_plan_file


@pytest.fixture
def document() -> dict[str, Any]:
    """The plan file of Zhongwei, to be spoilt."""
    return copy.deepcopy(dict(real_plan_file("zhongwei").document))


def faults_of(document: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidPlan) as refusal:
        plan_from_mapping(document)
    return [fault.path for fault in refusal.value.faults]


def test_a_good_file_becomes_a_plan(document: dict[str, Any]) -> None:
    plan = plan_from_mapping(document)

    retention = plan.indicators[4]
    assert (plan.plan_id, plan.version, len(plan.indicators)) == ("zhongwei", 1, 25)
    assert (retention.goal_kind, str(retention.target.value)) == (GoalKind.REACH, "99.8")
    assert retention.values["2021"].printed == "97.81"
    assert plan.indicators[21].target.comparator is Comparator.GREATER


def test_all_faults_of_a_file_are_told_at_once(document: dict[str, Any]) -> None:
    # given
    rows = document["indicators"]
    document["coordinating_agency"] = "nobody"
    document["domains"][2]["agency"] = "nobody"
    rows[0]["owner"] = "nobody"
    rows[1]["domain"] = "nothing"
    rows[3]["indicator_id"] = rows[2]["indicator_id"]
    rows[4]["target"]["value"] = "much"
    rows[5]["target"]["period"] = "2035"
    rows[6]["baseline"]["period"] = "last year"
    rows[7]["values"]["2021"]["value"] = "NaN"
    rows[8]["bounds"] = ["low", None]

    # when
    faults = faults_of(document)

    # then
    assert set(faults) == {
        "text_targets[18].indicator",
        "coordinating_agency",
        "domains[2].agency",
        "indicators[0].owner",
        "indicators[1].domain",
        "indicators[3].indicator_id",
        "indicators[4].target.value",
        "indicators[5].target.period",
        "indicators[6].baseline.period",
        "indicators[7].values.2021.value",
        "indicators[8].bounds[0]",
    }
    assert len(faults) == 11


def test_a_fault_names_the_value_in_both_languages(document: dict[str, Any]) -> None:
    document["indicators"][4]["target"]["value"] = "much"

    with pytest.raises(InvalidPlan) as refusal:
        plan_from_mapping(document)

    reason = refusal.value.faults[0].reason
    assert "“much”不是数字" in reason.zh
    assert "“much” is not a number" in reason.en
    assert "zhongwei" in refusal.value.text.zh
    assert "indicators[4].target.value" in refusal.value.text.en


def test_milestones_are_read_and_their_faults_told(document: dict[str, Any]) -> None:
    document["indicators"][4]["milestones"] = [
        {"period": "2022", "value": "99.6"},
        {"period": "next year", "value": "99.7"},
        {"period": "2024", "value": "more"},
    ]

    assert faults_of(document) == ["indicators[4].milestones", "indicators[4].milestones"]


def test_a_wrong_end_of_the_plan_is_one_fault_and_not_one_per_indicator(document: dict[str, Any]) -> None:
    document["period"]["end"] = "the end"

    assert faults_of(document) == ["period.end"]


@pytest.mark.parametrize(("field", "path"), [("no", "indicators[3].no"), ("name", "indicators[3].name")])
def test_a_reference_that_two_rows_share_is_a_fault_because_reports_use_it(
    document: dict[str, Any], field: str, path: str
) -> None:
    document["indicators"][3][field] = document["indicators"][2][field]

    assert faults_of(document) == [path]


@pytest.mark.parametrize(
    "periods", [["2023", "2022"], ["2022", "2022"], ["2022", "2026"]], ids=["falling", "twice", "after the target"]
)
def test_milestones_that_are_not_in_rising_order_before_the_target_are_a_fault(
    document: dict[str, Any], periods: list[str]
) -> None:
    document["indicators"][4]["milestones"] = [{"period": period, "value": "99.6"} for period in periods]

    assert faults_of(document) == ["indicators[4].milestones"]
