"""What figures, or their absence, mean for a case: level, hysteresis and the policy entries behind both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from planwatch.case.events import MissingReport, Reading
from planwatch.case.kinds import CaseKind
from planwatch.case.model import Judgement, Matter
from planwatch.early_warning import SILENT, SubjectKind, Verdict
from planwatch.language import Text
from planwatch.period import Freq, TimePeriod
from planwatch.policy import AssessmentClass, Level, OverdueStage, Policy
from planwatch.wording import CLASS_NAMES, period_name

_WORK = frozenset({SubjectKind.TASK, SubjectKind.PROJECT})
OVERDUE, REPORTED = "overdue", "reported"


def kind_of(verdict: AssessmentClass, subject: SubjectKind) -> CaseKind:
    """What is wrong where a verdict of this class raises a warning about such a subject."""
    if subject in _WORK:
        return CaseKind.LATE_WORK
    if subject is SubjectKind.SERVICE_STANDARD:
        return CaseKind.SERVICE_STANDARD
    if verdict is AssessmentClass.REVERSED:
        return CaseKind.REVERSED
    if verdict in (AssessmentClass.BREACHED, AssessmentClass.HELD):
        return CaseKind.LIMIT_BREACHED
    return CaseKind.BEHIND_SCHEDULE


def is_too_early(verdict: Verdict, matter: Matter, policy: Policy) -> bool:
    """Whether so little is due yet that being behind says nothing."""
    is_behind = kind_of(verdict.verdict, matter.subject.kind) is CaseKind.BEHIND_SCHEDULE
    return is_behind and verdict.expected_share is not None and verdict.expected_share < float(policy.warn_from_share)


def judge_verdicts(matter: Matter, verdicts: Sequence[Verdict], policy: Policy) -> Judgement | None:
    """What the verdicts known now mean; None where none of them is real.

    Args:
        matter: nature, subject and last year of the plan.
        verdicts: current verdicts of the subject at every frequency; see `standing_verdicts`. Of the frequencies that
            stand the one with the gravest level decides, of equal ones the one with the longest period.
        policy: class → level, and what raises a level.
    """
    standing = [_grade(real, matter, policy) for real in standing_verdicts(verdicts)]
    if not standing:
        return None
    decisive = max(standing, key=lambda graded: (graded[-1].level or 0, graded[-1].verdict.period.days))
    latest, level, line = decisive[-1]
    kind = kind_of(latest.verdict, matter.subject.kind)
    name, said = CLASS_NAMES[latest.verdict], period_name(latest.period)
    early = _too_early(policy) if level is None and is_too_early(latest, matter, policy) else Text("", "")
    window = policy.falls_after.get(kind, 1)
    recent = [row for graded in standing for row in graded[-window:]]
    return Judgement(
        kind=kind,
        cause=latest.verdict,
        level=level,
        floor=max((row.level for row in recent if row.level is not None), default=None),
        bad_in_a_row=_bad_in_a_row([row.level is not None for row in decisive]),
        period=latest.period,
        known_at=max(row.verdict.known_at for graded in standing for row in graded[-max(2, window) :]),
        submission_id=latest.submission_id,
        policy_line=line,
        because=Text(f"{said.zh}评价为{name.zh}{early.zh}", f"{said.en} is assessed as {name.en}{early.en}"),
    )


def _too_early(policy: Policy) -> Text:
    share = f"{policy.warn_from_share:.0%}"
    return Text(f"（应完成进度不足{share}，暂不预警）", f" (under {share} of the way is due: too early for a warning)")


def standing_verdicts(verdicts: Sequence[Verdict]) -> list[list[Verdict]]:
    """The verdicts that speak for a subject: of each frequency whose last real one stands the real ones, by period.

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
        found for found in by_freq.values() if not any(_overtakes(other.period, found[-1].period) for other in last)
    ]


def judge_readings(matter: Matter, kind: CaseKind, readings: Sequence[Reading], policy: Policy) -> Judgement | None:
    """What forecasts, gaps or checks of data mean; None where there are none. Readings in rising period."""
    if not readings:
        return None
    graded = _grade_readings(matter, kind, readings, policy)
    latest, level, line = graded[-1]
    window = policy.falls_after.get(kind, 1)
    return Judgement(
        kind=kind,
        cause=latest.cause,
        level=level,
        floor=max((row.level for row in graded[-window:] if row.level is not None), default=None),
        bad_in_a_row=_bad_in_a_row([reading.is_bad for reading in readings]),
        period=latest.period,
        known_at=max(reading.known_at for reading in readings[-window:]),
        submission_id=latest.submission_id,
        policy_line=line,
        because=latest.because,
    )


