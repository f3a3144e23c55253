"""What operators and evaluators see of a running Planwatch: Prometheus' figures, and the pages in a real browser."""

from __future__ import annotations

import json
import re
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from deploy.real.browser import chromium_dom, chromium_screenshot
from deploy.real.servers import RealPrometheus, missing_parts
from tests.e2e.conftest import Planwatch

ROOT = Path(__file__).resolve().parents[2]
SCRAPE_FILE = ROOT / "deploy" / "prometheus" / "prometheus.yml"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        bool(missing_parts("prometheus", "chromium")),
        reason=f"not installed: {', '.join(missing_parts('prometheus', 'chromium'))} (deploy/real/install.sh)",
    ),
]


@pytest.fixture
def prometheus(real_planwatch: Planwatch) -> Any:  # noqa: ANN401
    addresses = real_planwatch.addresses
    config = SCRAPE_FILE.read_text(encoding="utf-8")
    config = config.replace("rules.yml", str(SCRAPE_FILE.parent / "rules.yml")).replace(": 15s", ": 1s")
    names = {"ingest": "gateway_url", "evaluate": "evaluate_url", "alerts": "alerts_url", "pages": "pages_url"}
    for service, field in names.items():
        config = config.replace(f'"{service}:8000"', f'"{addresses[field].removeprefix("http://")}"')
    with RealPrometheus(config) as server:
        yield server


def ask(prometheus: RealPrometheus, query: str) -> dict[str, float]:
    """An instant query: the first label that is not the metric's frame → value."""
    url = f"{prometheus.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        result = json.load(answer)["data"]["result"]
    return {next(iter(row["metric"].values()), ""): float(row["value"][1]) for row in result}


def ask_until(prometheus: RealPrometheus, query: str, wanted: dict[str, float]) -> None:
    waited_until = time.monotonic() + 30
    while (found := ask(prometheus, query)) != wanted and time.monotonic() < waited_until:
        time.sleep(0.5)
    assert found == wanted


def test_prometheus_scrapes_all_services_with_the_shipped_configuration(prometheus: RealPrometheus) -> None:
    ask_until(prometheus, "sum by (service) (up)", {"ingest": 1.0, "evaluate": 1.0, "alerts": 1.0, "pages": 1.0})
    ask_until(prometheus, "sum by (level) (planwatch_warnings_open > 0)", {"red": 2.0, "orange": 1.0, "yellow": 4.0})
    ask_until(prometheus, "sum by (outcome) (planwatch_submissions_total)", {"accepted": 6.0})
    ask_until(prometheus, "sum by (outcome) (planwatch_mails_total)", {"sent": 6.0})
    ask_until(prometheus, "max by (consumer) (planwatch_consumer_lag_records)", lag_free())


def lag_free() -> dict[str, float]:
    return {"planwatch-evaluate": 0.0, "planwatch-alerts": 0.0}


def test_the_overview_in_a_browser_shows_plans_and_warnings_in_chinese(
    real_planwatch: Planwatch, tmp_path: Path
) -> None:
    url = real_planwatch.addresses["pages_url"]
    dom = chromium_dom(url)
    assert len(set(re.findall(r"/plans/(\w+)", dom))) == 5
    assert "养老机构护理型床位占比(%)" in dom
    assert "逆向变动" in dom
    picture = tmp_path / "overview.png"
    chromium_screenshot(url, picture)
    assert picture.stat().st_size > 20_000


def test_a_plan_page_shows_every_indicator_and_its_doubts(real_planwatch: Planwatch) -> None:
    dom = chromium_dom(f"{real_planwatch.addresses['pages_url']}/plans/zhongwei")
    names = [row["name"] for row in json.loads(real_planwatch.run_offline("plan", "show", "zhongwei", "--json").stdout)]
    assert [name for name in names if name not in dom] == []
    assert dom.count("需确认") >= 4


def test_a_mail_opened_in_a_browser_says_in_its_first_lines_what_is_expected(real_planwatch: Planwatch) -> None:
    mail = next(mail for mail in real_planwatch.result["mails"] if "九年义务教育巩固率" in mail["subject"])
    dom = chromium_dom(f"{real_planwatch.addresses['pages_url']}/mails/{mail['mail']}/body")
    text = re.sub(r"<style.*?</style>|<[^>]+>", " ", dom, flags=re.DOTALL)
    assert re.search(r"97\.81.*应达\s*99\.60.*中卫市教育局.*前签收", text, flags=re.DOTALL)
