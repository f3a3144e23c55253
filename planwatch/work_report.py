"""How a task or a project goes on: what an agency reports of it, and the figures that follow for its indicators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from planwatch.commitment import Project, Task
from planwatch.derived_indicators import DELAY, INVESTMENT, PROGRESS
from planwatch.errors import InvalidPeriod
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import Plan
from planwatch.rejected_cell import RejectedCell

WORK_FIELDS = ("work_status", "physical_progress", "quantity_delivered", "investment", "expected_completion")
"""The fields of a row that names a task or a project instead of an indicator."""


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
_DONE = Decimal(100)


@dataclass(frozen=True, slots=True)
class WorkReport:
    """What one submission says of one task or project at one period.

    Attributes:
        commitment_id: the task or project.
        ref_area: for which area.
        period: the state at its end.
        status: None where the row gives none.
        investment: completed so far, as reported; None where the row gives none.
        expected_completion: None where the row gives none.
        submission_id, row: where it stands.
        received_at: when the submission came.
    """

    commitment_id: str
    ref_area: str
    period: TimePeriod
    status: WorkStatus | None
    investment: str | None
    expected_completion: TimePeriod | None
    submission_id: str
    row: int
    received_at: datetime


def find_work(plan: Plan, reference: str) -> Task | Project | None:
    """The task or project with this identifier or printed name; None if there is none, or several of that name."""
    identity = reference.strip()
    named: list[Task | Project] = []
    for task in plan.commitments.tasks:
        if task.task_id == identity:
            return task
        if task.title == identity:
            named.append(task)
    for project in plan.commitments.projects:
        if project.project_id == identity:
            return project
        if project.name == identity:
            named.append(project)
    return named[0] if len(named) == 1 else None


def identity_of(work: Task | Project) -> str:
    """The identifier of a task or project."""
    return work.project_id if isinstance(work, Project) else work.task_id


def read_status(cell: str) -> WorkStatus | None:
    """The status of a cell, None for an empty one.

    Raises:
        RejectedCell: it is none of the known ones.
    """
    text = cell.strip()
    if not text:
        return None
    try:
        return _SPOKEN.get(text) or WorkStatus(text.lower())
    except ValueError:
        names = "、".join(name.zh for name in WORK_STATUS_NAMES.values())
        zh = f"进展状态“{text}”无法识别，应为{names}"
        raise RejectedCell(
            "work_status", "unknown_work_status", zh, f"“{text}” is not one of {', '.join(WorkStatus)}"
        ) from None


def read_expected_completion(cell: str) -> TimePeriod | None:
    """The period of expected completion, None for an empty cell.

    Raises:
        RejectedCell: it is not a period.
    """
    if not cell.strip():
        return None
    try:
        return parse_period(cell.strip())
    except InvalidPeriod as error:
        raise RejectedCell("expected_completion", "unknown_period", error.text.zh, error.text.en) from error


def figures_of(
    work: Task | Project,
    plan: Plan,
    cells: Mapping[str, str],
    status: WorkStatus | None,
    expected_completion: TimePeriod | None,
) -> Iterator[tuple[str, str, str]]:
    """The figures that a row gives for the indicators of its task or project.

    Returns:
        Triples of indicator id, the figure as text, and the field that it comes from.
    Raises:
        RejectedCell: a quantity without saying of what, or a status that its progress contradicts.
    """
    identity = identity_of(work)
    progress = cells.get("physical_progress", "").strip()
    _check_progress(status, progress)
    implied = _IMPLIED_PROGRESS.get(status, "") if status else ""
    if progress or implied:
        yield f"{identity}-{PROGRESS}", progress or implied, "physical_progress" if progress else "work_status"
    if status is WorkStatus.COMPLETED:
        yield f"{identity}-{DELAY}", "0", "work_status"
    elif expected_completion is not None:
        deadline = (work.deadline or plan.end).end
        yield f"{identity}-{DELAY}", str(_months_late(expected_completion.end, deadline)), "expected_completion"
    if cells.get("quantity_delivered", "").strip():
        yield _only_quantity(work), cells["quantity_delivered"], "quantity_delivered"
    if cells.get("investment", "").strip() and plan.indicator(f"{identity}-{INVESTMENT}"):
        yield f"{identity}-{INVESTMENT}", cells["investment"], "investment"


def _check_progress(status: WorkStatus | None, progress: str) -> None:
    try:
        value = Decimal(progress.removesuffix("%").strip())
    except ArithmeticError:
        return  # the check of figures words that
    if status is WorkStatus.COMPLETED and value < _DONE:
        raise RejectedCell(
            "physical_progress",
            "progress_contradicts_status",
            f"进展状态为“已完成”，形象进度却为“{progress}”，请改正其一",
            f"the status is completed, yet the physical progress is “{progress}”; correct one of them",
        )


def _only_quantity(work: Task | Project) -> str:
    deliverables = work.deliverables if isinstance(work, Project) else ()
    if len(deliverables) == 1:
        return deliverables[0].quantity_id
    listed = "；".join(f"{each.quantity_id} {each.what.zh}" for each in deliverables)
    zh = f"有{len(deliverables)}项交付数量，请按编号分行填报：{listed}" if listed else "规划未印发交付数量"
    en = f"it has {len(deliverables)} quantities; report each in a row of its own by its identifier: {listed}"
    raise RejectedCell(
        "quantity_delivered", "which_quantity", f"“{_name(work)}”{zh}", en if listed else "the plan prints no quantity"
    )


def _name(work: Task | Project) -> str:
    return work.name if isinstance(work, Project) else work.title or work.task_id


def _months_late(expected: date, deadline: date) -> int:
    return (expected.year - deadline.year) * 12 + expected.month - deadline.month
