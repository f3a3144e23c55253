"""What steps come to as mails: single ones, groups, digests and weekly summaries, each sent when it is due. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from planwatch.case.effects import MailOrder, Step
from planwatch.case.grouping import grouped_orders
from planwatch.early_warning import DecisionKind
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import Delivery, MailKind, digest_due_at, is_worth_telling, weekly_summary_due_at
from planwatch.policy import Policy

_SILENT_KINDS = frozenset({DecisionKind.NOTE, DecisionKind.MAIL_FAILED})


@dataclass(frozen=True, slots=True)
class PlannedMail:
    """A mail that would go out: what, to which agency, when, about which cases."""

    kind: MailKind
    to: str
    at: datetime
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a later reader has to know of a step: its number, its kind and whether a mail of its own told it."""

    number: int
    kind: DecisionKind
    is_immediate: bool


@dataclass
class _Digest:
    due_at: datetime
    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)


class Post:
    """Gathers the steps of a plan's cases into mails, as the alerting service does."""

    def __init__(self, last_digests: Mapping[str, date]) -> None:
        self.mails: list[PlannedMail] = []
        self._history: dict[str, list[_Told]] = defaultdict(list)
        self._digests: dict[str, _Digest] = {}
        self._last_digest = dict(last_digests)
        self._weekly: dict[tuple[str, datetime], set[str]] = defaultdict(set)

    def remember(self, case_id: str, kind: DecisionKind, *, is_immediate: bool) -> int:
        """Note a step that has been told already; returns its number within its case."""
        history = self._history[case_id]
        history.append(_Told(len(history) + 1, kind, is_immediate))
        return len(history)

    @property
    def digests_due(self) -> dict[str, datetime]:
        """Agency → when its open digest is sent."""
        return {agency: digest.due_at for agency, digest in self._digests.items()}

    def take(self, steps: Sequence[Step], policy: Policy, now: datetime) -> None:
        """Take in the steps of one occasion."""
        groups = grouped_orders([step.notice for step in steps], policy.most_at_once)
        gathered = {position for group in groups for position in group}
        for group in groups:
            order = steps[group[0]].notice
            assert isinstance(order, MailOrder)
            cases = tuple(sorted(steps[position].case.case_id for position in group))
            self.mails.append(PlannedMail(MailKind.GROUP, order.to, order.not_before or now, cases))
        for position, step in enumerate(steps):
            order, case_id = step.notice, step.case.case_id
            is_immediate = isinstance(order, MailOrder) and order.delivery is Delivery.IMMEDIATE
            number = self.remember(case_id, step.entry.kind, is_immediate=is_immediate)
            if step.summary is not None and policy.weekly_summary is not None:
                due_at = weekly_summary_due_at(now, policy.weekly_summary)
                self._weekly[step.summary.to, due_at].add(case_id)
            if not isinstance(order, MailOrder) or position in gathered:
                continue
            if is_immediate:
                self.mails.append(PlannedMail(order.kind, order.to, order.not_before or now, (case_id,)))
            elif order.delivery is Delivery.DIGEST:
                self._enter(order.to, case_id, number, policy, now)

    def close_due(self, now: datetime) -> None:
        """Send the digests and summaries whose time has come."""
        for agency, digest in sorted(self._digests.items()):
            if digest.due_at <= now:
                cases = tuple(sorted(case_id for case_id in digest.last if self._is_worth_telling(case_id, digest)))
                if cases:
                    self.mails.append(PlannedMail(MailKind.DIGEST, agency, digest.due_at, cases))
                self._last_digest[agency] = digest.due_at.astimezone(LOCAL_TIME).date()
                del self._digests[agency]
        for (agency, due_at), names in sorted(self._weekly.items()):
            if due_at <= now:
                self.mails.append(PlannedMail(MailKind.WEEKLY, agency, due_at, tuple(sorted(names))))
                del self._weekly[agency, due_at]

    def _enter(self, agency: str, case_id: str, number: int, policy: Policy, now: datetime) -> None:
        digest = self._digests.get(agency)
        if digest is None:
            due_at = digest_due_at(now, self._last_digest.get(agency), policy)
            digest = self._digests[agency] = _Digest(due_at)
        digest.first.setdefault(case_id, number)
        digest.last[case_id] = number

    def _is_worth_telling(self, case_id: str, digest: _Digest) -> bool:
        history, last = self._history[case_id], digest.last[case_id]
        earlier = [told for told in history[: digest.first[case_id] - 1] if told.kind not in _SILENT_KINDS]
        return is_worth_telling(
            history[last - 1].kind,
            was_open_before=bool(earlier) and earlier[-1].kind is not DecisionKind.CLOSE,
            is_overtaken=any(told.is_immediate for told in history[last:]),
        )
