"""Every query of the dashboards, run as Grafana runs it, by the reading role on a migrated database with figures."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from deploy.real.servers import RealPostgres, missing_parts, real_dir
from planwatch.plan_document import plan_from_mapping
from planwatch.policy import policy_from_mapping
from services.database import connect_as
from services.database.migrate import migrate
from services.embedded.postgres_install import installed_package
from services.embedded.servers import embedded_servers
from tests.integration.dashboard_figures import ACKNOWLEDGED, APPLIED, CORRECTED, REPORTED, expected_by_verdict, fill

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
DASHBOARDS = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))
}


def expand(raw_sql: str, variables: Mapping[str, str]) -> str:
    """What the data source sends: `${name:percentencode}` and the macros replaced as Grafana 11 replaces them.

    Raises:
        KeyError: a variable or macro that is not provided for.
    """
    interpolated = re.sub(r"\$\{(\w+):percentencode\}", lambda found: quote(variables[found[1]], safe="-_.~"), raw_sql)
    return re.sub(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)", lambda found: MACROS[found[1]](found[2]), interpolated)


MACROS: dict[str, Callable[[str], str]] = {
    "__timeFilter": lambda column: f"{column} BETWEEN '2022-01-01T00:00:00Z' AND '2022-12-31T00:00:00Z'",
}


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a dashboard: of a panel, or of a variable."""

    key: str
    raw_sql: str
    layout: str
    panel: Mapping[str, Any]


def queries_of(name: str) -> list[Query]:
    dashboard = DASHBOARDS[name]
    panels = [
        Query(f"{name} {panel['id']}{target['refId']}", target["rawSql"], target["format"], panel)
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    ]
    variables = [
        Query(f"{name} ${variable['name']}", variable["query"], "table", {})
        for variable in dashboard["templating"].get("list", [])
        if variable["type"] == "query"
    ]
    return panels + variables


QUERIES = {query.key: query for name in DASHBOARDS for query in queries_of(name)}

COUNTS = "红色:int8 橙色:int8 黄色:int8 蓝色:int8"
COLUMNS = {
    "overview 1A": COUNTS,
    "overview 2A": "待处理:int8 累计:int8",
    "overview 3A": "模拟报送:int8",
    "overview 4A": f"plan_id:text 规划:text 地区:text 领域:text 预警灯:text {COUNTS} 指标数:int8 提前实现:int8 "
    "快于预期:int8 基本符合预期:int8 保持达标:int8 滞后于预期:int8 严重滞后:int8 逆向变动:int8 未达标:int8 缺数:int8 "
    "无法评价:int8 尚未报送:int8 数据性质:bool",
    "overview 5A": "等级:text plan_id:text 规划:text 序号:int4 indicator_id:text 指标:text 分组:text 评价:text "
    "时期:text 起始时期:text 责任单位:text 状态:text 数据性质:bool 最近变动:timestamptz",
    "overview 6A": "time:timestamptz 采纳行:float8 退回行:float8 采纳行（模拟数据）:float8 退回行（模拟数据）:float8 "
    "报送次数:float8",
    "overview 7A": "状态:text 种类:text 封数:int8 可能重复:int8 最早一封:timestamptz 最近发出:timestamptz",
    "overview 8A": "plan_id:text 规划:text 地区:text 指标数:int8 有数指标:int8 最新时期:text 最近报送:timestamptz "
    "最近评价:timestamptz 待评价报送:int8 模拟报送:int8",
    "plan $plan": "__text:text __value:text",
    "plan $indicator": "__text:text __value:text",
    "plan 1A": "序号:int4 indicator_id:text 指标:text 单位:text 性质:text 目标类型:text 基期值:numeric 基期:text "
    "目标:text 最新时期:text 最新数据:numeric 对照值:numeric 当期应达:numeric 完成进度:float8 序时进度:float8 "
    "进度比:float8 评价:text 预计期末:float8 预计下限:float8 预计上限:float8 实现概率:float8 "
    "预警等级:text 责任单位:text 待确认:int4 数据性质:bool",
    "plan 2A": "time:timestamptz 应达路径:float8",
    "plan 2B": "time:timestamptz metric:text value:float8",
    "plan 3A": "时间:timestamptz 步骤:text 等级:text 时期:text 原因:text 政策条目:text 发信说明:text 经办:text "
    "报送编号:text",
    "plan 4A": "time:timestamptz timeend:timestamptz series:text class:text",
    "plan 5A": "时期:text 分组:text 数据版次:int4 现行:bool 评价:text 判定依据:text 报送值:numeric 对照值:numeric "
    "当期应达:numeric 进度比:float8 所用基期值:numeric 所用基期:text 规划版本:int4 政策版本:text 报送编号:text "
    "收到时间:timestamptz 数据性质:bool",
    "plan 6A": "序号:int4 指标:text 字段:text 待确认事项:text 出处:text 行:int4",
    "plan 7A": "部分:text 序号:int4 indicator_id:text 承诺:text 领域:text 单位:text 目标:text 期限:text 最新时期:text "
    "最新数据:numeric 当期应达:numeric 评价:text 预警等级:text 报送单位:text 数据性质:bool",
}

