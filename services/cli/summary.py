"""What `planwatch up` prints when the printed figures have taken effect."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from planwatch.policy import AssessmentClass
from planwatch.wording import CLASS_NAMES
from services.cli.connection import Running
from services.cli.printing import print_table
from services.cli.warnings import print_warnings


def print_summary(document: dict[str, Any], receipts: list[dict[str, Any]], running: Running) -> None:
    """Plans, receipts, verdicts, warnings and mails, and where to look next."""
    print_table(
        "规划",
        ("规划", "名称", "地区", "指标", "评价", "预警"),
        [
            (
                plan["plan"],
                plan["title"],
                plan["ref_area"],
                plan["indicators"],
                _verdicts(document, plan["plan"]),
                _levels(document, plan["plan"]),
            )
            for plan in document["plans"]
        ],
    )
    print_table(
        "报送（规划印发的数据）",
        ("规划", "时期", "接收", "退回", "回执"),
        [(r["plan_id"], r["periods"], r["accepted_rows"], r["returned_rows"], r["submission_id"]) for r in receipts],
    )
    print_warnings(document["warnings"])
    print_table(
        f"邮件 {len(document['mails'])} 封",
        ("状态", "收件单位", "主题"),
        [(mail["state"], mail["agency_name"], mail["subject"]) for mail in document["mails"]],
    )
    click.echo(f"页面 page: {running.pages_url}    报送 gateway: {running.gateway_url}/v1/submissions")


def _verdicts(document: dict[str, Any], plan_id: str) -> str:
    counts = Counter(row["class"] for row in document["assessments"] if row["plan"] == plan_id)
    return (
        "，".join(f"{CLASS_NAMES[verdict].zh} {counts[verdict]}" for verdict in AssessmentClass if counts[verdict])
        or "—"
    )


def _levels(document: dict[str, Any], plan_id: str) -> str:
    counts = Counter(row["level"] for row in document["warnings"] if row["plan"] == plan_id)
    return " ".join(f"{level} {counts[level]}" for level in ("red", "orange", "yellow", "blue") if counts[level]) or "—"
