"""By when something is asked, and when it is reminded of and escalated, in working days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from planwatch.case.model import Case
from planwatch.local_time import LOCAL_TIME
from planwatch.policy import Level, Policy
from planwatch.working_days import CalendarNotCovered, WorkingCalendar, weekdays_after


@dataclass(frozen=True, slots=True)
class CaseDeadlines:
    """Last days to acknowledge and to file measures; provisional where a year's holidays are not known."""

    acknowledge_by: date
    measures_by: date
    are_provisional: bool


def deadlines_from(day: date, level: Level, policy: Policy, calendar: WorkingCalendar) -> CaseDeadlines:
    """The deadlines of a case that reached `level` on `day` (local), which does not count itself."""
    allowed = policy.deadlines[level]
    try:
        return CaseDeadlines(
            calendar.after(day, allowed.acknowledge_days), calendar.after(day, allowed.measures_days), False
        )
    except CalendarNotCovered:
        return CaseDeadlines(
            weekdays_after(day, allowed.acknowledge_days), weekdays_after(day, allowed.measures_days), True
        )


def remind_at(case: Case, policy: Policy, calendar: WorkingCalendar) -> datetime | None:
    """When the owner is reminded of the present obligation; None where that is not done (again) or not known yet."""
    rules, due = policy.escalation, case.due_on
    if rules is None or due is None or case.obligation in case.reminded or case.deadlines_provisional:
        return None
    try:
        return datetime.combine(calendar.before(due, rules.remind_before_days), rules.at, LOCAL_TIME)
    except CalendarNotCovered:
        return None


def escalate_at(case: Case, policy: Policy, calendar: WorkingCalendar) -> datetime | None:
    """When the next one in the chain is asked; None where there is nobody left or it is not known yet.

    The first is asked on the first working day after the deadline, the next one `next_after_days` working days after
    that was really done: a late clock shortens nobody's time.
    """
    rules, due = policy.escalation, case.due_on
    rungs = case.fired_rungs
    if rules is None or due is None or case.level < rules.from_level or case.deadlines_provisional:
        return None
    if len(rungs) >= len(case.chain):
        return None
    try:
        day = calendar.after(rungs[-1].on, rules.next_after_days) if rungs else calendar.after(due, 1)
        return datetime.combine(day, rules.at, LOCAL_TIME)
    except CalendarNotCovered:
        return None
