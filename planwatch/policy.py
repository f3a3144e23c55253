"""The policy: thresholds of the classes and what each class means for a warning. Data, versioned, never constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

from planwatch.case.kinds import CaseKind
from planwatch.period import Freq
from planwatch.plan import Nature, Section


class AssessmentClass(StrEnum):
    """评价等级, in the words of the official mid-term evaluations."""

    ACHIEVED = "achieved"
    AHEAD = "ahead"
    ON_SCHEDULE = "on_schedule"
    LAGGING = "lagging"
    FAR_BEHIND = "far_behind"
    REVERSED = "reversed"
    HELD = "held"
    BREACHED = "breached"
    NO_DATA = "no_data"
    NOT_ASSESSABLE = "not_assessable"


class Level(IntEnum):
    """预警等级; a higher number is graver, so that levels can be raised and compared."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def code(self) -> str:
        """The word that travels and is stored: `blue`, `yellow`, `orange`, `red`."""
        return self.name.lower()


def level_from_code(code: str) -> Level:
    """The level with this code; KeyError for any other word."""
    return Level[code.upper()]


class ThresholdMeasure(StrEnum):
    """By what a figure's distance from its path is told: which quantity the thresholds are bounds of."""

    SCHEDULE_INDEX = "schedule_index"
    POINTS_BEHIND = "points_behind"
    DAYS_BEHIND = "days_behind"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The bounds between the classes; a figure on a bound is in the better class.

    Attributes:
        ahead, on_schedule, lagging: with `schedule_index` the least achieved share ÷ expected share; with
            `points_behind` and `days_behind` how far a figure may lie behind its path at most, and for `ahead` by how
            much it has to lie before it: in percentage points of the way to the goal, or in calendar days.
        measure: which of them.
    """

    ahead: Decimal
    on_schedule: Decimal
    lagging: Decimal
    measure: ThresholdMeasure = ThresholdMeasure.SCHEDULE_INDEX


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How many working days after a warning of a level the department has, to acknowledge and to file measures."""

    acknowledge_days: int
    measures_days: int


DOUBTED = frozenset({AssessmentClass.ON_SCHEDULE, AssessmentClass.AHEAD})
"""Classes beside which a low probability of reaching the target is a warning."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """What happens when nobody answers.

    Attributes:
        from_level: cases of this level or graver are escalated; the others are reminded in the digest.
        remind_before_days: working days before a deadline.
        next_after_days: working days until the next one in the chain is asked.
        at: local time of reminders and escalations.
    """

    from_level: Level
    remind_before_days: int
    next_after_days: int
    at: time


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When mails wait: from `since` until `until` (local time, may pass midnight), unless `urgent_from` or graver."""

    since: time
    until: time
    urgent_from: Level

    def wait_until(self, local: datetime) -> datetime | None:
        """The end of the quiet hours in which `local` lies; None outside of them."""
        clock = local.time()
        passes_midnight = self.since > self.until
        is_quiet = clock >= self.since or clock < self.until if passes_midnight else self.since <= clock < self.until
        if not is_quiet:
            return None
        day = local.date() + timedelta(days=1) if passes_midnight and clock >= self.since else local.date()
        return datetime.combine(day, self.until, local.tzinfo)


