"""The recorded history as input: what people did and what came back, read off the steps that it led to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planwatch.case.events import (
    Acknowledged,
    ClosedByPerson,
    ClosingRequested,
    Escalated,
    Event,
    MailOutcome,
    MailSettled,
    MeasuresFiled,
    ProgressNoted,
    Reassigned,
    Silenced,
    SilenceLifted,
)
from planwatch.case.model import Case, Owners
from planwatch.case.surroundings import SENDER
from planwatch.case.walk import CLOCK, EVALUATOR
from planwatch.early_warning import DecisionKind
from planwatch.language import Text

_REFUSED = re.compile(r"邮件(?P<mail>.*?)被拒收：(?P<words>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A row of the history.

    Attributes:
        number: of the step within its case, from 1.
        delivery, addressee: how it was told and to whom; `none` and None where it was not.
        changes: field → new value.
    """

    case_id: str
    number: int
    at: datetime
    kind: DecisionKind
    level: str
    reason: Text
    policy_line: str
    actor: str
    submission_id: str | None
    delivery: str
    addressee: str | None
    changes: Mapping[str, Any]

    @property
    def is_of_evaluation(self) -> bool:
        """Whether figures led to it."""
        return self.actor == EVALUATOR

    @property
    def is_of_clock(self) -> bool:
        """Whether a round of the clock led to it; the revision of a plan is noticed by such a round as well."""
        return self.actor == CLOCK


def given_event(step: RecordedStep, before: Case | None, after: Case) -> Event | None:
    """What somebody did, or what became of a mail, as the event that led to a step; None for steps of Planwatch.

    Args:
        step: as recorded.
        before: the case before it.
        after: the case after it.
    """
    if step.actor == SENDER:
        found = _REFUSED.fullmatch(step.reason.zh)
        return MailSettled(found["mail"], MailOutcome.REFUSED, found["words"]) if found else None
    if step.is_of_evaluation or step.is_of_clock:
        return None
    by, reason = step.actor, step.reason.zh[len(step.actor) :].partition("：")[2]
    match step.kind:
        case DecisionKind.ACKNOWLEDGE:
            return Acknowledged(by)
        case DecisionKind.FILE_MEASURES:
            return MeasuresFiled(by, after.measures[len(before.measures) if before else 0 :])
        case DecisionKind.NOTE:
            return ProgressNoted(by, step.reason.zh)
        case DecisionKind.REQUEST_CLOSING:
            return ClosingRequested(by, reason)
        case DecisionKind.CLOSE:
            return ClosedByPerson(by, reason)
        case DecisionKind.SILENCE if after.silenced_until is not None:
            return Silenced(by, after.silenced_until, reason)
        case DecisionKind.LIFT_SILENCE:
            # the reason of the step goes on with what follows from it
            return SilenceLifted(by, reason.removesuffix("，期限自即日起重新计算"))
        case DecisionKind.REASSIGN:
            return Reassigned(by, Owners(after.owner, after.chain, after.coordinating, after.participants), reason)
        case DecisionKind.ESCALATE:
            return Escalated(by, reason)
        case _:
            return None
