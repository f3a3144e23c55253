"""All measures of one period, each with a value or the reason why it has none."""

from __future__ import annotations

from collections.abc import Sequence

from planwatch.equalisation.attributable import measure_attributable
from planwatch.equalisation.extremes import measure_extremes
from planwatch.equalisation.group import Comparison, Group, is_ordered, shares_of
from planwatch.equalisation.measure import Measure, MeasureCode
from planwatch.equalisation.ordered import measure_slopes
from planwatch.equalisation.unordered import measure_spread

LARGEST_MISSING_SHARE = 0.15
"""Share of unordered groups that may have no figure (World Health Organization's package)."""

EXTREMES = frozenset({MeasureCode.DIFFERENCE, MeasureCode.RATIO})
ORDERED = frozenset(
    {
        MeasureCode.ABSOLUTE_CONCENTRATION_INDEX,
        MeasureCode.RELATIVE_CONCENTRATION_INDEX,
        MeasureCode.SLOPE_INDEX,
        MeasureCode.RELATIVE_INDEX,
    }
)
ATTRIBUTABLE = frozenset({MeasureCode.POPULATION_ATTRIBUTABLE_RISK, MeasureCode.POPULATION_ATTRIBUTABLE_FRACTION})
SPREAD = frozenset(MeasureCode) - EXTREMES - ORDERED - ATTRIBUTABLE


def measure_gaps(groups: Sequence[Group], comparison: Comparison) -> tuple[Measure, ...]:
    """Every measure of `MeasureCode`, in its order; the order of the groups does not matter.

    Args:
        groups: of one period, with different names; all have a rank (an order) or none has.
        comparison: direction, scale and reference group.
    Returns:
        One measure per code; where it is undefined its reason is a code of `UNDEFINED`.
    """
    ordered = is_ordered(groups)
    known = [group for group in groups if group.value is not None]
    if not known:
        return tuple(Measure(code, None, None, "one_group") for code in MeasureCode)
    shares = shares_of(groups)
    if ordered and len(known) < len(groups):
        measures = [Measure(code, None, None, "group_missing") for code in MeasureCode]
    else:
        measures = measure_extremes(shares, comparison, ordered=ordered)
        refusal = _refusal(len(groups), len(known))
        if refusal is not None:
            measures += [Measure(code, None, None, refusal) for code in MeasureCode if code not in EXTREMES]
        elif ordered:
            measures += [Measure(code, None, None, "has_order") for code in SPREAD]
            measures += measure_slopes(shares, comparison)
            measures += measure_attributable(shares, comparison, ordered=True)
        else:
            measures += measure_spread(shares, comparison)
            measures += [Measure(code, None, None, "no_order") for code in ORDERED]
            measures += measure_attributable(shares, comparison, ordered=False)
    by_code = {measure.code: measure for measure in measures}
    return tuple(by_code[code] for code in MeasureCode)


def _refusal(groups: int, known: int) -> str | None:
    if known < 2:
        return "one_group"
    if known < 3:
        return "two_groups"
    if groups - known > LARGEST_MISSING_SHARE * groups:
        return "too_many_missing"
    return None
