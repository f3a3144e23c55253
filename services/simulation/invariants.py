"""No case lost, none doubled: what has to hold of every run, whatever the seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from planwatch.assessment import assess
from planwatch.case.effects import MailOrder, Step
from planwatch.case.judgement import judge_verdicts
from planwatch.case.kinds import Track
from planwatch.case.model import replay
from planwatch.early_warning import DecisionKind
from planwatch.notification import Delivery, MailKind
from planwatch.plan import Plan
from planwatch.policy import Policy
from services.alerts.matters import matter_of
from services.simulation.area import RunningArea

_OPENING = (DecisionKind.RAISE, DecisionKind.REOPEN)


def broken_invariants(run: RunningArea, policy: Policy, delivered: int) -> list[str]:
    """What does not hold in an area, in words; empty where all is well.

    Args:
        run: of the area.
        policy: in force.
        delivered: how many submissions were sent, duplicates included.
    """
    found = [*_of_histories(run), *_of_mails(run), *_of_standing_cases(run, policy)]
    if run.submissions + run.duplicates != delivered:
        found.append(f"{delivered} submissions sent, {run.submissions} counted, {run.duplicates} known already")
    return [f"{run.plan.plan_id}: {fault}" for fault in found]


def _of_histories(run: RunningArea) -> Iterator[str]:
    """A case is the sum of its history, opens only when closed, and counts its episodes without a gap."""
    identities = Counter((case.subject, case.track) for case in run.book.cases.values())
    yield from (f"two cases of {identity}" for identity, count in identities.items() if count > 1)
    for case_id, steps in run.book.history.items():
        if not steps:
            continue
        if replay(step.entry.changes for step in steps) != run.book.cases[case_id]:
            yield f"case {case_id} is not what its history adds up to"
        yield from (f"case {case_id}: {fault}" for fault in _of_episodes(steps))
    yield from (f"case {case_id} has no history" for case_id in run.book.cases.keys() - run.book.history.keys())


def _of_episodes(steps: Sequence[Step]) -> Iterator[str]:
    is_open, episode = False, 0
    for step in steps:
        kind = step.entry.kind
        if kind in _OPENING:
            if is_open:
                yield "opened while it was open"
            if step.case.episode != episode + 1:
                yield f"episode {step.case.episode} after {episode}"
            is_open, episode = True, step.case.episode
        elif not is_open:
            yield f"{kind} while it was closed"
        elif kind is DecisionKind.CLOSE:
            is_open = False


def _of_mails(run: RunningArea) -> Iterator[str]:
    """Every order to mail at once is in exactly one mail, and no digest is left."""
    ordered = sum(
        isinstance(step.notice, MailOrder) and step.notice.delivery is Delivery.IMMEDIATE
        for steps in run.book.history.values()
        for step in steps
    )
    at_once = sum(
        len(mail.cases) for mail in run.book.post.mails if mail.kind not in (MailKind.DIGEST, MailKind.WEEKLY)
    )
    if ordered != at_once:
        yield f"{ordered} mails ordered at once, {at_once} sent"
    yield from (f"the digest of {agency} was never sent" for agency in run.book.post.digests_due)


def _of_standing_cases(run: RunningArea, policy: Policy) -> Iterator[str]:
    """All figures judged anew, from nothing, give the verdicts and the open cases that the run ended with."""
    for key, standing in run.verdicts.items():
        history = run.vintages.known_at(key, run.vintages.newest(key))
        series = next(iter(history.values())).series
        indicator = run.plan.indicator(series.indicator_id)
        assert indicator is not None
        anew = {period: assess(run.plan, indicator, policy, history, period, submission_id="") for period in history}
        if any(found is None or found.verdict is not standing[period].verdict for period, found in anew.items()):
            yield f"the verdicts on {key} are not those of a full recomputation"
        yield from _of_standing_case(run, run.plan, key, policy)


def _of_standing_case(run: RunningArea, plan: Plan, key: str, policy: Policy) -> Iterator[str]:
    verdicts = list(run.verdicts[key].values())
    series = next(iter(run.vintages.known_at(key, run.vintages.newest(key)).values())).series
    indicator = plan.indicator(series.indicator_id)
    assert indicator is not None
    matter = matter_of(plan, indicator, series, Track.PROGRESS)
    found = judge_verdicts(matter, verdicts, policy)
    case = run.book.cases.get(matter.case_id)
    is_open = case is not None and case.is_open
    if found is None:
        return
    is_due = found.level is not None and found.bad_in_a_row >= policy.persistence_of(found.kind, matter.nature)
    if is_due and not is_open:
        yield f"the case of {key} is lost: {found.because.en}"
    if is_open and case is not None and found.level is None and found.floor is None and not case.frozen_by:
        yield f"the case of {key} is still open: {found.because.en}"
