"""对标: a plan's targets beside those of its parent plan for the same concepts ("不低于国家标准")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planwatch.language import Text
from planwatch.plan import Direction, GoalKind, Indicator, Plan, fold
from planwatch.plan_terms import Comparator
from planwatch.unit_conversion import conversion, measure_of

FLOWS = frozenset({GoalKind.ACCUMULATE, GoalKind.AVERAGE})
STRICT = frozenset({Comparator.GREATER, Comparator.LESS})
DEFINING_FIELDS = frozenset({"name", "concept", "unit", "target", "goal_kind", "direction"})
"""Fields of an indicator whose doubts put the comparison in doubt."""


class Standing(StrEnum):
    """How an own target stands to the parent plan's."""

    ABOVE = "above"
    EQUAL = "equal"
    BELOW = "below"
    NOT_COMPARABLE = "not_comparable"
    NOT_IN_PARENT = "not_in_parent"
    NOT_TAKEN_UP = "not_taken_up"


STANDING_NAMES = {
    Standing.ABOVE: Text("高于上位规划", "above the parent plan"),
    Standing.EQUAL: Text("与上位规划一致", "equal to the parent plan"),
    Standing.BELOW: Text("低于上位规划", "below the parent plan"),
    Standing.NOT_COMPARABLE: Text("不可比", "not comparable"),
    Standing.NOT_IN_PARENT: Text("上位规划未列", "not in the parent plan"),
    Standing.NOT_TAKEN_UP: Text("本规划未列", "not taken up"),
}

REASONS = {
    "values": Text("目标值换算到同一单位后直接比较", "the targets are compared in one unit"),
    "growth": Text(
        "总量与地区规模有关，比较目标与基期之比",
        "an amount depends on the size of the area; target ÷ baseline is compared",
    ),
    "weaker_comparator": Text(
        "目标值相同，但上位规划要求严格超过", "the same figure, but the parent plan wants it exceeded"
    ),
    "different_measure": Text("计量单位不能换算", "the units cannot be converted"),
    "different_direction": Text("指标方向不同", "the good directions differ"),
    "amount_without_baseline": Text(
        "总量与地区规模有关，且至少一方没有可比的基期",
        "an amount depends on the size of the area, and a baseline is missing",
    ),
    "amount_of_years": Text(
        "期内累计或年均总量与地区规模有关", "a total or yearly mean of the period depends on the size of the area"
    ),
    "not_in_parent": Text("上位规划没有这一指标概念", "the parent plan does not have this concept"),
    "not_taken_up": Text("本规划主表没有这一指标概念", "the plan's main table does not have this concept"),
}
"""What a standing rests on, by reason code."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """One concept in a plan and in its parent plan.

    Attributes:
        concept: the code that both share.
        own: the plan's indicator; None where it did not take the concept up.
        parent: the parent plan's indicator; None where it does not have the concept.
        standing: of the own target.
        reason: code of `REASONS`.
        parent_target: the parent plan's target in the own unit; None where it cannot be converted.
        own_growth: own target ÷ own baseline, where growth is compared.
        parent_growth: the same of the parent plan.
        caveats: what to mind about the definitions before relying on the standing.
    """

    concept: str
    own: Indicator | None
    parent: Indicator | None
    standing: Standing
    reason: str
    parent_target: Decimal | None = None
    own_growth: Decimal | None = None
    parent_growth: Decimal | None = None
    caveats: tuple[Text, ...] = ()


def align(plan: Plan, parent: Plan) -> tuple[Alignment, ...]:
    """Every concept of a plan beside the parent plan's, in the order of its table, then those it did not take up."""
    above = {indicator.concept: indicator for indicator in parent.indicators}
    own = {indicator.concept for indicator in plan.indicators}
    rows = [_align_indicator(indicator, above.get(indicator.concept)) for indicator in plan.indicators]
    rows += [
        Alignment(indicator.concept, None, indicator, Standing.NOT_TAKEN_UP, "not_taken_up")
        for indicator in parent.indicators
        if indicator.concept not in own
    ]
    return tuple(rows)


