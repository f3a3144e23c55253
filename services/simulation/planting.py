"""What goes wrong where, drawn from a seed: kind, indicator, start, severity, end. Most areas only have noise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from services.simulation.indicators import AGENCIES, WATCHED, Shape

TROUBLED_SHARE = 0.4
"""Share of the areas in which something is planted; the others only have noise, delays within grace and revisions."""

SECOND_FAULT = 0.4
"""Probability that a troubled area has another one on another indicator."""


class FaultKind(StrEnum):
    """What is planted."""

    SLOWDOWN = "slowdown"
    REVERSAL = "reversal"
    BREACH = "breach"
    STALL = "stall"
    LATE_WORK = "late_work"
    POOR_SERVICE = "poor_service"
    OVERDUE = "overdue"
    GAP = "gap"
    JUMP = "jump"
    CONTRADICTION = "contradiction"
    RETURNED = "returned"


_WHERE = {
    FaultKind.SLOWDOWN: tuple(row.key for row in WATCHED if row.shape in (Shape.PATH, Shape.TOTAL)),
    FaultKind.REVERSAL: tuple(row.key for row in WATCHED if row.shape is Shape.PATH),
    FaultKind.BREACH: tuple(row.key for row in WATCHED if row.shape in (Shape.FLOOR, Shape.CEILING)),
    FaultKind.STALL: tuple(row.key for row in WATCHED if row.shape is Shape.PATH),
    FaultKind.LATE_WORK: tuple(row.key for row in WATCHED if row.shape is Shape.WORK),
    FaultKind.POOR_SERVICE: tuple(row.key for row in WATCHED if row.shape is Shape.SERVICE),
    FaultKind.OVERDUE: AGENCIES,
    FaultKind.GAP: tuple(row.key for row in WATCHED if row.shape is Shape.SPLIT),
    FaultKind.JUMP: ("beds", "insurance", "unemployment"),
    FaultKind.CONTRADICTION: tuple(row.key for row in WATCHED if row.shape in (Shape.SPLIT, Shape.TOTAL)),
    FaultKind.RETURNED: tuple(row.key for row in WATCHED if row.shape in (Shape.PATH, Shape.FLOOR)),
}

DATA_ERRORS = frozenset({FaultKind.JUMP, FaultKind.CONTRADICTION, FaultKind.RETURNED})
NEVER_MENDED = 0.7
"""From this severity on an error in the figures is never mended."""

FORESEEABLE = 36
"""Months below which no stall is planted: a monthly forecast needs two years before it."""

DOUBT_MONTHS = 12
"""How long an error that nobody mends counts."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One planted fault.

    Attributes:
        where: key of the indicator; of an overdue report the agency.
        start: first month in which it is at work, 0 is January of the first year.
        end: first month in which it no longer is.
        severity: 0 mild to 1 grave; what it means is up to the kind, see `latent` and `reports`.

    An error in the figures is one of the month `start`; the report of the month `end` mends it, if it is mended.
    """

    kind: FaultKind
    where: str
    start: int
    end: int
    severity: float

    @property
    def is_mended(self) -> bool:
        """Of an error in the figures."""
        return self.severity < NEVER_MENDED


def plant(rng: Random, months: int, forced: FaultKind | None = None) -> tuple[Fault, ...]:
    """The faults of one area.

    Args:
        rng: of the area.
        months: that are simulated.
        forced: exactly one fault, of this kind.
    """
    if forced is not None:
        return (_fault(rng, forced, months),)
    if rng.random() >= TROUBLED_SHARE:
        return ()
    kinds = [kind for kind in FaultKind if kind is not FaultKind.STALL or months >= FORESEEABLE]
    faults = [_fault(rng, rng.choice(kinds), months)]
    if rng.random() < SECOND_FAULT:
        another = _fault(rng, rng.choice(kinds), months)
        if _apart(faults[0], another):
            faults.append(another)
    return tuple(faults)


def _apart(one: Fault, other: Fault) -> bool:
    """Whether two faults touch different indicators, so that neither hides the other."""
    return not _touched(one) & _touched(other)


def _touched(fault: Fault) -> set[str]:
    if fault.kind is FaultKind.OVERDUE:
        return {row.key for row in WATCHED if row.agency == fault.where}
    return {fault.where}


def _fault(rng: Random, kind: FaultKind, months: int) -> Fault:
    where = rng.choice(_WHERE[kind])
    severity = rng.random()
    match kind:
        case FaultKind.REVERSAL:
            start, length = rng.randrange(3, max(min(24, months - 6), 4)), rng.randrange(12, 31)
        case FaultKind.STALL:
            start, length = rng.randrange(22, 30), months
        case FaultKind.SLOWDOWN | FaultKind.LATE_WORK:
            start, length = rng.randrange(2, max(min(34, months - 8), 3)), rng.randrange(12, 41)
        case FaultKind.BREACH | FaultKind.POOR_SERVICE:
            start, length = rng.randrange(2, max(months - 4, 3)), rng.randrange(3, 19)
        case FaultKind.OVERDUE:
            start, length = rng.randrange(1, max(months - 4, 2)), rng.randrange(1, 4)
        case FaultKind.GAP:
            start, length = rng.randrange(9, max(min(40, months - 12), 10)), rng.randrange(18, 37)
        case FaultKind.JUMP | FaultKind.CONTRADICTION | FaultKind.RETURNED:
            start, length = rng.randrange(14, max(months - 4, 15)), rng.randrange(1, 4)
    start = min(start, months - 4)
    return Fault(kind, where, start, min(start + length, months), severity)
