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


def print_summary(document: dict[str, Any], receipts: list[dict[str, Any]]) -> None:
    """Plans, receipts, verdicts, warnings and mails."""
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


def print_addresses(running: Running) -> None:
    """Where to look next, one address a line, for readers and for those who answer."""
    click.echo("地址 addresses")
    for title, address in (
        ("总览（不需登录） overview, open to all", f"{running.pages_url}/"),
        ("邮件（本机捕获） mails as caught here", f"{running.pages_url}/mails"),
        ("自我审计 self-audit", f"{running.pages_url}/audit"),
        ("预警办理（须登录） cases, to sign in", f"{running.alerts_url}/cases"),
        ("办理接口 API of cases", f"{running.alerts_url}/api/openapi.json"),
        ("报送 submissions", f"{running.gateway_url}/v1/submissions"),
    ):
        click.echo(f"  {title}\n    {address}")


def _verdicts(document: dict[str, Any], plan_id: str) -> str:
    counts = Counter(row["class"] for row in document["assessments"] if row["plan"] == plan_id)
    return (
        "，".join(f"{CLASS_NAMES[verdict].zh} {counts[verdict]}" for verdict in AssessmentClass if counts[verdict])
        or "—"
    )


def _levels(document: dict[str, Any], plan_id: str) -> str:
    counts = Counter(row["level"] for row in document["warnings"] if row["plan"] == plan_id)
    return " ".join(f"{level} {counts[level]}" for level in ("red", "orange", "yellow", "blue") if counts[level]) or "—"
