"""Many immediate mails to one agency from one report go out as one: nobody reads the twentieth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from planwatch.case.effects import HoldBack, MailOrder
from planwatch.notification import Delivery, MailKind

GROUPED = frozenset({MailKind.WARNING, MailKind.CLOSURE})
"""The kinds of mail that a group may gather; a reminder or an escalation asks for something of its own."""


def grouped_orders(notices: Sequence[MailOrder | HoldBack], most_at_once: int | None) -> list[tuple[int, ...]]:
    """Which of the notices of one report go out in one mail.

    Args:
        notices: of every step, in order.
        most_at_once: of the policy; None for no bound.
    Returns:
        Positions in `notices`, one tuple per group; notices that are in none go their own way.
    """
    by_reader: dict[tuple[str, object], list[int]] = defaultdict(list)
    for position, notice in enumerate(notices):
        if isinstance(notice, MailOrder) and notice.delivery is Delivery.IMMEDIATE and notice.kind in GROUPED:
            by_reader[notice.to, notice.not_before].append(position)
    return [
        tuple(positions)
        for positions in by_reader.values()
        if most_at_once is not None and len(positions) > most_at_once
    ]
