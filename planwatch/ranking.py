"""排名: areas by a figure or a score; ties share a rank, and who has no figure has no rank but is listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from planwatch.language import Text
from planwatch.plan import Direction


@dataclass(frozen=True, slots=True)
class RankedArea:
    """One area of a ranking.

    Attributes:
        area: GB/T 2260 code.
        value: as it is printed; None where it is missing.
        rank: 1 is the best; areas that share a value share the rank, and the next one counts them all (1, 2, 2, 4);
            None without a value.
        tied: whether another area shares the rank.
        ranked: how many areas have a rank.
    """

    area: str
    value: Decimal | None
    rank: int | None
    tied: bool
    ranked: int

    @property
    def place(self) -> Text:
        """The place in words: 并列第2名（共4个）, 缺数，不排名."""
        if self.rank is None:
            return Text("缺数，不排名", "no figure, not ranked")
        together = ("并列", "tied ") if self.tied else ("", "")
        return Text(
            f"{together[0]}第{self.rank}名（{self.ranked} 个地区有数）",
            f"{together[1]}rank {self.rank} (of {self.ranked} with a figure)",
        )


def rank_areas(
    figures: Mapping[str, Decimal | float | None], direction: Direction = Direction.INCREASE, *, decimals: int = 2
) -> tuple[RankedArea, ...]:
    """Rank areas.

    Args:
        figures: area → figure or score, None where it is missing.
        direction: whether more or less is better.
        decimals: with which the values are printed; what is printed alike is tied, so that no reader sees two equal
            values with different ranks.
    Returns:
        Every area once, best first, tied ones by code, then those without a figure by code.
    """
    printed = {area: _printed(figure, decimals) for area, figure in figures.items() if figure is not None}
    best_first = sorted(printed.values(), reverse=direction is Direction.INCREASE)
    rows = [
        RankedArea(area, value, best_first.index(value) + 1, best_first.count(value) > 1, len(printed))
        for area, value in printed.items()
    ]
    rows.sort(key=lambda row: (row.rank or 0, row.area))
    rows += [RankedArea(area, None, None, False, len(printed)) for area in sorted(set(figures) - set(printed))]
    return tuple(rows)


def _printed(figure: Decimal | float, decimals: int) -> Decimal:
    exact = figure if isinstance(figure, Decimal) else Decimal(repr(figure))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=80))
