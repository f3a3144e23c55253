"""What the document says about itself: title, period, area, number, issuer, date."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planwatch.language import Text
from planwatch.plan_import.headings import five_year_plan
from planwatch.plan_import.source import SourceDocument, SourceLine, compact, half_width, plain

FRONT_MATTER = 60
"""Lines from the beginning that may hold title, number and date."""

PROVINCES: Mapping[str, str] = {
    "北京市": "110000",
    "天津市": "120000",
    "河北省": "130000",
    "山西省": "140000",
    "内蒙古自治区": "150000",
    "辽宁省": "210000",
    "吉林省": "220000",
    "黑龙江省": "230000",
    "上海市": "310000",
    "江苏省": "320000",
    "浙江省": "330000",
    "安徽省": "340000",
    "福建省": "350000",
    "江西省": "360000",
    "山东省": "370000",
    "河南省": "410000",
    "湖北省": "420000",
    "湖南省": "430000",
    "广东省": "440000",
    "广西壮族自治区": "450000",
    "海南省": "460000",
    "重庆市": "500000",
    "四川省": "510000",
    "贵州省": "520000",
    "云南省": "530000",
    "西藏自治区": "540000",
    "陕西省": "610000",
    "甘肃省": "620000",
    "青海省": "630000",
    "宁夏回族自治区": "640000",
    "新疆维吾尔自治区": "650000",
}
"""GB/T 2260, first level."""

NATIONAL_CODE = "100000"
UNKNOWN_AREA = "000000"

_QUOTED = re.compile(r"《([^《》]{4,60})》")
_PLAN_TITLE = re.compile(r".{0,40}(规划|计划|方案|行动|纲要)([(（].{0,24}[)）])?")
_PERIOD = re.compile(r"(20\d\d)\s*年?\s*[-—–~～至到]+\s*(20\d\d)")
_AREA = re.compile(r"^((?:[\u4e00-\u9fff]{2,10}?(?:自治区|自治州|自治县|自治旗|省|市|地区|盟|州|县|区|旗)){1,3})")
_NUMBER = re.compile(r"(?:文号|字号)?[:：]?([\u4e00-\u9fff]{2,10}[〔\[［(（]20\d\d[〕\]］)）]第?\d{1,4}号)")
_ISSUER = re.compile(r"(?:发文机关|发布机构|制发机关|所属机构)[:：\s]*(\S{4,30})")
_ISSUING_BODY = re.compile(
    r"[\u4e00-\u9fff]{2,24}(人民政府(办公室|办公厅)?|国务院(办公厅)?|委员会|发展改革委|发展改革局|管理局|厅)"
)
_DATE = re.compile(r"(20\d\d)[年\-./](\d{1,2})(?:[月\-./](\d{1,2})(?!\d)日?|月)")
_DATE_LABEL = re.compile(r"成文日期|发布日期|生成日期|印发日期|发文日期")
_CHINESE_DATE = re.compile(
    r"(二[〇○零]二[〇○零一二三四五六七八九])年(十?[一二三四五六七八九十])月(?:([一二三]?十?[一二三四五六七八九十]?)日)?"
)
_CHINESE_DIGITS = {"〇": "0", "○": "0", "零": "0"} | {
    numeral: str(value) for value, numeral in enumerate("一二三四五六七八九", 1)
}
_INDEX_CODE = re.compile(r"索\s*引\s*号\s*[:：]?\s*([1-6]\d{5})")


@dataclass(frozen=True, slots=True)
class Found:
    """A fact about the document.

    Attributes:
        value: as the plan file writes it, None where the document does not say.
        line: 1-based line where it stands, None where nothing is printed.
        confidence: 0 to 1.
        reason: why it is doubtful, None where it is not.
    """

    value: str | None
    line: int | None
    confidence: float
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """The facts a plan's head needs."""

    title: Found
    period: tuple[str, str] | None
    area: Found
    area_code: Found
    number: Found
    issuer: Found
    issued_on: Found


def read_facts(document: SourceDocument, known_areas: Mapping[str, str]) -> DocumentFacts:
    """Read the head of a document.

    Args:
        document: the document.
        known_areas: name of an area → its GB/T 2260 code, from the catalogue.
    """
    front = [line for line in document.lines[:FRONT_MATTER] if line.text.strip()]
    title = _title(front, document.file)
    issuer = _issuer(front)
    area = _area(title, issuer)
    return DocumentFacts(
        title=title,
        period=_period(title.value or "", document.lines),
        area=area,
        area_code=_area_code(area, document.lines, {**PROVINCES, **known_areas}),
        number=_search(front, _NUMBER),
        issuer=issuer,
        issued_on=_date(front),
    )


