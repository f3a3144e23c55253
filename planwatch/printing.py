"""How figures, periods, dates and codes read in Chinese and English. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from planwatch.case.kinds import CaseKind
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.period import TimePeriod
from planwatch.plan import Nature
from planwatch.plan_terms import Unit
from planwatch.policy import AssessmentClass, level_from_code
from planwatch.wording import CLASS_NAMES, KIND_NAMES, LEVEL_NAMES, NATURE_NAMES, period_name, probability_name

Language = Literal["zh", "en"]

UNIT_WORDS = {
    "PER_1000": " per 1,000",
    "PER_10000": " per 10,000",
    "PER_100000": " per 100,000",
    "YR": " years",
    "PS": " persons",
    "PS_TIME": " person-times",
    "BED": " beds",
    "COMMUNITY": " communities",
    "DWELLING": " dwellings",
    "HH": " households",
    "NUM": "",
    "NUM_PER_PS": " per inhabitant",
    "SQM_PER_PS": " m² per inhabitant",
    "SQM_PER_100_HH": " m² per 100 households",
    "SQM_PER_10000": " m² per 10,000 inhabitants",
    "CNY": " yuan",
    "CNY_PER_BED": " yuan per bed",
    "CNY_PER_PS": " yuan per person",
    "FACILITY": " facilities",
    "HR": " hours",
    "INSTITUTION": " institutions",
    "KM": " km",
    "MONTH": " months",
    "MU": " mu",
    "PS_PER_100_BED": " persons per 100 beds",
    "RATIO": " times",
    "SCHOOL": " schools",
    "SPECIALTY": " specialties",
    "SQM": " m²",
    "SQM_PER_DWELLING": " m² per dwelling",
    "TONNE": " tonnes",
}
"""UNIT_MEASURE code other than PT → English unit; the Chinese one is the plan's own."""

POLICY_WORDS = {
    "repeat_raises": Text("连续两期不达，升一级", "second bad period in a row: one level up"),
    "last_year_raises": Text("规划末年，升一级", "last year of the plan: one level up"),
}
"""What a policy entry other than the class table says."""


