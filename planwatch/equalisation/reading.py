"""From the rows of a file to groups, period by period, with every faulty cell named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from planwatch.equalisation.group import Group
from planwatch.errors import InvalidPeriod
from planwatch.language import Text
from planwatch.period import TimePeriod, parse_period
from planwatch.reported_number import MISSING_MARKS
from planwatch.submission import Finding

HEADINGS = {
    "group": ("group", "subgroup", "组", "组别", "分组", "地区"),
    "value": ("value", "estimate", "obs_value", "数值"),
    "population": ("population", "人口", "人口数"),
    "rank": ("rank", "subgroup_order", "次序"),
    "se": ("se", "标准误"),
    "period": ("period", "time_period", "时期"),
}
"""Field → headings under which a file may have it, in any case of letters."""

REQUIRED = ("group", "value", "population")


@dataclass(frozen=True, slots=True)
class GroupTable:
    """What a file says.

    Attributes:
        periods: groups by period, in order of time; one entry under None where the file has no periods. A period with
            a faulty row is not among them: measured without one of its groups it would say something else.
        findings: every faulty cell.
    """

    periods: Mapping[TimePeriod | None, tuple[Group, ...]]
    findings: tuple[Finding, ...]


class _Fault(Exception):
    def __init__(self, field: str, code: str, zh: str, en: str) -> None:
        super().__init__(code)
        self.field, self.code, self.text = field, code, Text(zh, en)


def missing_fields(headings: Sequence[str]) -> list[str]:
    """The required fields that these headings do not have, under their first name."""
    found = set(fields_of(headings).values())
    return [field for field in REQUIRED if field not in found]


def fields_of(headings: Sequence[str]) -> dict[str, str]:
    """Heading → field, of the headings that are known."""
    by_name = {name: field for field, names in HEADINGS.items() for name in names}
    return {heading: by_name[key] for heading in headings if (key := heading.strip().casefold()) in by_name}


def read_groups(headings: Sequence[str], rows: Sequence[tuple[int, Mapping[str, str]]]) -> GroupTable:
    """Read the rows of a file.

    Args:
        headings: as the file has them; `missing_fields` must be empty.
        rows: row number as its owner counts it, and the cells by heading.
    """
    fields = fields_of(headings)
    names = {field: heading for heading, field in fields.items()}
    periods: dict[TimePeriod | None, dict[str, Group]] = {}
    findings: list[Finding] = []
    faulty: set[TimePeriod | None] = set()
    unplaced = False
    for row, by_heading in rows:
        cells = {field: (by_heading.get(heading) or "").strip() for heading, field in fields.items()}
        period = None
        try:
            period = _period(cells)
            groups = periods.setdefault(period, {})
            group = _group(cells)
            _check_beside(group, groups)
            groups[group.name] = group
        except _Fault as fault:
            value = cells.get(fault.field, "")
            findings.append(Finding(row, names.get(fault.field, fault.field), value, fault.code, fault.text))
            faulty.add(period)
            unplaced = unplaced or fault.field == "period"
    kept = {} if unplaced else {period: groups for period, groups in periods.items() if period not in faulty}
    in_time = sorted(kept.items(), key=lambda item: (item[0] is not None, str(item[0])))
    return GroupTable({period: tuple(groups.values()) for period, groups in in_time}, tuple(findings))


def _period(cells: Mapping[str, str]) -> TimePeriod | None:
    if "period" not in cells:
        return None
    try:
        return parse_period(cells["period"])
    except InvalidPeriod as error:
        raise _Fault("period", "invalid_period", error.text.zh, error.text.en) from error


def _group(cells: Mapping[str, str]) -> Group:
    if not cells["group"]:
        raise _Fault("group", "group_missing", "未写组名", "the group has no name")
    value = None if cells["value"] in MISSING_MARKS else _number("value", cells["value"])
    population = _number("population", cells["population"])
    if population <= 0:
        raise _Fault("population", "population_not_positive", "人口数须大于零", "the population must be more than 0")
    se = None if cells.get("se", "") in MISSING_MARKS else _number("se", cells["se"])
    if se is not None and se < 0:
        raise _Fault("se", "se_negative", "标准误不能为负", "a standard error cannot be negative")
    return Group(cells["group"], value, population, _rank(cells.get("rank", "")), se)


def _rank(cell: str) -> int | None:
    if cell in MISSING_MARKS:
        return None
    rank = _number("rank", cell)
    if rank != int(rank):
        raise _Fault("rank", "rank_not_whole", "次序须为整数", "a rank is a whole number")
    return int(rank)


def _number(field: str, cell: str) -> float:
    try:
        number = Decimal(cell.replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _Fault(field, "not_a_number", f"“{cell}”不是数字", f"“{cell}” is not a number")
    return float(number)


def _check_beside(group: Group, others: Mapping[str, Group]) -> None:
    """Whether the group fits those of the same period that stand above it."""
    if group.name in others:
        raise _Fault("group", "group_repeated", f"“{group.name}”在同一时期已有一行", f"“{group.name}” is there already")
    ranks = {other.rank for other in others.values()}
    if others and (group.rank is None) != (None in ranks):
        raise _Fault(
            "rank", "rank_partly", "同一时期须各行都有或都没有次序", "all rows of a period have a rank, or none"
        )
    if group.rank is not None and group.rank in ranks:
        raise _Fault("rank", "rank_repeated", f"次序 {group.rank} 已用于另一组", f"rank {group.rank} is used already")
