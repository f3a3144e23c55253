"""`planwatch plan import`, `check` and `template` on files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from planwatch.errors import InvalidPlan
from services.catalogue_files import default_plans_dir, read_plan_file
from services.cli.main import commands
from services.plan_drafts import DraftExists
from tests.plan_layouts import LAYOUTS
from tests.unit.test_catalogue_files import SOURCES, needs_sources


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, ["plan", *map(str, arguments)], catch_exceptions=True)


def draft_in(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((folder / "qinghe" / "plan.yaml").read_text(encoding="utf-8"))
    return content


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return LAYOUTS["blanks_only"](tmp_path)


@pytest.fixture
def drafts(tmp_path: Path, document: Path) -> Path:
    result = run("import", document, "--plan-id", "qinghe", "--output", tmp_path / "drafts")
    assert result.exit_code == 0, result.output
    return tmp_path / "drafts"


def test_a_draft_stands_beside_the_text_that_its_lines_count(drafts: Path, document: Path) -> None:
    draft = draft_in(drafts)
    first = draft["indicators"][0]

    text = (drafts / "qinghe" / draft["document"]["file"]).read_text(encoding="utf-8").split("\n")

    assert text == document.read_text(encoding="utf-8").split("\n")
    assert first["name"] in text[first["source_line"] - 1]


def test_import_prints_what_is_to_be_confirmed_as_json(tmp_path: Path, document: Path) -> None:
    result = run("import", document, "--plan-id", "qinghe", "--output", tmp_path / "drafts", "--json")

    told = json.loads(result.output)

    assert told["rows"] == 14
    assert {"plan", "no", "name", "field", "zh", "en"} <= set(told["needs_confirmation"][0])


def test_a_draft_that_somebody_may_have_corrected_is_not_overwritten(drafts: Path, document: Path) -> None:
    before = (drafts / "qinghe" / "plan.yaml").read_bytes()

    result = run("import", document, "--plan-id", "qinghe", "--output", drafts)

    assert isinstance(result.exception, DraftExists)
    assert (drafts / "qinghe" / "plan.yaml").read_bytes() == before


def test_check_tells_what_of_a_draft_is_to_be_confirmed(drafts: Path) -> None:
    result = run("check", drafts / "qinghe", "--json")

    told = json.loads(result.output)

    assert result.exit_code == 0
    assert told["faults"] == []
    assert {"ref_area", "owner"} <= {doubt["field"] for doubt in told["needs_confirmation"]}


def test_check_tells_what_an_edit_broke_in_a_draft(drafts: Path) -> None:
    draft = draft_in(drafts)
    draft["indicators"][0]["nature"] = "约束性"
    (drafts / "qinghe" / "plan.yaml").write_text(yaml.safe_dump(draft, allow_unicode=True), encoding="utf-8")

    result = run("check", drafts / "qinghe", "--json")

    assert result.exit_code == 1
    assert [fault["path"] for fault in json.loads(result.output)["faults"]] == ["indicators.0.nature"]


def test_a_confirmed_draft_is_a_plan_of_the_catalogue(drafts: Path, tmp_path: Path) -> None:
    plans_dir = tmp_path / "plans"
    plans_dir.mkdir()
    shutil.copy(default_plans_dir() / "plan.schema.json", plans_dir)
    draft = draft_in(drafts)
    del draft["draft"]
    shutil.copytree(drafts / "qinghe", plans_dir / "qinghe")
    (plans_dir / "qinghe" / "plan.yaml").write_text(yaml.safe_dump(draft, allow_unicode=True), encoding="utf-8")

    plan = read_plan_file(plans_dir, "qinghe").plan

    assert plan.title.zh == "青河市“十四五”公共服务发展规划"
    assert len(plan.indicators) == 14


def test_an_unconfirmed_draft_among_the_plans_is_refused_by_name(drafts: Path) -> None:
    result = run("apply", "--plans-dir", drafts)

    assert isinstance(result.exception, InvalidPlan)
    assert "草稿" in str(result.exception)


def test_a_code_that_cannot_be_an_identifier_is_refused(document: Path) -> None:
    result = run("import", document, "--plan-id", "青河")

    assert result.exit_code == 2
    assert "小写" in result.output


@needs_sources
def test_compare_counts_the_cells_and_lists_those_corrected_by_hand() -> None:
    result = run("import", SOURCES / "kongtong.txt", "--compare", "kongtong", "--json")

    told = json.loads(result.output)

    assert result.exit_code == 0
    assert told["known"]["cells"] == told["known"]["right"] + told["known"]["doubtful"]
    assert told["known"]["wrong_unmarked"] == told["unseen"]["wrong_unmarked"] == 0
    assert [cell["cell"] for cell in told["unseen"]["corrected_by_hand"]] == ["concept"]


@needs_sources
def test_compare_fails_where_a_cell_is_wrong_without_a_mark(tmp_path: Path) -> None:
    printed = (SOURCES / "zhongwei.txt").read_text(encoding="utf-8")
    altered = printed.replace("99.55\t97.81\t99.8", "99.55\t97.81\t99.9")
    (tmp_path / "zhongwei.txt").write_text(altered, encoding="utf-8")

    result = run("import", tmp_path / "zhongwei.txt", "--compare", "zhongwei", "--json")

    differing = json.loads(result.output)["known"]["corrected_by_hand"]
    assert result.exit_code == 1
    assert [(cell["cell"], cell["agreement"]) for cell in differing] == [("2025", "wrong"), ("target", "wrong")]


def test_compare_with_a_plan_that_is_not_there_is_refused(document: Path) -> None:
    result = run("import", document, "--compare", "qinghe")

    assert result.exit_code == 2


def test_a_draft_can_be_corrected_in_the_workbook_and_imported_again(drafts: Path, tmp_path: Path) -> None:
    draft = draft_in(drafts)
    draft["ref_area"] = "640900"
    (drafts / "qinghe" / "plan.yaml").write_text(yaml.safe_dump(draft, allow_unicode=True), encoding="utf-8")

    written = run("template", tmp_path / "核对.xlsx", drafts / "qinghe")
    again = run("import", tmp_path / "核对.xlsx", "--output", tmp_path / "again")

    assert (written.exit_code, again.exit_code) == (0, 0), again.output
    corrected = draft_in(tmp_path / "again")
    assert [row["target"] for row in corrected["indicators"]] == [row["target"] for row in draft["indicators"]]
    assert corrected["ref_area"] == "640900"


def test_an_empty_workbook_is_written_once(tmp_path: Path) -> None:
    first = run("template", tmp_path / "填报.xlsx")
    second = run("template", tmp_path / "填报.xlsx")
    other = run("template", tmp_path / "填报.csv")

    assert (first.exit_code, second.exit_code, other.exit_code) == (0, 2, 2)
