"""年度目标: what an annual work plan states for the end of a year, and from when it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from planwatch.errors import InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Indicator, Plan


@dataclass(frozen=True, slots=True)
class StatedMilestone:
    """One value that a document states.

    Attributes:
        value: to be reached by the end of the year (indicator's unit); of a total: since the plan began.
        source: where in the document, e.g. a line or a heading.
    """

    value: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class MilestoneStatement:
    """The milestones of one year as one document states them; a later version takes the place of an earlier one.

    Attributes:
        plan_id: of the plan.
        year: for whose end the values hold.
        version: 1, and one more for each correction.
        effective_on: it counts for the periods that end on or after this day.
        document: title and number.
        issuer: who issued it.
        milestones: indicator id → value.
        stated_at: when Planwatch was told; before that moment it did not count.
    """

    plan_id: str
    year: TimePeriod
    version: int
    effective_on: date
    document: Text
    issuer: Text
    milestones: Mapping[str, StatedMilestone]
    stated_at: datetime


def statement_from_mapping(document: Mapping[str, Any], stated_at: datetime) -> MilestoneStatement:
    """Build a statement from the content of a `milestones-YYYY.yaml` that its JSON Schema has accepted.

    Raises:
        InvalidPlan: the effective day is no day of the calendar.
    """
    try:
        effective_on = date.fromisoformat(document["effective_on"])
    except ValueError as error:
        day = document["effective_on"]
        fault = PlanFault("effective_on", Text(f"“{day}”不是日期", f"“{day}” is not a day"))
        raise InvalidPlan(document["plan_id"], [fault]) from error
    return MilestoneStatement(
        plan_id=document["plan_id"],
        year=parse_period(document["year"]),
        version=document["version"],
        effective_on=effective_on,
        document=Text(**document["document"]),
        issuer=Text(**document["issuer"]),
        milestones={
            row["indicator"]: StatedMilestone(Decimal(row["value"]), row["source"]) for row in document["milestones"]
        },
        stated_at=stated_at,
    )


def statement_faults(statement: MilestoneStatement, plan: Plan) -> list[PlanFault]:
    """What keeps a statement from being applied: indicators that have no such milestone."""
    faults = []
    for indicator_id in statement.milestones:
        indicator = plan.indicator(indicator_id)
        reason = _fault(indicator, statement.year, plan)
        if reason is not None:
            faults.append(PlanFault(f"milestones[{indicator_id}]", reason))
    return faults


def _fault(indicator: Indicator | None, year: TimePeriod, plan: Plan) -> Text | None:
    if indicator is None:
        return Text("规划中没有这项指标", "the plan has no such indicator")
    if indicator.is_limit:
        return Text("该指标只看是否越过限值，没有路径", "the indicator is a limit and has no path")
    if not plan.first_day <= year.start or year.end >= indicator.target.period.end:
        return Text(
            f"年份应在规划期首年与目标年份 {indicator.target.period} 之前之间",
            f"the year must lie in the plan and before the year of the target, {indicator.target.period}",
        )
    return None
