"""What may happen to a case. Every event is a value; nothing in it is decided yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

from planwatch.case.kinds import CaseKind
from planwatch.case.model import Matter, Measure, Owners
from planwatch.early_warning import Verdict
from planwatch.language import Text
from planwatch.period import TimePeriod


@dataclass(frozen=True, slots=True)
class Assessed:
    """A series has new verdicts: all current ones as known at one moment, in rising period."""

    matter: Matter
    verdicts: Sequence[Verdict]


@dataclass(frozen=True, slots=True)
class Reading:
    """One period of something that is not a verdict: is it bad, by which figures, in which words."""

    period: TimePeriod
    is_bad: bool
    cause: str
    submission_id: str | None
    known_at: datetime
    because: Text


@dataclass(frozen=True, slots=True)
class ForecastMade:
    """The target is more likely missed than reached, or no longer so; readings in rising period."""

    kind: ClassVar[CaseKind] = CaseKind.FORECAST_MISS
    matter: Matter
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class GapMeasured:
    """The gap between areas or groups has widened, or no longer so; readings in rising period."""

    kind: ClassVar[CaseKind] = CaseKind.GAP_WIDENING
    matter: Matter
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class QualityChecked:
    """The figures of a period are doubtful, or no longer so; readings in rising period."""

    kind: ClassVar[CaseKind] = CaseKind.DATA_QUALITY
    matter: Matter
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class MissingReport:
    """A report that has not come.

    Attributes:
        due_on: the last day on which it would have been in time, grace included.
        basis: who says that it is expected, e.g. that the plan prints no frequency and the policy's own applies.
    """

    period: TimePeriod
    due_on: date
    basis: Text


@dataclass(frozen=True, slots=True)
class ReportsChecked:
    """Which of the reports that are expected by now are missing, oldest first."""

    matter: Matter
    missing: Sequence[MissingReport]


@dataclass(frozen=True, slots=True)
class ClockTicked:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """签收: somebody of the owner has taken note."""

    by: str


@dataclass(frozen=True, slots=True)
class MeasuresFiled:
    """整改措施: the owner says what is done by whom until when."""

    by: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class ProgressNoted:
    """Somebody reports how the measures go on, or replies to a mail."""

    by: str
    note: str


@dataclass(frozen=True, slots=True)
class ClosingRequested:
    """The owner asks the coordinating body to close the case."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClosedByPerson:
    """销号 by a named person who gives a reason."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Silenced:
    """No mails until a day; they go out again from that day on."""

    by: str
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class SilenceLifted:
    """The silence ends before its day."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reassigned:
    """Another agency answers from now on."""

    by: str
    owners: Owners
    reason: str


@dataclass(frozen=True, slots=True)
class Escalated:
    """督办: a person asks the next one in the chain without waiting for a deadline."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlanRevised:
    """A new version of the plan is in force; `matter` is None where it no longer has the subject."""

    plan_version: int
    matter: Matter | None


class MailOutcome(StrEnum):
    """What became of a mail on the case."""

    SENT = "sent"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class MailSettled:
    """The outcome of a mail: sent, refused for good, come back, or perhaps sent as the server's answer was lost."""

    mail_id: str
    outcome: MailOutcome
    detail: str


@dataclass(frozen=True, slots=True)
class CoverChanged:
    """Which open cases speak for this one now, and which overdue reports freeze it."""

    covered_by: tuple[str, ...]
    frozen_by: tuple[str, ...]


SourceEvent = Assessed | ForecastMade | GapMeasured | QualityChecked | ReportsChecked
PersonEvent = (
    Acknowledged
    | MeasuresFiled
    | ProgressNoted
    | ClosingRequested
    | ClosedByPerson
    | Silenced
    | SilenceLifted
    | Reassigned
    | Escalated
)
Event = SourceEvent | PersonEvent | ClockTicked | PlanRevised | MailSettled | CoverChanged
