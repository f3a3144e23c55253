"""A broken catalogue is refused with every fault of every file at once, in both languages, and is left as it was."""

from __future__ import annotations

import hashlib
import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planwatch.errors import InvalidCatalogue, InvalidPlan
from services.catalogue_faults import check_document
from services.catalogue_files import PLAN_FILE, plan_ids, read_catalogue, read_plan_file, read_schema
from services.cli.main import commands
from tests.builders import PLANS, real_plan_file

CHINESE = re.compile(r"[一-鿿]")


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Copies of the national plan and of those of Zhongwei and Kongtong, to be spoilt."""
    folder = tmp_path / "plans"
    wanted = [*PLANS.glob("*.*"), *PLANS.glob("national/*"), *PLANS.glob("zhongwei/*"), *PLANS.glob("kongtong/*")]
    for path in wanted:
        target = folder / path.relative_to(PLANS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return folder


def edit(path: Path, old: str, new: str) -> None:
    """Replace the first occurrence of something that is there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults_of(catalogue: Path, plan_id: str) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidPlan) as refusal:
        read_plan_file(catalogue, plan_id)
    return [(fault.file, fault.path) for fault in refusal.value.faults]


def reasons_of(catalogue: Path, plan_id: str) -> str:
    with pytest.raises(InvalidPlan) as refusal:
        read_plan_file(catalogue, plan_id)
    return " ".join(f"{fault.reason.zh} {fault.reason.en}" for fault in refusal.value.faults)


def content_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def break_everything(catalogue: Path) -> None:
    """Seven kinds of fault in six files of two plans."""
    zhongwei, kongtong = catalogue / "zhongwei", catalogue / "kongtong"
    edit(zhongwei / "tasks.yaml", "tasks:\n", "tasks: [\n")  # YAML syntax
    edit(zhongwei / "text_targets.yaml", "    comparator: ge\n", "")  # a missing field of the first target
    edit(zhongwei / "projects.yaml", "source_line: 195", 'source_line: "195"')  # a wrong type
    edit(zhongwei / "monitoring.yaml", "agency: zhongwei-development-reform", "agency: zhongwei-nobody")
    edit(kongtong / "projects.yaml", "project_id: kongtong-project-02", "project_id: kongtong-project-01")
    edit(kongtong / "plan.yaml", "nature: binding", "nature: compulsory")
    edit(kongtong / "service_items.yaml", "service_items: []", "service_items: []\nmonitoring_duties: []")


EXPECTED = {
    ("zhongwei", "tasks.yaml", "$"),
    ("zhongwei", "text_targets.yaml", "text_targets[0]"),
    ("zhongwei", "projects.yaml", "projects[0].box.source_line"),
    ("zhongwei", "monitoring.yaml", "monitoring_duties[9].agency"),
    ("kongtong", "projects.yaml", "projects[1].project_id"),
    ("kongtong", "plan.yaml", "indicators[1].nature"),
    ("kongtong", "service_items.yaml", "monitoring_duties"),
}


def test_every_fault_of_every_file_of_every_plan_is_told_at_once(catalogue: Path) -> None:
    break_everything(catalogue)

    with pytest.raises(InvalidCatalogue) as refusal:
        read_catalogue(catalogue, plan_ids(catalogue))

    found = [(plan.plan_id, fault.file, fault.path) for plan in refusal.value.refused for fault in plan.faults]
    assert set(found) == EXPECTED
    assert len(found) == len(EXPECTED)


def test_the_check_command_lists_them_with_a_reason_in_both_languages_and_changes_nothing(catalogue: Path) -> None:
    # given
    break_everything(catalogue)
    before = content_of(catalogue)

    # when
    result = CliRunner().invoke(commands, ["plan", "check", "--plans-dir", str(catalogue), "--json"])

    # then
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert {(fault["plan"], fault["file"], fault["path"]) for fault in answer["faults"]} == EXPECTED
    assert all(CHINESE.search(fault["zh"]) and not CHINESE.search(fault["en"]) for fault in answer["faults"])
    assert {question["plan"] for question in answer["questions"]} == {"national"}
    assert content_of(catalogue) == before


