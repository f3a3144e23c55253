"""The steps that one event takes a case through, and the circumstances in which it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from planwatch.case.deadlines import deadlines_from
from planwatch.case.effects import HistoryEntry, HoldBack, MailOrder, Step, Transition
from planwatch.case.model import Case, changes_between
from planwatch.case.notice import notice_to_owner, summary_entry
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery
from planwatch.policy import Level, Policy
from planwatch.working_days import WorkingCalendar

EVALUATOR = "planwatch-evaluate"
CLOCK = "planwatch-alerts"


class Walk:
    """Collects steps; lives for one event.

    Attributes:
        policy, now, calendar: the circumstances.
        today: the local day.
        case: as it stands after the steps so far.
    """

    def __init__(self, case: Case | None, policy: Policy, now: datetime, calendar: WorkingCalendar) -> None:
        self.policy, self.now, self.calendar = policy, now, calendar
        self.today: date = now.astimezone(LOCAL_TIME).date()
        self.case = case
        self._steps: list[Step] = []

    @property
    def has_steps(self) -> bool:
        """Whether a step has been taken."""
        return bool(self._steps)

    def nothing(self, reason: Text) -> Transition:
        """The event changes nothing."""
        return Transition(self.case, (), reason)

    def done(self) -> Transition:
        """The case after all steps; the reason is that of the last one."""
        return Transition(self.case, tuple(self._steps), self._steps[-1].entry.reason)

    def step(
        self,
        kind: DecisionKind,
        after: Case,
        reason: Text,
        *,
        actor: str,
        notice: MailOrder | HoldBack | None = None,
        policy_line: str = "",
        submission_id: str | None = None,
    ) -> Case:
        """Take one step.

        Args:
            kind: of the step.
            after: the case after it; what the owner has been told is noted here.
            reason: why.
            actor: who.
            notice: what is told; by default what the owner hears of such a step.
            policy_line: the policy entries behind it.
            submission_id: the submission behind it.
        Returns:
            The case after the step.
        """
        decided = notice or notice_to_owner(kind, after, self.policy, self.now)
        told = replace(after, told_level=self._told(after, decided))
        entry = HistoryEntry(kind, reason, policy_line, actor, submission_id, changes_between(self.case, told))
        self._steps.append(Step(entry, decided, summary_entry(kind, told, self.policy), told))
        self.case = told
        return told

    def with_deadlines(self, case: Case, level: Level) -> Case:
        """The case with deadlines counted from today, and nothing reminded of or escalated yet."""
        set_now = deadlines_from(self.today, level, self.policy, self.calendar)
        return replace(
            case,
            counted_from=self.today,
            acknowledge_by=set_now.acknowledge_by,
            measures_by=set_now.measures_by,
            deadlines_provisional=set_now.are_provisional,
            fired=(),
            reminded=(),
        )

    def _told(self, after: Case, notice: MailOrder | HoldBack) -> Level | None:
        if not after.is_open:
            return None
        is_told = isinstance(notice, MailOrder) and notice.to == after.owner and notice.delivery is not Delivery.NONE
        return after.level if is_told else after.told_level
