"""What a mail says: a notice in, subject, text and html out, and the RFC 5322 bytes. No I/O but the templates."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from planwatch.assessment import LIMIT_KINDS, TOTAL_KINDS
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.notification import LOCAL_TIME
from planwatch.period import Freq, TimePeriod
from planwatch.plan import GoalKind, Nature, Target, Unit
from planwatch.policy import AssessmentClass, Level, level_from_code
from planwatch.wording import CLASS_NAMES, GOAL_KIND_NAMES, LEVEL_NAMES, NATURE_NAMES

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
}
"""UNIT_MEASURE code other than PT → English unit; the Chinese one is the plan's own."""

POLICY_WORDS = {
    "repeat_raises": Text("连续两期不达，升一级", "second bad period in a row: one level up"),
    "last_year_raises": Text("规划末年，升一级", "last year of the plan: one level up"),
}
"""What a policy entry other than the class table says."""


@dataclass(frozen=True, slots=True)
class WarningNotice:
    """What a mail says about one case: the change, the figures behind it, and what is asked of the reader.

    Attributes:
        case_id: identity of the case.
        episode: 1, and one more each time the case recurs.
        kind: what happened to the case; `CLOSE` in a closure.
        level: the present level; in a closure the last one.
        previous_level: the level before; None where there was none.
        plan_title, area: by name.
        indicator_no, indicator_name: in the plan's table, as printed, e.g. 九年义务教育巩固率(%).
        unit: of the row; all values below are in it.
        nature, goal_kind: of the indicator.
        verdict: the class that led to the change.
        reason: of the decision, `WarningDecision.reason`.
        policy_line: of the decision, `WarningDecision.policy_line`; empty in a closure.
        time_period: of the figure.
        since_period: the first bad period of the episode.
        value: OBS_VALUE as reported.
        measured: what is held against the path, the total so far where flows add up.
        baseline_value, baseline_period: where the path starts; None if there is no figure of the same kind.
        baseline_substituted: the first figure stands in for a baseline that the plan does not print.
        expected: milestone value at the end of `time_period`.
        target: value, comparator and period as promised.
        achieved_share, expected_share: 完成进度 and 序时进度, 0.2 is 20 per cent; None for limits.
        gap: measured - expected.
        acknowledge_by: last day to acknowledge; None where nothing is asked (any more), as in a closure.
        measures_by: last day to file measures; None likewise.
        case_url: page of the case.
        acknowledge_url: signed link; None likewise.
        submission_id: the submission behind the figure.
        received_at: when it was received (aware).
        agency: who is addressed.
        simulated: the figures were generated.
        doubts: readings of the printed plan that somebody has to confirm.
    """

    case_id: str
    episode: int
    kind: DecisionKind
    level: Level
    previous_level: Level | None
    plan_title: Text
    area: Text
    indicator_no: int
    indicator_name: Text
    unit: Unit
    nature: Nature
    goal_kind: GoalKind
    verdict: AssessmentClass
    reason: Text
    policy_line: str
    time_period: TimePeriod
    since_period: TimePeriod
    value: Decimal | None
    measured: Decimal | None
    baseline_value: Decimal | None
    baseline_period: TimePeriod | None
    baseline_substituted: bool
    expected: Decimal | None
    target: Target
    achieved_share: float | None
    expected_share: float | None
    gap: Decimal | None
    acknowledge_by: date | None
    measures_by: date | None
    case_url: str
    acknowledge_url: str | None
    submission_id: str
    received_at: datetime
    agency: Text
    simulated: bool
    doubts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail in words: one line of subject, and the same content as text and as html."""

    subject: str
    text: str
    html: str


def render_warning(notice: WarningNotice, language: Language = "zh") -> RenderedMail:
    """The mail of a raised, reopened or changed warning."""
    printer = Printer(language)
    return _render("warning", printer, {"n": notice_words(notice, printer)})


def render_closure(notice: WarningNotice, language: Language = "zh") -> RenderedMail:
    """The mail of a closed warning."""
    printer = Printer(language)
    return _render("closure", printer, {"n": notice_words(notice, printer)})


def render_digest(
    agency: Text, notices: Sequence[WarningNotice], local_date: date, language: Language = "zh"
) -> RenderedMail:
    """The mail that gathers the less urgent changes of one agency and day.

    Args:
        agency: who is addressed.
        notices: at least one; changes of level and closures. The gravest come first, closures last.
        local_date: the day in local time.
        language: of the mail.
    """
    ordered = sorted(notices, key=lambda notice: (notice.kind is DecisionKind.CLOSE, -notice.level))
    standing = [notice for notice in ordered if notice.kind is not DecisionKind.CLOSE]
    deadlines = [notice.acknowledge_by for notice in standing if notice.acknowledge_by]
    counts = sorted(Counter(notice.level for notice in standing).items(), reverse=True)
    printer = Printer(language)
    content = {
        "agency": printer.say(agency),
        "standing": [notice_words(notice, printer) for notice in standing],
        "closed": [notice_words(notice, printer) for notice in ordered[len(standing) :]],
        "levels": [(printer.say(LEVEL_NAMES[level]), count) for level, count in counts],
        "acknowledge_by": printer.day(min(deadlines)) if deadlines else None,
        "day": printer.day(local_date),
        "simulated": any(notice.simulated for notice in notices),
    }
    return _render("digest", printer, content)


def build_message(
    rendered: RenderedMail,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    references: Sequence[str] = (),
) -> bytes:
    """The mail as it travels: RFC 5322, multipart/alternative; the same arguments give the same bytes.

    Args:
        rendered: the words.
        sender: address, with or without a display name.
        recipient: address.
        message_id: with its angle brackets.
        date: of the Date header (aware).
        references: Message-IDs of earlier mails on the same case.
    Raises:
        ValueError: an address or a Message-ID contains a line break.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = " ".join(rendered.subject.split())
    message["Date"] = date
    message["Message-ID"] = message_id
    if references:
        message["In-Reply-To"], message["References"] = references[-1], " ".join(references)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    message.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}")
    return message.as_bytes()


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
            return (f" × {10**unit.mult:,}" if unit.mult else "") + UNIT_WORDS[unit.measure]
        printed = unit.printed or ""
        return "" if printed.startswith("/") or _carries_unit(name.zh, printed) else printed

    def amount(self, number: str, name: Text, unit: Unit) -> str:
        """A printed number with its unit; “—” stays alone."""
        return number if number == "—" else number + self.suffix(name, unit)

    def share(self, share: float | None) -> str:
        """A share as a percentage with one decimal: 0.2 is 20.0%."""
        return "—" if share is None else f"{share:.1%}".replace("-", "−")

    def period(self, period: TimePeriod | None) -> str:
        """A period as it is spoken: 2021年, 2021年第1季度; in English its SDMX form."""
        if period is None or self.language == "en":
            return "—" if period is None else str(period)
        year, month = period.start.year, period.start.month
        return {
            Freq.ANNUAL: f"{year}年",
            Freq.HALF_YEARLY: f"{year}年{'上' if month == 1 else '下'}半年",
            Freq.QUARTERLY: f"{year}年第{(month + 2) // 3}季度",
            Freq.MONTHLY: f"{year}年{month}月",
            Freq.DAILY: self.day(period.start),
        }[period.freq]

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
        return self.t(f"{'低' if gap < 0 else '高'}{size}", f"{size} {'below' if gap < 0 else 'above'}")

    def rule(self, policy_line: str) -> str:
        """The policy entries that gave a level, read aloud: 约束性指标“逆向变动”为红色."""
        _, _, entries = policy_line.partition(": ")
        return self.t("，", "; ").join(self._entry(entry) for entry in entries.split(" + ") if entry)

    def _entry(self, entry: str) -> str:
        form = re.fullmatch(r"levels\.(?P<verdict>\w+)\.(?P<nature>\w+) = (?P<level>\w+)", entry)
        if form is None:
            return self.say(POLICY_WORDS.get(entry, Text(entry, entry)))
        verdict = CLASS_NAMES[AssessmentClass(form["verdict"])]
        nature = NATURE_NAMES[Nature(form["nature"])]
        level = LEVEL_NAMES[level_from_code(form["level"])]
        return self.t(f"{nature.zh}指标“{verdict.zh}”为{level.zh}预警", f"{nature.en} and {verdict.en}: {level.en}")


