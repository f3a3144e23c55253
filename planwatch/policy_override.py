"""From a base policy and what a plan or a preset changes of it to one complete policy. Pure: documents in and out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.policy import ThresholdMeasure

Document = Mapping[str, Any]

DEFAULT = "default"
"""The name of the base that every chain of policies ends in."""

OWN_FIELDS = ("version", "base", "title", "sources", "not_expressed")
"""The fields of an overriding file that say something about the file itself."""


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One thing that is wrong with the content of a policy: where, as people write a path, and why."""

    path: str
    reason: Text


def resolved(base: Document, overrides: Sequence[Document]) -> dict[str, Any]:
    """The complete policy.

    A section that a file names takes its entries one by one: an entry that it gives replaces that of the base whole,
    one that it leaves out stays. Whatever is no mapping on both sides is replaced whole. An entry `{}` raises nothing.

    Args:
        base: the complete default policy.
        overrides: the nearest to the base first: preset, then plan.
    Returns:
        A document of the form of the base; its version names all that it rests on, e.g. `zhongwei-1 (default-3)`.
    """
    document = dict(base)
    for override in overrides:
        for name, value in override.items():
            if name not in OWN_FIELDS:
                document[name] = _merged(document.get(name), value)
    document["version"] = version_name(base["version"], [override["version"] for override in overrides])
    return document


def version_name(base: str, overrides: Sequence[str]) -> str:
    """The version of a policy: its own, and in brackets those that it rests on, the nearest first."""
    if not overrides:
        return base
    *others, own = overrides
    return f"{own} ({', '.join([*reversed(others), base])})"


def override_schema(schema: Document) -> dict[str, Any]:
    """The JSON Schema of an overriding file, from that of a complete policy: nothing but its own head is required."""
    sections = {name: _without_required(section) for name, section in schema["properties"].items()}
    text = {
        "type": "object",
        "additionalProperties": False,
        "required": ["zh", "en"],
        "properties": {"zh": {"type": "string", "minLength": 1}, "en": {"type": "string", "minLength": 1}},
    }
    source = {
        "type": "object",
        "additionalProperties": False,
        "required": ["title", "published", "words"],
        "properties": {
            "title": {"type": "string", "minLength": 1},
            "published": {"type": "string", "minLength": 1},
            "url": {"type": "string", "pattern": "^https?://"},
            "words": {"type": "string", "minLength": 1},
        },
    }
    return {
        **schema,
        "title": "What a plan or a preset changes of a policy",
        "required": ["version", "base"],
        "properties": {
            **sections,
            "version": {
                "type": "string",
                "pattern": "^[a-z0-9][a-z0-9._-]*$",
                "description": "small letters, digits, . _ -; a changed file needs a new one",
            },
            "base": {"type": "string", "minLength": 1},
            "title": text,
            "sources": {"type": "array", "items": source},
            "not_expressed": {"type": "array", "items": text},
        },
    }


def policy_faults(document: Document) -> Iterator[PolicyFault]:
    """What is wrong with a complete policy although the schema accepts it."""
    yield from _threshold_faults(document["thresholds"])
    for level, row in document["deadlines"].items():
        if row["acknowledge_days"] > row["measures_days"]:
            reason = Text("签收期限晚于整改措施期限", "acknowledging is due after the measures are")
            yield PolicyFault(f"deadlines.{level}.acknowledge_days", reason)
    days = [row["after_days"] for row in document["overdue_report"]]
    if len(set(days)) != len(days):
        yield PolicyFault("overdue_report", Text("两级天数相同", "two stages after the same number of days"))


def faults_for_plan(document: Document, plan: Plan) -> Iterator[PolicyFault]:
    """What of a policy does not fit the plan that it is for."""
    frequencies = (document["reporting"] or {"plans": {}})["plans"]
    known = {row.indicator_id for row in plan.watched}
    for plan_id, rules in frequencies.items():
        if plan_id != plan.plan_id:
            reason = Text(f"这是规划 {plan.plan_id} 的政策", f"this is the policy of plan {plan.plan_id}")
            yield PolicyFault(f"reporting.plans.{plan_id}", reason)
        for indicator_id in rules.get("indicators", {}):
            if plan_id == plan.plan_id and indicator_id not in known:
                reason = Text("规划没有这一指标", "the plan has no such indicator")
                yield PolicyFault(f"reporting.plans.{plan_id}.indicators.{indicator_id}", reason)


def _threshold_faults(thresholds: Mapping[str, str]) -> Iterator[PolicyFault]:
    ahead, on_schedule, lagging = (Decimal(thresholds[name]) for name in ("ahead", "on_schedule", "lagging"))
    measure = ThresholdMeasure(thresholds.get("measure", ThresholdMeasure.SCHEDULE_INDEX))
    if measure is ThresholdMeasure.SCHEDULE_INDEX:
        if not lagging <= on_schedule <= ahead:
            reason = Text("应满足 lagging ≤ on_schedule ≤ ahead", "must rise: lagging ≤ on_schedule ≤ ahead")
            yield PolicyFault("thresholds", reason)
    elif on_schedule > lagging:
        reason = Text("落后的界限应满足 on_schedule ≤ lagging", "must rise: on_schedule ≤ lagging")
        yield PolicyFault("thresholds", reason)


def _merged(base: object, value: object) -> object:
    if isinstance(base, Mapping) and isinstance(value, Mapping):
        return {**base, **value}
    return value


def _without_required(section: Document) -> dict[str, Any]:
    return {name: value for name, value in section.items() if name != "required"}
