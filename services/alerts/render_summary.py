"""What the weekly summary says: lines in, subject, text and html out. No I/O but the templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from planwatch.language import Text
from planwatch.printing import Language, Printer
from planwatch.wording import LEVEL_NAMES
from services.alerts.render import RenderedMail, render_template
from services.alerts.summary_store import Standing, SummaryLine


def render_summary(
    agency: Text,
    lines: Sequence[SummaryLine],
    standing: Standing,
    day: date,
    case_url: Callable[[str], str],
    language: Language = "zh",
    *,
    unsubscribe_url: str | None = None,
) -> RenderedMail:
    """The weekly summary to one coordinating body.

    Args:
        agency: who is addressed.
        lines: the cases that changed in the week, gravest first.
        standing: what is open on `day`.
        day: in local time.
        case_url: case id → its page.
        language: of the mail.
        unsubscribe_url: signed link; None where the reader cannot unsubscribe.
    """
    printer = Printer(language)
    content = {
        "agency": printer.say(agency),
        "day": printer.day(day),
        "levels": [(printer.say(LEVEL_NAMES[level]), count) for level, count in standing.by_level],
        "overdue": standing.overdue,
        "lines": [_line(line, printer, case_url(line.case_id)) for line in lines],
    }
    return render_template("weekly", printer, content, unsubscribe_url=unsubscribe_url)


def _line(line: SummaryLine, printer: Printer, url: str) -> dict[str, object]:
    say = printer.say
    return {
        "colour": "closed" if line.is_closed else line.level.code,
        "kind": "close" if line.is_closed else "summary",
        "level": say(LEVEL_NAMES[line.level]),
        "plan": say(line.plan),
        "area": say(line.area),
        "name": say(line.indicator),
        "owner": say(line.owner),
        "reason": say(line.reason),
        "steps": line.steps,
        "due": printer.day(line.due_on) if line.due_on else "",
        "url": url,
    }
