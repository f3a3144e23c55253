"""`planwatch plan check` and `plan show`: what people read and what programs read say the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.main import commands
from services.cli.plan_check import shortened
from tests.builders import PLANS, real_plan


def run(*arguments: str) -> str:
    result = CliRunner(env={"COLUMNS": "220"}).invoke(commands, ["plan", *arguments, "--plans-dir", str(PLANS)])
    assert result.exit_code == 0, result.output
    return result.stdout


def read(*arguments: str) -> Any:  # noqa: ANN401  (JSON)
    return json.loads(run(*arguments, "--json"))


def test_questions_carry_plan_code_kind_subjects_lines_and_both_languages() -> None:
    (beds,) = [q for q in read("check", "wuwei")["questions"] if q["code"] == "counts_do_not_add_up"]

    assert beds == {
        "plan": "wuwei",
        "code": "counts_do_not_add_up",
        "kind": "contradiction",
        "subjects": ["wuwei-17", "wuwei-project-17", "wuwei-project-27"],
        "source_lines": [172, 264, 304],
        "zh": "养老服务床位总量（张）：主表要求增加6461张，重点工程共印620张；其余由什么完成？",
        "en": beds["en"],
    }
    assert "6461" in beds["en"]


def test_a_plan_that_is_checked_alone_is_held_against_its_parent_all_the_same() -> None:
    answer = read("check", "zhongwei")

    assert "below_parent" in {question["code"] for question in answer["questions"]}
    assert {question["plan"] for question in answer["questions"]} == {"zhongwei"}


def test_every_doubtful_reading_is_listed_with_its_reason() -> None:
    doubts = read("check", "kongtong")["needs_confirmation"]

    (beds,) = [doubt for doubt in doubts if doubt["subject"] == "kongtong-18"]
    assert (beds["section"], beds["no"], beds["field"], beds["source_line"]) == ("indicators", 18, "baseline", 260)
    assert {doubt["section"] for doubt in doubts} == {"domains", "indicators", "text_targets", "projects"}
    assert all(doubt["zh"] and doubt["en"] for doubt in doubts)


def test_the_table_names_each_kind_and_draws_long_lists_together() -> None:
    printed = run("check", "kongtong")

    assert "文件没有错误" in printed
    assert "前后不一" in printed
    assert "kongtong-task-01—61" in printed
    assert printed.count("kongtong-task-02") == 0


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["p-01", "p-02", "p-03"], "p-01—03"),
        (["p-01", "p-03", "p-04"], "p-01、03—04"),
        (["p-09", "p-10"], "p-09—10"),
        (["p-01", "q-02"], "p-01、q-02"),
        (["housing", "veterans"], "housing、veterans"),
        (["p-01", "p-01-q1", "p-02"], "p-01、p-01-q1、p-02"),
        ([], ""),
    ],
)
def test_identifiers_in_a_row_are_drawn_together(names: list[str], short: str) -> None:
    assert shortened(names) == short


def test_the_counts_of_one_plan_and_of_all_have_the_same_form() -> None:
    every, one = read("show", "--counts"), read("show", "wuwei", "--counts")

    assert list(every) == ["national", "kongtong", "shizuishan", "wuwei", "zhongwei"]
    assert one == {"wuwei": every["wuwei"]}
    projects = one["wuwei"]["projects"]
    assert (projects["count"], projects["parts"]["quantities"], projects["without"]["lead"]) == (73, 48, 73)
    assert "89" in one["wuwei"]["text_targets"]["counting"]["zh"]


def test_the_counts_are_printed_with_the_words_of_the_plan() -> None:
    printed = run("show", "zhongwei", "--counts")

    assert "服务项目" in printed
    assert "优军服务保障" in printed
    assert "标准 80、服务对象 80" in printed


@pytest.mark.parametrize(
    ("section", "count", "words"),
    [
        ("tasks", 12, "市卫生健康委牵头负责"),
        ("projects", 16, "新增机构普惠养老床位"),
        ("text_targets", 31, "享受普惠性学前教育的在园幼儿占比"),
        ("service_items", 80, "退役军人就业创业服务"),
        ("monitoring_duties", 17, "dynamic_monitoring"),
        ("contradictions", 2, "市直有关部门"),
        ("agencies", 13, "市国资委"),
    ],
)
def test_a_section_is_shown_whole_with_its_source_lines(section: str, count: int, words: str) -> None:
    rows = read("show", "zhongwei", "--section", section)
    printed = run("show", "zhongwei", "--section", section)

    assert len(rows) == count
    assert "source_line" in json.dumps(rows[0])
    assert words in printed


def test_the_main_table_is_shown_where_no_section_is_named() -> None:
    rows = read("show", "zhongwei")

    assert [row["no"] for row in rows] == [indicator.no for indicator in real_plan("zhongwei").indicators]


def test_showing_no_plan_at_all_says_what_is_missing() -> None:
    result = CliRunner().invoke(commands, ["plan", "show"])

    assert result.exit_code == 2
    assert "--counts" in result.output
