"""Stands in for a service in the tests of the supervisor: serves `/healthz`, and fails as it is told to.

STAND_IN: `healthy`, `unhealthy` (answers 503), `broken` (ends at once), `deaf` (healthy, ignores SIGTERM).
"""

from __future__ import annotations

import http.server
import json
import os
import signal
import sys
from types import FrameType

BEHAVIOUR = os.environ["STAND_IN"]


class Healthz(http.server.BaseHTTPRequestHandler):
    """Answers every GET with the health that is played."""

    def do_GET(self) -> None:
        """200, or 503 with one failing check."""
        healthy = BEHAVIOUR != "unhealthy"
        body = json.dumps({"healthy": healthy, "checks": {"progress": "ok" if healthy else "no progress for 90 s"}})
        self.send_response(200 if healthy else 503)
        self.end_headers()
        self.wfile.write(body.encode())


def end(number: int, frame: FrameType | None) -> None:
    """End as a service does when it is asked to."""
    sys.exit(0)


if BEHAVIOUR == "broken":
    sys.exit("PLANWATCH_SECRET is not set")
signal.signal(signal.SIGTERM, signal.SIG_IGN if BEHAVIOUR == "deaf" else end)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PLANWATCH_HTTP_PORT"])), Healthz).serve_forever()
