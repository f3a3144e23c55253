"""What is stored of a plan's past, loaded whole for a replay: verdicts, steps, reports, policies. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from planwatch.case.recorded import RecordedStep
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.milestone import statement_from_mapping
from planwatch.period import Freq, parse_period
from planwatch.plan_document import plan_from_mapping
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.policy import AssessmentClass
from planwatch.rejudgement import StoredVerdict
from planwatch.schedule import METHOD
from planwatch.series import SeriesKey
from planwatch.wire import ASSESSMENT_MADE, assessments_from_bytes
from services.plan_policies import PolicyHistory, load_policies_now


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation that the alerting service took in.

    Attributes:
        number: its place in the outbox.
        at: when it was taken in; None while it waits.
        known_at: the moment as whose knowledge its verdicts are read.
        series: the keys of the series with new verdicts.
    """

    number: int
    at: datetime | None
    known_at: datetime
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KnownVerdict:
    """A stored verdict with what the replay needs beside it.

    Attributes:
        number: rises with the order in which verdicts were stored.
        series_key: of the series.
        submission_id: of the figure.
        written_at: when it was stored; None for a verdict whose evaluation is not in the outbox.
        stored: the verdict.
        obs_value, achieved_share, expected_share, schedule_index: figures for readers.
    """

    number: int
    series_key: str
    submission_id: str
    written_at: datetime | None
    stored: StoredVerdict
    obs_value: Any
    achieved_share: float | None
    expected_share: float | None
    schedule_index: float | None


@dataclass(frozen=True, slots=True)
class KnownForecast:
    """What a stored forecast says of reaching the target; probability None where it could not be made."""

    known_at: datetime
    probability: float | None
    pace: float | None
    pace_needed: float | None


@dataclass(frozen=True, slots=True)
class Records:
    """A plan's past.

    Attributes:
        plans: its versions and milestones.
        policies: of all plans.
        series: series key → series.
        evaluations: in the order of the outbox.
        verdicts: series key → every verdict ever stored, in that order.
        forecasts: series key and period → every forecast, in rising `known_at`.
        steps: the history of its cases, in the order of its chain.
        reported: indicator → last day of the period and when the report of the whole area was evaluated.
        last_digests: agency → local dates of its digests.
    """

    plans: PlanHistory
    policies: PolicyHistory
    series: Mapping[str, SeriesKey]
    evaluations: Sequence[Evaluation]
    verdicts: Mapping[str, Sequence[KnownVerdict]]
    forecasts: Mapping[tuple[str, str], Sequence[KnownForecast]]
    steps: Sequence[RecordedStep]
    reported: Mapping[str, Sequence[tuple[date, datetime]]]
    last_digests: Mapping[str, Sequence[date]]


def load_records(connection: Connection[Any], plan_id: str) -> Records:
    """Everything that the replay of a plan rests on, as of one snapshot of the database."""
    versions = connection.execute("SELECT document, applied_at FROM plans WHERE plan_id = %s", (plan_id,)).fetchall()
    statements = connection.execute(
        "SELECT document, stated_at FROM milestone_statements WHERE plan_id = %s", (plan_id,)
    ).fetchall()
    evaluations, written = _evaluations(connection, plan_id)
    return Records(
        plans=PlanHistory(
            [PlanVersion(plan_from_mapping(document), applied_at) for document, applied_at in versions],
            [statement_from_mapping(document, stated_at) for document, stated_at in statements],
        ),
        policies=load_policies_now(connection),
        series={
            row[0]: SeriesKey(row[1], row[2], Freq(row[3]), row[4], row[5])
            for row in connection.execute(_SERIES, (plan_id,)).fetchall()
        },
        evaluations=evaluations,
        verdicts=_verdicts(connection, plan_id, written),
        forecasts=_forecasts(connection, plan_id),
        steps=[_step(row) for row in connection.execute(_STEPS, (plan_id,)).fetchall()],
        reported=_pairs(connection.execute(_REPORTED, (plan_id,)).fetchall()),
        last_digests=_singles(connection.execute(_DIGESTS, (plan_id,)).fetchall()),
    )


