"""The check of a report: good rows are kept, every bad row is told with its row, field and reason."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.observation import Observation
from planwatch.period import parse_period
from planwatch.plan import GoalKind
from planwatch.plan_terms import Unit
from planwatch.reported_cell import SURPLUS
from planwatch.series import Accumulation, ObsStatus
from planwatch.submission import (
    FIELDS,
    CheckedSubmission,
    Finding,
    ReportedTable,
    check_submission,
    reported_periods,
    submission_id,
)
from tests.builders import LEAD, RECEIVED_AT, SCHOOLS, figure, make_indicator, make_plan, make_submission, real_plan

RATE = make_indicator(no=1, bounds=("0", "100"))
BEDS = make_indicator(no=2, unit=Unit("万张", "BED", 4), bounds=("0", None))
TRAINED = make_indicator(no=3, goal_kind=GoalKind.ACCUMULATE, baseline=None, unit=Unit("万人次", "PS_TIME", 4))
PLAN = make_plan(RATE, BEDS, TRAINED)


def check(*rows: Mapping[str, str], agency_id: str = SCHOOLS) -> CheckedSubmission:
    return check_submission(make_submission(*rows, agency_id=agency_id), PLAN)


def accepted(row: Mapping[str, str]) -> Observation:
    checked = check(row)
    assert checked.findings == ()
    return checked.observations[0]


def finding(row: Mapping[str, str]) -> Finding:
    checked = check(row)
    assert checked.observations == ()
    return checked.findings[0]


def test_every_bad_row_has_its_finding_and_the_good_rows_are_kept() -> None:
    # given a CSV whose rows 3 to 7 are bad, each in another way
    rows = [
        figure(1, "2021", "60"),
        figure("巩固率", "2021", "60"),
        figure(2, "2021", "约五千"),
        figure(1, "2022", "250"),
        figure(1, "2031", "60"),
        figure("test-01", "2021", "61"),
        figure(2, "2022", "0.56"),
    ]
    headings = {"indicator": "指标", "time_period": "年份", "obs_value": "数值"}

    # when
    checked = check_submission(make_submission(*rows, headings=headings), PLAN)

    # then
    assert [(found.row, found.field, found.code, found.value) for found in checked.findings] == [
        (3, "指标", "unknown_indicator", "巩固率"),
        (4, "数值", "not_a_number", "约五千"),
        (5, "数值", "out_of_bounds", "250"),
        (6, "年份", "period_outside_plan", "2031"),
        (7, "指标", "duplicate_row", "test-01"),
    ]
    assert [(row.row, row.series.indicator_id, row.value) for row in checked.observations] == [
        (2, "test-01", Decimal(60)),
        (8, "test-02", Decimal("0.56")),
    ]


@pytest.mark.parametrize(
    ("row", "words_zh", "words_en"),
    [
        pytest.param(
            figure("第1项", "2021", "1"), "是否为“第1项比率(%)”", "did you mean “第1项比率(%)”", id="a near name"
        ),
        pytest.param(figure("?", "2021", "1"), "可用序号 1–3", "use a number 1–3", id="no name is near"),
        pytest.param(figure(1, "2021", "abc"), "“abc”不是数字", "“abc” is not a number", id="text"),
        pytest.param(figure(1, "2021", "250"), "可能范围 0–100", "possible range 0–100", id="above the bound"),
        pytest.param(figure(2, "2021", "-1"), "可能范围 0–∞", "possible range 0–∞", id="below the bound"),
        pytest.param(figure(1, "2031", "1"), "规划期 2021–2025", "plan period 2021–2025", id="period"),
        pytest.param(figure(1, "去年", "1"), "时期“去年”无法识别", "period “去年” is not understood", id="no period"),
    ],
)
def test_the_reason_names_the_value_and_what_was_expected_in_both_languages(
    row: Mapping[str, str], words_zh: str, words_en: str
) -> None:
    reason = finding(row).reason

    assert words_zh in reason.zh
    assert words_en in reason.en


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        pytest.param(figure(1, "2021", "60", unit_measure="万人"), "UNIT_MEASURE", "unit_differs", id="unit"),
        pytest.param(figure(1, "2021", "60", obs_status="X"), "OBS_STATUS", "unknown_status", id="status"),
        pytest.param(figure(1, "2021", "60", ref_area="640200"), "REF_AREA", "area_outside_plan", id="another city"),
        pytest.param(figure(1, "2021", "60", ref_area="中卫"), "REF_AREA", "area_outside_plan", id="area by name"),
        pytest.param(figure(1, "2021", "60", freq="M"), "FREQ", "freq_disagrees", id="frequency"),
        pytest.param(figure(1, "2021", "60", urbanisation="城镇"), "URBANISATION", "unknown_code", id="urbanisation"),
        pytest.param(figure(1, "2021", "60", pop_group="女 性"), "POP_GROUP", "unknown_code", id="group"),
        pytest.param(figure(3, "2021", "60", accumulation="?"), "ACCUMULATION", "unknown_accumulation", id="form"),
        pytest.param(figure(1, "2021", "1", **{SURPLUS: "234"}), "SURPLUS", "too_many_cells", id="surplus cell"),
        pytest.param(figure(1, "", "60"), "TIME_PERIOD", "unknown_period", id="no period"),
        pytest.param(figure(1, "2019", "60"), "TIME_PERIOD", "period_outside_plan", id="before the plan"),
        pytest.param(figure(1, "2020-12", "60"), "TIME_PERIOD", "period_outside_plan", id="part of the base year"),
        pytest.param({"time_period": "2021", "obs_value": "1"}, "INDICATOR", "unknown_indicator", id="no indicator"),
        pytest.param(figure(1, "2021", "1E+999999999"), "OBS_VALUE", "not_a_number", id="a huge exponent"),
        pytest.param(figure(1, "2021", "1" * 31), "OBS_VALUE", "not_a_number", id="31 digits"),
        pytest.param(figure(1, "2021", "NaN"), "OBS_VALUE", "not_a_number", id="not a number by name"),
        pytest.param(figure(1, "2021", "Infinity"), "OBS_VALUE", "not_a_number", id="infinite"),
        pytest.param(figure(1, "2021", "E5"), "OBS_VALUE", "not_a_number", id="an exponent without a number"),
        pytest.param(figure(1, "2021", "-e05"), "OBS_VALUE", "not_a_number", id="a sign and an exponent"),
        pytest.param(figure(1, "2021", "."), "OBS_VALUE", "not_a_number", id="a point"),
        pytest.param(figure(1, "2021", "+"), "OBS_VALUE", "not_a_number", id="a sign"),
        pytest.param(figure(1, "2021", "97.81①"), "OBS_VALUE", "not_a_number", id="a footnote mark in a circle"),
        pytest.param(figure(1, "2021", "97.81²"), "OBS_VALUE", "not_a_number", id="a raised footnote mark"),
        pytest.param(figure(1, "2021", "97½"), "OBS_VALUE", "not_a_number", id="a fraction"),
        pytest.param(
            figure(1, "2021", "97", obs_status="M"), "OBS_VALUE", "value_with_status", id="missing, yet given"
        ),
        pytest.param(figure(2, "2021", "5%"), "OBS_VALUE", "not_a_number", id="a per cent sign on beds"),
    ],
)
def test_a_cell_that_does_not_fit_returns_its_row(row: Mapping[str, str], field: str, code: str) -> None:
    found = finding(row)

    assert (found.row, found.field, found.code) == (2, field, code)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("99.70", "99.70"),  # the decimals are kept
        (" 99.7 ", "99.7"),
        ("99.7%", "99.7"),
        ("99.7％", "99.7"),
        ("99.7 %", "99.7"),
        ("９９.７", "99.7"),
    ],
)
def test_a_per_cent_is_read_as_offices_write_it(cell: str, value: str) -> None:
    observation = accepted(figure(1, "2021", cell))

    assert str(observation.value) == value


@pytest.mark.parametrize(
    ("cell", "value"), [("1,234.5", "1234.5"), ("1，234，567", "1234567"), ("12,345", "12345"), ("0.56", "0.56")]
)
def test_thousands_separators_are_read(cell: str, value: str) -> None:
    observation = accepted(figure(2, "2021", cell))

    assert observation.value == Decimal(value)


@pytest.mark.parametrize("cell", ["97,81", "1,5", "12,34.5", "1,2345", ",5", "1_000"])
def test_a_comma_that_separates_no_thousands_is_not_guessed_at(cell: str) -> None:
    assert finding(figure(2, "2021", cell)).code == "not_a_number"


@pytest.mark.parametrize("cell", ["", " ", "-", "—", "——", "－", "…"])
def test_a_mark_for_no_figure_is_an_observation_without_value(cell: str) -> None:
    observation = accepted(figure(1, "2021", cell))

    assert (observation.value, observation.status) == (None, ObsStatus.MISSING)


@pytest.mark.parametrize(
    ("code", "status"),
    [("", ObsStatus.NORMAL), ("A", ObsStatus.NORMAL), ("p", ObsStatus.PROVISIONAL), (" E ", ObsStatus.ESTIMATED)],
)
def test_a_status_code_is_kept_with_the_value(code: str, status: ObsStatus) -> None:
    observation = accepted(figure(1, "2021", "60", obs_status=code))

    assert (observation.value, observation.status) == (Decimal(60), status)


@pytest.mark.parametrize("status", ["O", "M", "L", "Q"])
def test_a_status_without_value_needs_no_value(status: str) -> None:
    observation = accepted(figure(1, "2021", "", obs_status=status))

    assert (observation.value, observation.status) == (None, ObsStatus(status))


@pytest.mark.parametrize("unit", ["%", "PT", " % ", ""])
def test_the_unit_may_be_given_as_printed_or_by_its_code(unit: str) -> None:
    assert accepted(figure(1, "2021", "60", unit_measure=unit)).value == 60


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("", None),
        ("当期", Accumulation.FLOW),
        ("本年累计", Accumulation.YEAR_TO_DATE),
        ("规划期累计", Accumulation.SINCE_PLAN_START),
        ("YEAR_TO_DATE", Accumulation.YEAR_TO_DATE),
    ],
)
def test_the_reporting_form_may_be_named_in_either_language(word: str, form: Accumulation | None) -> None:
    assert accepted(figure(3, "2021", "2.48", accumulation=word)).accumulation is form


@pytest.mark.parametrize(
    "reference", ["1", "test-01", "TEST-01", "第1项比率(%)", "第1项比率（%）", "第1项比率", " 第1项 比率 "]
)
def test_an_indicator_is_found_by_number_id_or_printed_name(reference: str) -> None:
    assert accepted(figure(reference, "2021", "60")).series.indicator_id == "test-01"


def test_dimensions_that_are_not_named_are_the_plans_area_and_the_totals() -> None:
    observation = accepted(figure(1, "2021-Q1", "60"))

    assert str(observation.series) == "test-01.640500.Q._T._T"


def test_a_breakdown_and_a_county_are_a_series_of_their_own() -> None:
    checked = check(
        figure(1, "2021", "60"),
        figure(1, "2021", "61", urbanisation="R"),
        figure(1, "2021", "62", ref_area="640502"),
    )

    assert [str(row.series) for row in checked.observations] == [
        "test-01.640500.A._T._T",
        "test-01.640500.A.R._T",
        "test-01.640502.A._T._T",
    ]


def test_the_printed_base_year_may_be_reported_though_it_precedes_the_plan() -> None:
    assert accepted(figure(1, "2020", "50")).period == parse_period("2020")


def test_the_agency_that_coordinates_the_plan_may_report_every_indicator() -> None:
    assert check(figure(1, "2021", "60"), agency_id=LEAD).findings == ()


def test_another_agency_may_not_report_and_is_told_who_does() -> None:
    checked = check(figure(1, "2021", "60"), agency_id="health")

    assert [found.code for found in checked.findings] == ["not_responsible"]
    assert "教育局" in checked.findings[0].reason.zh
    assert "Education Bureau" in checked.findings[0].reason.en


def test_of_two_rows_for_one_figure_the_first_is_used_whatever_their_numbers() -> None:
    # given a sender that numbers all its rows 1
    rows = [(1, figure(1, "2021", "60")), (1, figure(1, "2021", "70"))]
    submission = make_submission()
    table = ReportedTable({}, rows)

    # when
    checked = check_submission(type(submission)("s", SCHOOLS, "test", RECEIVED_AT, simulated=False, table=table), PLAN)

    # then
    assert [row.value for row in checked.observations] == [Decimal(60)]
    assert [found.code for found in checked.findings] == ["duplicate_row"]


def test_a_bad_row_does_not_occupy_the_place_of_a_good_one() -> None:
    checked = check(figure(1, "2021", "abc"), figure(1, "2021", "60"))

    assert [found.code for found in checked.findings] == ["not_a_number"]
    assert [row.value for row in checked.observations] == [Decimal(60)]


CELLS = st.dictionaries(
    st.sampled_from([*FIELDS, SURPLUS, "备注"]),
    st.one_of(st.text(max_size=12), st.sampled_from(["1", "2", "2021", "2021-Q1", "99.5", "_T", "640502", "A"])),
)


@given(st.lists(CELLS, max_size=6))
def test_every_row_is_accepted_or_found_at_fault_whatever_it_holds(rows: list[dict[str, str]]) -> None:
    checked = check(*rows)

    decided = [row.row for row in checked.observations] + [found.row for found in checked.findings]
    assert sorted(decided) == list(range(2, len(rows) + 2))


@given(st.decimals(min_value=0, max_value=100, places=2))
def test_a_figure_keeps_the_digits_it_was_sent_with(value: Decimal) -> None:
    assert str(accepted(figure(1, "2021", str(value))).value) == str(value)


@pytest.mark.parametrize(
    ("periods", "text"),
    [(["2021"], "2021"), (["2021", " 2021"], "2021"), (["2022", "2020", "2021"], "2020..2022"), ([], "")],
)
def test_the_periods_of_a_report_are_named_in_short(periods: list[str], text: str) -> None:
    table = ReportedTable({}, list(enumerate((figure(1, period, "1") for period in periods), start=1)))

    assert reported_periods(table) == text


def test_the_same_report_always_has_the_same_id_and_another_one_another() -> None:
    same = submission_id("schools", "test", "2021", b"content")

    assert same == submission_id("schools", "test", "2021", b"content")
    assert (
        len({same, submission_id("health", "test", "2021", b"content"), submission_id("schools", "test", "2021", b"")})
        == 3
    )
    assert len(same) == 32


def test_a_name_that_is_nearly_right_gets_a_hint_from_the_printed_table() -> None:
    checked = check_submission(
        make_submission(figure("九年义务教育巩固", "2021", "99"), agency_id="zhongwei-education"), real_plan("zhongwei")
    )

    assert "是否为“九年义务教育巩固率(%)”" in checked.findings[0].reason.zh


def test_a_large_table_for_another_plan_is_returned_without_delay() -> None:
    # given 5000 rows of names that the plan does not have; looking for a near one takes about a millisecond
    rows = [figure(f"每千人口执业医师及其他人员第{number}类", "2021", "1") for number in range(5000)]
    submission = make_submission(*rows, agency_id="zhongwei-health")
    began = process_time()

    checked = check_submission(submission, real_plan("zhongwei"))

    assert len(checked.findings) == 5000
    assert process_time() - began < 2
