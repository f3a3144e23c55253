"""The workbook that an office fills in instead of sending a document: its sheets, columns and choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planwatch.language import Text
from planwatch.plan_import.domains import NATIONAL_DOMAINS
from planwatch.plan_import.evidence import DOUBT_FIELDS as DOUBTED
from planwatch.plan_import.metadata import UNKNOWN_AREA
from planwatch.plan_import.rows import UNNAMED_CONCEPT, UNTRANSLATED
from planwatch.plan_import.units import MEASURES
from planwatch.wording import GOAL_KIND_NAMES, NATURE_NAMES

FORM_MARK = "planwatch-plan-form-1"
"""Stands in the first sheet, so that a filled workbook is told from any other."""

OPEN_END = "—"
"""In a bound: there is no smallest or greatest value."""

LIST_SEPARATOR = "；"

YEAR_HEADING = "年"
"""A heading of four digits and this is a column of printed figures."""

CHOICES: Mapping[str, Mapping[str, str]] = {
    "nature": {nature.value: name.zh for nature, name in NATURE_NAMES.items()},
    "goal_kind": {kind.value: name.zh for kind, name in GOAL_KIND_NAMES.items()},
    "direction": {"increase": "越高越好", "decrease": "越低越好"},
    "accumulation": {"flow": "当期数", "year_to_date": "本年累计", "since_plan_start": "规划期累计"},
    "comparator": {"ge": "不低于≥", "gt": "大于>", "le": "不高于≤", "lt": "小于<"},
    "basis": {"lead": "牵头", "participant": "参与", "coordinating": "未点名"},
    "role": {
        "coordinating": "统筹协调",
        "lead": "牵头",
        "participant": "参与",
        "district_government": "县区政府",
        "supervisor": "督导",
        "issuer": "印发",
    },
    "yes_no": {"是": "是", "否": "否"},
    "doubt_field": {name: name for name in DOUBTED},
    "measure": MEASURES,
}
"""Name of a list → code → Chinese word; a cell may hold the code, the word, or both as the drop-down offers them."""

SUGGESTIONS: Mapping[str, Mapping[str, str]] = {"domain": NATIONAL_DOMAINS}
"""Lists that the drop-down offers and that a plan may add to."""


def choice_label(name: str, code: str) -> str:
    """What the drop-down shows for a code: `约束性 binding`."""
    word = {**CHOICES, **SUGGESTIONS}[name].get(code, code)
    return code if word == code else f"{word} {code}"


def choice_code(name: str, text: str) -> str | None:
    """The code of a cell with a choice, None if it is not one of the list."""
    bare = text.strip()
    if name in SUGGESTIONS:
        labels = {choice_label(name, code): code for code in SUGGESTIONS[name]}
        return labels.get(bare, bare)
    choices = CHOICES[name]
    labels = {choice_label(name, code): code for code in choices} | {word: code for code, word in choices.items()}
    return bare if bare in choices else labels.get(bare)


@dataclass(frozen=True, slots=True)
class FormField:
    """A column of a sheet, or a line of the sheet 规划.

    Attributes:
        key: path of the field in plan.yaml, e.g. `name.en`.
        heading: what the sheet calls it.
        note: what to fill in.
        choices: name of the list to choose from, None for free text.
        required: an empty cell is a fault.
    """

    key: str
    heading: Text
    note: Text
    choices: str | None = None
    required: bool = False


def _field(
    key: str, zh: str, en: str, note_zh: str, note_en: str, choices: str | None = None, *, required: bool = False
) -> FormField:
    return FormField(key, Text(zh, en), Text(note_zh, note_en), choices, required)


LINE = ("原文行号", "Source line", "印在文件第几行；没有可空", "Line of the document; may stay empty")

PLAN_FIELDS: tuple[FormField, ...] = (
    _field("plan_id", "规划代码", "Plan code", "小写英文字母，如 zhongwei", "Lower-case letters only", required=True),
    _field("title.zh", "规划名称", "Title", "照文件全称", "As printed", required=True),
    _field("title.en", "规划英文名称", "English title", "可空，以后补", "May stay empty"),
    _field("ref_area", "行政区划代码", "Area code", "GB/T 2260，六位", "GB/T 2260, six digits", required=True),
    _field("area_name.zh", "地区", "Area", "如 中卫市", "Name of the area", required=True),
    _field("area_name.en", "地区英文名", "English name of the area", "可空", "May stay empty"),
    _field("period.start", "规划期第一年", "First year", "如 2021", "e.g. 2021", required=True),
    _field("period.end", "规划期最后一年", "Last year", "如 2025", "e.g. 2025", required=True),
    _field("parent_plan", "上位规划代码", "Parent plan", "如 national；国家规划空着", "Empty for the national plan"),
    _field("note.zh", "说明", "Note", "读者须知，可空", "What readers must know"),
    _field("note.en", "英文说明", "Note in English", "可空", "May stay empty"),
    _field("document.number", "发文字号", "Document number", "照印；没有空着", "As printed"),
    _field("document.issuer", "发文机关", "Issuer", "照印；没有空着", "As printed"),
    _field("document.issued_on", "发文日期", "Date of issue", "2022-03-30 或 2022-03", "Year, month or day"),
    _field("document.source_lines.title", "名称所在行", "Line of the title", LINE[2], LINE[3]),
    _field("document.source_lines.number", "字号所在行", "Line of the number", LINE[2], LINE[3]),
    _field("document.source_lines.issuer", "机关所在行", "Line of the issuer", LINE[2], LINE[3]),
    _field("document.source_lines.issued_on", "日期所在行", "Line of the date", LINE[2], LINE[3]),
    _field(
        "coordinating_agency",
        "统筹协调单位代码",
        "Coordinating agency",
        "“责任单位”表中的代码",
        "A code of the sheet 责任单位",
        "agencies",
        required=True,
    ),
    _field("table.title", "主表标题", "Title of the table", "照印", "As printed"),
    _field("table.source_line", "主表标题所在行", "Line of the table's title", LINE[2], LINE[3]),
)

AGENCY_FIELDS: tuple[FormField, ...] = (
    _field(
        "agency_id",
        "单位代码",
        "Agency code",
        "规划代码-部门，如 zhongwei-education",
        "Plan code and department",
        required=True,
    ),
    _field("name.zh", "单位名称", "Name", "全称", "Full name", required=True),
    _field("name.en", "英文名称", "English name", "可空", "May stay empty"),
    _field(
        "printed", "印发名称@行号", "Printed forms@line", "如 市教育局@430；可空", "Forms in print, ； between them"
    ),
    _field("role", "角色", "Role", "规划中最重要的角色", "Strongest part in the plan", "role"),
    _field("superior", "上级单位代码", "Superior", "逾期未签收时上报给谁；可空", "To whom warnings escalate"),
)

DOMAIN_FIELDS: tuple[FormField, ...] = (
    _field(
        "domain",
        "领域代码",
        "Domain code",
        "九个领域用国家代码，如 learning",
        "National codes for the nine",
        "domain",
        required=True,
    ),
    _field("name", "领域名称", "Name", "照印，如 学有所教", "As printed", required=True),
    _field("agency", "责任单位代码", "Agency", "“责任单位”表中的代码", "A code of the sheet 责任单位", "agencies"),
    _field("basis", "依据", "Basis", "牵头、参与，或未点名而归统筹单位", "Lead, participant, or nobody named", "basis"),
    _field("source_line", *LINE),
    _field("needs_confirmation.zh", "待确认原因", "Doubt", "可空", "May stay empty"),
    _field("needs_confirmation.en", "待确认原因（英文）", "Doubt in English", "可空", "May stay empty"),
)

NOTE_FIELDS: tuple[FormField, ...] = (
    _field("mark", "标记", "Mark", "如 * 或 []；针对某项指标的说明空着", "e.g. * or []", None),
    _field("text", "注释", "Note", "照印", "As printed", required=True),
    _field("source_line", *LINE),
)

DOUBT_FIELDS: tuple[FormField, ...] = (
    _field("no", "指标序号", "No.", "“指标”表中的序号", "Number in the sheet 指标", required=True),
    _field("field", "字段", "Field", "哪一处待确认", "What is doubtful", "doubt_field", required=True),
    _field("zh", "原因", "Reason", "待确认什么", "What is to be confirmed", required=True),
    _field("en", "原因（英文）", "Reason in English", "可空", "May stay empty"),
)

INDICATOR_FIELDS: tuple[FormField, ...] = (
    _field("no", "序号", "No.", "照印；没有则按顺序", "As printed, or in order", required=True),
    _field(
        "name", "指标名称", "Name", "照印，可带单位；不带脚注号", "As printed, without footnote marks", required=True
    ),
    _field("name_en", "英文名称", "English name", "可空", "May stay empty"),
    _field("marks", "标记", "Marks", "如 *；几个用；隔开", "e.g. *; ； between several"),
    _field("concept", "概念代码", "Concept", "目录中的代码；不清楚空着", "Code of the catalogue, or empty", "concept"),
    _field("domain", "领域代码", "Domain", "“领域”表中的代码", "A code of the sheet 领域", "domains", required=True),
    _field("unit.printed", "单位", "Unit", "照印；没有空着", "As printed"),
    _field(
        "unit.measure", "单位代码", "Unit code", "见“代码”表；不清楚空着", "See the sheet 代码, or empty", "measure"
    ),
    _field("unit.mult", "10的几次方", "Power of ten", "万=4，否则0", "4 for 万, else 0"),
    _field("nature", "属性", "Nature", "约束性或预期性", "Binding or anticipatory", "nature", required=True),
    _field("goal_kind", "目标类型", "Goal kind", "不清楚空着", "May stay empty", "goal_kind"),
    _field("goal_kind_reason.zh", "目标类型理由", "Reason", "与主表一行推出的不同时填", "Where the row gives another"),
    _field("goal_kind_reason.en", "目标类型理由（英文）", "Reason in English", "同上", "The same"),
    _field("direction", "好的方向", "Good direction", "不清楚空着", "May stay empty", "direction"),
    _field("accumulation", "报送口径", "Accumulation", "累计、年均类填", "For totals and averages", "accumulation"),
    _field("bounds.0", "最小可能值", "Smallest value", f"无界填 {OPEN_END}", f"{OPEN_END} for none"),
    _field("bounds.1", "最大可能值", "Greatest value", f"无界填 {OPEN_END}", f"{OPEN_END} for none"),
    _field(
        "baseline.comparable",
        "基期与目标同口径",
        "Comparable baseline",
        "累计类一般为否",
        "Usually no for totals",
        "yes_no",
    ),
    _field(
        "target.comparator", "目标比较符", "Comparator", "单元格已印则可空", "May stay empty if printed", "comparator"
    ),
    _field("milestones", "年度目标", "Milestones", "如 2022=1.5；2023=2", "e.g. 2022=1.5；2023=2"),
    _field("owner", "责任单位代码", "Owner", "空着则随领域", "Empty: that of the domain", "agencies"),
    _field("note.zh", "说明", "Note", "可空", "May stay empty"),
    _field("note.en", "英文说明", "Note in English", "可空", "May stay empty"),
    _field("source_line", *LINE),
)

YEAR_NOTE = Text(
    "照主表原样填写，如 ≥95%、[6]、——；没有数据填 —。年份可改，可加列（表头为四位年份加“年”）",
    "As printed, e.g. ≥95%, [6], ——; — for no figure. Years may be changed and columns added",
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of rows; `path` is the list of plan.yaml that it holds."""

    title: Text
    path: str
    fields: tuple[FormField, ...]


