"""The names of codes in both languages: one place for pages, mails, receipts and tables."""

from __future__ import annotations

from planwatch.case.kinds import CaseKind
from planwatch.derived_indicators import STANDARD
from planwatch.language import Text
from planwatch.period import Freq, TimePeriod
from planwatch.plan import GoalKind, Indicator, Nature, Section
from planwatch.policy import AssessmentClass, Level

CLASS_NAMES = {
    AssessmentClass.ACHIEVED: Text("提前实现", "achieved"),
    AssessmentClass.AHEAD: Text("快于预期", "ahead of schedule"),
    AssessmentClass.ON_SCHEDULE: Text("基本符合预期", "on schedule"),
    AssessmentClass.LAGGING: Text("滞后于预期", "lagging"),
    AssessmentClass.FAR_BEHIND: Text("严重滞后", "far behind"),
    AssessmentClass.REVERSED: Text("逆向变动", "reversed"),
    AssessmentClass.HELD: Text("保持达标", "held"),
    AssessmentClass.BREACHED: Text("未达标", "breached"),
    AssessmentClass.NO_DATA: Text("缺数", "no data"),
    AssessmentClass.NOT_ASSESSABLE: Text("无法评价", "not assessable"),
}

KIND_NAMES = {
    CaseKind.BEHIND_SCHEDULE: Text("进度滞后", "behind schedule"),
    CaseKind.REVERSED: Text("逆向变动", "reversed"),
    CaseKind.LIMIT_BREACHED: Text("越过限值", "limit breached"),
    CaseKind.FORECAST_MISS: Text("预计难以实现", "forecast miss"),
    CaseKind.OVERDUE_REPORT: Text("逾期未报", "overdue report"),
    CaseKind.DATA_QUALITY: Text("数据质量", "data quality"),
    CaseKind.LATE_WORK: Text("任务或项目滞后", "task or project late"),
    CaseKind.SERVICE_STANDARD: Text("服务未达标准", "service standard"),
    CaseKind.GAP_WIDENING: Text("差距扩大", "gap widening"),
}

OTHER_CAUSES = {
    "overdue": Text("逾期未报", "report overdue"),
    "reported": Text("已报送", "reported"),
    "target_unlikely": Text("预计难以实现", "target unlikely"),
    "target_likely": Text("预计可以实现", "target not unlikely"),
    "data_doubtful": Text("数据存疑", "figures in doubt"),
    "data_plausible": Text("数据无疑", "figures not in doubt"),
    "gap_widened": Text("差距扩大", "gap widened"),
    "gap_not_widened": Text("差距未扩大", "gap not widened"),
}
"""Why a case is what it is where no class of a verdict says so."""

LEVEL_NAMES = {
    Level.RED: Text("红色", "red"),
    Level.ORANGE: Text("橙色", "orange"),
    Level.YELLOW: Text("黄色", "yellow"),
    Level.BLUE: Text("蓝色", "blue"),
}

NATURE_NAMES = {
    Nature.BINDING: Text("约束性", "binding"),
    Nature.ANTICIPATORY: Text("预期性", "anticipatory"),
}

GOAL_KIND_NAMES = {
    GoalKind.REACH: Text("达到", "reach"),
    GoalKind.FLOOR: Text("保持不低于", "floor"),
    GoalKind.CEILING: Text("控制不高于", "ceiling"),
    GoalKind.ACCUMULATE: Text("累计完成", "accumulate"),
    GoalKind.AVERAGE: Text("年均完成", "yearly average"),
    GoalKind.COVERAGE: Text("应保尽保", "full coverage"),
}

SECTION_NAMES = {
    Section.MAIN_TABLE: Text("主表", "main table"),
    Section.TEXT_TARGET: Text("正文目标", "text target"),
    Section.TASK: Text("重点任务", "task"),
    Section.PROJECT: Text("重点工程", "project"),
    Section.SERVICE: Text("服务项目", "service"),
}

CASE_NAMES = {
    Section.MAIN_TABLE: Text("指标预警", "warning on an indicator"),
    Section.TEXT_TARGET: Text("正文目标预警", "warning on a text target"),
    Section.TASK: Text("重点任务预警", "warning on a task"),
    Section.PROJECT: Text("重点工程预警", "warning on a project"),
    Section.SERVICE: Text("标准落实监测预警", "warning on a service standard"),
}
"""What a warning is called, by where in the plan its indicator comes from."""

OPTIONAL_MAIL_NAMES = {
    "weekly": Text("每周综述", "weekly summary"),
    "digest": Text("每日预警汇总", "daily digest of warnings"),
}
"""What the mails are called that their readers may do without, by `MailKind`."""

PLAN_DEMANDS = Text("规划要求", "the plan demands")

