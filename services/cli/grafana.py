"""What `planwatch doctor` asks Grafana: does it answer, and has it loaded the dashboards?"""

from __future__ import annotations

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException

from services.errors import Retriable

DASHBOARDS = ("planwatch-overview", "planwatch-plan")


def check_grafana(url: str) -> str:
    """Grafana's version, where both dashboards are provisioned.

    Args:
        url: with the credentials, `http://user:password@host:3000`.
    Raises:
        Retriable: Grafana does not answer, refuses, or has not loaded a dashboard.
    """
    try:
        grafana = GrafanaApi.from_url(url)
        version = grafana.health.check()["version"]
        for uid in DASHBOARDS:
            grafana.dashboard.get_dashboard(uid)
    except (GrafanaException, OSError) as error:
        raise Retriable(f"{type(error).__name__}: {error}") from error
    return f"Grafana {version}，{len(DASHBOARDS)} 个看板 dashboards"
