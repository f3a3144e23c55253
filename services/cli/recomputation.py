"""The verdicts of a plan under one of its versions, recomputed from what was known at a moment; nothing is stored."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import click
from psycopg import Connection

from planwatch.change import Judged
from planwatch.evaluation import Subject, judge_known
from planwatch.milestone import statement_from_mapping
from planwatch.observation import Observation
from planwatch.period import Freq, TimePeriod, parse_period
from planwatch.plan_document import plan_from_mapping
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.policy import Policy
from planwatch.schedule import METHOD
from planwatch.series import Accumulation, ObsStatus, SeriesKey
from services.cli.reading import Row
from services.plan_policies import load_policies_now


def recompute(connection: Connection[Any], plan_id: str, version: int, moment: datetime) -> list[Row]:
    """Every period that was reported by a moment, judged by one version of the plan, whenever that was applied.

    Returns:
        Rows as `reading.read_assessments` gives them, without a warning level.
    Raises:
        click.BadParameter: the plan has no such version.
    """
    plans = _plans(connection, plan_id, version)
    policy = load_policies_now(connection).current(plan_id)
    figures: dict[str, dict[TimePeriod, Observation]] = defaultdict(dict)
    simulated: dict[str, bool] = {}
    for observation, is_simulated in _observations(connection, plan_id, moment):
        figures[observation.series.subject_key][observation.period] = observation
        simulated[observation.submission_id] = is_simulated
    rows = []
    for key, known in figures.items():
        subject = Subject(next(iter(known.values())).series.indicator_id, key, plans, policy)
        judged = judge_known(subject, plans, known, known, moment).values()
        rows += [_row(one, policy, is_simulated=simulated[one.observation.submission_id]) for one in judged]
    return sorted(rows, key=lambda row: (row["no"], row["ref_area"], row["time_period"]))


def _plans(connection: Connection[Any], plan_id: str, version: int) -> PlanHistory:
    row = connection.execute(
        "SELECT document, applied_at FROM plans WHERE plan_id = %s AND plan_version = %s", (plan_id, version)
    ).fetchone()
    if row is None:
        raise click.BadParameter(f"{plan_id} 没有第 {version} 版 / has no version {version}")
    stated = connection.execute(
        "SELECT document, stated_at FROM milestone_statements WHERE plan_id = %s", (plan_id,)
    ).fetchall()
    return PlanHistory(
        [PlanVersion(plan_from_mapping(row[0]), row[1])], [statement_from_mapping(*found) for found in stated]
    )


def _observations(connection: Connection[Any], plan_id: str, moment: datetime) -> list[tuple[Observation, bool]]:
    rows = connection.execute(
        """
        SELECT s.indicator_id, s.ref_area, s.freq, s.urbanisation, s.pop_group, o.time_period, o.obs_value,
               o.obs_status, o.accumulation, o.submission_id, o.row_number, o.received_at, o.revision, u.simulated
        FROM observations_as_of(%s) AS o
        JOIN series AS s USING (series_key)
        JOIN submissions AS u USING (submission_id)
        WHERE s.plan_id = %s
        """,
        (moment, plan_id),
    ).fetchall()
    return [
        (
            Observation(
                series=SeriesKey(row[0], row[1], Freq(row[2]), row[3], row[4]),
                period=parse_period(row[5]),
                value=row[6],
                status=ObsStatus(row[7]),
                accumulation=Accumulation(row[8]) if row[8] else None,
                submission_id=row[9],
                row=row[10],
                received_at=row[11],
                revision=row[12],
            ),
            row[13],
        )
        for row in rows
    ]


def _row(judged: Judged, policy: Policy, *, is_simulated: bool) -> Row:
    indicator, observation = judged.rule.indicator, judged.observation
    verdict, reason, measures, start = judged.judgement
    return {
        "plan": judged.rule.plan.plan_id,
        "indicator": indicator.indicator_id,
        "no": indicator.no,
        "name": indicator.name.zh,
        "name_en": indicator.name.en,
        "ref_area": observation.series.ref_area,
        "freq": observation.series.freq,
        "time_period": str(observation.period),
        "nature": indicator.nature,
        "goal_kind": indicator.goal_kind,
        "class": verdict,
        "level": None,
        "reason": reason,
        "obs_value": observation.value,
        "measured": measures.measured,
        "baseline_value": measures.baseline,
        "baseline_period": str(start.period) if start and start.period else None,
        "baseline_substituted": start is not None and start.substituted,
        "expected_value": measures.expected,
        "comparator": indicator.target.comparator,
        "target_value": indicator.target.value,
        "achieved_share": measures.achieved_share,
        "expected_share": measures.expected_share,
        "schedule_index": measures.schedule_index,
        "gap": measures.gap,
        "gap_pct": measures.gap_pct,
        "revision": observation.revision,
        "plan_version": judged.rule.plan.version,
        "policy_version": policy.version,
        "method": METHOD,
        "submission_id": observation.submission_id,
        "known_at": observation.received_at,
        "simulated": is_simulated,
    }
