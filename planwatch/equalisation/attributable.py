"""Population-attributable risk and fraction: what all would gain if every group stood where the best one does."""

from __future__ import annotations

from math import sqrt

from planwatch.equalisation.group import Comparison, Shares
from planwatch.equalisation.measure import Measure, MeasureCode
from planwatch.plan import Direction


def measure_attributable(shares: Shares, comparison: Comparison, *, ordered: bool) -> list[Measure]:
    """PAR = best - mean and PAF = 100 PAR / mean; 0 where the best-off group is not the better one.

    The best is the best-off group of an order, else the group with the best figure. Standard error: S. D. Walter,
    Int J Epidemiol 7 (1978) 175, of the fourfold table of people; it needs the scale of the figure.
    """
    position = len(shares.values) - 1 if ordered else _best(shares, comparison)
    gain = shares.values[position] - shares.mean
    better = gain > 0 if comparison.direction is Direction.INCREASE else gain < 0
    risk = gain if better else 0.0
    fraction_error = _walter(shares, position, comparison.scale)
    reason = "no_scale" if comparison.scale is None else "denominator_zero" if fraction_error is None else None
    error = None if fraction_error is None else abs(shares.mean) * fraction_error
    measures = [Measure(MeasureCode.POPULATION_ATTRIBUTABLE_RISK, risk, error, reason)]
    if shares.mean <= 0:
        return [*measures, Measure(MeasureCode.POPULATION_ATTRIBUTABLE_FRACTION, None, None, "mean_not_positive")]
    in_per_cent = None if fraction_error is None else 100 * fraction_error
    fraction = 100 * risk / shares.mean
    return [*measures, Measure(MeasureCode.POPULATION_ATTRIBUTABLE_FRACTION, fraction, in_per_cent, reason)]


def _best(shares: Shares, comparison: Comparison) -> int:
    wanted = max(shares.values) if comparison.direction is Direction.INCREASE else min(shares.values)
    return shares.values.index(wanted)


def _walter(shares: Shares, position: int, scale: float | None) -> float | None:
    """Standard error of the attributable fraction, as a share; None where the fourfold table has an empty margin."""
    if scale is None:
        return None
    total, people = shares.total, shares.populations[position]
    c = shares.values[position] / scale * people
    d = people - c
    a = shares.mean / scale * total - c
    b = total - a - people
    margins = (a + c) ** 3 * (c + d) ** 3
    variance = c * total * (a * d * (total - c) + b * c * c)
    return sqrt(variance / margins) if margins > 0 and variance >= 0 else None
