"""The book of cases in memory: every event goes through the machine, and what follows is mailed as the policy says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from planwatch.case.effects import MailOrder, Step
from planwatch.case.events import Event
from planwatch.case.grouping import grouped_orders
from planwatch.case.inhibition import cover_changes
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.early_warning import DecisionKind
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery, MailKind, digest_due_at, is_worth_telling, weekly_summary_due_at
from planwatch.policy import Policy
from planwatch.working_days import WorkingCalendar

Post = Callable[[MailKind, str, datetime, tuple[str, ...]], None]
"""Takes a mail: what, for which agency, when it may go out, about which cases."""


@dataclass(frozen=True, slots=True)
class DigestItem:
    """The newest step of a case within a digest; `number` is its place in the history of the case, from 0."""

    step: Step
    number: int
    was_open_before: bool


@dataclass
class Digest:
    """An open digest of one agency: case id → item."""

    due_at: datetime
    items: dict[str, DigestItem] = field(default_factory=dict)


class MemoryBook:
    """Cases with their history, open digests and weekly summaries.

    Attributes:
        cases: case id → the case as it stands.
        history: case id → its steps in order.
        digests: agency → its open digest.
        overtaken: how many steps were in a digest that a later mail, or closing unseen, made not worth telling.
    """

    def __init__(self, policy: Policy, calendar: WorkingCalendar, post: Post) -> None:
        self.policy, self.calendar = policy, calendar
        self.cases: dict[str, Case] = {}
        self.history: dict[str, list[Step]] = defaultdict(list)
        self.digests: dict[str, Digest] = {}
        self.overtaken = 0
        self._post = post
        self._last_digest: dict[str, date] = {}
        self._weekly: dict[tuple[str, datetime], set[str]] = defaultdict(set)

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
        groups = grouped_orders([step.notice for step in steps], self.policy.most_at_once)
        gathered = {position for group in groups for position in group}
        for group in groups:
            first = steps[group[0]].notice
            assert isinstance(first, MailOrder)
            cases = tuple(sorted(steps[position].case.case_id for position in group))
            self._post(MailKind.GROUP, first.to, first.not_before or now, cases)
        for position, (step, number) in enumerate(self._numbered(steps)):
            if step.summary is not None:
                assert self.policy.weekly_summary is not None
                due = weekly_summary_due_at(now, self.policy.weekly_summary)
                self._weekly[step.summary.to, due].add(step.case.case_id)
            order = step.notice
            if isinstance(order, MailOrder) and position not in gathered:
                if order.delivery is Delivery.IMMEDIATE:
                    self._post(order.kind, order.to, order.not_before or now, (step.case.case_id,))
                else:
                    self._enter(order.to, DigestItem(step, number, self._was_open_before(step, number)), now)

    def close_due(self, now: datetime) -> None:
        """Send the digests and weekly summaries that are due."""
        for agency, digest in list(self.digests.items()):
            if digest.due_at <= now:
                told = tuple(sorted(name for name, item in digest.items.items() if self._is_worth_telling(name, item)))
                self.overtaken += len(digest.items) - len(told)
                if told:
                    self._post(MailKind.DIGEST, agency, now, told)
                self._last_digest[agency] = digest.due_at.astimezone(LOCAL_TIME).date()
                del self.digests[agency]
        for (agency, due), names in list(self._weekly.items()):
            if due <= now:
                self._post(MailKind.WEEKLY, agency, now, tuple(sorted(names)))
                del self._weekly[agency, due]

    def next_due(self) -> datetime | None:
        """When the next digest or weekly summary is due; None where nothing waits."""
        waiting = [digest.due_at for digest in self.digests.values()] + [due for _, due in self._weekly]
        return min(waiting, default=None)

    def _numbered(self, steps: Iterable[Step]) -> list[tuple[Step, int]]:
        """Each step with its place in the history of its case; the steps are the last ones of theirs."""
        left: Mapping[str, int] = dict(_counted(steps))
        seen: dict[str, int] = defaultdict(int)
        numbered = []
        for step in steps:
            name = step.case.case_id
            numbered.append((step, len(self.history[name]) - left[name] + seen[name]))
            seen[name] += 1
        return numbered

    def _was_open_before(self, step: Step, number: int) -> bool:
        if number == 0:
            return False
        return self.history[step.case.case_id][number - 1].entry.kind is not DecisionKind.CLOSE

    def _enter(self, agency: str, item: DigestItem, now: datetime) -> None:
        digest = self.digests.get(agency)
        if digest is None:
            due = digest_due_at(now, self._last_digest.get(agency), self.policy)
            digest = self.digests[agency] = Digest(due)
        name = item.step.case.case_id
        known = digest.items.get(name)
        was_open_before = known.was_open_before if known is not None else item.was_open_before
        digest.items[name] = DigestItem(item.step, item.number, was_open_before)

    def _is_worth_telling(self, name: str, item: DigestItem) -> bool:
        later = self.history[name][item.number + 1 :]
        overtaken = any(isinstance(s.notice, MailOrder) and s.notice.delivery is Delivery.IMMEDIATE for s in later)
        return is_worth_telling(item.step.entry.kind, was_open_before=item.was_open_before, is_overtaken=overtaken)


def _counted(steps: Iterable[Step]) -> dict[str, int]:
    counted: dict[str, int] = defaultdict(int)
    for step in steps:
        counted[step.case.case_id] += 1
    return counted
