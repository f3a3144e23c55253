"""年度目标 between their files and the database: read, check, apply once, and ask for the verdicts they change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from planwatch.errors import InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.milestone import MilestoneStatement, statement_faults, statement_from_mapping
from planwatch.plan_document import plan_from_mapping
from services.catalogue import ask_for_judgement, hold_catalogue_exclusively
from services.catalogue_files import read_document


@dataclass(frozen=True, slots=True)
class MilestoneFile:
    """The content of a `milestones-YYYY.yaml` that its schema has accepted."""

    document: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the content, by which a changed file is told from an unchanged one."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def milestone_files(plans_dir: Path, plan_id: str) -> list[Path]:
    """The milestone files of a plan, year by year."""
    return sorted((plans_dir / plan_id).glob("milestones-*.yaml"))


def read_milestone_file(plans_dir: Path, path: Path) -> MilestoneFile:
    """Read one file and hold it against `milestones.schema.json` of the catalogue.

    Raises:
        InvalidPlan: with every fault of the file.
    """
    return MilestoneFile(read_document(path, plans_dir / "milestones.schema.json", path.stem))


def apply_milestones(connection: Connection[Any], file: MilestoneFile, now: datetime) -> bool:
    """Write one version of a statement; what it changes is judged anew by the evaluator.

    Returns:
        True if it was written, False if this very version is there already.
    Raises:
        InvalidPlan: the plan is not applied, an indicator has no such milestone, the version is there with other
            content, or a higher one is there.
    """
    hold_catalogue_exclusively(connection)
    statement = statement_from_mapping(file.document, now)
    row = connection.execute(
        "SELECT document FROM plans WHERE plan_id = %s ORDER BY plan_version DESC LIMIT 1", (statement.plan_id,)
    ).fetchone()
    if row is None:
        raise _refusal(statement, "plan_id", "该规划尚未应用", "the plan is not applied yet")
    plan = plan_from_mapping(row[0])
    faults = statement_faults(statement, plan)
    if faults:
        raise InvalidPlan(statement.plan_id, faults)
    known = dict(
        connection.execute(
            "SELECT version, content_digest FROM milestone_statements WHERE plan_id = %s AND time_period = %s",
            (statement.plan_id, str(statement.year)),
        ).fetchall()
    )
    if known.get(statement.version) == file.digest:
        return False
    if known and statement.version <= max(known):
        zh = f"{statement.year}年年度目标已应用到第{max(known)}版；更正须使用更高的版本号"
        en = f"version {max(known)} for {statement.year} is applied; a correction needs a higher one"
        raise _refusal(statement, "version", zh, en)
    replaced = _indicators_of(connection, statement, max(known, default=0))
    _insert(connection, statement, file, now)
    ask_for_judgement(connection, plan, sorted(replaced | set(statement.milestones)), now)
    return True


def _insert(connection: Connection[Any], statement: MilestoneStatement, file: MilestoneFile, now: datetime) -> None:
    connection.execute(
        """
        INSERT INTO milestone_statements (plan_id, time_period, version, effective_on, document, content_digest,
                                          stated_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        """,
        (
            statement.plan_id,
            str(statement.year),
            statement.version,
            statement.effective_on,
            Jsonb(file.document),
            file.digest,
            now,
        ),
    )


def _indicators_of(connection: Connection[Any], statement: MilestoneStatement, version: int) -> set[str]:
    """The indicators of an earlier version, whose milestones may be withdrawn by this one."""
    rows = connection.execute(
        "SELECT indicator_id FROM stated_milestones WHERE plan_id = %s AND time_period = %s AND version = %s",
        (statement.plan_id, str(statement.year), version),
    )
    return {indicator_id for (indicator_id,) in rows.fetchall()}


def _refusal(statement: MilestoneStatement, path: str, zh: str, en: str) -> InvalidPlan:
    return InvalidPlan(statement.plan_id, [PlanFault(path, Text(zh, en))])
