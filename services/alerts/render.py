"""What a mail says: a notice in, subject, text and html out. No I/O but the templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.period import TimePeriod
from planwatch.plan import GoalKind, Nature, Target
from planwatch.plan_terms import Unit
from planwatch.policy import DOUBTED, AssessmentClass, Level
from planwatch.printing import Language, Printer, decimals_of, due_decimals
from planwatch.schedule import LIMIT_KINDS, TOTAL_KINDS
from planwatch.wording import CLASS_NAMES, GOAL_KIND_NAMES, LEVEL_NAMES, NATURE_NAMES, PLAN_DEMANDS
from services.alerts.picture import ACTUAL, OUTLOOK, PATH, Picture

LINE_COLOURS = {"path": PATH, "actual": ACTUAL, "outlook": OUTLOOK}

MOST_DETAILED = 30
"""Cases that a digest tells with their figures, gravest first; the others get a line each, or mail clients cut it."""


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
        place, indicator_name: where in the plan, e.g. 主表第5项, and as printed, e.g. 九年义务教育巩固率(%).
        unit: of the row; all values below are in it.
        nature, goal_kind: of the indicator.
        verdict: the class that led to the change; None where no figure did: then the reason is all there is to tell.
        reason: of the decision, `HistoryEntry.reason`.
        policy_line: of the decision, `HistoryEntry.policy_line`; empty in a closure.
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
        submission_id: the submission behind the figure; None without one.
        received_at: when it was received (aware); None likewise.
        agency: who answers for it.
        simulated: the figures were generated.
        doubts: readings of the printed plan that somebody has to confirm.
        demand: who demands what a limit demands, e.g. 规划要求.
        case_name: what a warning outside the main table is called, e.g. 重点工程预警; no nature is printed for it.
        note: how a commitment outside the main table is read, e.g. which schedule is assumed.
        reader: who is addressed where it is not the agency itself, as in an escalation.
        wants_report: a figure is missing, and what is asked for is that figure.
        is_provisional: the dates count without the public holidays of a year that are not known yet.
        forecast: value at the target's date with both ends of its interval; None without one.
        probability: of reaching the target; None without a forecast.
        submission_url: page of the submission; None without one.
        picture: the path against the actual values; None where no figures stand behind the case.
        takes_replies: an answer to the mail is read and noted on the case.
    """

    case_id: str
    episode: int
    kind: DecisionKind
    level: Level
    previous_level: Level | None
    plan_title: Text
    area: Text
    place: Text
    indicator_name: Text
    unit: Unit
    nature: Nature
    goal_kind: GoalKind
    verdict: AssessmentClass | None
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
    submission_id: str | None
    received_at: datetime | None
    agency: Text
    simulated: bool
    doubts: tuple[Text, ...]
    demand: Text = PLAN_DEMANDS
    case_name: Text | None = None
    note: Text | None = None
    reader: Text | None = None
    is_provisional: bool = False
    wants_report: bool = False
    forecast: tuple[float, float, float] | None = None
    probability: float | None = None
    submission_url: str | None = None
    picture: Picture | None = None
    takes_replies: bool = False


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail in words: one line of subject, and the same content as text and as html.

    Attributes:
        picture: shown in the html by its Content-ID; None without one.
        unsubscribe_url: signed link; None where the reader cannot unsubscribe.
    """

    subject: str
    text: str
    html: str
    picture: Picture | None = None
    unsubscribe_url: str | None = None


def render_warning(notice: WarningNotice, language: Language = "zh") -> RenderedMail:
    """The mail of a raised, reopened or changed warning."""
    printer = Printer(language)
    return render_template("warning", printer, {"n": notice_words(notice, printer)}, picture=notice.picture)


def render_closure(notice: WarningNotice, language: Language = "zh") -> RenderedMail:
    """The mail of a closed warning."""
    printer = Printer(language)
    return render_template("closure", printer, {"n": notice_words(notice, printer)}, picture=notice.picture)


def render_digest(
    agency: Text,
    notices: Sequence[WarningNotice],
    local_date: date,
    language: Language = "zh",
    *,
    is_urgent: bool = False,
    unsubscribe_url: str | None = None,
) -> RenderedMail:
    """The mail that gathers several cases of one agency: the less urgent changes of a day, or a group of urgent ones.

    Args:
        agency: who is addressed.
        notices: at least one; changes of level and closures. The gravest come first, closures last.
        local_date: the day in local time.
        language: of the mail.
        is_urgent: a group of mails that would each have gone out at once.
        unsubscribe_url: signed link; None where the reader cannot unsubscribe.
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
        "is_urgent": is_urgent,
        "most_detailed": MOST_DETAILED,
    }
    return render_template("digest", printer, content, unsubscribe_url=unsubscribe_url)


