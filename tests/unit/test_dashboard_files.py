"""The files that Grafana and Prometheus load: made by code, whole, and naming only what exists."""

from __future__ import annotations

import json
import re
import runpy
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from planwatch.policy import AssessmentClass, Level
from planwatch.wording import CLASS_NAMES, LEVEL_NAMES
from services import metrics

ROOT = Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
PROMETHEUS = ROOT / "deploy" / "prometheus"

DASHBOARDS = {
    path.name: json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))
}
PANELS = {
    f"{name} {panel['id']}": panel
    for name, board in DASHBOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
}
DATASOURCE = {"type": "grafana-postgresql-datasource", "uid": "planwatch-timescaledb"}

every_dashboard = pytest.mark.parametrize("board", DASHBOARDS.values(), ids=DASHBOARDS)
every_panel = pytest.mark.parametrize("panel", PANELS.values(), ids=PANELS)


def test_the_files_checked_in_are_what_the_code_makes() -> None:
    made = runpy.run_path(str(GRAFANA / "build.py"))["dashboards"]()

    assert {name: (GRAFANA / "dashboards" / name).read_text("utf-8") for name in DASHBOARDS} == made


def test_dashboards_keep_their_uids_and_the_classic_schema_of_grafana_11() -> None:
    described = {name: (board["uid"], board["schemaVersion"], board["editable"]) for name, board in DASHBOARDS.items()}

    assert described == {"overview.json": ("planwatch-overview", 41, False), "plan.json": ("planwatch-plan", 41, False)}


@every_dashboard
def test_panel_ids_are_unique(board: dict[str, Any]) -> None:
    numbers = [panel["id"] for panel in board["panels"]]

    assert len(set(numbers)) == len(numbers)


@every_dashboard
def test_no_two_panels_overlap_and_none_leaves_the_grid(board: dict[str, Any]) -> None:
    cells = [covered(panel["gridPos"]) for panel in board["panels"]]

    assert [pair for pair in combinations(cells, 2) if pair[0] & pair[1]] == []
    assert max(x for panel in cells for x, _ in panel) < 24


def covered(position: dict[str, int]) -> set[tuple[int, int]]:
    columns = range(position["x"], position["x"] + position["w"])
    return {(x, y) for x in columns for y in range(position["y"], position["y"] + position["h"])}


@every_panel
def test_every_panel_has_a_chinese_title_and_a_description_in_both_languages(panel: dict[str, Any]) -> None:
    chinese, _, english = panel["description"].partition("\n\n")

    assert re.search(r"[一-鿿]", panel["title"])
    assert re.search(r"[一-鿿]", chinese)
    assert re.fullmatch(r"[ -~]+", english)


@every_panel
def test_every_query_goes_to_the_provisioned_data_source(panel: dict[str, Any]) -> None:
    provisioned = yaml.safe_load((GRAFANA / "provisioning/datasources/timescaledb.yaml").read_text("utf-8"))
    (source,) = provisioned["datasources"]

    assert {"type": source["type"], "uid": source["uid"]} == DATASOURCE
    assert [panel["datasource"], *(target["datasource"] for target in panel["targets"])] == [DATASOURCE] * (
        1 + len(panel["targets"])
    )


def mappings_of(panel: dict[str, Any]) -> list[dict[str, Any]]:
    config = panel["fieldConfig"]
    overridden = [
        entry["value"]
        for override in config.get("overrides", [])
        for entry in override["properties"]
        if entry["id"] == "mappings"
    ]
    return [mapping for group in [config["defaults"].get("mappings", []), *overridden] for mapping in group]


def mapped(panel: dict[str, Any], member: str) -> dict[str, Any]:
    """The value mapping of the panel that knows the code `member`."""
    known = [mapping["options"] for mapping in mappings_of(panel) if member in mapping["options"]]
    return dict(known[0])


