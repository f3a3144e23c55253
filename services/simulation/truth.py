"""The truth: what the noise-free figures mean by the plan's rules. Nothing here calls the code that raises warnings.

The rules are written down once more, on plain floats: docs/method.md for paths and limits, docs/simulation.md for the
windows and the grey zone, which were fixed before anything was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from planwatch.case.kinds import CaseKind
from planwatch.local_time import LOCAL_TIME
from planwatch.plan import Nature
from planwatch.policy import Policy
from services.simulation.indicators import FIRST_YEAR, WATCHED, Shape, Watched
from services.simulation.latent import Latent
from services.simulation.planting import DATA_ERRORS, DOUBT_MONTHS, Fault, FaultKind
from services.simulation.reports import LAST_DAY_ALLOWED, Sent, period_of

GREY_INDEX = 0.02
"""A schedule index this near to the threshold is on the border."""

GREY_SHARE = 0.01
"""A share of the distance this near to nothing, or to the target, is on the border."""

GREY_GAP, WIDER_BY = 0.2, 0.3
"""A gap is wider if it is half a point above its narrowest in a year; from 0.1 points on it is on the border."""

FORECAST_FROM = 24
"""Months before which nothing can be said of a target: a monthly series has to show its seasons twice."""

WINDOWS = {
    CaseKind.BEHIND_SCHEDULE: 3,
    CaseKind.REVERSED: 3,
    CaseKind.LIMIT_BREACHED: 3,
    CaseKind.LATE_WORK: 3,
    CaseKind.SERVICE_STANDARD: 3,
    CaseKind.FORECAST_MISS: 12,
    CaseKind.GAP_WIDENING: 6,
    CaseKind.DATA_QUALITY: 2,
    CaseKind.OVERDUE_REPORT: 3,
}
"""By when a warning has to be there: periods after the onset; of overdue reports days."""


class State(StrEnum):
    """What is true of a month."""

    GOOD = "good"
    GREY = "grey"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One stretch of true trouble.

    Attributes:
        key: of the indicator.
        part: URBANISATION.
        onset: first bad month; of overdue reports the day (ordinal) after the last one on which it was in time.
        end: first month, or day, after it.
        is_borderline: it never leaves the grey zone, or not for as many periods as persistence asks for.
    """

    key: str
    part: str
    kind: CaseKind
    onset: int
    end: int
    is_borderline: bool

    @property
    def window_end(self) -> int:
        """The last month, or day, at which a warning is in time."""
        return self.onset + WINDOWS[self.kind]


def all_troubles(
    latent: Mapping[str, Latent], faults: Iterable[Fault], sent: Sent, policy: Policy, months: int, last_day: date
) -> list[Trouble]:
    """Everything that is truly wrong in an area, whoever planted it; wrong figures are known from the plant alone.

    A cell that was returned leaves its month without a figure: nobody has reported it until it is mended.
    """
    found = [_doubtful(fault) for fault in faults if fault.kind in DATA_ERRORS and fault.kind is not FaultKind.RETURNED]
    for row in WATCHED:
        truth = latent[row.key]
        for kind, states in _states(row, truth, policy, months):
            nature = Nature.BINDING if row.binding else Nature.ANTICIPATORY
            found += _stretches(row.key, kind, states, policy.persistence_of(kind, nature))
        if row.expects_report:
            found += _overdue(row, sent, months, last_day)
    return found


def schedule_index(row: Watched, truth: Latent, month: int) -> float:
    """Achieved share ÷ expected share of the true figure."""
    return _achieved(row, truth.total[month]) / _expected_share(row, truth.total, month)


def _states(row: Watched, truth: Latent, policy: Policy, months: int) -> Iterator[tuple[CaseKind, list[State]]]:
    threshold = float(policy.thresholds.on_schedule)

    def each(state: Callable[[int], State]) -> list[State]:
        return [state(month) for month in range(months)]

    if row.has_path:
        behind = CaseKind.LATE_WORK if row.shape is Shape.WORK else CaseKind.BEHIND_SCHEDULE
        from_share = 0.0 if row.shape is Shape.WORK else float(policy.warn_from_share)
        yield behind, each(lambda month: _behind(row, truth, month, threshold, from_share))
    if row.shape is Shape.PATH:
        yield CaseKind.REVERSED, each(lambda month: _reversed(row, truth, month))
        if policy.unlikely_below is not None:
            yield CaseKind.FORECAST_MISS, each(lambda month: _will_miss(row, truth, month, threshold))
    if row.shape in (Shape.FLOOR, Shape.CEILING, Shape.SPLIT):
        yield CaseKind.LIMIT_BREACHED, each(lambda month: _breached(row, truth, month))
    if row.shape is Shape.SERVICE:
        yield CaseKind.SERVICE_STANDARD, each(lambda month: _breached(row, truth, month))
    if row.shape is Shape.SPLIT:
        yield CaseKind.GAP_WIDENING, each(lambda month: _wider(truth, month))


