"""What a series will be at a later time, and how sure that is. Pure; the choice of the method is in docs/forecast.md.

From the last value on, the robust slope of the last ten years is followed, the less so the more it drowns in the
changes around it. The error is taken from how far the series has strayed from that slope; its tails are those of
Student's t with two degrees of freedom, because public statistics break.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import combinations, pairwise
from math import fsum, sqrt
from statistics import median

from planwatch.plan_terms import Comparator
from planwatch.seasonality import SLACK, Seasons, seasons_of

FEWEST_POINTS = 3
WINDOW_YEARS = 10.0
DOUBT = 4
"""Weight of the slope's squared standard error against its square in what is followed of it; found by the backtest."""
DRIFT_VARIANCE = 0.5
"""Share of the variance of one year's change that each year ahead adds; found by the backtest."""
NORMAL_FROM_MEAN = 1.2533
"""What turns the mean of absolute normal deviations into their standard deviation: sqrt(pi / 2)."""

Bounds = tuple[Decimal | None, Decimal | None]
UNBOUNDED: Bounds = (None, None)


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """One figure of a series: `time` in years (the end of 2021 is 2021.0), `value` in the indicator's unit."""

    time: float
    value: Decimal


@dataclass(frozen=True, slots=True)
class Prediction:
    """The distribution of a later value.

    Attributes:
        centre: its middle before bounds are minded (indicator's unit).
        scale: of its Student t distribution with two degrees of freedom (indicator's unit); more than 0.
        bounds: smallest and greatest possible value; what lies beyond counts as on them.
        unit: one in the last decimal that the series is printed with; a value is held against a target as printed.
    """

    centre: float
    scale: float
    bounds: Bounds = UNBOUNDED
    unit: float = 0.0

    @property
    def value(self) -> float:
        """The value that is as likely to be passed as to be missed (indicator's unit)."""
        return self._within(self.centre)

    def interval(self, confidence: float) -> tuple[float, float]:
        """The central interval that holds the value with this probability, e.g. 0.8 (indicator's unit)."""
        reach = student_quantile((1 + confidence) / 2) * self.scale
        return self._within(self.centre - reach), self._within(self.centre + reach)

    def probability(self, comparator: Comparator, target: Decimal) -> float:
        """How likely it is that the value satisfies `comparator` against `target`."""
        lower, upper = self.bounds
        if upper is not None and target >= upper:
            decided = _at_or_beyond_the_top(comparator, target, upper)
        elif lower is not None and target <= lower:
            decided = _at_or_beyond_the_bottom(comparator, target, lower)
        else:
            decided = None
        if decided is not None:
            return decided
        printed_so = self.unit / 2 if comparator in (Comparator.GREATER, Comparator.AT_MOST) else -self.unit / 2
        below = student_share((float(target) + printed_so - self.centre) / self.scale)
        return below if comparator in (Comparator.LESS, Comparator.AT_MOST) else 1 - below

    def _within(self, value: float) -> float:
        lower, upper = self.bounds
        if upper is not None:
            value = min(value, float(upper))
        return value if lower is None else max(value, float(lower))


def predict(points: Sequence[SeriesPoint], at: float, *, bounds: Bounds = UNBOUNDED) -> Prediction | str:
    """The value at a later time.

    Args:
        points: at different times, in any order; several a year make a seasonal series.
        at: in years, later than the last point.
        bounds: smallest and greatest possible value, None where open.
    Returns:
        The prediction, or the reason why there is none: `too_few_points`, `season_unknown`.
    Source: docs/forecast.md.
    """
    known = sorted(points, key=lambda point: point.time)
    if len(known) < FEWEST_POINTS:
        return "too_few_points"
    recent = [point for point in known if point.time > known[-1].time - WINDOW_YEARS]
    if len(recent) < FEWEST_POINTS:
        return "too_few_points"
    times, values = [point.time for point in recent], [float(point.value) for point in recent]
    seasons = seasons_of(times, values)
    if seasons is not None and not (seasons.covers(at) and seasons.covers(times[-1])):
        return "season_unknown"
    if seasons is not None and len(seasons.year_apart(times)) < FEWEST_POINTS - 1:
        return "too_few_points"
    trend = _trend(times, values, seasons)
    ahead = at - times[-1]
    seasonal = 0.0 if seasons is None else seasons.effect(at) - seasons.effect(times[-1])
    centre = values[-1] + seasonal + trend.slope * ahead
    unit = _last_decimal(recent)
    spread = max(trend.spread, unit / sqrt(6))  # what rounding alone does to the difference of two printed figures
    return Prediction(centre, spread * sqrt(DRIFT_VARIANCE * ahead + ahead**2 / trend.years), bounds, unit)


