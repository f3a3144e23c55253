"""汇总: from counties to cities to provinces, with how many areas reported, and whether a city's own figure agrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planwatch.area import NATIONAL
from planwatch.language import Text


class Aggregation(StrEnum):
    """How figures of parts make the figure of the whole.

    `COUNT` adds up whole things counted one by one (beds, UNIT_MULT 0), `SUM` amounts that were rounded (万张);
    `WEIGHTED_MEAN` is for rates.
    """

    COUNT = "count"
    SUM = "sum"
    WEIGHTED_MEAN = "weighted_mean"


@dataclass(frozen=True, slots=True)
class AreaFigure:
    """What one area reports for a period.

    Attributes:
        area: GB/T 2260 code.
        value: in the indicator's unit, as printed; None where it is missing.
        weight: population, or the denominator of a rate; None where it is not known. A sum needs none.
    """

    area: str
    value: Decimal | None
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rollup:
    """The figure of an area as its parts make it.

    Attributes:
        area: the whole, a GB/T 2260 code.
        value: in the indicator's unit, not rounded, of the parts that can be used; None where there are none.
        tolerance: by how much rounding alone can move the value (same unit).
        used: the parts in it.
        missing: the parts without a figure.
        unweighted: the parts that have a figure but no weight, where one is needed.
        weight_share: share of the weight of all parts that is in it; None where weights are not known or not needed.
    """

    area: str
    value: Decimal | None
    tolerance: Decimal
    used: tuple[str, ...]
    missing: tuple[str, ...]
    unweighted: tuple[str, ...]
    weight_share: Decimal | None

    @property
    def is_complete(self) -> bool:
        """Whether every part is in it."""
        return not self.missing and not self.unweighted

    @property
    def completeness(self) -> Text:
        """How many of the parts are in it, in words."""
        total = len(self.used) + len(self.missing) + len(self.unweighted)
        return Text(f"{total} 个地区中 {len(self.used)} 个已计入", f"{len(self.used)} of {total} areas")


@dataclass(frozen=True, slots=True)
class RollupFinding:
    """An area's own figure that is not what its parts make.

    Attributes:
        area: the whole.
        own: what it reports.
        rolled_up: what its parts make.
        tolerance: what rounding explains.
        reason: the finding in words.
    """

    area: str
    own: Decimal
    rolled_up: Decimal
    tolerance: Decimal
    reason: Text


def parent_of(area: str) -> str | None:
    """The area that one lies in directly: 640502 → 640500 → 640000 → 100000 → None."""
    if area == NATIONAL:
        return None
    if area.endswith("0000"):
        return NATIONAL
    return f"{area[:2]}0000" if area.endswith("00") else f"{area[:4]}00"


def roll_up(figures: Iterable[AreaFigure], expected: Iterable[str], aggregation: Aggregation) -> dict[str, Rollup]:
    """The figures of all areas above the lowest ones.

    Args:
        figures: what areas report for one period; figures of areas that have parts are not used.
        expected: the areas that ought to report, at any level.
        aggregation: of the indicator.
    Returns:
        Area → roll-up, of every area that lies above an expected one, the lowest level first. A whole is made of all
        the lowest areas in it, so a province is the same whether it is made of its counties or of its cities.
    """
    reported = {figure.area: figure for figure in figures}
    wanted = sorted(set(expected))
    wholes = {above for area in wanted for above in _above(area)}
    parts: dict[str, list[AreaFigure]] = {}
    for area in wanted:
        if area not in wholes:
            for above in _above(area):
                parts.setdefault(above, []).append(reported.get(area, AreaFigure(area, None)))
    by_level = sorted(parts, key=lambda area: (-len(_above(area)), area))
    return {area: _roll_up_one(area, parts[area], aggregation) for area in by_level}


def check_rollups(
    rollups: Mapping[str, Rollup], figures: Iterable[AreaFigure], aggregation: Aggregation
) -> list[RollupFinding]:
    """The areas whose own figure differs from that of their parts by more than rounding.

    Only complete roll-ups are held against an own figure: an incomplete one may well differ.
    """
    return [
        finding
        for figure in figures
        if figure.value is not None and figure.area in rollups
        for finding in [_check(rollups[figure.area], figure.value, aggregation)]
        if finding is not None
    ]


def half_unit(value: Decimal) -> Decimal:
    """Half of one in the last printed decimal; a whole number may have been rounded to ones."""
    return Decimal(5).scaleb(min(int(value.as_tuple().exponent), 0) - 1)


def _check(rollup: Rollup, own: Decimal, aggregation: Aggregation) -> RollupFinding | None:
    if rollup.value is None or not rollup.is_complete:
        return None
    own_rounding = Decimal(0) if aggregation is Aggregation.COUNT else half_unit(own)
    difference, tolerance = abs(own - rollup.value), rollup.tolerance + own_rounding
    if difference <= tolerance:
        return None
    made = rollup.value.quantize(Decimal(1).scaleb(min(int(own.as_tuple().exponent), 0) - 1)).normalize()
    reason = Text(
        f"本级上报 {own:f}，由所辖 {len(rollup.used)} 个地区汇总为 {made:f}，相差超出舍入误差",
        f"reported as {own:f}, its {len(rollup.used)} areas make {made:f}; rounding does not explain the difference",
    )
    return RollupFinding(rollup.area, own, rollup.value, tolerance, reason)


def _above(area: str) -> list[str]:
    found = []
    above = parent_of(area)
    while above is not None:
        found.append(above)
        above = parent_of(above)
    return found


def _roll_up_one(area: str, parts: Sequence[AreaFigure], aggregation: Aggregation) -> Rollup:
    weighted = aggregation is Aggregation.WEIGHTED_MEAN
    usable = [
        (part.area, part.value, part.weight if weighted and part.weight is not None else Decimal(1))
        for part in parts
        if part.value is not None and (not weighted or _has_weight(part))
    ]
    weight = sum((w for _, _, w in usable), Decimal(0))
    divisor = weight if weighted else Decimal(1)
    value = sum((v * w for _, v, w in usable), Decimal(0)) / divisor if usable else None
    rounded = [] if aggregation is Aggregation.COUNT else usable
    tolerance = sum((half_unit(v) * w for _, v, w in rounded), Decimal(0)) / divisor if rounded else Decimal(0)
    return Rollup(
        area=area,
        value=value,
        tolerance=tolerance,
        used=tuple(name for name, _, _ in usable),
        missing=tuple(part.area for part in parts if part.value is None),
        unweighted=tuple(p.area for p in parts if weighted and p.value is not None and not _has_weight(p)),
        weight_share=_weight_share(weight, parts) if weighted else None,
    )


def _has_weight(part: AreaFigure) -> bool:
    return part.weight is not None and part.weight > 0


def _weight_share(used: Decimal, parts: Sequence[AreaFigure]) -> Decimal | None:
    weights = [part.weight for part in parts if part.weight is not None]
    total = sum(weights, Decimal(0))
    return used / total if len(weights) == len(parts) and total else None
