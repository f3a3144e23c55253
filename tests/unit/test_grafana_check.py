"""`planwatch doctor` asks Grafana through its client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from services.cli.grafana import check_grafana
from services.errors import Retriable


@contextmanager
def grafana(answers: dict[str, object]) -> Iterator[str]:
    """A server that answers the given paths as Grafana does, and any other with its 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            body = json.dumps(answer or {"message": "Dashboard not found"}).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://admin:secret@127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


HEALTH: dict[str, object] = {
    "/api/frontend/settings": {"buildInfo": {"version": "11.6.0"}},
    "/api/health": {"database": "ok", "version": "11.6.0"},
}
OVERVIEW: dict[str, object] = {"/api/dashboards/uid/planwatch-overview": {"dashboard": {"uid": "planwatch-overview"}}}
PLAN: dict[str, object] = {"/api/dashboards/uid/planwatch-plan": {"dashboard": {"uid": "planwatch-plan"}}}


def test_a_grafana_with_both_dashboards_is_well() -> None:
    with grafana({**HEALTH, **OVERVIEW, **PLAN}) as url:
        assert check_grafana(url) == "Grafana 11.6.0，2 个看板 dashboards"


def test_a_missing_dashboard_is_told() -> None:
    with grafana({**HEALTH, **OVERVIEW}) as url, pytest.raises(Retriable, match="Dashboard not found"):
        check_grafana(url)
