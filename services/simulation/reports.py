"""What the agencies of a simulated area send: noisy figures, revisions, delays, duplicates, and what never comes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from planwatch.local_time import LOCAL_TIME
from planwatch.period import TimePeriod, parse_period
from planwatch.submission import ReportedTable, Submission, reported_periods, submission_id
from services.simulation.indicators import AGENCIES, FIRST_YEAR, URBAN_SHARE, WATCHED, Shape, Watched
from services.simulation.latent import Latent, year_to_date
from services.simulation.plan import agency_id, plan_id
from services.simulation.planting import DATA_ERRORS, Fault, FaultKind

LAST_DAY_ALLOWED = 25
"""Days after a month's end by which its report has to be there: 15 and a grace of 10, as in plans/policy.yaml."""

LATE_WITHIN_GRACE, REVISED, REVISED_LATER, SENT_TWICE = 0.05, 0.5, 0.05, 0.03
"""Probabilities: of a delay within grace, of a final figure in the next report or in a later one, of a duplicate."""


@dataclass(frozen=True, slots=True)
class SentFigure:
    """One figure that was sent and can be read: `value` in the unit of the indicator."""

    received_at: datetime
    value: float


Sent = dict[tuple[str, str, int], list[SentFigure]]
"""Key of the indicator, URBANISATION and month → what was sent for it, in order."""


@dataclass(frozen=True, slots=True)
class Mailbag:
    """Everything that an area sends.

    Attributes:
        deliveries: in order of receipt; a duplicate is the same submission again.
        sent: the figures in them.
    """

    deliveries: tuple[Submission, ...]
    sent: Sent


def period_of(month: int) -> TimePeriod:
    """The period of a month, counted from 0."""
    return parse_period(f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}")


def month_of(period: TimePeriod) -> int:
    """The month of a period, counted from 0."""
    return (period.end.year - FIRST_YEAR) * 12 + period.end.month - 1


def write_reports(
    rng: Random, number: int, latent: Mapping[str, Latent], faults: Sequence[Fault], months: int, noise: float
) -> Mailbag:
    """The reports of an area.

    Args:
        rng: of the area.
        number: of the area.
        latent: its true figures.
        faults: that concern reporting.
        months: that are reported.
        noise: factor of all measurement noise; 0 makes a world of true figures, each sent once.
    """
    writer = _Writer(rng, number, latent, faults, noise)
    for agency in AGENCIES:
        for month in range(months):
            writer.write(agency, month)
    ordered = sorted(writer.deliveries, key=lambda delivery: (delivery.received_at, delivery.submission_id))
    sent = {place: sorted(found, key=lambda figure: figure.received_at) for place, found in writer.sent.items()}
    return Mailbag(tuple(ordered), sent)