def test_the_check_command_prints_place_and_reason_of_each_fault_as_a_table(catalogue: Path) -> None:
    edit(catalogue / "zhongwei" / "monitoring.yaml", "agency: zhongwei-development-reform", "agency: zhongwei-nobody")

    result = CliRunner(env={"COLUMNS": "200"}).invoke(commands, ["plan", "check", "--plans-dir", str(catalogue)])

    assert result.exit_code == 1
    assert "“zhongwei-nobody”不在 agencies 之中" in result.stdout
    assert "“zhongwei-nobody” is not among the agencies" in result.stdout
    assert "monitoring_duties[9].agency" in result.stdout


def test_nothing_is_applied_of_a_catalogue_with_one_broken_plan(catalogue: Path, tmp_path: Path) -> None:
    break_everything(catalogue)

    result = CliRunner().invoke(
        commands, ["plan", "apply", "--plans-dir", str(catalogue), "--data-dir", str(tmp_path / "no-system-runs-here")]
    )

    assert isinstance(result.exception, InvalidCatalogue)  # before any database was looked for
    assert not (tmp_path / "no-system-runs-here").exists()


def test_a_sound_catalogue_has_questions_and_no_faults(catalogue: Path) -> None:
    result = CliRunner().invoke(commands, ["plan", "check", "--plans-dir", str(catalogue), "--json"])

    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["faults"] == []
    assert {question["plan"] for question in answer["questions"]} == {"national", "zhongwei", "kongtong"}


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("tasks.yaml", "tasks: [\n", "YAML"),
        ("tasks.yaml", "- one\n- two\n", "映射"),
        ("tasks.yaml", "", "映射"),
        ("tasks.yaml", "task: []\n", "缺少“tasks”"),
        ("tasks.yaml", "tasks: []\ntasks: []\n", "重复"),
        ("tasks.yaml", "tasks: []\nprojects: []\n", "projects.yaml"),
        ("text_target.yaml", "text_targets: []\n", "不认识的文件"),
        ("projects.yml", "projects: []\n", "不认识的文件"),
        ("milestone-2023.yaml", "milestones: []\n", "milestones-YYYY.yaml"),
    ],
    ids=[
        "not YAML",
        "a list",
        "an empty file",
        "a misspelt section",
        "a section twice",
        "a section of another file",
        "a misspelt file",
        "another ending",
        "a misspelt statement of milestones",
    ],
)
def test_what_would_be_lost_without_a_word_is_a_fault_of_its_file(
    catalogue: Path, file: str, content: str, words: str
) -> None:
    (catalogue / "national" / file).write_text(content, encoding="utf-8")

    assert {name for name, _ in faults_of(catalogue, "national")} == {file}
    assert words in reasons_of(catalogue, "national")


def test_a_file_that_is_no_text_is_a_fault_of_its_own(catalogue: Path) -> None:
    (catalogue / "national" / "tasks.yaml").write_bytes("tasks: 任务".encode("gb18030"))

    assert faults_of(catalogue, "national") == [("tasks.yaml", "$")]


def test_a_fault_of_yaml_names_the_line_and_the_column(catalogue: Path) -> None:
    (catalogue / "national" / "tasks.yaml").write_text("tasks:\n  - task_id: [\n", encoding="utf-8")

    assert "第 3 行第 1 列" in reasons_of(catalogue, "national")
    assert "line 3 column 1" in reasons_of(catalogue, "national")


def test_a_plan_whose_main_file_is_gone_does_not_disappear(catalogue: Path) -> None:
    (catalogue / "kongtong" / PLAN_FILE).unlink()

    assert "kongtong" in plan_ids(catalogue)
    assert faults_of(catalogue, "kongtong") == [(PLAN_FILE, "$")]


