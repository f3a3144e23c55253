"""Which reports are expected when, and who says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from planwatch.period import Freq
from planwatch.policy import Reporting
from planwatch.reporting_calendar import expected_frequency, missing_reports
from tests.builders import default_policy, make_plan, real_plan

ENTERED = date(2021, 12, 1)


def reporting(**changes: object) -> Reporting:
    found = default_policy().reporting
    assert found is not None
    return replace(found, **changes)  # type: ignore[arg-type]


def missing(today: str, *reported: str, watched_from: date = ENTERED, **changes: object) -> list[str]:
    plan = make_plan()
    found = missing_reports(
        plan,
        plan.indicators[0],
        reporting(**changes),
        watched_from=watched_from,
        today=date.fromisoformat(today),
        reported={date.fromisoformat(day) for day in reported},
    )
    return [str(report.period) for report in found]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        pytest.param("2022-04-10", [], id="the last day, grace included"),
        pytest.param("2022-04-11", ["2021"], id="the day after"),
        pytest.param("2023-04-11", ["2021", "2022"], id="a year later"),
        pytest.param("2027-01-01", ["2021", "2022", "2023", "2024", "2025"], id="no period after the plan"),
    ],
)
def test_a_report_is_missing_from_the_day_after_its_due_day_and_grace(today: str, expected: list[str]) -> None:
    assert missing(today) == expected


def test_what_was_reported_is_not_missing() -> None:
    assert missing("2023-04-11", "2021-12-31") == ["2022"]


def test_what_ended_before_the_plan_was_entered_is_not_missing() -> None:
    assert missing("2024-06-30", watched_from=date(2023, 1, 1)) == ["2023"]


def test_the_policy_may_want_an_indicator_more_often() -> None:
    assert missing("2022-06-01", indicators={"test-01": Freq.QUARTERLY}) == ["2021-Q4", "2022-Q1"]


@pytest.mark.parametrize(
    ("plan_id", "words"),
    [("shizuishan", "依规划第"), ("zhongwei", "规划未印发报送频率，依政策的默认日历")],
    ids=["the plan prints one", "the plan prints none"],
)
def test_it_is_said_who_expects_a_report(plan_id: str, words: str) -> None:
    plan = real_plan(plan_id)

    freq, basis = expected_frequency(plan, plan.indicators[0], reporting())

    assert freq is Freq.ANNUAL
    assert words in basis.zh


def test_a_plan_without_a_frequency_of_its_own_follows_the_policy_s_for_it() -> None:
    plan = make_plan()

    freq, basis = expected_frequency(plan, plan.indicators[0], reporting(plans={"test": Freq.MONTHLY}))

    assert freq is Freq.MONTHLY
    assert "依政策对该规划的规定" in basis.zh
