"""Drafts of plans: made from a document or a filled workbook, written beside its text, read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from planwatch.errors import Invalid, InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.plan_document import plan_from_mapping
from planwatch.plan_import.catalogue import KnownCatalogue, known_catalogue
from planwatch.plan_import.draft import import_plan
from planwatch.plan_import.form_reading import plan_from_form
from planwatch.plan_import.source import SourceDocument
from services.catalogue_files import PLAN_FILE, default_plans_dir, plan_ids, read_plan_file, read_schema, read_yaml
from services.documents import read_document
from services.plan_workbook import is_workbook_form, read_workbook
from services.schema_faults import schema_faults

DRAFT_SECTION = "draft"
SCHEMA_FILE = "plan.schema.json"
CONCEPTS_FILE = "concepts.yaml"

_HEADER = """\
# 导入的草稿 A draft made by import. 字段含义 field meanings: plan.schema.json.
# 逐项核对 needs_confirmation 和 draft 中 confidence 低于 likely_from 的字段；
# 确认后删去 draft 一节，并将本文件夹移到规划目录。
# Check every needs_confirmation and every field whose confidence is below likely_from; then delete the section
# `draft` and move this folder into the folder of plans.
"""

Document = dict[str, Any]


class DraftExists(Invalid):
    """A draft is there already; somebody may have corrected it."""


def read_known_catalogue(plans_dir: Path) -> KnownCatalogue:
    """What the plans of the catalogue teach; drafts among them are passed over.

    Raises:
        InvalidPlan: a plan of the catalogue is faulty.
    """
    ids = plan_ids(plans_dir)
    try:
        contents = [read_yaml(plans_dir / plan_id / PLAN_FILE) for plan_id in ids]
        plans = [content for content in contents if DRAFT_SECTION not in content]
        return known_catalogue(plans, _concepts(plans_dir))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        for plan_id in ids:
            read_plan_file(plans_dir, plan_id)
        raise


def _concepts(plans_dir: Path) -> list[dict[str, Any]]:
    path = plans_dir / CONCEPTS_FILE
    return list(read_yaml(path)["concepts"]) if path.is_file() else []


def make_draft(path: Path, catalogue: KnownCatalogue, plan_id: str | None) -> tuple[Document, SourceDocument]:
    """Read a file as a draft.

    Returns:
        The draft, and the text to which its line numbers refer.
    Raises:
        UnreadableDocument: the file cannot be read.
        NoMainTable: it holds no table of indicators.
        InvalidPlan: it is a filled workbook with cells missing or wrong.
    """
    source = read_document(path)
    if path.suffix.lower() == ".xlsx" and is_workbook_form(path):
        return plan_from_form(read_workbook(path), path.name, catalogue), source
    return import_plan(source, catalogue, plan_id), source


def write_draft(folder: Path, draft: Mapping[str, Any], source: SourceDocument) -> Path:
    """Write a draft and the text it was read from into a folder of the plan's code.

    Returns:
        Path of the plan.yaml.
    Raises:
        DraftExists: there is one already.
    """
    target = folder / str(draft["plan_id"]) / PLAN_FILE
    if target.exists():
        zh = f"{target} 已存在，可能已有人修改；请先移走，或用 --output、--plan-id 另选位置"
        en = f"{target} exists and may have been corrected; move it away, or choose another --output or --plan-id"
        raise DraftExists(Text(zh, en))
    target.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(line.text for line in source.lines)
    (target.parent / draft["document"]["file"]).write_text(text, encoding="utf-8")
    content = yaml.safe_dump(dict(draft), allow_unicode=True, sort_keys=False, width=120)
    target.write_text(_HEADER + content, encoding="utf-8")
    return target


def find_draft(plans_dir: Path, name: str) -> Document | None:
    """The draft of this name: a file, a folder, or a plan of the catalogue; None if it is none or cannot be read."""
    for path in (Path(name), Path(name) / PLAN_FILE, plans_dir / name / PLAN_FILE):
        if path.is_file():
            try:
                content = read_yaml(path)
            except (OSError, UnicodeDecodeError, yaml.YAMLError):
                return None
            return content if isinstance(content, dict) and DRAFT_SECTION in content else None
    return None


def refuse_drafts(plans_dir: Path, plans: Iterable[str]) -> None:
    """Refuse to go on with a plan that is a draft still.

    Raises:
        InvalidPlan: naming the first draft among `plans`.
    """
    for plan_id in plans:
        if find_draft(plans_dir, plan_id) is not None:
            reason = Text(
                "这是导入的草稿：逐项确认后删去 draft 一节",
                "this is a draft: confirm it, then delete its section draft",
            )
            raise InvalidPlan(plan_id, [PlanFault(DRAFT_SECTION, reason, PLAN_FILE)])


def draft_faults(plans_dir: Path, draft: Mapping[str, Any]) -> list[dict[str, str | None]]:
    """What is wrong with a draft beside its doubts, most often after somebody edited it: file, path, zh, en."""
    document = {name: content for name, content in draft.items() if name != DRAFT_SECTION}
    found = list(schema_faults(read_schema(_schema_path(plans_dir)), document))
    faults = [PlanFault(".".join(map(str, fault.path)) or "$", fault.reason) for fault in found]
    if not faults:
        try:
            plan_from_mapping(document)
        except InvalidPlan as error:
            faults = list(error.faults)
    return [{"file": PLAN_FILE, "path": fault.path, **fault.reason.as_mapping()} for fault in faults]


def _schema_path(plans_dir: Path) -> Path:
    """The schema beside the plans; the catalogue's own for a folder of drafts, which has none."""
    beside = plans_dir / SCHEMA_FILE
    return beside if beside.is_file() else default_plans_dir() / SCHEMA_FILE


def draft_doubts(draft: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Everything of a draft that somebody has to confirm: the head first, then the rows as they stand now."""
    section = draft[DRAFT_SECTION]
    head = [
        {"plan": draft["plan_id"], "no": None, "name": None, "field": name, **told["reason"]}
        for name, told in section["plan"].items()
        if told["confidence"] < section["likely_from"] and "reason" in told
    ]
    rows = [
        {"plan": draft["plan_id"], "no": row["no"], "name": row["name"], **doubt}
        for row in draft["indicators"]
        for doubt in row["needs_confirmation"]
    ]
    return head + rows
