"""The evaluator without a database: what is stored of one indicator, report by report, and what could be recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from planwatch.assessment import Assessment
from planwatch.evaluation import Subject, judge_known, verdicts_of_saying
from planwatch.milestone import MilestoneStatement
from planwatch.observation import Observation
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.running_state import ALONE, RunningState, read_from, state_before
from planwatch.vintages import Vintages
from services.evaluate.effects import evaluate_submission, known_verdicts, not_stored, states_after
from services.evaluate.store import VerdictContent, VerdictPlace, content_of, place_of
from tests.builders import default_policy

Facts = tuple[object, ...]


@dataclass
class Replay:
    """One subject of the first indicator of a plan, with everything that the database would hold of it."""

    versions: list[PlanVersion]
    statements: list[MilestoneStatement] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    assessments: list[Assessment] = field(default_factory=list)
    state: RunningState | None = None
    rows_read: int = 0

    @property
    def indicator_id(self) -> str:
        return self.versions[0].plan.indicators[0].indicator_id

    @property
    def plans(self) -> PlanHistory:
        return PlanHistory(self.versions, self.statements)

    def receive(self, *figures: Observation) -> list[Assessment]:
        """One submission, with no more of its history than the evaluator would read."""
        key = figures[0].series.subject_key
        since = read_from(self.state, self.plans, self.indicator_id, figures)
        read = [known for known in self.observations if self._is_read(known, since, figures)]
        self.rows_read = len(read)
        before = state_before(self.state, since)
        subject = Subject(self.indicator_id, key, self.plans, default_policy(), before)
        vintages = Vintages(read)
        made = evaluate_submission(figures, {key: subject}, vintages, known_verdicts(self._stored()))
        states = states_after({key: subject}, vintages, {key: self.state} if self.state else {})
        self.state = states.get(key)
        self.observations += [known for known in figures if known not in self.observations]
        self.assessments += made
        self._assert_keys_are_unique()
        return made

    def say(self, said: PlanVersion | MilestoneStatement) -> None:
        """A plan version applied, or milestones stated, and what that changes."""
        if isinstance(said, PlanVersion):
            self.versions.append(said)
        else:
            self.statements.append(said)
        if self.observations:
            said_at = said.applied_at if isinstance(said, PlanVersion) else said.stated_at
            subject = Subject(self.indicator_id, self._key, self.plans, default_policy())
            stored = self._stored()
            made = verdicts_of_saying(
                subject, Vintages(self.observations), said_at, str(said_at), known_verdicts(stored)
            )
            self.assessments += not_stored(made, stored)
            self._assert_keys_are_unique()

    def stored_as_of(self, moment: datetime) -> dict[str, Facts]:
        """Period → the newest stored verdict known at a moment, as `assessments_as_of` picks it."""
        known = [(row.known_at, row.plan_version, number, row) for number, row in enumerate(self.assessments)]
        picked = {str(row.period): row for *_, row in sorted(known, key=lambda k: k[:3]) if row.known_at <= moment}
        return {
            period: (row.plan_version, row.verdict, row.reason, row.measures, row.value, row.baseline_period)
            for period, row in sorted(picked.items())
        }

    def recomputed(self, moment: datetime) -> dict[str, Facts]:
        """Period → the verdict that all figures, versions and milestones known at a moment give."""
        vintages = Vintages(self.observations)
        figures = vintages.known_at(self._key, moment)
        subject = Subject(self.indicator_id, self._key, self.plans, default_policy())
        judged = judge_known(subject, self.plans, figures, sorted(figures), moment)
        return {
            str(period): (
                one.rule.plan.version,
                one.judgement.verdict,
                one.judgement.reason,
                one.judgement.measures,
                one.observation.value,
                one.judgement.start.period if one.judgement.start else None,
            )
            for period, one in sorted(judged.items(), key=lambda item: str(item[0]))
        }

    def moments(self) -> list[datetime]:
        """Every moment at which something became known."""
        return sorted(
            {known.received_at for known in self.observations}
            | {version.applied_at for version in self.versions}
            | {stated.stated_at for stated in self.statements}
        )

    @property
    def _key(self) -> str:
        return self.observations[0].series.subject_key

    def _is_read(self, known: Observation, since: object, figures: Sequence[Observation]) -> bool:
        if since == ALONE:
            return any((known.series, known.period.start) == (new.series, new.period.start) for new in figures)
        return known.period.start >= since  # type: ignore[operator]

    def _stored(self) -> dict[VerdictPlace, VerdictContent]:
        return {place_of(row): content_of(row) for row in sorted(self.assessments, key=lambda row: row.plan_version)}

    def _assert_keys_are_unique(self) -> None:
        keys = {(*place_of(row), row.plan_version, row.submission_id, row.caused_by) for row in self.assessments}
        assert len(keys) == len(self.assessments)
