"""The policies in the database: which one held for a plan at a moment, and putting a plan's own in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from planwatch.errors import InvalidPolicy
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.policy import Policy, policy_from_mapping
from services.policy_files import PolicyFile, has_policy, read_default_policy, read_plan_policy


@dataclass(frozen=True, slots=True)
class AppliedPolicy:
    """A policy and the moment from which it was in force."""

    policy: Policy
    applied_at: datetime


@dataclass(frozen=True, slots=True)
class PolicyHistory:
    """Every policy through time.

    Attributes:
        defaults: in the order in which they were applied.
        of_plans: plan id → its own ones, likewise.
    """

    defaults: Sequence[AppliedPolicy]
    of_plans: Mapping[str, Sequence[AppliedPolicy]]

    @property
    def default(self) -> Policy:
        """The newest default policy."""
        assert self.defaults, "no policy is applied"
        return self.defaults[-1].policy

    def current(self, plan_id: str) -> Policy:
        """The policy in force for a plan now."""
        return self.newest(plan_id).policy

    def in_force(self, plan_id: str, moment: datetime) -> Policy:
        """What held for a plan at a moment; before anything was applied the first default policy."""
        own = [known.policy for known in self.of_plans.get(plan_id, ()) if known.applied_at <= moment]
        if own:
            return own[-1]
        known = [known.policy for known in self.defaults if known.applied_at <= moment]
        return known[-1] if known else self.defaults[0].policy

    def before(self, plan_id: str, moment: datetime) -> Policy:
        """What held for a plan before what was applied at `moment`; the first default policy always stays."""
        own = [known for known in self.of_plans.get(plan_id, ()) if known.applied_at != moment]
        later = [known for known in self.defaults[1:] if known.applied_at != moment]
        return PolicyHistory([self.defaults[0], *later], {plan_id: own}).in_force(plan_id, moment)

    def newest(self, plan_id: str) -> AppliedPolicy:
        """The policy in force for a plan now."""
        own = self.of_plans.get(plan_id)
        return own[-1] if own else self.defaults[-1]


def policy_history(
    defaults: Sequence[tuple[Mapping[str, Any], datetime]], own: Sequence[tuple[str, Mapping[str, Any], datetime]]
) -> PolicyHistory:
    """The policies of the rows that `DEFAULTS` and `OF_PLANS` give."""
    of_plans: dict[str, list[AppliedPolicy]] = defaultdict(list)
    for plan_id, document, applied_at in own:
        of_plans[plan_id].append(AppliedPolicy(policy_from_mapping(document), applied_at))
    return PolicyHistory(
        [AppliedPolicy(policy_from_mapping(document), applied_at) for document, applied_at in defaults], of_plans
    )


async def load_policies(connection: AsyncConnection[Any]) -> PolicyHistory:
    """Every policy that was ever applied."""
    defaults = await (await connection.execute(DEFAULTS)).fetchall()
    own = await (await connection.execute(OF_PLANS)).fetchall()
    return policy_history(defaults, own)


def load_policies_now(connection: Connection[Any]) -> PolicyHistory:
    """The same for a command, which has a blocking connection."""
    return policy_history(connection.execute(DEFAULTS).fetchall(), connection.execute(OF_PLANS).fetchall())


DEFAULTS = "SELECT document, applied_at FROM policies ORDER BY applied_at, policy_version"
OF_PLANS = "SELECT plan_id, document, applied_at FROM plan_policies ORDER BY application_no"


def apply_plan_policy(connection: Connection[Any], plans_dir: Path, plan: Plan, now: datetime) -> PolicyFile | None:
    """Put the policy of a plan's own file in force, or the default one again where the file is gone.

    Nothing is written where that is in force already. Open cases keep their deadlines; their levels are judged by the
    new policy with the next figures, or all at once by `planwatch policy apply --rejudge`.

    Returns:
        What is in force now, None if nothing was changed.
    Raises:
        InvalidPolicy: a file has faults, or its version is there with other content.
    """
    own = read_plan_policy(plans_dir, plan) if has_policy(plans_dir, plan.plan_id) else None
    last = connection.execute(
        "SELECT policy_version, document FROM plan_policies WHERE plan_id = %s ORDER BY application_no DESC LIMIT 1",
        (plan.plan_id,),
    ).fetchone()
    if own is None and last is None:
        return None
    file = own or read_default_policy(plans_dir)
    version = file.policy.version
    known = connection.execute(
        "SELECT document FROM plan_policies WHERE (plan_id, policy_version) = (%s, %s) LIMIT 1",
        (plan.plan_id, version),
    ).fetchone()
    if known is not None and known[0] != file.document:
        raise InvalidPolicy(applied_with_other_content(version))
    if last is not None and last[0] == version:
        return None
    connection.execute(
        """
        INSERT INTO plan_policies (plan_id, policy_version, document, overrides, applied_at)
        VALUES (%s, %s, %s, %s, %s)
        """,
        (plan.plan_id, version, Jsonb(file.document), Jsonb(file.overrides) if own else None, now),
    )
    return file


def applied_with_other_content(version: str) -> Text:
    """Why a policy is refused whose version means something else already."""
    return Text(
        f"政策版本 {version} 已应用且内容不同；修改后的政策须使用新的版本号",
        f"policy {version} is applied with other content; a changed policy needs a new version",
    )
