"""Where a plan does not agree with itself: text against table, place against place, parts against their total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from planwatch.commitment import TargetMeasure, TextTarget
from planwatch.plan import Direction, GoalKind, Indicator, Plan
from planwatch.plan_question import Question, QuestionCode, ask, plain
from planwatch.unit_conversion import conversion

_SERVICE_MEASURE = "SERVICE_ITEM"
"""The unit in which a text counts the services of the plan's list."""

_THINGS = frozenset({"BED", "COMMUNITY", "DWELLING", "HH"})
"""Units that name what is delivered, so that projects can be added up; persons may be trained, employed or anything."""


def ask_about_consistency(plan: Plan) -> Iterator[Question]:
    """Contradictions, recorded and found, in printed order section by section."""
    yield from _text_against_table(plan)
    yield from _recorded(plan)
    yield from _services(plan)
    yield from _deliverables(plan)


def _text_against_table(plan: Plan) -> Iterator[Question]:
    """Text targets beside their row; what the catalogue records of a target goes before what the figures say."""
    for target in plan.commitments.text_targets:
        row = plan.indicator(target.indicator_id) if target.indicator_id else None
        lines = (target.quotation.source_line, *((row.source_line,) if row else ()))
        subjects = (target.target_id, *((row.indicator_id,) if row else ()))
        if target.contradiction is not None:
            code = QuestionCode.TEXT_TABLE_DISAGREE if row else QuestionCode.PLACES_DISAGREE
            zh, en = target.contradiction.zh, target.contradiction.en
            yield ask(code, subjects, lines, f"{target.metric.zh}：{zh}", f"{target.metric.en}: {en}")
        elif row is not None and _disagrees(plan, target, row):
            printed = row.values[max(row.values)].printed
            yield ask(
                QuestionCode.TEXT_TABLE_DISAGREE,
                subjects,
                lines,
                f"{target.metric.zh}：正文为{target.quantity.printed}，主表为{printed}；以哪个为准？",
                f"{target.metric.en}: {target.quantity.printed} in the text, {printed} in the table; which one holds?",
            )


def _disagrees(plan: Plan, target: TextTarget, row: Indicator) -> bool:
    """Whether a text target promises something else than its row for the same year."""
    if (target.year or plan.end) != row.target.period:
        return False
    promised = conversion(target.quantity.unit, row.unit).apply(target.quantity.value)
    if promised is None:
        return False
    if target.measure is TargetMeasure.INCREASE and row.goal_kind is not GoalKind.ACCUMULATE:
        if row.baseline is None:
            return False
        promised += row.baseline.value
    return (promised, target.quantity.comparator) != (row.target.value, row.target.comparator)


def _recorded(plan: Plan) -> Iterator[Question]:
    """What the catalogue records; with the table where one of its rows is a subject."""
    rows = {row.indicator_id for row in plan.indicators}
    for found in plan.commitments.contradictions:
        tabled = not rows.isdisjoint(found.subjects)
        code = QuestionCode.TEXT_TABLE_DISAGREE if tabled else QuestionCode.PLACES_DISAGREE
        lines = tuple(statement.source_line for statement in found.statements)
        yield ask(code, found.subjects, lines, found.question.zh, found.question.en)


def _services(plan: Plan) -> Iterator[Question]:
    """The list of services against its printed numbers, domain by domain and in all."""
    items = plan.commitments.service_items
    listed = Counter(item.domain for item in items)
    for row in plan.commitments.service_domains:
        if listed[row.domain] != row.printed_count:
            yield ask(
                QuestionCode.COUNTS_DO_NOT_ADD_UP,
                (row.domain,),
                (row.aim.source_line,),
                f"{row.name}：印为共计{row.printed_count}项，列出{listed[row.domain]}项。",
                f"{row.domain}: {row.printed_count} services by the printed number, {listed[row.domain]} listed.",
            )
    for target in plan.commitments.text_targets:
        promised = target.quantity
        if promised.unit.measure == _SERVICE_MEASURE and promised.value != len(items):
            yield ask(
                QuestionCode.COUNTS_DO_NOT_ADD_UP,
                (target.target_id,),
                (target.quotation.source_line,),
                f"{target.metric.zh}：印为{promised.printed}，规划中列出{len(items)}项；清单在哪里？",
                f"{target.metric.en}: {promised.printed} in print, {len(items)} listed in the plan; where is the list?",
            )


def _deliverables(plan: Plan) -> Iterator[Question]:
    """What projects deliver against the increase that a row of the same unit promises, e.g. beds."""
    delivered = [(project, each.quantity) for project in plan.commitments.projects for each in project.deliverables]
    for row in plan.indicators:
        wanted = _increase(row)
        parts = [
            (project, amount)
            for project, quantity in delivered
            if quantity.unit.measure == row.unit.measure
            and (amount := conversion(quantity.unit, row.unit).apply(quantity.value)) is not None
        ]
        total = sum((amount for _, amount in parts), Decimal(0))
        if wanted is None or not parts or total >= wanted:
            continue
        projects = list(dict.fromkeys(project for project, _ in parts))
        unit = row.unit.printed or ""
        yield ask(
            QuestionCode.COUNTS_DO_NOT_ADD_UP,
            (row.indicator_id, *(project.project_id for project in projects)),
            (row.source_line, *(project.quotation.source_line for project in projects)),
            f"{row.name.zh}：主表要求增加{plain(wanted)}{unit}，重点工程共印{plain(total)}{unit}；其余由什么完成？",
            f"{row.name.en}: the table wants {plain(wanted)}{unit} more, the projects print {plain(total)}{unit}"
            " in all; where does the rest come from?",
        )


def _increase(row: Indicator) -> Decimal | None:
    """What has to be added by the end; None where it is no number of things or the table does not say."""
    if row.unit.measure not in _THINGS or row.direction is not Direction.INCREASE:
        return None
    if row.goal_kind is GoalKind.ACCUMULATE:
        return row.target.value
    return row.target.value - row.baseline.value if row.goal_kind is GoalKind.REACH and row.baseline else None
