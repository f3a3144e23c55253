"""Whether a gap widens, and whether by more than its noise. Decides; records and sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import hypot, log
from statistics import NormalDist, median

from planwatch.equalisation.measure import RATIOS, Measure
from planwatch.language import Text
from planwatch.period import TimePeriod

FEWEST_PAST_CHANGES = 3
"""Changes of the same gap that must be known before their usual size can stand in for a standard error."""

USUAL_PERIODS = 3
"""Periods whose middle gap is the usual one."""

NORMAL_FROM_MEDIAN = 1 / NormalDist().inv_cdf(0.75)
"""What turns the median of absolute changes into the standard deviation of normal ones."""


class GapChange(StrEnum):
    """What a gap did between two periods."""

    WIDENED = "widened"
    NARROWED = "narrowed"
    WITHIN_NOISE = "within_noise"
    UNDECIDED = "undecided"


CHANGE_NAMES = {
    GapChange.WIDENED: Text("扩大", "widened"),
    GapChange.NARROWED: Text("缩小", "narrowed"),
    GapChange.WITHIN_NOISE: Text("波动之内", "within noise"),
    GapChange.UNDECIDED: Text("无法判断", "undecided"),
}

REASONS = {
    "beyond_standard_error": Text("变化超出标准误所允许的范围", "the change is beyond what its standard errors allow"),
    "within_standard_error": Text("变化在标准误所允许的范围内", "the change is within its standard errors"),
    "beyond_past_changes": Text("变化超出该差距历来的波动", "the change is beyond the gap's usual changes"),
    "within_past_changes": Text("变化在该差距历来的波动之内", "the change is within the gap's usual changes"),
    "noise_unknown": Text(
        "既无标准误，历来变化也不足三次，无法判断变化是否超出波动",
        "no standard errors and fewer than three earlier changes: the noise is not known",
    ),
    "unchanged": Text("差距没有变化", "the gap has not changed"),
    "undefined": Text("两期之一没有该指标", "the measure is undefined in one of the two periods"),
    "one_period": Text("只有一期", "there is only one period"),
}


@dataclass(frozen=True, slots=True)
class PeriodGap:
    """One measure in one period."""

    period: TimePeriod
    measure: Measure


@dataclass(frozen=True, slots=True)
class GapDecision:
    """What a gap did between its last two periods, and why that is said.

    Attributes:
        change: what it did.
        reason: code of `REASONS`.
        earlier: the period it is held against; None where there is none.
        later: the last period; None where there is none.
        size: change of the size of the gap (unit of the measure; of a ratio: of its logarithm); positive is wider.
        noise: standard deviation that the change is held against, same unit.
    """

    change: GapChange
    reason: str
    earlier: TimePeriod | None = None
    later: TimePeriod | None = None
    size: float | None = None
    noise: float | None = None


def gap_widened(history: Sequence[PeriodGap], *, confidence: float = 0.95) -> GapDecision:
    """Whether the gap of the last period is wider than that of the one before by more than its noise.

    The noise is the standard error of the difference where both periods have one; otherwise the usual size of the
    gap's earlier changes, of which three must be known; otherwise nothing is decided.

    Args:
        history: the same measure in different periods, in any order.
        confidence: two-sided; 0.95 asks for 1.96 standard deviations.
    """
    ordered = sorted(history, key=lambda gap: gap.period)
    if len(ordered) < 2:
        return GapDecision(GapChange.UNDECIDED, "one_period", later=ordered[-1].period if ordered else None)
    before, after = ordered[-2:]
    earlier, later = before.period, after.period
    sizes = [_size(gap.measure) for gap in ordered]
    left, right = sizes[-2:]
    if left is None or right is None:
        return GapDecision(GapChange.UNDECIDED, "undefined", earlier, later)
    grown = right - left
    if grown == 0:
        return GapDecision(GapChange.WITHIN_NOISE, "unchanged", earlier, later, grown)
    if before.measure.se is not None and after.measure.se is not None:
        noise, source = hypot(before.measure.se, after.measure.se), "standard_error"
    else:
        usual = _usual_change(sizes[:-1])
        if usual is None:
            return GapDecision(GapChange.UNDECIDED, "noise_unknown", earlier, later, grown)
        noise, source = usual, "past_changes"
    if abs(grown) <= NormalDist().inv_cdf((1 + confidence) / 2) * noise:
        return GapDecision(GapChange.WITHIN_NOISE, f"within_{source}", earlier, later, grown, noise)
    change = GapChange.WIDENED if grown > 0 else GapChange.NARROWED
    return GapDecision(change, f"beyond_{source}", earlier, later, grown, noise)


def stands_out(history: Sequence[PeriodGap], noise: float, *, confidence: float = 0.95) -> bool:
    """Whether the last gap is wider than the middle one of the three before it by more than its noise.

    One period that happens to be narrow makes the next, usual one look wider; it is not the middle one of three.

    Args:
        history: the same measure in different periods, in any order; at least two where it is defined.
        noise: standard deviation of a change, as `GapDecision` has it.
        confidence: as for `gap_widened`.
    """
    found = [_size(gap.measure) for gap in sorted(history, key=lambda gap: gap.period)]
    sizes = [size for size in found if size is not None]
    usual = median(sizes[-1 - USUAL_PERIODS : -1])
    return sizes[-1] - usual > NormalDist().inv_cdf((1 + confidence) / 2) * noise


def _size(measure: Measure) -> float | None:
    """How far a measure is from saying that there is no gap."""
    if measure.value is None:
        return None
    if measure.code in RATIOS:
        return abs(log(measure.value)) if measure.value > 0 else None
    return abs(measure.value)


def _usual_change(sizes: Sequence[float | None]) -> float | None:
    known = [size for size in sizes if size is not None]
    changes = [abs(right - left) for left, right in pairwise(known)]
    return NORMAL_FROM_MEDIAN * median(changes) if len(changes) >= FEWEST_PAST_CHANGES else None
