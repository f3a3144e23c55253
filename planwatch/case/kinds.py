"""What cases are about: the kinds of trouble, and the tracks on which a subject is watched."""

from __future__ import annotations

from enum import StrEnum


class CaseKind(StrEnum):
    """What is wrong. It may change within a case, as the level does."""

    BEHIND_SCHEDULE = "behind_schedule"
    REVERSED = "reversed"
    LIMIT_BREACHED = "limit_breached"
    FORECAST_MISS = "forecast_miss"
    OVERDUE_REPORT = "overdue_report"
    DATA_QUALITY = "data_quality"
    LATE_WORK = "late_work"
    SERVICE_STANDARD = "service_standard"
    GAP_WIDENING = "gap_widening"


class Track(StrEnum):
    """What a subject is watched for: a part of the identity of a case, so that a subject has one case per track.

    A verdict has one class at a time; that it turns from lagging to reversed is news of the same case.
    """

    PROGRESS = "progress"
    FORECAST = "forecast"
    REPORTING = "reporting"
    QUALITY = "quality"
    GAP = "gap"


TRACKS = {
    CaseKind.BEHIND_SCHEDULE: Track.PROGRESS,
    CaseKind.REVERSED: Track.PROGRESS,
    CaseKind.LIMIT_BREACHED: Track.PROGRESS,
    CaseKind.LATE_WORK: Track.PROGRESS,
    CaseKind.SERVICE_STANDARD: Track.PROGRESS,
    CaseKind.FORECAST_MISS: Track.FORECAST,
    CaseKind.OVERDUE_REPORT: Track.REPORTING,
    CaseKind.DATA_QUALITY: Track.QUALITY,
    CaseKind.GAP_WIDENING: Track.GAP,
}
"""The track on which each kind of trouble is found."""