@dataclass(frozen=True, slots=True)
class WeeklySummary:
    """When the coordinating body gets its summary: ISO weekday (1 is Monday) and local time."""

    weekday: int
    at: time


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Which case speaks for which."""

    breach_covers_forecast: bool
    overdue_freezes_verdict: bool
    area_covers_parts: bool


@dataclass(frozen=True, slots=True)
class OverdueStage:
    """The levels of a report that is overdue for this many days; a nature that is absent raises nothing."""

    after_days: int
    levels: Mapping[Nature, Level]


@dataclass(frozen=True, slots=True)
class Reporting:
    """Which reports are expected when.

    Attributes:
        frequency: where neither the plan nor this policy says anything about an indicator.
        due_days: per frequency, days after the end of a period.
        grace_days: days after the due date before a report is called overdue.
        sections: of the plans whose indicators are expected to be reported.
        plans: plan id → frequency of all its indicators.
        indicators: indicator id → frequency.
    """

    frequency: Freq
    due_days: Mapping[Freq, int]
    grace_days: int
    sections: frozenset[Section]
    plans: Mapping[str, Freq]
    indicators: Mapping[str, Freq]


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds, class-to-level matrix and mail rules of one policy version.

    Attributes:
        version: e.g. `default-3`; every assessment and warning names it.
        thresholds: of the schedule method.
        levels: class → nature → level; a class that is not in it raises nothing.
        warn_from_share: share of the way that has to be due before being behind it raises a warning; until then a usual
            error is too large a part of what is due.
        repeat_raises: a second consecutive bad period raises the level by one.
        last_year_raises: the plan's last year raises the level by one.
        immediate_from: warnings of this level or graver are mailed at once, the others in the digest.
        digest_wait_s: how long a digest stays open for more items after its first one.
        digest_not_before: earliest local time of a day for the day's digest, when one went out the day before.
        deadlines: per level.
        other_levels: kind of case that no class gives → nature → level.
        overdue_report: by rising days; empty where nobody is warned of missing reports.
        persistence: kind → nature → bad periods in a row before a case opens.
        falls_after: kind → better periods in a row before a level falls or a case closes.
        recurrence_days: a closed case that recurs within these days is a new episode of the same matter.
        inhibition: which case speaks for which.
        most_at_once: more immediate mails than this to one agency from one report go out as one; None: no bound.
        quiet_hours: None where mails go out at any hour.
        weekly_summary: None where the coordinating body gets none.
        may_unsubscribe: kinds of mail that their readers may do without, e.g. `weekly`.
        escalation: None where nobody is reminded and nothing is escalated.
        reporting: None where no report is expected.
        unlikely_below: a lower probability of reaching the target is a forecast miss; None: no forecast is.
    """

    version: str
    thresholds: Thresholds
    levels: Mapping[AssessmentClass, Mapping[Nature, Level]]
    repeat_raises: bool
    last_year_raises: bool
    immediate_from: Level
    digest_wait_s: int
    digest_not_before: time
    deadlines: Mapping[Level, Deadlines]
    other_levels: Mapping[CaseKind, Mapping[Nature, Level]]
    overdue_report: tuple[OverdueStage, ...]
    persistence: Mapping[CaseKind, Mapping[Nature, int]]
    falls_after: Mapping[CaseKind, int]
    recurrence_days: int
    inhibition: Inhibition
    most_at_once: int | None
    quiet_hours: QuietHours | None
    weekly_summary: WeeklySummary | None
    escalation: Escalation | None
    reporting: Reporting | None
    unlikely_below: Decimal | None = None
    warn_from_share: Decimal = Decimal(0)
    may_unsubscribe: frozenset[str] = frozenset()

    def level_of(self, verdict: AssessmentClass, nature: Nature) -> Level | None:
        """The level that a class means for an indicator of this nature; None if it raises no warning."""
        return self.levels.get(verdict, {}).get(nature)

    def persistence_of(self, kind: CaseKind, nature: Nature) -> int:
        """How many bad periods in a row open a case of this kind."""
        return self.persistence.get(kind, {}).get(nature, 1)


