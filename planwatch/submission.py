"""报送: one report by one agency, and the check that decides row by row what is accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property

from planwatch.derived_indicators import PROGRESS, identity_of
from planwatch.language import Text
from planwatch.observation import Observation
from planwatch.period import TimePeriod
from planwatch.plan import Indicator, Plan, fold
from planwatch.rejected_cell import RejectedCell
from planwatch.reported_cell import (
    SURPLUS,
    check_responsible,
    check_surplus,
    check_unit,
    read_accumulation,
    read_area,
    read_breakdown,
    read_obs_status,
    read_period,
    read_value,
    series_of,
)
from planwatch.reported_number import is_missing
from planwatch.series import WITHOUT_VALUE, ObsStatus, SeriesKey
from planwatch.work_report import WORK_FIELDS, NamedWork, WorkReport, WorkRow, index_works, read_work_row

MOST_HINTS = 100
"""For how many unknown indicators of one submission a near name is looked for; each takes about a millisecond."""

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


_PLACE = ("time_period", "freq", "ref_area", "obs_status")
"""What the figures of a row about a task or a project share."""


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
    """What a check made of a submission: every statement of every row is either accepted or has a finding.

    Attributes:
        observations: accepted figures; a row about a task or a project may give several.
        findings: what is returned.
        work_reports: what is accepted of tasks and projects beside figures.
        accepted_rows: how many rows gave something.
    """

    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    work_reports: tuple[WorkReport, ...] = ()
    accepted_rows: int = 0

    @property
    def rows(self) -> frozenset[int]:
        """The numbers of the rows that gave something."""
        observed = {observation.row for observation in self.observations}
        return frozenset(observed | {report.row for report in self.work_reports})

    @property
    def areas(self) -> frozenset[str]:
        """The areas that something is accepted about."""
        observed = {observation.series.ref_area for observation in self.observations}
        return frozenset(observed | {report.ref_area for report in self.work_reports})


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
    return CheckedSubmission(
        tuple(checker.observations), tuple(checker.findings), tuple(checker.work_reports), checker.accepted_rows
    )


class _Checker:
    def __init__(self, submission: Submission, plan: Plan) -> None:
        self.submission, self.plan = submission, plan
        self.observations: list[Observation] = []
        self.findings: list[Finding] = []
        self.work_reports: list[WorkReport] = []
        self.accepted_rows = 0
        self.first_rows: dict[tuple[SeriesKey, TimePeriod], int] = {}
        self.first_reports: dict[tuple[str, str, TimePeriod], int] = {}
        self.unknown = 0

    def check(self, row: int, cells: Mapping[str, str]) -> None:
        before = len(self.observations) + len(self.work_reports)
        try:
            named = self._named_work(cells)
            if named is None:
                self.observations.append(self._observation(row, cells))
            else:
                self._check_work(row, cells, named)
        except RejectedCell as rejected:
            self._find(row, cells, rejected, rejected.field)
        self.accepted_rows += len(self.observations) + len(self.work_reports) > before

    def _find(self, row: int, cells: Mapping[str, str], rejected: RejectedCell, field: str) -> None:
        heading = self.submission.table.headings.get(field, field.upper())
        self.findings.append(Finding(row, heading, cells.get(field, ""), rejected.code, rejected.reason))

    @cached_property
    def _works(self) -> Mapping[str, tuple[NamedWork, ...]]:
        return index_works(self.plan)

    def _named_work(self, cells: Mapping[str, str]) -> NamedWork | None:
        """The task or project that a row is about; None where it gives a figure of an indicator.

        Raises:
            RejectedCell: it reports how a task or project goes on, but of none or of several of that name.
        """
        if not is_missing(cells.get("obs_value", "")):
            return None
        is_report = any(not is_missing(cells.get(field, "")) for field in WORK_FIELDS)
        reference = cells.get("indicator", "")
        found = self._works.get(fold(reference), ()) if is_report or self.plan.indicator(reference) is None else ()
        if len(found) == 1:
            return found[0]
        if is_report or found:
            raise _no_single_work(reference, found, self.plan)
        return None

    def _check_work(self, row: int, cells: Mapping[str, str], named: NamedWork) -> None:
        """A row about a task or a project: its report, and each of its figures by itself."""
        check_surplus(cells.get(SURPLUS, ""))
        progress = self._indicator(f"{identity_of(named.work)}-{PROGRESS}")
        check_responsible(self.submission.agency_id, progress, self.plan)
        period = read_period(cells.get("time_period", ""), cells.get("freq", ""), progress, self.plan)
        area = read_area(cells.get("ref_area", ""), self.plan)
        read_obs_status(cells.get("obs_status", ""))
        read = read_work_row(named, self.plan, period, cells)
        if not (read.figures or read.has_report or read.rejected):
            raise _nothing_reported(named)
        for rejected in read.rejected:
            self._find(row, cells, rejected, rejected.field)
        self._take_figures(row, cells, read)
        if read.has_report:
            self._take_report(row, cells, named, read, area, period)

    def _take_figures(self, row: int, cells: Mapping[str, str], read: WorkRow) -> None:
        for figure in read.figures:
            kept = (*_PLACE, "unit_measure") if figure.field == "quantity_delivered" else _PLACE
            place = {name: cells[name] for name in kept if name in cells}
            try:
                self.observations.append(
                    self._observation(row, {**place, "indicator": figure.indicator_id, "obs_value": figure.value})
                )
            except RejectedCell as rejected:
                self._find(row, cells, rejected, figure.field if rejected.field == "obs_value" else rejected.field)

    def _take_report(
        self, row: int, cells: Mapping[str, str], named: NamedWork, read: WorkRow, area: str, period: TimePeriod
    ) -> None:
        identity = identity_of(named.work)
        first_row = self.first_reports.get((identity, area, period))
        if first_row is not None:
            repeated = _repeated(named.name, named.name, area, period, first_row)
            return self._find(row, cells, repeated, repeated.field)
        self.first_reports[identity, area, period] = row
        self.work_reports.append(
            WorkReport(
                commitment_id=identity,
                ref_area=area,
                period=period,
                status=read.status,
                investment=read.investment,
                expected_completion=read.expected_completion,
                submission_id=self.submission.submission_id,
                row=row,
                received_at=self.submission.received_at,
            )
        )

    def _indicator(self, reference: str) -> Indicator:
        indicator = self.plan.indicator(reference)
        if indicator is not None:
            return indicator
        service = self.plan.service_item(reference)
        if service is not None:
            raise _without_standard(service.name)
        if fold(reference) in self._works:
            raise _figure_of_work(reference)
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
        check_surplus(cells.get(SURPLUS, ""))
        indicator = self._indicator(cells.get("indicator", ""))
        check_responsible(self.submission.agency_id, indicator, self.plan)
        period = read_period(cells.get("time_period", ""), cells.get("freq", ""), indicator, self.plan)
        series = series_of(
            indicator.indicator_id,
            read_area(cells.get("ref_area", ""), self.plan),
            period.freq,
            read_breakdown("urbanisation", cells),
            read_breakdown("pop_group", cells),
        )
        check_unit(cells.get("unit_measure", ""), indicator)
        status = read_obs_status(cells.get("obs_status", ""))
        value = read_value(cells.get("obs_value", ""), status, indicator)
        if value is None and status not in WITHOUT_VALUE:
            status = ObsStatus.MISSING
        first_row = self.first_rows.get((series, period))
        if first_row is not None:
            raise _repeated(indicator.name.zh, indicator.name.en, series.ref_area, period, first_row)
        self.first_rows[series, period] = row
        return Observation(
            series=series,
            period=period,
            value=value,
            status=status,
            accumulation=read_accumulation(cells.get("accumulation", "")),
            submission_id=self.submission.submission_id,
            row=row,
            received_at=self.submission.received_at,
        )


def _repeated(zh: str, en: str, area: str, period: TimePeriod, first_row: int) -> RejectedCell:
    return RejectedCell(
        "indicator",
        "duplicate_row",
        f"与第 {first_row} 行重复：{zh}（{area}，{period}）已报送一次，本行未采用",
        f"repeats row {first_row}: {en} ({area}, {period}) is reported twice; this row was not used",
    )


def _no_single_work(reference: str, found: Sequence[NamedWork], plan: Plan) -> RejectedCell:
    if found:
        listed = "、".join(identity_of(named.work) for named in found)
        return RejectedCell(
            "indicator",
            "several_tasks_or_projects",
            f"“{reference}”有 {len(found)} 项同名，请填编号：{listed}",
            f"{len(found)} tasks or projects are called “{reference}”; use an identifier: {listed}",
        )
    return RejectedCell(
        "indicator",
        "unknown_task_or_project",
        f"《{plan.title.zh}》中没有重点任务或重点工程“{reference}”，请填编号（如 {plan.plan_id}-project-01）或印发名称",
        f"{plan.title.en} has no task or project “{reference}”; use its identifier or its printed name",
    )


def _without_standard(name: Text) -> RejectedCell:
    return RejectedCell(
        "indicator",
        "service_without_standard",
        f"规划目录未给服务项目“{name.zh}”规定标准，实际水平无从对照，本行未采用",
        f"the catalogue gives no standard for the service “{name.en}”; its level cannot be held against anything",
    )


def _figure_of_work(reference: str) -> RejectedCell:
    return RejectedCell(
        "indicator",
        "figure_of_work",
        f"“{reference}”是任务或工程，“数值”栏说明不了报的是什么，请改填形象进度、累计交付数量等栏",
        f"“{reference}” is a task or project; a bare value does not say of what: use the columns of progress, "
        "quantity or investment",
    )


def _nothing_reported(named: NamedWork) -> RejectedCell:
    return RejectedCell(
        "indicator",
        "nothing_reported",
        f"“{named.name}”未填报任何情况，应填进展状态、形象进度、累计交付数量、累计完成投资、预计完成时间中的至少一项",
        "the row reports nothing; give a status, physical progress, a quantity, investment or expected completion",
    )


def _nearest(reference: str, plan: Plan) -> str | None:
    names = [known.name.zh for known in plan.indicators] + [known.indicator_id for known in plan.indicators]
    near = get_close_matches(reference, names, n=1, cutoff=0.5)
    return near[0] if near else None
