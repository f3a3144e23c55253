"""What the overview and a plan's page show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from planwatch.commitment import Commitments
from planwatch.language import Text
from planwatch.period import parse_period
from planwatch.plan import Baseline, Direction, Domain, GoalKind, Indicator, Nature, Plan, PrintedValue, Target
from planwatch.plan_terms import Comparator, Unit
from planwatch.policy import AssessmentClass, Level
from services.pages.case_views import case_page, receipt_page
from services.pages.store import Case, Figure, Receipt, Step
from services.pages.views import baseline_cell, case_rows, group_by_domain, indicator_rows, summarise
from tests.builders import make_agency

AT = datetime(2022, 3, 1, 2, tzinfo=UTC)


def cell(printed: str, value: str | None, period: str) -> PrintedValue:
    return PrintedValue(printed, Decimal(value) if value else None, None, parse_period(period))


RETENTION = Indicator(
    indicator_id="trial-01",
    no=1,
    name=Text("九年义务教育巩固率(%)", "Retention rate"),
    marks=(),
    concept="retention",
    domain="learning",
    unit=Unit("%", "PT", 0),
    nature=Nature.BINDING,
    goal_kind=GoalKind.REACH,
    direction=Direction.INCREASE,
    accumulation=None,
    bounds=(Decimal(0), Decimal(100)),
    values={"2020": cell("99.55", "99.55", "2020"), "2025": cell("99.8", "99.8", "2025")},
    baseline=Baseline(Decimal("99.55"), None, parse_period("2020"), True),
    target=Target(Decimal("99.8"), Comparator.AT_LEAST, parse_period("2025")),
    milestones=(),
    owner="trial-education",
    note=None,
    needs_confirmation=(),
    source_line=128,
)
TRAINING = replace(
    RETENTION,
    indicator_id="trial-02",
    no=2,
    name=Text("职业技能培训(万人次)", "Training"),
    domain="employment",
    goal_kind=GoalKind.ACCUMULATE,
    baseline=None,
    values={"2020": cell("-", None, "2020"), "2025": cell("[6]", "6", "2025")},
    target=Target(Decimal(6), Comparator.AT_LEAST, parse_period("2025")),
)
ENROLMENT = replace(RETENTION, indicator_id="trial-03", no=3, name=Text("毛入园率(%)", "Enrolment"))
PLAN = Plan(
    plan_id="trial",
    version=1,
    title=Text("规划", "Plan"),
    ref_area="640500",
    area_name=Text("中卫市", "Zhongwei"),
    start=parse_period("2021"),
    end=parse_period("2025"),
    parent_plan=None,
    document_file="trial.txt",
    document_number=None,
    issuer=None,
    issued_on=None,
    coordinating_agency="trial-education",
    agencies=(make_agency("trial-education", Text("教育局", "Education")),),
    domains=(
        Domain("learning", "学有所教", "trial-education", "lead", 1, None),
        Domain("employment", "劳有所得", "trial-education", "coordinating", None, None),
    ),
    indicators=(RETENTION, TRAINING, ENROLMENT),
    commitments=Commitments(),
)
FIGURE = Figure(
    plan_id="trial",
    indicator_id="trial-01",
    series_key="trial-01.640500.A._T._T",
    ref_area="640500",
    time_period="2021",
    revision=1,
    obs_value=Decimal("97.81"),
    submission_id="s1",
    received_at=AT,
    simulated=False,
    verdict="reversed",
    reason="moved_away",
    measured=Decimal("97.81"),
    baseline_value=Decimal("99.55"),
    baseline_period="2020",
    baseline_substituted=False,
    expected_value=Decimal("99.6"),
    achieved_share=-6.96,
    expected_share=0.2,
    gap=Decimal("-1.79"),
)
FLOW = replace(
    FIGURE,
    indicator_id="trial-02",
    series_key="trial-02.640500.A._T._T",
    verdict="ahead",
    obs_value=Decimal("2.48"),
    measured=Decimal("2.48"),
)
CASE = Case(
    case_id="c1",
    plan_id="trial",
    indicator_id="trial-01",
    series_key="trial-01.640500.A._T._T",
    agency_zh="教育局",
    agency_en="Education",
    episode=1,
    state="open",
    level="red",
    verdict="reversed",
    time_period="2021",
    since_period="2021",
    opened_at=AT,
    changed_at=AT,
    policy_line="default-3: levels.reversed.binding = red",
    submission_id="s1",
    delivery="immediate",
    mail_id="m1",
    mail_state="sent",
    mail_sent_at=AT,
    kind="reversed",
    ref_area="640500",
    dimension=None,
)
STEP = Step(
    step=1,
    at=AT,
    step_kind="raise",
    episode=1,
    level="red",
    reason_zh="发出红色预警",
    reason_en="raised",
    policy_line="default-3: levels.reversed.binding = red",
    time_period="2021",
    submission_id="s1",
    actor="planwatch-evaluate",
    delivery="immediate",
    delivery_reason_zh="立即发信",
    delivery_reason_en="at once",
    mail_id="m1",
    mail_state="sent",
    mail_sent_at=AT,
)


def test_every_indicator_has_a_row_also_without_a_figure() -> None:
    rows = indicator_rows(PLAN, [], [])

    assert [(row.indicator.no, row.latest, row.verdict) for row in rows] == [
        (1, None, None),
        (2, None, None),
        (3, None, None),
    ]


def test_the_newest_period_is_the_latest_figure() -> None:
    figures = [replace(FIGURE, time_period="2020", verdict=None), FIGURE]

    rows = indicator_rows(PLAN, figures, [])

    assert rows[0].latest == FIGURE
    assert rows[0].verdict is AssessmentClass.REVERSED


def test_of_two_frequencies_the_one_that_reaches_further_is_shown() -> None:
    monthly = replace(FIGURE, series_key="trial-01.640500.M._T._T", time_period="2022-03", verdict="lagging")

    rows = indicator_rows(PLAN, [FIGURE, monthly], [])

    assert rows[0].latest == monthly


def test_the_annual_figure_is_shown_where_a_monthly_series_ends_on_the_same_day() -> None:
    november = replace(FIGURE, series_key="trial-01.640500.M._T._T", time_period="2021-11")
    december = replace(november, time_period="2021-12")

    rows = indicator_rows(PLAN, [november, december, FIGURE], [])

    assert rows[0].latest == FIGURE


def test_figures_and_cases_of_other_plans_are_left_out() -> None:
    rows = indicator_rows(PLAN, [replace(FIGURE, plan_id="other")], [replace(CASE, plan_id="other")])

    assert (rows[0].latest, rows[0].case) == (None, None)


def test_the_gravest_case_of_an_indicator_is_shown() -> None:
    graver = CASE
    milder = replace(CASE, case_id="c2", level="blue", series_key="trial-01.640500.M._T._T")

    rows = indicator_rows(PLAN, [FIGURE], [graver, milder])

    assert rows[0].case == graver


def test_domains_stand_in_the_order_in_which_the_table_names_them() -> None:
    groups = group_by_domain(PLAN, indicator_rows(PLAN, [], []))

    assert [(group.domain.code, [row.indicator.no for row in group.rows]) for group in groups] == [
        ("learning", [1, 3]),
        ("employment", [2]),
    ]


def test_a_summary_counts_classes_levels_and_what_has_no_class() -> None:
    cases = [CASE, replace(CASE, case_id="c2", indicator_id="trial-03", level="yellow")]
    rows = indicator_rows(PLAN, [FIGURE, FLOW], cases)

    summary = summarise(PLAN, rows, cases)

    assert summary.classes == {AssessmentClass.AHEAD: 1, AssessmentClass.REVERSED: 1}
    assert summary.unassessed == 1
    assert list(summary.levels.items()) == [(Level.RED, 1), (Level.ORANGE, 0), (Level.YELLOW, 1), (Level.BLUE, 0)]


def test_a_total_is_simulated_when_any_part_of_it_is() -> None:
    figures = [replace(FLOW, simulated=True), replace(FLOW, time_period="2022")]

    rows = indicator_rows(PLAN, figures, [])

    assert rows[1].simulated


def test_a_level_is_not_simulated_by_an_earlier_generated_figure() -> None:
    figures = [replace(FIGURE, simulated=True), replace(FIGURE, time_period="2022")]

    rows = indicator_rows(PLAN, figures, [])

    assert not rows[0].simulated


def test_a_verdict_on_a_generated_stand_in_for_the_baseline_is_simulated() -> None:
    first = replace(FIGURE, simulated=True, baseline_substituted=True)
    second = replace(FIGURE, time_period="2022", baseline_substituted=True)

    rows = indicator_rows(PLAN, [first, second], [])

    assert rows[0].simulated


def test_the_baseline_is_shown_as_the_plan_prints_it() -> None:
    national = replace(
        RETENTION,
        values={"2020": cell("77.3**", "77.3", "2019"), "2025": cell("78.3", "78.3", "2025")},
        baseline=Baseline(Decimal("77.3"), None, parse_period("2019"), True),
    )

    assert baseline_cell(national) == cell("77.3**", "77.3", "2019")


def test_a_baseline_that_is_not_printed_is_shown_by_the_mark_in_its_place() -> None:
    assert baseline_cell(TRAINING) == cell("-", None, "2020")


def test_a_case_keeps_its_place_in_the_list_when_its_plan_is_gone() -> None:
    rows = case_rows([CASE, replace(CASE, plan_id="gone")], [PLAN], [replace(FIGURE, simulated=True)])

    assert [(row.plan, row.indicator, row.simulated) for row in rows] == [(PLAN, RETENTION, True), (None, None, True)]


def test_a_case_shows_the_figure_of_the_period_that_set_it() -> None:
    newer = replace(FIGURE, time_period="2022", verdict="no_data")

    page = case_page(CASE, PLAN, [FIGURE, newer], [STEP])

    assert page.deciding == FIGURE
    assert [figure.time_period for figure in page.figures] == ["2022", "2021"]


def test_a_closed_case_names_the_level_that_it_had() -> None:
    closing = replace(STEP, step=2, step_kind="close", level="red")

    page = case_page(replace(CASE, state="closed", level=None), PLAN, [FIGURE], [STEP, closing])

    assert page.level == "red"


def test_an_acknowledgement_does_not_take_the_place_of_the_reason() -> None:
    acknowledged = replace(
        STEP, step=2, step_kind="acknowledge", reason_zh="已签收", submission_id=None, policy_line=""
    )

    page = case_page(replace(CASE, state="acknowledged"), PLAN, [FIGURE], [STEP, acknowledged])

    assert page.decision == STEP


def test_a_row_with_two_findings_is_one_returned_row() -> None:
    finding = {"row": 3, "field": "数值", "value": "x", "code": "not_a_number", "zh": "不是数字", "en": "no number"}
    receipt = Receipt("s1", "a", None, None, "trial", "2021", "gateway", False, AT, 1, [finding, finding], AT)

    assert receipt_page(receipt, None).rows_returned == 1