def _achieved(row: Watched, value: float) -> float:
    sign = 1 if row.rises else -1
    return sign * (value - (row.baseline or 0.0)) / row.distance


def _expected_share(row: Watched, total: Sequence[float], month: int) -> float:
    length = 12 * (row.until - FIRST_YEAR + 1)
    linear = min((month + 1) / length, 1.0)
    year, within = divmod(month, 12)
    if row.shape is not Shape.TOTAL or year == 0:
        return linear
    before = total[12 * (year - 1) - 1] if year > 1 else 0.0
    share = (total[12 * (year - 1) + within] - before) / (total[12 * year - 1] - before)
    return (year + share) / (length / 12)


def _behind(row: Watched, truth: Latent, month: int, threshold: float, from_share: float) -> State:
    if _expected_share(row, truth.total, month) < from_share:
        return State.GOOD
    achieved = _achieved(row, truth.total[month])
    if achieved >= 1:
        return State.GOOD
    if row.shape is Shape.WORK and period_of(month).end >= date(row.until, 12, 31):
        return State.BAD if achieved < 1 - GREY_SHARE / 2 else State.GREY
    if row.shape is Shape.PATH and achieved < -GREY_SHARE:
        return State.GREY  # the wrong way is worse than behind, and has a kind of its own
    index = achieved / _expected_share(row, truth.total, month)
    return _graded(threshold - index, GREY_INDEX)


def _reversed(row: Watched, truth: Latent, month: int) -> State:
    return _graded(-_achieved(row, truth.total[month]), GREY_SHARE)


def _will_miss(row: Watched, truth: Latent, month: int, threshold: float) -> State:
    """On schedule, but at the pace of the last twelve months the target is missed."""
    achieved = _achieved(row, truth.total[month])
    if month < FORECAST_FROM or achieved >= 1:
        return State.GOOD
    on_time = schedule_index(row, truth, month) - threshold
    pace = achieved - _achieved(row, truth.total[month - 12])
    left = (12 * (row.until - FIRST_YEAR + 1) - 1 - month) / 12
    misses = _graded(1 - (achieved + pace * left), GREY_SHARE)
    if on_time < -GREY_INDEX:
        return State.GOOD
    return State.GREY if misses is State.BAD and on_time < GREY_INDEX else misses


def _breached(row: Watched, truth: Latent, month: int) -> State:
    beyond = row.target - truth.total[month] if row.rises else truth.total[month] - row.target
    return _graded(beyond, row.noise)


def _wider(truth: Latent, month: int) -> State:
    gaps = [truth.urban[at] - truth.rural[at] for at in range(max(month - 12, 0), month + 1)]
    return _graded(gaps[-1] - min(gaps) - WIDER_BY, GREY_GAP)


def _graded(by: float, grey: float) -> State:
    if by > grey:
        return State.BAD
    return State.GREY if by > -grey else State.GOOD


def _stretches(key: str, kind: CaseKind, states: Sequence[State], needed: int) -> Iterator[Trouble]:
    """Runs of months that are not good, each from its first bad month on; a grey month does not interrupt a run."""
    month = 0
    while month < len(states):
        if states[month] is State.GOOD:
            month += 1
            continue
        end = next((at for at in range(month, len(states)) if states[at] is State.GOOD), len(states))
        bad = [at for at in range(month, end) if states[at] is State.BAD]
        is_borderline = len(bad) < needed
        yield Trouble(key, "_T", kind, bad[0] if bad else month, end, is_borderline)
        if bad and bad[0] > month:
            yield Trouble(key, "_T", kind, month, bad[0], True)
        month = end


def _overdue(row: Watched, sent: Sent, months: int, last_day: date) -> Iterator[Trouble]:
    """Days on which a report was missing, from what was really sent."""
    spans = []
    for month in range(months):
        onset = period_of(month).end + timedelta(days=LAST_DAY_ALLOWED + 1)
        known = sent.get((row.key, "_T", month), [])
        arrival = _local_day(known[0].received_at) if known else last_day + timedelta(days=1)
        if onset <= last_day and arrival >= onset:
            spans.append((onset.toordinal(), arrival.toordinal() + 1))
    while spans:
        first, end = spans.pop(0)
        while spans and spans[0][0] <= end:
            end = max(end, spans.pop(0)[1])
        yield Trouble(row.key, "_T", CaseKind.OVERDUE_REPORT, first, end, False)


def _doubtful(fault: Fault) -> Trouble:
    end = fault.end if fault.is_mended else fault.start + DOUBT_MONTHS
    return Trouble(fault.where, "_T", CaseKind.DATA_QUALITY, fault.start, end, False)


def _local_day(moment: datetime) -> date:
    return moment.astimezone(LOCAL_TIME).date()
