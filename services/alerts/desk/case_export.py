"""The list of cases as CSV that spreadsheets read as text. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from planwatch.case.kinds import CaseKind
from planwatch.case.wording import STATE_NAMES
from planwatch.language import Text
from planwatch.policy import level_from_code
from planwatch.printing import Printer
from planwatch.wording import KIND_NAMES, LEVEL_NAMES
from services.alerts.desk.list_store import ListedCase

_HEADINGS = (
    Text("预警编号", "Case"),
    Text("规划", "Plan"),
    Text("领域", "Domain"),
    Text("对象", "Subject"),
    Text("责任单位", "Agency"),
    Text("种类", "Kind"),
    Text("等级", "Level"),
    Text("状态", "State"),
    Text("时期", "Period"),
    Text("起始时期", "Since"),
    Text("办理期限", "Due on"),
    Text("逾期", "Overdue"),
    Text("发生次数", "Episode"),
    Text("督办次数", "Escalations"),
    Text("模拟数据", "Simulated"),
)


def cases_as_csv(cases: Iterable[ListedCase], p: Printer) -> str:
    """A line of headings and a line per case, in one language."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow([p.say(heading) for heading in _HEADINGS])
    for case in cases:
        cells = (
            case.case_id,
            p.t(case.plan_zh, case.plan_en),
            case.domain_name,
            p.t(case.indicator_zh, case.indicator_en),
            p.t(case.agency_zh, case.agency_en),
            p.say(KIND_NAMES[CaseKind(case.kind)]),
            p.say(LEVEL_NAMES[level_from_code(case.level)]),
            p.say(STATE_NAMES[case.state]),
            case.time_period,
            case.since_period,
            case.due_on.isoformat() if case.due_on else "",
            p.t("是", "yes") if case.is_overdue else "",
            str(case.episode),
            str(case.escalations),
            p.t("是", "yes") if case.simulated else "",
        )
        writer.writerow([_as_text(cell) for cell in cells])
    return output.getvalue()


def _as_text(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
