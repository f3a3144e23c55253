"""What both dashboards are made of: queries of the PostgreSQL data source, value mappings, table columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DataSourceRef,
    DynamicConfigValue,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from planwatch.language import Text
from planwatch.policy import AssessmentClass, Level
from planwatch.wording import CLASS_NAMES, LEVEL_NAMES

DATASOURCE = DataSourceRef(type_val="grafana-postgresql-datasource", uid="planwatch-timescaledb")
QUERIES = Path(__file__).with_name("queries")

LEVEL_COLORS = {Level.RED: "red", Level.ORANGE: "orange", Level.YELLOW: "yellow", Level.BLUE: "blue"}

# Green and purple only: red, orange, yellow and blue mean a warning level and nothing else.
CLASS_COLORS = {
    AssessmentClass.ACHIEVED: "dark-green",
    AssessmentClass.AHEAD: "green",
    AssessmentClass.ON_SCHEDULE: "light-green",
    AssessmentClass.HELD: "semi-dark-green",
    AssessmentClass.LAGGING: "super-light-purple",
    AssessmentClass.FAR_BEHIND: "light-purple",
    AssessmentClass.REVERSED: "dark-purple",
    AssessmentClass.BREACHED: "semi-dark-purple",
    AssessmentClass.NO_DATA: "#808080",
    AssessmentClass.NOT_ASSESSABLE: "#a0a0a0",
}

SIMULATED = "模拟数据"
UNMARKED = "transparent"


@dataclass(frozen=True, slots=True)
class PostgresQuery(Builder[Dataquery], Dataquery):
    """A query of the PostgreSQL data source, for which the SDK has no builder; it is its own builder.

    Attributes:
        name: file in `queries/` that holds the SQL, without `.sql`.
        layout: `table`, or `time_series` for a `time` column with one value column or one `metric` per series.
        ref_id: letter of the query in its panel.
    """

    name: str
    layout: str = "table"
    ref_id: str = "A"

    def build(self) -> Self:
        """The query itself."""
        return self

    def to_json(self) -> dict[str, object]:
        """The query as it stands in a dashboard of Grafana 11."""
        return {
            "datasource": DATASOURCE,
            "editorMode": "code",
            "format": self.layout,
            "rawQuery": True,
            "rawSql": sql(self.name),
            "refId": self.ref_id,
        }


def sql(name: str) -> str:
    """The SQL of `queries/<name>.sql`."""
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8").strip()


def named(names: Mapping[str, str], colors: Mapping[str, str] | None = None) -> list[ValueMapping]:
    """Value mapping from code to Chinese text, with a colour where one is given."""
    results = {
        code: ValueMappingResult(text=text, color=(colors or {}).get(code), index=index)
        for index, (code, text) in enumerate(names.items())
    }
    return [ValueMap(options=results)]


def chinese(names: Mapping[Any, Text]) -> dict[str, str]:
    """Code → Chinese text of one of the tables in `planwatch.wording`."""
    return {str(code): text.zh for code, text in names.items()}


def absent(text: str) -> list[ValueMapping]:
    """Value mapping from null to `text`."""
    result = ValueMappingResult(text=text, color=UNMARKED, index=100)
    return [SpecialValueMap(options=DashboardSpecialValueMapOptions(match=SpecialValueMatch.NULL, result=result))]


def level_mappings() -> list[ValueMapping]:
    """Warning levels: colour and text; null is no warning."""
    names = {level.code: text.zh for level, text in LEVEL_NAMES.items()}
    return [*named(names, {level.code: color for level, color in LEVEL_COLORS.items()}), *absent("无预警")]


def class_mappings() -> list[ValueMapping]:
    """Classes, also with the mark `+simulated` that a timeline carries."""
    names = chinese(CLASS_NAMES)
    colors = {verdict.value: color for verdict, color in CLASS_COLORS.items()}
    marked = {f"{code}+simulated": f"{text}（{SIMULATED}）" for code, text in names.items()}
    marked_colors = {f"{code}+simulated": color for code, color in colors.items()}
    return named(names | marked, colors | marked_colors)


def simulated_mappings() -> list[ValueMapping]:
    """The mark of simulated data."""
    return named({"true": SIMULATED, "false": "实报"}, {"true": "semi-dark-purple", "false": UNMARKED})


def count_thresholds(color: str) -> ThresholdsConfig:
    """No colour for 0, `color` from 1 on."""
    return ThresholdsConfig(mode=ThresholdsMode.ABSOLUTE, steps=[Threshold(None, UNMARKED), Threshold(1, color)])


def colored_count(color: str) -> list[DynamicConfigValue]:
    """Properties of a count that is coloured from 1 on."""
    return [
        DynamicConfigValue("thresholds", count_thresholds(color)),
        DynamicConfigValue("color", {"mode": "thresholds"}),
    ]


@dataclass(frozen=True, slots=True)
class Column:
    """How a table shows one column of its query.

    Attributes:
        name: the column as the query calls it.
        width: in pixels; None lets Grafana decide.
        mappings: code → text and colour.
        count_color: for counts: colour from 1 on.
        unit: Grafana unit, e.g. `percentunit`.
        decimals: shown; None shows the figure as it is.
        link: address that a click leads to.
        hidden: only there for links.
    """

    name: str
    width: int | None = None
    mappings: Sequence[ValueMapping] = ()
    count_color: str | None = None
    unit: str | None = None
    decimals: int | None = None
    link: str | None = None
    hidden: bool = False

    def properties(self) -> list[DynamicConfigValue]:
        """Field overrides of the column."""
        found: list[DynamicConfigValue] = []
        if self.hidden:
            found.append(DynamicConfigValue("custom.hidden", True))
        if self.width is not None:
            found.append(DynamicConfigValue("custom.width", self.width))
        if self.mappings:
            found.append(DynamicConfigValue("mappings", list(self.mappings)))
        if self.count_color is not None:
            found += [DynamicConfigValue("mappings", named({"0": "–"})), *colored_count(self.count_color)]
        if self.mappings or self.count_color is not None:
            background = {"type": "color-background", "mode": "basic"}
            found.append(DynamicConfigValue("custom.cellOptions", background))
        if self.unit is not None:
            found.append(DynamicConfigValue("unit", self.unit))
        if self.decimals is not None:
            found.append(DynamicConfigValue("decimals", self.decimals))
        if self.link is not None:
            found.append(DynamicConfigValue("links", [{"title": "查看", "url": self.link}]))
        return found


def query_table(number: int, title: str, description: str, query: str, columns: Sequence[Column]) -> table.Panel:
    """A table over one query.

    Args:
        number: panel id, fixed for ever: links and shared panels carry it.
        title: in Chinese.
        description: Chinese first, English after it.
        query: name of the file that holds the SQL.
        columns: the columns that are not shown as they come.
    """
    panel = (
        table.Panel()
        .id(number)
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .with_target(PostgresQuery(query))
        .cell_height(common.TableCellHeight.SM)
        .no_value("—")
        .span(24)
    )
    for column in columns:
        panel = panel.override_by_name(column.name, column.properties())
    return panel
