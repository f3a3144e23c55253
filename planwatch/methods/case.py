"""What a method is given and what it returns."""

from __future__ import annotations

from dataclasses import dataclass

from planwatch.plan import Direction, GoalKind
from planwatch.policy import AssessmentClass

AGENDA_BASE_YEAR = 2015.0
AGENDA_TARGET_YEAR = 2030.0
"""The years of the 2030 Agenda, which the methods made for it take where a case names none."""


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a series: `year` is 2021.0 at the end of 2021, `value` in the unit of the case."""

    year: float
    value: float


@dataclass(frozen=True, slots=True)
class MethodCase:
    """One series and what is known of its goal; all values in one unit.

    Attributes:
        points: in rising years, one per year; may be empty.
        base_year: where progress is counted from; None takes the method's own default.
        target: the value to be reached, None where there is none.
        target_year: when.
        direction: the good one; None follows from base value and target.
        limit: natural limit in the good direction, e.g. 100 for a share (Statistics Canada, without target).
        lower: value that scores 0 (SDSN).
        optimum: value that scores 100 (SDSN).
        green: threshold of the green band, in the unit of the values (SDSN).
        goal_kind: what it means to keep the promise; None applies the published rule whatever the goal.
    """

    points: tuple[Point, ...]
    base_year: float | None = None
    target: float | None = None
    target_year: float | None = None
    direction: Direction | None = None
    limit: float | None = None
    lower: float | None = None
    optimum: float | None = None
    green: float | None = None
    goal_kind: GoalKind | None = None


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a method says of a case.

    Attributes:
        value: the method's own measure, None where it is undefined; its meaning stands in the method's module.
        verdict: our class that the publisher's class amounts to; None where the publisher has no classes.
        published_class: the class in the publisher's own words.
        score: the publisher's score, None where the method has none.
        reason: code of `planwatch.methods.reasons.REASON_TEXTS` where the value is undefined or a special rule decided.
    """

    value: float | None
    verdict: AssessmentClass | None
    published_class: str | None
    score: float | None = None
    reason: str | None = None


def undefined(reason: str, published_class: str | None = None) -> MethodResult:
    """The result of a case that the method says nothing about, in the publisher's word for it if there is one."""
    return MethodResult(None, AssessmentClass.NOT_ASSESSABLE, published_class, None, reason)
