"""Who answers for what, as far as the document says it: columns of responsible units, and sentences with 牵头."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planwatch.plan_import.source import SourceLine, compact, plain

_BODIES: tuple[tuple[str, str, str], ...] = (
    (r"发展(和)?改革|发改", "development-reform", "Development and Reform"),
    (r"人民政府办公(室|厅)|政府办", "government-office", "General Office of the People's Government"),
    (r"人力资源|人社", "human-resources", "Human Resources and Social Security"),
    (r"医疗保障|医保", "medical-insurance", "Healthcare Security"),
    (r"卫生健康|卫健", "health", "Health"),
    (r"退役军人", "veterans", "Veterans Affairs"),
    (r"住房|住建", "housing", "Housing and Urban-Rural Development"),
    (r"文化|文旅|旅游|广电", "culture-tourism", "Culture and Tourism"),
    (r"体育", "sport", "Sport"),
    (r"教育", "education", "Education"),
    (r"民政", "civil-affairs", "Civil Affairs"),
    (r"财政", "finance", "Finance"),
    (r"统计", "statistics", "Statistics"),
    (r"残联|残疾人联合会", "disabled-federation", "Disabled Persons' Federation"),
    (r"农业农村", "agriculture", "Agriculture and Rural Affairs"),
    (r"自然资源", "natural-resources", "Natural Resources"),
    (r"生态环境", "environment", "Ecology and Environment"),
    (r"科技|科学技术", "science-technology", "Science and Technology"),
    (r"公安", "public-security", "Public Security"),
    (r"应急", "emergency", "Emergency Management"),
)
_AGENCY = r"[\u4e00-\u9fff]{2,16}?(?:委员会|发展改革委|健康委|委|局|厅|办公室|办|部|联合会|残联|总工会)"
_LEAD = re.compile(rf"(?:由)?({_AGENCY})(?:负责)?牵头")
_COORDINATOR = re.compile(
    r"((?:国家|省|市|县|区|州|旗)?(?:发展和改革委员会|发展改革委员会|发展改革委|发展改革局|发展和改革局|发改委|发改局))"
)
_COORDINATES = re.compile(r"统筹|协调|牵头|会同|评估|监测")
_DOMAIN_WORDS: Mapping[str, str] = {
    "childcare": r"托育|婴幼儿|幼有所育",
    "learning": r"学前教育|义务教育|高中|入园|学校|学有所教",
    "employment": r"就业|技能培训|劳有所得",
    "health": r"医疗服务|医疗卫生|卫生健康服务|病有所医",
    "elderly_care": r"养老服务|老有所养",
    "housing": r"住房|公租房|老旧小区|住有所居",
    "social_support": r"社会救助|残疾人|低保|弱有所扶",
    "veterans": r"退役军人|优抚|优军",
    "culture_sport": r"公共文化|体育|图书馆|文体",
}


@dataclass(frozen=True, slots=True)
class NamedAgency:
    """A department as the document names it.

    Attributes:
        printed: name as printed.
        line: 1-based line.
        suffix: the part of the agency's code after the plan's.
        name_en: English name without the area; None if the kind of department is not known.
    """

    printed: str
    line: int
    suffix: str | None
    name_en: str | None


def agency_named(printed: str, line: int) -> NamedAgency:
    """A department by its printed name."""
    bare = plain(printed)
    for pattern, suffix, name_en in _BODIES:
        if re.search(pattern, bare):
            kind = "Commission" if bare.endswith(("委", "委员会")) else "Bureau"
            whole = name_en if suffix in ("government-office", "disabled-federation") else f"{name_en} {kind}"
            return NamedAgency(compact(printed), line, suffix, whole)
    return NamedAgency(compact(printed), line, None, None)


def first_unit(cell: str) -> str | None:
    """The first of the units that a cell of responsible units names: 市教育局、市财政局 → 市教育局."""
    names = [name for name in re.split(r"[、，,;；\s/]|牵头|和(?=市|县|区|省)", cell.strip()) if name]
    return re.sub(r"[(（].*$", "", names[0]) or None if names else None


def find_coordinator(lines: Sequence[SourceLine]) -> NamedAgency | None:
    """The development and reform body where a sentence gives it the coordination or evaluation of the plan."""
    for line in reversed(lines):
        match = _COORDINATOR.search(compact(line.text))
        if match and _COORDINATES.search(line.text) and "规划" in line.text:
            return agency_named(match.group(1), line.number)
    return None


def find_leads(lines: Sequence[SourceLine], domains: Sequence[str]) -> dict[str, NamedAgency]:
    """Domain code → the agency that the first fitting sentence with 牵头 names; weak evidence."""
    leads: dict[str, NamedAgency] = {}
    for line in lines:
        match = _LEAD.search(compact(line.text))
        if match is None:
            continue
        words = compact(line.text).replace(match.group(1), "")
        counts = {
            domain: len(re.findall(_DOMAIN_WORDS[domain], words)) for domain in domains if domain in _DOMAIN_WORDS
        }
        best = max(counts, key=lambda domain: counts[domain], default=None)
        if best is not None and counts[best] and list(counts.values()).count(counts[best]) == 1:
            leads.setdefault(best, agency_named(match.group(1), line.number))
    return leads