_SERIES = "SELECT series_key, indicator_id, ref_area, freq, urbanisation, pop_group FROM series WHERE plan_id = %s"
_STEPS = """
    SELECT case_id, step, at, step_kind, level, reason_zh, reason_en, policy_line, actor, submission_id, delivery,
           addressee, changes
    FROM warning_history WHERE plan_id = %s ORDER BY entry_no
"""
_REPORTED = """
    SELECT s.indicator_id, period_end(o.time_period), min(u.evaluated_at)
    FROM series AS s JOIN observations AS o USING (series_key) JOIN submissions AS u USING (submission_id)
    JOIN (SELECT DISTINCT ON (plan_id) plan_id, ref_area FROM plans ORDER BY plan_id, plan_version DESC) AS p
        ON (p.plan_id, p.ref_area) = (s.plan_id, s.ref_area)
    WHERE s.plan_id = %s AND (s.urbanisation, s.pop_group) = ('_T', '_T') AND u.evaluated_at IS NOT NULL
    GROUP BY 1, 2
"""
_DIGESTS = """
    SELECT agency_id, local_date FROM digests JOIN agencies USING (agency_id) WHERE plan_id = %s ORDER BY local_date
"""
_VERDICTS = """
    SELECT a.assessment_no, a.series_key, a.submission_id, a.caused_by, a.time_period, a.class, a.plan_version,
           a.policy_version, a.measured, a.baseline_value, a.baseline_period, a.baseline_substituted, a.expected_value,
           a.known_at, a.obs_value, a.achieved_share, a.expected_share, a.schedule_index, s.indicator_id
    FROM assessments AS a JOIN series AS s USING (series_key)
    WHERE s.plan_id = %s AND a.method = %s ORDER BY a.assessment_no
"""
_FORECASTS = """
    SELECT f.series_key, f.time_period, f.known_at, CASE WHEN f.reason IS NULL THEN f.probability END, f.pace,
           f.pace_needed
    FROM assessment_forecasts AS f JOIN series AS s USING (series_key)
    WHERE s.plan_id = %s ORDER BY f.known_at
"""


def _evaluations(connection: Connection[Any], plan_id: str) -> tuple[list[Evaluation], dict[str, datetime]]:
    """The evaluations of a plan, and when the verdicts of each submission or change were stored."""
    found, written = [], {}
    rows = connection.execute(
        "SELECT event_no, record_value, created_at, settled_at FROM outgoing_events WHERE topic = %s ORDER BY event_no",
        (ASSESSMENT_MADE,),
    ).fetchall()
    for number, value, created_at, settled_at in rows:
        event = assessments_from_bytes(bytes(value))
        if event.plan_id == plan_id:
            found.append(Evaluation(number, settled_at, event.known_at, event.series))
            written[event.submission_id] = created_at
    return found, written


def _verdicts(
    connection: Connection[Any], plan_id: str, written: Mapping[str, datetime]
) -> dict[str, list[KnownVerdict]]:
    found: dict[str, list[KnownVerdict]] = defaultdict(list)
    for row in connection.execute(_VERDICTS, (plan_id, METHOD)).fetchall():
        stored = StoredVerdict(
            indicator_id=row[18],
            period=parse_period(row[4]),
            verdict=AssessmentClass(row[5]),
            plan_version=row[6],
            policy_version=row[7],
            measured=row[8],
            baseline=row[9],
            baseline_period=parse_period(row[10]) if row[10] else None,
            baseline_substituted=row[11],
            expected=row[12],
            known_at=row[13],
        )
        found[row[1]].append(
            KnownVerdict(row[0], row[1], row[2], written.get(row[3] or row[2]), stored, row[14], *row[15:18])
        )
    return found


def _forecasts(connection: Connection[Any], plan_id: str) -> dict[tuple[str, str], list[KnownForecast]]:
    found: dict[tuple[str, str], list[KnownForecast]] = defaultdict(list)
    for series_key, period, *rest in connection.execute(_FORECASTS, (plan_id,)).fetchall():
        found[series_key, period].append(KnownForecast(*rest))
    return found


def _step(row: Sequence[Any]) -> RecordedStep:
    case_id, number, at, kind, level, zh, en, line, actor, submission_id, delivery, addressee, changes = row
    return RecordedStep(
        case_id, number, at, DecisionKind(kind), level, Text(zh, en), line, actor, submission_id, delivery, addressee,
        changes,
    )  # fmt: skip


def _pairs(rows: Sequence[Sequence[Any]]) -> dict[str, list[tuple[date, datetime]]]:
    found: dict[str, list[tuple[date, datetime]]] = defaultdict(list)
    for name, day, moment in rows:
        found[name].append((day, moment))
    return found


def _singles(rows: Sequence[Sequence[Any]]) -> dict[str, list[date]]:
    found: dict[str, list[date]] = defaultdict(list)
    for name, day in rows:
        found[name].append(day)
    return found
