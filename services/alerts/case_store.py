"""SQL of the cases: what their history adds up to in, their steps and the row that stands for each of them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from planwatch.case.effects import MailOrder, Step
from planwatch.case.model import Case, replay
from planwatch.notification import Delivery
from planwatch.plan import Indicator, Plan
from planwatch.plan_document import plan_from_mapping


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case with what the store keeps beside it.

    Attributes:
        case: what its history adds up to.
        steps: how many there are.
        series_key: of its verdicts; None where it rests on none.
    """

    case: Case
    steps: int
    series_key: str | None


async def lock_plans(connection: AsyncConnection[Any], plan_ids: Sequence[str]) -> None:
    """Hold the cases of plans and the chains of their history until COMMIT, also those that do not exist yet.

    Whoever adds to a history takes this lock before any other, in the order of the plans: two writers never wait for
    each other.
    """
    for plan_id in sorted(set(plan_ids)):
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"warnings|{plan_id}",))


async def load_plan_of(connection: AsyncConnection[Any], case_id: str) -> str | None:
    """The plan of a case, None if there is no such case."""
    row = await (
        await connection.execute("SELECT plan_id FROM early_warnings WHERE case_id = %s", (case_id,))
    ).fetchone()
    return row[0] if row else None


async def load_cases(connection: AsyncConnection[Any], case_ids: Sequence[str]) -> dict[str, StoredCase]:
    """Cases by id, each from its history; unknown ids are absent. Hold the plans before you change one."""
    rows = await connection.execute(
        """
        SELECT h.case_id, h.changes, w.series_key
        FROM warning_history AS h JOIN early_warnings AS w USING (case_id)
        WHERE h.case_id = ANY(%s) ORDER BY h.case_id, h.step
        """,
        (list(case_ids),),
    )
    changes: dict[str, list[Any]] = defaultdict(list)
    series: dict[str, str | None] = {}
    for case_id, changed, series_key in await rows.fetchall():
        changes[case_id].append(changed)
        series[case_id] = series_key
    found = {}
    for case_id, history in changes.items():
        case = replay(history)
        assert case is not None, f"the history of case {case_id} has no state"
        found[case_id] = StoredCase(case, len(history), series[case_id])
    return found


async def load_open_cases(connection: AsyncConnection[Any], plan_ids: Sequence[str] | None = None) -> list[StoredCase]:
    """The cases that are not closed, of some plans or of all, in order of their ids."""
    rows = await connection.execute(
        """
        SELECT case_id FROM early_warnings
        WHERE state <> 'closed' AND (%(all)s OR plan_id = ANY(%(plans)s)) ORDER BY case_id
        """,
        {"all": plan_ids is None, "plans": list(plan_ids or ())},
    )
    found = await load_cases(connection, [case_id for (case_id,) in await rows.fetchall()])
    return list(found.values())


async def save_step(
    connection: AsyncConnection[Any],
    step: Step,
    *,
    number: int,
    series_key: str | None,
    mail_id: str | None,
    summary_id: str | None,
    now: datetime,
) -> None:
    """Write the case as it stands after a step, and add the step to its history."""
    await _save_case(connection, step.case, series_key, now)
    case, entry, notice = step.case, step.entry, step.notice
    is_mailed = isinstance(notice, MailOrder)
    await connection.execute(
        """
        INSERT INTO warning_history (case_id, step, at, step_kind, episode, level, reason_zh, reason_en, policy_line,
                                     time_period, submission_id, actor, delivery, delivery_reason_zh,
                                     delivery_reason_en, mail_id, addressee, summary_id, changes)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            case.case_id,
            number,
            now,
            entry.kind,
            case.episode,
            case.level.code,
            entry.reason.zh,
            entry.reason.en,
            entry.policy_line,
            str(case.time_period),
            entry.submission_id,
            entry.actor,
            notice.delivery if isinstance(notice, MailOrder) else Delivery.NONE,
            notice.reason.zh,
            notice.reason.en,
            mail_id if is_mailed else None,
            notice.to if isinstance(notice, MailOrder) else None,
            summary_id,
            Jsonb(dict(entry.changes)),
        ),
    )


async def _save_case(connection: AsyncConnection[Any], case: Case, series_key: str | None, now: datetime) -> None:
    await connection.execute(
        """
        INSERT INTO early_warnings (case_id, plan_id, plan_version, subject_kind, indicator_id, series_key, agency_id,
                                    episode, state, level, cause, time_period, since_period, policy_line,
                                    submission_id, known_at, opened_at, changed_at, kind, ref_area,
                                    coordinating_agency, acknowledge_by, measures_by, due_on, silenced_until,
                                    is_covered, is_frozen, escalations, dimension)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                %s, %s, %s)
        ON CONFLICT (case_id) DO UPDATE SET
            plan_version = EXCLUDED.plan_version, series_key = coalesce(EXCLUDED.series_key, early_warnings.series_key),
            agency_id = EXCLUDED.agency_id, episode = EXCLUDED.episode, state = EXCLUDED.state,
            level = EXCLUDED.level, cause = EXCLUDED.cause, time_period = EXCLUDED.time_period,
            since_period = EXCLUDED.since_period, policy_line = EXCLUDED.policy_line,
            submission_id = EXCLUDED.submission_id, known_at = EXCLUDED.known_at, opened_at = EXCLUDED.opened_at,
            changed_at = EXCLUDED.changed_at, kind = EXCLUDED.kind,
            coordinating_agency = EXCLUDED.coordinating_agency, acknowledge_by = EXCLUDED.acknowledge_by,
            measures_by = EXCLUDED.measures_by, due_on = EXCLUDED.due_on,
            silenced_until = EXCLUDED.silenced_until, is_covered = EXCLUDED.is_covered,
            is_frozen = EXCLUDED.is_frozen,
            escalations = EXCLUDED.escalations
        """,
        (
            case.case_id,
            case.subject.plan_id,
            case.plan_version,
            case.subject.kind,
            case.subject.indicator_id,
            series_key,
            case.owner,
            case.episode,
            case.state,
            case.level.code,
            case.cause,
            str(case.time_period),
            str(case.since_period),
            case.policy_line,
            case.submission_id,
            case.known_at,
            case.opened_at,
            now,
            case.kind,
            case.subject.ref_area,
            case.coordinating,
            case.acknowledge_by,
            case.measures_by,
            case.due_on,
            case.silenced_until,
            bool(case.covered_by),
            bool(case.frozen_by),
            len(case.fired),
            case.subject.dimension,
        ),
    )


async def load_subject(
    connection: AsyncConnection[Any], plans: Mapping[str, Plan], case: Case
) -> tuple[Plan, Indicator]:
    """The plan and the indicator of a case; of the version that it rests on where the present one no longer has it."""
    plan = plans[case.subject.plan_id]
    indicator = plan.indicator(case.subject.indicator_id)
    if indicator is not None:
        return plan, indicator
    row = await (
        await connection.execute(
            "SELECT document FROM plans WHERE plan_id = %s AND plan_version = %s",
            (case.subject.plan_id, case.plan_version),
        )
    ).fetchone()
    assert row is not None
    earlier = plan_from_mapping(row[0])
    indicator = earlier.indicator(case.subject.indicator_id)
    assert indicator is not None
    return earlier, indicator
