"""Warnings against the truth: which stretch of trouble was warned of in time, and which warning was about nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from planwatch.case.effects import Step
from planwatch.case.kinds import CaseKind
from planwatch.early_warning import DecisionKind
from services.simulation.reports import month_of
from services.simulation.truth import Trouble

EARLY = 1
"""A warning one period before the onset is right."""


@dataclass(frozen=True, slots=True)
class Warned:
    """One kind of trouble that one episode of a case spoke of.

    Attributes:
        key: of the indicator.
        part: URBANISATION.
        first: month (of overdue reports: day) in which it first did.
        last: month or day in which it last did.
    """

    case_id: str
    episode: int
    key: str
    part: str
    kind: CaseKind
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the comparison in one area.

    Attributes:
        hits, misses: troubles.
        right, borderline, false_alarms: warnings.
        borderline_troubles: stretches on the border; neither hit nor miss.
    """

    hits: tuple[Trouble, ...]
    misses: tuple[Trouble, ...]
    right: tuple[Warned, ...]
    borderline: tuple[Warned, ...]
    false_alarms: tuple[Warned, ...]
    borderline_troubles: tuple[Trouble, ...]


def warnings_of(histories: Iterable[Sequence[Step]], keys: Mapping[str, str]) -> list[Warned]:
    """What the histories of cases warned of.

    Args:
        histories: the steps of each case.
        keys: indicator id → key.
    """
    found: list[Warned] = []
    for history in histories:
        standing: dict[tuple[int, CaseKind], list[int]] = {}
        for step, moment in _with_moments(history):
            case = step.case
            if step.entry.kind is DecisionKind.CLOSE or case.subject.indicator_id not in keys:
                continue
            standing.setdefault((case.episode, case.kind), []).append(moment)
        for (episode, kind), moments in standing.items():
            subject = history[0].case.subject
            found.append(
                Warned(
                    history[0].case.case_id,
                    episode,
                    keys[subject.indicator_id],
                    subject.urbanisation,
                    kind,
                    min(moments),
                    max(moments),
                )
            )
    return found


def compare(troubles: Sequence[Trouble], warnings: Sequence[Warned]) -> Outcome:
    """Hold warnings against the truth of an area; see docs/simulation.md for the windows."""
    certain = [trouble for trouble in troubles if not trouble.is_borderline]
    border = [trouble for trouble in troubles if trouble.is_borderline]
    hits = [trouble for trouble in certain if any(_in_time(trouble, warned) for warned in warnings)]
    right = [warned for warned in warnings if any(_is_about(warned, trouble) for trouble in certain)]
    rest = [warned for warned in warnings if warned not in right]
    borderline = [warned for warned in rest if any(_is_about(warned, trouble) for trouble in border)]
    return Outcome(
        tuple(hits),
        tuple(trouble for trouble in certain if trouble not in hits),
        tuple(right),
        tuple(borderline),
        tuple(warned for warned in rest if warned not in borderline),
        tuple(border),
    )


def _in_time(trouble: Trouble, warned: Warned) -> bool:
    """A warning of the kind stands at some time from the onset, or one period before it, to the end of the window."""
    return _same(trouble, warned) and warned.first <= trouble.window_end and warned.last >= trouble.onset - EARLY


def _is_about(warned: Warned, trouble: Trouble) -> bool:
    """A warning began while the trouble lasted, or one period before."""
    return _same(trouble, warned) and trouble.onset - EARLY <= warned.first < trouble.end


def _same(trouble: Trouble, warned: Warned) -> bool:
    return (trouble.key, trouble.part, trouble.kind) == (warned.key, warned.part, warned.kind)


def _with_moments(history: Sequence[Step]) -> Iterable[tuple[Step, int]]:
    """Each step with the month of the figure it rests on; those about missing reports with their day."""
    for step in history:
        case = step.case
        if case.kind is CaseKind.OVERDUE_REPORT:
            yield step, case.counted_from.toordinal()
        else:
            yield step, month_of(case.time_period)
