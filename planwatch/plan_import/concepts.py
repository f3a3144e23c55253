"""Concepts: what a printed name measures, told by its likeness to the indicators that the catalogue has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from planwatch.language import Text
from planwatch.plan_import.source import plain
from planwatch.plan_import.units import without_unit

LIKELY = 0.8
"""Confidence from which a reading needs no confirmation."""

LEAST_LIKENESS = 0.72

_FILLERS = re.compile(r"拥有|各类|全市|全县|全区|全省|全国|本市|[“”\"'、,，()（）《》]|的|人数$|数$|总数$|总量$|情况$")
_CONTRASTS: tuple[tuple[str, ...], ...] = (
    ("城镇", "农村", "城乡", "城市"),
    ("学前", "小学", "初中", "义务", "高中", "高等", "中等职业"),
    ("养老", "医疗", "失业", "工伤", "生育", "公租"),
    ("医师", "护士", "药师", "床位"),
    ("每千", "每万", "每百", "每十万", "人均"),
    ("死亡", "发病", "寿命"),
    ("毛入园", "毛入学", "巩固", "覆盖", "普惠", "参保", "安置", "参训", "保障率"),
    ("面积", "次数", "人次", "户数", "个数"),
    ("新建", "老旧"),
    ("男", "女"),
    ("婴儿", "孕产妇", "5岁以下"),
    ("技能培训", "适应性培训", "就业"),
)


@dataclass(frozen=True, slots=True)
class KnownIndicator:
    """An indicator of the catalogue, as an example of its concept.

    Attributes:
        plan_id: the plan that prints it.
        name: printed name.
        name_en: English name.
        concept: concept code.
        measure: UNIT_MEASURE.
        domain: domain code in that plan.
        domain_name: printed name of the domain.
    """

    plan_id: str
    name: str
    name_en: str
    concept: str
    measure: str
    domain: str
    domain_name: str


@dataclass(frozen=True, slots=True)
class ConceptProposal:
    """The concept proposed for a name.

    Attributes:
        known: the most similar indicator of the catalogue, None if none is near.
        confidence: 0 to 1.
        reason: why it is doubtful, None where it is not.
    """

    known: KnownIndicator | None
    confidence: float
    reason: Text | None


def likeness(name: str, other: str) -> float:
    """How alike two printed names are, 0 to 1, units and filling words left out."""
    return _likeness(_essence(name), _essence(other))


def nearest_likeness(name: str, known: Sequence[KnownIndicator]) -> float:
    """Likeness of a text to the nearest known indicator name."""
    return max((likeness(name, indicator.name) for indicator in known), default=0.0)


def propose_concept(name: str, measure: str | None, known: Sequence[KnownIndicator]) -> ConceptProposal:
    """The concept of the known indicator whose name is nearest.

    Args:
        name: the printed name, with or without its unit, marks removed.
        measure: UNIT_MEASURE that the row prints; None if it prints none. The same words in another measure are another
            concept (改造 in 户, 套, 小区).
        known: indicators of the catalogue.
    """
    best = max(known, key=lambda one: _score(name, measure, one), default=None)
    if best is None or likeness(name, best.name) < LEAST_LIKENESS:
        return ConceptProposal(
            None, 0.0, Text("目录中没有名称相近的指标，概念待定", "no known indicator has a similar name")
        )
    alike = likeness(name, best.name)
    reason = _objection(name, measure, best)
    if reason is not None:
        return ConceptProposal(best, 0.4, reason)
    if alike < 0.9:
        zh = f"名称与{best.plan_id}的“{best.name}”相近但不相同"
        return ConceptProposal(
            best, round(alike * 0.8, 2), Text(zh, f"similar to “{best.name}” of {best.plan_id}, not equal")
        )
    return ConceptProposal(best, 0.98 if alike == 1 else 0.85, None)


def _score(name: str, measure: str | None, known: KnownIndicator) -> float:
    return likeness(name, known.name) - (0.2 if _objection(name, measure, known) else 0)


def _objection(name: str, measure: str | None, known: KnownIndicator) -> Text | None:
    """Why a similar name may still mean something else."""
    mine, theirs = _essence(name), _essence(known.name)
    if re.findall(r"\d+(?:\.\d+)?", mine) != re.findall(r"\d+(?:\.\d+)?", theirs):
        return Text(f"与“{known.name}”的数字不同", f"the numbers differ from those in “{known.name}”")
    if measure is not None and measure != known.measure:
        zh = f"计量单位 {measure} 与“{known.name}”的 {known.measure} 不同"
        return Text(zh, f"measured in {measure}, “{known.name}” in {known.measure}")
    for words in _CONTRASTS:
        here, there = {word for word in words if word in mine}, {word for word in words if word in theirs}
        if here != there:
            differing = "、".join(sorted(here ^ there))
            return Text(f"与“{known.name}”在“{differing}”上不同", f"differs from “{known.name}” in “{differing}”")
    return None


@lru_cache(maxsize=4096)
def _essence(name: str) -> str:
    return _FILLERS.sub(
        "",
        plain(without_unit(name))
        .casefold()
        .replace("常住人口", "人口")
        .replace("每千人口", "每千")
        .replace("每千人", "每千"),
    )


@lru_cache(maxsize=65536)
def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
