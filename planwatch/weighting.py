"""权重: equal, given, or from the spread of the figures between areas (熵权法)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, log

from planwatch.language import Text
from planwatch.plan import Direction

FEWEST_AREAS = 2

REASONS = {
    "too_few_areas": Text("完整有数的地区少于两个，熵权无从计算", "fewer than two areas have all figures"),
    "no_spread": Text("各地区全部指标都相同，熵权无从计算", "no indicator differs between the areas"),
    "weights_missing": Text("有指标未给权重", "an indicator has no given weight"),
    "weights_invalid": Text("权重不得为负，且不得全为零", "weights must not be negative, nor all zero"),
}
"""Why there are no weights, by reason code."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of indicators.

    Attributes:
        weights: indicator → weight; they add up to 1; empty where there are none.
        reason: code of `REASONS` where there are none.
        areas: the areas that entropy weights rest on.
        left_out: areas that lack a figure and so do not count for entropy weights.
    """

    weights: Mapping[str, float]
    reason: str | None = None
    areas: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def equal_weights(indicators: Sequence[str]) -> Weights:
    """The same weight for every indicator."""
    return Weights({indicator: 1 / len(indicators) for indicator in indicators})


def given_weights(indicators: Sequence[str], given: Mapping[str, float]) -> Weights:
    """The weights that a plan or an office sets, brought to a sum of 1."""
    if any(indicator not in given for indicator in indicators):
        return Weights({}, "weights_missing")
    total = fsum(given[indicator] for indicator in indicators)
    if total <= 0 or any(given[indicator] < 0 for indicator in indicators):
        return Weights({}, "weights_invalid")
    return Weights({indicator: given[indicator] / total for indicator in indicators})


def entropy_weights(figures: Mapping[str, Mapping[str, float | None]], directions: Mapping[str, Direction]) -> Weights:
    """Weights by entropy: the more an indicator tells the areas apart, the more it weighs.

    The figures are brought to 0..1 between the worst and the best area, P = x / sum x, e = -(1 / ln n) sum P ln P with
    0 ln 0 = 0, and w = (1 - e) / sum (1 - e). An indicator that is the same everywhere weighs nothing.

    Args:
        figures: area → indicator → figure; an area that lacks one is left out, and named.
        directions: indicator → whether more or less is better; its indicators are weighted.
    Source: the entropy weight method as used in Chinese evaluation practice; docs/composite.md.
    """
    complete = sorted(area for area, row in figures.items() if all(row.get(code) is not None for code in directions))
    left_out = tuple(sorted(set(figures) - set(complete)))
    if len(complete) < FEWEST_AREAS:
        return Weights({}, "too_few_areas", tuple(complete), left_out)
    spreads = {
        code: 1 - _entropy([_known(figures[area][code]) for area in complete], direction)
        for code, direction in directions.items()
    }
    total = fsum(spreads.values())
    if total <= 0:
        return Weights({}, "no_spread", tuple(complete), left_out)
    return Weights({code: spread / total for code, spread in spreads.items()}, None, tuple(complete), left_out)


def _entropy(values: Sequence[float], direction: Direction) -> float:
    """How evenly an indicator is spread, e: from 0 (one area has it all) to 1 (the same everywhere)."""
    low, high = min(values), max(values)
    if low == high:
        return 1.0
    best_is_one = [
        (value - low if direction is Direction.INCREASE else high - value) / (high - low) for value in values
    ]
    total = fsum(best_is_one)
    shares = [value / total for value in best_is_one]
    return -fsum(share * log(share) for share in shares if share > 0) / log(len(values))


def _known(value: float | None) -> float:
    assert value is not None, "areas that lack a figure are left out before"
    return value
