"""What `planwatch plan check` prints: the faults of the catalogue's files, and what their plans leave to ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from planwatch.errors import InvalidConceptList, InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_doubts import OpenReading, open_readings
from planwatch.plan_question import CODE_NAMES, KIND_NAMES, Question, QuestionKind
from planwatch.plan_review import review_plan
from services.catalogue_files import PLAN_FILE, PlanFile, scan_catalogue
from services.cli.printing import print_json, print_table
from services.concept_files import read_concept_list

_MOST_LINES = 6
_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>[0-9]+)")


def check_plans(plans_dir: Path, plans: Sequence[str], as_json: bool) -> bool:
    """Print the faults, questions and doubtful readings of plans.

    A parent plan that was not asked for is read to compare with it; its own faults are told, its questions are not.

    Returns:
        Whether no file has a fault.
    """
    read, refused = scan_catalogue(plans_dir, plans)
    parents, unusable = scan_catalogue(plans_dir, _parents(read))
    faults = [*(_fault(error.plan_id, fault) for error in [*refused, *_new(unusable, plans)] for fault in error.faults)]
    known = {**parents, **read}
    differences, unread = _concept_differences(plans_dir)
    faults += unread
    reviews = {
        plan_id: review_plan(file.plan, _parent(file.plan, known), differences) for plan_id, file in read.items()
    }
    if as_json:
        print_json(
            {
                "faults": faults,
                "questions": [_described(name, question) for name, found in reviews.items() for question in found],
                "needs_confirmation": [
                    _reading(name, each) for name, file in read.items() for each in open_readings(file.plan)
                ],
            }
        )
    else:
        _print_faults(faults)
        for plan_id, questions in reviews.items():
            _print_questions(read[plan_id].plan, questions)
        _print_summary(reviews)
    return not faults


def _concept_differences(plans_dir: Path) -> tuple[Mapping[str, Mapping[str, Text]], list[dict[str, str]]]:
    """By concept, the neighbouring ones with the difference, and the faults of the concept list."""
    try:
        return read_concept_list(plans_dir).differences(), []
    except InvalidConceptList as error:
        return {}, [_fault("—", fault) for fault in error.faults]


def _parents(read: Mapping[str, PlanFile]) -> list[str]:
    """Parent plans that were not asked for."""
    named = dict.fromkeys(file.plan.parent_plan for file in read.values())
    return [name for name in named if name is not None and name not in read]


def _parent(plan: Plan, known: Mapping[str, PlanFile]) -> Plan | None:
    file = known.get(plan.parent_plan) if plan.parent_plan else None
    return file.plan if file else None


def _new(unusable: Iterable[InvalidPlan], wanted: Sequence[str]) -> Iterable[InvalidPlan]:
    """Refusals of parents that are not listed already."""
    return (error for error in unusable if error.plan_id not in wanted)


def _fault(plan_id: str, fault: PlanFault) -> dict[str, str]:
    return {"plan": plan_id, "file": fault.file or PLAN_FILE, "path": fault.path, **fault.reason.as_mapping()}


def _described(plan_id: str, question: Question) -> dict[str, Any]:
    return {
        "plan": plan_id,
        "code": question.code,
        "kind": question.kind,
        "subjects": list(question.subjects),
        "source_lines": list(question.source_lines),
        **question.text.as_mapping(),
    }


def _reading(plan_id: str, reading: OpenReading) -> dict[str, Any]:
    return {
        "plan": plan_id,
        "section": reading.section,
        "subject": reading.subject,
        "no": reading.no,
        "name": reading.name.zh,
        "field": reading.field,
        "source_line": reading.source_line,
        **reading.reason.as_mapping(),
    }


def _print_faults(faults: Sequence[Mapping[str, str]]) -> None:
    if not faults:
        click.echo("文件没有错误。 The files have no faults.")
        return
    print_table(
        f"错误 {len(faults)} 处",
        ("规划", "文件", "位置", "原因"),
        [(f["plan"], f["file"], f["path"], f"{f['zh']}\n{f['en']}") for f in faults],
    )


def _print_questions(plan: Plan, questions: Sequence[Question]) -> None:
    """One table a plan and kind; within it the name of a code stands once."""
    for kind in QuestionKind:
        rows, last = [], Text("", "")
        for question in (question for question in questions if question.kind is kind):
            name = CODE_NAMES[question.code]
            about = shortened(question.subjects) or "—"
            rows.append((name.zh if name != last else "", about, _lines(question), question.text.zh))
            last = name
        if rows:
            title = f"{plan.area_name.zh}（{plan.plan_id}）：{KIND_NAMES[kind].zh} {len(rows)} 条"
            print_table(title, ("疑问", "对象", "行", "内容"), rows)


def _lines(question: Question) -> str:
    shown = "、".join(str(line) for line in question.source_lines[:_MOST_LINES])
    return f"{shown}…" if len(question.source_lines) > _MOST_LINES else shown


def shortened(names: Sequence[str]) -> str:
    """Identifiers with runs of numbers drawn together: `kongtong-task-01—61、kongtong-task-63`."""
    runs: list[tuple[str, str, str]] = []
    for name in names:
        found = _NUMBERED.fullmatch(name)
        stem, number = (found["stem"], found["number"]) if found else (name, "")
        if runs and found and runs[-1][0] == stem and int(number) == int(runs[-1][2] or -1) + 1:
            runs[-1] = (stem, runs[-1][1], number)
        else:
            runs.append((stem, number, number))
    parts, last = [], None
    for stem, first, end in runs:
        head = first if stem == last else stem + first
        parts.append(head if first == end else f"{head}—{end}")
        last = stem if first else None
    return "、".join(parts)


def _print_summary(reviews: Mapping[str, Sequence[Question]]) -> None:
    counts = {plan_id: Counter(question.kind for question in questions) for plan_id, questions in reviews.items()}
    print_table(
        "疑问条数",
        ("规划", *(KIND_NAMES[kind].zh for kind in QuestionKind), "合计"),
        [(plan_id, *(found[kind] for kind in QuestionKind), found.total()) for plan_id, found in counts.items()],
    )
