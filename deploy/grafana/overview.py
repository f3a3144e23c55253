"""Dashboard 总览: where every plan stands now. It has no variables, so that it can be shared with the public."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from deploy.grafana.panels import (
    CLASS_COLORS,
    DATASOURCE,
    LEVEL_COLORS,
    Column,
    PostgresQuery,
    class_mappings,
    colored_count,
    level_mappings,
    named,
    query_table,
    simulated_mappings,
)
from planwatch.wording import CLASS_NAMES, LEVEL_NAMES

UID = "planwatch-overview"
LEVEL_COUNTS = {LEVEL_NAMES[level].zh: color for level, color in LEVEL_COLORS.items()}
CLASS_COUNTS = {CLASS_NAMES[verdict].zh: color for verdict, color in CLASS_COLORS.items()}

CASE_STATES = {"open": "待签收", "acknowledged": "已签收", "closed": "已销号"}
MAIL_STATES = {"refused": "被拒收", "pending": "待发送", "sent": "已发送"}
MAIL_KINDS = {"warning": "预警", "digest": "每日汇总", "closure": "销号"}

TO_PLAN = '/d/planwatch-plan?var-plan=${__data.fields["plan_id"]:percentencode}'
TO_INDICATOR = f'{TO_PLAN}&var-indicator=${{__data.fields["indicator_id"]:percentencode}}'


def overview() -> Dashboard:
    """The dashboard, ready to be built."""
    return (
        Dashboard("规划监测总览")
        .uid(UID)
        .description("各规划的评价、预警与系统运行情况。\n\nAll plans: assessments, early warnings, operation.")
        .tags(["planwatch"])
        .timezone("Asia/Shanghai")
        .week_start("monday")
        .time("now-30d", "now")
        .refresh("1m")
        .readonly()
        .with_panel(_levels())
        .with_panel(_dead_letters())
        .with_panel(_simulated())
        .with_panel(_lights())
        .with_panel(_warnings())
        .with_panel(_submissions())
        .with_panel(_mails())
        .with_panel(_freshness())
    )


def _levels() -> stat.Panel:
    panel = _count(
        1,
        "未销号预警",
        "各等级尚未销号的预警件数。\n\nCases that are not closed, by level.",
        "overview_levels",
    ).span(12)
    for name, color in LEVEL_COUNTS.items():
        panel = panel.override_by_name(name, colored_count(color))
    return panel


def _dead_letters() -> stat.Panel:
    return (
        _count(
            2,
            "无法识别的记录",
            "因无法识别而另存的记录；“待处理”应为 0，用 planwatch deadletter 查看和重放。\n\n"
            "Dead letters: records set aside; the waiting ones should be 0.",
            "overview_dead_letters",
        )
        .span(7)
        .override_by_name("待处理", colored_count("semi-dark-purple"))
    )


def _simulated() -> stat.Panel:
    return (
        _count(
            3,
            "模拟报送",
            "库中标为模拟的报送份数；大于 0 时，本页部分数字不是真实统计。\n\n"
            "Submissions marked as simulated; if there are any, some figures here are not real.",
            "overview_simulated",
        )
        .span(5)
        .override_by_name("模拟报送", colored_count("semi-dark-purple"))
    )


def _count(number: int, title: str, description: str, query: str) -> stat.Panel:
    return (
        stat.Panel()
        .id(number)
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .with_target(PostgresQuery(query))
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .color_mode(BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .height(4)
    )


def _lights() -> table.Panel:
    counts = {**LEVEL_COUNTS, **CLASS_COUNTS, "尚未报送": "#808080"}
    return query_table(
        4,
        "各规划各领域的预警灯",
        "每个领域取未销号预警的最高等级为灯色；右侧为各等级预警件数和各类评价的指标数。点规划名进入该规划。\n\n"
        "Per plan and domain: the gravest open warning, warnings by level, indicators by class.",
        "overview_lights",
        [
            Column("plan_id", hidden=True),
            Column("规划", width=300, link=TO_PLAN),
            Column("地区", width=80),
            Column("领域", width=120),
            Column("预警灯", width=80, mappings=level_mappings()),
            *(Column(name, width=80, count_color=color) for name, color in counts.items()),
            Column("数据性质", width=90, mappings=simulated_mappings()),
        ],
    ).height(14)


def _warnings() -> table.Panel:
    return query_table(
        5,
        "未销号预警",
        "尚未销号的预警，最严重的在前。点指标进入规划页查看依据。\n\nOpen warnings, the gravest first.",
        "overview_warnings",
        [
            Column("plan_id", hidden=True),
            Column("indicator_id", hidden=True),
            Column("等级", width=70, mappings=level_mappings()),
            Column("规划", width=280, link=TO_PLAN),
            Column("序号", width=60),
            Column("指标", width=280, link=TO_INDICATOR),
            Column("分组", width=90),
            Column("评价", width=110, mappings=class_mappings()),
            Column("状态", width=80, mappings=named(CASE_STATES)),
            Column("数据性质", width=90, mappings=simulated_mappings()),
        ],
    ).height(12)


def _submissions() -> timeseries.Panel:
    stacked = DynamicConfigValue("custom.stacking", {"mode": StackingMode.NONE, "group": "A"})
    return (
        timeseries.Panel()
        .id(6)
        .title("每日报送")
        .description(
            "按北京时间每日的报送次数、采纳和退回的行数；模拟数据单列。\n\n"
            "Per day of Beijing time: submissions, rows accepted and rows returned; simulated ones apart."
        )
        .datasource(DATASOURCE)
        .with_target(PostgresQuery("overview_submissions", layout="time_series"))
        .draw_style(GraphDrawStyle.BARS)
        .fill_opacity(60)
        .stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
        .decimals(0)
        .min(0)
        .legend(_legend())
        .override_by_name("报送次数", [DynamicConfigValue("custom.drawStyle", "points"), stacked])
        .override_by_name("采纳行", _fixed("green"))
        .override_by_name("退回行", _fixed("#808080"))
        .override_by_name("采纳行（模拟数据）", _fixed("light-purple"))
        .override_by_name("退回行（模拟数据）", _fixed("super-light-purple"))
        .span(12)
        .height(9)
    )


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )


def _fixed(color: str) -> list[DynamicConfigValue]:
    return [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": color})]


def _mails() -> table.Panel:
    return (
        query_table(
            7,
            "邮件",
            "各状态的邮件封数；“可能重复”指对方是否收妥不明而重发，内容与 Message-ID 相同。\n\n"
            "Mails by state; possibly duplicated: sent again after a lost answer, with the same Message-ID.",
            "overview_mails",
            [Column("状态", mappings=named(MAIL_STATES)), Column("种类", mappings=named(MAIL_KINDS))],
        )
        .span(12)
        .height(9)
    )


def _freshness() -> table.Panel:
    return query_table(
        8,
        "数据时效",
        "各规划最近一次报送与评价的时间、最新数据的时期、有数指标的个数。\n\n"
        "How new the figures of each plan are, and how many of its indicators have one.",
        "overview_freshness",
        [
            Column("plan_id", hidden=True),
            Column("规划", width=300, link=TO_PLAN),
            Column("待评价报送", count_color="semi-dark-purple"),
            Column("模拟报送", count_color="semi-dark-purple"),
        ],
    ).height(8)
