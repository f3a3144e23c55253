"""What would have been otherwise under another policy: cases, mails, and the figures behind each difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from psycopg import Connection

from planwatch.case.model import Case
from planwatch.case.replay_comparison import (
    CaseDifference,
    Episode,
    MailComparison,
    StepDifference,
    case_differences,
    compare_mails,
    episodes,
    step_differences,
)
from planwatch.local_time import LOCAL_TIME
from planwatch.policy import AssessmentClass, Policy
from planwatch.working_days import WorkingCalendar
from services.policy_records import KnownVerdict, Records, load_records
from services.policy_replay import PolicyReplay, Window


@dataclass(frozen=True, slots=True)
class ChangedVerdict:
    """A verdict that has another class under the changed policy."""

    verdict: KnownVerdict
    changed: AssessmentClass


@dataclass(frozen=True, slots=True)
class DifferingCase:
    """A case that differs, with the verdict behind it; None where no figure is, or none is stored."""

    difference: CaseDifference
    subject: Case
    verdict: KnownVerdict | None
    changed_class: AssessmentClass | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """A plan's history under its own policies and under another one.

    Attributes:
        in_force: versions of the policies that held within the window, in order.
        changed: version of the other one.
        recorded_steps: of the history within the window, on the tracks that are replayed.
        control: where the replay under the policies in force is not the recorded history.
        clock_steps: how many steps a clock that never stopped would have added or taken at another time.
        not_replayed: cases of other tracks, left as they are: id → kind.
        unjudged: verdicts that their own thresholds do not give again; they keep their class.
        verdicts: that have another class.
        cases: that differ.
        mails: of both.
    """

    in_force: Sequence[str]
    changed: str
    recorded_steps: int
    control: Sequence[StepDifference]
    clock_steps: int
    not_replayed: dict[str, str]
    unjudged: int
    verdicts: Sequence[ChangedVerdict]
    cases: Sequence[DifferingCase]
    mails: MailComparison


def window_of(first: date, last: date) -> Window:
    """From the beginning of the first local day to the end of the last one."""
    return Window(
        datetime.combine(first, time.min, LOCAL_TIME), datetime.combine(last + timedelta(days=1), time.min, LOCAL_TIME)
    )


def simulate(
    connection: Connection[Any], plan_id: str, changed: Policy, window: Window, calendar: WorkingCalendar
) -> Simulation:
    """Replay a plan's history within a window; nothing is written.

    Args:
        connection: of a reader; its transaction is one snapshot where it is REPEATABLE READ.
        plan_id: of an applied plan.
        changed: the policy to try.
        window: within which events are replayed; what was before is the start.
        calendar: working days.
    """
    records = load_records(connection, plan_id)
    history = PolicyReplay(records, window, calendar)
    control, present, under = history.control(), history.present(changed), history.under(changed)
    numbers = {row.indicator_id: position for position, row in enumerate(records.plans.current.watched)}
    differing = [
        _with_figures(difference, {**present.cases, **under.cases}, history, changed)
        for difference in case_differences(
            episodes(history.standing(), present.steps), episodes(history.standing(), under.steps)
        )
    ]
    verdicts = list(_changed_verdicts(history, changed))
    recorded = {(step.case_id, step.number): step for step in history.recorded}
    return Simulation(
        in_force=_in_force(history),
        changed=changed.version,
        recorded_steps=len(recorded),
        control=step_differences(recorded.values(), control.steps),
        clock_steps=len(step_differences(recorded.values(), present.steps)),
        not_replayed=history.not_replayed,
        unjudged=sum(not history.is_judged_again(known) for known in _within(records, window)),
        verdicts=verdicts,
        cases=sorted(differing, key=lambda item: numbers.get(item.subject.subject.indicator_id, len(numbers))),
        mails=compare_mails(present.post.mails, under.post.mails),
    )


def _in_force(history: PolicyReplay) -> list[str]:
    moments = [history.window.since, *(step.at for step in history.recorded), history.window.until]
    return list(dict.fromkeys(history.in_force(moment).version for moment in moments))


def _changed_verdicts(history: PolicyReplay, changed: Policy) -> Iterator[ChangedVerdict]:
    for known in _within(history.records, history.window):
        verdict = history.class_by(changed, known)
        if verdict is not known.stored.verdict:
            yield ChangedVerdict(known, verdict)


def _within(records: Records, window: Window) -> list[KnownVerdict]:
    found = [
        known for verdicts in records.verdicts.values() for known in verdicts if window.holds(known.stored.known_at)
    ]
    return sorted(found, key=lambda known: known.number)


def _with_figures(
    difference: CaseDifference, cases: dict[str, Case], history: PolicyReplay, changed: Policy
) -> DifferingCase:
    episode = difference.changed or difference.present
    assert episode is not None
    verdict = _verdict_of(episode, cases[episode.case_id], history.records)
    return DifferingCase(
        difference, cases[episode.case_id], verdict, history.class_by(changed, verdict) if verdict else None
    )


def _verdict_of(episode: Episode, case: Case, records: Records) -> KnownVerdict | None:
    subject = case.subject
    for key, series in records.series.items():
        if (series.indicator_id, series.ref_area, series.urbanisation, series.pop_group, series.freq) == (
            subject.indicator_id,
            subject.ref_area,
            subject.urbanisation,
            subject.pop_group,
            episode.period.freq,
        ):
            found = [known for known in records.verdicts.get(key, ()) if known.stored.period == episode.period]
            own = [known for known in found if known.submission_id == episode.submission_id]
            return next(reversed(own or found), None)
    return None
