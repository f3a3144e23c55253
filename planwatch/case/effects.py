"""What follows from an event: rows of the history, each with what is mailed to whom, or why nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from planwatch.case.model import Case
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.notification import Delivery, MailKind


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A row of the history.

    Attributes:
        reason: why the step was made; mails and pages show the same words.
        policy_line: the policy entries behind it; empty where none are.
        actor: who made it: a person, or the part of Planwatch.
        submission_id: behind it; None where no figure is.
        changes: field → new value, see `planwatch.case.model.changes_between`.
    """

    kind: DecisionKind
    reason: Text
    policy_line: str
    actor: str
    submission_id: str | None
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MailOrder:
    """A mail that has to go out.

    Attributes:
        delivery: at once or in the digest.
        to: agency.
        not_before: end of the quiet hours in which it was ordered; None: now.
        reason: why it is sent, and why this way.
    """

    kind: MailKind
    delivery: Delivery
    to: str
    not_before: datetime | None
    reason: Text


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Nothing is mailed, for a reason."""

    reason: Text


@dataclass(frozen=True, slots=True)
class SummaryEntry:
    """The step stands in the week's summary to the coordinating body."""

    to: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its row, what is told of it, and the case after it."""

    entry: HistoryEntry
    notice: MailOrder | HoldBack
    summary: SummaryEntry | None
    case: Case


class Transition(NamedTuple):
    """What an event means: the case after it, the steps in order (none: nothing changes), and why."""

    case: Case | None
    effects: tuple[Step, ...]
    reason: Text
