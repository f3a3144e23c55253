"""How a task or a project goes on: what an agency reports of it, and the figures that follow for its indicators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from planwatch.commitment import Project, Task
from planwatch.derived_indicators import DELAY, INVESTMENT, PROGRESS, identity_of
from planwatch.errors import InvalidPeriod
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Plan, fold
from planwatch.rejected_cell import RejectedCell
from planwatch.reported_number import is_missing, read_number

WORK_FIELDS = ("work_status", "physical_progress", "quantity_delivered", "investment", "expected_completion")
"""The fields of a row that names a task or a project instead of an indicator."""

INVESTMENT_MULT = 4
"""UNIT_MULT in which investment is reported: 万元."""

_DONE = Decimal(100)
_Read = TypeVar("_Read")


class WorkStatus(StrEnum):
    """进展状态 of a task or a project."""

    NOT_STARTED = "not_started"
    UNDER_WAY = "under_way"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


WORK_STATUS_NAMES = {
    WorkStatus.NOT_STARTED: Text("未开工", "not started"),
    WorkStatus.UNDER_WAY: Text("进行中", "under way"),
    WorkStatus.SUSPENDED: Text("暂停", "suspended"),
    WorkStatus.COMPLETED: Text("已完成", "completed"),
    WorkStatus.CANCELLED: Text("已取消", "cancelled"),
}

_SPOKEN = {name.zh: status for status, name in WORK_STATUS_NAMES.items()} | {
    "未启动": WorkStatus.NOT_STARTED,
    "在建": WorkStatus.UNDER_WAY,
    "停工": WorkStatus.SUSPENDED,
    "已完工": WorkStatus.COMPLETED,
    "完工": WorkStatus.COMPLETED,
    "完成": WorkStatus.COMPLETED,
    "取消": WorkStatus.CANCELLED,
}
_IMPLIED_PROGRESS = {WorkStatus.COMPLETED: "100", WorkStatus.NOT_STARTED: "0"}


@dataclass(frozen=True, slots=True)
class WorkReport:
    """What one submission says of one task or project at one period, beside its figures.

    Attributes:
        commitment_id: the task or project.
        ref_area: for which area.
        period: the state at its end.
        status: None where the row gives none.
        investment: completed so far, in 10,000 yuan; None where the row gives none.
        expected_completion: None where the row gives none.
        submission_id, row: where it stands.
        received_at: when the submission came.
    """

    commitment_id: str
    ref_area: str
    period: TimePeriod
    status: WorkStatus | None
    investment: Decimal | None
    expected_completion: TimePeriod | None
    submission_id: str
    row: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class NamedWork:
    """The task or project that a row names; `quantity_id` where it names one of its quantities."""

    work: Task | Project
    quantity_id: str | None = None

    @property
    def name(self) -> str:
        """Its printed name, or its identifier where none is printed."""
        return self.work.name if isinstance(self.work, Project) else self.work.title or self.work.task_id


@dataclass(frozen=True, slots=True)
class WorkFigure:
    """A figure that a row gives for an indicator of its task or project.

    Attributes:
        indicator_id: the indicator.
        value: the figure as text, in the indicator's unit.
        field: the field that it comes from.
    """

    indicator_id: str
    value: str
    field: str


@dataclass(frozen=True, slots=True)
class WorkRow:
    """What a row says of its task or project: each statement is either there or among `rejected`."""

    status: WorkStatus | None
    investment: Decimal | None
    expected_completion: TimePeriod | None
    figures: tuple[WorkFigure, ...]
    rejected: tuple[RejectedCell, ...]

    @property
    def has_report(self) -> bool:
        """Whether it says more than figures."""
        return any(said is not None for said in (self.status, self.investment, self.expected_completion))


def index_works(plan: Plan) -> dict[str, tuple[NamedWork, ...]]:
    """Folded identifier or printed name → the tasks and projects of a plan that it names.

    An identifier of a quantity names its project. A name that several share leads to all of them.
    """
    index: dict[str, tuple[NamedWork, ...]] = {}
    works: list[Task | Project] = [*plan.commitments.tasks, *plan.commitments.projects]
    for work in works:
        named = NamedWork(work)
        for name in dict.fromkeys((fold(identity_of(work)), fold(named.name))):
            index[name] = (*index.get(name, ()), named)
    for project in plan.commitments.projects:
        for delivered in project.deliverables:
            index[fold(delivered.quantity_id)] = (NamedWork(project, delivered.quantity_id),)
    return index


def read_work_row(named: NamedWork, plan: Plan, period: TimePeriod, cells: Mapping[str, str]) -> WorkRow:
    """What a row says of the task or project that it names; a cell that cannot be used leaves the others alone.

    Args:
        named: what the row names.
        plan: its plan.
        period: of the row.
        cells: by field of `WORK_FIELDS`; a mark for “no figure” counts as empty.
    """
    given = {field: cells[field] for field in WORK_FIELDS if not is_missing(cells.get(field, ""))}
    rejected: list[RejectedCell] = []

    def attempt(read: Callable[[], _Read]) -> _Read | None:
        try:
            return read()
        except RejectedCell as rejection:
            rejected.append(rejection)
            return None

    status = attempt(lambda: _read_status(given))
    if attempt(lambda: _check_progress(status, given)) is None:
        status, given = None, {field: cell for field, cell in given.items() if field != "physical_progress"}
    completion = attempt(lambda: _read_completion(given, status, period))
    investment = attempt(lambda: _read_investment(given))
    figures = [
        *_progress(named.work, status, given),
        *_delay(named.work, plan, status, completion),
        *(attempt(lambda: list(_quantity(named, given))) or ()),
        *_investment(named.work, plan, investment),
    ]
    return WorkRow(status, investment, completion, tuple(figures), tuple(rejected))


def _read_status(given: Mapping[str, str]) -> WorkStatus | None:
    text = given.get("work_status", "").strip()
    if not text:
        return None
    try:
        return _SPOKEN.get(text) or WorkStatus(text.lower())
    except ValueError:
        names = "、".join(name.zh for name in WORK_STATUS_NAMES.values())
        raise RejectedCell(
            "work_status",
            "unknown_work_status",
            f"进展状态“{text}”无法识别，应为{names}",
            f"“{text}” is not one of {', '.join(WorkStatus)}",
        ) from None


def _check_progress(status: WorkStatus | None, given: Mapping[str, str]) -> bool:
    """True where status and progress agree, or one of them is not there; what is no number is found later."""
    progress = given.get("physical_progress", "").strip()
    value = read_number(progress, per_cent=True)
    is_contradicted = value is not None and (
        (status is WorkStatus.COMPLETED and value < _DONE) or (status is WorkStatus.NOT_STARTED and value > 0)
    )
    if status is not None and is_contradicted:
        name = WORK_STATUS_NAMES[status]
        raise RejectedCell(
            "physical_progress",
            "contradicts_status",
            f"进展状态为“{name.zh}”，形象进度却为“{progress}”，两者均未采用，请改正其一",
            f"the status is {name.en}, yet the physical progress is “{progress}”; neither was used, correct one",
        )
    return True


def _read_completion(given: Mapping[str, str], status: WorkStatus | None, period: TimePeriod) -> TimePeriod | None:
    text = given.get("expected_completion", "").strip()
    if not text:
        return None
    try:
        completion = parse_period(text)
    except InvalidPeriod as error:
        raise RejectedCell("expected_completion", "unknown_period", error.text.zh, error.text.en) from error
    if status is WorkStatus.COMPLETED and completion.start > period.end:
        raise RejectedCell(
            "expected_completion",
            "contradicts_status",
            f"进展状态为“已完成”，预计完成时间“{text}”却在报告期之后，此时间未采用",
            f"the status is completed, yet “{text}” lies after the reported period; this date was not used",
        )
    return completion


def _read_investment(given: Mapping[str, str]) -> Decimal | None:
    text = given.get("investment", "")
    if not text:
        return None
    value = read_number(text, per_cent=False)
    if value is None:
        raise RejectedCell(
            "investment",
            "not_a_number",
            f"“{text}”不是数字；应填以“万元”为单位的数",
            f"“{text}” is not a number; expected a figure in 10,000 yuan",
        )
    if value < 0:
        raise RejectedCell(
            "investment", "out_of_bounds", f"累计完成投资“{text}”不应为负", f"investment “{text}” is negative"
        )
    return value


def _progress(work: Task | Project, status: WorkStatus | None, given: Mapping[str, str]) -> Iterator[WorkFigure]:
    indicator_id = f"{identity_of(work)}-{PROGRESS}"
    if "physical_progress" in given:
        yield WorkFigure(indicator_id, given["physical_progress"], "physical_progress")
    elif status in _IMPLIED_PROGRESS:
        yield WorkFigure(indicator_id, _IMPLIED_PROGRESS[status], "work_status")


def _delay(
    work: Task | Project, plan: Plan, status: WorkStatus | None, completion: TimePeriod | None
) -> Iterator[WorkFigure]:
    """Months by which the expected completion is later than the deadline; what is completed is late no more."""
    indicator_id = f"{identity_of(work)}-{DELAY}"
    if status is WorkStatus.COMPLETED:
        yield WorkFigure(indicator_id, "0", "work_status")
    elif completion is not None:
        months = _months_late(completion.end, (work.deadline or plan.end).end)
        yield WorkFigure(indicator_id, str(months), "expected_completion")


def _quantity(named: NamedWork, given: Mapping[str, str]) -> Iterator[WorkFigure]:
    if "quantity_delivered" in given:
        quantity_id = named.quantity_id or _only_quantity(named)
        yield WorkFigure(quantity_id, given["quantity_delivered"], "quantity_delivered")


def _investment(work: Task | Project, plan: Plan, investment: Decimal | None) -> Iterator[WorkFigure]:
    """The figure in the unit of the printed investment; none where the plan prints no investment."""
    indicator = plan.indicator(f"{identity_of(work)}-{INVESTMENT}")
    if investment is not None and indicator is not None:
        value = investment.scaleb(INVESTMENT_MULT - indicator.unit.mult)
        yield WorkFigure(indicator.indicator_id, f"{value:f}", "investment")


def _only_quantity(named: NamedWork) -> str:
    deliverables = named.work.deliverables if isinstance(named.work, Project) else ()
    if len(deliverables) == 1:
        return deliverables[0].quantity_id
    listed = "；".join(f"{each.quantity_id} {each.what.zh}" for each in deliverables)
    listed_en = "; ".join(f"{each.quantity_id} {each.what.en}" for each in deliverables)
    if not deliverables:
        zh, en = f"规划未为“{named.name}”印发交付数量", f"the plan prints no quantity for “{named.name}”"
    else:
        zh = f"“{named.name}”有 {len(deliverables)} 项交付数量，请按编号分行填报：{listed}"
        en = f"it has {len(deliverables)} quantities; report each in a row of its own by its identifier: {listed_en}"
    raise RejectedCell("quantity_delivered", "which_quantity", zh, en)


def _months_late(expected: date, deadline: date) -> int:
    return (expected.year - deadline.year) * 12 + expected.month - deadline.month
