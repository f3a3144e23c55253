"""What a JSON Schema objects to, in words of both languages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError

from planwatch.language import Text

_MOST_SHOWN = 60
_TYPE_NAMES = {
    "string": "文字",
    "integer": "整数",
    "number": "数字",
    "boolean": "true/false",
    "array": "列表",
    "object": "映射",
    "null": "空",
}


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One objection.

    Attributes:
        path: names and positions from the root of the document.
        reason: the value and what was expected instead.
    """

    path: tuple[str | int, ...]
    reason: Text

    @property
    def place(self) -> str:
        """The path as people write it, e.g. `concepts[4].unit.mult`; `$` for the whole document."""
        text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return text.lstrip(".") or "$"


def printed_path(path: Sequence[str | int]) -> str:
    """A path as people write it, e.g. `indicators[4].target.value`; `$` for the whole document."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "$"


def schema_faults(validator: Draft202012Validator, document: object) -> Iterator[SchemaFault]:
    """Every objection of a schema to a document, in the order of the document."""
    errors = [leaf for error in validator.iter_errors(document) for leaf in _leaves(error)]
    for error in sorted(errors, key=lambda error: [str(part).zfill(6) for part in error.absolute_path]):
        yield SchemaFault(tuple(error.absolute_path), _worded(error))


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """The objections of the alternative that was meant, where it is clear which one; otherwise the error itself."""
    if error.validator not in {"oneOf", "anyOf"} or not error.context:
        yield error
        return
    alternatives: dict[int | str, list[ValidationError]] = {}
    for inner in error.context:
        alternatives.setdefault(inner.schema_path[0], []).append(inner)
    meant = [found for found in alternatives.values() if not any(_is_other_type(inner, error) for inner in found)]
    if len(meant) == 1:
        for inner in meant[0]:
            yield from _leaves(inner)
    else:
        yield error


def _is_other_type(inner: ValidationError, outer: ValidationError) -> bool:
    return inner.validator in {"type", "const"} and len(inner.absolute_path) == len(outer.absolute_path)


def _worded(error: ValidationError) -> Text:
    value = _shown(error.instance)
    schema: dict[str, Any] = dict(cast("dict[str, Any]", error.schema))
    expected = schema.get(str(error.validator))
    match error.validator:
        case "required":
            missing = error.message.split("'")[1]
            return Text(f"缺少“{missing}”", f"“{missing}” is missing")
        case "additionalProperties":
            allowed = set(schema.get("properties", {}))
            unknown = ", ".join(sorted(str(name) for name in set(cast("dict[str, Any]", error.instance)) - allowed))
            return Text(f"有不认识的字段：{unknown}", f"unknown fields: {unknown}")
        case "enum":
            choices = ", ".join("null" if choice is None else str(choice) for choice in expected or ())
            return Text(f"{value} 不在可选值之中：{choices}", f"{value} is not one of: {choices}")
        case "type":
            kinds = [expected] if isinstance(expected, str) else list(expected or ())
            zh = "或".join(_TYPE_NAMES[kind] for kind in kinds)
            return Text(f"{value} 应为{zh}", f"{value} must be {' or '.join(kinds)}")
        case "pattern":
            meaning = schema.get("description", expected)
            return Text(
                f"{value} 的写法不对，应为：{meaning}（{expected}）",
                f"{value} is not of the form {expected}: {meaning}",
            )
        case "oneOf" | "anyOf":
            zh, en = _alternatives(list(expected or ()))
            return Text(f"{value} 应为{zh}", f"{value} must be {en}")
        case "const":
            return Text(f"{value} 应为 {_shown(expected)}", f"{value} must be {_shown(expected)}")
        case "minLength" | "minItems" | "minProperties":
            return Text(f"{value} 太短，至少要有 {expected}", f"{value} is too short, at least {expected} are wanted")
        case "maxItems":
            return Text(f"{value} 太长，最多 {expected} 项", f"{value} is too long, at most {expected} are allowed")
        case "uniqueItems":
            return Text(f"{value} 中有重复项", f"{value} holds one item twice")
        case "minimum":
            return Text(f"{value} 不得小于 {expected}", f"{value} must be at least {expected}")
        case "maximum":
            return Text(f"{value} 不得大于 {expected}", f"{value} must be at most {expected}")
        case _:
            return Text(f"{value} 不符合格式：{error.message}", error.message)


def _alternatives(schemas: list[dict[str, Any]]) -> tuple[str, str]:
    """What may stand instead: the listed values, or the name of each form."""
    if all("const" in schema for schema in schemas):
        choices = ", ".join(str(schema["const"]) for schema in schemas)
        return f"以下之一：{choices}", f"one of: {choices}"
    forms = [schema.get("type") or schema.get("$ref", "").rpartition("/")[2] or "?" for schema in schemas]
    return "或".join(_TYPE_NAMES.get(form, form) for form in forms), " or ".join(forms)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
