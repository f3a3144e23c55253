"""差距扩大: of every period, whether the gap between areas or groups is wider than before, by more than its noise.

A gap that has widened is held against the last period before that, so that it stays widened until it has come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from planwatch.breakdown import DIMENSION_NAMES, Dimension
from planwatch.case.events import Reading
from planwatch.equalisation import Comparison, Group, PeriodGap, gap_widened, stands_out
from planwatch.equalisation.change import REASONS, GapChange, GapDecision
from planwatch.equalisation.extremes import measure_extremes
from planwatch.equalisation.group import shares_of
from planwatch.equalisation.measure import MEASURE_NAMES, Measure, MeasureCode
from planwatch.language import Text
from planwatch.period import Freq, TimePeriod
from planwatch.wording import period_name

MEASURE = MeasureCode.DIFFERENCE
"""What decides on a case: in the indicator's own unit, defined from two groups on, not moved by weights."""

WIDER, NOT_WIDER = "gap_widened", "gap_not_widened"

FLOAT_SLACK = 1e-6

ROUNDED = Text("变化在数字的舍入误差之内", "rounding of the figures explains the change")
MOMENTARY = Text(
    "比上期宽，但与此前三期的中间值相比在波动之内",
    "wider than before, but within its noise of the middle one of the three periods before",
)


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """The newest vintage of one group in one period.

    Attributes:
        group: area code, or code of the breakdown.
        period: of the figure.
        value: in the indicator's unit, with the decimals it was sent with; None where it was reported as missing.
        submission_id: that carried it.
        received_at: when that was received.
    """

    group: str
    period: TimePeriod
    value: Decimal | None
    submission_id: str
    received_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class _Standing:
    """One period: the figures of the groups that have one, and all that was received for it."""

    period: TimePeriod
    values: Mapping[str, Decimal]
    received: tuple[GroupFigure, ...]


def gap_readings(dimension: Dimension, figures: Iterable[GroupFigure]) -> list[Reading]:
    """The readings that a case of a widening gap rests on.

    A period is read once all groups of the period that it is held against have reported, over these groups alone:
    otherwise every area that reports late would move the gap. Where the noise is not known there is no reading. What
    rounding of the printed figures can do is no widening.

    Args:
        dimension: along which the figures differ; said in the words.
        figures: one per group and period, of any frequency.
    Returns:
        Of the frequency whose readings reach furthest, in rising period; empty where nothing can be decided.
    Source: docs/equalisation.md.
    """
    by_freq: dict[Freq, dict[TimePeriod, list[GroupFigure]]] = defaultdict(lambda: defaultdict(list))
    for figure in figures:
        by_freq[figure.period.freq][figure.period].append(figure)
    found = [_readings(dimension, [_standing(periods, at) for at in sorted(periods)]) for periods in by_freq.values()]
    return max(
        (readings for readings in found if readings),
        key=lambda readings: (readings[-1].period.end, readings[-1].period.days),
        default=[],
    )


def _standing(periods: Mapping[TimePeriod, Sequence[GroupFigure]], at: TimePeriod) -> _Standing:
    received = tuple(periods[at])
    values = {figure.group: figure.value for figure in received if figure.value is not None}
    return _Standing(at, values, received)


def _readings(dimension: Dimension, standings: Sequence[_Standing]) -> list[Reading]:
    readings: list[Reading] = []
    widened_from: int | None = None
    known_at = list(accumulate((max(f.received_at for f in each.received) for each in standings), max))
    measure = cache(_gap)
    for position in range(1, len(standings)):
        start = position - 1 if widened_from is None else widened_from
        change = _change(standings[: start + 1], standings[position], measure)
        if change is None:
            continue
        widened_from = start if change.is_wider else None
        newest = max(standings[position].received, key=lambda figure: (figure.received_at, figure.submission_id))
        readings.append(
            Reading(
                period=standings[position].period,
                is_bad=change.is_wider,
                cause=WIDER if change.is_wider else NOT_WIDER,
                submission_id=newest.submission_id,
                known_at=known_at[position],
                because=_because(DIMENSION_NAMES[dimension], change),
            )
        )
    return readings


