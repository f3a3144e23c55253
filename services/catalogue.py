"""The plan catalogue in the database: putting it there, and what services hold of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from planwatch.errors import InvalidPlan, InvalidPolicy
from planwatch.milestone import MilestoneStatement, statement_from_mapping
from planwatch.plan import Plan
from planwatch.plan_document import plan_from_mapping
from planwatch.plan_history import PlanHistory, PlanVersion
from planwatch.plan_version import changed_indicators, version_faults
from planwatch.policy import Policy
from planwatch.wire import SUBMISSION_RECEIVED, CatalogueChanged, catalogue_change_to_bytes
from services.catalogue_files import PlanFile
from services.catalogue_report import report_own_standards
from services.outbox import OutgoingEvent, insert_events_now
from services.plan_policies import (
    PolicyHistory,
    applied_with_other_content,
    apply_plan_policy,
    load_policies,
    load_policies_now,
)
from services.policy_files import read_default_policy

_CATALOGUE_LOCK = 7_214_202_503


def apply_policy(connection: Connection[Any], plans_dir: Path, now: datetime) -> Policy:
    """Put the catalogue's default policy, and those of the applied plans that have one, in force.

    A version that is known already stays as it is.

    Returns:
        The default policy.
    Raises:
        InvalidPolicy: a file has faults, all of which are named, or its version is there with other content.
    """
    file = read_default_policy(plans_dir)
    row = connection.execute(
        "SELECT document FROM policies WHERE policy_version = %s", (file.policy.version,)
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO policies (policy_version, document, applied_at) VALUES (%s, %s, %s)",
            (file.policy.version, Jsonb(file.document), now),
        )
    elif row[0] != file.document:
        raise InvalidPolicy(applied_with_other_content(file.policy.version))
    for plan in applied_plans(connection):
        apply_plan_policy(connection, plans_dir, plan, now)
    return file.policy


def applied_plans(connection: Connection[Any]) -> list[Plan]:
    """The newest version of every plan that is applied."""
    rows = connection.execute("SELECT DISTINCT ON (plan_id) document FROM plans ORDER BY plan_id, plan_version DESC")
    return [plan_from_mapping(document) for (document,) in rows.fetchall()]


def judge_anew(connection: Connection[Any], plan: Plan, now: datetime) -> None:
    """Ask for all verdicts on a plan under the policy in force for it; once for every policy that is applied.

    The cases follow the new verdicts as they follow any other; this writes no step and no mail by itself.
    """
    applied_at = load_policies_now(connection).newest(plan.plan_id).applied_at
    ask_for_judgement(connection, plan, [row.indicator_id for row in plan.watched], now, applied_at)


def apply_plan(connection: Connection[Any], file: PlanFile, now: datetime) -> bool:
    """Write one plan version to the catalogue tables, and the report on its own service standards to the ledger.

    A version that is applied may be applied again with additions that no verdict depends on; what a new version
    changes is judged anew by the evaluator.

    Returns:
        True if something was written, False if this very content is there already.
    Raises:
        InvalidPlan: the version is there and differs in what verdicts depend on; every such field is named.
    """
    hold_catalogue_exclusively(connection)
    plan = file.plan
    known = {
        version: (document, digest)
        for version, document, digest in connection.execute(
            "SELECT plan_version, document, content_digest FROM plans WHERE plan_id = %s", (plan.plan_id,)
        ).fetchall()
    }
    if plan.version in known:
        document, digest = known[plan.version]
        if digest == file.digest:
            return False
        faults = version_faults(plan_from_mapping(document), plan)
        if faults:
            raise InvalidPlan(plan.plan_id, faults)
        _update_plan(connection, file, now)
    else:
        _insert_plan(connection, file, now)
    _write_agencies(connection, plan)
    _write_indicators(connection, plan)
    earlier = max((version for version in known if version < plan.version), default=None)
    if plan.version not in known and earlier is not None:
        changed = changed_indicators(plan_from_mapping(known[earlier][0]), plan)
        ask_for_judgement(connection, plan, changed, now)
    report_own_standards(connection, plan, now)
    return True


def ask_for_judgement(
    connection: Connection[Any],
    plan: Plan,
    indicator_ids: Iterable[str],
    now: datetime,
    said_at: datetime | None = None,
) -> None:
    """Write to the outbox that verdicts on indicators may change, in the transaction that changes the catalogue.

    Args:
        connection: with that transaction.
        plan: the newest version.
        indicator_ids: whose verdicts may change.
        now: of the transaction.
        said_at: when what changes them was applied, where that was before.
    """
    changes = [CatalogueChanged(plan.plan_id, indicator_id, said_at or now) for indicator_id in indicator_ids]
    insert_events_now(
        connection,
        [
            OutgoingEvent(
                change.change_id, SUBMISSION_RECEIVED, plan.ref_area.encode(), catalogue_change_to_bytes(change)
            )
            for change in changes
        ],
        now,
    )


def hold_catalogue_exclusively(connection: Connection[Any]) -> None:
    """Wait until no evaluation is under way and keep others waiting until COMMIT.

    Every evaluation then either ended before the catalogue changed, and is judged anew, or knows the change.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_CATALOGUE_LOCK,))


