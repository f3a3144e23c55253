"""What the page of a case, its print view and the API show of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from planwatch.case.model import Case, Obligation
from planwatch.case.permissions import Action
from planwatch.early_warning import DecisionKind
from planwatch.language import Text
from planwatch.plan import Indicator, Plan
from planwatch.policy import AssessmentClass
from planwatch.printing import Printer, decimals_of, due_decimals
from planwatch.schedule import LIMIT_KINDS
from planwatch.wording import CLASS_NAMES, KIND_NAMES, LEVEL_NAMES, demand_of
from services.accounts.account import Account
from services.alerts.desk.decisions import refusal_for
from services.alerts.desk.fields import is_open_to
from services.alerts.desk.store import Attachment, CaseMail, Entry
from services.figures import Figure
from services.web.chart import Chart, draw_chart

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
"""The steps that say what a case is now."""
FORMS = (
    Action.ACKNOWLEDGE,
    Action.FILE_MEASURES,
    Action.NOTE,
    Action.ATTACH,
    Action.REQUEST_CLOSING,
    Action.CLOSE,
    Action.ESCALATE,
    Action.SILENCE,
    Action.LIFT_SILENCE,
    Action.REASSIGN,
)
"""In the order in which they stand on the page."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything the database knows of a case.

    Attributes:
        case: as it stands.
        plan, indicator: of the version that the case rests on.
        figures: the periods of its series, rising; empty where it rests on none.
        entries: its history, the first step first.
        mails: that told of it, the newest first.
        attachments: the oldest first.
        names: of all agencies.
        simulated: the figures behind it were generated.
        today: the local day.
    """

    case: Case
    plan: Plan
    indicator: Indicator
    figures: tuple[Figure, ...]
    entries: tuple[Entry, ...]
    mails: tuple[CaseMail, ...]
    attachments: tuple[Attachment, ...]
    names: Mapping[str, Text]
    simulated: bool
    today: date

    @property
    def deciding(self) -> Figure | None:
        """The figure of the period that set the level, as known now."""
        return next((figure for figure in self.figures if figure.time_period == str(self.case.time_period)), None)

    @property
    def decision(self) -> Entry:
        """The last step that says what the case is."""
        return next((entry for entry in reversed(self.entries) if entry.step_kind in DECIDING), self.entries[0])

    @property
    def is_overdue(self) -> bool:
        """Whether what is asked of the owner next is late."""
        return self.case.due_on is not None and self.case.due_on < self.today

    @property
    def chart(self) -> Chart | None:
        """The path with the actual values; None where there is nothing to draw."""
        return draw_chart(self.plan, self.indicator, self.figures, *PICTURE) if self.figures else None

    def name(self, agency_id: str) -> Text:
        """The name of an agency; of an unknown one its id."""
        return self.names.get(agency_id, Text(agency_id, agency_id))


def offered(account: Account, case: Case) -> tuple[Action, ...]:
    """The forms that a person is shown: what they may do and what makes sense now."""
    return tuple(action for action in FORMS if is_open_to(case, action) and not refusal_for(account, case, action))


def what_is_wrong(file: CaseFile) -> Text:
    """The first line: level, figure, what was due, by how much it fails, since when; without a figure the reason."""
    return Text(_wrong(file, Printer("zh")), _wrong(file, Printer("en")))


def what_is_expected(file: CaseFile) -> Text:
    """The second line: who has to do what by when, and whether it is late."""
    return Text(_expected(file, Printer("zh")), _expected(file, Printer("en")))


def _wrong(file: CaseFile, p: Printer) -> str:
    case, indicator, figure = file.case, file.indicator, file.deciding
    level = p.t(f"{LEVEL_NAMES[case.level].zh}预警", f"{LEVEL_NAMES[case.level].en.capitalize()} warning")
    since = p.t(f"自{p.period(case.since_period)}起", f"since {p.period(case.since_period)}")
    if not case.is_open:
        level = p.t(f"原{level}", f"Former {level.lower()}")
    kind = p.say(KIND_NAMES[case.kind])
    if figure is None or figure.measured is None or figure.verdict is None:
        reason = p.t(file.decision.reason_zh, file.decision.reason_en)
        return p.t(f"{level}（{kind}，{since}）：{reason}", f"{level} ({kind}, {since}): {reason}")
    amount = p.amount(p.number(figure.measured), indicator.name, indicator.unit)
    verdict = p.say(CLASS_NAMES[AssessmentClass(figure.verdict)])
    period, name = p.period(case.time_period), p.say(indicator.name)
    against = _against(indicator, figure, p)
    if not case.is_open:
        return p.t(
            f"{level}（{since}）：{period}{name}为{amount}，{against}，{verdict}",
            f"{level} ({since}): {name} is {amount} in {period}; {against}; {verdict}",
        )
    return p.t(
        f"{level}：{period}{name}为{amount}，{against}，{verdict}，{since}",
        f"{level}: {name} is {amount} in {period}; {against}; {verdict}, {since}",
    )


def _against(indicator: Indicator, figure: Figure, p: Printer) -> str:
    """What the figure is held against, and how far it is from it."""
    if indicator.goal_kind in LIMIT_KINDS or figure.expected_value is None:
        target = p.amount(p.number(indicator.target.value), indicator.name, indicator.unit)
        demand = p.say(demand_of(indicator))
        return p.t(
            f"{demand}{indicator.target.comparator.sign}{target}",
            f"{demand} {indicator.target.comparator.sign}{target}",
        )
    decimals = due_decimals(figure.expected_value, indicator.target.value)
    due = p.amount(p.number(figure.expected_value, decimals), indicator.name, indicator.unit)
    gap = p.deviation(figure.gap, max(decimals, decimals_of(figure.measured)), indicator.name, indicator.unit)
    return p.t(f"序时应达{due}，{gap}", f"due by then {due}, {gap}")


def _expected(file: CaseFile, p: Printer) -> str:
    case = file.case
    owner = p.say(file.name(case.owner))
    due = p.day(case.due_on)
    match case.obligation:
        case None:
            return p.t("已销号，无需办理。", "Closed; nothing has to be done.")
        case Obligation.ACKNOWLEDGE:
            measures_by = p.day(case.measures_by)
            line = p.t(
                f"{owner}须于{due}前（含当日）签收，{measures_by}前报送整改措施。",
                f"{owner} has to acknowledge by {due} and to file measures by {measures_by}.",
            )
        case Obligation.FILE_MEASURES:
            line = p.t(f"{owner}须于{due}前（含当日）报送整改措施。", f"{owner} has to file measures by {due}.")
        case Obligation.COMPLETE_MEASURES:
            line = p.t(f"{owner}须于{due}前（含当日）完成整改措施。", f"{owner} has to complete the measures by {due}.")
    return line + _lateness(file, p)


def _lateness(file: CaseFile, p: Printer) -> str:
    case = file.case
    words = ""
    if file.is_overdue and case.due_on is not None:
        days = (file.today - case.due_on).days
        words += p.t(f"已逾期{days}天。", f" {days} days late.")
    if case.deadlines_provisional:
        words += p.t(
            "节假日安排尚未公布，期限为暂定。", " The dates are provisional: the public holidays are not known yet."
        )
    return words


def new_entries(entries: Sequence[Entry], seen: int) -> tuple[Entry, ...]:
    """The steps after the one that a person had seen."""
    return tuple(entry for entry in entries if entry.step > seen)
