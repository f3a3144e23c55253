"""One printed value cell: its number, inequality, marks and unit, and what about it is doubtful."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from planwatch.language import Text
from planwatch.plan_import.source import compact, half_width, plain
from planwatch.plan_import.units import is_unit, multiplier
from planwatch.plan_terms import Comparator

_MISSING = re.compile(r"-+|—+|–+|―+|─+|/+|\\+|…+|\.{3,}|无|暂无|暂无数据|无数据|空|n/?a|null", re.IGNORECASE)
_ENTITLED = re.compile(r"应保尽保")
_FULL = re.compile(r"应.尽.|(基本)?(实现)?(全覆盖|全部覆盖|全面覆盖|全部|全员)|基本全覆盖")
_PREFIXES: tuple[tuple[str, Comparator | None], ...] = (
    (r">=|=>|≥|≧|⩾|﹥=|不低于|不少于|不小于|至少", Comparator.AT_LEAST),
    (r"<=|=<|≤|≦|⩽|﹤=|不高于|不超过|不大于|不多于|至多|最多", Comparator.AT_MOST),
    (r">|﹥|大于|高于|超过|多于|突破", Comparator.GREATER),
    (r"<|﹤|小于|低于|少于", Comparator.LESS),
    (r"保持在|稳定在|控制在|提高到|提升到|提升至|提高至|增加到|增加至|下降到|降低到|降至|达到|达|为", None),
)
_SUFFIXES: tuple[tuple[str, Comparator], ...] = (
    (r"及?以上", Comparator.AT_LEAST),
    (r"及?以下|以内|之内", Comparator.AT_MOST),
)
_APPROXIMATE = re.compile(r"^(约为?|大约|近|接近|力争|争取|~|≈)|(左右|上下|~)$")
_CHANGE = re.compile(r"^(年均|年|累计|比.+?|较.+?)?(增长|增加|新增|提高|提升|下降|降低|减少|增速)(?!到|至)")
_YEARLY = re.compile(r"^年均|/年$")
_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)(?:%|‰)?(?:[-~～—–至到]|--)(\d+(?:\.\d+)?)")
_GAP = re.compile(r"\d[^\S\n]+(?!\d{3}(?!\d))\d|\d\s*\n\s*\d")
_YEAR_LIKE = re.compile(r"(19|20)\d\d年.*|(19|20)\d\d[-~—](19|20)\d\d年?")
_STATED_YEAR = re.compile(r"\(((?:19|20)\d\d)年?(?:数据|值|数|末)?\)$")
_STARS = re.compile(r"\*+|[※★☆△▲#]+|[①-⑳]")
_CUMULATIVE = re.compile(r"\((五年|规划期)?累计(数|值)?\)|\[(五年)?累计\]|【(五年)?累计】")
_BRACKETS = (("[", "]", "[]"), ("【", "】", "【】"), ("〔", "〕", "〔〕"), ("(", ")", "()"), ("{", "}", "{}"))
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


@dataclass(frozen=True, slots=True)
class CellReading:
    """What a value cell says.

    Attributes:
        printed: the cell to the letter, white space folded.
        number: the number as printed, None where the cell says that there is no figure.
        mult: power of ten printed inside the cell, e.g. 4 for `2.51万`.
        comparator: the printed inequality.
        marks: marks that a note may explain: `*`, `[]`, `累计`.
        unit: unit printed in the cell, e.g. `%`; None if none.
        period: the year that the cell itself names, None if it names none.
        entitled: the cell prints 应保尽保.
        yearly: the cell speaks of a yearly mean.
        doubt: why the reading is doubtful, None where it is not.
    """

    printed: str
    number: str | None
    mult: int = 0
    comparator: Comparator | None = None
    marks: tuple[str, ...] = ()
    unit: str | None = None
    period: str | None = None
    entitled: bool = False
    yearly: bool = False
    doubt: Text | None = None

    def value_in(self, unit_mult: int) -> str | None:
        """The number so that value × 10^unit_mult is right: `2.51万` is 25100 where the unit has no 万."""
        if self.number is None or self.mult == 0 or self.mult == unit_mult:
            return self.number
        return f"{Decimal(self.number).scaleb(self.mult - unit_mult).normalize():f}"


def read_cell(text: str) -> CellReading | None:
    """Read a value cell; None where the text is not a value at all.

    An empty cell is a reading without a figure, and doubtful: a conversion may have lost it.
    """
    printed = compact(text)
    bare = plain(text)
    if not bare:
        reason = Text("原表此格为空，按没有数据处理", "the cell is empty and is read as: no figure")
        return CellReading("（空）", None, doubt=reason)
    if _MISSING.fullmatch(bare):
        return CellReading(printed, None)
    if bare in ("一", "一一"):
        reason = Text("“一”读作表示无数据的破折号", "“一” is read as a dash for: no figure")
        return CellReading(printed, None, doubt=reason)
    if _YEAR_LIKE.fullmatch(bare):
        return None
    bare, marks = _take_marks(bare)
    if _ENTITLED.fullmatch(bare):
        return CellReading(printed, "100", comparator=Comparator.AT_LEAST, marks=marks, entitled=True)
    if _FULL.fullmatch(bare):
        reason = Text(f"“{printed}”读作100%", f"“{printed}” is read as 100 per cent")
        return CellReading(printed, "100", comparator=Comparator.AT_LEAST, marks=marks, unit="%", doubt=reason)
    reading = _read_quantity(bare)
    if reading is None:
        return None
    doubts = [reading.doubt] if reading.doubt else []
    if _GAP.search(half_width(text)):
        doubts.append(Text("数字中间有空格，可能是两个数", "a blank stands inside the number; it may be two"))
    return replace(reading, printed=printed, marks=tuple(dict.fromkeys(marks + reading.marks)), doubt=_joined(doubts))


def is_value(text: str) -> bool:
    """Whether a non-empty text can stand in a value column."""
    return bool(plain(text)) and read_cell(text) is not None


def _take_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """Footnote marks and 累计 at either end of a cell, taken off."""
    marks: list[str] = []
    digits = re.search(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+$", text)
    if digits:
        marks.append(digits.group().translate(_SUPERSCRIPTS))
        text = text[: digits.start()]
    while True:
        cumulative = _CUMULATIVE.search(text)
        stars = re.search(rf"({_STARS.pattern})$", text) or re.match(_STARS, text)
        if (
            cumulative
            and (cumulative.start() == 0 or cumulative.end() == len(text))
            and len(text) > len(cumulative.group())
        ):
            marks.append("累计")
            text = text[: cumulative.start()] + text[cumulative.end() :]
        elif stars and len(text) > len(stars.group()):
            marks.append(stars.group())
            text = text[: stars.start()] + text[stars.end() :]
        else:
            return text, tuple(marks)


def _read_quantity(text: str) -> CellReading | None:
    doubts: list[Text] = []
    text, period = _take_year(text)
    text, comparator = _take_comparator(text)
    text, brackets = _take_brackets(text)
    if brackets and comparator is None:
        text, comparator = _take_comparator(text)
    text, marks = _take_marks(text) if text else (text, ())
    yearly = _YEARLY.search(text) is not None
    change = _CHANGE.match(text)
    if change:
        doubts.append(Text("印的是变动量，不是水平值", "a change is printed, not a level"))
        text = text[change.end() :]
    elif text.startswith("累计"):
        marks, text = (*marks, "累计"), text.removeprefix("累计")
    if _APPROXIMATE.search(text):
        doubts.append(Text("印的是约数", "the figure is approximate"))
        text = _APPROXIMATE.sub("", _APPROXIMATE.sub("", text))
    if yearly:
        text = text.removeprefix("年均").removesuffix("/年")
    text, ended = _take_ending(text)
    if comparator and ended and comparator is not ended:
        doubts.append(Text("比较符与“以上/以下”不一致", "the sign and the words after the figure disagree"))
    span = _RANGE.match(text)
    if span:
        doubts.append(Text("印的是区间，取其第一个数", "a range is printed; its first figure is taken"))
        text = span.group(1) + text[span.end() :]
    number = _NUMBER.match(text)
    if number is None:
        return None
    rest = text[number.end() :]
    if rest and not is_unit(rest):
        return None
    return CellReading(
        "",
        number.group().replace(",", ""),
        mult=multiplier(rest),
        comparator=comparator or ended,
        marks=brackets + marks,
        unit=rest or None,
        period=period,
        yearly=yearly,
        doubt=_joined(doubts),
    )


def _take_year(text: str) -> tuple[str, str | None]:
    match = _STATED_YEAR.search(text)
    return (text[: match.start()], match.group(1)) if match and match.start() else (text, None)


def _take_comparator(text: str) -> tuple[str, Comparator | None]:
    for pattern, comparator in _PREFIXES:
        match = re.match(pattern, text)
        if match and match.end() < len(text):
            rest = text[match.end() :]
            return _take_comparator(rest) if comparator is None else (rest, comparator)
    return text, None


def _take_ending(text: str) -> tuple[str, Comparator | None]:
    for pattern, comparator in _SUFFIXES:
        match = re.search(rf"({pattern})$", text)
        if match:
            return text[: match.start()], comparator
    return text, None


def _take_brackets(text: str) -> tuple[str, tuple[str, ...]]:
    """`[6]`, `【6】`, `[6]%`: the brackets are a mark, what they hold is the value."""
    for opening, closing, mark in _BRACKETS:
        inside, found, rest = text[1:].partition(closing)
        if text.startswith(opening) and found and inside and (not rest or is_unit(rest)):
            return inside + rest, (mark,)
    return text, ()


def _joined(doubts: list[Text]) -> Text | None:
    if not doubts:
        return None
    return Text("；".join(doubt.zh for doubt in doubts), "; ".join(doubt.en for doubt in doubts))
