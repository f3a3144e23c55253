"""A plan's own service standards as a report, so that one below the parent plan's is told like any other figure."""

from __future__ import annotations

import json
from datetime import datetime

from planwatch.derived_indicators import STANDARD, own_standard
from planwatch.plan import Plan
from planwatch.submission import ReportedTable, Submission, submission_id


def own_standards_report(plan: Plan, applied_at: datetime) -> tuple[Submission, bytes] | None:
    """The report of one plan version on the services that have an own and a parent standard.

    Args:
        plan: the version that is applied.
        applied_at: when.
    Returns:
        The submission by the coordinating agency for the plan's first year, and its content, which is another one for
        every version; None where no service has both standards.
    """
    standards = {item.item_id: own_standard(item) for item in plan.commitments.service_items}
    cells = [
        {"indicator": f"{item_id}-{STANDARD}", "time_period": str(plan.start), "obs_value": f"{value:f}"}
        for item_id, value in standards.items()
        if value is not None
    ]
    if not cells:
        return None
    rows = list(enumerate(cells, start=1))
    document = {
        "plan_id": plan.plan_id,
        "plan_version": plan.version,
        "observations": [{"row": row, **each} for row, each in rows],
    }
    content = json.dumps(document, ensure_ascii=False).encode()
    identity = submission_id(plan.coordinating_agency, plan.plan_id, str(plan.start), content)
    table = ReportedTable({}, rows)
    return Submission(identity, plan.coordinating_agency, plan.plan_id, applied_at, False, table), content
