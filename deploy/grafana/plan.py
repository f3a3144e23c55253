"""Dashboard 规划: every indicator of one plan, as it was known at a moment, and what one of them rests on."""

from __future__ import annotations

from grafana_foundation_sdk.builders import common, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, QueryVariable, Row, TextBoxVariable
from grafana_foundation_sdk.models.common import LineInterpolation, TimelineValueAlignment, VisibilityMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    VariableOption,
    VariableRefresh,
)

from deploy.grafana.panels import (
    DATASOURCE,
    Column,
    PostgresQuery,
    absent,
    chinese,
    class_mappings,
    level_mappings,
    named,
    query_table,
    simulated_mappings,
    sql,
)
from planwatch.wording import GOAL_KIND_NAMES, NATURE_NAMES, REASONS, SECTION_NAMES

UID = "planwatch-plan"

STEP_NAMES = {
    "raise": "发出",
    "reopen": "再次发生",
    "raise_level": "升级",
    "lower_level": "降级",
    "hold": "维持",
    "acknowledge": "签收",
    "close": "销号",
}
YES_NO = {"true": "是", "false": "否"}

TO_INDICATOR = (
    "/d/planwatch-plan?${plan:queryparam}&${as_of:queryparam}"
    '&var-indicator=${__data.fields["indicator_id"]:percentencode}'
)


def plan() -> Dashboard:
    """The dashboard, ready to be built."""
    return (
        Dashboard("规划执行监测")
        .uid(UID)
        .description("一个规划的全部指标：基期、路径、实际、评价、预警。\n\nEvery indicator of one plan.")
        .tags(["planwatch"])
        .timezone("Asia/Shanghai")
        .week_start("monday")
        .time("2019-12-31T16:00:00.000Z", "2025-12-31T16:00:00.000Z")
        .readonly()
        .link(DashboardLink("总览").type(DashboardLinkType.LINK).url("/d/planwatch-overview").icon("dashboard"))
        .with_variable(_query_variable("plan", "规划", "plan_variable"))
        .with_variable(_query_variable("indicator", "指标", "indicator_variable"))
        .with_variable(_moment())
        .with_panel(_indicators())
        .with_panel(_path())
        .with_panel(_warning_history())
        .with_panel(_classes())
        .with_panel(_verdicts())
        .with_panel(_doubts())
        .with_row(Row("任务与工程 · commitments"))
        .with_panel(_commitments())
    )


def _query_variable(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(sql(query))
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(False)
        .include_all(False)
    )


def _moment() -> TextBoxVariable:
    return (
        TextBoxVariable("as_of")
        .label("截至")
        .description(
            "只用此刻已收到的数据，例如 2022-03-01 或 2022-03-01 18:00（北京时间）；留空为现在。\n\n"
            "As of: what was known at that moment; empty means now."
        )
        .default_value("")
        .current(VariableOption(selected=True, text="", value=""))
    )


def _indicators() -> table.Panel:
    return query_table(
        1,
        "指标执行情况",
        "各指标最新时期的数据与当期应达值之比。对照值：累计类指标为规划期以来累计数，其余即最新数据。"
        "完成进度 ÷ 序时进度 = 进度比。"
        "预计期末为目标年份的预测值，上下限为 80% 区间，不足三个年度数据时没有预测。"
        "基期注“（代）”的，规划未印基期数，以首个报送值代替。点指标查看路径与依据。\n\n"
        "The newest period of each indicator against its path, as known at the chosen moment.",
        "plan_indicators",
        [
            Column("indicator_id", hidden=True),
            Column("序号", width=55),
            Column("指标", width=270, link=TO_INDICATOR),
            Column("单位", width=70),
            Column("性质", width=75, mappings=named(chinese(NATURE_NAMES))),
            Column("目标类型", width=95, mappings=named(chinese(GOAL_KIND_NAMES))),
            Column("当期应达", decimals=2),
            Column("完成进度", unit="percentunit", decimals=1),
            Column("序时进度", unit="percentunit", decimals=1),
            Column("进度比", decimals=2),
            Column("评价", width=120, mappings=[*class_mappings(), *absent("尚未报送")]),
            Column("预计期末", decimals=2),
            Column("预计下限", decimals=2),
            Column("预计上限", decimals=2),
            Column("实现概率", unit="percentunit", decimals=0),
            Column("预警等级", width=85, mappings=level_mappings()),
            Column("责任单位", width=190),
            Column("待确认", width=75, count_color="semi-dark-purple"),
            Column("数据性质", width=90, mappings=simulated_mappings()),
        ],
    ).height(18)


