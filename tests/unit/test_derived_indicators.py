"""From commitments to indicators: what a plan promises outside its main table is judged by the same rules."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from planwatch.assessment import assess
from planwatch.commitment import Commitments, TargetMeasure
from planwatch.errors import InvalidPlan
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import GoalKind, Indicator, Nature, Plan, Section
from planwatch.plan_document import plan_from_mapping
from planwatch.plan_terms import Comparator, Unit
from planwatch.policy import AssessmentClass
from planwatch.printing import Printer
from planwatch.series import Accumulation
from planwatch.wording import demand_of, place_in_plan
from tests.builders import (
    LEAD,
    SCHOOLS,
    default_policy,
    make_history,
    make_plan,
    make_project,
    make_quantity,
    make_service_item,
    make_standard,
    make_task,
    make_text_target,
    real_plan,
    real_plan_file,
)

HUNDRED_MILLION_YUAN = Unit("亿元", "CNY", 8)


def plan_with(**sections: object) -> Plan:
    return make_plan(commitments=Commitments(**{name: (entry,) for name, entry in sections.items()}))  # type: ignore[arg-type]


def only(plan: Plan, indicator_id: str) -> Indicator:
    found = plan.indicator(indicator_id)
    assert found is not None
    return found


def verdict(plan: Plan, indicator_id: str, figures: dict[str, str | None]) -> tuple[AssessmentClass, str]:
    """The verdict on the last of the figures."""
    indicator = only(plan, indicator_id)
    history = make_history(indicator, figures)
    made = assess(plan, indicator, default_policy(), history, max(history), submission_id="s")
    assert made is not None
    return made.verdict, made.reason


def test_a_project_gives_progress_delay_its_quantities_and_its_investment() -> None:
    project = make_project(
        quantities=[("新建学校", "2"), ("改建学校", "5")], investment=make_quantity("3", HUNDRED_MILLION_YUAN)
    )

    plan = plan_with(projects=project)

    assert [
        (row.indicator_id, row.goal_kind, row.target.comparator, str(row.target.value)) for row in plan.derived
    ] == [
        ("test-project-01-progress", GoalKind.REACH, Comparator.AT_LEAST, "100"),
        ("test-project-01-delay", GoalKind.CEILING, Comparator.AT_MOST, "0"),
        ("test-project-01-q1", GoalKind.ACCUMULATE, Comparator.AT_LEAST, "2"),
        ("test-project-01-q2", GoalKind.ACCUMULATE, Comparator.AT_LEAST, "5"),
        ("test-project-01-investment", GoalKind.ACCUMULATE, Comparator.AT_LEAST, "3"),
    ]
    assert {row.section for row in plan.derived} == {Section.PROJECT}
    assert {row.commitment_id for row in plan.derived} == {"test-project-01"}
    assert plan.derived_from("test-project-01") == plan.derived
    assert only(plan, "test-project-01-q1").accumulation is Accumulation.SINCE_PLAN_START
    assert place_in_plan(plan.derived[0]) == Text("重点工程第1项", "project no. 1")


def test_where_no_schedule_is_printed_the_plan_period_is_taken_and_that_is_said() -> None:
    plan = plan_with(projects=make_project(quantities=[("新建学校", "2")]))

    progress, delay, quantity = plan.derived
    assert [row.target.period for row in plan.derived] == [parse_period("2025")] * 3
    assert progress.note == quantity.note
    assert progress.note is not None
    assert "规划未印发工期，以规划期（2021–2025年）为序时进度" in progress.note.zh
    assert "the plan prints no schedule" in progress.note.en
    assert delay.note is not None
    assert "规划未印发期限，以规划期末（2025年）为期限" in delay.note.zh


def test_a_printed_deadline_is_the_schedule_and_nothing_is_assumed() -> None:
    plan = plan_with(projects=make_project(deadline="2023"))

    assert only(plan, "test-project-01-progress").target.period == parse_period("2023")
    assert [row.note for row in plan.derived] == [None, None]


def test_the_lead_answers_for_a_project_then_the_domains_agency_then_the_coordinating_one() -> None:
    plan = make_plan(
        commitments=Commitments(projects=(make_project(1, lead="health"), make_project(2)), tasks=(make_task(1),))
    )

    assert only(plan, "test-project-01-progress").owner == "health"
    assert only(plan, "test-project-02-progress").owner == SCHOOLS
    assert only(plan, "test-task-01-progress").owner == LEAD
    assert only(plan, "test-task-01-progress").domain == "cross_domain"
    assert plan.domain_name("cross_domain") == "跨领域"


def test_a_task_without_a_title_is_named_by_its_first_words() -> None:
    plan = plan_with(tasks=make_task())

    assert plan.derived[0].name.zh == "推进公共服务标准体系建设，促进标准落实落地，完善…：形象进度(%)"


def test_a_text_target_is_an_indicator_unless_it_is_a_row_of_the_main_table() -> None:
    same = plan_with(text_targets=make_text_target(indicator_id="test-01"))
    other = plan_with(text_targets=make_text_target(scope=Text("市区", "the city proper")))

    assert same.derived == ()
    assert [row.indicator_id for row in other.derived] == ["test-t01"]
    assert other.derived[0].name == Text("示范学校数量（市区）", "Model schools (the city proper)")
    assert other.derived[0].nature is Nature.ANTICIPATORY


@pytest.mark.parametrize(
    ("measure", "kind", "baseline"),
    [
        (TargetMeasure.LEVEL, GoalKind.REACH, None),
        (TargetMeasure.INCREASE, GoalKind.REACH, Decimal(0)),
        (TargetMeasure.TOTAL, GoalKind.ACCUMULATE, None),
    ],
)
def test_how_the_figure_is_meant_decides_what_it_is_held_against(
    measure: TargetMeasure, kind: GoalKind, baseline: Decimal | None
) -> None:
    (indicator,) = plan_with(text_targets=make_text_target(measure=measure)).derived

    assert indicator.goal_kind is kind
    assert (indicator.baseline.value if indicator.baseline else None) == baseline


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        # a fifth of the way is due each year
        pytest.param({"2021": "20"}, (AssessmentClass.ON_SCHEDULE, "schedule_index"), id="a fifth in the first year"),
        pytest.param({"2021": "15"}, (AssessmentClass.LAGGING, "schedule_index"), id="slower than the schedule"),
        pytest.param({"2022": "20"}, (AssessmentClass.FAR_BEHIND, "schedule_index"), id="half of what is due"),
        pytest.param({"2021": "0"}, (AssessmentClass.FAR_BEHIND, "schedule_index"), id="nothing done"),
        pytest.param({"2023": "100"}, (AssessmentClass.ACHIEVED, "target_met"), id="done early"),
    ],
)
def test_progress_is_held_against_the_plan_period(
    figures: dict[str, str | None], expected: tuple[AssessmentClass, str]
) -> None:
    assert verdict(plan_with(projects=make_project()), "test-project-01-progress", figures) == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        pytest.param({"2022": "99"}, (AssessmentClass.LAGGING, "deadline_passed"), id="nearly done at the deadline"),
        pytest.param({"2023-Q1": "99"}, (AssessmentClass.LAGGING, "deadline_passed"), id="nearly done after it"),
        pytest.param({"2023": "50"}, (AssessmentClass.FAR_BEHIND, "deadline_passed"), id="half done after it"),
        pytest.param({"2022-Q3": "87.5"}, (AssessmentClass.ON_SCHEDULE, "schedule_index"), id="before it"),
        pytest.param({"2024": "100"}, (AssessmentClass.ACHIEVED, "target_met"), id="done late"),
    ],
)
def test_after_its_deadline_a_project_that_is_nearly_done_is_still_late(
    figures: dict[str, str | None], expected: tuple[AssessmentClass, str]
) -> None:
    assert verdict(plan_with(projects=make_project(deadline="2022")), "test-project-01-progress", figures) == expected


def test_a_quantity_that_is_not_all_there_at_the_deadline_is_late_but_money_saved_is_not() -> None:
    project = make_project(
        deadline="2022", quantities=[("新建学校", "20")], investment=make_quantity("100", HUNDRED_MILLION_YUAN)
    )
    plan = plan_with(projects=project)

    assert verdict(plan, "test-project-01-q1", {"2022": "19"}) == (AssessmentClass.LAGGING, "deadline_passed")
    assert verdict(plan, "test-project-01-investment", {"2022": "95"}) == (
        AssessmentClass.ON_SCHEDULE,
        "schedule_index",
    )


@pytest.mark.parametrize(
    ("months", "expected"), [("-3", AssessmentClass.HELD), ("0", AssessmentClass.HELD), ("6", AssessmentClass.BREACHED)]
)
def test_an_expected_completion_after_the_deadline_is_a_breach(months: str, expected: AssessmentClass) -> None:
    assert verdict(plan_with(tasks=make_task()), "test-task-01-delay", {"2022": months})[0] is expected


def test_a_service_with_a_standard_gives_its_level_and_with_a_parent_standard_its_own_one() -> None:
    plan = plan_with(
        service_items=make_service_item(
            standard=make_standard("95"), parent_standard=make_standard("98", source="国家标准")
        )
    )

    level, standard = plan.derived
    assert (level.indicator_id, level.goal_kind, level.target.value) == (
        "test-service-01-level",
        GoalKind.FLOOR,
        Decimal(95),
    )
    assert (standard.indicator_id, standard.target.value) == ("test-service-01-standard", Decimal(98))
    assert standard.note == Text("标准依据：国家标准", "standard set by: Standard")
    assert (demand_of(level).zh, demand_of(standard).zh) == ("标准要求", "上位标准要求")
    assert verdict(plan, "test-service-01-level", {"2022": "94"})[0] is AssessmentClass.BREACHED
    assert verdict(plan, "test-service-01-level", {"2022": "95"})[0] is AssessmentClass.HELD


def test_a_standard_that_is_an_upper_limit_gives_a_ceiling() -> None:
    days = make_standard("15", Unit("个工作日", "WORKING_DAY", 0), Comparator.AT_MOST)

    (level,) = plan_with(service_items=make_service_item(standard=days)).derived

    assert level.goal_kind is GoalKind.CEILING


def test_a_service_without_a_standard_gives_nothing() -> None:
    assert plan_with(service_items=make_service_item(parent_standard=make_standard("98"))).derived == ()


def test_a_service_stands_for_its_level_by_id_and_printed_name() -> None:
    plan = plan_with(service_items=make_service_item(standard=make_standard("95")))

    assert plan.indicator("test-service-01") is plan.indicator("学前教育幼儿资助") is plan.derived[0]


def test_a_name_that_two_services_share_stands_for_neither() -> None:
    standard = make_standard("95")
    items = (make_service_item(1, standard=standard), make_service_item(2, standard=standard))
    plan = make_plan(commitments=Commitments(service_items=items))

    assert plan.indicator("学前教育幼儿资助") is None
    assert plan.indicator("test-service-02") is plan.derived[1]


@pytest.mark.parametrize(
    ("parent", "path"),
    [
        ({"comparator": "le"}, "service_items[0].standard.comparator"),
        ({"unit": {"printed": "元", "measure": "CNY", "mult": 0}}, "service_items[0].standard.unit"),
    ],
)
def test_standards_that_cannot_be_compared_are_a_fault_of_the_file(parent: dict[str, object], path: str) -> None:
    # given
    standard = {
        "value": "95",
        "comparator": "ge",
        "unit": {"printed": "%", "measure": "PT", "mult": 0},
        "source": {"zh": "实施标准", "en": "Standard"},
    }
    document = dict(real_plan_file("zhongwei").document)
    items = [dict(item) for item in document["service_items"]]
    items[0] |= {"standard": standard, "parent_standard": {**standard, **parent}}

    # when
    with pytest.raises(InvalidPlan) as refusal:
        plan_from_mapping({**document, "service_items": items})

    # then
    assert [fault.path for fault in refusal.value.faults] == [path]


def test_every_derived_indicator_of_the_catalogue_has_an_identifier_of_its_own_and_a_known_owner() -> None:
    plans = [real_plan(plan_id) for plan_id in ("national", "zhongwei", "wuwei", "kongtong")]
    identifiers = [row.indicator_id for plan in plans for row in (*plan.indicators, *plan.derived)]

    assert len(set(identifiers)) == len(identifiers) > 500
    assert [row for plan in plans for row in plan.derived if plan.agency(row.owner) is None] == []


def test_every_unit_of_the_catalogue_can_be_said_in_english() -> None:
    units = [row.unit for plan_id in ("zhongwei", "wuwei", "kongtong") for row in real_plan(plan_id).derived]

    assert [unit for unit in units if re.search("[^ -~²]", Printer("en").unit(unit))] == []
    assert Printer("en").unit(Unit("个", "BURIAL_PLACE", 0)) == "burial place"
    assert Printer("en").deviation(Decimal(6), 0, Text("x", "x"), Unit("个月", "MONTH", 0)) == "6 months late"
