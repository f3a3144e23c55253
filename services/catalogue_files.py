"""The plan catalogue as files: one folder a plan, one file a section, one schema for all."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from planwatch.errors import InvalidCatalogue, InvalidPlan, PlanFault
from planwatch.language import Text
from planwatch.plan import Plan
from services.catalogue_faults import check_document
from services.schema_faults import printed_path as printed_path  # also for files that stand alone
from services.schema_faults import schema_faults

PLAN_FILE = "plan.yaml"
POLICY_FILE = "policy.yaml"
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
_STATED_MILESTONES = re.compile(r"milestones-[0-9]{4}\.yaml")
_ORDER = {file: position for position, file in enumerate((PLAN_FILE, *SECTIONS))}

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
    """The plans that have a folder with a file of theirs under `plans_dir`, national first."""
    found = {path.parent.name for file in _ORDER for path in plans_dir.glob(f"*/{file}")}
    return sorted(found, key=lambda plan_id: (plan_id != "national", plan_id))


def read_catalogue(plans_dir: Path, wanted: Iterable[str]) -> list[PlanFile]:
    """Read and check several plans.

    Raises:
        InvalidCatalogue: with every fault of every plan.
    """
    read, refused = scan_catalogue(plans_dir, wanted)
    if refused:
        raise InvalidCatalogue(refused)
    return list(read.values())


def scan_catalogue(plans_dir: Path, wanted: Iterable[str]) -> tuple[dict[str, PlanFile], list[InvalidPlan]]:
    """The plans that can be used, by id, and the refusals of the others."""
    read: dict[str, PlanFile] = {}
    refused: list[InvalidPlan] = []
    for plan_id in wanted:
        try:
            read[plan_id] = read_plan_file(plans_dir, plan_id)
        except InvalidPlan as error:
            refused.append(error)
    return read, refused


def read_plan_file(plans_dir: Path, plan_id: str) -> PlanFile:
    """Read and check one plan with all its files.

    Raises:
        InvalidPlan: with every fault of every file, from the schema and from the content.
    """
    document, unread, faults = _read_sections(plans_dir / plan_id)
    plan, found = check_document(read_schema(plans_dir / "plan.schema.json"), document, unread)
    found += _of_folder(document, plan_id)
    faults += [replace(fault, file=_file_of(fault.path)) for fault in found]
    if plan is None or faults:
        raise InvalidPlan(plan_id, sorted(faults, key=lambda fault: _ORDER.get(fault.file or "", len(_ORDER))))
    return PlanFile(plan, document)


def read_yaml(path: Path) -> Any:  # noqa: ANN401  (YAML may hold anything)
    """The content of one file.

    Raises:
        OSError, UnicodeDecodeError, yaml.YAMLError: it cannot be read, or says one thing twice.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  (a safe loader)


def read_document(path: Path, schema: Path, name: str) -> Document:
    """The content of one catalogue file that stands alone, as its schema accepts it.

    Raises:
        InvalidPlan: it cannot be read, or with every fault that the schema sees.
    """
    try:
        document = read_yaml(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPlan(name, [PlanFault("$", unreadable(error), path.name)]) from error
    found = schema_faults(read_schema(schema), document)
    faults = [PlanFault(printed_path(fault.path), fault.reason, path.name) for fault in found]
    if faults:
        raise InvalidPlan(name, faults)
    assert isinstance(document, dict)
    return document


def read_schema(path: Path) -> Draft202012Validator:
    """The schema of a kind of catalogue file."""
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader; the C one where PyYAML has it, because five plans are ten thousand lines.

    YAML's own loader keeps the last of two values under one name: a whole section would be lost without a word.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"“{key.value}” 重复 / is repeated", key.start_mark)
            seen.add(key.value)
        content: dict[Any, Any] = super().construct_mapping(node, deep)
        return content


def _read_sections(folder: Path) -> tuple[Document, set[str], list[PlanFault]]:
    """The files of a folder as one document, the names that no file could be read for, and what is wrong with files."""
    document: Document = {}
    unread: set[str] = set()
    faults = [*_strangers(folder)]
    for file in [PLAN_FILE, *(name for name in SECTIONS if (folder / name).exists())]:
        try:
            content = read_yaml(folder / file)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            faults.append(PlanFault("$", unreadable(error), file))
        else:
            faults += _misplaced(file, content)
            if isinstance(content, dict):
                document = _merged(document, content, file)
        unread.update(name for name in SECTIONS.get(file, ("plan_id",)) if name not in document)
    return document, unread, faults


def _merged(document: Document, content: Mapping[Any, Any], file: str) -> Document:
    """The document with a file's content; a section in the wrong file counts unless it stands in its own file too."""
    own = {name: value for name, value in content.items() if _home(file, name) == file}
    astray = {name: value for name, value in content.items() if name in _FILE_OF_SECTION and name not in own}
    return {**astray, **document, **own}


def _home(file: str, name: object) -> str:
    """The file in which a name belongs; a name that no section has belongs where `plan.yaml` is read."""
    return _FILE_OF_SECTION.get(str(name), PLAN_FILE)


def _misplaced(file: str, content: object) -> Iterator[PlanFault]:
    """A file that is no mapping, that lacks its section, or that holds what belongs elsewhere."""
    if not isinstance(content, dict):
        yield PlanFault("$", Text("应为“名称: 内容”的映射", "must be a mapping of names to content"), file)
        return
    for name in SECTIONS.get(file, ()):
        if name not in content:
            yield PlanFault("$", Text(f"缺少“{name}”", f"“{name}” is missing"), file)
    for name in content:
        home = _home(file, name)
        if home != file:
            reason = Text(f"不属于本文件，应在 {home} 中", f"does not belong here but in {home}")
            yield PlanFault(str(name), reason, file)


def _strangers(folder: Path) -> Iterator[PlanFault]:
    """YAML files that no section reads: what a misspelt one holds would be lost without a word."""
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        if path.name not in (*_ORDER, POLICY_FILE) and not _STATED_MILESTONES.fullmatch(path.name):
            names = ", ".join([*_ORDER, POLICY_FILE, "milestones-YYYY.yaml"])
            yield PlanFault("$", Text(f"不认识的文件；可有：{names}", f"unknown file; known are: {names}"), path.name)


def _of_folder(document: Document, plan_id: str) -> Iterator[PlanFault]:
    """A plan that lies in another plan's folder."""
    stated = document.get("plan_id")
    if isinstance(stated, str) and stated != plan_id:
        zh, en = f"“{stated}”与文件夹名 {plan_id} 不同", f"“{stated}” is not the name of the folder, {plan_id}"
        yield PlanFault("plan_id", Text(zh, en))


def unreadable(error: Exception) -> Text:
    """Why a file could not be read, with the line where it is no YAML."""
    if isinstance(error, FileNotFoundError):
        return Text("没有这个文件", "there is no such file")
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Text(f"无法读取：{error}", f"cannot be read: {error}")
    line, column, problem = mark.line + 1, mark.column + 1, getattr(error, "problem", "")
    return Text(
        f"无法读取，不是合格的 YAML，第 {line} 行第 {column} 列：{problem}",
        f"no valid YAML, line {line} column {column}: {problem}",
    )


def _file_of(path: str) -> str:
    return _FILE_OF_SECTION.get(path.split("[")[0].split(".")[0], PLAN_FILE)
