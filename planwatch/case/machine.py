"""The state machine of the case: pure and total. Every event has an answer, every answer a reason.

The state is what the history adds up to: a step is the difference that it makes, and `planwatch.case.model.replay` puts
the differences together again.
"""

from __future__ import annotations

from datetime import datetime

from planwatch.case import judgement as judging
from planwatch.case.clock import tick
from planwatch.case.effects import Transition
from planwatch.case.events import (
    Acknowledged,
    Assessed,
    ClockTicked,
    ClosedByPerson,
    ClosingRequested,
    CoverChanged,
    Escalated,
    Event,
    ForecastMade,
    GapMeasured,
    MailSettled,
    MeasuresFiled,
    PlanRevised,
    ProgressNoted,
    QualityChecked,
    Reassigned,
    ReportsChecked,
    Silenced,
    SilenceLifted,
)
from planwatch.case.levels import settle
from planwatch.case.model import Case
from planwatch.case.persons import (
    acknowledge,
    close_by_person,
    escalate_by_person,
    file_measures,
    lift_silence,
    note_progress,
    reassign,
    request_closing,
    silence,
)
from planwatch.case.surroundings import change_cover, revise_plan, settle_mail
from planwatch.case.walk import Walk
from planwatch.language import Text
from planwatch.policy import Policy
from planwatch.working_days import WorkingCalendar

NOTHING_TO_JUDGE = Text("没有可评价的数据，维持原判", "nothing can be assessed; the last verdict stands")
NO_CASE = Text("没有这一预警", "there is no such case")


def transition(case: Case | None, event: Event, policy: Policy, now: datetime, calendar: WorkingCalendar) -> Transition:
    """What `event` means for `case`.

    Args:
        case: as it stands; None where there never was one. Only figures, or their absence, can open one.
        event: any of `planwatch.case.events`.
        policy: in force now.
        now: when it happens (aware).
        calendar: working days; a year it does not know makes deadlines provisional, never an error.
    Returns:
        The case afterwards, the steps in order, and why; no step means that nothing changes.
    """
    walk = Walk(case, policy, now, calendar)
    match event:
        case Assessed(matter, verdicts):
            found = judging.judge_verdicts(matter, verdicts, policy)
            return settle(walk, matter, found) if found else walk.nothing(NOTHING_TO_JUDGE)
        case ForecastMade(matter, readings) | GapMeasured(matter, readings) | QualityChecked(matter, readings):
            found = judging.judge_readings(matter, event.kind, readings, policy)
            return settle(walk, matter, found) if found else walk.nothing(NOTHING_TO_JUDGE)
        case ReportsChecked(matter, missing):
            return settle(walk, matter, judging.judge_missing(matter, missing, policy, now, walk.today))
    if case is None:
        return walk.nothing(NO_CASE)
    match event:
        case ClockTicked():
            return tick(walk, case)
        case Acknowledged():
            return acknowledge(walk, case, event)
        case MeasuresFiled():
            return file_measures(walk, case, event)
        case ProgressNoted():
            return note_progress(walk, case, event)
        case ClosingRequested():
            return request_closing(walk, case, event)
        case ClosedByPerson():
            return close_by_person(walk, case, event)
        case Silenced():
            return silence(walk, case, event)
        case SilenceLifted():
            return lift_silence(walk, case, event)
        case Reassigned():
            return reassign(walk, case, event)
        case Escalated():
            return escalate_by_person(walk, case, event)
        case PlanRevised():
            return revise_plan(walk, case, event)
        case MailSettled():
            return settle_mail(walk, case, event)
        case CoverChanged():
            return change_cover(walk, case, event)