PLAN_SHEET = Text("规划", "Plan")
GUIDE_SHEET = Text("说明", "Guide")
CODE_SHEET = Text("代码", "Codes")
AGENCY_SHEET = Sheet(Text("责任单位", "Agencies"), "agencies", AGENCY_FIELDS)
DOMAIN_SHEET = Sheet(Text("领域", "Domains"), "domains", DOMAIN_FIELDS)
INDICATOR_SHEET = Sheet(Text("指标", "Indicators"), "indicators", INDICATOR_FIELDS)
NOTE_SHEET = Sheet(Text("表注", "Notes"), "notes", NOTE_FIELDS)
DOUBT_SHEET = Sheet(Text("待确认", "To confirm"), "doubts", DOUBT_FIELDS)
SHEETS = (AGENCY_SHEET, DOMAIN_SHEET, INDICATOR_SHEET, NOTE_SHEET, DOUBT_SHEET)

Cells = dict[str, str]
"""Key of a field → text of its cell; a row that was read has its number under ROW too."""

ROW = "row"


@dataclass(frozen=True, slots=True)
class FormContent:
    """What stands in the workbook.

    Attributes:
        plan: key of the sheet 规划 → text.
        rows: path of a sheet → its rows, key → text; the years of figures are keys of `indicators`.
        years: the columns of figures, in order.
    """

    plan: Cells
    rows: Mapping[str, Sequence[Cells]]
    years: tuple[str, ...]


