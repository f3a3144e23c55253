"""A comparison of plans as tables that fit a terminal: one of the concept, one of each neighbour, numbered notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

import click

from planwatch.commitment import TargetMeasure
from planwatch.concept import ConceptList
from planwatch.concept_comparison import Comparability, ComparedBaseline, ComparedRow, Comparison
from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan import GoalKind, Section
from planwatch.wording import GOAL_KIND_NAMES, NATURE_NAMES
from services.cli.printing import print_table, printed

SECTIONS = {Section.MAIN_TABLE: "主表", Section.TEXT_TARGET: "正文"}

MEASURE_NAMES = {
    TargetMeasure.LEVEL: Text("达到", "reach"),
    TargetMeasure.INCREASE: Text("增加", "increase"),
    TargetMeasure.TOTAL: Text("累计完成", "accumulate"),
}

COMPARABILITY_NAMES = {
    Comparability.DEFINITION_DIFFERS: Text("口径有别", "definition differs"),
    Comparability.OTHER_CONCEPT: Text("不可比", "not comparable"),
}

OTHER_KIND = Text("基期与目标不同类，不能相减", "the baseline is of another kind than the target")
NO_YEAR = Text("原文未印年份", "no year is printed")


class Notes:
    """Numbers what is to be said of rows; the same words have one number."""

    def __init__(self) -> None:
        self._numbers: dict[Text, int] = {}

    def numbers(self, texts: Iterable[Text]) -> str:
        """The numbers of `texts` as a cell shows them, e.g. `1 3`."""
        return " ".join(str(self._numbers.setdefault(text, len(self._numbers) + 1)) for text in texts)

    def lines(self) -> list[str]:
        """Every note in the order of its number."""
        return [f"{number} {text.zh}\n  {text.en}" for text, number in self._numbers.items()]


def print_comparison(concepts: ConceptList, comparison: Comparison) -> None:
    """Print a comparison on standard output."""
    notes = Notes()
    wanted = comparison.concept
    click.echo(f"{wanted.definition.zh}\n{wanted.definition.en}")
    _print_rows(f"{wanted.name.zh}（{concepts.unit_name(wanted.unit).zh}）", comparison.rows, notes)
    for _, found in groupby(comparison.neighbours, key=lambda row: row.concept):
        rows = list(found)
        neighbour = concepts.find(rows[0].concept)
        assert neighbour is not None
        unit = concepts.unit_name(neighbour.unit).zh
        _print_rows(f"相关而不可比：{neighbour.name.zh}（{unit}，{neighbour.code}）", rows, notes)
    for line in notes.lines():
        click.echo(line)


def _print_rows(title: str, rows: Sequence[ComparedRow], notes: Notes) -> None:
    start = _most_common(row.baseline.period for row in rows if row.baseline)
    end = _most_common(row.period for row in rows if row.period)
    print_table(
        title,
        ("规划", "出处", "行", f"基期 {start or ''}".strip(), f"目标 {end or ''}".strip(), "性质", "类型", "注"),
        [
            (
                row.area_name.zh,
                f"{SECTIONS[row.section]}{row.no}",
                row.source_line,
                _baseline(row.baseline, start),
                f"{row.comparator.sign}{printed(row.target)}{_year(row.period, end)}",
                NATURE_NAMES[row.nature].zh if row.nature else "—",
                (GOAL_KIND_NAMES[row.kind] if isinstance(row.kind, GoalKind) else MEASURE_NAMES[row.kind]).zh,
                notes.numbers(_said_of(row)),
            )
            for row in rows
        ],
    )


def _said_of(row: ComparedRow) -> list[Text]:
    """What a reader must know of a row: why it is not like the others, its scope, its baseline, its year."""
    said = []
    if row.reasons:
        mark = COMPARABILITY_NAMES[row.comparability]
        said += [Text(f"{mark.zh}：{reason.zh}", f"{mark.en}: {reason.en}") for reason in row.reasons]
    if row.scope is not None:
        said.append(Text(f"范围：{row.scope.zh}", f"scope: {row.scope.en}"))
    if row.baseline is not None and not row.baseline.comparable:
        said.append(OTHER_KIND)
    if row.period is None:
        said.append(NO_YEAR)
    return said


def _baseline(baseline: ComparedBaseline | None, usual: TimePeriod | None) -> str | None:
    if baseline is None:
        return None
    sign = baseline.comparator.sign if baseline.comparator else ""
    return f"{sign}{printed(baseline.value)}{_year(baseline.period, usual)}"


def _year(period: TimePeriod | None, usual: TimePeriod | None) -> str:
    """The period of a figure where it is another than the heading says."""
    return "" if period is None or period == usual else f"（{period}）"


def _most_common(periods: Iterable[TimePeriod]) -> TimePeriod | None:
    counted = Counter(periods).most_common(1)
    return counted[0][0] if counted else None
