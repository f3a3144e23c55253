"""Headings of a main table: which column is which, and for which year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from planwatch.plan_import.source import plain

NATURE_WORDS = re.compile(r"(约束|预期|指导|引导|监测|必达)性?(指标)?")
_BINDING = re.compile(r"(约束|必达)性?(指标)?")
_ANTICIPATORY = re.compile(r"预期性?(指标)?")

_YEAR = re.compile(r"(?:19|20)\d\d")
_FIVE_YEAR_PLAN = re.compile(r"[“\"「]?十([一二三四五六七八九])五[”\"」]?")
_DIGITS = {numeral: digit for digit, numeral in enumerate("一二三四五六七八九", start=1)}
_PLANNED = re.compile(r"目标|规划|计划|预期|任务")
_RULES: tuple[tuple[str, str], ...] = (
    ("owner", r"责任|牵头|主管|负责|承担|填报|主责|单位名称|部门"),
    ("nature", r"属性|性质|约束性/预期性|指标类型"),
    ("remark", r"备注|说明|解释|来源|依据|口径"),
    ("no", r"^(序号|编号|序|no\.?|№|行号)$"),
    (
        "name",
        r"^(主要|具体|评价|核心|发展)?指标(名称?|内容|项目)?([(/]?(及|、)?(计量)?单位[)]?)?$|^名称$|^[二三]级指标$|^项目(名称)?$",
    ),
    ("unit", r"单位$"),
    ("domain", r"类别|领域|分类|方面|维度|一级指标|^类$|^类型$|板块|^指标类$|目标类|大类"),
)
_GROWTH = re.compile(r"年均|增速|增长|增幅|增减|提高|变化|[＋+]/[-－]")
_TOTAL = re.compile(r"累计|合计|五年总|总量")
_GROWTH_HEADING = re.compile(
    r"(五年|“?十.五”?|规划期)?(年均(增长|增速|增幅)?|增长|增速|增幅|增减)(率|幅度|速度)?(/累计|[\[(〔【]累计[\])〕】])?[(]?%?[)]?"
)
_TOTAL_HEADING = re.compile(r"(五年|“?十.五”?(期间|时期)?|规划期)?\[?(累计|合计)\]?(数|值|目标|完成)?")


class Role(StrEnum):
    """What a column of the main table holds."""

    NO = "no"
    DOMAIN = "domain"
    NAME = "name"
    UNIT = "unit"
    VALUE = "value"
    GROWTH = "growth"
    TOTAL = "total"
    NATURE = "nature"
    OWNER = "owner"
    REMARK = "remark"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the main table.

    Attributes:
        role: what it holds.
        heading: as printed, white space removed.
        period: year of a value column, None for the other roles.
        planned: the heading calls the year's figure a target.
        inferred: the year is not printed but follows from words such as 目标值 or “十四五”末.
    """

    role: Role
    heading: str
    period: str | None = None
    planned: bool = False
    inferred: bool = False


def five_year_plan(text: str) -> tuple[str, str] | None:
    """First and last year of the five-year plan that `text` names: 十四五 → 2021, 2025; None if it names none."""
    match = _FIVE_YEAR_PLAN.search(plain(text))
    if match is None:
        return None
    start = 1966 + 5 * (10 + _DIGITS[match.group(1)] - 3)
    return str(start), str(start + 4)


def read_heading(text: str, period: tuple[str, str] | None) -> Column | None:
    """The column that a heading announces; None where the text is not a heading.

    Args:
        text: the heading; the parts of a heading over several rows are joined.
        period: first and last year of the plan, by which 基期值 and 目标值 without a year are dated.
    """
    heading = plain(text)
    if not heading or len(heading) > 24 or re.search(r"[。；]", heading):
        return None
    years = _YEAR.findall(heading)
    if years:
        return _dated(heading, years)
    role = next((role for role, pattern in _RULES if re.search(pattern, heading, re.IGNORECASE)), None)
    if role:
        return Column(Role(role), heading)
    if _GROWTH_HEADING.fullmatch(heading):
        return Column(Role.GROWTH, heading)
    if _TOTAL_HEADING.fullmatch(heading):
        return Column(Role.TOTAL, heading)
    return _undated(heading, period)


def nature_of(text: str) -> str | None:
    """`binding` or `anticipatory` where the cell prints one of them (signs around it allowed), else None."""
    bare = re.sub(r"[^\u4e00-\u9fff]", "", plain(text))
    if _BINDING.fullmatch(bare):
        return "binding"
    return "anticipatory" if _ANTICIPATORY.fullmatch(bare) else None


def is_nature(text: str) -> bool:
    """Whether a cell is of the kind that a nature column holds, known to the catalogue or not."""
    return NATURE_WORDS.fullmatch(re.sub(r"[^\u4e00-\u9fff]", "", plain(text))) is not None


def _dated(heading: str, years: list[str]) -> Column | None:
    rest = re.sub(r"[年末底\s()“”\"\-—~～至]", "", _YEAR.sub("", heading))
    if not re.fullmatch(
        r"|.*(值|数|实际|完成|现状|基期|基数|基准|目标|规划|计划|预期|情况|指标|累计|合计|增|年均|十.五|预计|%).*", rest
    ):
        return None
    if _GROWTH.search(heading):
        return Column(Role.GROWTH, heading)
    if len(set(years)) > 1 or _TOTAL.search(heading):
        return Column(Role.TOTAL, heading, years[-1])
    return Column(Role.VALUE, heading, years[0], planned=_PLANNED.search(heading) is not None)


def _undated(heading: str, period: tuple[str, str] | None) -> Column | None:
    named = five_year_plan(heading)
    if named and re.search(r"末|期末|目标|规划|实际|完成|现状|基期|值", heading):
        return Column(Role.VALUE, heading, named[1], planned=_PLANNED.search(heading) is not None)
    if period is None:
        return None
    if re.fullmatch(r".{0,4}(基期|基准|现状|基数|现值|实际值|完成值|起始).{0,3}", heading):
        return Column(Role.VALUE, heading, str(int(period[0]) - 1), inferred=True)
    if re.fullmatch(r".{0,4}(目标|规划值|目标值|期末|计划值|预期值|规划目标).{0,3}", heading):
        return Column(Role.VALUE, heading, period[1], planned=True, inferred=True)
    return None