@dataclass(frozen=True, slots=True)
class Printer:
    """How figures, periods, dates and codes read in one language."""

    language: Language

    def t(self, zh: str, en: str) -> str:
        """One of two phrases."""
        return zh if self.language == "zh" else en

    def say(self, text: Text) -> str:
        """One of the two languages of a text."""
        return self.t(text.zh, text.en)

    def number(self, value: Decimal | None, decimals: int | None = None) -> str:
        """The value with the decimals it came with, or rounded half up to `decimals`; “—” for None."""
        if value is None:
            return "—"
        if decimals is not None:
            value = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=80))
        return f"{value:f}".replace("-", "−")

    def suffix(self, name: Text, unit: Unit) -> str:
        """The unit as it follows a number; empty where the name carries it, as in 巩固率(%)."""
        if unit.measure == "PT":
            return "" if self.language == "zh" and _carries_unit(name.zh, "%") else "%"
        if self.language == "en":
            return (f" × {10**unit.mult:,}" if unit.mult else "") + _unit_words(unit.measure)
        printed = unit.printed or ""
        return "" if printed.startswith("/") or _carries_unit(name.zh, printed) else printed

    def amount(self, number: str, name: Text, unit: Unit) -> str:
        """A printed number with its unit; “—” stays alone."""
        return number if number == "—" else number + self.suffix(name, unit)

    def share(self, share: float | None) -> str:
        """A share as a percentage with one decimal: 0.2 is 20.0%."""
        return "—" if share is None else f"{share:.1%}".replace("-", "−")

    def outlook(self, value: float, low: float, high: float, decimals: int, name: Text, unit: Unit) -> str:
        """A forecast with its interval: 97.0（96.4—97.6）, 97.0 (96.4 to 97.6)."""
        middle, *ends = (self.number(Decimal(repr(figure)), decimals) for figure in (value, low, high))
        middle, last = self.amount(middle, name, unit), self.amount(ends[1], name, unit)
        return self.t(f"{middle}（{ends[0]}—{last}）", f"{middle} ({ends[0]} to {last})")

    def probability(self, probability: float | None) -> str:
        """A probability in whole per cent; “—” for None."""
        return "—" if probability is None else self.say(probability_name(probability))

    def period(self, period: TimePeriod | None) -> str:
        """A period as it is spoken: 2021年, 2021年第1季度; in English its SDMX form."""
        return "—" if period is None else self.say(period_name(period))

    def day(self, day: date | None) -> str:
        """A date: 2026年11月25日, 25 November 2026."""
        if day is None:
            return "—"
        return self.t(f"{day.year}年{day.month}月{day.day}日", f"{day.day} {day:%B} {day.year}")

    def instant(self, instant: datetime) -> str:
        """A moment in local time, to the minute."""
        local = instant.astimezone(LOCAL_TIME)
        return f"{self.day(local.date())} {local:%H:%M}"

    def deviation(self, gap: Decimal | None, decimals: int, name: Text, unit: Unit) -> str:
        """How far a figure is from what was due, in words: 低1.79个百分点."""
        if gap is None:
            return self.t("差距不详", "by an unknown margin")
        number = self.number(abs(gap), decimals)
        points = number + self.t("个百分点", " percentage points")
        size = points if unit.measure == "PT" else self.amount(number, name, unit)
        if gap == 0:
            return self.t("与之持平", "exactly on it")
        if unit.measure == "MONTH":
            return self.t(
                f"{'早' if gap < 0 else '晚'}{number}个月", f"{number} months {'early' if gap < 0 else 'late'}"
            )
        return self.t(f"{'低' if gap < 0 else '高'}{size}", f"{size} {'below' if gap < 0 else 'above'}")

    def local_date(self, instant: datetime) -> str:
        """The local day of a moment, as a date field wants it: 2026-01-31."""
        return instant.astimezone(LOCAL_TIME).date().isoformat()

    def unit(self, unit: Unit) -> str:
        """The unit by itself: “%”, “万张”, “10,000 beds”."""
        if unit.measure == "PT":
            return "%"
        return self.t(
            unit.printed or "—", ((f"{10**unit.mult:,}" if unit.mult else "") + _unit_words(unit.measure)).strip()
        )

    def rule(self, policy_line: str) -> str:
        """The policy entries that gave a level, read aloud: 约束性指标“逆向变动”为红色."""
        _, _, entries = policy_line.partition(": ")
        return self.t("，", "; ").join(self._entry(entry) for entry in entries.split(" + ") if entry)

    def _entry(self, entry: str) -> str:
        doubt = re.fullmatch(r"unlikely\.(?P<nature>\w+) < (?P<share>[0-9.]+) = (?P<level>\w+)", entry)
        if doubt is not None:
            nature, level = NATURE_NAMES[Nature(doubt["nature"])], LEVEL_NAMES[level_from_code(doubt["level"])]
            share = f"{float(doubt['share']):.0%}"
            return self.t(
                f"{nature.zh}指标进度正常但实现目标的概率低于{share}为{level.zh}预警",
                f"{nature.en}, on schedule but a probability of reaching the target under {share}: {level.en}",
            )
        form = re.fullmatch(r"levels\.(?P<verdict>\w+)\.(?P<nature>\w+) = (?P<level>\w+)", entry)
        if form is None:
            return self._other_entry(entry)
        verdict = CLASS_NAMES[AssessmentClass(form["verdict"])]
        nature = NATURE_NAMES[Nature(form["nature"])]
        level = LEVEL_NAMES[level_from_code(form["level"])]
        return self.t(f"{nature.zh}指标“{verdict.zh}”为{level.zh}预警", f"{nature.en} and {verdict.en}: {level.en}")

    def _other_entry(self, entry: str) -> str:
        form = re.fullmatch(
            r"(?P<what>overdue_report|other_levels)\.(?P<which>\w+)\.(?P<nature>\w+) = (?P<level>\w+)", entry
        )
        if form is None:
            return self.say(POLICY_WORDS.get(entry, Text(entry, entry)))
        nature, level = NATURE_NAMES[Nature(form["nature"])], LEVEL_NAMES[level_from_code(form["level"])]
        if form["what"] == "overdue_report":
            which = Text(f"逾期{form['which']}天以上", f"overdue for {form['which']} days or more")
        else:
            which = KIND_NAMES[CaseKind(form["which"])]
        return self.t(f"{nature.zh}指标“{which.zh}”为{level.zh}预警", f"{nature.en} and {which.en}: {level.en}")


def decimals_of(value: Decimal | None) -> int:
    """How many decimals a value was given with; 0 for None."""
    return max(-int(value.as_tuple().exponent), 0) if value is not None else 0


def _unit_words(measure: str) -> str:
    """The English unit; of a thing that only one plan counts, the words of its code: ` burial place`."""
    return UNIT_WORDS.get(measure, f" {measure.lower().replace('_', ' ')}")


def _carries_unit(name: str, unit: str) -> bool:
    return bool(unit) and name.replace("（", "(").replace("）", ")").endswith(f"({unit})")


def due_decimals(expected: Decimal, target: Decimal) -> int:
    """With how many decimals a value on the path is printed: one more than the target's, except at the target."""
    return decimals_of(target) + (expected != target)
