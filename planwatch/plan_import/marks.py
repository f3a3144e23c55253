"""Marks at a printed name: stars, footnote digits, brackets, 累计 and a leading number."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from planwatch.plan_import.cells import read_cell
from planwatch.plan_import.source import compact, half_width
from planwatch.plan_import.units import is_unit

_STARS = re.compile(r"\*+|＊+|[※★☆△▲#]+|[①-⑳]")
_CUMULATIVE = re.compile(r"[(（]累计(数|值)?[)）]|\[累计\]|【累计】")
_REFERENCE = re.compile(r"(?:[\[〔]|[(（]?注)(\d{1,2})[\]〕)）]?$")
_SUPERSCRIPT = re.compile(r"(?<=[\u4e00-\u9fff)）])([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_TRAILING_DIGIT = re.compile(r"(?<=[\u4e00-\u9fff)）])(\d)$")
_NUMBER = re.compile(r"^(?:[(（](\d{1,2})[)）]|(\d{1,2})[.、．)）](?!\d))\s*")
_WRAPPED = re.compile(r"^[\[【](.+)[\]】]$")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


@dataclass(frozen=True, slots=True)
class NameReading:
    """A printed name and what stood around it.

    Attributes:
        name: without marks and leading number, otherwise as printed.
        no: leading number, None if none.
        marks: marks in printed order.
        trailing_digit: a digit that ends the name and may be a footnote mark; it is still in `name`.
    """

    name: str
    no: str | None
    marks: tuple[str, ...]
    trailing_digit: str | None


def read_name(printed: str) -> NameReading:
    """Take marks and the leading number off a printed name."""
    name = compact(printed)
    number = _NUMBER.match(name)
    no = next(filter(None, number.groups())) if number else None
    name = name[number.end() :] if number else name
    marks: list[str] = []
    if _CUMULATIVE.search(name):
        marks.append("累计")
        name = _CUMULATIVE.sub("", name)
    wrapped = _WRAPPED.match(name)
    if wrapped:
        marks.append("[]" if name.startswith("[") else "【】")
        name = wrapped.group(1)
    marks += [half_width(match) for match in _STARS.findall(name)]
    name = _STARS.sub("", name)
    superscript = _SUPERSCRIPT.search(name)
    if superscript:
        marks.append(superscript.group(1).translate(_DIGITS))
        name = _SUPERSCRIPT.sub("", name)
    reference = _REFERENCE.search(name)
    if reference and reference.start() and not is_unit(reference.group().strip("()（）[]〔〕")):
        marks.append(reference.group(1))
        name = name[: reference.start()]
    digit = _TRAILING_DIGIT.search(name)
    return NameReading(name, no, tuple(dict.fromkeys(marks)), digit.group(1) if digit else None)


def marks_used(names: Iterable[NameReading], cells: Iterable[str]) -> frozenset[str]:
    """Every mark at names and in value cells, and digits at the end of names that may be one."""
    read = [reading for cell in cells if (reading := read_cell(cell)) is not None]
    used = {mark for reading in read for mark in reading.marks}
    for name in names:
        used |= {*name.marks, *([name.trailing_digit] if name.trailing_digit else [])}
    return frozenset(used)
