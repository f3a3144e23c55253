"""Measures of groups without a natural order: areas, urban and rural, kinds of household."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, log, sqrt

from planwatch.equalisation.group import Comparison, Shares
from planwatch.equalisation.measure import Measure, MeasureCode
from planwatch.plan import Direction

ALMOST_ZERO = 1e-6
"""What stands in for a figure of zero under a logarithm, as the World Health Organization's package has it."""

PER_MILLE = 1000
"""Theil index and mean log deviation are published times one thousand; so are their standard errors here."""

EVEN = {
    MeasureCode.MEAN_DIFFERENCE_FROM_MEAN_UNWEIGHTED,
    MeasureCode.MEAN_DIFFERENCE_FROM_BEST_UNWEIGHTED,
    MeasureCode.MEAN_DIFFERENCE_FROM_REFERENCE_UNWEIGHTED,
}
"""Mean differences in which every group counts the same."""


def measure_spread(shares: Shares, comparison: Comparison) -> list[Measure]:
    """The measures of three and more unordered groups, in the order of `MeasureCode`."""
    return [
        *_variances(shares),
        *_mean_differences(shares, comparison),
        *_disparities(shares),
        *_entropies(shares),
    ]


def _variances(shares: Shares) -> list[Measure]:
    deviations = [value - shares.mean for value in shares.values]
    variance = fsum(p * d**2 for p, d in zip(shares.weights, deviations, strict=True))
    error = None if shares.errors is None else _variance_error(shares.weights, shares.errors, deviations)
    deviation = sqrt(variance)
    return [
        Measure(MeasureCode.BETWEEN_GROUP_VARIANCE, variance, error, "no_se" if error is None else None),
        Measure(MeasureCode.BETWEEN_GROUP_SD, deviation, None, "by_simulation"),
        _relative(MeasureCode.COEFFICIENT_OF_VARIATION, deviation, shares.mean),
    ]


def _variance_error(weights: Sequence[float], errors: Sequence[float], deviations: Sequence[float]) -> float:
    """Source: Ahn et al. (2018), between-group variance."""
    pairs = list(zip(weights, errors, strict=True))
    of_deviations = fsum((p * se * d) ** 2 for (p, se), d in zip(pairs, deviations, strict=True))
    of_mean = fsum((p * se) ** 2 for p, se in pairs)
    fourth = fsum((p * se) ** 4 for p, se in pairs)
    rest = fsum((p * (1 - p)) ** 2 * se**4 for p, se in pairs)
    return sqrt(4 * of_deviations + 2 * (of_mean**2 - fourth + rest))


def _mean_differences(shares: Shares, comparison: Comparison) -> list[Measure]:
    best = max(shares.values) if comparison.direction is Direction.INCREASE else min(shares.values)
    mean, reference = shares.mean, reference_value(shares, comparison)
    absent = "no_reference" if comparison.reference is None else "reference_missing"
    return [
        _mean_difference(MeasureCode.MEAN_DIFFERENCE_FROM_MEAN, shares, mean, absent),
        _mean_difference(MeasureCode.MEAN_DIFFERENCE_FROM_MEAN_UNWEIGHTED, shares, mean, absent),
        _mean_difference(MeasureCode.MEAN_DIFFERENCE_FROM_BEST, shares, best, absent),
        _mean_difference(MeasureCode.MEAN_DIFFERENCE_FROM_BEST_UNWEIGHTED, shares, best, absent),
        _mean_difference(MeasureCode.MEAN_DIFFERENCE_FROM_REFERENCE, shares, reference, absent),
        _mean_difference(MeasureCode.MEAN_DIFFERENCE_FROM_REFERENCE_UNWEIGHTED, shares, reference, absent),
    ]


def _mean_difference(code: MeasureCode, shares: Shares, point: float | None, absent: str) -> Measure:
    if point is None:
        return Measure(code, None, None, absent)
    return Measure(code, _distance(shares, point, even=code in EVEN), None, "by_simulation")


def _distance(shares: Shares, point: float, *, even: bool) -> float:
    weights = [1 / len(shares.values)] * len(shares.values) if even else shares.weights
    return fsum(p * abs(value - point) for p, value in zip(weights, shares.values, strict=True))


def _disparities(shares: Shares) -> list[Measure]:
    weighted, even = (_distance(shares, shares.mean, even=even) for even in (False, True))
    return [
        _relative(MeasureCode.INDEX_OF_DISPARITY, weighted, shares.mean),
        _relative(MeasureCode.INDEX_OF_DISPARITY_UNWEIGHTED, even, shares.mean),
    ]


def _relative(code: MeasureCode, absolute: float, mean: float) -> Measure:
    if mean <= 0:
        return Measure(code, None, None, "mean_not_positive")
    return Measure(code, 100 * absolute / mean, None, "by_simulation")


def _entropies(shares: Shares) -> list[Measure]:
    codes = (MeasureCode.THEIL_INDEX, MeasureCode.MEAN_LOG_DEVIATION)
    if min(shares.values) < 0:
        return [Measure(code, None, None, "negative_value") for code in codes]
    values = [value or ALMOST_ZERO for value in shares.values]
    mean = fsum(p * value for p, value in zip(shares.weights, values, strict=True))
    ratios = [value / mean for value in values]
    pairs = list(zip(shares.weights, ratios, strict=True))
    theil = fsum(p * r * log(r) for p, r in pairs)
    deviation = fsum(-p * log(r) for p, r in pairs)
    if shares.errors is None:
        errors: tuple[float | None, float | None] = (None, None)
    else:
        centre = fsum(p * r * (1 + log(r)) for p, r in pairs)
        slopes = [(1 + log(r) - centre, 1 - 1 / r) for r in ratios]
        spreads = [p * se / mean for p, se in zip(shares.weights, shares.errors, strict=True)]
        errors = (
            sqrt(fsum((s * slope) ** 2 for s, (slope, _) in zip(spreads, slopes, strict=True))),
            sqrt(fsum((s * slope) ** 2 for s, (_, slope) in zip(spreads, slopes, strict=True))),
        )
    return [
        Measure(
            code,
            max(value, 0.0) * PER_MILLE,
            None if error is None else error * PER_MILLE,
            "no_se" if error is None else None,
        )
        for code, value, error in zip(codes, (theil, deviation), errors, strict=True)
    ]


def reference_value(shares: Shares, comparison: Comparison) -> float | None:
    """The figure of the group that the others are held against; None where none is named or it has no figure."""
    return dict(zip(shares.names, shares.values, strict=True)).get(comparison.reference or "")