class _Writer:
    def __init__(
        self, rng: Random, number: int, latent: Mapping[str, Latent], faults: Sequence[Fault], noise: float
    ) -> None:
        self.rng, self.number, self.latent, self.noise = rng, number, latent, noise
        self.faults = faults
        self.deliveries: list[Submission] = []
        self.sent: Sent = defaultdict(list)

    def write(self, agency: str, month: int) -> None:
        """The report of one agency for one month, unless it never comes."""
        received_at = self._arrival(agency, month)
        if received_at is None:
            return
        rows: list[dict[str, str]] = []
        for row in WATCHED:
            if row.agency == agency:
                rows += self._figures(row, month, received_at, is_final=self.noise == 0)
                rows += self._revision(row, month, received_at)
                rows += self._mended(row, month, received_at)
        self._deliver(agency, rows, received_at)
        if self.noise and self.rng.random() < SENT_TWICE:
            self._deliver(agency, rows, received_at + timedelta(days=self.rng.randrange(1, 4)))

    def _arrival(self, agency: str, month: int) -> datetime | None:
        late = next(
            (
                fault
                for fault in self.faults
                if fault.kind is FaultKind.OVERDUE and fault.where == agency and fault.start <= month < fault.end
            ),
            None,
        )
        days = self.rng.randrange(5, 15)
        if self.rng.random() < LATE_WITHIN_GRACE:
            days = self.rng.randrange(16, LAST_DAY_ALLOWED)
        hour = self.rng.randrange(9, 17)
        if late is not None:
            if late.severity > 0.85:
                return None
            days = LAST_DAY_ALLOWED + 2 + round(90 * late.severity)
        day = period_of(month).end + timedelta(days=days)
        return _at(day, hour, self.rng.randrange(60))

    def _revision(self, row: Watched, month: int, received_at: datetime) -> list[dict[str, str]]:
        """A final figure of an earlier month, if one is due and the month was reported before."""
        if not self.noise or self.rng.random() >= REVISED:
            return []
        earlier = month - (self.rng.randrange(2, 5) if self.rng.random() < REVISED_LATER else 1)
        known = self.sent.get((row.key, "_T", earlier), [])
        if not known or known[0].received_at >= received_at or self._error(row, earlier) is not None:
            return []
        return self._figures(row, earlier, received_at, is_final=True)

    def _mended(self, row: Watched, month: int, received_at: datetime) -> list[dict[str, str]]:
        """The right figure in the place of a wrong one."""
        mended = [fault for fault in self.faults if fault.kind in DATA_ERRORS and fault.where == row.key]
        return [
            cells
            for fault in mended
            if fault.is_mended and fault.end == month
            for cells in self._figures(row, fault.start, received_at, is_final=True)
        ]

    def _error(self, row: Watched, month: int) -> Fault | None:
        return next((f for f in self.faults if f.kind in DATA_ERRORS and f.where == row.key and f.start == month), None)

    def _figures(self, row: Watched, month: int, received_at: datetime, *, is_final: bool) -> list[dict[str, str]]:
        truth = self.latent[row.key]
        if row.shape is Shape.SPLIT:
            urban = self._measured(row, truth.urban[month], is_final=is_final)
            rural = self._measured(row, truth.rural[month], is_final=is_final)
            parts = {"_T": URBAN_SHARE * urban + (1 - URBAN_SHARE) * rural, "U": urban, "R": rural}
        elif row.shape is Shape.TOTAL:
            parts = {"_T": max(self._measured(row, year_to_date(truth.total, month), is_final=is_final), 0.0)}
        else:
            parts = {"_T": self._measured(row, truth.total[month], is_final=is_final)}
        error = self._error(row, month)
        if error is not None and not (is_final and self.noise and error.is_mended):
            return [self._wrong(row, error, part, value, received_at) for part, value in parts.items()]
        return [self._sent(row, month, part, value, received_at, is_final=is_final) for part, value in parts.items()]

    def _sent(
        self, row: Watched, month: int, part: str, value: float, received_at: datetime, *, is_final: bool
    ) -> dict[str, str]:
        text = f"{value:.{row.decimals}f}"
        self.sent[row.key, part, month].append(SentFigure(received_at, float(text)))
        return _row(row, self.number, month, part, text, is_final=is_final)

    def _wrong(self, row: Watched, error: Fault, part: str, value: float, received_at: datetime) -> dict[str, str]:
        """A row with the planted error: of a jump a wrong figure, of a contradiction one that cannot be."""
        if error.kind is FaultKind.RETURNED:
            return _row(row, self.number, error.start, part, f"约{value:.{row.decimals}f}", is_final=False)
        if error.kind is FaultKind.JUMP:
            value *= 1.15 + 2 * error.severity if row.shape is not Shape.FLOOR else 0.88 - 0.6 * error.severity
        elif row.shape is Shape.TOTAL:
            value *= 0.5
        elif part == "_T":
            value = min(value + 8.0, 100.0)
        return self._sent(row, error.start, part, value, received_at, is_final=False)

    def _measured(self, row: Watched, truth: float, *, is_final: bool) -> float:
        spread = (row.noise if is_final else row.provisional) * self.noise
        value = truth + self.rng.gauss(0.0, 1.0) * spread
        if row.shape is Shape.WORK:
            return 100.0 if truth >= 100.0 else min(max(value, 0.0), 99.9)
        return min(max(value, 0.0), 100.0) if row.unit[1] == "PT" else value

    def _deliver(self, agency: str, rows: Sequence[dict[str, str]], received_at: datetime) -> None:
        sender, plan = agency_id(self.number, agency), plan_id(self.number)
        table = ReportedTable({}, list(enumerate(rows, start=2)))
        content = json.dumps(rows, ensure_ascii=False, sort_keys=True).encode()
        identity = submission_id(sender, plan, reported_periods(table), content)
        self.deliveries.append(Submission(identity, sender, plan, received_at, simulated=True, table=table))


def _row(row: Watched, number: int, month: int, part: str, text: str, *, is_final: bool) -> dict[str, str]:
    cells = {"indicator": row.reference(plan_id(number)), "time_period": str(period_of(month))}
    if row.shape is Shape.WORK:
        return cells | {"physical_progress": text}
    status = "A" if is_final else "P"
    return cells | {"obs_value": text, "obs_status": status, "urbanisation": part}


def _at(day: date, hour: int, minute: int) -> datetime:
    return datetime.combine(day, time(hour, minute), LOCAL_TIME).astimezone(UTC)
