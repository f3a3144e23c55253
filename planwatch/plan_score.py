"""得分: what the score of a plan is made of, from the verdicts that stand on its main table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planwatch.breakdown import BrokenDownFigure, Dimension, grouped
from planwatch.composite import IndicatorShare, Score, score_plan, target_value_share
from planwatch.language import Text
from planwatch.plan import Indicator, Plan
from planwatch.weighting import Weights, entropy_weights, equal_weights, given_weights


class Weighting(StrEnum):
    """How indicators are weighted."""

    EQUAL = "equal"
    ENTROPY = "entropy"
    GIVEN = "given"


WEIGHTING_NAMES = {
    Weighting.EQUAL: Text("等权", "equal weights"),
    Weighting.ENTROPY: Text("熵权", "entropy weights"),
    Weighting.GIVEN: Text("给定权重", "given weights"),
}


@dataclass(frozen=True, slots=True)
class StandingFigure:
    """The newest verdict on the headline series of one indicator.

    Attributes:
        indicator_id: of the plan.
        time_period: a TIME_PERIOD; None where nothing was judged yet.
        value: OBS_VALUE.
        achieved_share: 1 is the target; None for a limit.
        simulated: the figure, or one that it rests on, was generated.
    """

    indicator_id: str
    time_period: str | None
    value: Decimal | None
    achieved_share: float | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class PlanScore:
    """A score with the weights and the figures that it rests on.

    Attributes:
        score: of the plan, down to the indicators.
        weighting: how they are weighted.
        weights: of the indicators; empty, with a reason, where there are none.
        figures: by indicator.
    """

    score: Score
    weighting: Weighting
    weights: Weights
    figures: Mapping[str, StandingFigure]

    @property
    def simulated(self) -> bool:
        """Whether a figure in it was generated."""
        return any(figure.simulated for figure in self.figures.values())


def equally_scored(plan: Plan, figures: Iterable[StandingFigure]) -> PlanScore:
    """Indicators count the same in their domain, domains the same in the plan."""
    weights = equal_weights([indicator.indicator_id for indicator in plan.indicators])
    return _scored(plan, figures, Weighting.EQUAL, weights)


def scored_as_given(plan: Plan, figures: Iterable[StandingFigure], given: Mapping[str, float]) -> PlanScore:
    """With the weights that somebody sets for every indicator."""
    weights = given_weights([indicator.indicator_id for indicator in plan.indicators], given)
    return _scored(plan, figures, Weighting.GIVEN, weights)


def scored_by_entropy(
    plan: Plan, figures: Iterable[StandingFigure], by_area: Mapping[str, Sequence[BrokenDownFigure]]
) -> PlanScore:
    """With weights from how far the areas within the plan's own differ.

    Args:
        plan: the plan.
        figures: standing verdicts.
        by_area: indicator → its figures in every area; an indicator that no area reports has no weight.
    """
    columns = {
        indicator.indicator_id: _by_area(plan, by_area.get(indicator.indicator_id, ())) for indicator in plan.indicators
    }
    reported = {indicator: column for indicator, column in columns.items() if column}
    areas = sorted({area for column in reported.values() for area in column})
    rows = {area: {indicator: column.get(area) for indicator, column in reported.items()} for area in areas}
    directions = {row.indicator_id: row.direction for row in plan.indicators if row.indicator_id in reported}
    return _scored(plan, figures, Weighting.ENTROPY, entropy_weights(rows, directions))


def share_of(indicator: Indicator, figure: StandingFigure | None) -> float | None:
    """What an indicator contributes: its achieved share, for a limit value ÷ target; None without a figure."""
    if figure is None:
        return None
    if not indicator.is_limit:
        return figure.achieved_share
    if figure.value is None:
        return None
    return target_value_share(figure.value, indicator.target.value, indicator.direction)


def _scored(plan: Plan, figures: Iterable[StandingFigure], weighting: Weighting, weights: Weights) -> PlanScore:
    standing = {figure.indicator_id: figure for figure in figures}
    shares = [
        IndicatorShare(row.indicator_id, row.domain, share_of(row, standing.get(row.indicator_id)))
        for row in plan.indicators
    ]
    score = score_plan(plan.plan_id, shares, weights, equal_domains=weighting is Weighting.EQUAL)
    return PlanScore(score, weighting, weights, standing)


def _by_area(plan: Plan, figures: Sequence[BrokenDownFigure]) -> dict[str, float | None]:
    """Area → figure, of the newest period in which an area reports the indicator."""
    every = grouped(plan, figures, Dimension.AREA, {})
    if not every:
        return {}
    newest = max(every, key=lambda period: (period.end, period.days))
    return {group.name: group.value for group in every[newest]}