def _align_indicator(own: Indicator, parent: Indicator | None) -> Alignment:
    if parent is None:
        return Alignment(
            own.concept,
            own,
            None,
            Standing.NOT_IN_PARENT,
            "not_in_parent",
            caveats=tuple(_doubts(own, "本规划", "own")),
        )
    caveats = tuple(_caveats(own, parent))
    converted = conversion(parent.unit, own.unit).apply(parent.target.value)
    if converted is None:
        return Alignment(own.concept, own, parent, Standing.NOT_COMPARABLE, "different_measure", caveats=caveats)
    if own.direction is not parent.direction:
        return Alignment(
            own.concept, own, parent, Standing.NOT_COMPARABLE, "different_direction", converted, caveats=caveats
        )
    if measure_of(own.unit.measure).is_amount:
        return _align_amount(own, parent, converted, caveats)
    standing, reason = _stand(own, own.target.value, converted, parent.target.comparator)
    return Alignment(own.concept, own, parent, standing, reason, converted, caveats=caveats)


def _align_amount(own: Indicator, parent: Indicator, converted: Decimal, caveats: tuple[Text, ...]) -> Alignment:
    """An amount of a city is never the nation's; what can be compared is by how much each wants to grow."""
    if own.goal_kind in FLOWS or parent.goal_kind in FLOWS:
        return Alignment(
            own.concept, own, parent, Standing.NOT_COMPARABLE, "amount_of_years", converted, caveats=caveats
        )
    growths = [_growth(own), _growth(parent)]
    if growths[0] is None or growths[1] is None:
        return Alignment(
            own.concept, own, parent, Standing.NOT_COMPARABLE, "amount_without_baseline", converted, caveats=caveats
        )
    standing, _ = _stand(own, growths[0], growths[1], own.target.comparator)
    return Alignment(own.concept, own, parent, standing, "growth", converted, growths[0], growths[1], caveats)


def _growth(indicator: Indicator) -> Decimal | None:
    baseline = indicator.baseline
    if baseline is None or not baseline.comparable or baseline.value == 0:
        return None
    return indicator.target.value / baseline.value


def _stand(
    own: Indicator, value: Decimal, parent_value: Decimal, parent_comparator: Comparator
) -> tuple[Standing, str]:
    lead = value - parent_value if own.direction is Direction.INCREASE else parent_value - value
    if lead > 0:
        return Standing.ABOVE, "values"
    if lead < 0:
        return Standing.BELOW, "values"
    if parent_comparator in STRICT and own.target.comparator not in STRICT:
        return Standing.BELOW, "weaker_comparator"
    return Standing.EQUAL, "values"


def _caveats(own: Indicator, parent: Indicator) -> list[Text]:
    found = []
    if fold(_bare(own.name.zh)) != fold(_bare(parent.name.zh)):
        found.append(
            Text(
                f"名称不同：“{own.name.zh}”与“{parent.name.zh}”，口径须核对",
                f"the names differ: “{own.name.en}” and “{parent.name.en}”; check the definitions",
            )
        )
    if own.goal_kind is not parent.goal_kind and FLOWS & {own.goal_kind, parent.goal_kind}:
        found.append(Text("一方为累计或年均，另一方不是", "one is a total or a yearly mean, the other is not"))
    if own.baseline and parent.baseline and own.baseline.period != parent.baseline.period:
        zh, en = (
            f"{own.baseline.period}年与{parent.baseline.period}年",
            f"{own.baseline.period}, {parent.baseline.period}",
        )
        found.append(Text(f"基期年份不同：{zh}", f"the baselines are of different years: {en}"))
    if own.target.period != parent.target.period:
        zh, en = f"{own.target.period}年与{parent.target.period}年", f"{own.target.period}, {parent.target.period}"
        found.append(Text(f"目标年份不同：{zh}", f"the targets are of different years: {en}"))
    return [*found, *_doubts(own, "本规划", "own"), *_doubts(parent, "上位规划", "parent")]


def _doubts(indicator: Indicator, zh: str, en: str) -> Sequence[Text]:
    return [
        Text(f"{zh}待确认：{doubt.reason.zh}", f"to be confirmed ({en}): {doubt.reason.en}")
        for doubt in indicator.needs_confirmation
        if doubt.field in DEFINING_FIELDS
    ]


def _bare(name: str) -> str:
    """A name without the unit that stands in brackets at its end."""
    folded = fold(name)
    return folded[: folded.rindex("(")] if folded.endswith(")") else folded
