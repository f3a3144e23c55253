"""A reported figure as it is known at a moment, which gaps and checks of data are read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from planwatch.period import TimePeriod
from planwatch.series import TOTAL, Accumulation, ObsStatus


@dataclass(frozen=True, slots=True)
class KnownFigure:
    """The newest vintage of one series in one period.

    Attributes:
        ref_area: GB/T 2260 code.
        period: of the figure.
        value: in the indicator's unit, with the decimals it was sent with; None where it was reported as missing.
        submission_id: that carried it.
        received_at: when that was received.
        status: OBS_STATUS.
        urbanisation, pop_group: `_T` for all of it.
        accumulation: the form in which a quantity that adds up is reported; None follows the catalogue.
    """

    ref_area: str
    period: TimePeriod
    value: Decimal | None
    submission_id: str
    received_at: datetime
    status: ObsStatus = ObsStatus.NORMAL
    urbanisation: str = TOTAL
    pop_group: str = TOTAL
    accumulation: Accumulation | None = None