def notice_words(notice: WarningNotice, printer: Printer) -> dict[str, Any]:
    """Every phrase and printed figure of a notice; templates only place them."""
    name, unit, say = notice.indicator_name, notice.unit, printer.say
    is_total = notice.goal_kind in TOTAL_KINDS
    current = notice.measured if is_total else notice.value
    expected, target = notice.expected, notice.target.value
    decimals = decimals_of(target) if expected is None else due_decimals(expected, target)
    gap_decimals = max(decimals, decimals_of(current))

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
        "place": say(notice.place),
        "name": say(name) + (" " if printer.language == "zh" and name.zh.endswith(")") else ""),
        "unit": printer.suffix(name, unit),
        "nature": say(notice.case_name or NATURE_NAMES[notice.nature]),
        "demand": say(notice.demand),
        "goal_kind": say(GOAL_KIND_NAMES[notice.goal_kind]),
        "verdict": say(CLASS_NAMES[notice.verdict]) if notice.verdict else "",
        "has_figures": notice.verdict is not None,
        "reader": say(notice.reader or notice.agency),
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
        "expected": amount(expected, decimals),
        "target": notice.target.comparator.sign + amount(notice.target.value),
        "target_period": printer.period(notice.target.period),
        "achieved": printer.share(notice.achieved_share),
        "scheduled": printer.share(notice.expected_share),
        "schedule_index": schedule_index(notice, printer),
        "gap": printer.deviation(notice.gap, gap_decimals, name, unit),
        "acknowledge_by": printer.day(notice.acknowledge_by) if notice.acknowledge_by else None,
        "measures_by": printer.day(notice.measures_by) if notice.measures_by else None,
        "case_url": notice.case_url,
        "acknowledge_url": notice.acknowledge_url,
        "submission_id": notice.submission_id,
        "submission_url": notice.submission_url,
        "takes_replies": notice.takes_replies,
        "received": printer.instant(notice.received_at) + printer.t("", " (China time)") if notice.received_at else "",
        "is_provisional": notice.is_provisional,
        "wants_report": notice.wants_report,
        "simulated": notice.simulated,
        "doubts": [say(doubt) for doubt in notice.doubts],
        "note": say(notice.note) if notice.note else "",
        "outlook": printer.outlook(*notice.forecast, decimals_of(target) + 1, name, unit) if notice.forecast else "",
        "probability": printer.probability(notice.probability) if notice.forecast else "",
        "is_doubted": notice.verdict in DOUBTED and notice.kind is not DecisionKind.CLOSE,
    }


def schedule_index(notice: WarningNotice, printer: Printer) -> str:
    """完成进度 ÷ 序时进度 to two decimals; “—” where there is no schedule yet."""
    if notice.achieved_share is None or not notice.expected_share:
        return "—"
    return printer.number(Decimal(repr(notice.achieved_share / notice.expected_share)), 2)


def render_template(
    template: str,
    printer: Printer,
    content: Mapping[str, Any],
    *,
    picture: Picture | None = None,
    unsubscribe_url: str | None = None,
) -> RenderedMail:
    """One mail of the family: its three templates, given phrases that are worded already.

    Args:
        template: their common name, e.g. `warning`.
        printer: of the language.
        content: what the templates place.
        picture: shown in the html; None without one.
        unsubscribe_url: at the foot; None where the reader cannot unsubscribe.
    """
    context = {
        **content,
        "t": printer.t,
        "zh": printer.language == "zh",
        "picture_id": picture.content_id if picture else None,
        "line_colours": LINE_COLOURS,
        "unsubscribe_url": unsubscribe_url,
    }
    subject = _templates().get_template(f"{template}.subject.txt.j2").render(context)
    text = _templates().get_template(f"{template}.txt.j2").render(context)
    lead = [line for line in text.splitlines() if line][:2]
    html = _templates().get_template(f"{template}.html.j2").render(context, subject=subject, lead=lead)
    return RenderedMail(" ".join(subject.split()), text, html, picture, unsubscribe_url)


@cache
def _templates() -> Environment:
    phrases = (files("services.alerts") / "templates" / "phrases.txt.j2").read_text(encoding="utf-8")
    return Environment(  # the phrases under a second name, because a macro escapes as the template that defines it does
        loader=ChoiceLoader([PackageLoader("services.alerts"), DictLoader({"phrases.html.j2": phrases})]),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
