"""The vintages of the subjects that a batch of reports may touch, carried from report to report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from planwatch.observation import Observation, merge_revision
from planwatch.period import TimePeriod
from planwatch.series import SeriesKey

Place = tuple[SeriesKey, TimePeriod, str]
"""Where a vintage stands: series, period, submission."""


class Vintages:
    """All vintages known of some subjects at every frequency, or of the part of them that was loaded."""

    def __init__(self, loaded: Iterable[Observation] = ()) -> None:
        self._by_subject: dict[str, dict[TimePeriod, list[Observation]]] = defaultdict(dict)
        self.renumbered: dict[Place, Observation] = {}
        self.added: dict[Place, Observation] = {}
        for observation in loaded:
            periods = self._by_subject[observation.series.subject_key]
            periods[observation.period] = merge_revision(periods.get(observation.period, ()), observation)

    def add(self, arrival: Observation) -> None:
        """Take in one figure; the vintages of its period are numbered anew."""
        periods = self._by_subject[arrival.series.subject_key]
        before = periods.get(arrival.period, [])
        after = merge_revision(before, arrival)
        periods[arrival.period] = after
        for vintage in after:
            place = (vintage.series, vintage.period, vintage.submission_id)
            if vintage.submission_id == arrival.submission_id or place in self.added:
                self.added[place] = vintage
            elif vintage not in before:
                self.renumbered[place] = vintage

    def known_at(
        self, subject_key: str, moment: datetime, *, without: str | None = None
    ) -> dict[TimePeriod, Observation]:
        """The newest vintage of every period of a subject, as known at a moment, or had one submission never come."""
        known = {}
        for period, vintages in self._by_subject[subject_key].items():
            for vintage in reversed(vintages):
                if vintage.received_at <= moment and vintage.submission_id != without:
                    known[period] = vintage
                    break
        return known

    def moments_after(
        self, subject_key: str, moment: datetime, period: TimePeriod | None = None
    ) -> frozenset[datetime]:
        """When figures of a subject, or of one period of it, were received after `moment`."""
        periods = self._by_subject[subject_key]
        looked_at = periods.values() if period is None else [periods[period]]
        return frozenset(
            vintage.received_at for vintages in looked_at for vintage in vintages if vintage.received_at > moment
        )

    def periods(self, subject_key: str) -> set[TimePeriod]:
        """The periods of a subject that have figures."""
        return set(self._by_subject[subject_key])

    def newest(self, subject_key: str) -> datetime:
        """When the newest vintage of a subject was received."""
        return max(vintages[-1].received_at for vintages in self._by_subject[subject_key].values())
