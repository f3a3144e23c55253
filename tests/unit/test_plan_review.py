"""What a careful statistician asks: rule by rule, and of the five plans what is known to be wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.commitment import (
    Box,
    Commitments,
    Contradiction,
    Deliverable,
    DutyKind,
    MonitoringDuty,
    Project,
    Quantity,
    Quotation,
    ServiceDomain,
    ServiceItem,
    TargetMeasure,
    Task,
    TextTarget,
)
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import Baseline, Direction, GoalKind, Indicator, Plan, PrintedValue
from planwatch.plan_question import CODE_NAMES, KINDS, Question, QuestionCode
from planwatch.plan_review import review_plan
from planwatch.plan_terms import Comparator, Unit
from planwatch.series import Accumulation
from tests.builders import PLANS, make_indicator, make_plan

DECREASE = Direction.DECREASE
Code = QuestionCode


def cells(**printed: str) -> dict[str, PrintedValue]:
    """Printed cells by year, e.g. `cells(y2020="[6.1]", y2025="[6]")`."""
    years = {name.removeprefix("y"): text for name, text in printed.items()}
    return {
        year: PrintedValue(text, Decimal(text.strip("[]*")), None, parse_period(year)) for year, text in years.items()
    }


def row(**parts: Any) -> Indicator:  # noqa: ANN401  (as `make_indicator` takes them)
    """An indicator whose cells are those of its baseline and target, if no others are given."""
    printed = parts.pop("printed", None)
    changes = {name: parts.pop(name) for name in ("marks", "concept", "name") if name in parts}
    built = make_indicator(**parts)
    figures = printed or cells(y2020=parts.get("baseline") or "0", y2025=str(built.target.value))
    return replace(built, values=figures, **changes)


def text_target(**parts: Any) -> TextTarget:  # noqa: ANN401  (any field of a target)
    """A target of the text, linked to the first row of the table if nothing else is said."""
    values = {
        "target_id": "test-t01",
        "metric": Text("比率", "rate"),
        "quotation": Quotation("达到90%", 30),
        "quantity": Quantity("90%", Decimal(90), Comparator.AT_LEAST, Unit("%", "PT", 0)),
        "measure": TargetMeasure.LEVEL,
        "year": parse_period("2025"),
        "scope": None,
        "domain": "learning",
        "concept": "rate_1",
        "indicator_id": "test-01",
        "contradiction": None,
        "doubt": None,
    }
    return TextTarget(**{**values, **parts})


def amount(value: str, measure: str = "PT", mult: int = 0, comparator: Comparator = Comparator.AT_LEAST) -> Quantity:
    return Quantity(value, Decimal(value), comparator, Unit(None, measure, mult))


def project(*quantities: Quantity, lead: str | None = None, deadline: str | None = None) -> Project:
    delivered = tuple(
        Deliverable(f"test-project-01-q{no}", Text("项", "item"), "", each, None)
        for no, each in enumerate(quantities, 1)
    )
    period = parse_period(deadline) if deadline else None
    return Project(
        "test-project-01",
        Box("1", "专栏", 40),
        "工程",
        Quotation("工程", 41),
        None,
        lead,
        period,
        delivered,
        (),
        None,
        None,
    )


def asked(
    plan: Plan, *codes: QuestionCode, parent: Plan | None = None, **related: Mapping[str, Text]
) -> list[Question]:
    return [question for question in review_plan(plan, parent, related) if question.code in codes]


def asked_of(row: Indicator, code: QuestionCode) -> bool:
    return bool(asked(make_plan(row), code))


def promising(*targets: TextTarget, row: Indicator | None = None) -> Plan:
    return make_plan(row or make_indicator(target="90"), commitments=Commitments(text_targets=targets))


@pytest.mark.parametrize(
    ("quantity", "disagrees"),
    [
        (amount("90"), False),
        (amount("92"), True),
        (amount("90", comparator=Comparator.GREATER), True),  # the table's ≥90 lets 90 pass
        (amount("90", "HH"), False),  # cannot be compared
    ],
    ids=["the same", "another value", "another comparator", "another measure"],
)
def test_a_figure_of_the_text_is_held_against_its_row(quantity: Quantity, disagrees: bool) -> None:
    plan = promising(text_target(quantity=quantity))

    assert bool(asked(plan, Code.TEXT_TABLE_DISAGREE)) is disagrees


@pytest.mark.parametrize(("year", "disagrees"), [("2025", True), (None, True), ("2023", False)])
def test_a_text_target_is_compared_for_the_year_of_the_row_and_the_plans_end_where_none_is_printed(
    year: str | None, disagrees: bool
) -> None:
    plan = promising(text_target(quantity=amount("80"), year=parse_period(year) if year else None))

    assert bool(asked(plan, Code.TEXT_TABLE_DISAGREE)) is disagrees


@pytest.mark.parametrize(("value", "mult", "disagrees"), [("0.5", 4, False), ("5000", 0, False), ("0.6", 4, True)])
def test_text_and_table_may_use_ten_thousands_or_not(value: str, mult: int, disagrees: bool) -> None:
    beds = make_indicator(baseline="4000", target="5000", unit=Unit("张", "BED", 0))
    plan = promising(text_target(quantity=amount(value, "BED", mult)), row=beds)

    assert bool(asked(plan, Code.TEXT_TABLE_DISAGREE)) is disagrees


@pytest.mark.parametrize(("value", "disagrees"), [("40", False), ("90", True)])
def test_an_increase_is_added_to_the_baseline_before_it_is_compared(value: str, disagrees: bool) -> None:
    grown = text_target(quantity=amount(value), measure=TargetMeasure.INCREASE)

    assert bool(asked(promising(grown), Code.TEXT_TABLE_DISAGREE)) is disagrees  # 50 + 40 = 90


def test_a_recorded_contradiction_is_asked_once_and_in_its_own_words() -> None:
    plan = promising(text_target(quantity=amount("48"), contradiction=Text("正文为48%", "48% in the text")))

    (question,) = asked(plan, Code.TEXT_TABLE_DISAGREE, Code.PLACES_DISAGREE)

    assert question.text.zh == "比率：正文为48%"
    assert (question.subjects, question.source_lines) == (("test-t01", "test-01"), (1, 30))


@pytest.mark.parametrize(("subjects", "code"), [(("test-01",), Code.TEXT_TABLE_DISAGREE), ((), Code.PLACES_DISAGREE)])
def test_a_recorded_contradiction_is_one_with_the_table_if_a_row_is_its_subject(
    subjects: tuple[str, ...], code: QuestionCode
) -> None:
    found = Contradiction("test-c", subjects, (Quotation("15%", 46), Quotation("48%", 38)), Text("哪个", "which"))
    plan = make_plan(commitments=Commitments(contradictions=(found,)))

    (question,) = asked(plan, code)

    assert (question.source_lines, question.text.zh) == ((38, 46), "哪个")


def test_a_list_of_services_is_counted_against_its_printed_number() -> None:
    # given a row that prints two services and lists one, in a plan that promises three
    listed = ServiceDomain("learning", "学有所教", Quotation("aim", 20), 2)
    item = ServiceItem("test-service-01", 1, "learning", Text("甲", "a"), None, None, None, 20)
    three = text_target(indicator_id=None, concept="services", quantity=amount("3", "SERVICE_ITEM"))
    plan = make_plan(commitments=Commitments(text_targets=(three,), service_domains=(listed,), service_items=(item,)))

    # when
    questions = asked(plan, Code.COUNTS_DO_NOT_ADD_UP)

    # then
    assert [question.subjects for question in questions] == [("learning",), ("test-t01",)]


@pytest.mark.parametrize(
    ("quantities", "short"),
    [
        ([amount("200", "BED")], True),
        ([amount("200", "BED"), amount("0.01", "BED", 4)], False),  # 200 + 100 = 300
        ([amount("200", "PLACE")], False),  # says nothing of beds
    ],
)
def test_projects_that_deliver_less_than_the_table_wants_are_asked_about(
    quantities: list[Quantity], short: bool
) -> None:
    beds = make_indicator(baseline="0.56", target="0.59", unit=Unit("万张", "BED", 4))
    plan = make_plan(beds, commitments=Commitments(projects=(project(*quantities),)))

    questions = asked(plan, Code.COUNTS_DO_NOT_ADD_UP)

    assert [question.subjects for question in questions] == ([("test-01", "test-project-01")] if short else [])


@pytest.mark.parametrize(
    ("indicator", "behind", "equal"),
    [
        (row(baseline="96.68", target="95", goal_kind=GoalKind.FLOOR), True, False),
        (row(baseline="4.84", target="5", goal_kind=GoalKind.CEILING, direction=DECREASE), True, False),
        (row(baseline="1800", target="1500", goal_kind=GoalKind.AVERAGE, accumulation=Accumulation.FLOW), True, False),
        (row(baseline="99", target="99", goal_kind=GoalKind.FLOOR), False, True),
        (row(baseline="95", target="95", goal_kind=GoalKind.FLOOR, comparator=Comparator.GREATER), False, True),
        (row(baseline="50", target="90"), False, False),
        (row(baseline="6.1", target="5.5", direction=DECREASE), False, False),
        (row(baseline=None, target="90"), False, False),
    ],
)
def test_a_target_is_held_against_its_baseline_in_the_good_direction(
    indicator: Indicator, behind: bool, equal: bool
) -> None:
    assert asked_of(indicator, Code.TARGET_BEHIND_BASELINE) is behind
    assert asked_of(indicator, Code.TARGET_EQUALS_BASELINE) is equal


@given(st.integers(0, 100), st.integers(0, 100), st.sampled_from(Direction))
def test_a_target_is_behind_equal_to_or_ahead_of_its_baseline_and_never_two_of_them(
    baseline: int, target: int, direction: Direction
) -> None:
    indicator = row(baseline=str(baseline), target=str(target), direction=direction)

    codes = [
        question.code
        for question in asked(make_plan(indicator), Code.TARGET_BEHIND_BASELINE, Code.TARGET_EQUALS_BASELINE)
    ]

    better = target > baseline if direction is Direction.INCREASE else target < baseline
    assert len(codes) == (0 if better else 1)


def total(first: str, last: str, *marks: str) -> Indicator:
    """A row whose target is a total of the five years."""
    built = row(
        baseline=first.strip("[]*"),
        target=last.strip("[]*"),
        goal_kind=GoalKind.ACCUMULATE,
        accumulation=Accumulation.FLOW,
        printed=cells(y2020=first, y2025=last),
        marks=marks,
    )
    return replace(
        built,
        baseline=replace(built.baseline or Baseline(Decimal(0), None, parse_period("2020"), False), comparable=False),
    )


@pytest.mark.parametrize(
    ("indicator", "against_year", "behind"),
    [
        (total("2.06", "7.5*", "*"), True, True),  # 7.5 / 5 = 1.5 a year
        (total("0.77", "3.9*", "*"), True, False),  # 3.9 / 5 = 0.78 a year
        (total("[6.1]", "[6]", "[]"), False, True),  # total against total
        (total("[2.2]", "[3.6]", "[]"), False, False),
        (total("5.9", "21.9", "***"), False, False),  # the mark stands at the name
        (total("9.63", "4"), True, True),  # no mark says what 9.63 is
    ],
)
def test_a_total_is_held_against_the_last_total_or_by_its_yearly_mean_against_a_year(
    indicator: Indicator, against_year: bool, behind: bool
) -> None:
    assert asked_of(indicator, Code.TOTAL_AGAINST_YEAR) is against_year
    assert asked_of(indicator, Code.TARGET_BEHIND_BASELINE) is behind


@pytest.mark.parametrize(
    ("figure", "target", "setback", "low"),
    [("97.81", "99.8", True, False), ("99.6", "99.8", False, False), ("99.9", "99.8", False, True)],
)
def test_a_figure_between_baseline_and_target_is_held_against_both(
    figure: str, target: str, setback: bool, low: bool
) -> None:
    indicator = row(baseline="99.55", target=target, printed=cells(y2020="99.55", y2021=figure, y2025=target))

    assert asked_of(indicator, Code.FIGURE_BEHIND_BASELINE) is setback
    assert asked_of(indicator, Code.TARGET_BEHIND_FIGURE) is low


def test_a_flow_of_one_year_is_not_held_against_a_total() -> None:
    indicator = replace(total("[6.1]", "[6]", "[]"), values=cells(y2020="[6.1]", y2021="2.48", y2025="[6]"))

    assert not asked_of(indicator, Code.FIGURE_BEHIND_BASELINE)


def test_rows_without_a_baseline_make_one_question_and_an_inequality_one_of_its_own() -> None:
    unknown = Baseline(Decimal(75), Comparator.GREATER, parse_period("2020"), True)
    plan = make_plan(row(no=1, baseline=None), row(no=2, baseline=None), replace(row(no=3), baseline=unknown))

    missing, inequality = asked(plan, Code.BASELINE_MISSING, Code.BASELINE_IS_INEQUALITY)

    assert missing.subjects == ("test-01", "test-02")
    assert inequality.subjects == ("test-03",)


def test_what_nobody_is_named_for_makes_one_question_a_section() -> None:
    # given one task, one project and one duty of nobody, and one task that somebody leads
    task = Task("test-task-01", "1", "一", None, Quotation("甲", 50), None, None, (), None, None)
    led = replace(task, task_id="test-task-02", lead="health", deadline=parse_period("2023"))
    duty = MonitoringDuty(
        "test-duty-01", DutyKind.MID_TERM_EVALUATION, Quotation("中期评估", 60), None, (), None, None, None
    )
    plan = make_plan(commitments=Commitments(tasks=(task, led), projects=(project(),), monitoring_duties=(duty,)))

    # when
    found = [
        (question.code, question.subjects)
        for question in asked(plan, Code.NO_OWNER, Code.NO_DEADLINE, Code.DUTY_WITHOUT_DATE)
    ]

    # then
    assert found == [
        (Code.NO_OWNER, ("test-task-01",)),
        (Code.NO_OWNER, ("test-project-01",)),
        (Code.NO_OWNER, ("test-duty-01",)),
        (Code.NO_DEADLINE, ("test-task-01",)),
        (Code.NO_DEADLINE, ("test-project-01",)),
        (Code.DUTY_WITHOUT_DATE, ("test-duty-01",)),
    ]


def test_an_evaluation_that_the_plan_does_not_order_is_asked_about() -> None:
    duty = MonitoringDuty(
        "test-duty-01", DutyKind.MID_TERM_EVALUATION, Quotation("中期评估", 60), None, (), None, None, None
    )

    (question,) = asked(make_plan(commitments=Commitments(monitoring_duties=(duty,))), Code.NO_EVALUATION_ORDERED)

    assert question.text == Text(
        "规划没有规定总结评估；是否进行？", "the plan orders no final evaluation; is there to be one?"
    )


def test_every_code_has_a_name_and_a_kind() -> None:
    assert set(CODE_NAMES) == set(KINDS) == set(QuestionCode)


def test_every_code_is_explained_to_the_plans_owners() -> None:
    page = (PLANS.parent / "docs" / "catalogue.md").read_text(encoding="utf-8")

    assert [code.value for code in QuestionCode if f"`{code.value}`" not in page] == []
