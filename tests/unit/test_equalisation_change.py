"""Whether a gap widens by more than its noise, and what a file of groups says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from planwatch.equalisation import GapChange, Measure, MeasureCode, PeriodGap, gap_widened
from planwatch.equalisation.reading import GroupTable, missing_fields, read_groups
from planwatch.period import parse_period
from services.cli.equalisation import equalisation

HEADINGS = ["group", "value", "population", "rank", "se", "period"]


def gaps(
    values: Sequence[float | None], se: float | None = None, code: MeasureCode = MeasureCode.DIFFERENCE
) -> list[PeriodGap]:
    return [PeriodGap(parse_period(str(2019 + at)), Measure(code, value, se)) for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "se", "change", "reason"),
    [
        # 1.96 * sqrt(1 + 1) = 2.77
        pytest.param([10, 13], 1.0, GapChange.WIDENED, "beyond_standard_error", id="3 beyond 2.77"),
        pytest.param([10, 12.7], 1.0, GapChange.WITHIN_NOISE, "within_standard_error", id="2.7 within 2.77"),
        pytest.param([13, 10], 1.0, GapChange.NARROWED, "beyond_standard_error", id="narrower"),
        # median change 1, as a normal deviation 1.4826, times 1.96 = 2.906
        pytest.param([10, 11, 10, 11, 14], None, GapChange.WIDENED, "beyond_past_changes", id="3 beyond 2.906"),
        pytest.param([10, 11, 10, 11, 13.9], None, GapChange.WITHIN_NOISE, "within_past_changes", id="2.9 within"),
        pytest.param([10, 11, 10, 20], None, GapChange.UNDECIDED, "noise_unknown", id="two earlier changes"),
        pytest.param([10, 10], None, GapChange.WITHIN_NOISE, "unchanged", id="the same"),
        pytest.param([10, None], 1.0, GapChange.UNDECIDED, "undefined", id="undefined now"),
        pytest.param([10], 1.0, GapChange.UNDECIDED, "one_period", id="nothing to compare with"),
        pytest.param([], None, GapChange.UNDECIDED, "one_period", id="nothing at all"),
    ],
)
def test_a_gap_widens_only_beyond_its_noise(
    values: Sequence[float | None], se: float | None, change: GapChange, reason: str
) -> None:
    decision = gap_widened(gaps(values, se))

    assert (decision.change, decision.reason) == (change, reason)


def test_the_order_in_which_periods_arrive_does_not_matter() -> None:
    history = gaps([10, 11, 10, 11, 14])

    assert gap_widened(history[::-1]) == gap_widened(history)


def test_a_difference_that_grows_below_zero_widens() -> None:
    assert gap_widened(gaps([-10, -14], 1.0)).change is GapChange.WIDENED


def test_a_ratio_and_its_reciprocal_are_the_same_gap() -> None:
    decision = gap_widened(gaps([2, 0.5], 0.01, MeasureCode.RATIO))

    assert decision.change is GapChange.WITHIN_NOISE


def test_more_confidence_asks_for_a_larger_change() -> None:
    history = gaps([10, 13], 1.0)

    assert gap_widened(history, confidence=0.99).change is GapChange.WITHIN_NOISE


def read(*rows: str) -> GroupTable:
    cells = [dict(zip(HEADINGS, row.split(","), strict=True)) for row in rows]
    return read_groups(HEADINGS, list(enumerate(cells, start=2)))


def test_rows_are_grouped_by_period_in_order_of_time() -> None:
    table = read("甲,50,100,,,2022", "甲,40,100,,,2021", "乙,60,200,,1.5,2021")

    assert [str(period) for period in table.periods] == ["2021", "2022"]
    assert [(g.name, g.value, g.se) for g in table.periods[parse_period("2021")]] == [("甲", 40, None), ("乙", 60, 1.5)]


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        (",50,100,,,2021", "group", "group_missing"),
        ("乙,多,100,,,2021", "value", "not_a_number"),
        ("乙,50,0,,,2021", "population", "population_not_positive"),
        ("乙,50,,,,2021", "population", "not_a_number"),
        ("乙,50,100,1.5,,2021", "rank", "rank_not_whole"),
        ("乙,50,100,2,,2021", "rank", "rank_partly"),
        ("乙,50,100,,-1,2021", "se", "se_negative"),
        ("甲,50,100,,,2021", "group", "group_repeated"),
        ("乙,50,100,,,2021-13", "period", "invalid_period"),
    ],
)
def test_a_faulty_cell_is_named_and_its_period_not_measured(row: str, field: str, code: str) -> None:
    table = read("甲,50,100,,,2021", row)

    assert [(finding.row, finding.field, finding.code) for finding in table.findings] == [(3, field, code)]
    assert not table.periods


def test_a_repeated_rank_is_named() -> None:
    table = read("甲,50,100,1,,2021", "乙,50,100,1,,2021")

    assert [finding.code for finding in table.findings] == ["rank_repeated"]


def test_a_fault_leaves_the_other_periods_measured() -> None:
    table = read("甲,50,100,,,2021", "甲,50,-,,,2022")

    assert [str(period) for period in table.periods] == ["2021"]


def test_a_missing_figure_is_no_fault() -> None:
    table = read("甲,-,100,,,2021", "乙,50,100,,,2021")

    assert [group.value for group in table.periods[parse_period("2021")]] == [None, 50]


def test_chinese_headings_are_understood() -> None:
    assert missing_fields(["地区", "数值", "人口"]) == []
    assert missing_fields(["地区", "数值"]) == ["population"]


def run(folder: Path, content: str, *options: str) -> tuple[int, str]:
    file = folder / "groups.csv"
    file.write_text(content, encoding="utf-8")
    result = CliRunner().invoke(equalisation, [str(file), *options])
    return result.exit_code, result.output


def test_the_command_prints_every_measure_and_the_change_of_each(tmp_path: Path) -> None:
    rows = [
        "地区,数值,人口,标准误,时期",
        *(f"{a},{v},100,1,{y}" for y in (2021, 2022) for a, v in zip("甲乙丙", (1, 9, y), strict=True)),
    ]

    code, output = run(tmp_path, "\n".join(rows), "--json")
    document = json.loads(output)

    assert code == 0
    assert [len(period["measures"]) for period in document["periods"]] == [21, 21]
    assert document["changes"][0]["change"] == "within_noise"


def test_the_command_fails_and_names_the_row_when_one_is_faulty(tmp_path: Path) -> None:
    code, output = run(tmp_path, "group,value,population\n甲,1,100\n乙,x,100\n", "--json")
    document = json.loads(output)

    assert code == 1
    assert document["periods"] == []
    assert document["findings"][0]["row"] == 3
