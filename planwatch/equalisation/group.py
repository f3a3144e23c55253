"""The groups between which a gap is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from planwatch.plan import Direction


@dataclass(frozen=True, slots=True)
class Group:
    """One area, one side of urban and rural, or one population group in one period.

    Attributes:
        name: e.g. `沙坡头区`.
        value: the figure in the indicator's unit; None where it is missing.
        population: people in the group, or whatever the figure is a share of; more than 0.
        rank: place in a natural order from the worst-off (lowest) to the best-off group, e.g. of income fifths; None
            where the groups have no order, as areas.
        se: standard error of the figure (indicator's unit); None where it is not a sample's.
    """

    name: str
    value: float | None
    population: float
    rank: int | None = None
    se: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the groups are compared.

    Attributes:
        direction: whether more or less of the figure is better.
        scale: what the figure is out of: 100 for per cent, 1000 for per mille; None for an amount without a limit.
        reference: name of the group that the others are held against; None: the best one.
    """

    direction: Direction = Direction.INCREASE
    scale: float | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """The groups that have a figure, as the formulas want them.

    Attributes:
        names: of the groups.
        values: y, the figures.
        weights: p, population shares that add up to 1.
        populations: people.
        errors: standard errors of the figures; None where a group has none.
        mean: mu, the figure of all groups together.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    weights: tuple[float, ...]
    populations: tuple[float, ...]
    errors: tuple[float, ...] | None
    mean: float

    @property
    def total(self) -> float:
        """People in all groups."""
        return fsum(self.populations)


def shares_of(groups: Sequence[Group]) -> Shares:
    """The groups that have a figure, worst-off first where they have ranks; at least one of `groups` must have one."""
    known = [(group, group.value) for group in groups if group.value is not None]
    if all(group.rank is not None for group, _ in known):
        known.sort(key=lambda pair: pair[0].rank or 0)
    values = tuple(value for _, value in known)
    populations = tuple(group.population for group, _ in known)
    total = fsum(populations)
    weights = tuple(population / total for population in populations)
    errors = tuple(group.se for group, _ in known if group.se is not None)
    return Shares(
        names=tuple(group.name for group, _ in known),
        values=values,
        weights=weights,
        populations=populations,
        errors=errors if len(errors) == len(known) else None,
        mean=fsum(weight * value for weight, value in zip(weights, values, strict=True)),
    )


def is_ordered(groups: Sequence[Group]) -> bool:
    """Whether the groups have a natural order."""
    return all(group.rank is not None for group in groups)
