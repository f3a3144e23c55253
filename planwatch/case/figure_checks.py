"""核对: of a period, whether a figure can be true beside others: the parts of its whole, the months before in its year.

Nothing is found where its sender confirms a figure by its OBS_STATUS, or where rounding explains a difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from planwatch.case.known_figure import KnownFigure
from planwatch.language import Text
from planwatch.period import Freq, TimePeriod
from planwatch.rollup import Aggregation, AreaFigure, check_rollups, half_unit, roll_up
from planwatch.series import TOTAL, Accumulation, ObsStatus
from planwatch.wording import period_name

URBAN, RURAL = "U", "R"

CONFIRMED = frozenset({ObsStatus.BREAK, ObsStatus.DEFINITION_DIFFERS, ObsStatus.SPECIAL_EVENT})
"""With these a sender says that a figure differs from others, and means it."""

_TOTALS = {
    Accumulation.YEAR_TO_DATE: Text("本年累计", "the total of the year so far"),
    Accumulation.SINCE_PLAN_START: Text("规划期累计", "the total since the plan began"),
}


@dataclass(frozen=True, slots=True)
class FigureCheck:
    """A figure held against others in one period; `finding` is None where they agree or cannot be compared.

    Attributes:
        known_at: when the newest of the figures compared was received.
    """

    period: TimePeriod
    finding: Text | None
    known_at: datetime


def rollup_checks(
    area: str, figures: Iterable[KnownFigure], aggregation: Aggregation, *, weights: Mapping[str, Decimal] | None = None
) -> list[FigureCheck]:
    """An area's own figures held against those of the areas within it; with one of these missing nothing is found.

    All areas that report any of the periods are expected in each of them, so that a first period alone is not checked:
    whose figure is missing shows with the second one.

    Args:
        area: the whole.
        figures: of one indicator in every area, for the whole population.
        aggregation: of the indicator.
        weights: area → population, needed for rates.
    """
    by_period: dict[TimePeriod, dict[str, KnownFigure]] = defaultdict(dict)
    known_figures = list(figures)
    if all(figure.ref_area == area for figure in known_figures):
        return []
    for figure in known_figures:
        by_period[figure.period][figure.ref_area] = figure
    checks = []
    for period, known in sorted(by_period.items()):
        alike = {each: areas for each, areas in by_period.items() if each.freq is period.freq}
        expected = {name for areas in alike.values() for name in areas if name != area}
        if len(alike) < 2 or area not in known:
            continue
        given = [AreaFigure(name, each.value, (weights or {}).get(name)) for name, each in known.items()]
        rollups = roll_up(given, expected, aggregation)
        finding = next((found for found in check_rollups(rollups, given, aggregation) if found.area == area), None)
        reason = None if finding is None or known[area].status in CONFIRMED else _of(period, finding.reason)
        checks.append(FigureCheck(period, reason, max(each.received_at for each in known.values())))
    return checks


def breakdown_checks(
    figures: Iterable[KnownFigure], aggregation: Aggregation, form: Accumulation | None = None
) -> list[FigureCheck]:
    """The figures of a whole held against those of urban and rural: their sum, or for rates the range between them.

    Args:
        figures: of one indicator in one area and group: the whole, urban and rural.
        aggregation: of the indicator; every weighted mean lies between its parts, whatever their weights.
        form: of a quantity that adds up, where a figure names none; figures of different forms are not compared.
    """
    by_period: dict[TimePeriod, dict[str, KnownFigure]] = defaultdict(dict)
    for figure in figures:
        by_period[figure.period][figure.urbanisation] = figure
    checks = []
    for period, known in sorted(by_period.items()):
        if not known.keys() >= {TOTAL, URBAN, RURAL}:
            continue
        whole, parts = known[TOTAL], (known[URBAN], known[RURAL])
        values = [part.value for part in parts if part.value is not None]
        forms = {figure.accumulation or form for figure in (whole, *parts)}
        finding = None
        if whole.value is not None and len(values) == 2 and len(forms) == 1 and whole.status not in CONFIRMED:
            finding = _contradiction(whole.value, values[0], values[1], aggregation)
        reason = None if finding is None else _of(period, finding)
        checks.append(FigureCheck(period, reason, max(figure.received_at for figure in (whole, *parts))))
    return checks


def fall_checks(
    figures: Iterable[KnownFigure], plan_start: date, aggregation: Aggregation, form: Accumulation | None = None
) -> list[FigureCheck]:
    """Totals held against the one before them in the same year, or the same plan: what adds up never falls.

    Args:
        figures: of one series at every frequency; each is held against the last one before it that has a value.
        plan_start: a total since the start of a plan that ends before it belongs to another plan.
        aggregation: of the indicator; what is counted one by one was not rounded.
        form: in which figures are reported that name none; flows may fall.
    """
    runs: dict[tuple[Freq, Accumulation, object], list[KnownFigure]] = defaultdict(list)
    for figure in figures:
        how = figure.accumulation or form
        if figure.value is not None and how in _TOTALS:
            of = figure.period.end.year if how is Accumulation.YEAR_TO_DATE else figure.period.end >= plan_start
            runs[figure.period.freq, how, of].append(figure)
    checks = []
    for (_, how, _), run in runs.items():
        for earlier, later in pairwise(sorted(run, key=lambda figure: figure.period.end)):
            finding = None if later.status in CONFIRMED else _fall(earlier, later, _TOTALS[how], aggregation)
            known_at = max(earlier.received_at, later.received_at)
            checks.append(FigureCheck(later.period, finding, known_at))
    return sorted(checks, key=lambda check: (check.period.end, check.period.days))


def _contradiction(whole: Decimal, urban: Decimal, rural: Decimal, aggregation: Aggregation) -> Text | None:
    said = Text(
        f"合计上报{whole:f}，城镇{urban:f}、乡村{rural:f}", f"reported as {whole:f}, urban {urban:f}, rural {rural:f}"
    )
    if aggregation is Aggregation.WEIGHTED_MEAN:
        low, high = min(urban, rural), max(urban, rural)
        if low - _rounding(low, whole) <= whole <= high + _rounding(high, whole):
            return None
        return Text(f"{said.zh}，合计不在两者之间", f"{said.en}; the whole does not lie between them")
    tolerance = Decimal(0) if aggregation is Aggregation.COUNT else _rounding(whole, urban, rural)
    if abs(urban + rural - whole) <= tolerance:
        return None
    return Text(
        f"{said.zh}，两者之和为{urban + rural:f}，相差超出舍入误差",
        f"{said.en}, which make {urban + rural:f}; rounding does not explain the difference",
    )


def _fall(earlier: KnownFigure, later: KnownFigure, name: Text, aggregation: Aggregation) -> Text | None:
    before, value = earlier.value, later.value
    assert before is not None
    assert value is not None
    tolerance = Decimal(0) if aggregation is Aggregation.COUNT else _rounding(before, value)
    if before - value <= tolerance:
        return None
    said, then = period_name(later.period), period_name(earlier.period)
    return Text(
        f"{said.zh}{name.zh}上报{value:f}，低于{then.zh}的{before:f}，累计数不应下降",
        f"{said.en}: {name.en} is reported as {value:f}, less than {before:f} in {then.en}; a total does not fall",
    )


def _rounding(*values: Decimal) -> Decimal:
    return sum((half_unit(value) for value in values), Decimal(0))


def _of(period: TimePeriod, finding: Text) -> Text:
    said = period_name(period)
    return Text(f"{said.zh}{finding.zh}", f"{said.en}: {finding.en}")