async def hold_catalogue(connection: AsyncConnection[Any]) -> None:
    """Keep the catalogue as it is until COMMIT; evaluations go on side by side."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", (_CATALOGUE_LOCK,))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The plans and the policies in force, as a service holds them.

    Attributes:
        plans: plan id → current version.
        histories: plan id → all versions with the milestones stated for them.
        policy: the newest default policy; what holds for a plan is `policy_of`.
        state: of its tables; another one means: load again.
        policies: every policy through time, of all plans.
    """

    plans: Mapping[str, Plan]
    histories: Mapping[str, PlanHistory]
    policy: Policy
    state: Sequence[str | None]
    policies: PolicyHistory

    def policy_of(self, plan_id: str) -> Policy:
        """The policy in force for a plan: its own, or the default one."""
        return self.policies.current(plan_id)


class CatalogueCache:
    """Keeps the catalogue between batches and loads it again when it has changed."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None

    async def current(self, connection: AsyncConnection[Any]) -> Catalogue:
        """The catalogue as of the open transaction; one cheap query when nothing has changed."""
        row = await (await connection.execute(_APPLIED_AT)).fetchone()
        assert row is not None
        if self._catalogue is None or self._catalogue.state != row[0]:
            histories = await load_histories(connection)
            policies = await load_policies(connection)
            plans = {plan_id: history.current for plan_id, history in histories.items()}
            self._catalogue = Catalogue(plans, histories, policies.default, row[0], policies)
        return self._catalogue


async def load_histories(connection: AsyncConnection[Any]) -> dict[str, PlanHistory]:
    """Every plan through time, by id."""
    versions: dict[str, list[PlanVersion]] = defaultdict(list)
    for document, applied_at in await (await connection.execute(_PLANS)).fetchall():
        plan = plan_from_mapping(document)
        versions[plan.plan_id].append(PlanVersion(plan, applied_at))
    statements: dict[str, list[MilestoneStatement]] = defaultdict(list)
    for document, stated_at in await (await connection.execute(_STATEMENTS)).fetchall():
        statements[document["plan_id"]].append(statement_from_mapping(document, stated_at))
    return {plan_id: PlanHistory(known, statements[plan_id]) for plan_id, known in versions.items()}


_APPLIED_AT = """
    SELECT (SELECT array[count(*)::text, max(applied_at)::text, max(updated_at)::text] FROM plans)
        || (SELECT array[count(*)::text, max(applied_at)::text] FROM policies)
        || (SELECT array[count(*)::text, max(stated_at)::text] FROM milestone_statements)
        || (SELECT array[count(*)::text] FROM plan_policies)
