"""预警: a long-lived case about one subject, and the decision what a new verdict means for it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from planwatch.language import Text
from planwatch.period import Freq, TimePeriod
from planwatch.plan import Nature, Section
from planwatch.policy import DOUBTED, AssessmentClass, Level, Policy
from planwatch.series import SeriesKey
from planwatch.wording import CLASS_NAMES, LEVEL_NAMES, period_name, probability_name

SILENT = frozenset({AssessmentClass.NO_DATA, AssessmentClass.NOT_ASSESSABLE})
"""Verdicts that neither raise nor clear a warning: the last real verdict stands."""


class SubjectKind(StrEnum):
    """What a case is about."""

    INDICATOR = "indicator"
    TEXT_TARGET = "text_target"
    TASK = "task"
    PROJECT = "project"
    SERVICE_STANDARD = "service_standard"


SUBJECT_KINDS = {
    Section.MAIN_TABLE: SubjectKind.INDICATOR,
    Section.TEXT_TARGET: SubjectKind.TEXT_TARGET,
    Section.TASK: SubjectKind.TASK,
    Section.PROJECT: SubjectKind.PROJECT,
    Section.SERVICE: SubjectKind.SERVICE_STANDARD,
}
"""What a warning about an indicator is about, by where in the plan it comes from."""


class CaseState(StrEnum):
    """Where a case stands in its life."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class DecisionKind(StrEnum):
    """What happens to a case."""

    RAISE = "raise"
    REOPEN = "reopen"
    RAISE_LEVEL = "raise_level"
    LOWER_LEVEL = "lower_level"
    HOLD = "hold"
    CLOSE = "close"
    ACKNOWLEDGE = "acknowledge"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One stored verdict of a subject, as far as a warning depends on it.

    Attributes:
        period: for which period.
        verdict: the class.
        submission_id: the submission behind it.
        known_at: when its figures, or those of the forecast beside it, were received.
        probability: of reaching the target, of the forecast made when the period was the newest; None without one, and
            where the pace so far would suffice.
    """

    period: TimePeriod
    verdict: AssessmentClass
    submission_id: str
    known_at: datetime
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """A case as it stands.

    Attributes:
        case_id: see `case_id`.
        episode: 1, and one more each time the case recurs.
        state: open, acknowledged or closed.
        level: the present level, the last one when closed.
        cause: the class that set it.
        time_period: the period of the verdict that set it.
        since_period: the first bad period of this episode.
        known_at: when the newest figures considered were received.
    """

    case_id: str
    episode: int
    state: CaseState
    level: Level
    cause: AssessmentClass
    time_period: TimePeriod
    since_period: TimePeriod
    known_at: datetime


@dataclass(frozen=True, slots=True)
class WarningDecision:
    """What happens to the case and why.

    Attributes:
        kind: what happens.
        reason: why, in both languages; the same words appear in the history, the mail and `explain`.
        policy_line: the policy entries that gave the level, e.g. `levels.reversed.binding = red`.
        warning: the case afterwards; None where there is none.
    """

    kind: DecisionKind
    reason: Text
    policy_line: str
    warning: EarlyWarning | None


def case_id(plan_id: str, subject: SubjectKind, series: SeriesKey) -> str:
    """The identity of a case: plan, subject, area and breakdown; 16 hexadecimal digits."""
    identity = "|".join((plan_id, subject, series.indicator_id, series.ref_area, series.urbanisation, series.pop_group))
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def decide_warning(
    current: EarlyWarning | None,
    verdicts: Sequence[Verdict],
    *,
    identity: str,
    nature: Nature,
    last_period: TimePeriod,
    policy: Policy,
) -> WarningDecision:
    """What the verdicts known now mean for a case.

    Args:
        current: the case as it stands, None if there never was one.
        verdicts: current verdicts of the subject at every frequency; see `standing_verdicts`. Of those that stand the
            one with the gravest level decides, of equal ones the one on the longest period.
        identity: the case id.
        nature: of the indicator.
        last_period: the plan's last year.
        policy: class → level, and what raises a level.
    """
    standing = standing_verdicts(verdicts)
    if not standing:
        return WarningDecision(
            DecisionKind.NOTHING,
            Text("没有可评价的数据，维持原判", "nothing can be assessed; the last verdict stands"),
            "",
            current,
        )
    known_at = max(verdict.known_at for pair in standing for verdict in pair if verdict is not None)
    levels = [(*_level(latest, earlier, nature, last_period, policy), latest) for latest, earlier in standing]
    level, line, latest = max(levels, key=lambda found: (found[0] or 0, found[2].period.days))
    if level is None:
        return _clear(current, latest, known_at)
    return _set_level(current, latest, level, line, identity, known_at)


def standing_verdicts(verdicts: Sequence[Verdict]) -> list[tuple[Verdict, Verdict | None]]:
    """The verdicts that speak for a subject: the last real one of each frequency, with the one before it.

    A figure of a longer period is final. It overtakes all shorter ones that end by its end; shorter ones that end
    later are provisional: they stand beside it until the next final figure, and the one that ends a later period of
    the longer kind (December, where years are reported) overtakes it.
    Source: docs/method.md, several frequencies.
    """
    by_freq: dict[Freq, list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda verdict: (verdict.period.end, verdict.period.days)):
        if verdict.verdict not in SILENT:
            by_freq.setdefault(verdict.period.freq, []).append(verdict)
    last = [found[-1] for found in by_freq.values()]
    return [
        (found[-1], found[-2] if len(found) > 1 else None)
        for found in by_freq.values()
        if not any(_overtakes(other.period, found[-1].period) for other in last)
    ]


def _overtakes(newer: TimePeriod, period: TimePeriod) -> bool:
    if newer.freq is period.freq:
        return False
    if newer.days > period.days:
        return newer.end >= period.end
    return newer.end > period.end and newer.ends_one_of(period.freq)


def _level(
    latest: Verdict, earlier: Verdict | None, nature: Nature, last_period: TimePeriod, policy: Policy
) -> tuple[Level | None, str]:
    level, line = _first_level(latest, nature, policy)
    if level is None:
        return None, ""
    lines = [line]
    raised = int(level)
    if policy.repeat_raises and earlier is not None and _first_level(earlier, nature, policy)[0] is not None:
        raised += 1
        lines.append("repeat_raises")
    if policy.last_year_raises and latest.period.start >= last_period.start:
        raised += 1
        lines.append("last_year_raises")
    return Level(min(raised, Level.RED)), f"{policy.version}: " + " + ".join(lines)


def _first_level(verdict: Verdict, nature: Nature, policy: Policy) -> tuple[Level | None, str]:
    """The level of one verdict by itself, with its policy entry: by its class, else by the forecast beside it."""
    level = policy.level_of(verdict.verdict, nature)
    if level is not None:
        return level, f"levels.{verdict.verdict}.{nature} = {level.code}"
    level = policy.level_of_doubt(verdict.verdict, nature, verdict.probability)
    if level is not None and policy.unlikely is not None:
        return level, f"unlikely.{nature} < {policy.unlikely.probability} = {level.code}"
    return None, ""


def _clear(current: EarlyWarning | None, latest: Verdict, known_at: datetime) -> WarningDecision:
    name, period = CLASS_NAMES[latest.verdict], period_name(latest.period)
    if current is None or current.state is CaseState.CLOSED:
        reason = Text(f"{period.zh}：{name.zh}，无需预警", f"{period.en}: {name.en}; no warning is due")
        return WarningDecision(DecisionKind.NOTHING, reason, "", current)
    reason = Text(
        f"{period.zh}的最新数据评价为{name.zh}，预警销号",
        f"the newest figure for {period.en} is assessed as {name.en}; the warning is closed",
    )
    closed = EarlyWarning(
        current.case_id,
        current.episode,
        CaseState.CLOSED,
        current.level,
        latest.verdict,
        latest.period,
        current.since_period,
        known_at,
    )
    return WarningDecision(DecisionKind.CLOSE, reason, "", closed)


def _set_level(
    current: EarlyWarning | None, latest: Verdict, level: Level, line: str, identity: str, known_at: datetime
) -> WarningDecision:
    kind = _kind(current, level)
    continues = current is not None and current.state is not CaseState.CLOSED
    level_rises = kind is DecisionKind.RAISE_LEVEL
    warning = EarlyWarning(
        case_id=identity,
        episode=current.episode + (0 if continues else 1) if current else 1,
        state=current.state if current is not None and continues and not level_rises else CaseState.OPEN,
        level=level,
        cause=latest.verdict,
        time_period=latest.period,
        since_period=min(current.since_period, latest.period) if current is not None and continues else latest.period,
        known_at=known_at,
    )
    return WarningDecision(kind, _reason(kind, current, latest, level), line, warning)


def _kind(current: EarlyWarning | None, level: Level) -> DecisionKind:
    if current is None:
        return DecisionKind.RAISE
    if current.state is CaseState.CLOSED:
        return DecisionKind.REOPEN
    if level > current.level:
        return DecisionKind.RAISE_LEVEL
    if level < current.level:
        return DecisionKind.LOWER_LEVEL
    return DecisionKind.HOLD


def _reason(kind: DecisionKind, current: EarlyWarning | None, latest: Verdict, level: Level) -> Text:
    new, because = LEVEL_NAMES[level], _because(latest)
    match kind:
        case DecisionKind.RAISE:
            return Text(f"{because.zh}，发出{new.zh}预警", f"{because.en}; a {new.en} warning is raised")
        case DecisionKind.REOPEN:
            return Text(f"{because.zh}，预警再次发生，定为{new.zh}", f"{because.en}; the case recurs at {new.en}")
        case DecisionKind.HOLD:
            return Text(f"{because.zh}，维持{new.zh}预警", f"{because.en}; the {new.en} warning stands")
        case _:
            assert current is not None
            old = LEVEL_NAMES[current.level]
            return Text(
                f"{because.zh}，预警由{old.zh}调整为{new.zh}",
                f"{because.en}; the warning changes from {old.en} to {new.en}",
            )


def _because(latest: Verdict) -> Text:
    name, period = CLASS_NAMES[latest.verdict], period_name(latest.period)
    because = Text(f"{period.zh}评价为{name.zh}", f"{period.en} is assessed as {name.en}")
    if latest.verdict not in DOUBTED or latest.probability is None:
        return because
    likely = probability_name(latest.probability)
    return Text(
        f"{because.zh}，但按目前走势如期实现目标的概率为{likely.zh}",
        f"{because.en}, but the target will be reached with a probability of {likely.en} only",
    )
