"""The trend arrows of the Sustainable Development Report (SDSN): the pace of the score against the pace to green.

value: q = ((s1 - s0) / (t1 - t0)) / ((green - s0) / (T - t0)) on scores; None where the first or last score is green.
score: s1 = 100·(x - lower) / (optimum - lower), not cut off at 0 and 100.
Source: SDSN and IEEP, 2019 Europe Sustainable Development Report, annex 1, and its database (bounds and green
thresholds in the unit of the indicator): on track from q = 1, moderately improving from 0.5, stagnating from 0,
decreasing below; at green or beyond it is maintained, fallen below green is decreasing.
"""

from __future__ import annotations

from planwatch.methods.case import AGENDA_BASE_YEAR, AGENDA_TARGET_YEAR, MethodCase, MethodResult, Point, undefined
from planwatch.methods.ends import base_point
from planwatch.policy import AssessmentClass

ON_TRACK, IMPROVING = "on track or maintaining goal achievement", "moderately improving"
STAGNATING, DECREASING = "stagnating", "decreasing"
UNAVAILABLE = "trend information unavailable"
CLASSES = {
    ON_TRACK: AssessmentClass.ON_SCHEDULE,
    IMPROVING: AssessmentClass.LAGGING,
    STAGNATING: AssessmentClass.FAR_BEHIND,
    DECREASING: AssessmentClass.REVERSED,
}


def assess(case: MethodCase) -> MethodResult:
    """Assess one series.

    Args:
        case: `lower`, `optimum` and `green` in the unit of the values; `base_year` (default 2015; the year before or
            after it where it has no value, else the next one), `target_year` (default 2030). No target is needed.
    """
    if not case.points:
        return undefined("no_data", UNAVAILABLE)
    if case.green is None:
        return undefined("green_missing", UNAVAILABLE)
    if case.lower is None or case.optimum is None:
        return undefined("bounds_missing", UNAVAILABLE)
    if case.lower == case.optimum:
        return undefined("equal_bounds", UNAVAILABLE)
    base, latest = _start(case), case.points[-1]
    target_year = AGENDA_TARGET_YEAR if case.target_year is None else case.target_year
    if base is None:
        return undefined("no_value_since_base_year", UNAVAILABLE)
    if base.year >= latest.year:
        return undefined("one_value", UNAVAILABLE)
    if target_year <= base.year:
        return undefined("target_year_not_after_base", UNAVAILABLE)
    first, last, green = (score_of(value, case.lower, case.optimum) for value in (base.value, latest.value, case.green))
    if last >= green:
        return MethodResult(None, AssessmentClass.ACHIEVED, ON_TRACK, last, "target_met")
    if first >= green:
        return MethodResult(None, CLASSES[DECREASING], DECREASING, last, "target_met_at_base")
    pace = ((last - first) / (latest.year - base.year)) / ((green - first) / (target_year - base.year))
    published = _arrow(pace)
    return MethodResult(pace, CLASSES[published], published, last)


def score_of(value: float, lower: float, optimum: float) -> float:
    """Score of a value: 0 at `lower`, 100 at `optimum`, which is the smaller of the two where less is better."""
    return 100 * (value - lower) / (optimum - lower)


def _start(case: MethodCase) -> Point | None:
    year = AGENDA_BASE_YEAR if case.base_year is None else case.base_year
    by_year = {point.year: point for point in case.points}
    for near in (year, year - 1, year + 1):
        if near in by_year:
            return by_year[near]
    return base_point(case.points, year)


def _arrow(pace: float) -> str:
    if pace >= 1:
        return ON_TRACK
    if pace >= 0.5:
        return IMPROVING
    return STAGNATING if pace >= 0 else DECREASING