"""
"""Changes whenever anything of the catalogue does; a count as well, because moments need not rise."""

_PLANS = "SELECT document, applied_at FROM plans"
_STATEMENTS = "SELECT document, stated_at FROM milestone_statements"


def _insert_plan(connection: Connection[Any], file: PlanFile, now: datetime) -> None:
    plan = file.plan
    connection.execute(
        """
        INSERT INTO plans (plan_id, plan_version, title_zh, title_en, ref_area, area_name_zh, area_name_en,
                           start_period, end_period, parent_plan, document, content_digest, applied_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            plan.plan_id,
            plan.version,
            plan.title.zh,
            plan.title.en,
            plan.ref_area,
            plan.area_name.zh,
            plan.area_name.en,
            str(plan.start),
            str(plan.end),
            plan.parent_plan,
            Jsonb(file.document),
            file.digest,
            now,
        ),
    )


def _update_plan(connection: Connection[Any], file: PlanFile, now: datetime) -> None:
    plan = file.plan
    connection.execute(
        """
        UPDATE plans SET title_zh = %s, title_en = %s, area_name_zh = %s, area_name_en = %s, parent_plan = %s,
                         document = %s, content_digest = %s, updated_at = %s
        WHERE plan_id = %s AND plan_version = %s
        """,
        (
            plan.title.zh,
            plan.title.en,
            plan.area_name.zh,
            plan.area_name.en,
            plan.parent_plan,
            Jsonb(file.document),
            file.digest,
            now,
            plan.plan_id,
            plan.version,
        ),
    )


def _write_agencies(connection: Connection[Any], plan: Plan) -> None:
    connection.cursor().executemany(
        """
        INSERT INTO agencies (agency_id, plan_id, name_zh, name_en, superior) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (agency_id) DO UPDATE SET name_zh = EXCLUDED.name_zh, name_en = EXCLUDED.name_en,
                                              superior = EXCLUDED.superior
        """,
        [(a.agency_id, plan.plan_id, a.name.zh, a.name.en, a.superior) for a in plan.agencies],
    )


def _write_indicators(connection: Connection[Any], plan: Plan) -> None:
    """The rows of one version; where they are there already, what no verdict depends on takes its new content."""
    connection.cursor().executemany(
        """
        INSERT INTO indicators (plan_id, plan_version, indicator_id, no, name_zh, name_en, concept, domain, domain_name,
                                unit, nature, goal_kind, direction, comparator, baseline_value, baseline_period,
                                target_value, target_period, owner_agency, doubts, source_file, source_line, section,
                                commitment_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (plan_id, plan_version, indicator_id) DO UPDATE SET
            no = EXCLUDED.no, name_zh = EXCLUDED.name_zh, name_en = EXCLUDED.name_en, concept = EXCLUDED.concept,
            domain = EXCLUDED.domain, domain_name = EXCLUDED.domain_name, unit = EXCLUDED.unit,
            owner_agency = EXCLUDED.owner_agency, doubts = EXCLUDED.doubts, source_file = EXCLUDED.source_file,
            source_line = EXCLUDED.source_line
        """,
        [
            (
                plan.plan_id,
                plan.version,
                row.indicator_id,
                row.no,
                row.name.zh,
                row.name.en,
                row.concept,
                row.domain,
                plan.domain_name(row.domain),
                row.unit.printed or row.unit.measure,
                row.nature,
                row.goal_kind,
                row.direction,
                row.target.comparator,
                row.baseline.value if row.baseline else None,
                str(row.baseline.period) if row.baseline else None,
                row.target.value,
                str(row.target.period),
                row.owner,
                Jsonb([{"field": doubt.field, **doubt.reason.as_mapping()} for doubt in row.needs_confirmation]),
                plan.document_file,
                row.source_line,
                row.section,
                row.commitment_id,
            )
            for row in plan.watched
        ],
    )