def policy_from_mapping(document: Mapping[str, Any]) -> Policy:
    """Build a policy from the content of a `policy.yaml` (shape: `plans/policy.schema.json`).

    Policies of before cases had owners and deadlines lack the later sections; what they do not order is not done. Those
    of before forecasts had cases of their own give the levels beside the probability.
    """
    thresholds, mail = document["thresholds"], document["mail"]
    quiet, weekly = mail.get("quiet_hours"), mail.get("weekly_summary")
    escalation, reporting = document.get("escalation"), document.get("reporting")
    inhibition, unlikely = document.get("inhibition", {}), document.get("unlikely")
    others = dict(document.get("other_levels", {}))
    if unlikely and "levels" in unlikely:
        others.setdefault(CaseKind.FORECAST_MISS, unlikely["levels"])
    return Policy(
        version=document["version"],
        thresholds=Thresholds(
            Decimal(thresholds["ahead"]),
            Decimal(thresholds["on_schedule"]),
            Decimal(thresholds["lagging"]),
            ThresholdMeasure(thresholds.get("measure", ThresholdMeasure.SCHEDULE_INDEX)),
        ),
        levels={AssessmentClass(verdict): _levels(row) for verdict, row in document["levels"].items()},
        repeat_raises=document["repeat_raises"],
        last_year_raises=document["last_year_raises"],
        immediate_from=level_from_code(mail["immediate_from"]),
        digest_wait_s=mail["digest_wait_s"],
        digest_not_before=time.fromisoformat(mail["digest_not_before"]),
        deadlines={
            level_from_code(code): Deadlines(row["acknowledge_days"], row["measures_days"])
            for code, row in document["deadlines"].items()
        },
        other_levels={CaseKind(kind): _levels(row) for kind, row in others.items()},
        overdue_report=tuple(
            OverdueStage(row["after_days"], _levels({name: code for name, code in row.items() if name != "after_days"}))
            for row in sorted(document.get("overdue_report", ()), key=lambda row: row["after_days"])
        ),
        persistence={
            CaseKind(kind): {Nature(nature): periods for nature, periods in row.items()}
            for kind, row in document.get("persistence", {}).items()
        },
        falls_after={CaseKind(kind): periods for kind, periods in document.get("falls_after", {}).items()},
        recurrence_days=document.get("recurrence_days", 365),
        inhibition=Inhibition(
            *(
                inhibition.get(name, False)
                for name in ("breach_covers_forecast", "overdue_freezes_verdict", "area_covers_parts")
            )
        ),
        most_at_once=mail.get("most_at_once"),
        quiet_hours=QuietHours(
            time.fromisoformat(quiet["from"]),
            time.fromisoformat(quiet["until"]),
            level_from_code(quiet["urgent_from"]),
        )
        if quiet
        else None,
        weekly_summary=WeeklySummary(weekly["weekday"], time.fromisoformat(weekly["at"])) if weekly else None,
        escalation=_escalation(escalation) if escalation else None,
        reporting=_reporting(reporting) if reporting else None,
        unlikely_below=Decimal(unlikely["probability"]) if unlikely else None,
        warn_from_share=Decimal(document.get("warn_from_share", "0")),
        may_unsubscribe=frozenset(mail.get("may_unsubscribe", ())),
    )


def _levels(row: Mapping[str, str]) -> dict[Nature, Level]:
    return {Nature(nature): level_from_code(code) for nature, code in row.items()}


def _escalation(row: Mapping[str, Any]) -> Escalation:
    return Escalation(
        level_from_code(row["from"]), row["remind_before_days"], row["next_after_days"], time.fromisoformat(row["at"])
    )


def _reporting(row: Mapping[str, Any]) -> Reporting:
    plans: Mapping[str, Mapping[str, Any]] = row["plans"]
    return Reporting(
        frequency=Freq(row["frequency"]),
        due_days={Freq(freq): days for freq, days in row["due_days"].items()},
        grace_days=row["grace_days"],
        sections=frozenset(Section(section) for section in row["sections"]),
        plans={plan_id: Freq(plan["frequency"]) for plan_id, plan in plans.items() if "frequency" in plan},
        indicators={
            indicator_id: Freq(freq)
            for plan in plans.values()
            for indicator_id, freq in plan.get("indicators", {}).items()
        },
    )
