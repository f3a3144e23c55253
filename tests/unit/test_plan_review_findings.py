"""The review of the five plans finds what is known to be wrong with them, and leaves alone what is right."""

from __future__ import annotations

from functools import cache

import pytest

from planwatch.plan_question import QuestionCode
from planwatch.plan_review import review_plan
from tests.builders import real_plan


@cache
def findings(plan_id: str) -> frozenset[tuple[str, str]]:
    """The review of a real plan as (code, subject)."""
    plan = real_plan(plan_id)
    parent = real_plan(plan.parent_plan) if plan.parent_plan else None
    return frozenset(
        (question.code.value, subject)
        for question in review_plan(plan, parent)
        for subject in question.subjects or ("",)
    )


@pytest.mark.parametrize(
    ("plan_id", "code", "subject"),
    [
        ("kongtong", "text_table_disagree", "kongtong-15"),  # 48% against 15%
        ("kongtong", "text_table_disagree", "kongtong-18"),  # 2,530 beds against 2,709
        ("kongtong", "text_table_disagree", "kongtong-08"),  # 38,200 jobs after 44,200
        ("kongtong", "places_disagree", "kongtong-project-41"),  # 115,000 dwellings of 13 square metres
        ("kongtong", "target_behind_baseline", "kongtong-14"),
        ("kongtong", "target_equals_baseline", "kongtong-17"),
        ("kongtong", "total_against_year", "kongtong-08"),
        ("kongtong", "baseline_is_inequality", "kongtong-24"),
        ("kongtong", "below_parent", "kongtong-07"),
        ("kongtong", "no_owner", "housing"),
        ("wuwei", "text_table_disagree", "wuwei-14"),  # 50% against ≥55%
        ("wuwei", "counts_do_not_add_up", "wuwei-17"),  # 620 of 6,461 beds
        ("wuwei", "target_behind_baseline", "wuwei-13"),  # 99.8% → >95%
        ("wuwei", "target_equals_baseline", "wuwei-02"),  # 100 → 100
        ("wuwei", "binding_here_anticipatory_in_parent", "wuwei-13"),
        ("wuwei", "unit_differs_from_parent", "wuwei-23"),  # 次 against 万次
        ("wuwei", "below_parent", "wuwei-23"),
        ("wuwei", "places_disagree", "wuwei-project-43"),  # 101 brands
        ("zhongwei", "text_table_disagree", "zhongwei-04"),  # 90% against 92%
        ("zhongwei", "counts_do_not_add_up", "zhongwei-project-11"),  # 200 of 300 beds
        ("zhongwei", "places_disagree", "zhongwei-duty-12"),  # who monitors
        ("zhongwei", "places_disagree", "zhongwei-t14"),  # 3 years against 1.5
        ("zhongwei", "figure_behind_baseline", "zhongwei-05"),
        ("zhongwei", "figure_behind_baseline", "zhongwei-13"),
        ("zhongwei", "target_behind_figure", "zhongwei-25"),
        ("zhongwei", "target_behind_baseline", "zhongwei-08"),  # [6.1] → [6]
        ("zhongwei", "anticipatory_here_binding_in_parent", "zhongwei-14"),
        ("zhongwei", "below_parent", "zhongwei-12"),  # ≥95 against >95
        ("zhongwei", "below_parent", "zhongwei-16"),  # beds: 1.05 times the baseline against 1.21 times
        ("zhongwei", "definition_differs_from_parent", "zhongwei-10"),  # 常住人口
        ("zhongwei", "no_standard", "zhongwei-service-80"),
        ("zhongwei", "no_recipients", "zhongwei-service-01"),
        ("zhongwei", "no_deadline", "zhongwei-task-01"),
        ("zhongwei", "no_evaluation_ordered", ""),
        ("shizuishan", "target_behind_baseline", "shizuishan-07"),  # 4.84 → ≤5
        ("shizuishan", "target_behind_baseline", "shizuishan-13"),  # 9.63 → 4
        ("shizuishan", "total_against_year", "shizuishan-16"),
        ("shizuishan", "text_table_disagree", "shizuishan-08"),  # half of 18 and 12 is 15
        ("shizuishan", "text_table_disagree", "shizuishan-01"),  # 99 against 99.7
        ("shizuishan", "below_parent", "shizuishan-05"),
        ("national", "target_behind_baseline", "national-07"),  # 1,800 → 1,500 a year
        ("national", "baseline_missing", "national-02"),
        ("national", "duty_without_date", "national-duty-13"),  # mid-term evaluation
    ],
)
def test_what_is_known_to_be_wrong_with_a_plan_is_found(plan_id: str, code: str, subject: str) -> None:
    assert (code, subject) in findings(plan_id)


@pytest.mark.parametrize(
    ("plan_id", "code", "subject"),
    [
        ("kongtong", "text_table_disagree", "kongtong-t37"),  # 96% in both
        ("kongtong", "counts_do_not_add_up", "kongtong-21"),  # 4,629 households in both
        ("zhongwei", "counts_do_not_add_up", "learning"),  # nine services, nine listed
        ("zhongwei", "total_against_year", "zhongwei-08"),  # both totals
        ("shizuishan", "counts_do_not_add_up", "shizuishan-14"),
        ("wuwei", "below_parent", "wuwei-17"),  # fewer beds than the nation, more growth
        ("kongtong", "no_evaluation_ordered", ""),
    ],
)
def test_what_agrees_is_not_asked_about(plan_id: str, code: str, subject: str) -> None:
    assert (code, subject) not in findings(plan_id)


@pytest.mark.parametrize("plan_id", ["national", "zhongwei", "shizuishan", "wuwei", "kongtong"])
def test_questions_about_a_plan_stand_by_code_each_with_both_languages(plan_id: str) -> None:
    plan = real_plan(plan_id)
    order = list(QuestionCode)

    questions = review_plan(plan, real_plan("national") if plan.parent_plan else None)

    assert [order.index(question.code) for question in questions] == sorted(order.index(q.code) for q in questions)
    assert all(question.text.zh and question.text.en for question in questions)
    assert all(list(question.source_lines) == sorted(set(question.source_lines)) for question in questions)
