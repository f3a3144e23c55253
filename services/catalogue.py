"""The plan catalogue between its files and the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from planwatch.errors import InvalidPlan, InvalidPolicy, PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_document import plan_from_mapping
from planwatch.policy import Policy, policy_from_mapping


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as its file describes it."""

    plan: Plan
    document: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the content, by which a changed file is told from an unchanged one."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def plan_ids(plans_dir: Path) -> list[str]:
    """The plans that have a file under `plans_dir`, national first."""
    found = [path.parent.name for path in plans_dir.glob("*/plan.yaml")]
    return sorted(found, key=lambda plan_id: (plan_id != "national", plan_id))


def read_plan_file(plans_dir: Path, plan_id: str) -> PlanFile:
    """Read and check one plan.

    Raises:
        InvalidPlan: with every fault of the file, from its schema and from its content.
    """
    path = plans_dir / plan_id / "plan.yaml"
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (a safe loader)
    except (OSError, yaml.YAMLError) as error:
        raise InvalidPlan(
            plan_id, [PlanFault(str(path), Text(f"无法读取：{error}", f"cannot be read: {error}"))]
        ) from error
    faults = _schema_faults(json.loads((plans_dir / "plan.schema.json").read_text(encoding="utf-8")), document)
    if faults:
        raise InvalidPlan(plan_id, faults)
    return PlanFile(plan_from_mapping(document), document)


def apply_policy(connection: Connection[Any], plans_dir: Path, now: datetime) -> Policy:
    """Put the catalogue's policy in force unless this version is known already.

    Returns:
        The policy of the file.
    Raises:
        InvalidPolicy: the file has faults, all of which are named, or its version is there with other content.
    """
    document = yaml.load((plans_dir / "policy.yaml").read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506
    faults = _schema_faults(json.loads((plans_dir / "policy.schema.json").read_text(encoding="utf-8")), document)
    if faults:
        listing = Text(
            *("；".join(f"{f.path}：{getattr(f.reason, language)}" for f in faults) for language in ("zh", "en"))
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
    """Write one plan version to the catalogue tables.

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


def default_plans_dir() -> Path:
    """The catalogue that comes with Planwatch: folder `plans` beside the packages, or in the installed data."""
    beside = Path(str(files("services"))).parent / "plans"
    return beside if beside.is_dir() else Path("plans")


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader; the C one where PyYAML has it, because five plans are thousands of lines."""


def _schema_faults(schema: Mapping[str, Any], document: object) -> list[PlanFault]:
    errors = sorted(Draft202012Validator(schema).iter_errors(document), key=lambda error: list(map(str, error.path)))
    return [PlanFault(error.json_path, Text(f"不符合格式：{error.message}", error.message)) for error in errors]


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
                                target_value, target_period, owner_agency, doubts, source_file, source_line)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
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
                plan.domain(row.domain).name,
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
            )
            for row in plan.indicators
        ],
    )
