"""Notes under the main table: which mark each explains, and what the mark says about a figure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from planwatch.plan_import.source import compact, half_width, plain

_LEAD = re.compile(r"^(备\s*注|注\s*释|附\s*注)\s*[:：]\s*")
_LABEL = re.compile(r"^(备注|注|注释|说明|指标解释|指标说明|附注)[:：]?$")
_BULLET = re.compile(r"^[\-•·]\s+")
_NUMBER = re.compile(r"^(?:注\s*[:：]?\s*)?[(（]?(\d{1,2})[)）.、．]?")
_MARK = re.compile(r"(?:带|标|加|注|有|打)?[“\"'‘]?(\*+|[※★☆△▲#]+|[①-⑳])")
_BRACKETS = re.compile(r"(?:带|标|加|有|打)?[“\"'‘]?([\[［]\s*[\]］]|【\s*】|〔\s*〕|[(（]\s*[)）])")
_NEXT_NOTE = re.compile(r"(?<=[。；;.])\s*(?=[①-⑳])|(?<=[。；;])\s*(?=(?:带|标)?[“\"]?(?:\*|※|[\[【〔]\s*[\]】〕]))")
_BRACKET_WORDS = (
    (r"方括号|中括号|\[\s*\]|［\s*］|\[.{0,6}\]内", "[]"),
    (r"【\s*】", "【】"),
    (r"圆括号|小括号|^[(（]\s*[)）]|括号内", "()"),
)


@dataclass(frozen=True, slots=True)
class TableNote:
    """One note under the table.

    Attributes:
        mark: the mark it explains (`*`, `[]`, `1`), None for a note on something named in words.
        text: as printed, artefact white space removed.
        line: 1-based line where it begins.
        total: it says that the marked figures are cumulative totals.
        yearly_mean: it says that they are yearly means.
        period: the year that it says the marked figures are of, None if it names none.
    """

    mark: str | None
    text: str
    line: int
    total: bool
    yearly_mean: bool
    period: str | None


def read_notes(lines: Sequence[tuple[int, str]], used: frozenset[str]) -> tuple[TableNote, ...]:
    """The notes from the lines under the table.

    Args:
        lines: (line number, text), without blank lines.
        used: marks that stand in the table; a note that begins with one explains it.
    """
    notes: list[tuple[int, str]] = []
    for number, text in lines:
        piece = _BULLET.sub("", text.strip())
        if _LABEL.fullmatch(plain(piece)):
            continue
        if notes and not _begins(piece) and number - notes[-1][0] <= 2:
            notes[-1] = (notes[-1][0], notes[-1][1] + piece)
        else:
            notes.append((number, _LEAD.sub("", piece)))
    single = [(number, compact(part)) for number, text in notes for part in _NEXT_NOTE.split(text) if part.strip()]
    return tuple(note_explaining(_mark(text, used), text, number) for number, text in single)


def _begins(text: str) -> bool:
    return (
        re.match(r"(注|备注|说明)|[(（]?\d{1,2}[)）.、．]?\D|带|标|\*|※|[①-⑳]|[\[［【〔]|[(（]\s*[)）]|[“\"]", text)
        is not None
    )


def note_explaining(mark: str | None, text: str, line: int) -> TableNote:
    """A note whose mark is known."""
    bare = plain(text)
    year = re.search(r"((?:19|20)\d\d)年?(底|末)?(的?数据|的?统计|实际|值|数)", bare)
    return TableNote(
        mark,
        text,
        line,
        total=re.search(r"累计|合计数|五年总|总量指标|期间总", bare) is not None,
        yearly_mean=re.search(r"年均|年度平均|平均值|平均每年", bare) is not None,
        period=year.group(1) if year else None,
    )


def _mark(text: str, used: frozenset[str]) -> str | None:
    number = _NUMBER.match(text)
    rest = (text[number.end() :] if number else text).lstrip("注:：.、 ")
    circled = re.match(r"[①-⑳]", rest)
    head = (rest[1:] if circled and circled.group() not in used else rest)[:12]
    star = _MARK.match(head)
    if star:
        return star.group(1)
    bracket = _BRACKETS.search(head)
    if bracket:
        return half_width(bracket.group(1)).replace(" ", "")
    named = next((mark for pattern, mark in _BRACKET_WORDS if re.search(pattern, head)), None)
    if named:
        return named
    return number.group(1) if number and number.group(1) in used else None
