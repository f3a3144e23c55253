"""TimescaleDB, Apache Kafka and Prometheus as `install.sh` lays them down, started on free ports of 127.0.0.1.

Each is a context manager: `with RealPostgres() as postgres, RealKafka() as kafka:` gives `postgres.url` and
`kafka.bootstrap`, and leaves neither process nor data behind.
"""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psycopg
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.real.lifecycle import RealServer, new_work_dir
from services.program import ProgramFailed, free_ports

HOST = "127.0.0.1"

PARTS = ("timescaledb", "kafka", "prometheus", "chromium")


def real_dir() -> Path:
    """Where `install.sh` puts things: `PLANWATCH_REAL_DIR`, or planwatch-real in the user's cache."""
    return Path(os.environ.get("PLANWATCH_REAL_DIR") or Path.home() / ".cache" / "planwatch-real").absolute()


def missing_parts(*parts: str) -> list[str]:
    """Those of `parts` (default: all of `PARTS`) that are not installed; `install.sh NAME…` installs them."""
    pom = Path(__file__).with_name("pom.xml")
    kafka_pom = real_dir() / "kafka" / "pom.xml"
    installed = {
        "timescaledb": (real_dir() / f"timescaledb{RealPostgres.BIN}" / "postgres").exists(),
        "kafka": kafka_pom.exists() and filecmp.cmp(pom, kafka_pom, shallow=False) and bool(shutil.which("java")),
        "prometheus": (real_dir() / "prometheus/usr/bin/prometheus").exists(),
        "chromium": bool(shutil.which("chromium")),
    }
    return [part for part in parts or PARTS if not installed[part]]


