"""The cells of a reported row: what each has to be, and what is said where it is not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from planwatch.area import lies_within
from planwatch.errors import InvalidPeriod
from planwatch.period import Freq, TimePeriod, parse_period
from planwatch.plan import Indicator, Plan
from planwatch.rejected_cell import RejectedCell
from planwatch.reported_number import is_missing, read_number
from planwatch.series import TOTAL, WITHOUT_VALUE, Accumulation, ObsStatus, SeriesKey

SURPLUS = "surplus"
"""Field under which a reader puts cells that stand beyond the last heading; they make the row unreadable."""

_CODE = re.compile(r"[A-Za-z0-9_]{1,32}")


def check_surplus(text: str) -> None:
    """Refuse a row that has cells beyond the headings."""
    if text:
        raise RejectedCell(
            SURPLUS,
            "too_many_cells",
            f"本行比表头多出单元格“{text}”，数值中的逗号请去掉或加引号",
            f"the row has cells beyond the headings: “{text}”; remove or quote commas inside figures",
        )


def check_responsible(agency_id: str, indicator: Indicator, plan: Plan) -> None:
    """Refuse a row of an agency that may not report the indicator."""
    if agency_id not in (indicator.owner, plan.coordinating_agency):
        owner = plan.agency(indicator.owner).name
        raise RejectedCell(
            "indicator",
            "not_responsible",
            f"“{indicator.name.zh}”由{owner.zh}报送，本单位无权报送",
            f"“{indicator.name.en}” is reported by {owner.en}; your agency may not report it",
        )


def read_period(text: str, freq: str, indicator: Indicator, plan: Plan) -> TimePeriod:
    """The period: within the plan, or one that the plan prints for the indicator; FREQ has to agree if given."""
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


def read_area(text: str, plan: Plan) -> str:
    """The area: the plan's own, which is the default, or a division of it."""
    area = text.strip() or plan.ref_area
    if not _covered(area, plan.ref_area):
        raise RejectedCell(
            "ref_area",
            "area_outside_plan",
            f"地区“{text}”不属于{plan.area_name.zh}（{plan.ref_area}），应为六位行政区划代码",
            f"area “{text}” does not belong to {plan.area_name.en} ({plan.ref_area}); expected a GB/T 2260 code",
        )
    return area


def read_breakdown(field: str, cells: Mapping[str, str]) -> str:
    """The code of a breakdown, the total by default."""
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
def series_of(indicator_id: str, ref_area: str, freq: Freq, urbanisation: str, pop_group: str) -> SeriesKey:
    """The key of a series, one object for its many figures: it knows its text and its hash."""
    return SeriesKey(indicator_id, ref_area, freq, urbanisation, pop_group)


@lru_cache(maxsize=8192)
def _covered(area: str, parent: str) -> bool:
    return lies_within(area, parent)


def check_unit(text: str, indicator: Indicator) -> None:
    """Refuse another unit than the indicator's, as printed or by its code."""
    unit = indicator.unit
    if text and text.strip() not in (unit.printed, unit.measure):
        raise RejectedCell(
            "unit_measure",
            "unit_differs",
            f"单位“{text}”与规划不符，应为“{unit.printed or unit.measure}”",
            f"unit “{text}” differs from the plan's; expected “{unit.printed or unit.measure}”",
        )


def read_obs_status(text: str) -> ObsStatus:
    """The status, normal by default."""
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


def read_value(text: str, status: ObsStatus, indicator: Indicator) -> Decimal | None:
    """The figure in the indicator's unit, None for a mark that there is none."""
    if is_missing(text):
        return None
    if status in WITHOUT_VALUE:
        raise RejectedCell(
            "obs_value",
            "value_with_status",
            f"数据状态“{status}”表示没有数值，却填报了“{text}”，请改正其一",
            f"status “{status}” says that there is no figure, yet “{text}” is given; correct one of them",
        )
    value = read_number(text, per_cent=indicator.unit.measure == "PT")
    if value is None:
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


def read_accumulation(text: str) -> Accumulation | None:
    """The reporting form, None where the cell is empty."""
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
