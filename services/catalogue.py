"""The plan catalogue in the database: putting it there, and what services hold of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from planwatch.errors import InvalidPlan, InvalidPolicy, PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_document import plan_from_mapping
from planwatch.policy import Policy, policy_from_mapping
from services.catalogue_files import PlanFile, read_schema, read_yaml
from services.catalogue_report import report_own_standards
from services.schema_faults import schema_faults


def apply_policy(connection: Connection[Any], plans_dir: Path, now: datetime) -> Policy:
    """Put the catalogue's policy in force unless this version is known already.

    Returns:
        The policy of the file.
    Raises:
        InvalidPolicy: the file has faults, all of which are named, or its version is there with other content.
    """
    document = read_yaml(plans_dir / "policy.yaml")
    faults = list(schema_faults(read_schema(plans_dir / "policy.schema.json"), document))
    if faults:
        listing = Text(
            *(
                "；".join(f"{'.'.join(map(str, f.path))}：{getattr(f.reason, language)}" for f in faults)
                for language in ("zh", "en")
            )
        )
        raise InvalidPolicy(listing)
    policy = policy_from_mapping(document)
    row = connection.execute("SELECT document FROM policies WHERE policy_version = %s", (policy.version,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO policies (policy_version, document, applied_at) VALUES (%s, %s, %s)",
            (policy.version, Jsonb(document), now),
        )
    elif row[0] != document:
        raise InvalidPolicy(
            Text(
                f"政策版本 {policy.version} 已应用且内容不同；修改后的政策须使用新的版本号",
                f"policy {policy.version} is applied with other content; a changed policy needs a new version",
            )
        )
    return policy


def apply_plan(connection: Connection[Any], file: PlanFile, now: datetime) -> bool:
    """Write one plan version to the catalogue tables, and the report on its own service standards to the ledger.

    Returns:
        True if it was written, False if this very version is there already.
    Raises:
        InvalidPlan: the version is there with other content; a changed plan needs a new version.
    """
    plan = file.plan
    row = connection.execute(
        "SELECT content_digest FROM plans WHERE plan_id = %s AND plan_version = %s", (plan.plan_id, plan.version)
    ).fetchone()
    if row is not None:
        if row[0] != file.digest:
            raise InvalidPlan(
                plan.plan_id,
                [
                    PlanFault(
                        "version",
                        Text(
                            f"版本 {plan.version} 已应用且内容不同；修改后的规划须使用新的版本号",
                            f"version {plan.version} is applied with other content; a changed plan needs a new version",
                        ),
                    )
                ],
            )
        return False
    _insert_plan(connection, file, now)
    connection.cursor().executemany(
        """
        INSERT INTO agencies (agency_id, plan_id, name_zh, name_en, superior) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (agency_id) DO UPDATE SET name_zh = EXCLUDED.name_zh, name_en = EXCLUDED.name_en,
                                              superior = EXCLUDED.superior
        """,
        [(a.agency_id, plan.plan_id, a.name.zh, a.name.en, a.superior) for a in plan.agencies],
    )
    _insert_indicators(connection, plan)
    report_own_standards(connection, plan, now)
    return True


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The plans and the policy in force, as a service holds them.

    Attributes:
        plans: plan id → current version.
        policy: the newest policy.
        applied_at: when the newest part of it was applied; a later one means: load again.
    """

    plans: Mapping[str, Plan]
    policy: Policy
    applied_at: datetime


class CatalogueCache:
    """Keeps the catalogue between batches and loads it again when it has changed."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None

    async def current(self, connection: AsyncConnection[Any]) -> Catalogue:
        """The catalogue as of the open transaction; one cheap query when nothing has changed."""
        row = await (await connection.execute(_APPLIED_AT)).fetchone()
        assert row is not None
        if self._catalogue is None or self._catalogue.applied_at != row[0]:
            plans = [
                plan_from_mapping(document)
                for (document,) in await (await connection.execute(_CURRENT_PLANS)).fetchall()
            ]
            policy = await (await connection.execute(_CURRENT_POLICY)).fetchone()
            assert policy is not None, "no policy is applied"
            by_id = {plan.plan_id: plan for plan in plans}
            self._catalogue = Catalogue(by_id, policy_from_mapping(policy[0]), row[0])
        return self._catalogue


_APPLIED_AT = "SELECT greatest((SELECT max(applied_at) FROM plans), (SELECT max(applied_at) FROM policies))"
_CURRENT_PLANS = "SELECT DISTINCT ON (plan_id) document FROM plans ORDER BY plan_id, plan_version DESC"
_CURRENT_POLICY = "SELECT document FROM policies ORDER BY applied_at DESC, policy_version DESC LIMIT 1"


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


def _insert_indicators(connection: Connection[Any], plan: Plan) -> None:
    connection.cursor().executemany(
        """
        INSERT INTO indicators (plan_id, plan_version, indicator_id, no, name_zh, name_en, concept, domain, domain_name,
                                unit, nature, goal_kind, direction, comparator, baseline_value, baseline_period,
                                target_value, target_period, owner_agency, doubts, source_file, source_line, section,
                                commitment_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
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
            for row in (*plan.indicators, *plan.derived)
        ],
    )