class RealPostgres(RealServer):
    """PostgreSQL 17 with TimescaleDB from the debootstrap folder, as an unprivileged user.

    The server sees the folder as its root directory, so that it uses the folder's own libraries. Root enters it by
    chroot and becomes nobody; an ordinary user enters it through a user namespace. The data therefore lies inside the
    folder. The extension is preloaded, not created: that is for the migration (`create extension timescaledb`).

    Attributes:
        port: TCP port of 127.0.0.1, the same after a restart.
        url: address of the empty database `planwatch` and its owner, a superuser, with password (scram-sha-256).
    """

    name = "TimescaleDB"
    stop_signal = signal.SIGINT  # "fast" shutdown: ends sessions, does not wait for clients
    BIN = "/usr/lib/postgresql/17/bin"
    NOBODY = 65534

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """Choose port and password; nothing is started.

        Args:
            settings: postgresql.conf parameters over the defaults, such as {"max_connections": "300"}.
        """
        self._folder = real_dir() / "timescaledb"
        super().__init__(new_work_dir(self._folder / "var/lib/planwatch", "postgres"))
        [self.port] = free_ports(1)
        self._password = secrets.token_urlsafe(18)
        self._settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "mmap",  # the folder has no /dev/shm of its own
            "shared_preload_libraries": "timescaledb",
            "timescaledb.telemetry_level": "off",
            **(settings or {}),
        }

    @property
    def url(self) -> str:
        """postgresql:// address of the database `planwatch`."""
        return self._url("planwatch")

    def wait_until_ready(self) -> None:
        """Return when the database `planwatch` can be used.

        Raises:
            ProgramFailed: the server ended or was not ready in time.
        """
        super().wait_until_ready()
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = 'planwatch'").fetchone():
                connection.execute("create database planwatch")

    def _prepare(self) -> None:
        data = self.work_dir / "data"
        if data.exists():
            return
        password_file = self.work_dir / "password"
        password_file.write_text(self._password)
        if os.geteuid() == 0:
            for path in (self.work_dir, password_file):
                os.chown(path, self.NOBODY, self.NOBODY)
        done = subprocess.run(  # noqa: S603  our own arguments
            [
                *self._inside(f"{self.BIN}/initdb"),
                f"--pgdata={self._inner(data)}",
                "--username=planwatch",
                f"--pwfile={self._inner(password_file)}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        password_file.unlink()
        if done.returncode:
            raise ProgramFailed(f"{self.name}: initdb failed\n{done.stdout}{done.stderr}")

    def _command(self) -> list[str]:
        settings = [argument for name, value in self._settings.items() for argument in ("-c", f"{name}={value}")]
        # The kernel forgets at the change of user that the server is to end with us; setpriv reminds it.
        server = ["setpriv", "--pdeathsig", "INT", f"{self.BIN}/postgres", "-D", self._inner(self.work_dir / "data")]
        return [*self._inside(*server), *settings]

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _inside(self, *command: str) -> list[str]:
        nobody = str(self.NOBODY)
        if os.geteuid() == 0:
            return ["chroot", f"--userspec={nobody}:{nobody}", str(self._folder), *command]
        namespace = ["unshare", "--user", f"--map-user={nobody}", f"--map-group={nobody}"]
        return [*namespace, f"--root={self._folder}", "--wd=/", *command]

    def _inner(self, path: Path) -> str:
        return f"/{path.relative_to(self._folder)}"

    def _url(self, database: str) -> str:
        return f"postgresql://planwatch:{self._password}@{HOST}:{self.port}/{database}"


class RealKafka(RealServer):
    """One Apache Kafka node, broker and controller (KRaft), that creates topics only when asked to.

    Attributes:
        bootstrap: host:port for clients, the same after a restart.
    """

    name = "Apache Kafka"

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        """Choose ports; nothing is started.

        Args:
            settings: server.properties over the defaults, such as {"group.min.session.timeout.ms": "500"}.
        """
        super().__init__(new_work_dir(Path(tempfile.gettempdir()), "kafka"))
        broker, controller = (f"{HOST}:{port}" for port in free_ports(2))
        self.bootstrap = broker
        self._settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.election.timeout.ms": "100",  # the only voter need not wait for others
            "log.dirs": str(self.work_dir / "data"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "log.cleaner.dedupe.buffer.size": "16777216",  # 128 MB of a 512 MB heap by default
            **(settings or {}),
        }

    def _prepare(self) -> None:
        if (self.work_dir / "data").exists():
            return
        lines = [f"{name}={value}\n" for name, value in self._settings.items()]
        self._properties.write_text("".join(lines))
        format_storage = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format"]
        done = subprocess.run(  # noqa: S603  our own arguments
            [*self._java(*format_storage), f"--cluster-id={secrets.token_urlsafe(16)}", f"--config={self._properties}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProgramFailed(f"{self.name}: format failed\n{done.stdout}{done.stderr}")

    def _command(self) -> list[str]:
        broker = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Dlog4j2.level=INFO", "kafka.Kafka"]
        return [*self._java(*broker), str(self._properties)]

    def _is_ready(self) -> bool:
        host, port = self.bootstrap.split(":")
        socket.create_connection(
            (host, int(port)), timeout=2
        ).close()  # the client below waits longer after each refusal
        try:
            with KafkaAdminClient(bootstrap_servers=self.bootstrap, reconnect_backoff_max_ms=200) as admin:
                # Answered only when the coordinator has loaded all groups; the first time this creates their topic.
                admin.list_group_offsets({"planwatch-ready": None})
        except KafkaError:
            return False
        return True

    @property
    def _properties(self) -> Path:
        return self.work_dir / "server.properties"

    def _java(self, *arguments: str) -> list[str]:
        return ["java", "-cp", f"{real_dir() / 'kafka/libs'}/*", *arguments]


class RealPrometheus(RealServer):
    """Prometheus with the given configuration.

    Attributes:
        url: http:// address without a trailing slash.
    """

    name = "Prometheus"

    def __init__(self, config_text: str) -> None:
        """Choose a port; nothing is started.

        Args:
            config_text: the whole prometheus.yml; rule files in it need absolute paths.
        """
        super().__init__(new_work_dir(Path(tempfile.gettempdir()), "prometheus"))
        [port] = free_ports(1)
        self._address = f"{HOST}:{port}"
        self._config_text = config_text
        self.url = f"http://{self._address}"

    def _prepare(self) -> None:
        (self.work_dir / "prometheus.yml").write_text(self._config_text)

    def _command(self) -> list[str]:
        return [
            str(real_dir() / "prometheus/usr/bin/prometheus"),
            f"--config.file={self.work_dir / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.work_dir / 'data'}",
            f"--web.listen-address={self._address}",
        ]

    def _is_ready(self) -> bool:
        with urllib.request.urlopen(f"{self.url}/-/ready", timeout=2) as answer:  # noqa: S310  our own http address
            return bool(answer.status == 200)
