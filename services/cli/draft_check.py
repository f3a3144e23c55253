"""What `planwatch plan check` prints of drafts: what is to be confirmed, and what an edit has broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from services.cli.printing import print_json, print_table
from services.plan_drafts import draft_doubts, draft_faults, find_draft


def check_drafts(plans_dir: Path, plans: Sequence[str], as_json: bool) -> tuple[list[str], bool]:
    """Print faults and doubts of the drafts among `plans`: a folder, a file, or a plan of the catalogue.

    Returns:
        The plans that are no drafts, and whether no draft has a fault.
    Raises:
        UsageError: drafts and plans together as JSON, which is one document.
    """
    drafts = {plan: draft for plan in plans if (draft := find_draft(plans_dir, plan)) is not None}
    others = [plan for plan in plans if plan not in drafts]
    if as_json and drafts and others:
        raise click.UsageError("--json 时草稿请单独检查。 With --json, check drafts on their own.")
    faults = [{"plan": plan, **fault} for plan, draft in drafts.items() for fault in draft_faults(plans_dir, draft)]
    doubts = [doubt for draft in drafts.values() for doubt in draft_doubts(draft)]
    if as_json and drafts:
        print_json({"faults": faults, "needs_confirmation": doubts})
    elif drafts:
        _print(faults, doubts)
    return others, not faults


def _print(faults: Sequence[Mapping[str, Any]], doubts: Sequence[Mapping[str, Any]]) -> None:
    if faults:
        rows = [(fault["plan"], fault["file"], fault["path"], f"{fault['zh']}\n{fault['en']}") for fault in faults]
        print_table(f"草稿错误 {len(faults)} 处", ("规划", "文件", "位置", "原因"), rows)
    print_table(
        f"草稿待确认 {len(doubts)} 处",
        ("规划", "序号", "指标", "字段", "原因"),
        [(doubt["plan"], doubt["no"], doubt["name"], doubt["field"], doubt["zh"]) for doubt in doubts],
    )
