"""Difference and ratio: the two groups that are furthest apart, by the natural order or by their figures."""

from __future__ import annotations

from math import hypot

from planwatch.equalisation.group import Comparison, Shares
from planwatch.equalisation.measure import Measure, MeasureCode
from planwatch.equalisation.unordered import reference_value
from planwatch.plan import Direction


def measure_extremes(shares: Shares, comparison: Comparison, *, ordered: bool) -> list[Measure]:
    """D = a - b and R = a / b with the signs of the World Health Organization.

    Ordered groups: best-off less worst-off where more is better, the other way round where less is better. Unordered:
    highest less lowest (the reference group less the lowest), the other way round where less is better.
    """
    if len(shares.values) < 2:
        return [_undefined(code, "one_group") for code in (MeasureCode.DIFFERENCE, MeasureCode.RATIO)]
    if comparison.reference is not None and not ordered and reference_value(shares, comparison) is None:
        return [_undefined(code, "reference_missing") for code in (MeasureCode.DIFFERENCE, MeasureCode.RATIO)]
    upper, lower = _ends(shares, comparison, ordered=ordered)
    if comparison.direction is Direction.DECREASE:
        upper, lower = lower, upper
    a, b = shares.values[upper], shares.values[lower]
    errors = None if shares.errors is None else (shares.errors[upper], shares.errors[lower])
    return [_difference(a, b, errors), _ratio(a, b, errors)]


def _ends(shares: Shares, comparison: Comparison, *, ordered: bool) -> tuple[int, int]:
    """Positions of the group that stands for the top and the one that stands for the bottom."""
    if ordered:
        return len(shares.values) - 1, 0
    lowest = shares.values.index(min(shares.values))
    if comparison.reference is not None:
        return shares.names.index(comparison.reference), lowest
    return shares.values.index(max(shares.values)), lowest


def _difference(a: float, b: float, errors: tuple[float, float] | None) -> Measure:
    error = None if errors is None else hypot(*errors)
    return Measure(MeasureCode.DIFFERENCE, a - b, error, "no_se" if error is None else None)


def _ratio(a: float, b: float, errors: tuple[float, float] | None) -> Measure:
    if b == 0:
        return _undefined(MeasureCode.RATIO, "denominator_zero")
    if errors is None:
        return Measure(MeasureCode.RATIO, a / b, None, "no_se")
    if a <= 0 or b < 0:
        return Measure(MeasureCode.RATIO, a / b, None, "denominator_zero")
    return Measure(MeasureCode.RATIO, a / b, hypot(errors[0] / a, errors[1] / b))


def _undefined(code: MeasureCode, reason: str) -> Measure:
    return Measure(code, None, None, reason)
