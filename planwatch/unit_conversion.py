"""单位换算: 万次 to 次, per 1,000 to per 10,000; units of one measure only, never from one measure to another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from planwatch.language import Text
from planwatch.plan_terms import Unit

INHABITANT = "PS"
COUNT = "NUM"

_RATE = re.compile(r"(?:(?P<what>[A-Z0-9_]+)_)?PER_(?P<base>[0-9]+)?_?(?P<whom>[A-Z_]*)")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a UNIT_MEASURE code says.

    Attributes:
        what: what is counted, e.g. `SQM`, `BED`; `NUM` where the code does not say.
        whom: per whom, e.g. `PS`; None for an amount.
        base: per how many of them, e.g. 1000; 1 for an amount.
    """

    what: str
    whom: str | None
    base: Decimal

    @property
    def is_amount(self) -> bool:
        """Whether the figure grows with the size of the area: beds do, beds per 1,000 do not, years do not."""
        return self.whom is None and self.what not in SIZELESS


SIZELESS = frozenset({"YR"})
"""What is not larger in a larger area, though it is not a rate: years of life or schooling."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """How to get from one unit to another.

    Attributes:
        factor: what a value in the first unit is multiplied by; None where the units cannot be converted.
        reason: why not, None where they can.
    """

    factor: Decimal | None
    reason: Text | None = None

    def apply(self, value: Decimal) -> Decimal | None:
        """The value in the second unit, without trailing zeros; None where the units cannot be converted."""
        if self.factor is None:
            return None
        converted = (value * self.factor).normalize()
        return converted if int(converted.as_tuple().exponent) <= 0 else converted.quantize(Decimal(1))


@lru_cache(maxsize=256)
def measure_of(code: str) -> Measure:
    """What a UNIT_MEASURE code of the catalogue says.

    Args:
        code: `PT`, an amount (`BED`), or a rate: `PER_1000` (inhabitants), `SQM_PER_100_HH`, `SQM_PER_PS`.
    """
    if code == "PT":
        return Measure(COUNT, INHABITANT, Decimal(100))
    form = _RATE.fullmatch(code)
    if form is None:
        return Measure(code, None, Decimal(1))
    return Measure(form["what"] or COUNT, form["whom"] or INHABITANT, Decimal(form["base"] or 1))


def conversion(source: Unit, target: Unit) -> Conversion:
    """The conversion between two units.

    That two indicators are about the same concept is for the caller to know: units alone do not tell beds of one kind
    from beds of another. UNIT_MULT is the power of ten (4 for 万), so 3.4 万次 are 34000 次.
    """
    left, right = measure_of(source.measure), measure_of(target.measure)
    if left.what != right.what:
        return Conversion(None, _refusal("计量对象", "what is counted", source, target))
    if left.whom != right.whom:
        return Conversion(None, _refusal("基数", "what it is set against", source, target))
    shift = Decimal(1).scaleb(source.mult - target.mult)
    return Conversion(shift * right.base / left.base)


def _refusal(zh: str, en: str, source: Unit, target: Unit) -> Text:
    named = [unit.printed or unit.measure for unit in (source, target)]
    return Text(
        f"{zh}不同，“{named[0]}”（{source.measure}）与“{named[1]}”（{target.measure}）不能换算",
        f"{en} differs: {source.measure} cannot be converted to {target.measure}",
    )
