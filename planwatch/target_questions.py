"""What the rows of a main table leave to ask: baselines, targets and the figures between them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from planwatch.plan import Direction, GoalKind, Indicator, Plan, PrintedValue
from planwatch.plan_question import Question, QuestionCode, ask, plain


class FirstFigure(StrEnum):
    """What stands in the first column of a row whose target is a total of the plan period."""

    TOTAL = "total"
    YEAR = "year"
    UNSAID = "unsaid"


def ask_about_targets(plan: Plan) -> Iterator[Question]:
    """Questions on the rows of the main table, code by code in printed order."""
    yield from _behind_baseline(plan)
    yield from _behind_figure(plan)
    yield from _equal(plan)
    yield from _figures(plan)
    yield from _totals(plan)
    yield from _missing(plan)
    yield from _inequalities(plan)


def is_behind(value: Decimal, other: Decimal, direction: Direction) -> bool:
    """Whether `value` is truly worse than `other`."""
    return value < other if direction is Direction.INCREASE else value > other


def first_figure(row: Indicator) -> FirstFigure:
    """What the first column of an accumulate row holds, by the marks of the table.

    A mark at the name or at both cells covers both; a mark at the target alone leaves the first figure a single year.
    """
    if not row.marks:
        return FirstFigure.UNSAID
    first, last = _ends(row)
    return FirstFigure.YEAR if _marked(row, last) and not _marked(row, first) else FirstFigure.TOTAL


def _marked(row: Indicator, cell: PrintedValue) -> bool:
    return any(all(sign in cell.printed for sign in mark) for mark in row.marks)


def _ends(row: Indicator) -> tuple[PrintedValue, PrintedValue]:
    """The first and the last printed cell."""
    columns = sorted(row.values)
    return row.values[columns[0]], row.values[columns[-1]]


def _between(row: Indicator) -> list[PrintedValue]:
    """Printed figures between the baseline's year and the target's, in order of time."""
    cells = [row.values[column] for column in sorted(row.values)][1:-1]
    return [cell for cell in cells if cell.value is not None]


def _about(code: QuestionCode, row: Indicator, zh: str, en: str) -> Question:
    return ask(code, (row.indicator_id,), (row.source_line,), f"{row.name.zh}：{zh}", f"{row.name.en}: {en}")


def _behind_baseline(plan: Plan) -> Iterator[Question]:
    years = plan.last_day.year - plan.first_day.year + 1
    for row in plan.indicators:
        if row.baseline is None:
            continue
        first, last = (cell.printed for cell in _ends(row))
        start, target = row.baseline.value, row.target.value
        if row.goal_kind is GoalKind.ACCUMULATE and first_figure(row) is FirstFigure.YEAR:
            mean = target / years
            if is_behind(mean, start, row.direction):
                yield _about(
                    QuestionCode.TARGET_BEHIND_BASELINE,
                    row,
                    f"{years}年累计目标{last}，年均{plain(mean)}，落后于{row.baseline.period}年的{first}；是否有意？",
                    f"the {years}-year target {last} is {plain(mean)} a year,"
                    f" behind {first} in {row.baseline.period}; is it meant?",
                )
        elif is_behind(target, start, row.direction):
            yield _about(
                QuestionCode.TARGET_BEHIND_BASELINE,
                row,
                f"目标{last}落后于{row.baseline.period}年栏的{first}；是保底要求，还是目标或基期有误？",
                f"the target {last} is behind {first} in the column of {row.baseline.period};"
                " is it a limit to keep, or is one of them wrong?",
            )


def _behind_figure(plan: Plan) -> Iterator[Question]:
    """Only where the baseline does not already give the question."""
    for row in plan.indicators:
        figures = _between(row)
        if not figures or row.goal_kind in {GoalKind.ACCUMULATE, GoalKind.AVERAGE}:
            continue
        reached, target = figures[-1], row.target.value
        known = row.baseline is not None and is_behind(target, row.baseline.value, row.direction)
        if not known and reached.value is not None and is_behind(target, reached.value, row.direction):
            yield _about(
                QuestionCode.TARGET_BEHIND_FIGURE,
                row,
                f"目标{_ends(row)[1].printed}落后于{reached.period}年已达到的{reached.printed}；是否应提高？",
                f"the target {_ends(row)[1].printed} is behind {reached.printed}, reached in {reached.period};"
                " should it be raised?",
            )


def _equal(plan: Plan) -> Iterator[Question]:
    for row in plan.indicators:
        if row.baseline is None or not row.baseline.comparable or row.baseline.value != row.target.value:
            continue
        best = row.bounds[1] if row.direction is Direction.INCREASE else row.bounds[0]
        first, last = (cell.printed for cell in _ends(row))
        if row.target.value == best:
            zh, en = "已是可能的最好值，读作保持", "the best possible value, read as one to keep"
        else:
            zh, en = "是否要求提高？", "is an improvement wanted?"
        yield _about(
            QuestionCode.TARGET_EQUALS_BASELINE,
            row,
            f"{row.baseline.period}年{first}，目标{last}；{zh}",
            f"{first} in {row.baseline.period}, target {last}; {en}",
        )


def _figures(plan: Plan) -> Iterator[Question]:
    for row in plan.indicators:
        if row.baseline is None or not row.baseline.comparable:
            continue
        first = _ends(row)[0].printed
        for cell in _between(row):
            if cell.value is not None and is_behind(cell.value, row.baseline.value, row.direction):
                yield _about(
                    QuestionCode.FIGURE_BEHIND_BASELINE,
                    row,
                    f"{cell.period}年{cell.printed}，落后于{row.baseline.period}年的{first}；基期是否有误，或为何退步？",
                    f"{cell.printed} in {cell.period}, behind {first} in {row.baseline.period};"
                    " is the baseline wrong, or why the setback?",
                )


def _totals(plan: Plan) -> Iterator[Question]:
    for row in plan.indicators:
        if row.goal_kind is not GoalKind.ACCUMULATE or row.baseline is None:
            continue
        first, last = (cell.printed for cell in _ends(row))
        match first_figure(row):
            case FirstFigure.YEAR:
                yield _about(
                    QuestionCode.TOTAL_AGAINST_YEAR,
                    row,
                    f"目标{last}注明为累计数，{row.baseline.period}年的{first}是单年数；上期累计是多少？",
                    f"the target {last} is marked as a total, {first} is that of the year {row.baseline.period};"
                    " what was the last total?",
                )
            case FirstFigure.UNSAID:
                yield _about(
                    QuestionCode.TOTAL_AGAINST_YEAR,
                    row,
                    f"目标{last}读作累计数，表中未注明；{row.baseline.period}年栏的{first}是单年数还是上期累计数？",
                    f"the target {last} is read as a total, which no mark says; is {first}"
                    f" in the column of {row.baseline.period} that year's or the last total?",
                )
            case FirstFigure.TOTAL:
                continue


def _missing(plan: Plan) -> Iterator[Question]:
    rows = [row for row in plan.indicators if row.baseline is None]
    if rows:
        yield ask(
            QuestionCode.BASELINE_MISSING,
            tuple(row.indicator_id for row in rows),
            tuple(row.source_line for row in rows),
            f"{len(rows)}项指标未印基期；基期是多少？",
            f"{len(rows)} indicators have no printed baseline; what is it?",
        )


def _inequalities(plan: Plan) -> Iterator[Question]:
    for row in plan.indicators:
        if row.baseline is not None and row.baseline.comparator is not None:
            yield _about(
                QuestionCode.BASELINE_IS_INEQUALITY,
                row,
                f"{row.baseline.period}年印为{_ends(row)[0].printed}；实际值是多少？",
                f"{_ends(row)[0].printed} in {row.baseline.period}; what was the figure?",
            )
