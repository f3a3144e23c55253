"""A case as one line of a JSON-lines file says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn

from planwatch.errors import Invalid
from planwatch.language import Text
from planwatch.methods.case import MethodCase, Point
from planwatch.plan import Direction, GoalKind

DIRECTIONS: Mapping[str | float, Direction] = {
    "positive": Direction.INCREASE,
    "increase": Direction.INCREASE,
    1: Direction.INCREASE,
    "negative": Direction.DECREASE,
    "decrease": Direction.DECREASE,
    -1: Direction.DECREASE,
}


class InvalidCase(Invalid):
    """A line that is not a case.

    Attributes:
        case_id: its `id` where one could be read.
    """

    def __init__(self, text: Text, case_id: str | int | None = None) -> None:
        super().__init__(text)
        self.case_id = case_id


@dataclass(frozen=True, slots=True)
class CaseDocument:
    """A case with its `id` and the path of groups, outermost first, whose means it enters."""

    case_id: str | int
    case: MethodCase
    group: tuple[str, ...]


def read_case(line: bytes) -> CaseDocument:
    """Read one line.

    Args:
        line: a JSON object in UTF-8: `id`; `values`, pairs of year and value in any order, a value of null counts as
            missing, a year “2015-16” as its first; `base_year`, `target`, `target_year`, `limit`, `lower`, `optimum`,
            `green`; `direction` (1, positive, increase or -1, negative, decrease); `goal_kind`; `group`. A field that
            is absent or null is not given; other fields are ignored.
    Raises:
        InvalidCase: anything else.
    """
    document = _object_of(line)
    case_id = document.get("id")
    if isinstance(case_id, bool) or not isinstance(case_id, str | int):
        raise InvalidCase(Text("缺少 id（文字或整数）", "“id” is missing: a text or a whole number"))
    try:
        return CaseDocument(case_id, _case_of(document), _group_of(document))
    except InvalidCase as error:
        raise InvalidCase(error.text, case_id) from error


def _object_of(line: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        raise InvalidCase(Text(f"不是一行 UTF-8 的 JSON：{error}", f"not a line of JSON in UTF-8: {error}")) from error
    if not isinstance(document, dict):
        raise InvalidCase(Text("应为一个 JSON 对象", "a JSON object was expected"))
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _case_of(document: Mapping[str, Any]) -> MethodCase:
    return MethodCase(
        points=_points_of(document.get("values")),
        base_year=_year_of("base_year", document.get("base_year")),
        target=_number_of("target", document.get("target")),
        target_year=_year_of("target_year", document.get("target_year")),
        direction=_direction_of(document.get("direction")),
        limit=_number_of("limit", document.get("limit")),
        lower=_number_of("lower", document.get("lower")),
        optimum=_number_of("optimum", document.get("optimum")),
        green=_number_of("green", document.get("green")),
        goal_kind=_goal_kind_of(document.get("goal_kind")),
    )


def _points_of(values: object) -> tuple[Point, ...]:
    if not isinstance(values, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in values):
        raise InvalidCase(
            Text("values 应为 [[年份, 数值], …]", "“values” should be pairs of year and value: [[2015, 14.5], …]")
        )
    points: dict[float, float | None] = {}
    for printed, value in values:
        year = _year_of("values", printed)
        if year is None:
            raise InvalidCase(Text("values 中有一对缺少年份", "a pair of “values” has no year"))
        if year in points:
            raise InvalidCase(Text(f"{printed} 年有两个数值", f"year {printed} has two values"))
        points[year] = _number_of("values", value)
    return tuple(Point(year, value) for year, value in sorted(points.items()) if value is not None)


def _year_of(field: str, value: object) -> float | None:
    if isinstance(value, str) and value[:4].isdecimal() and (len(value) == 4 or value[4:5] in "-/"):
        return float(value[:4])
    year = _number_of(field, value)
    if year is not None and not 1000 <= year <= 9999:
        raise InvalidCase(Text(f"{field}：{value} 不是年份", f"“{field}”: {value} is not a year"))
    return year


def _number_of(field: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if isfinite(number):
            return number
    raise InvalidCase(Text(f"{field}：{value!r} 不是数", f"“{field}”: {value!r} is not a number"))


def _direction_of(value: object) -> Direction | None:
    if value is None:
        return None
    if isinstance(value, str | int | float) and not isinstance(value, bool) and value in DIRECTIONS:
        return DIRECTIONS[value]
    raise InvalidCase(
        Text(
            f"direction：{value!r} 应为 1、positive、increase 或 -1、negative、decrease",
            f"“direction”: {value!r} should be 1, positive, increase or -1, negative, decrease",
        )
    )


def _goal_kind_of(value: object) -> GoalKind | None:
    if value is None:
        return None
    kinds = [kind.value for kind in GoalKind]
    if value in kinds:
        return GoalKind(value)
    raise InvalidCase(
        Text(
            f"goal_kind：{value!r} 应为 {'、'.join(kinds)}",
            f"“goal_kind”: {value!r} should be one of {', '.join(kinds)}",
        )
    )


def _group_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    group = document.get("group")
    if group is None:
        return ()
    if isinstance(group, list) and all(isinstance(name, str) for name in group):
        return tuple(group)
    raise InvalidCase(Text("group 应为由外到内的分组名称列表", "“group” should be a list of names, outermost first"))
