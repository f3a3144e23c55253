"""A plan through time: its versions and the milestones stated for it, and what held for a period at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from planwatch.milestone import MilestoneStatement
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan
from planwatch.policy import Policy
from planwatch.schedule import Course, Due, course_of


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One version of a plan and the moment from which it was known."""

    plan: Plan
    applied_at: datetime

    @property
    def effective_on(self) -> date:
        """It judges the periods that end on or after this day; the first version judges all."""
        return self.plan.revision.effective_on if self.plan.revision else date.min


@dataclass(frozen=True, slots=True)
class Rule:
    """What a figure of one period is held against.

    Attributes:
        plan: the version in force.
        indicator: of that version, with the milestones that hold.
        statements: the statements that gave milestones, by year.
    """

    plan: Plan
    indicator: Indicator
    statements: tuple[MilestoneStatement, ...]


class PlanHistory:
    """The versions of one plan and the milestones stated for it. Never changed once made."""

    def __init__(self, versions: Iterable[PlanVersion], statements: Iterable[MilestoneStatement] = ()) -> None:
        self.versions: Sequence[PlanVersion] = sorted(versions, key=lambda known: known.plan.version)
        self.statements: Sequence[MilestoneStatement] = sorted(
            statements, key=lambda stated: (stated.year, stated.version, stated.stated_at)
        )
        self._rules: dict[tuple[str, int, tuple[tuple[TimePeriod, int], ...]], Rule] = {}
        self._courses: dict[tuple[str, int, tuple[tuple[TimePeriod, int], ...], str], Course] = {}
        self._dues: dict[tuple[str, int, tuple[tuple[TimePeriod, int], ...], str], dict[date, Due]] = {}
        self._only: dict[str, Rule] = {}
        self._about: dict[str, tuple[list[PlanVersion], list[MilestoneStatement]]] = {}

    @property
    def current(self) -> Plan:
        """The newest version."""
        return self.versions[-1].plan

    def without(self, moment: datetime) -> PlanHistory:
        """The same, had nothing been said at `moment`; the first version always stays."""
        versions = [known for known in self.versions if known.applied_at != moment or known is self.versions[0]]
        return PlanHistory(versions, [stated for stated in self.statements if stated.stated_at != moment])

    def moments_after(self, indicator_id: str, moment: datetime) -> list[datetime]:
        """When more was said about an indicator than was known at `moment`, in rising order."""
        versions, statements = self._said_about(indicator_id)
        moments = {known.applied_at for known in versions[1:]} | {stated.stated_at for stated in statements}
        return sorted(said for said in moments if said > moment)

    def rule(self, indicator_id: str, period: TimePeriod, moment: datetime) -> Rule | None:
        """What held for a period as known at `moment`; None if no version has the indicator.

        Of the versions known then the newest one that was effective by the period's end counts; the first version
        counts before anything else was known. A stated milestone goes before one that the plan itself states.
        """
        only = self.only_rule(indicator_id)
        if only is not None:
            return only
        versions, statements = self._said_about(indicator_id)
        if not versions:
            return None
        chosen = versions[0]
        for version in versions[1:]:
            if version.applied_at <= moment and version.effective_on <= period.end:
                chosen = version
        stated = {
            statement.year: statement
            for statement in statements
            if statement.stated_at <= moment and statement.effective_on <= period.end
        }
        return self._rule(indicator_id, chosen.plan, stated)

    def only_rule(self, indicator_id: str) -> Rule | None:
        """The rule that holds for every period at every moment; None where versions or milestones make a difference."""
        found = self._only.get(indicator_id)
        if found is None:
            versions, statements = self._said_about(indicator_id)
            if len(versions) == 1 and not statements:
                found = self._only[indicator_id] = self._rule(indicator_id, versions[0].plan, {})
        return found

    def versions_with(self, indicator_id: str) -> list[Indicator]:
        """The indicator as each version that has it describes it."""
        return [found for known in self.versions if (found := known.plan.indicator(indicator_id)) is not None]

    def standing_course(self, rule: Rule, policy: Policy) -> Course:
        """The course of an indicator whose verdicts rest on their own figure alone; made once for all its series."""
        key = (*_key(rule.indicator.indicator_id, rule.plan, rule.statements), policy.version)
        course = self._courses.get(key)
        if course is None:
            course = self._courses[key] = course_of(rule.plan, rule.indicator, policy.thresholds, {})
        return course

    def dues(self, rule: Rule, policy: Policy) -> dict[date, Due] | None:
        """What was worked out of a path that is the same for every series of an indicator; None where it is not."""
        if not rule.indicator.is_total or rule.indicator.follows_last_year:
            return None
        key = (*_key(rule.indicator.indicator_id, rule.plan, rule.statements), policy.version)
        return self._dues.setdefault(key, {})

    def _said_about(self, indicator_id: str) -> tuple[list[PlanVersion], list[MilestoneStatement]]:
        found = self._about.get(indicator_id)
        if found is None:
            versions = [known for known in self.versions if known.plan.indicator(indicator_id) is not None]
            found = self._about[indicator_id] = (versions, list(self.statements))
        return found

    def _rule(self, indicator_id: str, plan: Plan, stated: Mapping[TimePeriod, MilestoneStatement]) -> Rule:
        statements = tuple(one for _, one in sorted(stated.items()) if indicator_id in one.milestones)
        key = _key(indicator_id, plan, statements)
        rule = self._rules.get(key)
        if rule is None:
            indicator = plan.indicator(indicator_id)
            assert indicator is not None
            values = dict(indicator.milestones) | {one.year: one.milestones[indicator_id].value for one in statements}
            with_milestones = replace(indicator, milestones=tuple(sorted(values.items())))
            rule = self._rules[key] = Rule(plan, with_milestones, statements)
        return rule


def _key(
    indicator_id: str, plan: Plan, statements: Iterable[MilestoneStatement]
) -> tuple[str, int, tuple[tuple[TimePeriod, int], ...]]:
    return indicator_id, plan.version, tuple((one.year, one.version) for one in statements)
