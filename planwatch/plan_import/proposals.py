"""What the import proposes for the fields that a table row implies but does not print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from planwatch.language import Text
from planwatch.plan import Direction, GoalKind, derive_goal_kind
from planwatch.plan_import.source import plain
from planwatch.plan_import.units import without_unit
from planwatch.plan_terms import Comparator

_LESS_IS_BETTER = re.compile(
    r"死亡率|失业率|发病率|感染率|患病率|辍学率|流失率|贫困|差距|个人卫生支出|自付|排放|能耗|消耗|事故|恩格尔|近视率"
)
_REDUCTION = re.compile(r"(降低|下降|减少|压减|削减)(率|幅度|量|比例)?$")
_FLOW_NAME = re.compile(r"新增|培训|转移|改造|建成|新建|完成|救助|发放|引进|培养|人次")
_COUNTED = {"PS", "PS_TIME", "HH", "DWELLING", "COMMUNITY", "NUM", "BED"}
_ENTITLED_SHARE = re.compile(r"(保障覆盖率|安置率|保障率|补贴.*覆盖率|目标人群覆盖率|救助.*覆盖率)$")
_GROSS = re.compile(r"毛入园率|毛入学率")
_CHANGE_RATE = re.compile(r"增长率|增速|增长$|增幅")
_MORTALITY = re.compile(r"死亡率")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed value.

    Attributes:
        value: as the plan file writes it.
        confidence: 0 to 1.
        reason: why it is doubtful, None where it is not.
    """

    value: str | None
    confidence: float
    reason: Text | None = None


@dataclass(frozen=True, slots=True)
class RowFigures:
    """The parsed figures of a row, in its unit.

    Attributes:
        name: without marks.
        measure: UNIT_MEASURE.
        baseline: None if not printed.
        between: figures of the years between baseline and target.
        target: None if not printed.
        comparator: printed with the target, None if none.
        entitled: the target prints 应保尽保.
        total: the target or the name is marked as a cumulative total.
        certain_mark: a note explains that mark, or it says 累计 itself.
        yearly_mean: the row is marked as a yearly mean.
        total_between: a figure between baseline and target is marked as a total too.
    """

    name: str
    measure: str
    baseline: Decimal | None
    between: tuple[Decimal, ...]
    target: Decimal | None
    comparator: Comparator | None
    entitled: bool
    total: bool
    certain_mark: bool
    yearly_mean: bool
    total_between: bool

    @property
    def unmarked_flow(self) -> bool:
        """Whether the row counts what is done in a time, without saying in which time."""
        counted = self.measure in _COUNTED and _FLOW_NAME.search(plain(without_unit(self.name))) is not None
        return counted and not self.total and not self.yearly_mean


def propose_direction(row: RowFigures) -> Proposal:
    """The good direction: by the sign before the target, then by what is measured, then by the way to the target."""
    bare = plain(without_unit(row.name))
    lowering = _LESS_IS_BETTER.search(bare) is not None and _REDUCTION.search(bare) is None
    if row.comparator in (Comparator.AT_MOST, Comparator.LESS):
        return Proposal(Direction.DECREASE, 0.97)
    if row.comparator is not None and not lowering:
        return Proposal(Direction.INCREASE, 0.97)
    falls = row.baseline is not None and row.target is not None and row.target < row.baseline
    rises = row.baseline is not None and row.target is not None and row.target > row.baseline
    if lowering and (rises or row.comparator is not None):
        return Proposal(
            Direction.DECREASE, 0.4, Text("指标宜降，而目标更高", "less should be better, but the target is higher")
        )
    if lowering:
        return Proposal(Direction.DECREASE, 0.95)
    if not falls:
        return Proposal(Direction.INCREASE, 0.95 if rises else 0.85)
    if row.total:
        return Proposal(Direction.INCREASE, 0.85)
    reason = Text(
        "目标低于基期，好的方向待确认", "the target is below the baseline; which way is better is to be confirmed"
    )
    if row.yearly_mean or row.unmarked_flow:
        return Proposal(Direction.INCREASE, 0.6, reason)
    return Proposal(Direction.DECREASE, 0.4, reason)