def _title(front: Sequence[SourceLine], file: str) -> Found:
    candidates = [(compact(line.text), line) for line in front]
    issued = [(compact(text), line) for line in front if "印发" in line.text for text in _QUOTED.findall(line.text)]
    others = [(compact(text), line) for line in front if "印发" not in line.text for text in _QUOTED.findall(line.text)]
    for text, line in [*issued, *candidates, *others]:
        bare = plain(text)
        dated = five_year_plan(bare) or _PERIOD.search(bare)
        if dated and _PLAN_TITLE.fullmatch(bare) and not re.search(r"目录|关于|^第", bare):
            quoted = (text, line) in others
            reason = (
                Text("标题取自正文所引文件名", "the title is that of a document which the text quotes")
                if quoted
                else None
            )
            return Found(text, line.number, 0.5 if quoted else 0.9, reason)
    for text, line in candidates:
        if _PLAN_TITLE.fullmatch(plain(text)) and len(text) >= 6 and "规划" in text:
            reason = Text("标题未写规划期", "the title does not say which years it is for")
            return Found(text, line.number, 0.5, reason)
    reason = Text("没有找到规划标题，用文件名代替", "no title of a plan was found; the file's name stands in")
    return Found(file.rpartition(".")[0] or file, front[0].number if front else 1, 0.2, reason)


def _period(title: str, lines: Sequence[SourceLine]) -> tuple[str, str] | None:
    span = _PERIOD.search(half_width(title))
    if span and int(span.group(1)) < int(span.group(2)):
        return span.group(1), span.group(2)
    named = five_year_plan(title)
    if named:
        return named
    mentions = [found for line in lines if (found := five_year_plan(line.text))]
    return max(mentions, key=mentions.count) if mentions else None


def _area(title: Found, issuer: Found) -> Found:
    for source in (title, issuer):
        text = re.sub(r"[“\"].*", "", source.value or "")
        match = _AREA.match(plain(text))
        if match:
            return Found(match.group(1), source.line, 0.9)
    if re.search(r"国务院|国家", issuer.value or ""):
        return Found("全国", issuer.line, 0.8)
    reason = Text("标题和发文机关都没有写地区", "neither title nor issuer names an area")
    return Found("全国", title.line, 0.3, reason)


def _area_code(area: Found, lines: Sequence[SourceLine], known: Mapping[str, str]) -> Found:
    name = area.value or ""
    if name == "全国":
        return Found(NATIONAL_CODE, area.line, area.confidence, area.reason)
    if name in known:
        return Found(known[name], area.line, 0.97)
    ending = sorted(
        ((known_name, code) for known_name, code in known.items() if name.endswith(known_name)),
        key=lambda one: -len(one[0]),
    )
    if ending:
        reason = Text(f"按“{ending[0][0]}”取代码", f"the code is that of “{ending[0][0]}”")
        return Found(ending[0][1], area.line, 0.6, reason)
    for line in lines[:FRONT_MATTER]:
        index = _INDEX_CODE.search(half_width(line.text))
        if index:
            code = index.group(1)[:4] + "00" if name.endswith(("市", "州", "盟", "地区")) else index.group(1)
            reason = Text("取自索引号前六位", "taken from the first six digits of the index number")
            return Found(code, line.number, 0.5, reason)
    reason = Text(f"“{name}”的行政区划代码未知，请填写", f"the code of “{name}” is not known; please fill it in")
    return Found(UNKNOWN_AREA, area.line, 0.0, reason)


def _issuer(front: Sequence[SourceLine]) -> Found:
    labelled = _search(front, _ISSUER)
    if labelled.value and _ISSUING_BODY.match(labelled.value):
        return labelled
    for line in front:
        bare = plain(line.text).removesuffix("文件")
        if _ISSUING_BODY.fullmatch(bare) and "各" not in bare:
            return Found(bare, line.number, 0.85)
    return Found(None, None, 0.85)


def _search(front: Sequence[SourceLine], pattern: re.Pattern[str]) -> Found:
    for line in front:
        match = pattern.search(compact(line.text)) or pattern.search(line.text)
        if match:
            return Found(match.group(1), line.number, 0.9)
    return Found(None, None, 0.85)


def _date(front: Sequence[SourceLine]) -> Found:
    labelled = [line for line in front if _DATE_LABEL.search(compact(line.text))]
    alone = [line for line in front if len(compact(line.text)) <= 14]
    for line in [*labelled, *alone]:
        match = _DATE.search(plain(line.text))
        if match and match.group(0):
            parts = [part for part in match.groups() if part]
            return Found("-".join([parts[0], *(part.zfill(2) for part in parts[1:])]), line.number, 0.85)
        chinese = _CHINESE_DATE.search(compact(line.text))
        if chinese:
            year = "2" + "".join(_CHINESE_DIGITS[numeral] for numeral in chinese.group(1)[1:])
            rest = [str(_chinese_number(part)).zfill(2) for part in chinese.groups()[1:] if part]
            return Found("-".join([year, *rest]), line.number, 0.85)
    return Found(None, None, 0.85)


def _chinese_number(text: str) -> int:
    tens, ten, ones = text.rpartition("十")
    value = int(_CHINESE_DIGITS[ones]) if ones else 0
    return value + (10 * int(_CHINESE_DIGITS[tens]) if tens else 10 if ten else 0)
