"""The book of cases in memory: every event goes through the machine, and what follows is mailed as the policy says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from planwatch.case.effects import Step
from planwatch.case.events import Event
from planwatch.case.inhibition import cover_changes
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.case.post import Post
from planwatch.policy import Policy
from planwatch.working_days import WorkingCalendar


class MemoryBook:
    """Cases with their history, and the mails about them.

    Attributes:
        cases: case id → the case as it stands.
        history: case id → its steps in order.
        post: the mails sent so far, with the open digests and weekly summaries.
    """

    def __init__(self, policy: Policy, calendar: WorkingCalendar) -> None:
        self.policy, self.calendar = policy, calendar
        self.cases: dict[str, Case] = {}
        self.history: dict[str, list[Step]] = defaultdict(list)
        self.post = Post({})

    @property
    def open_cases(self) -> list[Case]:
        """The cases that are not closed."""
        return [case for case in self.cases.values() if case.is_open]

    def apply(self, case_id: str, event: Event, now: datetime) -> list[Step]:
        """What an event means for a case; nothing is mailed before `tell`."""
        after, steps, reason = transition(self.cases.get(case_id), event, self.policy, now, self.calendar)
        if not (reason.zh and reason.en):
            raise AssertionError(f"no reason for {event}")
        if after is not None:
            self.cases[case_id] = after
        self.history[case_id] += steps
        return list(steps)

    def settle_covers(self, now: datetime) -> list[Step]:
        """Note which cases speak for which."""
        changes = cover_changes(self.cases.values(), self.policy.inhibition)
        return [step for case, cover in changes for step in self.apply(case.case_id, cover, now)]

    def tell(self, steps: Sequence[Step], now: datetime) -> None:
        """Mail what was decided on one occasion: at once, in one mail together, or in the digest."""
        self.post.take(steps, self.policy, now)

    def close_due(self, now: datetime) -> None:
        """Send the digests and weekly summaries that are due."""
        self.post.close_due(now)
