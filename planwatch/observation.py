"""观测值: one reported value of a series, and its vintages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from planwatch.period import TimePeriod
from planwatch.series import Accumulation, ObsStatus, SeriesKey


@dataclass(frozen=True, slots=True)
class Observation:
    """One figure of one submission.

    Attributes:
        series: the series it belongs to.
        period: TIME_PERIOD.
        value: OBS_VALUE in the indicator's unit with the decimals it was sent with, None where there is none.
        status: OBS_STATUS.
        accumulation: the form in which a quantity that adds up is reported; None follows the catalogue.
        submission_id: the submission that carried it.
        row: its row in that submission, as its sender counts.
        received_at: when Planwatch received that submission (aware, UTC).
        revision: 1 for the first vintage of a period, 2 for the one that replaces it, ...
    """

    series: SeriesKey
    period: TimePeriod
    value: Decimal | None
    status: ObsStatus
    accumulation: Accumulation | None
    submission_id: str
    row: int
    received_at: datetime
    revision: int = 1


def merge_revision(vintages: Iterable[Observation], arrival: Observation) -> list[Observation]:
    """All vintages of one period after `arrival`, numbered from 1 in the order in which they were received.

    The result does not depend on the order of arrival, and a repeated arrival changes nothing.
    """
    by_submission = {vintage.submission_id: vintage for vintage in vintages}
    by_submission.setdefault(arrival.submission_id, arrival)
    in_order = sorted(by_submission.values(), key=lambda vintage: (vintage.received_at, vintage.submission_id))
    return [
        vintage if vintage.revision == number else replace(vintage, revision=number)
        for number, vintage in enumerate(in_order, start=1)
    ]
