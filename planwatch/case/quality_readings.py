"""数据质量: of every period, whether figures are in doubt: a jump out of nowhere, or what a check of figures found.

A figure stays doubtful until it is corrected, until its sender confirms it by an OBS_STATUS that says so, until the
next figure bears a jump out, or until it lies `WINDOW` periods back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from planwatch.case.events import Reading
from planwatch.case.figure_checks import CONFIRMED, FigureCheck
from planwatch.case.known_figure import KnownFigure
from planwatch.equalisation.change import NORMAL_FROM_MEDIAN
from planwatch.language import Text
from planwatch.period import Freq, TimePeriod
from planwatch.wording import period_name

USUAL_CHANGES = 10 * NORMAL_FROM_MEDIAN
"""How often the median change a change has to be to be doubted: ten standard deviations of normal ones."""

LEAST_JUMP = Decimal("0.1")
"""Share of the figure before by which one has to differ to be doubted: steady series change little."""

FEWEST_BEFORE = 5
"""Figures before one that can be doubted."""

LONGEST_BEFORE = 24
"""Figures that usual changes are taken from, so that the cost of one does not grow with its history."""

WINDOW = 13

DOUBTFUL, PLAUSIBLE = "data_doubtful", "data_plausible"

NOTHING_DOUBTFUL = Text("未见存疑数据", "no figure is in doubt")


class _Checked(NamedTuple):
    """One period of one frequency, and the findings that stand at its end by the period they are about."""

    figure: KnownFigure
    findings: Mapping[TimePeriod, Text]
    known_at: datetime


def quality_readings(
    figures: Iterable[KnownFigure], checks: Iterable[FigureCheck] = (), *, expects_trend: bool = True
) -> list[Reading]:
    """The readings that a case of doubtful data rests on.

    Args:
        figures: of one subject at every frequency, one per period; those without a value are passed over.
        checks: of the subject's figures against others; several of one period all count.
        expects_trend: its figures follow one another; flows and totals, which start anew every year, do not.
    Returns:
        In rising period; those of the last `WINDOW` periods of each frequency.
    Source: docs/method.md.
    """
    by_freq: dict[Freq, list[KnownFigure]] = defaultdict(list)
    for figure in figures:
        if figure.value is not None:
            by_freq[figure.period.freq].append(figure)
    found = _by_period(checks)
    checked = sorted(
        (row for known in by_freq.values() for row in _checked(known, found, expects_trend=expects_trend)),
        key=lambda row: (row.figure.period.end, row.figure.period.days),
    )
    standing: dict[Freq, Mapping[TimePeriod, Text]] = {}
    readings: list[Reading] = []
    for row in checked:
        standing[row.figure.period.freq] = row.findings
        doubts = [finding for findings in standing.values() for _, finding in sorted(findings.items())]
        readings.append(
            Reading(
                period=row.figure.period,
                is_bad=bool(doubts),
                cause=DOUBTFUL if doubts else PLAUSIBLE,
                submission_id=row.figure.submission_id,
                known_at=max([row.known_at, *(reading.known_at for reading in readings[-1:])]),
                because=_because(doubts),
            )
        )
    return readings


def _by_period(checks: Iterable[FigureCheck]) -> dict[TimePeriod, FigureCheck]:
    """One check a period, with the findings of all that are about it."""
    found: dict[TimePeriod, FigureCheck] = {}
    for check in checks:
        before = found.get(check.period, check)
        findings = list(dict.fromkeys(each.finding for each in (before, check) if each.finding is not None))
        found[check.period] = FigureCheck(
            check.period, _joined(findings) if findings else None, max(before.known_at, check.known_at)
        )
    return found


def _joined(findings: Sequence[Text]) -> Text:
    return Text("；".join(each.zh for each in findings), "; ".join(each.en for each in findings))


def _checked(
    figures: Sequence[KnownFigure], checks: Mapping[TimePeriod, FigureCheck], *, expects_trend: bool
) -> list[_Checked]:
    ordered = sorted(figures, key=lambda figure: (figure.period.end, figure.period.days))
    ordered = ordered[-(WINDOW + LONGEST_BEFORE) :]
    trend = _Trend()
    findings: dict[TimePeriod, Text] = {}
    rows: list[_Checked] = []
    known_at = ordered[0].received_at
    for figure in ordered:
        known_at = max(known_at, figure.received_at)
        check = checks.get(figure.period)
        if check is not None:
            known_at = max(known_at, check.known_at)
            if check.finding is not None:
                findings[figure.period] = check.finding
        if expects_trend:
            trend.take(figure)
        doubts = {**trend.doubts, **findings}
        if doubts:
            recent = {row.figure.period for row in rows[-WINDOW + 1 :]} | {figure.period}
            doubts = {period: reason for period, reason in doubts.items() if period in recent}
        rows.append(_Checked(figure, doubts, known_at))
    return rows[-WINDOW:]


class _Trend:
    """Takes figures one after the other and doubts those that are far from the one before and the year before."""

    def __init__(self) -> None:
        self.doubts: dict[TimePeriod, Text] = {}
        self._accepted: list[KnownFigure] = []
        self._jumped: KnownFigure | None = None

    def take(self, figure: KnownFigure) -> None:
        """Accept a figure, or doubt it; a second one on the level of a doubted one bears it out."""
        if figure.status in CONFIRMED:
            self._accepted, self._jumped = [figure], None
            return
        alike = self._alike(figure) if len(self._accepted) >= FEWEST_BEFORE else []
        if not alike or any(_is_small(figure, other) for other in alike):
            self._accept(figure)
            return
        usual = _usual_change(self._accepted)
        if any(_is_usual(figure, other, usual) for other in alike):
            self._accept(figure)
        elif self._jumped is not None and _bears_out(figure, self._jumped, self._accepted[-1]):
            self.doubts.pop(self._jumped.period)
            self._accepted, self._jumped = [self._jumped, figure], None
        else:
            self.doubts[figure.period] = _jump(figure, self._accepted[-1], usual)
            self._jumped = figure

    def _accept(self, figure: KnownFigure) -> None:
        self._accepted.append(figure)
        self._jumped = None

    def _alike(self, figure: KnownFigure) -> list[KnownFigure]:
        """The last figure before one, and that of the same time of the year before."""
        start = figure.period.start
        a_year_before = [
            other
            for other in self._accepted
            if (other.period.start.year, other.period.start.month, other.period.start.day)
            == (start.year - 1, start.month, start.day)
        ]
        return [self._accepted[-1], *a_year_before]


def _usual_change(accepted: Sequence[KnownFigure]) -> Decimal:
    """The median change, or one in the last printed decimal where that is more."""
    values = [_value(figure) for figure in accepted[-LONGEST_BEFORE:]]
    least = Decimal(1).scaleb(-min(_decimals(value) for value in values))
    return max(median(abs(later - earlier) for earlier, later in pairwise(values)), least)


def _is_small(figure: KnownFigure, other: KnownFigure) -> bool:
    return abs(_value(figure) - _value(other)) <= LEAST_JUMP * abs(_value(other))


def _is_usual(figure: KnownFigure, other: KnownFigure, usual: Decimal) -> bool:
    return abs(_value(figure) - _value(other)) <= Decimal(USUAL_CHANGES) * usual


def _bears_out(figure: KnownFigure, jumped: KnownFigure, before: KnownFigure) -> bool:
    """Whether a figure lies nearer to the one that jumped than to the one before that."""
    return abs(_value(figure) - _value(jumped)) < abs(_value(figure) - _value(before))


def _value(figure: KnownFigure) -> Decimal:
    assert figure.value is not None
    return figure.value


def _decimals(value: Decimal) -> int:
    return max(-int(value.as_tuple().exponent), 0)


def _jump(figure: KnownFigure, before: KnownFigure, usual: Decimal) -> Text:
    value, earlier, change = f"{_value(figure):f}", f"{_value(before):f}", f"{usual:f}"
    said, then = period_name(figure.period), period_name(before.period)
    return Text(
        f"{said.zh}上报{value}，{then.zh}为{earlier}，而历来各期变化一般为{change}",
        f"{said.en}: reported as {value}, but {earlier} in {then.en}, and its usual change is {change}",
    )


def _because(doubts: Sequence[Text]) -> Text:
    if not doubts:
        return NOTHING_DOUBTFUL
    said = _joined(doubts)
    return Text(f"数据存疑：{said.zh}", f"figures are in doubt: {said.en}")