def notice_words(notice: WarningNotice, printer: Printer) -> dict[str, Any]:
    """Every phrase and printed figure of a notice; templates only place them."""
    name, unit, say = notice.indicator_name, notice.unit, printer.say
    is_total = notice.goal_kind in TOTAL_KINDS
    current = notice.measured if is_total else notice.value
    target_decimals = decimals_of(notice.target.value)
    due_decimals = target_decimals if notice.expected == notice.target.value else target_decimals + 1
    gap_decimals = max(due_decimals, decimals_of(current))

    def amount(value: Decimal | None, decimals: int | None = None) -> str:
        return printer.amount(printer.number(value, decimals), name, unit)

    return {
        "kind": notice.kind,
        "colour": "closed" if notice.kind is DecisionKind.CLOSE else notice.level.code,
        "level": say(LEVEL_NAMES[notice.level]),
        "previous": say(LEVEL_NAMES[notice.previous_level]) if notice.previous_level else None,
        "episode": notice.episode,
        "plan": say(notice.plan_title),
        "area": say(notice.area),
        "agency": say(notice.agency),
        "no": notice.indicator_no,
        "name": say(name) + (" " if printer.language == "zh" and name.zh.endswith(")") else ""),
        "unit": printer.suffix(name, unit),
        "nature": say(NATURE_NAMES[notice.nature]),
        "goal_kind": say(GOAL_KIND_NAMES[notice.goal_kind]),
        "verdict": say(CLASS_NAMES[notice.verdict]),
        "reason": say(notice.reason),
        "rule": printer.rule(notice.policy_line),
        "policy_line": notice.policy_line,
        "period": printer.period(notice.time_period),
        "since": printer.period(notice.since_period),
        "is_total": is_total,
        "is_limit": notice.goal_kind in LIMIT_KINDS,
        "figure": amount(current),
        "reported": amount(notice.value),
        "baseline": amount(notice.baseline_value) if notice.baseline_period else "—",
        "baseline_period": printer.period(notice.baseline_period),
        "baseline_substituted": notice.baseline_substituted,
        "expected": amount(notice.expected, due_decimals),
        "target": notice.target.comparator.sign + amount(notice.target.value),
        "target_period": printer.period(notice.target.period),
        "achieved": printer.share(notice.achieved_share),
        "scheduled": printer.share(notice.expected_share),
        "achieved_width": bar_width(notice.achieved_share),
        "scheduled_width": bar_width(notice.expected_share),
        "gap": printer.deviation(notice.gap, gap_decimals, name, unit),
        "acknowledge_by": printer.day(notice.acknowledge_by) if notice.acknowledge_by else None,
        "measures_by": printer.day(notice.measures_by) if notice.measures_by else None,
        "case_url": notice.case_url,
        "acknowledge_url": notice.acknowledge_url,
        "submission_id": notice.submission_id,
        "received": printer.instant(notice.received_at) + printer.t("", " (China time)"),
        "simulated": notice.simulated,
        "doubts": [say(doubt) for doubt in notice.doubts],
    }


def decimals_of(value: Decimal | None) -> int:
    """How many decimals a value was given with; 0 for None."""
    return max(-int(value.as_tuple().exponent), 0) if value is not None else 0


def bar_width(share: float | None) -> int:
    """Width of a progress bar in per cent: a share between 0 and 1, bounded."""
    return round(min(max(share or 0.0, 0.0), 1.0) * 100)


def _carries_unit(name: str, unit: str) -> bool:
    return bool(unit) and name.replace("（", "(").replace("）", ")").endswith(f"({unit})")


def _render(template: str, printer: Printer, content: Mapping[str, Any]) -> RenderedMail:
    context = {**content, "t": printer.t, "zh": printer.language == "zh"}
    subject = _templates().get_template(f"{template}.subject.txt.j2").render(context)
    text = _templates().get_template(f"{template}.txt.j2").render(context)
    lead = [line for line in text.splitlines() if line][:2]
    html = _templates().get_template(f"{template}.html.j2").render(context, subject=subject, lead=lead)
    return RenderedMail(" ".join(subject.split()), text, html)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("services.alerts"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
