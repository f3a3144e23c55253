"""What a judgement does to a case: it opens, rises, falls, stands or closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from planwatch.case.deadlines import deadlines_from
from planwatch.case.effects import Transition
from planwatch.case.inhibition import covering
from planwatch.case.kinds import CaseKind
from planwatch.case.model import Case, Judgement, Matter
from planwatch.case.walk import CLOCK, EVALUATOR, Walk
from planwatch.early_warning import CaseState, DecisionKind
from planwatch.language import Text
from planwatch.policy import Level
from planwatch.wording import LEVEL_NAMES

CONSIDERED = Text("该数据已考虑过", "these figures have been considered already")


def settle(walk: Walk, matter: Matter, found: Judgement) -> Transition:
    """Open a case, or let the open one follow the judgement."""
    case = walk.case
    if case is not None and not _is_news(case, found):
        return walk.nothing(CONSIDERED)
    if case is None or not case.is_open:
        return _open_if_due(walk, case, matter, found)
    if _would_ease(case, found) and case.frozen_by:
        return _defer(walk, case, found)
    return follow(walk, case, found)


def follow(walk: Walk, case: Case, found: Judgement) -> Transition:
    """Let an open case follow a judgement: rise, fall, stand or close."""
    target = _target(case, found)
    seen = replace(case, known_at=found.known_at, deferred=None)
    if target is None:
        return _close(walk, seen, found)
    if found.level is not None:
        seen = replace(
            seen,
            kind=found.kind,
            cause=found.cause,
            time_period=found.period,
            since_period=min(case.since_period, found.period),
            submission_id=found.submission_id,
            policy_line=found.policy_line,
        )
    if target > case.level:
        return _rise(walk, case, seen, found, target)
    if target < case.level:
        return _fall(walk, case, seen, found, target)
    return _stand(walk, case, seen, found)


def _open_if_due(walk: Walk, closed: Case | None, matter: Matter, found: Judgement) -> Transition:
    because = found.because
    if found.level is None:
        return walk.nothing(Text(f"{because.zh}，无需预警", f"{because.en}; no warning is due"))
    needed = walk.policy.persistence_of(found.kind, matter.nature)
    if found.bad_in_a_row < needed:
        count = found.bad_in_a_row
        return walk.nothing(
            Text(
                f"{because.zh}，连续{count}期，满{needed}期方才预警",
                f"{because.en}, {count} in a row; a warning is due after {needed}",
            )
        )
    return _open(walk, closed, matter, found, found.level)


def _open(walk: Walk, closed: Case | None, matter: Matter, found: Judgement, level: Level) -> Transition:
    limits = deadlines_from(walk.today, level, walk.policy, walk.calendar)
    within = timedelta(days=walk.policy.recurrence_days)
    recurs = closed is not None and closed.closed_at is not None and walk.now - closed.closed_at <= within
    owners = matter.owners
    opened = Case(
        case_id=matter.case_id,
        subject=matter.subject,
        kind=found.kind,
        nature=matter.nature,
        plan_version=matter.plan_version,
        episode=closed.episode + 1 if closed else 1,
        matter_no=closed.matter_no + (0 if recurs else 1) if closed else 1,
        state=CaseState.OPEN,
        level=level,
        cause=found.cause,
        time_period=found.period,
        since_period=found.period,
        known_at=found.known_at,
        submission_id=found.submission_id,
        policy_line=found.policy_line,
        opened_at=walk.now,
        owner=owners.lead,
        chain=owners.chain,
        coordinating=owners.coordinating,
        participants=owners.participants,
        counted_from=walk.today,
        acknowledge_by=limits.acknowledge_by,
        measures_by=limits.measures_by,
        deadlines_provisional=limits.are_provisional,
        covered_by=covering(found.kind, matter.subject, level, matter.neighbours, walk.policy.inhibition),
    )
    because, name = found.because, LEVEL_NAMES[level]
    if recurs:
        reason = Text(f"{because.zh}，预警再次发生，定为{name.zh}", f"{because.en}; the case recurs at {name.en}")
    else:
        reason = Text(f"{because.zh}，发出{name.zh}预警", f"{because.en}; a {name.en} warning is raised")
    return _walked(walk, DecisionKind.REOPEN if recurs else DecisionKind.RAISE, opened, reason, found)


def _rise(walk: Walk, before: Case, seen: Case, found: Judgement, level: Level) -> Transition:
    rearmed = walk.with_deadlines(
        replace(seen, level=level, state=CaseState.OPEN, silenced_until=None, closing_asked_by=None), level
    )
    return _walked(walk, DecisionKind.RAISE_LEVEL, rearmed, _changed(before, found, level), found)


def _fall(walk: Walk, before: Case, seen: Case, found: Judgement, level: Level) -> Transition:
    return _walked(walk, DecisionKind.LOWER_LEVEL, replace(seen, level=level), _changed(before, found, level), found)


def _stand(walk: Walk, before: Case, seen: Case, found: Judgement) -> Transition:
    if found.kind is CaseKind.OVERDUE_REPORT and found.period == before.time_period:
        return walk.nothing(found.because)  # the clock brings no news: a row for every tick would bury the history
    because, name = found.because, LEVEL_NAMES[before.level]
    if found.level is None or found.level < before.level:
        reason = Text(
            f"{because.zh}，好转尚未持续，暂维持{name.zh}预警",
            f"{because.en}, but not for long enough; the {name.en} warning stands",
        )
    else:
        reason = Text(f"{because.zh}，维持{name.zh}预警", f"{because.en}; the {name.en} warning stands")
    return _walked(walk, DecisionKind.HOLD, seen, reason, found)


def _close(walk: Walk, seen: Case, found: Judgement) -> Transition:
    closed = replace(
        seen,
        state=CaseState.CLOSED,
        cause=found.cause,
        time_period=found.period,
        submission_id=found.submission_id,
        closed_at=walk.now,
        covered_by=(),
        frozen_by=(),
        silenced_until=None,
        closing_asked_by=None,
    )
    because = found.because
    reason = Text(f"{because.zh}，预警销号", f"{because.en}; the warning is closed")
    return _walked(walk, DecisionKind.CLOSE, closed, reason, found)


def _defer(walk: Walk, case: Case, found: Judgement) -> Transition:
    if case.deferred is not None and found.known_at <= case.deferred.known_at:
        return walk.nothing(CONSIDERED)
    parents, because = "、".join(case.frozen_by), found.because
    reason = Text(
        f"{because.zh}，但有逾期未报数据（预警{parents}），报送前不下调、不销号",
        f"{because.en}, but a report is overdue (warning {', '.join(case.frozen_by)}): nothing falls or closes before "
        "it has come",
    )
    return _walked(walk, DecisionKind.HOLD, replace(case, deferred=found), reason, found)


def _is_news(case: Case, found: Judgement) -> bool:
    """Whether something was received since; that nothing was received is judged by the day, not by what came."""
    if found.kind is CaseKind.OVERDUE_REPORT:
        return found.known_at >= case.known_at
    return found.known_at > case.known_at


def _target(case: Case, found: Judgement) -> Level | None:
    """The level that a judgement leads to: the floor holds a level up, but never raises it."""
    held = min(found.floor, case.level) if found.floor is not None else None
    return max((level for level in (found.level, held) if level is not None), default=None)


def _would_ease(case: Case, found: Judgement) -> bool:
    target = _target(case, found)
    return target is None or target < case.level


def _changed(before: Case, found: Judgement, level: Level) -> Text:
    old, new, because = LEVEL_NAMES[before.level], LEVEL_NAMES[level], found.because
    return Text(
        f"{because.zh}，预警由{old.zh}调整为{new.zh}",
        f"{because.en}; the warning changes from {old.en} to {new.en}",
    )


def _walked(walk: Walk, kind: DecisionKind, after: Case, reason: Text, found: Judgement) -> Transition:
    line = "" if kind is DecisionKind.CLOSE else found.policy_line
    actor = CLOCK if found.kind is CaseKind.OVERDUE_REPORT else EVALUATOR
    walk.step(kind, after, reason, actor=actor, policy_line=line, submission_id=found.submission_id)
    return walk.done()