NOW = {"plan": "zhongwei", "indicator": "zhongwei-05", "as_of": ""}
BEFORE_CORRECTION = {**NOW, "as_of": "2022-05-01 08:00"}


@contextmanager
def embedded_database(folder: Path) -> Iterator[str]:
    with embedded_servers(folder, kafka="given.example:9092", smtp_url="smtp://given.example") as servers:
        yield servers.database_url


@contextmanager
def real_database(_: Path) -> Iterator[str]:
    if missing_parts("timescaledb"):
        pytest.skip("TimescaleDB is not installed: run deploy/real/install.sh timescaledb")
    with RealPostgres() as server:
        yield server.url


PROVIDERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "embedded": embedded_database,
    "real": real_database,
}


@pytest.fixture(
    scope="module",
    params=[pytest.param("embedded", marks=pytest.mark.embedded), pytest.param("real", marks=pytest.mark.real)],
)
def migrated_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with PROVIDERS[request.param](tmp_path_factory.mktemp("dashboards")) as url:
        migrate(url)
        yield url


@pytest.fixture(scope="module")
def filled_database_url(migrated_database_url: str) -> str:
    fill(migrated_database_url)
    return migrated_database_url


@pytest.fixture
def reader(filled_database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with connect_as(filled_database_url, "planwatch_reader") as connection:
        yield connection


def run(reader: psycopg.Connection[Any], key: str, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    cursor = reader.cursor(row_factory=dict_row)
    return cursor.execute(expand(QUERIES[key].raw_sql, variables).encode()).fetchall()


def by_number(rows: list[dict[str, Any]], column: str) -> dict[int, Any]:
    return {row["序号"]: row[column] for row in rows}


@pytest.mark.parametrize("key", QUERIES)
def test_every_query_gives_the_columns_that_its_panel_expects(reader: psycopg.Connection[Any], key: str) -> None:
    cursor = reader.execute(expand(QUERIES[key].raw_sql, BEFORE_CORRECTION).encode())

    columns = [f"{column.name}:{type_name(column.type_code)}" for column in cursor.description or ()]
    assert columns == COLUMNS[key].split()
    assert cursor.rowcount > 0


def type_name(oid: int) -> str:
    known = psycopg.adapters.types.get(oid)
    assert known is not None
    return known.name


@pytest.mark.parametrize("key", [key for key, query in QUERIES.items() if query.layout == "table" and query.panel])
def test_every_override_and_link_names_a_column_of_the_query(reader: psycopg.Connection[Any], key: str) -> None:
    settings = QUERIES[key].panel["fieldConfig"]
    named = {override["matcher"]["options"] for override in settings.get("overrides", [])}
    linked = set(re.findall(r'__data\.fields\["(\w+)"\]', json.dumps(settings).replace('\\"', '"')))
    columns = {column.partition(":")[0] for column in COLUMNS[key].split()}

    assert (named | linked) - columns == set()


def test_the_overview_counts_zhongweis_open_warnings_after_the_correction(reader: psycopg.Connection[Any]) -> None:
    counts = run(reader, "overview 1A", NOW)
    warnings = run(reader, "overview 5A", NOW)
    lights = run(reader, "overview 4A", NOW)

    assert counts == [{"红色": 1, "橙色": 1, "黄色": 4, "蓝色": 0}]
    assert [(row["等级"], row["序号"]) for row in warnings] == [
        ("red", 13), ("orange", 10), ("yellow", 1), ("yellow", 6), ("yellow", 11), ("yellow", 16),
    ]  # fmt: skip
    zhongwei = [row for row in lights if row["plan_id"] == "zhongwei"]
    assert {row["领域"]: row["预警灯"] for row in zhongwei}["老有所养"] == "red"
    assert sum(row["指标数"] for row in zhongwei) == 25
    assert sum(row["黄色"] for row in zhongwei) == 4
    assert sum(row["缺数"] for row in zhongwei) == 2


def test_before_the_correction_the_plan_shows_what_was_known_then(reader: psycopg.Connection[Any]) -> None:
    before = by_number(run(reader, "plan 1A", BEFORE_CORRECTION), "预警等级")
    after = by_number(run(reader, "plan 1A", NOW), "预警等级")

    assert {number for number, level in before.items() if level == "red"} == {5, 13}
    assert {number for number, level in before.items() if level == "orange"} == {10}
    assert {number for number, level in before.items() if level == "yellow"} == {1, 6, 11, 16}
    assert after == {**before, 5: None}


@pytest.mark.parametrize(
    ("variables", "values", "verdict"),
    [(BEFORE_CORRECTION, [99.55, 97.81], "reversed"), (NOW, [99.55, 99.7], "ahead")],
    ids=["before", "after"],
)
def test_figure_and_class_are_those_of_the_vintage_known_then(
    reader: psycopg.Connection[Any], variables: dict[str, str], values: list[float], verdict: str
) -> None:
    timeline = {row["series"].split()[0]: row["class"] for row in run(reader, "plan 4A", variables)}

    assert [row["value"] for row in run(reader, "plan 2B", variables)] == values
    assert by_number(run(reader, "plan 1A", variables), "评价")[5] == timeline["5"] == verdict


def test_a_replaced_verdict_stays_in_the_record_and_is_marked(reader: psycopg.Connection[Any]) -> None:
    rows = run(reader, "plan 5A", NOW)

    assert [(row["数据版次"], row["现行"], row["评价"]) for row in rows] == [(2, True, "ahead"), (1, False, "reversed")]


def test_an_empty_moment_means_now_and_a_moment_without_a_zone_is_beijing_time(
    reader: psycopg.Connection[Any],
) -> None:
    row = reader.execute(
        "SELECT moment_of('') = now(), moment_of(' ') = now(), moment_of('2022-03-01'),"
        " moment_of('2022-03-01%2018%3A00'), moment_of('2022-03-01T00:00:00%2B00:00')"
    ).fetchone()

    assert row is not None
    assert row[:2] == (True, True)
    assert row[2:] == (
        datetime(2022, 2, 28, 16, tzinfo=UTC), datetime(2022, 3, 1, 10, tzinfo=UTC), datetime(2022, 3, 1, tzinfo=UTC),
    )  # fmt: skip


def test_a_case_has_the_level_and_state_of_its_last_step_by_then(reader: psycopg.Connection[Any]) -> None:
    def states(as_of: datetime) -> dict[str, tuple[str, str | None]]:
        rows = reader.execute("SELECT indicator_id, state, level FROM early_warnings_as_of(%s)", (as_of,))
        return {indicator: (state, level) for indicator, state, level in rows}

    named = reader.execute(
        "SELECT count(*) FROM early_warnings_as_of(now()) WHERE policy_line LIKE 'default-3: %' AND submission_id <> ''"
    ).fetchone()

    assert states(APPLIED) == {}
    assert states(REPORTED)["zhongwei-13"] == ("open", "red")
    assert states(ACKNOWLEDGED)["zhongwei-13"] == ("acknowledged", "red")
    assert states(ACKNOWLEDGED)["zhongwei-05"] == ("open", "red")
    assert states(CORRECTED)["zhongwei-05"] == ("closed", None)
    assert named == (7,)


def test_simulated_figures_are_marked_and_so_is_a_total_that_contains_them(reader: psycopg.Connection[Any]) -> None:
    national = {**NOW, "plan": "national"}
    totals = [row for row in run(reader, "plan 1A", national) if row["数据性质"]]
    timeline = run(reader, "plan 4A", national)
    national["indicator"] = totals[0]["indicator_id"]

    assert [(row["最新时期"], row["对照值"]) for row in totals] == [("2022", Decimal(200))]
    assert [row["class"].endswith("+simulated") for row in timeline] == [True, True]
    assert [row["metric"] for row in run(reader, "plan 2B", national)] == ["实际值 （模拟数据）", "实际值 （模拟数据）"]
    assert [row["数据性质"] for row in run(reader, "plan 5A", national)] == [True, True]
    assert not any(by_number(run(reader, "plan 1A", NOW), "数据性质").values())
    assert run(reader, "overview 3A", NOW) == [{"模拟报送": 1}]
    assert [row["采纳行（模拟数据）"] for row in run(reader, "overview 6A", NOW)] == [1, 0]


def test_the_path_in_the_database_is_the_path_that_verdicts_are_made_with(reader: psycopg.Connection[Any]) -> None:
    plans = [plan_from_mapping(row[0]) for row in reader.execute("SELECT document FROM current_plans")]
    policy = policy_from_mapping(reader.execute("SELECT document FROM policies").fetchall()[0][0])
    years = range(2021, 2026)
    drawn = {
        (plan_id, indicator_id, day.year): value
        for plan_id, indicator_id, day, value in reader.execute("SELECT * FROM indicator_paths_as_of(now())")
        if day.year in years
    }

    expected = {
        (plan.plan_id, row.indicator_id, year): expected_by_verdict(plan, policy, row.indicator_id, year)
        for plan in plans
        for row in plan.indicators
        for year in years
        if (plan.plan_id, row.indicator_id, year) in drawn
    }
    assert drawn == pytest.approx(expected, rel=Decimal("1e-9"))
    assert drawn["trial", "zhongwei-03", 2023] == Decimal("94.5")
    assert len({indicator_id for plan_id, indicator_id, _ in drawn if plan_id == "zhongwei"}) == 25


@given(values=st.fixed_dictionaries(dict.fromkeys(NOW, st.text())), key=st.sampled_from(sorted(QUERIES)))
def test_whatever_a_variable_holds_stays_inside_its_literal(values: dict[str, str], key: str) -> None:
    assert literals_blanked(key, values) == literals_blanked(key, NOW)


@pytest.mark.parametrize("hostile", ["'; DROP TABLE plans --", "$__timeFrom(", ") OR true --", "\\'", '"', "%27"])
def test_a_hostile_value_reads_nothing(reader: psycopg.Connection[Any], hostile: str) -> None:
    assert run(reader, "plan 1A", {**NOW, "plan": hostile}) == []
    with pytest.raises(psycopg.DataError):
        run(reader, "plan 1A", {**NOW, "as_of": hostile})


def literals_blanked(key: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"'[^']*'", "'…'", expand(QUERIES[key].raw_sql, variables))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO migrations (name) VALUES ('x')",
        "UPDATE early_warnings SET state = 'closed'",
        "DELETE FROM warning_history",
        "SELECT key_digest FROM api_keys",
        "SELECT content FROM submissions",
        "SELECT message FROM mails",
    ],
)
def test_the_reading_role_neither_writes_nor_sees_secrets(reader: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement.encode())


