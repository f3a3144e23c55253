"""Rows about tasks, projects and services: each statement is accepted or returned by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.commitment import Commitments
from planwatch.period import parse_period
from planwatch.plan_terms import Unit
from planwatch.series import ObsStatus
from planwatch.submission import CheckedSubmission, Submission, check_submission
from planwatch.wire import submission_from_bytes, submission_to_bytes
from planwatch.work_report import WORK_FIELDS, WorkStatus
from services.ingest.formats import read_csv, read_json
from tests.builders import (
    LEAD,
    RECEIVED_AT,
    SCHOOLS,
    make_plan,
    make_project,
    make_quantity,
    make_service_item,
    make_standard,
    make_submission,
    make_task,
)

PLAN = make_plan(
    commitments=Commitments(
        tasks=(make_task(1, title="推进标准体系建设"), make_task(2)),
        projects=(
            make_project(1, name="学校建设工程", quantities=[("新建学校", "20")], deadline="2023-06"),
            make_project(2, name="幼儿园建设工程", quantities=[("新建幼儿园", "3"), ("改建幼儿园", "4")]),
            make_project(3, name="同名工程", investment=make_quantity("2", Unit("亿元", "CNY", 8))),
            make_project(4, name="同名工程"),
        ),
        service_items=(
            make_service_item(1, name="学前教育资助", standard=make_standard("95")),
            make_service_item(2, name="就业见习服务"),
        ),
    )
)

HEADINGS = "项目编号,时期,进展状态,形象进度,累计交付数量,累计完成投资（万元）,预计完成时间\n"


def check_csv(*rows: str, headings: str = HEADINGS) -> CheckedSubmission:
    table = read_csv((headings + "\n".join(rows) + "\n").encode())
    return check_submission(Submission("5" * 32, LEAD, "test", RECEIVED_AT, False, table), PLAN)


def check(**cells: str) -> CheckedSubmission:
    row = {"indicator": "test-project-01", "time_period": "2022", **cells}
    return check_submission(make_submission(row, agency_id=LEAD), PLAN)


def figures(checked: CheckedSubmission) -> dict[str, str]:
    return {row.series.indicator_id: f"{row.value:f}" for row in checked.observations if row.value is not None}


def codes(checked: CheckedSubmission) -> list[tuple[str, str, str]]:
    return [(found.field, found.value, found.code) for found in checked.findings]


def test_a_csv_row_tells_status_progress_quantity_investment_and_expected_completion() -> None:
    checked = check_csv('test-project-01,2022,在建,45％,8,"1,250.5",2023-12')

    assert codes(checked) == []
    assert figures(checked) == {
        "test-project-01-progress": "45",
        "test-project-01-q1": "8",
        "test-project-01-delay": "6",  # December against June
    }
    (report,) = checked.work_reports
    assert (report.commitment_id, report.ref_area, str(report.period)) == ("test-project-01", "640500", "2022")
    assert (report.status, report.investment) == (WorkStatus.UNDER_WAY, Decimal("1250.5"))
    assert report.expected_completion == parse_period("2023-12")
    assert (report.row, report.submission_id, checked.accepted_rows) == (2, "5" * 32, 1)


def test_a_json_row_says_the_same_in_numbers() -> None:
    content = (
        '{"observations": [{"indicator": "学校建设工程", "time_period": "2022", "work_status": "under_way",'
        ' "physical_progress": 45.50, "quantity_delivered": 8, "expected_completion": "2023"}]}'
    )
    table, _ = read_json(content.encode())

    checked = check_submission(Submission("5" * 32, LEAD, "test", RECEIVED_AT, False, table), PLAN)

    assert codes(checked) == []
    assert figures(checked) == {
        "test-project-01-progress": "45.50",
        "test-project-01-q1": "8",
        "test-project-01-delay": "6",
    }


def test_a_row_reads_the_same_after_its_journey() -> None:
    table = read_csv((HEADINGS + "学校建设工程,2022,在建,45％,8,约千万,2023-12\n").encode())
    sent = Submission("5" * 32, LEAD, "test", RECEIVED_AT, False, table)

    received = submission_from_bytes(submission_to_bytes(sent), recorded_at=RECEIVED_AT)

    assert check_submission(received, PLAN) == check_submission(sent, PLAN)


def test_projects_services_and_indicators_stand_in_one_file() -> None:
    checked = check_csv(
        "1,2022,60,",
        "学校建设工程,2022,,45",
        "学前教育资助,2022,94.5,",
        "test-service-01-level,2021,96,",
        headings="指标,时期,数值,形象进度\n",
    )

    assert codes(checked) == []
    assert [(row.series.indicator_id, f"{row.value:f}", row.row) for row in checked.observations] == [
        ("test-01", "60", 2),
        ("test-project-01-progress", "45", 3),
        ("test-service-01-level", "94.5", 4),
        ("test-service-01-level", "96", 5),
    ]


@pytest.mark.parametrize(
    ("cells", "returned", "kept"),
    [
        pytest.param(
            {"physical_progress": "145", "quantity_delivered": "8"},
            ("PHYSICAL_PROGRESS", "145", "out_of_bounds"),
            {"test-project-01-q1": "8"},
            id="a progress beyond 100",
        ),
        pytest.param(
            {"physical_progress": "过半", "quantity_delivered": "8"},
            ("PHYSICAL_PROGRESS", "过半", "not_a_number"),
            {"test-project-01-q1": "8"},
            id="a progress in words",
        ),
        pytest.param(
            {"physical_progress": "45", "quantity_delivered": "8所"},
            ("QUANTITY_DELIVERED", "8所", "not_a_number"),
            {"test-project-01-progress": "45"},
            id="a quantity with its unit",
        ),
        pytest.param(
            {"physical_progress": "45", "quantity_delivered": "8", "unit_measure": "万所"},
            ("UNIT_MEASURE", "万所", "unit_differs"),
            {"test-project-01-progress": "45"},
            id="a quantity in another unit",
        ),
        pytest.param(
            {"physical_progress": "45", "work_status": "快完了"},
            ("WORK_STATUS", "快完了", "unknown_work_status"),
            {"test-project-01-progress": "45"},
            id="a status that is not known",
        ),
        pytest.param(
            {"physical_progress": "45", "expected_completion": "明年"},
            ("EXPECTED_COMPLETION", "明年", "unknown_period"),
            {"test-project-01-progress": "45"},
            id="a completion that is no period",
        ),
        pytest.param(
            {"physical_progress": "45", "investment": "约千万"},
            ("INVESTMENT", "约千万", "not_a_number"),
            {"test-project-01-progress": "45"},
            id="an investment in words",
        ),
        pytest.param(
            {"physical_progress": "45", "investment": "-3"},
            ("INVESTMENT", "-3", "out_of_bounds"),
            {"test-project-01-progress": "45"},
            id="a negative investment",
        ),
        pytest.param(
            {"physical_progress": "80", "work_status": "已完成", "quantity_delivered": "8"},
            ("PHYSICAL_PROGRESS", "80", "contradicts_status"),
            {"test-project-01-q1": "8"},
            id="completed, yet at 80 per cent",
        ),
        pytest.param(
            {"physical_progress": "10", "work_status": "未开工", "quantity_delivered": "0"},
            ("PHYSICAL_PROGRESS", "10", "contradicts_status"),
            {"test-project-01-q1": "0"},
            id="not started, yet at 10 per cent",
        ),
        pytest.param(
            {"work_status": "已完成", "expected_completion": "2023-06"},
            ("EXPECTED_COMPLETION", "2023-06", "contradicts_status"),
            {"test-project-01-progress": "100", "test-project-01-delay": "0"},
            id="completed, yet expected later",
        ),
    ],
)
def test_a_statement_that_cannot_be_used_is_returned_and_the_others_are_kept(
    cells: dict[str, str], returned: tuple[str, str, str], kept: dict[str, str]
) -> None:
    checked = check(**cells)

    assert codes(checked) == [returned]
    assert figures(checked) == kept
    assert checked.accepted_rows == 1
    assert checked.rows == {2}


def test_a_contradiction_names_both_statements_and_neither_is_used() -> None:
    checked = check(physical_progress="80", work_status="已完成")

    (finding,) = checked.findings
    assert "进展状态为“已完成”，形象进度却为“80”" in finding.reason.zh
    assert "the status is completed, yet the physical progress is “80”" in finding.reason.en
    assert (checked.observations, checked.work_reports, checked.accepted_rows) == ((), (), 0)


@pytest.mark.parametrize(
    ("word", "status", "progress"),
    [
        ("未开工", WorkStatus.NOT_STARTED, "0"),
        ("进行中", WorkStatus.UNDER_WAY, None),
        ("停工", WorkStatus.SUSPENDED, None),
        ("已完工", WorkStatus.COMPLETED, "100"),
        ("已取消", WorkStatus.CANCELLED, None),
        ("UNDER_WAY", WorkStatus.UNDER_WAY, None),
    ],
)
def test_a_status_in_either_language_is_kept_and_implies_progress_where_it_must(
    word: str, status: WorkStatus, progress: str | None
) -> None:
    checked = check(work_status=word)

    assert codes(checked) == []
    assert checked.work_reports[0].status is status
    assert figures(checked).get("test-project-01-progress") == progress


def test_a_row_that_gives_a_status_only_is_accepted() -> None:
    checked = check(work_status="暂停")

    assert checked.observations == ()
    assert checked.accepted_rows == 1
    assert checked.rows == {2}
    assert checked.areas == {"640500"}


def test_of_several_quantities_each_is_reported_by_its_identifier() -> None:
    checked = check_csv(
        "幼儿园建设工程,2022,,30,2,,",
        "test-project-02-q1,2022,,,2,,",
        "TEST-PROJECT-02-Q2,2022,在建,,1,,",
    )

    (finding,) = checked.findings
    assert (finding.row, finding.field, finding.value, finding.code) == (2, "累计交付数量", "2", "which_quantity")
    assert "test-project-02-q1 新建幼儿园；test-project-02-q2 改建幼儿园" in finding.reason.zh
    assert "test-project-02-q1 Quantity 1; test-project-02-q2 Quantity 2" in finding.reason.en
    assert figures(checked) == {
        "test-project-02-progress": "30",
        "test-project-02-q1": "2",
        "test-project-02-q2": "1",
    }
    assert checked.work_reports[0].status is WorkStatus.UNDER_WAY
    assert checked.accepted_rows == 3


def test_a_quantity_where_the_plan_prints_none_is_returned() -> None:
    checked = check(indicator="推进标准体系建设", quantity_delivered="3", work_status="进行中")

    assert codes(checked) == [("QUANTITY_DELIVERED", "3", "which_quantity")]
    assert "规划未为“推进标准体系建设”印发交付数量" in checked.findings[0].reason.zh
    assert checked.accepted_rows == 1


def test_investment_in_ten_thousand_yuan_is_held_against_the_printed_unit() -> None:
    checked = check(indicator="test-project-03", investment="5000")

    assert figures(checked) == {"test-project-03-investment": "0.5000"}
    assert checked.work_reports[0].investment == 5000


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        pytest.param(
            {"indicator": "火星工程", "work_status": "在建"}, "INDICATOR", "unknown_task_or_project", id="name"
        ),
        pytest.param({"indicator": "", "work_status": "在建"}, "INDICATOR", "unknown_task_or_project", id="no name"),
        pytest.param({"indicator": "1", "work_status": "在建"}, "INDICATOR", "unknown_task_or_project", id="indicator"),
        pytest.param(
            {"indicator": "同名工程", "work_status": "在建"}, "INDICATOR", "several_tasks_or_projects", id="two"
        ),
        pytest.param({"work_status": ""}, "INDICATOR", "nothing_reported", id="nothing"),
        pytest.param({"physical_progress": "-"}, "INDICATOR", "nothing_reported", id="a mark for nothing"),
        pytest.param({"obs_value": "45"}, "INDICATOR", "figure_of_work", id="a bare value"),
        pytest.param(
            {"indicator": "就业见习服务", "obs_value": "9"}, "INDICATOR", "service_without_standard", id="service"
        ),
        pytest.param({"work_status": "在建", "time_period": "今年"}, "TIME_PERIOD", "unknown_period", id="period"),
        pytest.param(
            {"work_status": "在建", "time_period": "2031"}, "TIME_PERIOD", "period_outside_plan", id="too late"
        ),
        pytest.param({"work_status": "在建", "ref_area": "110000"}, "REF_AREA", "area_outside_plan", id="area"),
        pytest.param({"physical_progress": "45", "obs_status": "已完成"}, "OBS_STATUS", "unknown_status", id="status"),
        pytest.param({"physical_progress": "45", "surplus": "7"}, "SURPLUS", "too_many_cells", id="surplus cell"),
    ],
)
def test_a_row_that_cannot_be_placed_is_returned_once(cells: dict[str, str], field: str, code: str) -> None:
    checked = check(**cells)

    assert [(found.field, found.code) for found in checked.findings] == [(field, code)]
    assert (checked.observations, checked.work_reports) == ((), ())


def test_only_who_answers_for_a_project_may_report_it() -> None:
    row = {"indicator": "test-task-01", "time_period": "2022", "work_status": "在建"}

    by_schools = check_submission(make_submission(row, agency_id=SCHOOLS), PLAN)

    assert [found.code for found in by_schools.findings] == ["not_responsible"]


def test_of_two_rows_on_one_project_and_period_the_first_is_used() -> None:
    checked = check_csv("test-project-01,2022,在建,40,,,", "学校建设工程,2022,暂停,50,,,")

    assert [(found.row, found.code) for found in checked.findings] == [(3, "duplicate_row"), (3, "duplicate_row")]
    assert [report.status for report in checked.work_reports] == [WorkStatus.UNDER_WAY]
    assert checked.accepted_rows == 1


def test_a_provisional_report_gives_provisional_figures() -> None:
    checked = check(physical_progress="45", obs_status="p")

    assert [row.status for row in checked.observations] == [ObsStatus.PROVISIONAL]


def test_a_county_may_be_reported_by_itself() -> None:
    checked = check(physical_progress="45", ref_area="640521")

    assert checked.areas == {"640521"}


def test_a_project_without_a_printed_deadline_is_late_from_the_plans_end_on() -> None:
    assert figures(check(indicator="test-project-02", expected_completion="2026-03")) == {"test-project-02-delay": "3"}


CELLS = st.dictionaries(
    st.sampled_from([*WORK_FIELDS, "ref_area", "obs_status", "unit_measure", "obs_value"]),
    st.one_of(
        st.text(max_size=8), st.sampled_from(["45", "100", "在建", "已完成", "2023-12", "-", "0", "P", "640521"])
    ),
)


@given(cells=CELLS, name=st.sampled_from(["test-project-01", "test-project-02-q1", "test-task-02", "同名工程", "1"]))
def test_whatever_a_row_holds_it_is_accepted_or_told_why_not(cells: dict[str, str], name: str) -> None:
    checked = check(indicator=name, **cells)

    assert checked.accepted_rows or checked.findings
    assert checked.accepted_rows == len(checked.rows)
    assert all(found.reason.zh and found.reason.en for found in checked.findings)


def test_the_moment_of_receipt_is_kept_with_a_report() -> None:
    assert check(work_status="在建").work_reports[0].received_at == datetime(2022, 3, 1, 2, tzinfo=UTC)