@pytest.mark.parametrize("name", ["overview.json 4", "overview.json 5", "plan.json 1", "plan.json 3"])
def test_every_level_has_its_colour_and_its_chinese_name(name: str) -> None:
    options = mapped(PANELS[name], "red")

    assert {code: (result["text"], result["color"]) for code, result in options.items()} == {
        level.code: (LEVEL_NAMES[level].zh, level.code) for level in Level
    }


@pytest.mark.parametrize("name", ["overview.json 5", "plan.json 1", "plan.json 4", "plan.json 5"])
def test_every_class_has_its_chinese_name_and_no_colour_of_a_level(name: str) -> None:
    options = mapped(PANELS[name], "achieved")

    assert {code: options[code]["text"] for code in AssessmentClass} == {
        verdict.value: text.zh for verdict, text in CLASS_NAMES.items()
    }
    assert re.findall("red|orange|yellow|blue", " ".join(result["color"] for result in options.values())) == []


@pytest.mark.parametrize("verdict", AssessmentClass)
def test_a_simulated_class_says_so_in_the_timeline(verdict: AssessmentClass) -> None:
    options = mapped(PANELS["plan.json 4"], "achieved")

    assert options[f"{verdict}+simulated"]["text"] == f"{CLASS_NAMES[verdict].zh}（模拟数据）"


def test_the_timeline_stays_empty_where_there_is_no_verdict() -> None:
    assert {mapping["type"] for mapping in mappings_of(PANELS["plan.json 4"])} == {"value"}


def test_the_overview_has_no_variables_so_that_it_can_be_public() -> None:
    overview = DASHBOARDS["overview.json"]

    assert overview["templating"] == {}
    assert [target for panel in overview["panels"] for target in panel["targets"] if "${" in target["rawSql"]] == []


def test_a_variable_stands_in_a_query_only_percent_encoded_and_quoted() -> None:
    plan = DASHBOARDS["plan.json"]
    texts = [target["rawSql"] for panel in plan["panels"] for target in panel.get("targets", [])]
    texts += [variable["query"] for variable in plan["templating"]["list"]]
    safe = [re.sub(r"'\$\{(plan|indicator|as_of):percentencode\}'", "", text) for text in texts]

    assert [text for text in safe if "$" in text] == []


def test_the_data_source_is_read_only_and_holds_no_password() -> None:
    text = (GRAFANA / "provisioning/datasources/timescaledb.yaml").read_text("utf-8")
    (source,) = yaml.safe_load(text)["datasources"]

    assert (source["user"], source["editable"]) == ("planwatch_grafana", False)
    assert source["jsonData"]["timescaledb"] is True
    assert source["jsonData"]["sslmode"] == "$__env{PLANWATCH_READER_SSLMODE}"
    assert source["secureJsonData"] == {"password": "$__env{PLANWATCH_READER_PASSWORD}"}


def test_dashboards_cannot_be_changed_in_the_browser_nor_vanish_with_a_missing_volume() -> None:
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/provider.yaml").read_text("utf-8"))["providers"]

    assert (provider["allowUiUpdates"], provider["disableDeletion"]) == (False, True)


def test_prometheus_scrapes_the_four_services() -> None:
    (job,) = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))["scrape_configs"]

    assert {entry["labels"]["service"]: entry["targets"] for entry in job["static_configs"]} == {
        service: [f"{service}:8000"] for service in ("ingest", "evaluate", "alerts", "pages")
    }


def test_alert_rules_use_only_metrics_that_the_services_have() -> None:
    rules = (PROMETHEUS / "rules.yml").read_text("utf-8")
    used = set(re.findall(r"planwatch_\w+", rules))

    assert used - sample_names() == set()


def sample_names() -> set[str]:
    """Names under which Prometheus sees the metrics of `services.metrics`."""
    registry = CollectorRegistry()
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            registry.register(metric)
    return {f"{family.name}{suffix}" for family in registry.collect() for suffix in suffixes[family.type]}
