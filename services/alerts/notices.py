"""From a change of a case and the figures behind it to the notice that a mail words, and to the mail itself. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from planwatch.case.effects import Step
from planwatch.case.kinds import CaseKind
from planwatch.case.model import Case
from planwatch.early_warning import CaseState, DecisionKind
from planwatch.language import Text
from planwatch.notification import MailKind
from planwatch.period import parse_period
from planwatch.plan import Indicator, Plan, Section
from planwatch.policy import AssessmentClass, Level
from planwatch.wording import CASE_NAMES, demand_of, place_in_plan
from services.alerts.links import LinkSigner
from services.alerts.render import RenderedMail, WarningNotice, build_message
from services.alerts.store import Figures, Mail, Source
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a case that has to be told.

    Attributes:
        case: as it stands now.
        kind, level, reason, policy_line, time_period, at: of the step.
        previous_level: before the step; None where there was none.
        reader: the agency that is told.
    """

    case: Case
    kind: DecisionKind
    level: Level
    previous_level: Level | None
    reason: Text
    policy_line: str
    time_period: str
    at: datetime
    reader: str


def change_of(step: Step, previous_level: Level | None, reader: str, at: datetime) -> Change:
    """A step that has just been taken, as its reader is told of it."""
    case, entry = step.case, step.entry
    return Change(
        case, entry.kind, case.level, previous_level, entry.reason, entry.policy_line or case.policy_line,
        str(case.time_period), at, reader,
    )  # fmt: skip


class NoticeWriter:
    """Puts together what mails say; holds the addresses and the signer of links."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signer = LinkSigner(settings.secret)

    def notice(
        self, plan: Plan, indicator: Indicator, change: Change, figures: Figures | None, source: Source | None = None
    ) -> WarningNotice:
        """The notice of `change`; without figures it tells the reason alone, and the source where there is one."""
        case = change.case
        origin = figures or source
        closes = change.kind is DecisionKind.CLOSE
        is_open = case.state is CaseState.OPEN
        is_derived = indicator.section is not Section.MAIN_TABLE
        files_measures = not closes and case.state in (CaseState.OPEN, CaseState.ACKNOWLEDGED)
        is_owner = change.reader == case.owner
        return WarningNotice(
            case_id=case.case_id,
            episode=case.episode,
            kind=change.kind,
            level=change.level,
            previous_level=change.previous_level,
            plan_title=plan.title,
            area=area_name(plan, case.subject.ref_area),
            place=place_in_plan(indicator),
            indicator_name=indicator.name,
            unit=indicator.unit,
            nature=indicator.nature,
            goal_kind=indicator.goal_kind,
            verdict=AssessmentClass(figures.verdict) if figures else None,
            reason=change.reason,
            policy_line="" if closes else change.policy_line,
            time_period=parse_period(figures.time_period if figures else change.time_period),
            since_period=case.since_period,
            value=figures.obs_value if figures else None,
            measured=figures.measured if figures else None,
            baseline_value=figures.baseline_value if figures else None,
            baseline_period=parse_period(figures.baseline_period) if figures and figures.baseline_period else None,
            baseline_substituted=figures.baseline_substituted if figures else False,
            expected=figures.expected_value if figures else None,
            target=indicator.target,
            achieved_share=figures.achieved_share if figures else None,
            expected_share=figures.expected_share if figures else None,
            gap=figures.gap if figures else None,
            acknowledge_by=case.acknowledge_by if is_open else None,
            measures_by=case.measures_by if files_measures else None,
            case_url=f"{self._settings.public_url}/warnings/{case.case_id}",
            acknowledge_url=self._acknowledge_url(change) if is_open and is_owner else None,
            submission_id=origin.submission_id if origin else None,
            received_at=origin.received_at if origin else None,
            agency=agency_name(plan, case.owner),
            simulated=origin.simulated if origin else False,
            doubts=tuple(doubt.reason for doubt in indicator.needs_confirmation),
            demand=demand_of(indicator),
            case_name=CASE_NAMES[indicator.section] if is_derived else None,
            note=indicator.note if is_derived else None,
            reader=agency_name(plan, change.reader),
            is_provisional=case.deadlines_provisional and not closes,
            wants_report=case.kind is CaseKind.OVERDUE_REPORT,
            forecast=_forecast(figures) if figures else None,
            probability=figures.probability if figures else None,
        )

    def mail(
        self,
        kind: MailKind,
        mail_id: str,
        agency_id: str,
        recipient: str | None,
        rendered: RenderedMail,
        *,
        accepted_at: datetime,
        now: datetime,
        thread: list[str] | None = None,
        not_before: datetime | None = None,
    ) -> Mail:
        """The mail for the outbox; without an address of the agency it goes to the operator, who hands it on."""
        address = recipient or self._settings.mail_from
        message_id = f"<{mail_id}@{self._settings.mail_domain}>"
        message = build_message(
            rendered,
            sender=self._settings.mail_from,
            recipient=address,
            message_id=message_id,
            date=now,
            references=thread or [],
        )
        return Mail(mail_id, kind, agency_id, address, rendered.subject, message_id, message, accepted_at, not_before)

    def _acknowledge_url(self, change: Change) -> str:
        token = self._signer.token(change.case.case_id, change.case.episode, now=change.at)
        return f"{self._settings.alerts_url}/acknowledge/{token}"


def agency_name(plan: Plan, agency_id: str) -> Text:
    """The name of an agency; of one that the plan does not name its id."""
    found = next((agency.name for agency in plan.agencies if agency.agency_id == agency_id), None)
    return found or Text(agency_id, agency_id)


def _forecast(figures: Figures) -> tuple[float, float, float] | None:
    value, low, high = figures.forecast_value, figures.forecast_low, figures.forecast_high
    return None if value is None or low is None or high is None else (value, low, high)


def area_name(plan: Plan, ref_area: str) -> Text:
    """The name of an area: the plan's own, or its name with the code of the division."""
    if ref_area == plan.ref_area:
        return plan.area_name
    return Text(f"{plan.area_name.zh}（{ref_area}）", f"{plan.area_name.en} ({ref_area})")


def warning_mail_id(case_id: str, step: int) -> str:
    """The id of the mail that tells one step of one case."""
    return f"warning-{case_id}-{step}"


def group_mail_id(case_id: str, step: int) -> str:
    """The id of the mail that tells several steps at once, the first of which is this one."""
    return f"group-{case_id}-{step}"


def summary_mail_id(agency_id: str, local_date: str) -> str:
    """The id of the weekly summary to one coordinating body, due on one day."""
    return f"weekly-{hashlib.sha256(agency_id.encode()).hexdigest()[:12]}-{local_date}"


def digest_mail_id(agency_id: str, local_date: str) -> str:
    """The id of the digest of one agency and day."""
    return f"digest-{hashlib.sha256(agency_id.encode()).hexdigest()[:12]}-{local_date}"
