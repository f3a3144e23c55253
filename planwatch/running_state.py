"""What is kept of a subject so that the next figure can be judged without reading its history again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from planwatch.observation import Observation
from planwatch.period import parse_period, year_fraction
from planwatch.plan import Indicator
from planwatch.plan_history import PlanHistory
from planwatch.schedule import Course, Start

WHOLE = date.min
"""Every figure of the subject has to be read."""

ALONE = date.max
"""Nothing has to be read beside the periods that arrived."""


@dataclass(frozen=True, slots=True)
class RunningState:
    """What the figures of a subject add up to, as known at the newest of them.

    Attributes:
        newest: when the newest figure was received.
        closings: year → total since the plan began through its end, where it is known.
        stand_in: the figure that stands in for a baseline that is not printed.
    """

    newest: datetime
    closings: Mapping[int, Decimal]
    stand_in: Start | None

    def as_mapping(self) -> dict[str, Any]:
        """Closings and stand-in as they are stored: decimals as text."""
        start = self.stand_in
        return {
            "closings": {str(year): f"{total:f}" for year, total in self.closings.items()},
            "stand_in": {"period": str(start.period), "value": f"{start.value:f}"} if start else None,
        }


def state_from_mapping(newest: datetime, document: Mapping[str, Any]) -> RunningState:
    """The state as `RunningState.as_mapping` wrote it."""
    stored = document["stand_in"]
    start = None
    if stored is not None:
        period = parse_period(stored["period"])
        start = Start(Decimal(stored["value"]), year_fraction(period.end), period, substituted=True)
    closings = {int(year): Decimal(total) for year, total in document["closings"].items()}
    return RunningState(newest, closings, start)


def needs_history(indicator: Indicator) -> bool:
    """Whether a verdict rests on more than the observation itself: totals, and a baseline that is not printed."""
    return indicator.is_total or indicator.needs_stand_in


def read_from(
    state: RunningState | None, plans: PlanHistory, indicator_id: str, arrivals: Sequence[Observation]
) -> date:
    """The first day of the figures that have to be read before `arrivals` can be judged.

    Args:
        state: of the subject; None if none is kept.
        plans: of its indicator.
        indicator_id: likewise.
        arrivals: in the order in which they will be judged.
    Returns:
        `WHOLE`, the first day of a year, or `ALONE`. What came in order needs no more than one year, two where the
        year before shapes the path; what came late, or before the baseline's stand-in, needs all.
    """
    versions = plans.versions_with(indicator_id)
    if not any(map(needs_history, versions)):
        return ALONE
    received = [arrival.received_at for arrival in arrivals]
    in_order = state is not None and all(
        earlier <= later for earlier, later in zip([state.newest, *received], received, strict=False)
    )
    if state is None or not in_order or plans.moments_after(indicator_id, received[0]) or not _alike(versions):
        return WHOLE
    if versions[-1].needs_stand_in:
        period = state.stand_in.period if state.stand_in else None
        is_later = period is not None and all(arrival.period.start > period.end for arrival in arrivals)
        return ALONE if is_later else WHOLE
    year = min(arrival.period.start.year for arrival in arrivals) - (1 if versions[-1].follows_last_year else 0)
    return date(year, 1, 1) if year > plans.current.first_day.year else WHOLE


def state_before(state: RunningState | None, first_day: date) -> RunningState | None:
    """The part of a state that says what came before the figures read from `first_day` on; None if those are all."""
    if state is None or first_day == WHOLE:
        return None
    return RunningState(
        state.newest, {year: total for year, total in state.closings.items() if year < first_day.year}, state.stand_in
    )


def state_after(course: Course, newest: datetime) -> RunningState:
    """The state after figures were taken in, from the course of the subject as known at the `newest` of them."""
    closings: dict[int, Decimal] = {}
    if course.totals is not None:
        years = range(course.plan.first_day.year, course.plan.last_day.year + 1)
        found = ((year, course.totals.through.get(date(year, 12, 31))) for year in years)
        closings = {year: total for year, total in found if total is not None}
    start = course.start if course.start is not None and course.start.substituted else None
    return RunningState(newest, closings, start)


def _alike(versions: Collection[Indicator]) -> bool:
    """Whether all versions of an indicator add up and start alike, so that one state serves them."""
    return len({(row.is_total, row.accumulation, row.needs_stand_in) for row in versions}) == 1