def test_a_plan_lies_in_the_folder_of_its_name(catalogue: Path) -> None:
    (catalogue / "zhongwei").rename(catalogue / "zhongning")

    assert faults_of(catalogue, "zhongning") == [(PLAN_FILE, "plan_id")]


def test_a_refused_agency_is_one_fault_and_not_one_for_each_that_names_it(catalogue: Path) -> None:
    edit(catalogue / "zhongwei" / PLAN_FILE, "role: coordinating", "role: chief")

    assert faults_of(catalogue, "zhongwei") == [(PLAN_FILE, "agencies[0].role")]


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        (PLAN_FILE, "agency_id: zhongwei-education", "agency_id: zhongwei-health", "agencies[2].agency_id"),
        ("text_targets.yaml", "target_id: zhongwei-t02", "target_id: zhongwei-t01", "text_targets[1].target_id"),
        (
            "projects.yaml",
            "quantity_id: zhongwei-project-02-q2",
            "quantity_id: zhongwei-project-02-q1",
            "projects[1].quantities[1].quantity_id",
        ),
    ],
)
def test_an_identifier_that_is_used_twice_is_a_fault(
    catalogue: Path, file: str, old: str, new: str, place: str
) -> None:
    edit(catalogue / "zhongwei" / file, old, new)

    assert (file, place) in faults_of(catalogue, "zhongwei")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("measure: PT", "measure: PERCENT", "以下之一：PT, PER_1000"),
        ("direction: increase", "direction: up", "不在可选值之中：increase, decrease"),
        ('no": 1\n', 'no": 0\n', "不得小于 1"),
        ('no": 1\n', 'no": one\n', "应为整数"),
        ("marks: []", 'marks: ["*", "*"]', "有重复项"),
        ('value: "0.16"', "value: 0.16", "应为decimal或空"),
        ("source_line: 124\n", "source_line: 124\n    colour: red\n", "有不认识的字段：colour"),
        ("goal_kind: floor", "goal_kind: ceiling", '应为 "decrease"'),
    ],
)
def test_a_fault_of_form_says_what_is_wanted_instead(catalogue: Path, old: str, new: str, words: str) -> None:
    edit(catalogue / "zhongwei" / PLAN_FILE, old, new)

    assert words in reasons_of(catalogue, "zhongwei")


SCHEMA = read_schema(PLANS / "plan.schema.json")


def leaves(node: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every path into a document, its inner nodes too."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    below = [found for key, child in children for found in leaves(child, (*path, key))]
    return [*([path] if path else []), *below]


DOCUMENT = dict(real_plan_file("zhongwei").document)
EVERYWHERE = leaves(DOCUMENT)


def spoil(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    spoilt = deepcopy(document)
    node: Any = spoilt
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return spoilt


@given(st.sampled_from(EVERYWHERE), st.sampled_from([None, 7, "", "nonsense", [], {}, ["x"], {"x": 1}, True, "2020"]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_spoilt_the_document_is_a_plan_or_has_named_faults(
    path: tuple[str | int, ...], value: object
) -> None:
    plan, faults = check_document(SCHEMA, spoil(DOCUMENT, path, value), unread=())

    assert (plan is None) == bool(faults)
    assert all(fault.path and CHINESE.search(fault.reason.zh) and fault.reason.en for fault in faults)


@pytest.mark.parametrize("spoilt", ["title", "period", "document", "table", "coordinating_agency", "version"])
def test_a_fault_in_one_field_of_a_plan_does_not_hide_those_of_its_sections(spoilt: str) -> None:
    document = spoil(spoil(DOCUMENT, (spoilt,), None), ("tasks", 3, "domain"), "atlantis")

    _, faults = check_document(SCHEMA, document, unread=())

    assert {fault.path for fault in faults} >= {spoilt, "tasks[3].domain"}


def test_a_plan_does_not_end_before_it_starts() -> None:
    _, faults = check_document(SCHEMA, spoil(DOCUMENT, ("period", "start"), "2030"), unread=())

    assert [fault.path for fault in faults] == ["period.end"]
