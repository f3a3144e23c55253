"""The policy: thresholds of the classes and what each class means for a warning. Data, versioned, never constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

from planwatch.plan import Nature


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


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Lower bounds of the schedule index (achieved share ÷ expected share) of each class."""

    ahead: Decimal
    on_schedule: Decimal
    lagging: Decimal


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How many days after a warning of a level the department has, to acknowledge and to file measures."""

    acknowledge_days: int
    measures_days: int


DOUBTED = frozenset({AssessmentClass.ON_SCHEDULE, AssessmentClass.AHEAD})
"""Classes that a low probability of reaching the target turns into a warning."""


@dataclass(frozen=True, slots=True)
class Unlikely:
    """When a forecast raises a warning although the schedule is kept.

    Attributes:
        probability: of reaching the target; below it the warning is due.
        levels: nature → level.
    """

    probability: Decimal
    levels: Mapping[Nature, Level]


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds, class-to-level matrix and mail rules of one policy version.

    Attributes:
        version: e.g. `default-2`; every assessment and warning names it.
        thresholds: of the schedule method.
        levels: class → nature → level; a class that is not in it raises nothing.
        repeat_raises: a second consecutive bad period raises the level by one.
        last_year_raises: the plan's last year raises the level by one.
        immediate_from: warnings of this level or graver are mailed at once, the others in the digest.
        digest_wait_s: how long a digest stays open for more items after its first one.
        digest_not_before: earliest local time of a day for the day's digest, when one went out the day before.
        deadlines: per level.
        unlikely: what a low probability of reaching the target means; None: nothing.
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
    unlikely: Unlikely | None = None

    def level_of(self, verdict: AssessmentClass, nature: Nature) -> Level | None:
        """The level that a class means for an indicator of this nature; None if it raises no warning."""
        return self.levels.get(verdict, {}).get(nature)

    def level_of_doubt(self, verdict: AssessmentClass, nature: Nature, probability: float | None) -> Level | None:
        """The level that a forecast means where the schedule is kept; None if it raises no warning.

        Args:
            verdict: the class.
            nature: of the indicator.
            probability: of reaching the target; None without a forecast.
        """
        if self.unlikely is None or probability is None or verdict not in DOUBTED:
            return None
        return self.unlikely.levels.get(nature) if probability < self.unlikely.probability else None


def policy_from_mapping(document: Mapping[str, Any]) -> Policy:
    """Build a policy from the content of a `policy.yaml` (shape: `plans/policy.schema.json`)."""
    thresholds, mail = document["thresholds"], document["mail"]
    return Policy(
        version=document["version"],
        thresholds=Thresholds(
            *(Decimal(thresholds[name]) for name in ("ahead", "on_schedule", "lagging")),
        ),
        levels={
            AssessmentClass(verdict): {Nature(nature): level_from_code(code) for nature, code in row.items()}
            for verdict, row in document["levels"].items()
        },
        repeat_raises=document["repeat_raises"],
        last_year_raises=document["last_year_raises"],
        immediate_from=level_from_code(mail["immediate_from"]),
        digest_wait_s=mail["digest_wait_s"],
        digest_not_before=time.fromisoformat(mail["digest_not_before"]),
        deadlines={
            level_from_code(code): Deadlines(row["acknowledge_days"], row["measures_days"])
            for code, row in document["deadlines"].items()
        },
        unlikely=_unlikely_from_mapping(document["unlikely"]) if "unlikely" in document else None,
    )


def _unlikely_from_mapping(document: Mapping[str, Any]) -> Unlikely:
    levels = {Nature(nature): level_from_code(code) for nature, code in document["levels"].items()}
    return Unlikely(Decimal(document["probability"]), levels)