REASONS = {
    "value_missing": Text("报送时注明缺数", "the report says that there is no figure"),
    "limit_held": Text("数值保持在规划限值之内", "the figure keeps within the plan's limit"),
    "limit_breached": Text("数值越过规划限值", "the figure is beyond the plan's limit"),
    "target_met": Text("已达到规划期末目标", "the target of the plan is already met"),
    "schedule_index": Text("按完成进度与序时进度之比判定", "judged by achieved share ÷ expected share"),
    "points_behind": Text("按落后于序时进度的百分点判定", "judged by percentage points behind the path"),
    "days_behind": Text("按落后于序时进度的天数判定", "judged by days behind the path"),
    "deadline_passed": Text("期限已到，尚未全部完成", "the deadline has come and not all of it is done"),
    "moved_away": Text("与基期相比向相反方向变动，超出数字的舍入误差", "moved away from the target beyond rounding"),
    "side_of_path": Text(
        "规划在该时点尚未要求进展，按数值在路径的哪一侧判定",
        "the plan expects no progress yet; judged by the side of the path",
    ),
    "first_observation_is_baseline": Text(
        "规划未印发基期数，首个报送值代作基期，下一期起评价",
        "the plan prints no baseline; the first figure stands in for it and later ones are judged",
    ),
    "earlier_flow_missing": Text(
        "此前有时期未报送，累计数不完整", "an earlier period was not reported; the total is incomplete"
    ),
    "target_equals_baseline": Text(
        "目标与基期相同，无法计算完成进度", "target and baseline are equal; no share can be formed"
    ),
}
"""Why a verdict is what it is, by reason code."""

DOMAIN_NAMES_EN = {
    "childcare": "Childcare",
    "learning": "Education",
    "employment": "Employment",
    "health": "Health",
    "elderly_care": "Elderly care",
    "housing": "Housing",
    "social_support": "Social support",
    "veterans": "Veterans",
    "culture_sport": "Culture and sport",
    "public_education": "Public education",
    "public_health_care": "Public health care",
    "public_employment": "Public employment services",
    "social_security": "Social security",
    "talent": "Talent services",
    "income": "Income growth",
    "public_culture_sport": "Public culture and sport",
}
"""Domain code → English name; the Chinese one is the plan's own."""


def cause_name(code: str) -> Text:
    """The words for the cause of a case: a class of a verdict or another code; an unknown code is its own name."""
    found = OTHER_CAUSES.get(code)
    if found is not None:
        return found
    return CLASS_NAMES[AssessmentClass(code)] if code in set(AssessmentClass) else Text(code, code)


def area_text(name: Text, own: str, ref_area: str) -> Text:
    """The name of an area: the plan's own, or its name with the code of the division.

    Args:
        name: of the plan's own area.
        own: its code.
        ref_area: the code of the area in question.
    """
    return name if ref_area == own else Text(f"{name.zh}（{ref_area}）", f"{name.en} ({ref_area})")


def place_in_plan(indicator: Indicator) -> Text:
    """Where a reader finds an indicator in its plan, e.g. 主表第5项."""
    return place_text(indicator.section, indicator.no)


def place_text(section: Section, no: int) -> Text:
    """The words for a number in a section."""
    name = SECTION_NAMES[section]
    return Text(f"{name.zh}第{no}项", f"{name.en} no. {no}")


def demand_of(indicator: Indicator) -> Text:
    """Who demands what a limit demands, as a mail says it before the target."""
    if indicator.section is not Section.SERVICE:
        return PLAN_DEMANDS
    if indicator.indicator_id == f"{indicator.commitment_id}-{STANDARD}":
        return Text("上位标准要求", "the parent plan's standard demands")
    return Text("标准要求", "the standard demands")


def probability_name(probability: float) -> Text:
    """A probability in whole per cent; a forecast is never certain, so its ends are 不到1% and 99%以上."""
    if probability < 0.01:
        return Text("不到1%", "under 1%")
    if probability > 0.99:
        return Text("99%以上", "over 99%")
    return Text(f"{probability:.0%}", f"{probability:.0%}")


def period_name(period: TimePeriod) -> Text:
    """A period as it is spoken: 2021年, 2021年第1季度, 2021年1–2月, 2021年3月31日; in English its SDMX form."""
    year, month = f"{period.start.year}年", period.start.month
    match period.freq:
        case Freq.ANNUAL:
            spoken = year
        case Freq.HALF_YEARLY:
            spoken = f"{year}{'上' if month == 1 else '下'}半年"
        case Freq.QUARTERLY:
            spoken = f"{year}第{(month + 2) // 3}季度"
        case Freq.MONTHLY if period.months > 1:
            spoken = f"{year}{month}–{period.end.month}月"
        case Freq.MONTHLY:
            spoken = f"{year}{month}月"
        case Freq.DAILY:
            spoken = f"{year}{month}月{period.start.day}日"
    return Text(spoken, str(period))
