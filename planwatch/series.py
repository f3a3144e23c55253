"""What identifies a series of observations, and the codes an observation carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from planwatch.period import Freq

TOTAL = "_T"
"""The code for “all of it” in URBANISATION and POP_GROUP (SDMX cross-domain code lists)."""


class ObsStatus(StrEnum):
    """OBS_STATUS, the codes of CL_OBS_STATUS 2.2 that a feed may send."""

    NORMAL = "A"
    BREAK = "B"
    DEFINITION_DIFFERS = "D"
    ESTIMATED = "E"
    FORECAST = "F"
    EXPERIMENTAL = "G"
    HOLIDAY = "H"
    IMPUTED = "I"
    DEROGATION = "J"
    IN_ANOTHER_CATEGORY = "K"
    NOT_COLLECTED = "L"
    CANNOT_EXIST = "M"
    NOT_SIGNIFICANT = "N"
    MISSING = "O"
    PROVISIONAL = "P"
    SUPPRESSED = "Q"
    SPECIAL_EVENT = "S"
    LOW_RELIABILITY = "U"
    UNVALIDATED = "V"
    INCLUDES_ANOTHER_CATEGORY = "W"


WITHOUT_VALUE = frozenset({ObsStatus.MISSING, ObsStatus.CANNOT_EXIST, ObsStatus.NOT_COLLECTED, ObsStatus.SUPPRESSED})
"""The statuses under which an observation has no OBS_VALUE."""


class Accumulation(StrEnum):
    """In which form a feed reports a quantity that adds up."""

    FLOW = "flow"
    YEAR_TO_DATE = "year_to_date"
    SINCE_PLAN_START = "since_plan_start"


@dataclass(frozen=True)
class SeriesKey:
    """The dimensions of a series, e.g. zhongwei-05 in 640500, annual, total.

    Attributes:
        indicator_id: an indicator of one plan, e.g. `zhongwei-05`.
        ref_area: REF_AREA, a GB/T 2260 code, e.g. `640500`.
        freq: FREQ.
        urbanisation: URBANISATION, `_T` for urban and rural together.
        pop_group: POP_GROUP, `_T` for the whole population.
    """

    indicator_id: str
    ref_area: str
    freq: Freq
    urbanisation: str = TOTAL
    pop_group: str = TOTAL

    def __str__(self) -> str:
        """The SDMX series key, dimensions joined by points: `zhongwei-05.640500.A._T._T`."""
        return self._text

    def __hash__(self) -> int:
        """The hash of the key as text, which is worked out once."""
        return hash(self._text)

    @cached_property
    def _text(self) -> str:
        return ".".join((self.indicator_id, self.ref_area, self.freq, self.urbanisation, self.pop_group))

    @cached_property
    def subject_key(self) -> str:
        """What the series is about at any frequency: `zhongwei-05.640500._T._T`."""
        return ".".join((self.indicator_id, self.ref_area, self.urbanisation, self.pop_group))

    @cached_property
    def at_every_freq(self) -> tuple[SeriesKey, ...]:
        """The series of the same subject, one for each FREQ."""
        return tuple(
            SeriesKey(self.indicator_id, self.ref_area, freq, self.urbanisation, self.pop_group) for freq in Freq
        )