def form_of_plan(document: Mapping[str, Any]) -> FormContent:
    """A plan's main table as the workbook holds it."""
    years = tuple(document["table"]["value_periods"])
    indicators = []
    for row in document["indicators"]:
        cells = {field.key: _cell(row, field.key) for field in INDICATOR_FIELDS}
        cells |= {year: row["values"][year]["printed"] for year in years if year in row["values"]}
        indicators.append(cells)
    doubts = [{"no": str(row["no"]), **doubt} for row in document["indicators"] for doubt in row["needs_confirmation"]]
    return FormContent(
        {field.key: _cell(document, field.key) for field in PLAN_FIELDS},
        {
            "agencies": [{field.key: _cell(row, field.key) for field in AGENCY_FIELDS} for row in document["agencies"]],
            "domains": [{field.key: _cell(row, field.key) for field in DOMAIN_FIELDS} for row in document["domains"]],
            "indicators": indicators,
            "notes": [
                {field.key: _cell(row, field.key) for field in NOTE_FIELDS} for row in document["table"]["notes"]
            ],
            "doubts": doubts,
        },
        years,
    )


def empty_form(years: Sequence[str]) -> FormContent:
    """The workbook for a plan that nobody has written yet."""
    return FormContent({}, {sheet.path: [] for sheet in SHEETS}, tuple(years))


def _cell(mapping: Mapping[str, Any], key: str) -> str:
    value: Any = mapping
    for part in key.split("."):
        if value is None:
            return ""
        value = value[int(part)] if isinstance(value, list) else value.get(part)
    if key.startswith("bounds."):
        return OPEN_END if value is None else str(value)
    text = _printed(key, value)
    return "" if _is_open(key, text) else text


def _is_open(key: str, text: str) -> bool:
    """Whether a draft only holds the place of something that nobody knows yet."""
    return (
        text.startswith(UNTRANSLATED)
        or (key == "concept" and text.startswith(UNNAMED_CONCEPT))
        or (key == "ref_area" and text == UNKNOWN_AREA)
    )


def _printed(key: str, value: Any) -> str:  # noqa: ANN401  (leaves of a plan file)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if key == "printed":
        return LIST_SEPARATOR.join(f"{form['name']}@{form['source_line']}" for form in value)
    if key == "milestones":
        return LIST_SEPARATOR.join(f"{step['period']}={step['value']}" for step in value)
    return LIST_SEPARATOR.join(value) if isinstance(value, list) else str(value)
