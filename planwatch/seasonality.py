"""Seasons of a series with several figures a year, taken out before its trend is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise
from statistics import fmean, median

SLACK = 0.02
"""Difference of two times, in years, that is still the same time of the year."""


@dataclass(frozen=True, slots=True)
class Seasons:
    """The pattern inside a year.

    Attributes:
        per_year: how many figures a year has, e.g. 12.
        effects: season (0 ends with the year) → what it adds to the trend (indicator's unit); the effects of the
            seasons that have been seen in two years or more.
    """

    per_year: int
    effects: Mapping[int, float]

    @property
    def step(self) -> float:
        """Years from one figure to the next."""
        return 1 / self.per_year

    def covers(self, at: float) -> bool:
        """Whether the season at this time is known."""
        return season_at(at, self.per_year) in self.effects

    def effect(self, at: float) -> float:
        """What the season at this time adds to the trend; 0 for one that is not known."""
        return self.effects.get(season_at(at, self.per_year), 0.0)

    def year_apart(self, times: Sequence[float]) -> list[tuple[int, int]]:
        """Positions of the pairs of times that lie one year apart."""
        return list(_year_apart(tuple(times)))


def season_at(at: float, per_year: int) -> int:
    """Which season ends at a time: 0 is the one that ends with the year."""
    return round((at - int(at)) * per_year) % per_year


def seasons_of(times: Sequence[float], values: Sequence[float]) -> Seasons | None:
    """The seasons of a series; None for a series with one figure a year or fewer.

    Args:
        times: rising, in years; at least two.
        values: of those times.
    Source: seasonal slope of R. M. Hirsch and J. R. Slack, Water Resources Research 20 (1984) 727; the effect of a
        season is the median of what is left of its figures when the slope is taken away.
    """
    step = median(later - earlier for earlier, later in pairwise(times))
    per_year = round(1 / step)
    if per_year <= 1:
        return None
    seasons = [season_at(time, per_year) for time in times]
    slopes = [(values[j] - values[i]) / (times[j] - times[i]) for i, j in _of_one_season(tuple(seasons))]
    if not slopes:
        return Seasons(per_year, {})
    slope = median(slopes)
    left: dict[int, list[float]] = {}
    for time, value, season in zip(times, values, seasons, strict=True):
        left.setdefault(season, []).append(value - slope * (time - times[0]))
    middles = {season: median(rest) for season, rest in left.items() if len(rest) > 1}
    level = fmean(middles.values())
    return Seasons(per_year, {season: middle - level for season, middle in middles.items()})


@lru_cache(maxsize=512)
def _year_apart(times: tuple[float, ...]) -> tuple[tuple[int, int], ...]:
    """The pairs of times one year apart; the series of one calendar share them."""
    return tuple((i, j) for i, j in combinations(range(len(times)), 2) if abs(times[j] - times[i] - 1) < SLACK)


@lru_cache(maxsize=512)
def _of_one_season(seasons: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((i, j) for i, j in combinations(range(len(seasons)), 2) if seasons[i] == seasons[j])
