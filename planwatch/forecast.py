"""Will the target be reached? The value to expect, how likely the target is, and the pace against the one needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor, fsum

from planwatch.language import Text
from planwatch.period import year_fraction
from planwatch.plan import Target
from planwatch.plan_terms import Comparator
from planwatch.prediction import UNBOUNDED, Bounds, Prediction, SeriesPoint, predict, robust_slope

CONFIDENCE = 0.8
"""Probability with which the interval of a forecast holds the value."""

ONE_YEAR = 0.98
"""Least distance in years between two figures whose difference is a pace per year; months differ a little in length."""

SAME_PACE = 1e-9
"""Relative difference between two paces that is rounding."""

REASONS = {
    "too_few_points": Text("不足三个数据点，不作预测", "fewer than three figures; nothing is forecast"),
    "season_unknown": Text(
        "年内各期数据不足两年，季节性不明，不作预测", "fewer than two years of this season; nothing is forecast"
    ),
    "target_year_over": Text("目标年份已有数据，以实际数为准", "the target year has its figure; it decides"),
}
"""Why there is no forecast, by reason code."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the series lets one expect of the target; a field is None where it has no meaning.

    Attributes:
        value: at the target's date (indicator's unit).
        low: lower end of the interval (indicator's unit).
        high: upper end of the interval (indicator's unit).
        confidence: probability with which the interval holds the value.
        probability: that the value satisfies the target's comparator.
        pace: robust change per year so far (indicator's unit).
        pace_needed: change per year needed from the last figure on (indicator's unit); 0 if the target is met.
        best_pace: best change over one year ever seen in the series, in the target's direction (indicator's unit).
        reached_in: first year at whose end the target is met at the present pace; None if never at this pace.
        reason: code of `REASONS`; None where there is a forecast.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    probability: float | None = None
    pace: float | None = None
    pace_needed: float | None = None
    best_pace: float | None = None
    reached_in: int | None = None
    reason: str | None = None

    @property
    def pace_ratio(self) -> float | None:
        """Pace needed ÷ best pace ever seen; above 1 the series has never been fast enough. None if it never moved."""
        if self.pace_needed is None or not self.best_pace or self.pace_needed / self.best_pace < 0:
            return None
        return self.pace_needed / self.best_pace


def forecast_target(
    points: Sequence[SeriesPoint], target: Target, *, bounds: Bounds = UNBOUNDED, confidence: float = CONFIDENCE
) -> Forecast:
    """Forecast a figure that stands for itself: a rate, a level, a running stock.

    Args:
        points: the series as far as it is known, at different times, in any order; in the unit of the target.
        target: value, comparator and date.
        bounds: smallest and greatest possible value.
        confidence: of the interval.
    Returns:
        The forecast; with fewer than three points a reason, and the paces as far as two points give them.
    Source: docs/forecast.md.
    """
    known = sorted(points, key=lambda point: point.time)
    paces = _paces(known, target)
    at = year_fraction(target.period.end)
    if known and known[-1].time >= at:
        return _decided(known, target, at, paces)
    prediction = predict(known, at, bounds=bounds)
    return _forecast(prediction, target, paces, confidence)


def falls_short(pace: float | None, pace_needed: float | None) -> bool:
    """Whether a pace is less than the one needed, in its direction; False where the target is met or one is unknown."""
    return pace is not None and bool(pace_needed) and pace / (pace_needed or 1.0) < 1 - SAME_PACE


def forecast_total(
    flows: Sequence[SeriesPoint], so_far: Decimal, target: Target, *, confidence: float = CONFIDENCE
) -> Forecast:
    """Forecast a total to which every year adds.

    The years to come are forecast one by one; their errors are taken to go together, which is the careful side.

    Args:
        flows: what each whole year added, plan years and earlier ones, in any order; in the unit of the target.
        so_far: the total at the end of the last of these years.
        target: of the total; its date is the end of a year.
        confidence: of the interval.
    Returns:
        The forecast; its paces are yearly flows, `pace` the middle one.
    """
    known = sorted(flows, key=lambda point: point.time)
    at = year_fraction(target.period.end)
    if known and known[-1].time >= at:
        return _decided([SeriesPoint(known[-1].time, so_far)], target, at, Forecast())
    years = [] if not known else [known[-1].time + ahead for ahead in range(1, round(at - known[-1].time) + 1)]
    coming = [predict(known, year, bounds=(Decimal(0), None)) for year in years]
    paces = _flow_paces(known, so_far, target)
    reasons = [prediction for prediction in coming if isinstance(prediction, str)]
    if reasons or not coming:
        return _forecast(reasons[0] if reasons else "too_few_points", target, paces, confidence)
    sure = [prediction for prediction in coming if isinstance(prediction, Prediction)]
    total = float(so_far) + fsum(prediction.value for prediction in sure)
    scale = fsum(prediction.scale for prediction in sure)
    return _forecast(Prediction(total, scale, (so_far, None), sure[0].unit), target, paces, confidence)


def _forecast(prediction: Prediction | str, target: Target, paces: Forecast, confidence: float) -> Forecast:
    if isinstance(prediction, str):
        value = low = high = probability = stated = None
        reason: str | None = prediction
    else:
        value, stated, reason = prediction.value, confidence, None
        low, high = prediction.interval(confidence)
        probability = prediction.probability(target.comparator, target.value)
    return Forecast(
        value=value,
        low=low,
        high=high,
        confidence=stated,
        probability=probability,
        pace=paces.pace,
        pace_needed=paces.pace_needed,
        best_pace=paces.best_pace,
        reached_in=paces.reached_in,
        reason=reason,
    )


def _decided(known: Sequence[SeriesPoint], target: Target, at: float, paces: Forecast) -> Forecast:
    """The target's date is past: its figure, or the last one before it where that was not reported."""
    last = [point for point in known if point.time <= at][-1:] or known[:1]
    value = last[0].value
    return Forecast(
        value=float(value),
        probability=float(target.met_by(value)),
        pace=paces.pace,
        best_pace=paces.best_pace,
        reason="target_year_over",
    )


def _paces(known: Sequence[SeriesPoint], target: Target) -> Forecast:
    if len(known) < 2:
        return Forecast()
    last, at = known[-1], year_fraction(target.period.end)
    pace = robust_slope(known)
    return Forecast(
        pace=pace,
        pace_needed=_pace_needed(last.value, target, at - last.time),
        best_pace=_best(_yearly_changes(known), target),
        reached_in=_reached_in(last, pace, target),
    )


def _flow_paces(known: Sequence[SeriesPoint], so_far: Decimal, target: Target) -> Forecast:
    if not known:
        return Forecast()
    last, at = known[-1], year_fraction(target.period.end)
    flows = sorted(float(point.value) for point in known)
    middle = (flows[(len(flows) - 1) // 2] + flows[len(flows) // 2]) / 2
    return Forecast(
        pace=middle,
        pace_needed=_pace_needed(so_far, target, at - last.time),
        best_pace=_best(flows, target),
        reached_in=_reached_in(SeriesPoint(last.time, so_far), middle, target),
    )


def _pace_needed(value: Decimal, target: Target, years: float) -> float | None:
    if target.met_by(value):
        return 0.0
    return float(target.value - value) / years if years > 0 else None


def _yearly_changes(known: Sequence[SeriesPoint]) -> list[float]:
    """Change per year from each point to the first one that is a year later."""
    changes = []
    for position, point in enumerate(known):
        later = next((other for other in known[position + 1 :] if other.time - point.time >= ONE_YEAR), None)
        if later is not None:
            changes.append(float(later.value - point.value) / (later.time - point.time))
    return changes


def _best(changes: Sequence[float], target: Target) -> float | None:
    if not changes:
        return None
    return max(changes) if _wants_more(target) else min(changes)


def _reached_in(last: SeriesPoint, pace: float, target: Target) -> int | None:
    """The year at whose end the target is first met; a strict comparator wants a moment more than equality."""
    if target.met_by(last.value):
        return ceil(last.time)
    missing = float(target.value - last.value)
    strict = target.comparator in (Comparator.GREATER, Comparator.LESS)
    if missing == 0 and strict:
        moves = pace > 0 if _wants_more(target) else pace < 0
        return floor(last.time) + 1 if moves else None
    if pace == 0 or missing / pace < 0:
        return None
    reached = round(last.time + missing / pace, 9)
    return floor(reached) + 1 if strict else ceil(reached)


def _wants_more(target: Target) -> bool:
    return target.comparator in (Comparator.GREATER, Comparator.AT_LEAST)
