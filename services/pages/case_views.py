"""What the pages of a case, a receipt and a mail show. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planwatch.commitment import Quotation
from planwatch.early_warning import DecisionKind
from planwatch.plan import Indicator, Plan
from services.pages.catcher import CaughtMail
from services.pages.chart import Chart, draw_chart
from services.pages.commitment_store import Report
from services.pages.commitment_views import commitment_quotation
from services.pages.forecast_store import Forecasts, KnownForecast
from services.pages.store import Case, Figure, Mail, Receipt, Step, VerdictChange
from services.pages.views import rests_on_simulated

PICTURE = (480, 240, 48)
"""Width, height and margin; the margin holds the labels."""
DECIDING = frozenset(
    {
        DecisionKind.RAISE,
        DecisionKind.REOPEN,
        DecisionKind.RAISE_LEVEL,
        DecisionKind.LOWER_LEVEL,
        DecisionKind.HOLD,
        DecisionKind.CLOSE,
    }
)
"""The steps that say what a case is now; the others tell what was done about it."""
SHOWN_HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted")


@dataclass(frozen=True, slots=True)
class CasePage:
    """A case with the figures behind it.

    Attributes:
        case: as it stands.
        plan: its plan, None if it is no longer in the catalogue; `indicator` likewise.
        deciding: the figure of the period that set the case, as known now; None if it is not there.
        figures: every period of the series, the newest first.
        chart: the path with the actual values.
        history: all steps, the first one first.
        decision: the last step that a verdict led to; what people do about it decides nothing.
        level: the level that stands, or the last one of a closed case.
        simulated: the deciding figure was generated or rests on generated ones.
        quotation: the printed words of the commitment that the indicator is derived from; None for the main table.
        reports: on its task or project in the area of the case, the newest first.
        forecast: beside the verdict on the deciding figure.
    """

    case: Case
    plan: Plan | None
    indicator: Indicator | None
    deciding: Figure | None
    figures: tuple[Figure, ...]
    chart: Chart | None
    history: tuple[Step, ...]
    decision: Step
    level: str
    simulated: bool
    quotation: Quotation | None
    reports: tuple[Report, ...]
    forecast: KnownForecast | None = None


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """A receipt with what the submission changed; `rows_returned` counts rows, which may have several findings."""

    receipt: Receipt
    plan: Plan | None
    rows_returned: int
    changes: tuple[VerdictChange, ...] = ()


@dataclass(frozen=True, slots=True)
class MailPage:
    """A mail with what the local catcher received of it.

    Attributes:
        mail: the entry of the outbox.
        caught: as received, None if not.
        headers: of the received mail, those that people look at.
        has_catcher: a local catcher is configured.
    """

    mail: Mail
    caught: CaughtMail | None
    headers: tuple[tuple[str, str], ...]
    has_catcher: bool


def case_page(
    case: Case,
    plan: Plan | None,
    figures: Sequence[Figure],
    history: Sequence[Step],
    reports: Sequence[Report] = (),
    forecasts: Forecasts | None = None,
) -> CasePage:
    """A case with its figures.

    Args:
        case: as it stands.
        plan: its plan, None if it is no longer in the catalogue.
        figures: the periods of its series, rising.
        history: its steps in order; the first one is never an acknowledgement.
        reports: on the task or project that it is about, the newest last.
        forecasts: beside verdicts on its series.
    """
    indicator = plan.indicator(case.indicator_id) if plan else None
    decision = next(step for step in reversed(history) if step.step_kind in DECIDING)
    deciding = next((figure for figure in figures if figure.time_period == case.time_period), None)
    forecast = (forecasts or {}).get((case.series_key, case.time_period))
    return CasePage(
        case=case,
        plan=plan,
        indicator=indicator,
        deciding=deciding,
        figures=tuple(reversed(figures)),
        chart=draw_chart(plan, indicator, figures, *PICTURE, forecast=forecast) if plan and indicator else None,
        history=tuple(history),
        decision=decision,
        level=decision.level,
        simulated=rests_on_simulated(indicator, figures, deciding) if indicator and deciding else False,
        quotation=commitment_quotation(plan, indicator.commitment_id or "") if plan and indicator else None,
        reports=tuple(report for report in reversed(reports) if report.ref_area == case.ref_area),
        forecast=forecast,
    )


def receipt_page(receipt: Receipt, plan: Plan | None, changes: Sequence[VerdictChange] = ()) -> ReceiptPage:
    """A receipt with the name of its plan and the verdicts that the submission changed."""
    return ReceiptPage(receipt, plan, len({finding["row"] for finding in receipt.findings}), tuple(changes))


def mail_page(mail: Mail, caught: CaughtMail | None, *, has_catcher: bool) -> MailPage:
    """A mail of the outbox beside what was received of it."""
    headers = tuple(pair for pair in caught.headers if pair[0] in SHOWN_HEADERS) if caught else ()
    return MailPage(mail, caught, headers, has_catcher)
