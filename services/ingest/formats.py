"""What offices send, as a table of rows: CSV as spreadsheets save it, and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from planwatch.errors import InvalidSubmission
from planwatch.language import Text
from planwatch.reported_cell import SURPLUS
from planwatch.submission import ReportedTable
from planwatch.wire import MOST_ROWS, load_document, table_from_mapping
from planwatch.work_report import WORK_FIELDS

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "indicator": (
        "INDICATOR",
        "INDICATOR_ID",
        "指标",
        "指标编号",
        "指标名称",
        "序号",
        "指标序号",
        "NO",
        "项目编号",
        "任务编号",
        "重点工程",
        "重点任务",
        "服务项目",
    ),
    "ref_area": ("REF_AREA", "地区", "行政区划代码", "地区代码"),
    "freq": ("FREQ", "频率"),
    "time_period": ("TIME_PERIOD", "时期", "年份", "年度", "报告期", "时间", "PERIOD", "YEAR"),
    "obs_value": ("OBS_VALUE", "数值", "指标值", "数据", "VALUE"),
    "obs_status": ("OBS_STATUS", "数据状态", "状态"),
    "unit_measure": ("UNIT_MEASURE", "单位", "计量单位"),
    "urbanisation": ("URBANISATION", "城乡"),
    "pop_group": ("POP_GROUP", "人群"),
    "accumulation": ("ACCUMULATION", "口径", "累计口径"),
    "work_status": ("WORK_STATUS", "进展状态", "项目状态"),
    "physical_progress": ("PHYSICAL_PROGRESS", "形象进度", "形象进度(%)", "形象进度（%）"),
    "quantity_delivered": ("QUANTITY_DELIVERED", "累计交付数量", "累计完成数量"),
    "investment": ("INVESTMENT", "累计完成投资", "累计完成投资(万元)", "累计完成投资（万元）"),
    "expected_completion": ("EXPECTED_COMPLETION", "预计完成时间", "预计完工时间"),
}
"""Field → the headings that name it; the first one is SDMX's."""

REQUIRED = ("indicator", "time_period", "obs_value")
DELIMITERS = (",", "\t", ";", "，")

_BY_HEADING = {heading.casefold(): field for field, headings in HEADINGS.items() for heading in headings}


def read_csv(content: bytes) -> ReportedTable:
    """Read a CSV file: UTF-8 or GB 18030, with a heading row; rows are counted as a spreadsheet counts them.

    Raises:
        InvalidSubmission: not text, no known heading row, no data row, or too many rows.
    """
    text = decode(content)
    delimiter = max(DELIMITERS, key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise _invalid(f"CSV 格式有误：{error}", f"the CSV is malformed: {error}") from error
    if len(rows) > MOST_ROWS + 1:
        raise _invalid(f"超过 {MOST_ROWS} 行", f"more than {MOST_ROWS} rows")
    fields = _fields_of(rows[0] if rows else [])
    table = [(number, _cells(fields, row)) for number, row in enumerate(rows[1:], start=2) if any(map(str.strip, row))]
    if not table:
        raise _invalid("表头之下没有数据行", "there is no data row below the heading row")
    headings = {field: heading.strip() for field, heading in zip(fields, rows[0], strict=False) if field}
    return ReportedTable(headings, table)


def read_json(content: bytes) -> tuple[ReportedTable, Mapping[str, Any]]:
    """Read a JSON submission `{"plan_id": ..., "observations": [{...}]}`.

    Returns:
        The table, and the document for its other fields.
    Raises:
        InvalidSubmission: not JSON, or without a list of observations.
    """
    document = load_document(content)
    rows = document.get("observations")
    if isinstance(rows, list):
        document = {**document, "observations": [_with_field_names(row) for row in rows]}
    return table_from_mapping(document), document


def decode(content: bytes) -> str:
    """Text of a file that says nothing of its encoding: UTF-8 with or without mark, else GB 18030 (Chinese Excel)."""
    attempts: tuple[Callable[[], str], ...] = (
        lambda: content.decode("utf-8-sig"),
        lambda: content.decode("gb18030"),
    )
    for attempt in attempts:
        try:
            text = attempt()
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _invalid("文件不是 UTF-8 或 GB 18030 编码的文本", "the file is not text in UTF-8 or GB 18030")


def _fields_of(headings: list[str]) -> list[str | None]:
    fields = [_BY_HEADING.get(heading.strip().casefold()) for heading in headings]
    required = [field for field in REQUIRED if field != "obs_value" or not set(WORK_FIELDS).intersection(fields)]
    missing = [HEADINGS[field] for field in required if field not in fields]
    if missing:
        raise _invalid(
            f"表头缺少：{'；'.join('或'.join(names[:3]) for names in missing)}。收到的表头：{'、'.join(headings)}",
            f"missing headings: {'; '.join(' or '.join(names[:3]) for names in missing)}; got: {', '.join(headings)}",
        )
    repeated = {field for field in fields if field and fields.count(field) > 1}
    if repeated:
        names = [heading for heading, field in zip(headings, fields, strict=True) if field in repeated]
        raise _invalid(f"表头含义重复：{'、'.join(names)}", f"headings with the same meaning: {', '.join(names)}")
    return fields


def _cells(fields: list[str | None], row: list[str]) -> dict[str, str]:
    cells = {field: cell for field, cell in zip(fields, row, strict=False) if field}
    surplus = [cell for cell in row[len(fields) :] if cell.strip()]
    return {**cells, SURPLUS: "、".join(surplus)} if surplus else cells


def _with_field_names(row: object) -> object:
    if not isinstance(row, Mapping):
        return row
    return {_BY_HEADING.get(str(name).casefold(), str(name)): cell for name, cell in row.items()}


def _invalid(zh: str, en: str) -> InvalidSubmission:
    return InvalidSubmission(Text(zh, en))
