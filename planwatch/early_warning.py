"""预警: what a case is about, the steps of its life, and its identity. How it changes: `planwatch.case.machine`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from planwatch.breakdown import Dimension
from planwatch.case.kinds import Track
from planwatch.period import TimePeriod
from planwatch.plan import Section
from planwatch.policy import AssessmentClass
from planwatch.series import SeriesKey

SILENT = frozenset({AssessmentClass.NO_DATA, AssessmentClass.NOT_ASSESSABLE})
"""Verdicts that neither raise nor clear a warning: the last real verdict stands."""


class SubjectKind(StrEnum):
    """What a case is about."""

    INDICATOR = "indicator"
    TEXT_TARGET = "text_target"
    TASK = "task"
    PROJECT = "project"
    SERVICE_STANDARD = "service_standard"


SUBJECT_KINDS = {
    Section.MAIN_TABLE: SubjectKind.INDICATOR,
    Section.TEXT_TARGET: SubjectKind.TEXT_TARGET,
    Section.TASK: SubjectKind.TASK,
    Section.PROJECT: SubjectKind.PROJECT,
    Section.SERVICE: SubjectKind.SERVICE_STANDARD,
}
"""What a warning about an indicator is about, by where in the plan it comes from."""


class CaseState(StrEnum):
    """Where a case stands in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RECTIFYING = "rectifying"
    CLOSED = "closed"


class DecisionKind(StrEnum):
    """The steps of a case; each is one row of its history."""

    RAISE = "raise"
    REOPEN = "reopen"
    RAISE_LEVEL = "raise_level"
    LOWER_LEVEL = "lower_level"
    HOLD = "hold"
    CLOSE = "close"
    ACKNOWLEDGE = "acknowledge"
    FILE_MEASURES = "file_measures"
    NOTE = "note"
    REQUEST_CLOSING = "request_closing"
    SILENCE = "silence"
    LIFT_SILENCE = "lift_silence"
    REASSIGN = "reassign"
    REMIND = "remind"
    ESCALATE = "escalate"
    COVER = "cover"
    UNCOVER = "uncover"
    REVISE_PLAN = "revise_plan"
    MAIL_FAILED = "mail_failed"
    FIX_DEADLINES = "fix_deadlines"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One stored verdict of a subject, as far as a warning depends on it.

    Attributes:
        period: for which period.
        verdict: the class.
        submission_id: the submission behind it.
        known_at: when its figures, or those of the forecast beside it, were received.
        probability: of reaching the target, of the forecast made when the period was the newest; None without one, and
            where the pace so far would suffice.
        expected_share: of the way that is due by the period; None where no path is expected.
    """

    period: TimePeriod
    verdict: AssessmentClass
    submission_id: str
    known_at: datetime
    probability: float | None = None
    expected_share: float | None = None


def case_id(
    plan_id: str,
    subject: SubjectKind,
    series: SeriesKey,
    track: Track = Track.PROGRESS,
    dimension: Dimension | None = None,
) -> str:
    """The identity of a case: plan, subject, area, breakdown and track; 16 hexadecimal digits.

    The frequency is no part of it: an indicator has one case per track, however often it is reported. Of gaps it has
    one per `dimension` along which it is broken down.
    """
    identity = [plan_id, subject, series.indicator_id, series.ref_area, series.urbanisation, series.pop_group]
    if track is not Track.PROGRESS:
        identity.append(track)
    if dimension is not None:
        identity.append(dimension)
    return hashlib.sha256("|".join(identity).encode()).hexdigest()[:16]