def _path() -> timeseries.Panel:
    dashed = DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [10, 10]})
    return (
        timeseries.Panel()
        .id(2)
        .title("路径与实际：${indicator:text}")
        .description(
            "虚线为规划要求的路径（基期至目标，每年一点），实线为截至所选时刻已知的实际值；模拟数据单列并注明。\n\n"
            "The path from baseline to target against the actual values known at the chosen moment."
        )
        .datasource(DATASOURCE)
        .with_target(PostgresQuery("plan_path", layout="time_series"))
        .with_target(PostgresQuery("plan_actuals", layout="time_series", ref_id="B"))
        .line_interpolation(LineInterpolation.LINEAR)
        .line_width(2)
        .point_size(7)
        .show_points(VisibilityMode.ALWAYS)
        .span_nulls(True)
        .override_by_name("应达路径", [dashed, DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "#808080"})])
        .span(14)
        .height(12)
    )


def _warning_history() -> table.Panel:
    return (
        query_table(
            3,
            "预警履历：${indicator:text}",
            "所选指标的预警在所选时刻之前的每一步：何时、为何、依据哪条政策、如何发信。\n\n"
            "Every step of the indicator's warnings up to the chosen moment.",
            "plan_warning_history",
            [
                Column("步骤", width=85, mappings=named(STEP_NAMES)),
                Column("等级", width=70, mappings=level_mappings()),
                Column("时期", width=70),
            ],
        )
        .span(10)
        .height(12)
    )


def _classes() -> statetimeline.Panel:
    return (
        statetimeline.Panel()
        .id(4)
        .title("各指标历期评价")
        .description(
            "每个指标在每个时期的评价，按所选时刻已知的数据；色块止于该时期末。\n\n"
            "The class of every indicator in every period, as known at the chosen moment."
        )
        .datasource(DATASOURCE)
        .with_target(PostgresQuery("plan_classes"))
        .with_transformation(
            DataTransformerConfig(
                id_val="partitionByValues",
                options={"fields": ["series"], "keepFields": False, "naming": {"asLabels": True}},
            )
        )
        .display_name("${__field.labels.series}")
        .mappings(class_mappings())
        .merge_values(True)
        .show_value(VisibilityMode.AUTO)
        .align_value(TimelineValueAlignment.CENTER)
        .row_height(0.85)
        .legend(common.VizLegendOptions().show_legend(False))
        .span(24)
        .height(18)
    )


def _verdicts() -> table.Panel:
    return query_table(
        5,
        "评价依据：${indicator:text}",
        "所选指标每一次评价的数据、判定依据、报送编号、规划与政策版本；“现行”为否的已被更新的数据取代。\n\n"
        "Every verdict on the indicator up to the chosen moment, with its figures, reason, submission and versions.",
        "plan_verdicts",
        [
            Column("现行", width=60, mappings=named(YES_NO)),
            Column("评价", width=120, mappings=class_mappings()),
            Column("判定依据", width=260, mappings=named(chinese(REASONS))),
            Column("当期应达", decimals=2),
            Column("进度比", decimals=2),
            Column("数据性质", width=90, mappings=simulated_mappings()),
        ],
    ).height(11)


def _doubts() -> table.Panel:
    return query_table(
        6,
        "规划文本待确认事项",
        "本规划印发文本中读法存疑、有待确认之处，所选指标在前。\n\n"
        "Readings of the printed plan that somebody has to confirm, the chosen indicator's first.",
        "plan_doubts",
        [
            Column("序号", width=55),
            Column("指标", width=270),
            Column("字段", width=120),
            Column("出处", width=130),
            Column("行", width=60),
        ],
    ).height(9)


def _commitments() -> table.Panel:
    return query_table(
        7,
        "正文目标、重点任务、重点工程、服务标准",
        "主表之外的承诺：最新报送与当期应达，已报送的在前，预警重的在前。未印发期限的，以规划期末为限。\n\n"
        "What the plan promises beside its main table, as known at the chosen moment; what is reported comes first.",
        "plan_commitments",
        [
            Column("indicator_id", hidden=True),
            Column("部分", width=90, mappings=named(chinese(SECTION_NAMES))),
            Column("序号", width=55),
            Column("承诺", width=330),
            Column("领域", width=110),
            Column("单位", width=70),
            Column("期限", width=65),
            Column("当期应达", decimals=2),
            Column("评价", width=120, mappings=[*class_mappings(), *absent("尚未报送")]),
            Column("预警等级", width=85, mappings=level_mappings()),
            Column("报送单位", width=190),
            Column("数据性质", width=90, mappings=simulated_mappings()),
        ],
    ).height(18)
