"""领域: the domain a row stands under, printed or told from what it measures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from planwatch.language import Text
from planwatch.plan_import.concepts import ConceptProposal, KnownIndicator
from planwatch.plan_import.proposals import Proposal
from planwatch.plan_import.source import plain

NATIONAL_DOMAINS: Mapping[str, str] = {
    "childcare": "幼有所育",
    "learning": "学有所教",
    "employment": "劳有所得",
    "health": "病有所医",
    "elderly_care": "老有所养",
    "housing": "住有所居",
    "social_support": "弱有所扶",
    "veterans": "优军服务保障",
    "culture_sport": "文体服务保障",
}

_WORDS: tuple[tuple[str, str], ...] = (
    (r"托育|托位|婴幼儿|孤儿|儿童(福利|保障)", "childcare"),
    (r"退役|军人|军官|优抚", "veterans"),
    (r"养老|老年|老龄", "elderly_care"),
    (r"残疾|救助|低保|特困|困境", "social_support"),
    (r"住房|小区|公租房|棚户|危房|保障房", "housing"),
    (r"就业|失业|职业技能|劳动力(转移|培训)|创业", "employment"),
    (r"医|卫生|健康|寿命|护士|死亡率|参保|疫苗|床位", "health"),
    (r"教育|入学|入园|学校|师生|学位|巩固率", "learning"),
    (r"文化|体育|图书|阅读|博物|社区综合服务", "culture_sport"),
)


def domain_of_print(printed: str, known: Mapping[str, str], position: int) -> Proposal:
    """The code of a domain that the plan prints.

    Args:
        printed: name as printed.
        known: printed name of a domain of the catalogue → its code.
        position: position of the domain in the table, for a code of its own where none is known.
    """
    bare = _bare(printed)
    names = {
        _bare(name): code for name, code in [*((name, code) for code, name in NATIONAL_DOMAINS.items()), *known.items()]
    }
    if bare in names:
        return Proposal(names[bare], 0.97)
    near = max(names, key=lambda name: SequenceMatcher(None, bare, name).ratio(), default="")
    if near and SequenceMatcher(None, bare, near).ratio() >= 0.8:
        reason = Text(f"领域“{printed}”按“{near}”归类", f"the domain “{printed}” is taken as “{near}”")
        return Proposal(names[near], 0.6, reason)
    reason = Text(f"领域“{printed}”没有现成代码，暂编", f"the domain “{printed}” has no code yet; one was made up")
    return Proposal(f"domain_{position:02d}", 0.3, reason)


def domain_of_concept(name: str, concept: ConceptProposal, known: Sequence[KnownIndicator]) -> Proposal:
    """The domain where the table prints none: the one that plans give to the concept, else by words of the name."""
    if concept.known is not None and concept.reason is None:
        same = [one.domain for one in known if one.concept == concept.known.concept and one.domain in NATIONAL_DOMAINS]
        if same:
            code, count = Counter(same).most_common(1)[0]
            agreed = count == len(same)
            reason = Text("各规划对此指标的领域不一", "plans place this indicator in different domains")
            return Proposal(code, 0.82 if agreed else 0.5, None if agreed else reason)
    reason = Text("主表未印领域，按名称推断", "the table prints no domain; it is told from the name")
    told = next((domain for pattern, domain in _WORDS if re.search(pattern, plain(name))), None)
    return Proposal(told or "other", 0.5 if told else 0.1, reason)


def _bare(printed: str) -> str:
    return re.sub(
        r"^([一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）]|\d+[.、])|有(?=保障$)", "", plain(printed)
    )