def judge_missing(
    matter: Matter, missing: Sequence[MissingReport], policy: Policy, now: datetime, today: date
) -> Judgement:
    """What missing reports mean: the one that is overdue for the longest time decides.

    Args:
        matter: nature and last year of the plan.
        missing: oldest first; none of them is judged before the day after its last day.
        policy: levels by days overdue.
        now: becomes `known_at`.
        today: local day.
    """
    overdue = [report for report in missing if report.due_on < today]
    if not overdue:
        return Judgement(
            CaseKind.OVERDUE_REPORT, REPORTED, None, None, 0, matter.last_period, now, None, "",
            Text("应报数据均已报送", "every report that is due has come"),
        )  # fmt: skip
    oldest = overdue[0]
    days = (today - oldest.due_on - timedelta(days=1)).days
    stage = _stage(policy, days)
    level = stage.levels.get(matter.nature) if stage else None
    period, count = period_name(oldest.period), len(overdue)
    more = Text(f"（共{count}期未报）", f" ({count} periods are missing)") if count > 1 else Text("", "")
    return Judgement(
        kind=CaseKind.OVERDUE_REPORT,
        cause=OVERDUE,
        level=level,
        floor=level,
        bad_in_a_row=len(overdue),
        period=oldest.period,
        known_at=now,
        submission_id=None,
        policy_line=_line(policy, f"overdue_report.{stage.after_days if stage else 0}.{matter.nature}", level),
        because=Text(
            f"{period.zh}数据应于{oldest.due_on}前报送（{oldest.basis.zh}），至今未报{more.zh}",
            f"the figure for {period.en} was due by {oldest.due_on} ({oldest.basis.en}) and has not come{more.en}",
        ),
    )


def _stage(policy: Policy, days: int) -> OverdueStage | None:
    return next((stage for stage in reversed(policy.overdue_report) if stage.after_days <= days), None)


def _overtakes(newer: TimePeriod, period: TimePeriod) -> bool:
    if newer.freq is period.freq:
        return False
    if newer.days > period.days:
        return newer.end >= period.end
    return newer.end > period.end and newer.ends_one_of(period.freq)


class _Graded(NamedTuple):
    verdict: Verdict
    level: Level | None
    policy_line: str


def _grade(real: Sequence[Verdict], matter: Matter, policy: Policy) -> list[_Graded]:
    return [
        _Graded(verdict, *_level_of(verdict, earlier, matter, policy))
        for earlier, verdict in zip([None, *real[:-1]], real, strict=True)
    ]


def _level_of(verdict: Verdict, earlier: Verdict | None, matter: Matter, policy: Policy) -> tuple[Level | None, str]:
    level = _level_in_table(verdict, matter, policy)
    if level is None:
        return None, ""
    was_bad = earlier is not None and _level_in_table(earlier, matter, policy) is not None
    entry = f"levels.{verdict.verdict}.{matter.nature} = {level.code}"
    return _raised(level, entry, verdict.period, matter, policy, was_bad=was_bad)


def _level_in_table(verdict: Verdict, matter: Matter, policy: Policy) -> Level | None:
    return None if is_too_early(verdict, matter, policy) else policy.level_of(verdict.verdict, matter.nature)


class _GradedReading(NamedTuple):
    reading: Reading
    level: Level | None
    policy_line: str


def _grade_readings(
    matter: Matter, kind: CaseKind, readings: Sequence[Reading], policy: Policy
) -> list[_GradedReading]:
    """Each reading with its level; what the class table raises, it raises for forecasts too, for they stand in it."""
    ordered = policy.other_levels.get(kind, {}).get(matter.nature)
    graded = []
    for earlier, reading in zip([None, *readings[:-1]], readings, strict=True):
        level, line = ordered if reading.is_bad else None, ""
        if level is not None:
            entry = f"other_levels.{kind}.{matter.nature} = {level.code}"
            line = f"{policy.version}: {entry}"
            if kind is CaseKind.FORECAST_MISS:
                was_bad = earlier is not None and earlier.is_bad
                level, line = _raised(level, entry, reading.period, matter, policy, was_bad=was_bad)
        graded.append(_GradedReading(reading, level, line))
    return graded


def _raised(
    level: Level, entry: str, period: TimePeriod, matter: Matter, policy: Policy, *, was_bad: bool
) -> tuple[Level, str]:
    """A level after what raises it, and the policy entries behind both."""
    lines, raised = [entry], int(level)
    if policy.repeat_raises and was_bad:
        raised += 1
        lines.append("repeat_raises")
    if policy.last_year_raises and period.start >= matter.last_period.start:
        raised += 1
        lines.append("last_year_raises")
    return Level(min(raised, Level.RED)), f"{policy.version}: " + " + ".join(lines)


def _bad_in_a_row(bad: Sequence[bool]) -> int:
    return next((count for count, is_bad in enumerate(reversed(bad)) if not is_bad), len(bad))


def _line(policy: Policy, entry: str, level: Level | None) -> str:
    return f"{policy.version}: {entry} = {level.code}" if level else ""
