"""Terms that rows, commitments and standards share: how a value is held against a figure, and its unit."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Comparator(StrEnum):
    """How a value is held against a target or printed as an inequality."""

    GREATER = "gt"
    AT_LEAST = "ge"
    LESS = "lt"
    AT_MOST = "le"

    @property
    def sign(self) -> str:
        """The printed sign, e.g. `≥`."""
        return {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}[self.value]

    @property
    def test(self) -> Callable[[Decimal, Decimal], bool]:
        """The function that says whether a value satisfies the comparator against a target, both in the same unit."""
        return _TESTS[self.value]

    def holds(self, value: Decimal, target: Decimal) -> bool:
        """Whether `value` satisfies the comparator against `target`, both in the same unit."""
        return self.test(value, target)


_TESTS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


UPPER_LIMITS = frozenset({Comparator.LESS, Comparator.AT_MOST})
"""The comparators under which less is better."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a row.

    Attributes:
        printed: as the plan prints it, None where it prints none.
        measure: UNIT_MEASURE code, e.g. `PT`.
        mult: UNIT_MULT, the power of ten, e.g. 4 for 万.
    """

    printed: str | None
    measure: str
    mult: int
