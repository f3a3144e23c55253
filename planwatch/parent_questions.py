"""A plan beside its parent plan, concept by concept: levels, nature, units and definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from planwatch.alignment import STRICT, Standing, align
from planwatch.commitment import Quantity, TargetMeasure, TextTarget
from planwatch.language import Text
from planwatch.plan import UNIT_SUFFIX, Direction, Indicator, Nature, Plan, Target, fold
from planwatch.plan_question import Question, QuestionCode, ask, plain
from planwatch.plan_terms import Comparator, Unit
from planwatch.target_questions import is_behind
from planwatch.unit_conversion import conversion, measure_of

_UPPER = frozenset({Comparator.LESS, Comparator.AT_MOST})
_FILLING = re.compile(r"拥有|的|[()]|数$")
"""What two names of one thing may differ in."""


def ask_about_parent(plan: Plan, parent: Plan, related: Mapping[str, Mapping[str, Text]]) -> Iterator[Question]:
    """Questions on concepts that both plans have, code by code in printed order.

    Args:
        related: by concept, the concepts that measure nearly the same thing, each with the difference.
    """
    yield from _rows_below(plan, parent)
    yield from _texts_below(plan, parent)
    rows = [(row, other) for row in plan.indicators for other in parent.indicators if row.concept == other.concept]
    yield from _natures(parent, rows)
    near = [
        (row, other)
        for row in plan.indicators
        for other in parent.indicators
        if other.concept in related.get(row.concept, {})
    ]
    yield from _units(parent, rows + near)
    yield from _definitions(parent, rows, near, related)


def _rows_below(plan: Plan, parent: Plan) -> Iterator[Question]:
    """Rows that stand below the parent plan's by the rules of alignment."""
    for found in align(plan, parent):
        if found.own is None or found.parent is None or found.standing is not Standing.BELOW:
            continue
        if found.own_growth is not None and found.parent_growth is not None:
            mine, theirs = f"{found.own_growth:.2f}", f"{found.parent_growth:.2f}"
            zh = f"目标为基期的{mine}倍，{parent.area_name.zh}为{theirs}倍"
            en = f"the target is {mine} times the baseline here, {theirs} times in the plan of {parent.area_name.en}"
        else:
            mine, theirs = _printed(found.own.target, found.own.unit), _printed(found.parent.target, found.parent.unit)
            zh = f"本级目标{mine}，{parent.area_name.zh}为{theirs}"
            en = f"{mine} here, {theirs} in the plan of {parent.area_name.en}"
        line = found.parent.source_line
        yield _pair(
            QuestionCode.BELOW_PARENT,
            found.own,
            found.parent,
            f"{zh}（上位规划第{line}行）；为何低于上位规划？",
            f"{en} (line {line}); why less?",
        )


def _texts_below(plan: Plan, parent: Plan) -> Iterator[Question]:
    """Levels that only the text of the plan has, against the parent's table and the levels that only its text has."""
    above = [(row.indicator_id, row.concept, row.target, row.unit, row.source_line) for row in parent.indicators]
    above += [
        (other.target_id, other.concept, _as_target(other, parent), other.quantity.unit, other.quotation.source_line)
        for other in _levels(parent)
    ]
    for own in _levels(plan):
        for subject, concept, target, unit, line in above:
            if own.concept == concept and _is_weaker(own.quantity, target, unit):
                mine, theirs = own.quantity.printed, _printed(target, unit)
                yield ask(
                    QuestionCode.BELOW_PARENT,
                    (own.target_id, subject),
                    (own.quotation.source_line,),
                    f"{own.metric.zh}：正文目标{mine}，{parent.area_name.zh}为{theirs}（上位规划第{line}行）；"
                    "为何低于上位规划？",
                    f"{own.metric.en}: {mine} in the text, {theirs} in the plan of {parent.area_name.en}"
                    f" (line {line}); why less?",
                )


def _levels(plan: Plan) -> list[TextTarget]:
    """Text targets that are a level and no row of the table; amounts grow with the area and are left out."""
    return [
        target
        for target in plan.commitments.text_targets
        if target.measure is TargetMeasure.LEVEL
        and target.indicator_id is None
        and not measure_of(target.quantity.unit.measure).is_amount
    ]


def _as_target(text: TextTarget, plan: Plan) -> Target:
    return Target(text.quantity.value, text.quantity.comparator, text.year or plan.end)


