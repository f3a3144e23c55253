"""Policies as files: the default one, presets of known local rules, and what a plan changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from planwatch.errors import InvalidPolicy, PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.policy import Policy, policy_from_mapping
from planwatch.policy_override import DEFAULT, faults_for_plan, override_schema, policy_faults, resolved
from services.catalogue_files import POLICY_FILE, read_yaml, unreadable
from services.schema_faults import schema_faults

PRESETS = "presets"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy as its files describe it.

    Attributes:
        policy: the complete policy.
        document: the same as a document.
        overrides: the content of the plan's or the preset's own file; None for the default policy.
    """

    policy: Policy
    document: Mapping[str, Any]
    overrides: Mapping[str, Any] | None


def preset_names(plans_dir: Path) -> list[str]:
    """The presets that have a file, in order of their names."""
    return sorted(path.stem for path in (plans_dir / PRESETS).glob("*.yaml"))


def has_policy(plans_dir: Path, plan_id: str) -> bool:
    """Whether a plan has a policy file of its own."""
    return (plans_dir / plan_id / POLICY_FILE).exists()


def read_default_policy(plans_dir: Path) -> PolicyFile:
    """The default policy.

    Raises:
        InvalidPolicy: the file has faults, all of which are named.
    """
    document = _read(plans_dir / POLICY_FILE, POLICY_FILE, _schema(plans_dir))
    _refuse([PlanFault(fault.path, fault.reason, POLICY_FILE) for fault in policy_faults(document)])
    return PolicyFile(policy_from_mapping(document), document, None)


def read_plan_policy(plans_dir: Path, plan: Plan) -> PolicyFile:
    """The policy of a plan: its own file on its base, or the default policy where it has none.

    Raises:
        InvalidPolicy: a file of the chain has faults, or their sum has; all of the first such file are named.
    """
    if not has_policy(plans_dir, plan.plan_id):
        return read_default_policy(plans_dir)
    return read_override(plans_dir, plans_dir / plan.plan_id / POLICY_FILE, plan)


def read_preset(plans_dir: Path, name: str, plan: Plan | None = None) -> PolicyFile:
    """The policy that a preset comes to.

    Raises:
        InvalidPolicy: there is no such preset, or a file has faults.
    """
    if name not in preset_names(plans_dir):
        raise InvalidPolicy(_no_base(name, plans_dir))
    return read_override(plans_dir, _preset_path(plans_dir, name), plan)


def read_override(plans_dir: Path, path: Path, plan: Plan | None = None) -> PolicyFile:
    """The policy that any overriding file comes to, be it for a plan or a preset.

    Raises:
        InvalidPolicy: with every fault of the first file of the chain that has any, each with its file and place.
    """
    base = read_default_policy(plans_dir)
    name = _shown(path, plans_dir)
    own = _read(path, name, override_schema(_schema(plans_dir)))
    chain: list[Mapping[str, Any]] = [own]
    if own["base"] != DEFAULT:
        if path.parent.name == PRESETS:
            reason = Text(f"范本只能以 {DEFAULT} 为基础", f"a preset rests on {DEFAULT} only")
            _refuse([PlanFault("base", reason, name)])
        if own["base"] not in preset_names(plans_dir):
            _refuse([PlanFault("base", _no_base(own["base"], plans_dir), name)])
        chain.insert(0, read_preset_file(plans_dir, own["base"]))
    document = resolved(base.document, chain)
    _refuse(
        [
            PlanFault(fault.place, fault.reason, name)
            for fault in schema_faults(_validator(_schema(plans_dir)), document)
        ]
    )
    faults = [*policy_faults(document), *(faults_for_plan(document, plan) if plan else ())]
    _refuse([PlanFault(fault.path, fault.reason, name) for fault in faults])
    return PolicyFile(policy_from_mapping(document), document, own)


def read_preset_file(plans_dir: Path, name: str) -> Mapping[str, Any]:
    """The content of a preset's own file, with its sources and what of the rule cannot be expressed.

    Raises:
        InvalidPolicy: there is no such preset, or a file has faults.
    """
    overrides = read_preset(plans_dir, name).overrides
    assert overrides is not None
    return overrides


def faults_of_all(plans_dir: Path, plans: Iterable[Plan]) -> list[PlanFault]:
    """What is wrong with the default policy, every preset and the policies of these plans."""
    found: dict[PlanFault, None] = {}
    readers: list[Callable[[], PolicyFile]] = [
        partial(read_default_policy, plans_dir),
        *(partial(read_preset, plans_dir, name) for name in preset_names(plans_dir)),
        *(partial(read_plan_policy, plans_dir, plan) for plan in plans),
    ]
    for read in readers:
        try:
            read()
        except InvalidPolicy as error:
            found |= dict.fromkeys(error.faults)
    return list(found)


def _preset_path(plans_dir: Path, name: str) -> Path:
    return plans_dir / PRESETS / f"{name}.yaml"


def _schema(plans_dir: Path) -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads((plans_dir / "policy.schema.json").read_text(encoding="utf-8"))
    return content


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema)


def _read(path: Path, name: str, schema: Mapping[str, Any]) -> Document:
    try:
        document = read_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPolicy.of([PlanFault("$", unreadable(error), name)]) from error
    _refuse([PlanFault(fault.place, fault.reason, name) for fault in schema_faults(_validator(schema), document)])
    assert isinstance(document, dict)
    return document


def _refuse(faults: list[PlanFault]) -> None:
    if faults:
        raise InvalidPolicy.of(faults)


def _shown(path: Path, plans_dir: Path) -> str:
    """The file as a reader of the catalogue knows it."""
    return str(path.relative_to(plans_dir)) if path.is_relative_to(plans_dir) else path.name


def _no_base(name: str, plans_dir: Path) -> Text:
    known = ", ".join([DEFAULT, *preset_names(plans_dir)])
    return Text(f"没有“{name}”这一基础；可有：{known}", f"there is no base “{name}”; known are: {known}")
