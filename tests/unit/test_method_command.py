"""`planwatch method`: what goes in as JSON lines comes out as JSON lines, faults included."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from planwatch.methods.catalogue import METHODS
from services.cli.main import commands

GOOD = {
    "id": "1-2-1",
    "values": [[2023, 10.2], [2015, 14.5]],
    "base_year": 2015,
    "target": 7.25,
    "target_year": 2030,
    "direction": -1,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def run_over(
    folder: Path, capsys: pytest.CaptureFixture[str], *lines: object, name: str = "statistics_canada"
) -> tuple[int, list[dict[str, Any]]]:
    file = folder / "series.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    status = commands(["method", "run", name, str(file)], standalone_mode=False)
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_series_comes_out_with_value_classes_and_score(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Statistics Canada publishes 0.9525901792032172, substantial_progress, 2.5185563910306596
    status, rows = run_over(folder, capsys, GOOD)

    assert status == 0
    assert rows == [
        {
            "id": "1-2-1",
            "value": pytest.approx(0.9525901792032172, abs=1e-9),
            "class": "on_schedule",
            "published_class": "substantial_progress",
            "score": pytest.approx(2.5185563910306596, abs=1e-9),
            "reason": None,
        }
    ]


def test_standard_input_is_read_from_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GOOD).encode())))

    status = commands(["method", "run", "destatis", "-"], standalone_mode=False)

    assert (status, json.loads(capsys.readouterr().out)["id"]) == (0, "1-2-1")


def test_faulty_lines_are_told_with_number_and_reason_and_the_rest_goes_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, rows = run_over(folder, capsys, GOOD, "no JSON", "", {**GOOD, "id": "again"})

    assert status == 1
    assert [(row["id"], row["reason"], row.get("line")) for row in rows] == [
        ("1-2-1", None, None),
        (None, "faulty_line", 2),
        ("again", None, None),
    ]
    assert set(rows[1]["fault"]) == {"zh", "en"}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("[1, 2]", id="no-object"),
        pytest.param({"values": [[2015, 1]]}, id="no-id"),
        pytest.param({"id": "a"}, id="no-values"),
        pytest.param({"id": "a", "values": [[2015]]}, id="no-pair"),
        pytest.param({"id": "a", "values": [[2015, "1"]]}, id="text-as-value"),
        pytest.param({"id": "a", "values": [[2015, True]]}, id="truth-as-value"),
        pytest.param('{"id": "a", "values": [[2015, NaN]]}', id="not-a-number"),
        pytest.param('{"id": "a", "values": [[2015, 1e999]]}', id="infinite"),
        pytest.param(f'{{"id": "a", "values": [[2015, {"9" * 400}]]}}', id="out-of-range"),
        pytest.param({"id": "a", "values": [[2015, 1], [2015, 2]]}, id="year-twice"),
        pytest.param({"id": "a", "values": [[12, 1]]}, id="no-year"),
        pytest.param({"id": "a", "values": [[None, 1]]}, id="year-missing"),
        pytest.param({"id": "a", "values": [], "direction": "sideways"}, id="direction"),
        pytest.param({"id": "a", "values": [], "target": "much"}, id="target"),
        pytest.param({"id": "a", "values": [], "goal_kind": "wish"}, id="goal-kind"),
        pytest.param({"id": "a", "values": [], "group": "one"}, id="group"),
        pytest.param("[" * 100_000, id="nested-too-deep"),
    ],
)
def test_what_is_no_series_is_refused(line: object, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, rows = run_over(folder, capsys, line)

    assert (status, [row["reason"] for row in rows]) == (1, ["faulty_line"])


def test_a_line_that_is_not_utf_8_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad").write_bytes(b'{"id": "\xff"}\n')

    status = commands(["method", "run", "eurostat", str(folder / "bad")], standalone_mode=False)

    assert (status, json.loads(capsys.readouterr().out)["line"]) == (1, 1)


def test_missing_values_do_not_count_and_a_range_of_years_counts_as_its_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [["2015-16", 14.5], [2023, 10.2], [2024, None]]

    _, rows = run_over(folder, capsys, GOOD, {**GOOD, "values": values, "direction": "negative"})

    assert rows[0] == rows[1]


def test_groups_are_averaged_after_their_series(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    achieved = {**GOOD, "id": "met", "values": [[2015, 14.5], [2023, 7]], "group": ["1-4-1", "access"]}

    _, rows = run_over(folder, capsys, {**GOOD, "group": ["1-4-1"]}, achieved)

    assert [(row["group"], row["score"], row["published_class"], row["class"]) for row in rows[2:]] == [
        (["1-4-1"], pytest.approx((2.5185563910306596 + 5) / 2), "substantial_progress", "on_schedule"),
        (["1-4-1", "access"], 5.0, "target_achieved", "achieved"),
    ]


def test_the_list_names_every_method_its_source_and_its_needs(capsys: pytest.CaptureFixture[str]) -> None:
    commands(["method", "list", "--json"], standalone_mode=False)

    rows = json.loads(capsys.readouterr().out)

    assert [row["name"] for row in rows] == list(METHODS)
    assert all(row["source"]["zh"] and row["source"]["en"] and row["needs"] for row in rows)


def test_a_plan_is_compared_with_a_row_per_indicator(capsys: pytest.CaptureFixture[str]) -> None:
    commands(["method", "compare", "zhongwei", "--json"], standalone_mode=False)

    rows = json.loads(capsys.readouterr().out)

    assert len(rows) == 25
    assert rows[4]["methods"]["sdsn_trend"]["class"] == "reversed"