def _is_weaker(own: Quantity, target: Target, unit: Unit) -> bool:
    value = conversion(own.unit, unit).apply(own.value)
    upper = target.comparator in _UPPER
    if value is None or (own.comparator in _UPPER) != upper:
        return False
    if value == target.value:
        return target.comparator in STRICT and own.comparator not in STRICT
    return is_behind(value, target.value, Direction.DECREASE if upper else Direction.INCREASE)


def _printed(target: Target, unit: Unit) -> str:
    return f"{target.comparator.sign}{plain(target.value)}{unit.printed or ''}"


def _natures(parent: Plan, rows: list[tuple[Indicator, Indicator]]) -> Iterator[Question]:
    for code, wanted, zh, en in (
        (
            QuestionCode.ANTICIPATORY_HERE_BINDING_IN_PARENT,
            Nature.ANTICIPATORY,
            "本级为预期性，{area}为约束性（上位规划第{line}行）；约束性要求如何落实？",
            "anticipatory here, binding in the plan of {area} (line {line}); how is the obligation met?",
        ),
        (
            QuestionCode.BINDING_HERE_ANTICIPATORY_IN_PARENT,
            Nature.BINDING,
            "本级为约束性，{area}为预期性（上位规划第{line}行）；是否有意加严？",
            "binding here, anticipatory in the plan of {area} (line {line}); is it meant to be stricter?",
        ),
    ):
        for row, other in rows:
            if row.nature is wanted and other.nature is not wanted:
                yield _pair(
                    code,
                    row,
                    other,
                    zh.format(area=parent.area_name.zh, line=other.source_line),
                    en.format(area=parent.area_name.en, line=other.source_line),
                )


def _units(parent: Plan, rows: list[tuple[Indicator, Indicator]]) -> Iterator[Question]:
    for row, other in rows:
        mine, theirs = row.unit, other.unit
        if (mine.measure, mine.mult) == (theirs.measure, theirs.mult):
            continue
        value = conversion(mine, theirs).apply(row.target.value)
        if value is not None and measure_of(mine.measure).is_amount:
            zh, en = "对比时须换算。", "to be converted before they are compared."
        elif value is None:
            zh, en = "两者不能换算，如何对比？", "one cannot be converted into the other; how are they to be compared?"
        else:
            same, that = f"{plain(value)}{theirs.printed or ''}", f"{plain(other.target.value)}{theirs.printed or ''}"
            zh = f"本级目标合{same}，{parent.area_name.zh}为{that}；单位是否印对？"
            en = f"the target here is {same}, there {that}; is the unit right?"
        yield _pair(
            QuestionCode.UNIT_DIFFERS_FROM_PARENT,
            row,
            other,
            f"本级以{_unit(mine)}计，{parent.area_name.zh}以{_unit(theirs)}计；{zh}",
            f"in {_unit(mine)} here, in {_unit(theirs)} in the plan of {parent.area_name.en}; {en}",
        )


def _unit(unit: Unit) -> str:
    return unit.printed or unit.measure


def _definitions(
    parent: Plan,
    rows: list[tuple[Indicator, Indicator]],
    near: list[tuple[Indicator, Indicator]],
    related: Mapping[str, Mapping[str, Text]],
) -> Iterator[Question]:
    for row, other in rows:
        if _bare(row.name.zh) != _bare(other.name.zh):
            yield _pair(
                QuestionCode.DEFINITION_DIFFERS_FROM_PARENT,
                row,
                other,
                f"{parent.area_name.zh}为“{other.name.zh}”；名称不同，范围是否相同？",
                f"“{other.name.en}” in the plan of {parent.area_name.en}; the Chinese names differ,"
                " is the scope the same?",
            )
    for row, other in near:
        difference = related[row.concept][other.concept]
        yield _pair(
            QuestionCode.DEFINITION_DIFFERS_FROM_PARENT,
            row,
            other,
            f"{parent.area_name.zh}为“{other.name.zh}”：{difference.zh}能否按上位口径另报？",
            f"“{other.name.en}” in the plan of {parent.area_name.en}: {difference.en}"
            " Can it be reported in that way too?",
        )


def _bare(name: str) -> str:
    """A name without unit and filling words."""
    return _FILLING.sub("", fold(UNIT_SUFFIX.sub("", name)))


def _pair(code: QuestionCode, row: Indicator, other: Indicator, zh: str, en: str) -> Question:
    return ask(
        code,
        (row.indicator_id, other.indicator_id),
        (row.source_line,),
        f"{row.name.zh}：{zh}",
        f"{row.name.en}: {en}",
    )
