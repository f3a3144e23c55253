"""Measures of groups with a natural order, worst-off first: income fifths, levels of schooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, exp, fsum, sqrt

from planwatch.equalisation.group import Comparison, Shares
from planwatch.equalisation.measure import Measure, MeasureCode

MOST_STEPS = 100
CONVERGED = 1e-12
STEEPEST = 40.0
"""A logit coefficient beyond this means that the groups are told apart completely: there is no finite slope."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A regression line on the rank from 0 to 1: intercept, slope and their covariances."""

    intercept: float
    slope: float
    covariance: tuple[float, float, float] | None


def ranks_of(weights: Sequence[float]) -> list[float]:
    """X: the middle of each group's stretch of the population, worst-off first, from 0 to 1."""
    return [end - weight / 2 for weight, end in zip(weights, accumulate(weights), strict=True)]


def measure_slopes(shares: Shares, comparison: Comparison) -> list[Measure]:
    """The measures of three and more ordered groups; `shares` holds the worst-off first."""
    return [*_concentration(shares), *_slope_indices(shares, comparison)]


def _concentration(shares: Shares) -> list[Measure]:
    """ACI = sum p (2X - 1) y and RCI = ACI / mu.

    Standard error: the convenient regression of Kakwani, Wagstaff and van Doorslaer, J Econometrics 77 (1997) 87.
    """
    ranks = ranks_of(shares.weights)
    index = fsum(p * (2 * x - 1) * y for p, x, y in zip(shares.weights, ranks, shares.values, strict=True))
    spread = fsum(p * (x - 0.5) ** 2 for p, x in zip(shares.weights, ranks, strict=True))
    scaled = [2 * spread * value for value in shares.values]
    line = _least_squares(shares.weights, ranks, scaled)
    rest = fsum(
        p * (y - line.intercept - line.slope * x) ** 2 for p, x, y in zip(shares.weights, ranks, scaled, strict=True)
    )
    error = sqrt(rest / (len(ranks) - 2) / spread)
    measures = [Measure(MeasureCode.ABSOLUTE_CONCENTRATION_INDEX, index, error)]
    if shares.mean <= 0:
        return [*measures, Measure(MeasureCode.RELATIVE_CONCENTRATION_INDEX, None, None, "mean_not_positive")]
    return [*measures, Measure(MeasureCode.RELATIVE_CONCENTRATION_INDEX, index / shares.mean, error / shares.mean)]


def _slope_indices(shares: Shares, comparison: Comparison) -> list[Measure]:
    codes = (MeasureCode.SLOPE_INDEX, MeasureCode.RELATIVE_INDEX)
    if len(set(shares.values)) == 1:
        return [Measure(code, float(code is codes[1]), None, "exact_fit") for code in codes]
    ranks = ranks_of(shares.weights)
    if comparison.scale is None:
        return _line_ends(_straight_line(shares.populations, ranks, shares.values))
    if not all(0 <= value <= comparison.scale for value in shares.values):
        return [Measure(code, None, None, "beyond_scale") for code in codes]
    line = _logistic_line(shares.populations, ranks, [value / comparison.scale for value in shares.values])
    if line is None:
        return [Measure(code, None, None, "no_convergence") for code in codes]
    return _curve_ends(line, comparison.scale)


def _line_ends(line: _Line) -> list[Measure]:
    bottom, top = line.intercept, line.intercept + line.slope
    slope = Measure(MeasureCode.SLOPE_INDEX, line.slope, _error(line, (0, 1)), _exact(line))
    if bottom <= 0 or top <= 0:
        return [slope, Measure(MeasureCode.RELATIVE_INDEX, None, None, "prediction_not_positive")]
    gradient = (1 / top - 1 / bottom, 1 / top)
    return [slope, Measure(MeasureCode.RELATIVE_INDEX, top / bottom, _error(line, gradient), _exact(line))]


def _curve_ends(line: _Line, scale: float) -> list[Measure]:
    bottom, top = _logistic(line.intercept), _logistic(line.intercept + line.slope)
    at_bottom, at_top = bottom * (1 - bottom), top * (1 - top)
    difference = _error(line, (scale * (at_top - at_bottom), scale * at_top))
    ratio = _error(line, ((1 - top) - (1 - bottom), 1 - top))
    return [
        Measure(MeasureCode.SLOPE_INDEX, scale * (top - bottom), difference, _exact(line)),
        Measure(MeasureCode.RELATIVE_INDEX, top / bottom, ratio, _exact(line)),
    ]


