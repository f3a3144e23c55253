"""Which case speaks for which: the parent is mailed; the child is kept, shown, and told if it outlives the parent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from planwatch.area import lies_within
from planwatch.case.events import CoverChanged
from planwatch.case.kinds import CaseKind, Track
from planwatch.case.model import Case, Subject
from planwatch.policy import Inhibition, Level

FROZEN_TRACKS = frozenset({Track.PROGRESS, Track.FORECAST, Track.GAP})
"""The tracks whose cases rest on reported figures, so that a missing report says nothing good about them."""


def cover_changes(cases: Iterable[Case], rules: Inhibition) -> list[tuple[Case, CoverChanged]]:
    """The open cases whose cover or freeze is not what it should be, each with the event that puts it right.

    Args:
        cases: every open case of the plans in question.
        rules: of the policy.
    """
    by_indicator: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        if case.is_open:
            by_indicator[case.subject.plan_id, case.subject.indicator_id].append(case)
    found = [(case, _cover_of(case, kin, rules)) for kin in by_indicator.values() for case in kin]
    return [(case, cover) for case, cover in found if cover != CoverChanged(case.covered_by, case.frozen_by)]


def covering(
    kind: CaseKind, subject: Subject, level: Level, others: Iterable[Case], rules: Inhibition
) -> tuple[str, ...]:
    """The cases that speak for one of this kind, subject and level, in order of their ids."""
    return tuple(
        sorted(
            other.case_id
            for other in others
            if _covers_forecast(other, kind, subject, rules) or _covers_part(other, kind, subject, level, rules)
        )
    )


def _cover_of(case: Case, kin: Iterable[Case], rules: Inhibition) -> CoverChanged:
    others = [other for other in kin if other.case_id != case.case_id]
    return CoverChanged(
        covered_by=covering(case.kind, case.subject, case.level, others, rules),
        frozen_by=tuple(sorted(other.case_id for other in others if _freezes(other, case, rules))),
    )


def _covers_forecast(parent: Case, kind: CaseKind, subject: Subject, rules: Inhibition) -> bool:
    return (
        rules.breach_covers_forecast
        and kind is CaseKind.FORECAST_MISS
        and parent.kind is CaseKind.LIMIT_BREACHED
        and parent.subject == subject
    )


def _covers_part(parent: Case, kind: CaseKind, subject: Subject, level: Level, rules: Inhibition) -> bool:
    wider = parent.subject
    return (
        rules.area_covers_parts
        and parent.kind is kind
        and parent.level >= level
        and wider.ref_area != subject.ref_area
        and lies_within(subject.ref_area, wider.ref_area)
        and (wider.plan_id, wider.indicator_id) == (subject.plan_id, subject.indicator_id)
        and (wider.urbanisation, wider.pop_group) == (subject.urbanisation, subject.pop_group)
    )


def _freezes(parent: Case, case: Case, rules: Inhibition) -> bool:
    return (
        rules.overdue_freezes_verdict
        and parent.kind is CaseKind.OVERDUE_REPORT
        and case.track in FROZEN_TRACKS
        and (parent.subject.plan_id, parent.subject.indicator_id, parent.subject.ref_area)
        == (case.subject.plan_id, case.subject.indicator_id, case.subject.ref_area)
    )
