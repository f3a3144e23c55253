"""The plan catalogue as files: one folder a plan, one file a section, one schema for all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from planwatch.errors import InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from planwatch.plan_document import plan_from_mapping
from services.schema_faults import SchemaFault, schema_faults

PLAN_FILE = "plan.yaml"
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "text_targets.yaml": ("text_targets",),
    "tasks.yaml": ("tasks",),
    "projects.yaml": ("projects",),
    "service_items.yaml": ("service_domains", "service_items"),
    "monitoring.yaml": ("monitoring_duties",),
    "contradictions.yaml": ("contradictions",),
}
"""The files beside `plan.yaml`, each with the sections of the document that it holds."""

_FILE_OF_SECTION = {section: file for file, sections in SECTIONS.items() for section in sections}
_LISTS = ("indicators", *(section for section in _FILE_OF_SECTION if section != "service_domains"))

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as its files describe it.

    Attributes:
        document: the content of all its files as one.
    """

    plan: Plan
    document: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 of the content, by which a changed plan is told from an unchanged one."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def default_plans_dir() -> Path:
    """The catalogue that comes with Planwatch: folder `plans` beside the packages, or in the installed data."""
    beside = Path(str(files("services"))).parent / "plans"
    return beside if beside.is_dir() else Path("plans")


def plan_ids(plans_dir: Path) -> list[str]:
    """The plans that have a file under `plans_dir`, national first."""
    found = [path.parent.name for path in plans_dir.glob(f"*/{PLAN_FILE}")]
    return sorted(found, key=lambda plan_id: (plan_id != "national", plan_id))


def read_plan_file(plans_dir: Path, plan_id: str) -> PlanFile:
    """Read and check one plan with all its files.

    Raises:
        InvalidPlan: with every fault of every file, from the schema and from the content.
    """
    folder = plans_dir / plan_id
    document, faults = _read_sections(folder)
    found = [] if faults else list(schema_faults(read_schema(plans_dir / "plan.schema.json"), document))
    faults += [PlanFault(_printed_path(fault.path), fault.reason, _file_of(fault.path)) for fault in found]
    if not faults:
        return PlanFile(_checked(document), document)
    raise InvalidPlan(plan_id, faults + _content_faults(document, found))


def read_yaml(path: Path) -> Any:  # noqa: ANN401  (YAML may hold anything)
    """The content of one file.

    Raises:
        OSError, yaml.YAMLError: it cannot be read.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (a safe loader)


def read_schema(path: Path) -> Draft202012Validator:
    """The schema of a kind of catalogue file."""
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader; the C one where PyYAML has it, because five plans are ten thousand lines."""


def _read_sections(folder: Path) -> tuple[Document, list[PlanFault]]:
    """The files of a folder as one document, and what keeps one from being part of it."""
    document: Document = {}
    faults: list[PlanFault] = []
    for file in [PLAN_FILE, *(name for name in SECTIONS if (folder / name).exists())]:
        try:
            content = read_yaml(folder / file)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            faults.append(PlanFault("$", Text(f"无法读取：{error}", f"cannot be read: {error}"), file))
            continue
        faults += _misplaced(file, content)
        if isinstance(content, dict):
            document.update(content)
    return document, faults


def _misplaced(file: str, content: object) -> Iterator[PlanFault]:
    """A file that is no mapping, or that holds a section which belongs elsewhere."""
    if not isinstance(content, dict):
        yield PlanFault("$", Text("应为“名称: 内容”的映射", "must be a mapping of names to content"), file)
        return
    belonging = set(SECTIONS.get(file, set(content) - set(_FILE_OF_SECTION)))
    for name in content:
        if name not in belonging:
            home = _FILE_OF_SECTION.get(name, PLAN_FILE)
            yield PlanFault(
                str(name), Text(f"不属于本文件，应在 {home} 中", f"does not belong here but in {home}"), file
            )


def _checked(document: Document) -> Plan:
    try:
        return plan_from_mapping(document)
    except InvalidPlan as error:
        faults = [replace(fault, file=_file_of([fault.path.split("[")[0].split(".")[0]])) for fault in error.faults]
        raise InvalidPlan(document["plan_id"], faults) from error


def _content_faults(document: Document, found: Sequence[SchemaFault]) -> list[PlanFault]:
    """What the content check says of the entries that the schema accepts; nothing where it refuses more than entries.

    Entries with a fault of form are left out, and so is every complaint that refers to one of them.
    """
    if not found or any(len(fault.path) < 2 or fault.path[0] not in _LISTS for fault in found):
        return []
    dropped = {(str(fault.path[0]), fault.path[1]) for fault in found}
    kept = {name: [at for at in range(len(document.get(name, ()))) if (name, at) not in dropped] for name in _LISTS}
    try:
        _checked(
            {**document, **{name: [document[name][at] for at in places] for name, places in kept.items() if places}}
        )
    except InvalidPlan as error:
        left_out = json.dumps([document[name][at] for name, at in dropped], ensure_ascii=False)
        return [_at_home(fault, kept) for fault in error.faults if not _refers_to(fault, left_out)]
    return []


def _at_home(fault: PlanFault, kept: Mapping[str, Sequence[int]]) -> PlanFault:
    """The fault with the position that its entry has in the file."""
    name, bracket, rest = fault.path.partition("[")
    if not bracket or name not in kept:
        return fault
    at, _, tail = rest.partition("]")
    return replace(fault, path=f"{name}[{kept[name][int(at)]}]{tail}")


def _refers_to(fault: PlanFault, left_out: str) -> bool:
    quoted = fault.reason.en.partition("“")[2].partition("”")[0]
    return bool(quoted) and f'"{quoted}"' in left_out


def _file_of(path: Sequence[str | int]) -> str:
    return _FILE_OF_SECTION.get(str(path[0]), PLAN_FILE) if path else PLAN_FILE


def _printed_path(path: Sequence[str | int]) -> str:
    """A path as people write it, e.g. `indicators[4].target.value`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "$"
