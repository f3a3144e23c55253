"""Figures for the dashboards: the five plans, Zhongwei's printed figures, one of them corrected, and simulated ones."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from planwatch.assessment import assess
from planwatch.case.events import Assessed
from planwatch.case.machine import transition
from planwatch.case.model import Case
from planwatch.early_warning import DecisionKind, SubjectKind, Verdict, case_id
from planwatch.observation import Observation
from planwatch.period import Freq, parse_period
from planwatch.plan import Plan
from planwatch.plan_document import plan_from_mapping
from planwatch.policy import AssessmentClass, Policy
from planwatch.series import Accumulation, ObsStatus, SeriesKey
from planwatch.wire import SUBMISSION_RECEIVED
from services.alerts.matters import matter_of
from services.catalogue import apply_plan, apply_policy
from services.catalogue_files import PlanFile, plan_ids, read_plan_file
from services.database import connect_as
from services.evaluate.effects import EvaluateEffects
from services.stream.record import Record
from tests.builders import EVERY_WEEKDAY

PLANS = Path(__file__).resolve().parents[2] / "plans"

APPLIED = datetime(2022, 1, 1, tzinfo=UTC)
REPORTED = datetime(2022, 3, 1, 2, tzinfo=UTC)
ACKNOWLEDGED = datetime(2022, 4, 1, 2, tzinfo=UTC)
CORRECTED = datetime(2022, 6, 1, 2, tzinfo=UTC)


def fill(database_url: str) -> None:
    """Write the figures through the evaluator's own code; warnings by the project's own rule; mails by hand.

    Zhongwei's 2020 and 2021 figures arrive at `REPORTED`; no. 13's warning is acknowledged at `ACKNOWLEDGED`; no. 5 is
    corrected from 97.81 to 99.7 at `CORRECTED`. In the national plan a simulated flow is followed by a real one. The
    plan `trial` is Zhongwei's with a milestone and without figures.
    """
    files = {plan_id: read_plan_file(PLANS, plan_id) for plan_id in plan_ids(PLANS)}
    zhongwei = files["zhongwei"].plan
    with connect_as(database_url) as connection:
        policy = apply_policy(connection, PLANS, APPLIED)
        for file in [*files.values(), with_milestone(files["zhongwei"])]:
            apply_plan(connection, file, APPLIED)
    asyncio.run(evaluate(database_url, submissions(zhongwei, files["national"].plan)))
    with connect_as(database_url) as connection:
        cases: dict[str, Case] = {}
        record_warnings(connection, zhongwei, policy, cases, REPORTED)
        acknowledge(connection, zhongwei, cases)
        record_warnings(connection, zhongwei, policy, cases, CORRECTED)
        connection.execute(MAILS_AND_DEAD_LETTERS)


def with_milestone(file: PlanFile) -> PlanFile:
    """Zhongwei's plan under another name, with a stated value for 2023 in row 3."""
    document = json.loads(json.dumps({**file.document, "plan_id": "trial"}))
    document["indicators"][2]["milestones"] = [{"period": "2023", "value": "94.5"}]
    return PlanFile(plan_from_mapping(document), document)


def submissions(zhongwei: Plan, national: Plan) -> list[Record]:
    printed = [
        {"indicator": row.indicator_id, "time_period": year, "obs_value": value or "-"}
        for row in zhongwei.indicators
        for year in ("2020", "2021")
        for value in [str(row.values[year].value) if row.values[year].value is not None else None]
    ]
    correction = [{"indicator": "zhongwei-05", "time_period": "2021", "obs_value": "99.7"}]
    total = next(row.indicator_id for row in national.indicators if row.goal_kind == "accumulate")
    flows = [{"indicator": total, "obs_value": "100", "accumulation": "flow"}]
    return [
        record(zhongwei, 0, REPORTED, printed, simulated=False),
        record(zhongwei, 1, CORRECTED, correction, simulated=False),
        record(national, 2, REPORTED, [{**row, "time_period": "2021"} for row in flows], simulated=True),
        record(national, 3, CORRECTED, [{**row, "time_period": "2022"} for row in flows], simulated=False),
    ]


def record(plan: Plan, offset: int, at: datetime, rows: list[dict[str, str]], *, simulated: bool) -> Record:
    content = {
        "schema": SUBMISSION_RECEIVED,
        "agency_id": plan.coordinating_agency,
        "plan_id": plan.plan_id,
        "simulated": simulated,
        "observations": rows,
    }
    return Record(SUBMISSION_RECEIVED, 0, offset, None, json.dumps(content).encode(), at)


async def evaluate(url: str, records: list[Record]) -> None:
    async with await psycopg.AsyncConnection.connect(make_conninfo(url, options="-c timezone=UTC")) as connection:
        rejected = await EvaluateEffects(lambda: CORRECTED).apply(connection, records)
    assert rejected == []