def propose_goal_kind(row: RowFigures, direction: Direction) -> Proposal:
    """The goal kind of docs/method.md, with doubt where the row alone does not settle it."""
    if row.target is None:
        return Proposal(GoalKind.REACH, 0.0, Text("未印目标", "no target is printed"))
    derived = derive_goal_kind(
        baseline=row.baseline,
        target=row.target,
        direction=direction,
        entitled=row.entitled,
        total=row.total,
        yearly_mean=row.yearly_mean,
    )
    if row.entitled or row.yearly_mean:
        return Proposal(derived, 0.95)
    if row.total:
        unexplained = Text("累计标记没有注释说明", "no note explains the mark of a total")
        return Proposal(derived, 0.97 if row.certain_mark else 0.5, None if row.certain_mark else unexplained)
    if row.unmarked_flow:
        return _unmarked_flow(row, derived)
    if row.baseline is None:
        return _without_baseline(row, direction)
    if derived is GoalKind.REACH or row.target == row.baseline:
        return Proposal(derived, 0.95)
    reason = Text("目标落后于基期，读作保底要求", "the target lies behind the baseline and is read as a limit to keep")
    return Proposal(derived, 0.6, reason)


def overrides_the_row(row: RowFigures, direction: Direction, kind: str) -> bool:
    """Whether a goal kind is another one than figures and marks give, so that the catalogue wants a reason."""
    target = row.target if row.target is not None else Decimal(0)
    derived = derive_goal_kind(
        baseline=row.baseline,
        target=target,
        direction=direction,
        entitled=row.entitled,
        total=row.total,
        yearly_mean=row.yearly_mean,
    )
    return kind != derived


def propose_accumulation(row: RowFigures, kind: str) -> Proposal:
    """The form in which feeds report; a plan does not print it, so it is always to be confirmed where it matters."""
    if kind not in (GoalKind.ACCUMULATE, GoalKind.AVERAGE):
        return Proposal(None, 0.95)
    if row.total_between:
        reason = Text(
            "期中年份的数也带累计标记，读作自规划期初累计",
            "a figure within the period is marked as a total: read as running",
        )
        return Proposal("since_plan_start", 0.5, reason)
    reason = Text(
        "规划未写报送口径，按当期数处理", "the plan does not say in which form figures are reported; flow assumed"
    )
    return Proposal("flow", 0.6, reason)


def propose_bounds(name: str, measure: str, values: tuple[Decimal, ...]) -> tuple[list[str | None], float, Text | None]:
    """Smallest and greatest possible value of a row; opened, with a doubt, where a printed value lies beyond."""
    bare = plain(without_unit(name))
    upper = {"PT": "100"}.get(measure)
    if _GROSS.search(bare):
        upper = "150"
    elif _MORTALITY.search(bare):
        upper = {"PER_1000": "1000", "PER_100000": "100000", "PER_10000": "10000"}.get(measure, upper)
    if measure == "PT" and _CHANGE_RATE.search(bare):
        return [None, None], 0.85, None
    beyond = any(value < 0 or (upper is not None and value > Decimal(upper)) for value in values)
    if beyond:
        return [None, None], 0.4, Text("印的数超出可能范围", "a printed figure lies beyond the possible range")
    return ["0", upper], 0.9, None


def _unmarked_flow(row: RowFigures, derived: GoalKind) -> Proposal:
    if row.baseline is not None and row.target is not None and row.target < row.baseline:
        zh = "目标远低于基期而无累计标记，可能是五年累计"
        return Proposal(
            GoalKind.ACCUMULATE, 0.4, Text(zh, "a flow below its baseline without a mark; perhaps a five-year total")
        )
    zh = "未注明是当年数还是五年累计"
    return Proposal(derived, 0.5, Text(zh, "whether the figure is of one year or a five-year total is not printed"))


def _without_baseline(row: RowFigures, direction: Direction) -> Proposal:
    if row.target == 100 and _ENTITLED_SHARE.search(plain(without_unit(row.name))):
        reason = Text("应享有者中已享有的比例，目标为100", "a share of those entitled with target 100")
        return Proposal(GoalKind.COVERAGE, 0.6, reason)
    comparator = Comparator.AT_LEAST if direction is Direction.INCREASE else Comparator.AT_MOST
    if row.target is not None and any(comparator.holds(value, row.target) for value in row.between):
        kind = GoalKind.FLOOR if direction is Direction.INCREASE else GoalKind.CEILING
        reason = Text(
            "没有基期，而期中的数已达到目标", "there is no baseline, and a figure within the period has met the target"
        )
        return Proposal(kind, 0.5, reason)
    return Proposal(GoalKind.REACH, 0.85)
