"""From a change of a case and the figures behind it to the notice that a mail words, and to the mail itself. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from planwatch.early_warning import CaseState, DecisionKind
from planwatch.language import Text
from planwatch.local_time import LOCAL_TIME
from planwatch.notification import MailKind
from planwatch.period import parse_period
from planwatch.plan import Indicator, Plan, Section
from planwatch.policy import AssessmentClass, Level, Policy
from planwatch.series import SeriesKey
from planwatch.wording import CASE_NAMES, demand_of, place_in_plan
from services.alerts.links import LinkSigner
from services.alerts.render import RenderedMail, WarningNotice, build_message
from services.alerts.store import Figures, Mail
from services.settings import Settings


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a case that has to be told."""

    case_id: str
    episode: int
    state: CaseState
    kind: DecisionKind
    level: Level
    previous_level: Level | None
    since_period: str
    reason: Text
    policy_line: str
    at: datetime


class NoticeWriter:
    """Puts together what mails say; holds the addresses and the signer of links."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signer = LinkSigner(settings.secret)

    def notice(
        self, plan: Plan, indicator: Indicator, series: SeriesKey, policy: Policy, change: Change, figures: Figures
    ) -> WarningNotice:
        """The notice of `change` to the agency that owns the indicator."""
        closes = change.kind is DecisionKind.CLOSE
        is_open = change.state is CaseState.OPEN
        deadlines = policy.deadlines[change.level]
        today = change.at.astimezone(LOCAL_TIME).date()
        doubts = tuple(doubt.reason for doubt in indicator.needs_confirmation)
        is_derived = indicator.section is not Section.MAIN_TABLE
        return WarningNotice(
            case_id=change.case_id,
            episode=change.episode,
            kind=change.kind,
            level=change.level,
            previous_level=change.previous_level,
            plan_title=plan.title,
            area=area_name(plan, series.ref_area),
            place=place_in_plan(indicator),
            indicator_name=indicator.name,
            unit=indicator.unit,
            nature=indicator.nature,
            goal_kind=indicator.goal_kind,
            verdict=AssessmentClass(figures.verdict),
            reason=change.reason,
            policy_line=change.policy_line,
            time_period=parse_period(figures.time_period),
            since_period=parse_period(change.since_period),
            value=figures.obs_value,
            measured=figures.measured,
            baseline_value=figures.baseline_value,
            baseline_period=parse_period(figures.baseline_period) if figures.baseline_period else None,
            baseline_substituted=figures.baseline_substituted,
            expected=figures.expected_value,
            target=indicator.target,
            achieved_share=figures.achieved_share,
            expected_share=figures.expected_share,
            gap=figures.gap,
            acknowledge_by=today + timedelta(days=deadlines.acknowledge_days) if is_open else None,
            measures_by=None if closes else today + timedelta(days=deadlines.measures_days),
            case_url=f"{self._settings.public_url}/warnings/{change.case_id}",
            acknowledge_url=self._acknowledge_url(change) if is_open else None,
            submission_id=figures.submission_id,
            received_at=figures.received_at,
            agency=plan.agency(indicator.owner).name,
            simulated=figures.simulated,
            doubts=doubts,
            demand=demand_of(indicator),
            case_name=CASE_NAMES[indicator.section] if is_derived else None,
            note=indicator.note if is_derived else None,
            forecast=_forecast(figures),
            probability=figures.probability,
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
        return Mail(mail_id, kind, agency_id, address, rendered.subject, message_id, message, accepted_at)

    def _acknowledge_url(self, change: Change) -> str:
        token = self._signer.token(change.case_id, change.episode, now=change.at)
        return f"{self._settings.alerts_url}/acknowledge/{token}"


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


def digest_mail_id(agency_id: str, local_date: str) -> str:
    """The id of the digest of one agency and day."""
    return f"digest-{hashlib.sha256(agency_id.encode()).hexdigest()[:12]}-{local_date}"