def record_warnings(
    connection: psycopg.Connection[Any], plan: Plan, policy: Policy, cases: dict[str, Case], at: datetime
) -> None:
    """What the verdicts known at `at` mean for the cases of the plan, by the project's own rule."""
    for row in plan.indicators:
        series = SeriesKey(row.indicator_id, plan.ref_area, Freq.ANNUAL)
        found = connection.execute(
            "SELECT time_period, class, submission_id, known_at FROM assessments_as_of(%s) WHERE series_key = %s",
            (at, str(series)),
        )
        verdicts = [Verdict(parse_period(period), AssessmentClass(name), *rest) for period, name, *rest in found]
        matter = matter_of(plan, row, series)
        outcome = transition(cases.get(matter.case_id), Assessed(matter, verdicts), policy, at, EVERY_WEEKDAY)
        if outcome.case is None or not outcome.effects or outcome.effects[0].entry.kind is DecisionKind.HOLD:
            continue
        case = cases[matter.case_id] = outcome.case
        entry = outcome.effects[0].entry
        values = {
            "case_id": case.case_id, "plan_id": plan.plan_id, "indicator_id": row.indicator_id,
            "series_key": str(series), "agency_id": row.owner, "episode": case.episode, "state": case.state,
            "level": case.level.code, "cause": case.cause, "time_period": str(case.time_period),
            "since_period": str(case.since_period), "policy_line": entry.policy_line,
            "submission_id": verdicts[-1].submission_id, "at": at, "step_kind": entry.kind,
            "reason_zh": entry.reason.zh, "reason_en": entry.reason.en, "actor": "planwatch",
        }  # fmt: skip
        connection.execute(CASE, values)
        connection.execute(STEP, values)


def acknowledge(connection: psycopg.Connection[Any], plan: Plan, cases: dict[str, Case]) -> None:
    """The agency signs for the warning on no. 13."""
    identity = case_id(plan.plan_id, SubjectKind.INDICATOR, SeriesKey("zhongwei-13", plan.ref_area, Freq.ANNUAL))
    level, period = cases[identity].level.code, str(cases[identity].time_period)
    values = {
        "case_id": identity, "episode": 1, "level": level, "time_period": period, "policy_line": "", "at": ACKNOWLEDGED,
        "submission_id": None, "step_kind": DecisionKind.ACKNOWLEDGE, "reason_zh": "已签收", "reason_en": "signed for",
        "actor": "zhongwei-civil-affairs",
    }  # fmt: skip
    connection.execute(STEP, values)
    connection.execute("UPDATE early_warnings SET state = 'acknowledged' WHERE case_id = %s", (identity,))


CASE = """
    INSERT INTO early_warnings (case_id, plan_id, plan_version, subject_kind, indicator_id, series_key, agency_id,
                                episode, state, level, cause, time_period, since_period, policy_line, submission_id,
                                known_at, opened_at, changed_at)
    VALUES (%(case_id)s, %(plan_id)s, 1, 'indicator', %(indicator_id)s, %(series_key)s, %(agency_id)s, %(episode)s,
            %(state)s, %(level)s, %(cause)s, %(time_period)s, %(since_period)s, %(policy_line)s, %(submission_id)s,
            %(at)s, %(at)s, %(at)s)
    ON CONFLICT (case_id) DO UPDATE SET state = EXCLUDED.state, level = EXCLUDED.level, cause = EXCLUDED.cause
"""
STEP = """
    INSERT INTO warning_history (case_id, step, at, step_kind, episode, level, reason_zh, reason_en, policy_line,
                                 time_period, submission_id, actor, delivery, delivery_reason_zh, delivery_reason_en)
    SELECT %(case_id)s, count(*) + 1, %(at)s, %(step_kind)s, %(episode)s, %(level)s, %(reason_zh)s, %(reason_en)s,
           %(policy_line)s, %(time_period)s, %(submission_id)s, %(actor)s, 'none', '', ''
    FROM warning_history WHERE case_id = %(case_id)s
"""
MAILS_AND_DEAD_LETTERS = """
    INSERT INTO mails (mail_id, mail_kind, agency_id, recipient, subject, message_id, message, accepted_at, created_at,
                       state, next_attempt_at)
    SELECT kind, kind, 'zhongwei-education', 'a@example.org', 's', kind, '', now(), now(), state, now()
    FROM (VALUES ('warning', 'sent'), ('digest', 'pending')) AS mail (kind, state);
    INSERT INTO dead_letters (dead_letter_id, consumer, incarnation, topic, partition, record_offset, record_value,
                              reason_zh, reason_en, recorded_at, replayed_at)
    VALUES ('1', 'evaluate', 'c', 't', 0, 1, '', '', '', now(), NULL),
           ('2', 'evaluate', 'c', 't', 0, 2, '', '', '', now(), now());
"""


def expected_by_verdict(plan: Plan, policy: Policy, indicator_id: str, year: int) -> Decimal | None:
    """The milestone value in the verdict on a year; the first figure of the plan period is the printed one of 2021."""
    indicator = plan.indicator(indicator_id)
    assert indicator is not None
    series = SeriesKey(indicator_id, plan.ref_area, Freq.ANNUAL)
    first = indicator.values.get("2021")
    reported = Observation(
        series, parse_period("2021"), first.value if first else None, ObsStatus.NORMAL, Accumulation.SINCE_PLAN_START,
        "submission", 1, REPORTED,
    )  # fmt: skip
    now = replace(reported, period=parse_period(str(year)), value=reported.value or indicator.target.value)
    history = {reported.period: reported, now.period: now}
    verdict = assess(plan, indicator, policy, history, now.period, submission_id="submission")
    assert verdict is not None
    return verdict.measures.expected