class _Change(NamedTuple):
    """What a gap did from one period to another; `before` and `after` in the indicator's unit, as printed."""

    earlier: TimePeriod
    later: TimePeriod
    before: str
    after: str
    noise: str
    is_wider: bool
    reason: Text


def _change(
    history: Sequence[_Standing],
    standing: _Standing,
    measure: Callable[[_Standing, tuple[str, ...]], Measure],
) -> _Change | None:
    """What the gap did since the last period of `history`, over the groups of that one; None: it cannot be said."""
    earlier = history[-1]
    groups = tuple(sorted(earlier.values))
    if len(groups) < 2 or not standing.values.keys() >= earlier.values.keys():
        return None
    complete = [each for each in history if each.values.keys() >= earlier.values.keys()]
    gaps = [PeriodGap(each.period, measure(each, groups)) for each in (*complete, standing)]
    decision = gap_widened(gaps)
    if decision.change is GapChange.UNDECIDED:
        return None
    values = [each.values[group] for each in (earlier, standing) for group in groups]
    is_beyond_rounding = (decision.size or 0.0) > _rounding(values) * (1 + FLOAT_SLACK)
    is_wider = decision.change is GapChange.WIDENED
    is_lasting = is_wider and stands_out(gaps, decision.noise or 0.0)
    decimals = max(_decimals(value) for value in values)
    before, after = (f"{abs(gap.measure.value or 0.0):.{decimals}f}" for gap in gaps[-2:])
    return _Change(
        earlier=earlier.period,
        later=standing.period,
        before=before,
        after=after,
        noise=f"{decision.noise or 0.0:.{decimals + 1}f}",
        is_wider=is_lasting and is_beyond_rounding,
        reason=_reason(decision, is_lasting=is_lasting, is_beyond_rounding=is_beyond_rounding),
    )


def _reason(decision: GapDecision, *, is_lasting: bool, is_beyond_rounding: bool) -> Text:
    if decision.change is not GapChange.WIDENED:
        return REASONS[decision.reason]
    if not is_beyond_rounding:
        return ROUNDED
    return REASONS[decision.reason] if is_lasting else MOMENTARY


def _gap(standing: _Standing, groups: tuple[str, ...]) -> Measure:
    shares = shares_of([Group(name, float(standing.values[name]), 1.0) for name in groups])
    return next(found for found in measure_extremes(shares, Comparison(), ordered=False) if found.code is MEASURE)


def _rounding(values: Iterable[Decimal]) -> float:
    """By how much rounding alone can move the difference of two differences: half a last digit for each of four."""
    return 2.0 / 10.0 ** min(_decimals(value) for value in values)


def _because(place: Text, change: _Change) -> Text:
    measure = MEASURE_NAMES[MEASURE]
    earlier, later = period_name(change.earlier), period_name(change.later)
    if change.is_wider:
        return Text(
            f"{later.zh}{place.zh}的差距（{measure.zh}）由{earlier.zh}的{change.before}扩大到{change.after}，"
            f"超出其波动（历来变化的标准差为{change.noise}）",
            f"in {later.en} the gap {place.en} ({measure.en}) is {change.after}, up from {change.before} in "
            f"{earlier.en}, beyond its noise (its changes have a standard deviation of {change.noise})",
        )
    return Text(
        f"{later.zh}{place.zh}的差距（{measure.zh}）为{change.after}，{earlier.zh}为{change.before}，{change.reason.zh}",
        f"in {later.en} the gap {place.en} ({measure.en}) is {change.after}, in {earlier.en} {change.before}: "
        f"{change.reason.en}",
    )


def _decimals(value: Decimal) -> int:
    return max(-int(value.as_tuple().exponent), 0)