def _exact(line: _Line) -> str | None:
    return "exact_fit" if line.covariance is None else None


def _error(line: _Line, gradient: tuple[float, float]) -> float | None:
    """Standard error of a function of the line with this gradient (delta method)."""
    if line.covariance is None:
        return None
    (a, b), (aa, ab, bb) = gradient, line.covariance
    return sqrt(max(a * a * aa + 2 * a * b * ab + b * b * bb, 0.0))


def _straight_line(populations: Sequence[float], ranks: Sequence[float], values: Sequence[float]) -> _Line:
    line = _least_squares(populations, ranks, values)
    scores = [
        weight * (y - line.intercept - line.slope * x) for weight, x, y in zip(populations, ranks, values, strict=True)
    ]
    return _with_covariance(line, populations, scores, ranks)


def _logistic_line(populations: Sequence[float], ranks: Sequence[float], shares: Sequence[float]) -> _Line | None:
    """Binomial regression of the people counted in each group, as the published package fits it.

    The package rounds the people to whole ones and weights each group by its population once more on top of the
    binomial weight; the published values follow from that, so it is kept.
    """
    people = [ceil(population) for population in populations]
    counted = [round(share * count) / count for share, count in zip(shares, people, strict=True)]
    weights = [float(count * count) for count in people]
    line = _Line(0.0, 0.0, None)
    for _ in range(MOST_STEPS):
        fitted = [_logistic(line.intercept + line.slope * x) for x in ranks]
        variances = [max(mu * (1 - mu), 1e-300) for mu in fitted]
        working = [
            line.intercept + line.slope * x + (share - mu) / variance
            for x, share, mu, variance in zip(ranks, counted, fitted, variances, strict=True)
        ]
        steps = [weight * variance for weight, variance in zip(weights, variances, strict=True)]
        updated = _least_squares(steps, ranks, working)
        if abs(updated.intercept) > STEEPEST or abs(updated.slope) > STEEPEST:
            return None
        moved = abs(updated.intercept - line.intercept) + abs(updated.slope - line.slope)
        line = updated
        if moved < CONVERGED * (1 + abs(line.slope)):
            scores = [
                weight * (share - _logistic(line.intercept + line.slope * x))
                for weight, share, x in zip(weights, counted, ranks, strict=True)
            ]
            return _with_covariance(line, steps, scores, ranks)
    return None


def _with_covariance(line: _Line, weights: Sequence[float], scores: Sequence[float], ranks: Sequence[float]) -> _Line:
    """The line with its robust covariance, sandwich HC1 (n / (n - 2)); None where every residual is zero."""
    if all(abs(score) <= CONVERGED * weight for score, weight in zip(scores, weights, strict=True)):
        return line
    a, b, c = (fsum(w * x**power for w, x in zip(weights, ranks, strict=True)) for power in (0, 1, 2))
    d, e, f = (fsum((s * s) * x**power for s, x in zip(scores, ranks, strict=True)) for power in (0, 1, 2))
    determinant, count = a * c - b * b, len(ranks)
    factor = count / (count - 2) / determinant**2
    return _Line(
        line.intercept,
        line.slope,
        (
            factor * (c * c * d - 2 * b * c * e + b * b * f),
            factor * (-b * c * d + (a * c + b * b) * e - a * b * f),
            factor * (b * b * d - 2 * a * b * e + a * a * f),
        ),
    )


def _least_squares(weights: Sequence[float], xs: Sequence[float], ys: Sequence[float]) -> _Line:
    total = fsum(weights)
    x_mean = fsum(w * x for w, x in zip(weights, xs, strict=True)) / total
    y_mean = fsum(w * y for w, y in zip(weights, ys, strict=True)) / total
    spread = fsum(w * (x - x_mean) ** 2 for w, x in zip(weights, xs, strict=True))
    slope = fsum(w * (x - x_mean) * (y - y_mean) for w, x, y in zip(weights, xs, ys, strict=True)) / spread
    return _Line(y_mean - slope * x_mean, slope, None)


def _logistic(logit: float) -> float:
    return 1 / (1 + exp(-logit)) if logit > 0 else exp(logit) / (1 + exp(logit))
