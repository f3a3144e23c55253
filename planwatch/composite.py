"""综合指数: scores of domains and of a plan from achieved shares, each of which can be traced to its indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from math import fsum

from planwatch.language import Text
from planwatch.plan import Direction
from planwatch.weighting import Weights

FULL = 100.0
DATA_THRESHOLD = 0.8
"""Share of the weight that must have figures for a score to be given: the SDSN's index lets 20 per cent be missing."""

ROUNDING = 1e-9
"""By how much a sum of weights may miss what it stands for."""

REASONS = {
    "too_few_data": Text("有数指标的权重不足，不给分", "too little of the weight has figures for a score"),
    "no_weight": Text("没有有权重的指标", "no indicator has a weight"),
    "no_share": Text("该指标没有完成进度", "the indicator has no achieved share"),
}
"""Why there is no score, by reason code."""


class Tier(StrEnum):
    """What a score is of."""

    INDICATOR = "indicator"
    DOMAIN = "domain"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class IndicatorShare:
    """What a score is made of: `share` is the achieved share (1 is the target), None where it cannot be formed."""

    indicator_id: str
    domain: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """A score and what it is made of, down to the indicators.

    Attributes:
        tier: indicator, domain or plan.
        code: indicator id, domain code or plan id.
        value: from 0 to 100; None where it is not given.
        weight: in the score above it, among all its parts; 1 for a plan.
        contribution: points that it brings to the score above it; None where that or it has none.
        coverage: share of the weight below that has figures; 1 or 0 for an indicator.
        share: achieved share of an indicator, before it is capped.
        reason: code of `REASONS` where there is no value.
        parts: the scores it is made of.
    """

    tier: Tier
    code: str
    value: float | None
    weight: float
    contribution: float | None = None
    coverage: float = 0.0
    share: float | None = None
    reason: str | None = None
    parts: tuple[Score, ...] = ()

    @property
    def scored_weight(self) -> float:
        """Share of the weight of its parts that have a score: what the threshold is held against."""
        return fsum(part.weight for part in self.parts if part.value is not None)


def score_plan(
    plan_id: str,
    shares: Sequence[IndicatorShare],
    weights: Weights,
    *,
    equal_domains: bool,
    threshold: float = DATA_THRESHOLD,
) -> Score:
    """The score of a plan: the weighted mean of its domains' scores, each the weighted mean of capped shares times 100.

    An achieved share counts from 0 to 1: what is overfulfilled here does not make up for what is missing there. Where
    a figure is missing, the other weights take its place as long as the threshold is kept.

    Args:
        plan_id: code of the score.
        shares: of the indicators; one that has no weight is left out.
        weights: of the indicators over the whole plan.
        equal_domains: every domain counts the same (the usual companion of equal weights); otherwise a domain has the
            weight of its indicators together.
        threshold: share of the weight that must have a score, in a domain and in the plan; otherwise no score is given.
    """
    weighted = [share for share in shares if weights.weights.get(share.indicator_id, 0.0) > 0]
    if not weighted:
        return Score(Tier.PLAN, plan_id, None, 1.0, reason="no_weight")
    by_domain: dict[str, list[IndicatorShare]] = {}
    for share in weighted:
        by_domain.setdefault(share.domain, []).append(share)
    sums = {domain: fsum(weights.weights[part.indicator_id] for part in parts) for domain, parts in by_domain.items()}
    total = fsum(sums.values())
    domains = [
        _score_domain(
            domain, parts, weights.weights, 1 / len(by_domain) if equal_domains else sums[domain] / total, threshold
        )
        for domain, parts in by_domain.items()
    ]
    return _combine(Tier.PLAN, plan_id, domains, 1.0, threshold)


def target_value_share(value: Decimal, target: Decimal, direction: Direction) -> float | None:
    """The share of a limit, which has no way from a baseline to go: value ÷ target, the other way round for a ceiling.

    Returns:
        At least 1 where the limit is held; None where a quotient has no meaning (not above zero).
    Source: target-value method of the National Bureau of Statistics (全面建设小康社会统计监测方案, 2008).
    """
    if value <= 0 or target <= 0:
        return None
    return float(value / target if direction is Direction.INCREASE else target / value)


def _score_domain(
    domain: str, shares: Sequence[IndicatorShare], weights: Mapping[str, float], weight: float, threshold: float
) -> Score:
    total = fsum(weights[share.indicator_id] for share in shares)
    parts = [_score_indicator(share, weights[share.indicator_id] / total) for share in shares]
    return _combine(Tier.DOMAIN, domain, parts, weight, threshold)


def _score_indicator(share: IndicatorShare, weight: float) -> Score:
    if share.share is None:
        return Score(Tier.INDICATOR, share.indicator_id, None, weight, reason="no_share")
    capped = FULL * min(max(share.share, 0.0), 1.0)
    return Score(Tier.INDICATOR, share.indicator_id, capped, weight, coverage=1.0, share=share.share)


def _combine(tier: Tier, code: str, parts: Sequence[Score], weight: float, threshold: float) -> Score:
    """The weighted mean of the parts that have a score, if these have enough of the weight."""
    coverage = fsum(part.weight * part.coverage for part in parts)
    present = fsum(part.weight for part in parts if part.value is not None)
    if present <= 0 or present < threshold - ROUNDING:
        return Score(tier, code, None, weight, coverage=coverage, reason="too_few_data", parts=tuple(parts))
    traced = tuple(
        part if part.value is None else replace(part, contribution=part.value * part.weight / present) for part in parts
    )
    value = fsum(part.contribution for part in traced if part.contribution is not None)
    return Score(tier, code, min(value, FULL), weight, coverage=coverage, parts=traced)