def robust_slope(points: Sequence[SeriesPoint]) -> float:
    """The median slope between the points of the same season, per year (Theil and Sen; Hirsch and Slack)."""
    return _median_slope([point.time for point in points], [float(point.value) for point in points])


def student_quantile(share: float) -> float:
    """The value below which this share of Student's t with two degrees of freedom lies."""
    return (2 * share - 1) * sqrt(1 / (2 * share * (1 - share)))


def student_share(value: float) -> float:
    """The share of Student's t with two degrees of freedom that lies below a value."""
    return 0.5 + value / (2 * sqrt(2 + value * value))


@dataclass(frozen=True, slots=True)
class _Trend:
    """The slope to follow, the spread of a year's change around it (both per year), and how many years speak for it."""

    slope: float
    spread: float
    years: float


def _trend(times: Sequence[float], values: Sequence[float], seasons: Seasons | None) -> _Trend:
    pairs = list(pairwise(range(len(times)))) if seasons is None else seasons.year_apart(times)
    changes = [(values[j] - values[i], times[j] - times[i]) for i, j in pairs]
    years = len(times) if seasons is None else times[-1] - times[0] + seasons.step
    seen = _median_slope(times, values)
    doubt = DOUBT * _spread(changes, seen) ** 2 / max(years - 1, 1)
    followed = seen * seen**2 / (seen**2 + doubt) * years / (years + 1) if seen else 0.0
    return _Trend(followed, _spread(changes, followed), years)


def _spread(changes: Sequence[tuple[float, float]], slope: float) -> float:
    """Standard deviation of a year's change around a slope, from the mean of absolute deviations."""
    strayed = fsum(abs(change - slope * years) / sqrt(years) for change, years in changes)
    return NORMAL_FROM_MEAN * strayed / (len(changes) - 1)


def _median_slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Over the pairs that lie whole years apart, so that seasons do not matter; over all pairs if none does."""
    return median((values[j] - values[i]) / (times[j] - times[i]) for i, j in _compared(tuple(times)))


@lru_cache(maxsize=512)
def _compared(times: tuple[float, ...]) -> tuple[tuple[int, int], ...]:
    """Positions of the pairs whose slopes count; the series of one calendar share them."""
    pairs = tuple(combinations(range(len(times)), 2))
    alike = tuple((i, j) for i, j in pairs if abs((times[j] - times[i]) - round(times[j] - times[i])) < SLACK)
    return alike or pairs


def _last_decimal(points: Sequence[SeriesPoint]) -> float:
    return float(10.0 ** min(0, *(int(point.value.as_tuple().exponent) for point in points)))


def _at_or_beyond_the_top(comparator: Comparator, target: Decimal, upper: Decimal) -> float | None:
    """The probability where the target is the greatest possible value or more; None where it is not thereby decided."""
    match comparator:
        case Comparator.GREATER:
            return 0.0
        case Comparator.AT_LEAST:
            return 0.0 if target > upper else None
        case Comparator.AT_MOST:
            return 1.0
        case Comparator.LESS:
            return 1.0 if target > upper else None


def _at_or_beyond_the_bottom(comparator: Comparator, target: Decimal, lower: Decimal) -> float | None:
    """The probability where the target is the smallest possible value or less; None where it is not thereby decided."""
    match comparator:
        case Comparator.LESS:
            return 0.0
        case Comparator.AT_MOST:
            return 0.0 if target < lower else None
        case Comparator.AT_LEAST:
            return 1.0
        case Comparator.GREATER:
            return 1.0 if target < lower else None