def test_grafanas_login_reads_the_views_and_writes_nothing(filled_database_url: str) -> None:
    psql = installed_package() / "pginstall" / "bin" / "psql"
    environment = {**os.environ, "PLANWATCH_READER_PASSWORD": "it's secret"}
    command = [str(psql), "--quiet", "--no-psqlrc", filled_database_url, "--file", str(GRAFANA / "login.sql")]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    subprocess.run(command, env=environment, check=True, capture_output=True)

    login = make_conninfo(filled_database_url, user="planwatch_grafana", password="it's secret")
    with psycopg.connect(login) as connection:
        assert connection.execute("SELECT count(*) FROM open_warnings").fetchone() == (6,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE copied AS SELECT 1 AS one")


def test_every_view_and_function_has_a_comment_and_its_columns_stand_in_the_documentation(
    reader: psycopg.Connection[Any],
) -> None:
    described = reader.execute(DESCRIBED).fetchall()
    words = set(re.findall(r"\w+", (ROOT / "docs" / "reporting_views.md").read_text("utf-8")))

    assert len(described) > 20
    assert [name for name, _, comment in described if not comment] == []
    assert {name: set(columns) - words for name, columns, _ in described if {name, *columns} - words} == {}


DESCRIBED = """
    SELECT c.relname, array_agg(a.attname), obj_description(c.oid, 'pg_class')
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relkind = 'v' AND c.relnamespace = current_schema()::regnamespace AND c.relname NOT LIKE 'current_%'
    GROUP BY c.oid, c.relname
    UNION ALL
    SELECT p.proname, coalesce(p.proargnames, '{}'), obj_description(p.oid, 'pg_proc')
    FROM pg_proc AS p
    WHERE p.pronamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


@pytest.mark.real
@pytest.mark.skipif(bool(missing_parts("prometheus")), reason="not installed: run deploy/real/install.sh prometheus")
def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool = real_dir() / "prometheus/usr/bin/promtool"
    rules = ROOT / "deploy" / "prometheus" / "rules_test.yml"

    checked = subprocess.run([promtool, "test", "rules", rules], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr
