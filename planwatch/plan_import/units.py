"""Units: what a printed unit and the name of an indicator say about UNIT_MEASURE and UNIT_MULT."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from planwatch.language import Text
from planwatch.plan_import.source import compact, plain

MULTIPLIERS = {"千万": 7, "百万": 6, "十万": 5, "亿": 8, "万": 4, "千": 3, "百": 2}
"""Powers of ten that a unit may begin with, longest first."""

MEASURES: Mapping[str, str] = {
    "PT": "百分比",
    "PER_1000": "每千",
    "PER_10000": "每万",
    "PER_100000": "每十万",
    "YR": "年、岁",
    "PS": "人",
    "PS_TIME": "人次",
    "BED": "张（床位）",
    "COMMUNITY": "个（小区）",
    "DWELLING": "套",
    "HH": "户",
    "NUM": "个、所等",
    "NUM_PER_PS": "人均册（件）",
    "SQM_PER_PS": "人均平方米",
    "SQM_PER_100_HH": "每百户平方米",
    "SQM_PER_10000": "每万人平方米",
    "CNY": "元",
}
"""UNIT_MEASURE codes of main tables (plan.schema.json) → Chinese word."""

_AREA = r"(?:平方米|平米|㎡|m²|m2|m\^2)"
_BASES: tuple[tuple[str, str], ...] = (
    (r"%|个百分点|百分点|百分比", "PT"),
    (r"‰|千分之", "PER_1000"),
    (r"1?/10万|十万分之一?", "PER_100000"),
    (r"1?/1?万|万分之一?", "PER_10000"),
    (r"1?/1?千|人/千人|个/千人|张/千人", "PER_1000"),
    (r"件/万人|个/万人|人/万人|次/万人", "PER_10000"),
    (_AREA + r"/万人", "SQM_PER_10000"),
    (_AREA + r"/百户", "SQM_PER_100_HH"),
    (_AREA + r"/人", "SQM_PER_PS"),
    (r"[册件本]/人", "NUM_PER_PS"),
    (r"元/人|元", "CNY"),
    (r"年|岁|周岁", "YR"),
    (r"人次", "PS_TIME"),
    (r"人|名|位", "PS"),
    (r"张|床", "BED"),
    (r"户", "HH"),
    (r"套", "DWELLING"),
    (r"个|所|处|座|家|项|件|册|次|台|辆|支|班|场|间|条|个社区|个村", "NUM"),
)
_OTHER_UNITS = r"公里|千米|米|亩|公顷|吨|立方米|平方公里|小时|分钟|天|元/吨|吨标准煤|千瓦时|美元|分|元/月|人年|标台"
_MULTIPLIER = "(?:" + "|".join(MULTIPLIERS) + ")"
_WORDS = "|".join(f"(?:{pattern})" for pattern, _ in _BASES)
_UNIT = re.compile(rf"{_MULTIPLIER}?(?:{_WORDS}|{_AREA}|{_OTHER_UNITS})|/\d+万?|{_MULTIPLIER}", re.IGNORECASE)
_IN_NAME = re.compile(r"[(（]([^()（）]*)[)）]$")
_SHARE = re.compile(r"(率|比重|占比|比例|百分比|水平)$")
_MORTALITY = re.compile(r"死亡率$")


@dataclass(frozen=True, slots=True)
class UnitReading:
    """The unit of a row.

    Attributes:
        printed: as printed, None where the row prints none.
        measure: UNIT_MEASURE code of the plan schema.
        mult: power of ten.
        confidence: 0 to 1.
        reason: why it is doubtful, None where it is not.
    """

    printed: str | None
    measure: str
    mult: int
    confidence: float
    reason: Text | None


def is_unit(text: str) -> bool:
    """Whether a whole cell is a unit: `%`, `万人次`, `平方米/人`, `1/10万`."""
    return _UNIT.fullmatch(plain(text)) is not None


def unit_in_name(name: str) -> str | None:
    """The unit that stands in brackets at the end of a name, None if there is none."""
    match = _IN_NAME.search(compact(name))
    return match.group(1) if match and is_unit(match.group(1)) else None


def without_unit(name: str) -> str:
    """A name without the unit in brackets at its end."""
    return _IN_NAME.sub("", compact(name)) if unit_in_name(name) else compact(name)


def multiplier(text: str) -> int:
    """The power of ten that a unit begins with: 万人 → 4, % → 0."""
    if re.fullmatch(r"(千|万)(米|瓦时)", text) and text.startswith("千"):
        return 0
    return next((power for word, power in MULTIPLIERS.items() if text.startswith(word)), 0)


def propose_unit(name: str, printed: str | None, known_measure: str | None) -> UnitReading:
    """The measure and power of ten of a row.

    Args:
        name: the indicator's name, with or without its unit.
        printed: the unit that the row prints, None if none.
        known_measure: the measure of the concept that the name was recognised as, None if it was not.
    """
    bare = plain(without_unit(name))
    known_measure = known_measure if known_measure in MEASURES else None
    if printed is None:
        return _without_print(bare, known_measure)
    text = plain(printed)
    mult = multiplier(text)
    base = next(
        (measure for pattern, measure in _BASES if re.fullmatch(_MULTIPLIER + "?" + f"(?:{pattern})", text)), None
    )
    measure = _rate_measure(bare, text) if base in (None, "NUM", "PS", "PS_TIME", "BED", "HH", "YR") else base
    if base in ("PER_1000", "PER_10000", "PER_100000"):
        return UnitReading(printed, base, 0, 0.97, None)
    if measure is not None:
        return UnitReading(printed, measure, mult, 0.95, None)
    if base == "NUM" and "小区" in bare:
        return UnitReading(printed, "COMMUNITY", mult, 0.9, None)
    if base is not None:
        return UnitReading(printed, base, mult, 0.97, None)
    zh, en = f"单位“{printed}”不在单位代码表中", f"the unit “{printed}” is not in the list of unit codes"
    if known_measure is not None:
        zh, en = f"{zh}，按指标概念读作 {known_measure}", f"{en}; read as {known_measure} from the concept"
    return UnitReading(printed, known_measure or "NUM", mult, 0.4, Text(zh, en))


def _rate_measure(name: str, unit: str) -> str | None:
    """The measure of “per thousand inhabitants” and the like, which the name says and the unit does not."""
    area = re.search(_AREA, unit, re.IGNORECASE) is not None
    if re.search(r"每百户", name) and area:
        return "SQM_PER_100_HH"
    if re.search(r"每千(名|常住|户籍)?(人口?|老年|新生|活产)?|千人", name) and not area:
        return "PER_1000"
    if re.search(r"每十万|每10万", name):
        return "PER_100000"
    if re.search(r"每万(名|常住|户籍)?人?口?|^万人", name):
        return "SQM_PER_10000" if area else "PER_10000"
    if "人均" in name and area:
        return "SQM_PER_PS"
    if "人均" in name and unit in ("册", "件", "本"):
        return "NUM_PER_PS"
    return None


def _without_print(name: str, known_measure: str | None) -> UnitReading:
    guess = _rate_measure(name, "") or _measure_in_words(name)
    if guess == "PT":
        return UnitReading(None, "PT", 0, 0.85, None)
    measure = known_measure or guess
    if measure is None:
        reason = Text("原表未印单位，也无法从名称推断", "no unit is printed and the name does not give one")
        return UnitReading(None, "NUM", 0, 0.1, reason)
    reason = Text(f"原表未印单位，按名称推断为 {measure}", f"no unit is printed; {measure} is taken from the name")
    return UnitReading(None, measure, 0, 0.6, reason)


def _measure_in_words(name: str) -> str | None:
    if _MORTALITY.search(name):
        return "PER_100000" if "孕产妇" in name else "PER_1000"
    if _SHARE.search(name):
        return "PT"
    words = (
        (r"年限$|寿命$", "YR"),
        (r"人均.*藏书", "NUM_PER_PS"),
        (r"人均.*面积$", "SQM_PER_PS"),
        (r"收入$|支出$|产值$", "CNY"),
        (r"床位(数|总量)?$", "BED"),
        (r"人次$", "PS_TIME"),
        (r"人数$", "PS"),
        (r"^新增.*(单位|机构)|(个数|数量)$", "NUM"),
    )
    return next((measure for pattern, measure in words if re.search(pattern, name)), None)
