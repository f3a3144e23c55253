"""Writes the dashboards that Grafana loads: `python deploy/grafana/build.py`; the result is checked in."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a file that is run finds only its own folder's modules

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.overview import overview
from deploy.grafana.plan import plan

DASHBOARDS = Path(__file__).with_name("dashboards")


def dashboards() -> dict[str, str]:
    """File name → content of every dashboard."""
    built = {"overview.json": overview().build(), "plan.json": plan().build()}
    return {
        name: json.dumps(dashboard, cls=JSONEncoder, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        for name, dashboard in built.items()
    }


if __name__ == "__main__":
    for name, content in dashboards().items():
        (DASHBOARDS / name).write_text(content, encoding="utf-8")
