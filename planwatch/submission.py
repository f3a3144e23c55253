"""报送: one report by one agency, and the check that decides row by row what is accepted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache

from planwatch.area import lies_within
from planwatch.derived_indicators import PROGRESS
from planwatch.errors import InvalidPeriod
from planwatch.language import Text
from planwatch.observation import Observation
from planwatch.period import Freq, TimePeriod, parse_period
from planwatch.plan import Indicator, Plan
from planwatch.rejected_cell import RejectedCell
from planwatch.series import TOTAL, WITHOUT_VALUE, Accumulation, ObsStatus, SeriesKey
from planwatch.work_report import (
    WORK_FIELDS,
    WorkReport,
    figures_of,
    find_work,
    identity_of,
    read_expected_completion,
    read_status,
)

MISSING_MARKS = frozenset({"", "-", "—", "——", "－", "…"})
MOST_DIGITS = 30
WORK_FIELDS_SET = frozenset(WORK_FIELDS)
MOST_HINTS = 100
"""For how many unknown indicators of one submission a near name is looked for; each takes about a millisecond."""
_CODE = re.compile(r"[A-Za-z0-9_]{1,32}")
_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x2212: "-"}
"""Full-width forms, and the typographic minus, to what a keyboard in Latin mode gives."""

FIELDS = (
    "indicator",
    "ref_area",
    "freq",
    "time_period",
    "obs_value",
    "obs_status",
    "unit_measure",
    "urbanisation",
    "pop_group",
    "accumulation",
    *WORK_FIELDS,
)
"""The fields of a reported row; `indicator` and `time_period` are required, the others have defaults."""


SURPLUS = "surplus"
"""Field under which a reader puts cells that stand beyond the last heading; they make the row unreadable."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one row, told to its sender.

    Attributes:
        row: the row as its sender counts (a CSV's first data row is 2).
        field: the column as its sender named it, e.g. `OBS_VALUE` or `数值`.
        value: the cell as it was sent.
        code: e.g. `unknown_indicator`.
        reason: what is wrong and what was expected.
    """

    row: int
    field: str
    value: str
    code: str
    reason: Text

    def as_mapping(self) -> dict[str, str | int]:
        """The finding as the ledger keeps it: `{row, field, value, code, zh, en}`."""
        return {
            "row": self.row,
            "field": self.field,
            "value": self.value,
            "code": self.code,
            **self.reason.as_mapping(),
        }


@dataclass(frozen=True, slots=True)
class ReportedTable:
    """The rows of a submission, before anything is believed about them.

    Attributes:
        headings: field of `FIELDS` → the heading that the sender used.
        rows: pairs of the sender's row number and its cells by field.
    """

    headings: Mapping[str, str]
    rows: Sequence[tuple[int, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Submission:
    """One delivery by one agency.

    Attributes:
        submission_id: see `submission_id`.
        agency_id: who reports.
        plan_id: the data set: under which plan.
        received_at: when Planwatch received it (aware, UTC).
        simulated: True where the figures were generated and must be shown as such.
        table: what was reported.
    """

    submission_id: str
    agency_id: str
    plan_id: str
    received_at: datetime
    simulated: bool
    table: ReportedTable


@dataclass(frozen=True, slots=True)
class CheckedSubmission:
    """What a check made of a submission: every row is either accepted or has a finding."""

    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    work_reports: tuple[WorkReport, ...] = ()


def submission_id(agency_id: str, plan_id: str, periods: str, content: bytes) -> str:
    """The deterministic id of a submission: the same report by the same agency always has the same one.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.sha256(content).hexdigest()
    return hashlib.sha256("|".join((agency_id, plan_id, periods, digest)).encode()).hexdigest()[:32]


def reported_periods(table: ReportedTable) -> str:
    """The periods a table is about, in short: `2021`, or `2020..2021` for more than one."""
    periods = sorted({cells.get("time_period", "").strip() for _, cells in table.rows})
    return periods[0] if len(periods) == 1 else f"{periods[0]}..{periods[-1]}" if periods else ""


def check_submission(submission: Submission, plan: Plan) -> CheckedSubmission:
    """Decide row by row which observations are accepted; a bad row never harms a good one.

    Args:
        submission: as received.
        plan: the current version of the plan it names.
    Returns:
        Accepted observations in row order, and all findings.
    """
    checker = _Checker(submission, plan)
    for row, cells in submission.table.rows:
        checker.check(row, cells)
    return CheckedSubmission(tuple(checker.observations), tuple(checker.findings), tuple(checker.work_reports))


class _Checker:
    def __init__(self, submission: Submission, plan: Plan) -> None:
        self.submission, self.plan = submission, plan
        self.observations: list[Observation] = []
        self.findings: list[Finding] = []
        self.work_reports: list[WorkReport] = []
        self.first_rows: dict[tuple[SeriesKey, TimePeriod], int] = {}
        self.unknown = 0

    def check(self, row: int, cells: Mapping[str, str]) -> None:
        try:
            if _is_about_work(cells):
                self._check_work(row, cells)
            else:
                self.observations.append(self._observation(row, cells))
        except RejectedCell as rejected:
            self._find(row, cells, rejected, rejected.field)

    def _find(self, row: int, cells: Mapping[str, str], rejected: RejectedCell, field: str) -> None:
        heading = self.submission.table.headings.get(field, field.upper())
        self.findings.append(Finding(row, heading, cells.get(field, ""), rejected.code, rejected.reason))

    def _check_work(self, row: int, cells: Mapping[str, str]) -> None:
        """A row about a task or a project: its report, and each of its figures by itself."""
        _check_surplus(cells.get(SURPLUS, ""))
        work = find_work(self.plan, cells.get("indicator", ""))
        if work is None:
            raise _unknown_work(cells.get("indicator", ""), self.plan)
        progress = self._indicator(f"{identity_of(work)}-{PROGRESS}")
        _check_responsible(self.submission.agency_id, progress, self.plan)
        period = _period(cells.get("time_period", ""), cells.get("freq", ""), progress, self.plan)
        status = read_status(cells.get("work_status", ""))
        expected_completion = read_expected_completion(cells.get("expected_completion", ""))
        for indicator_id, figure, field in figures_of(work, self.plan, cells, status, expected_completion):
            try:
                reported = {"indicator": indicator_id, "obs_value": figure}
                place = {name: cells[name] for name in ("time_period", "freq", "ref_area") if name in cells}
                self.observations.append(self._observation(row, {**place, **reported}))
            except RejectedCell as rejected:
                self._find(row, cells, rejected, field if rejected.field == "obs_value" else rejected.field)
        self.work_reports.append(
            WorkReport(
                commitment_id=identity_of(work),
                ref_area=_area(cells.get("ref_area", ""), self.plan),
                period=period,
                status=status,
                investment=cells.get("investment", "").strip() or None,
                expected_completion=expected_completion,
                submission_id=self.submission.submission_id,
                row=row,
                received_at=self.submission.received_at,
            )
        )

    def _indicator(self, reference: str) -> Indicator:
        indicator = self.plan.indicator(reference)
        if indicator is not None:
            return indicator
        self.unknown += 1
        near = _nearest(reference, self.plan) if self.unknown <= MOST_HINTS else None
        count = len(self.plan.indicators)
        hint_zh = f"；是否为“{near}”？" if near else f"；可用序号 1–{count}、指标编号或印发名称"
        hint_en = (
            f"; did you mean “{near}”?" if near else f"; use a number 1–{count}, an indicator id or a printed name"
        )
        raise RejectedCell(
            "indicator",
            "unknown_indicator",
            f"《{self.plan.title.zh}》中没有指标“{reference}”{hint_zh}",
            f"{self.plan.title.en} has no indicator “{reference}”{hint_en}",
        )

    def _observation(self, row: int, cells: Mapping[str, str]) -> Observation:
        _check_surplus(cells.get(SURPLUS, ""))
        indicator = self._indicator(cells.get("indicator", ""))
        _check_responsible(self.submission.agency_id, indicator, self.plan)
        period = _period(cells.get("time_period", ""), cells.get("freq", ""), indicator, self.plan)
        series = _series(
            indicator.indicator_id,
            _area(cells.get("ref_area", ""), self.plan),
            period.freq,
            _breakdown("urbanisation", cells),
            _breakdown("pop_group", cells),
        )
        _check_unit(cells.get("unit_measure", ""), indicator)
        status = _status(cells.get("obs_status", ""))
        value = _value(cells.get("obs_value", ""), status, indicator)
        if value is None and status not in WITHOUT_VALUE:
            status = ObsStatus.MISSING
        first_row = self.first_rows.get((series, period))
        if first_row is not None:
            raise RejectedCell(
                "indicator",
                "duplicate_row",
                f"与第 {first_row} 行重复：{indicator.name.zh}（{series.ref_area}，{period}）已报送一次，本行未采用",
                f"repeats row {first_row}: {indicator.name.en} ({series.ref_area}, {period}) is reported twice; "
                "this row was not used",
            )
        self.first_rows[series, period] = row
        return Observation(
            series=series,
            period=period,
            value=value,
            status=status,
            accumulation=_accumulation(cells.get("accumulation", "")),
            submission_id=self.submission.submission_id,
            row=row,
            received_at=self.submission.received_at,
        )


def _is_about_work(cells: Mapping[str, str]) -> bool:
    """Whether a row tells how a task or a project goes on, instead of giving a figure of an indicator."""
    if WORK_FIELDS_SET.isdisjoint(cells) or cells.get("obs_value", "").strip():
        return False
    return any(cells.get(field, "").strip() for field in WORK_FIELDS)


def _unknown_work(reference: str, plan: Plan) -> RejectedCell:
    return RejectedCell(
        "indicator",
        "unknown_task_or_project",
        f"《{plan.title.zh}》中没有重点任务或重点工程“{reference}”，请填编号（如 {plan.plan_id}-project-01）或印发名称",
        f"{plan.title.en} has no task or project “{reference}”; use its identifier or its printed name",
    )


def _nearest(reference: str, plan: Plan) -> str | None:
    names = [known.name.zh for known in plan.indicators] + [known.indicator_id for known in plan.indicators]
    near = get_close_matches(reference, names, n=1, cutoff=0.5)
    return near[0] if near else None


def _check_surplus(text: str) -> None:
    if text:
        raise RejectedCell(
            SURPLUS,
            "too_many_cells",
            f"本行比表头多出单元格“{text}”，数值中的逗号请去掉或加引号",
            f"the row has cells beyond the headings: “{text}”; remove or quote commas inside figures",
        )


def _check_responsible(agency_id: str, indicator: Indicator, plan: Plan) -> None:
    if agency_id not in (indicator.owner, plan.coordinating_agency):
        owner = plan.agency(indicator.owner).name
        raise RejectedCell(
            "indicator",
            "not_responsible",
            f"“{indicator.name.zh}”由{owner.zh}报送，本单位无权报送",
            f"“{indicator.name.en}” is reported by {owner.en}; your agency may not report it",
        )


def _period(text: str, freq: str, indicator: Indicator, plan: Plan) -> TimePeriod:
    try:
        period = parse_period(text)
    except InvalidPeriod as error:
        raise RejectedCell("time_period", "unknown_period", error.text.zh, error.text.en) from error
    if freq and freq.strip().upper() != period.freq:
        raise RejectedCell(
            "freq",
            "freq_disagrees",
            f"频率“{freq}”与时期“{text}”（{period.freq}）不一致",
            f"FREQ “{freq}” does not agree with the period “{text}” ({period.freq})",
        )
    is_within = plan.first_day <= period.start and period.end <= plan.last_day
    if not is_within and all(period != cell.period for cell in indicator.values.values()):
        raise RejectedCell(
            "time_period",
            "period_outside_plan",
            f"时期“{text}”不在规划期 {plan.start}–{plan.end} 之内，也不是规划印发的基期",
            f"period “{text}” lies outside the plan period {plan.start}–{plan.end} and is not a printed baseline",
        )
    return period


def _area(text: str, plan: Plan) -> str:
    area = text.strip() or plan.ref_area
    if not _covered(area, plan.ref_area):
        raise RejectedCell(
            "ref_area",
            "area_outside_plan",
            f"地区“{text}”不属于{plan.area_name.zh}（{plan.ref_area}），应为六位行政区划代码",
            f"area “{text}” does not belong to {plan.area_name.en} ({plan.ref_area}); expected a GB/T 2260 code",
        )
    return area


def _breakdown(field: str, cells: Mapping[str, str]) -> str:
    code = cells.get(field, "").strip() or TOTAL
    if code is not TOTAL and not _CODE.fullmatch(code):
        raise RejectedCell(
            field,
            "unknown_code",
            f"分组“{code}”不是代码，应为字母、数字或下划线，合计为 {TOTAL}",
            f"“{code}” is not a code; expected letters, digits and underscores, {TOTAL} for the total",
        )
    return code


@lru_cache(maxsize=16384)
def _series(indicator_id: str, ref_area: str, freq: Freq, urbanisation: str, pop_group: str) -> SeriesKey:
    """The key of a series, one object for its many figures: it knows its text and its hash."""
    return SeriesKey(indicator_id, ref_area, freq, urbanisation, pop_group)


@lru_cache(maxsize=8192)
def _covered(area: str, parent: str) -> bool:
    return lies_within(area, parent)


def _check_unit(text: str, indicator: Indicator) -> None:
    unit = indicator.unit
    if text and text.strip() not in (unit.printed, unit.measure):
        raise RejectedCell(
            "unit_measure",
            "unit_differs",
            f"单位“{text}”与规划不符，应为“{unit.printed or unit.measure}”",
            f"unit “{text}” differs from the plan's; expected “{unit.printed or unit.measure}”",
        )


def _status(text: str) -> ObsStatus:
    if not text.strip():
        return ObsStatus.NORMAL
    try:
        return ObsStatus(text.strip().upper())
    except ValueError:
        codes = "、".join(ObsStatus)
        raise RejectedCell(
            "obs_status",
            "unknown_status",
            f"数据状态“{text}”不是 CL_OBS_STATUS 的代码（{codes}）",
            f"“{text}” is not a code of CL_OBS_STATUS ({', '.join(ObsStatus)})",
        ) from None


def _value(text: str, status: ObsStatus, indicator: Indicator) -> Decimal | None:
    cell = text.strip() if text.isascii() else text.translate(_HALF_WIDTH).strip()
    if text.strip() in MISSING_MARKS:
        return None
    if status in WITHOUT_VALUE:
        raise RejectedCell(
            "obs_value",
            "value_with_status",
            f"数据状态“{status}”表示没有数值，却填报了“{text}”，请改正其一",
            f"status “{status}” says that there is no figure, yet “{text}” is given; correct one of them",
        )
    if indicator.unit.measure == "PT":
        cell = cell.removesuffix("%").rstrip()
    value = Decimal(cell.replace(",", "")) if _NUMBER.fullmatch(cell) else Decimal("NaN")
    if not value.is_finite() or len(value.as_tuple().digits) > MOST_DIGITS or abs(value.adjusted()) > MOST_DIGITS:
        unit = indicator.unit.printed or indicator.unit.measure
        raise RejectedCell(
            "obs_value",
            "not_a_number",
            f"“{text}”不是数字；应填以“{unit}”为单位的数，缺数请留空或填“-”",
            f"“{text}” is not a number; expected a figure in “{unit}”, or an empty cell where there is none",
        )
    lower, upper = indicator.bounds
    if (lower is not None and value < lower) or (upper is not None and value > upper):
        low, high = "−∞" if lower is None else str(lower), "∞" if upper is None else str(upper)
        raise RejectedCell(
            "obs_value",
            "out_of_bounds",
            f"“{text}”超出{indicator.name.zh}的可能范围 {low}–{high}",
            f"“{text}” is outside the possible range {low}–{high} of {indicator.name.en}",
        )
    return value


def _accumulation(text: str) -> Accumulation | None:
    if not text.strip():
        return None
    forms = {
        "当期": Accumulation.FLOW,
        "本年累计": Accumulation.YEAR_TO_DATE,
        "规划期累计": Accumulation.SINCE_PLAN_START,
    }
    try:
        return forms.get(text.strip()) or Accumulation(text.strip().lower())
    except ValueError:
        raise RejectedCell(
            "accumulation",
            "unknown_accumulation",
            f"口径“{text}”无法识别，应为{'、'.join(forms)}",
            f"“{text}” is not understood; expected {', '.join(Accumulation)}",
        ) from None
