"""The embedded servers, really started: what they keep, what survives, what is left behind."""

from __future__ import annotations

import json
import mailbox
import os
import pwd
import queue
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from services.embedded.data_dir import DataDirUnusable
from services.embedded.postgres_install import installed_package, reachable_binaries, server_user
from services.embedded.servers import EmbeddedServers, embedded_servers
from services.program import Command, ProgramFailed, start
from services.supervisor import EventKind, ProgramEvent

pytestmark = pytest.mark.embedded

REPOSITORY = Path(__file__).parents[2]
ELSEWHERE = "given.example:9092"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who runs PostgreSQL as another user")

UP = """
import json, pathlib, signal, sys
from services.embedded.servers import embedded_servers
with embedded_servers(pathlib.Path(sys.argv[1])) as servers:
    print(json.dumps({"url": servers.database_url, "pids": servers.supervisor.pids()}), flush=True)
    signal.pause()
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    with embedded_servers(tmp_path_factory.mktemp("embedded") / "data") as running:
        yield running


def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    """The rows of a statement that is committed; no rows where it returns none."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def cluster_id(bootstrap: str) -> str:
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        return str(client.describe_cluster()["cluster_id"])
    finally:
        client.close()


def send(servers: EmbeddedServers, content: bytes) -> None:
    host, port = servers.smtp_url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as connection:
        connection.sendmail("planwatch@localhost", ["a@example.org", "b@example.org"], content)


def still_running(pids: list[int], within_s: float) -> list[int]:
    """Which of the processes do not end in time; one that is dead and only not yet collected has ended."""
    deadline = time.monotonic() + within_s
    while (left := [pid for pid in pids if _runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_the_database_is_there_and_listens_on_no_port(servers: EmbeddedServers) -> None:
    settings = "current_setting('listen_addresses'), current_setting('timezone'), current_setting('server_encoding')"

    assert execute(servers.database_url, f"SELECT current_database(), {settings}") == [("planwatch", "", "UTC", "UTF8")]


def test_the_socket_is_open_to_its_owner_only(servers: EmbeddedServers) -> None:
    folder = servers.log_dir.parent / "postgres"

    assert (folder.stat().st_mode & 0o777, (folder / ".s.PGSQL.5432").stat().st_mode & 0o777) == (0o700, 0o700)


def test_the_broker_gives_back_what_it_took(servers: EmbeddedServers) -> None:
    # given
    producer = KafkaProducer(bootstrap_servers=servers.kafka)
    consumer = KafkaConsumer(
        "planwatch.test.sent.v1",
        bootstrap_servers=servers.kafka,
        auto_offset_reset="earliest",
        consumer_timeout_ms=9000,
    )

    # when
    producer.send("planwatch.test.sent.v1", key=b"640500", value="报送".encode()).get(timeout=10)
    record = next(consumer)

    # then
    assert (record.key, record.value.decode()) == (b"640500", "报送")
    producer.close()
    consumer.close()


def test_a_mail_is_kept_again_when_it_comes_again(servers: EmbeddedServers) -> None:
    # given
    mail = "Message-ID: <case-1@planwatch.localhost>\r\nSubject: =?utf-8?B?57qi6Imy?=\r\n\r\n红色预警\r\n".encode()

    # when
    send(servers, mail)
    send(servers, mail)

    # then
    assert servers.maildir is not None
    kept = [each for each in mailbox.Maildir(servers.maildir) if each["Message-ID"] == "<case-1@planwatch.localhost>"]
    assert [each.get_payload(decode=True) for each in kept] == ["红色预警\n".encode()] * 2
    assert kept[0].get_all("Delivered-To") == ["a@example.org", "b@example.org"]
    assert kept[0]["Return-Path"] == "<planwatch@localhost>"


def test_a_mail_over_25_megabytes_is_refused_for_good(servers: EmbeddedServers) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        send(servers, b"Subject: large\r\n\r\n" + b"x" * 26 * 1024 * 1024)

    assert refusal.value.smtp_code == 552


def test_a_second_start_on_the_same_data_is_refused_in_both_languages(servers: EmbeddedServers) -> None:
    with (
        pytest.raises(DataDirUnusable, match=f"正被另一个.*{os.getpid()}.*in use by another.*{os.getpid()}"),
        embedded_servers(servers.log_dir.parent),
    ):
        pass


def test_servers_that_are_given_are_not_started(tmp_path: Path) -> None:
    with embedded_servers(tmp_path, database_url="postgresql:///x", kafka=ELSEWHERE, smtp_url="smtp://x") as given:
        assert (given.database_url, given.kafka, given.smtp_url) == ("postgresql:///x", ELSEWHERE, "smtp://x")
        assert (given.maildir, given.supervisor.pids()) == (None, {})


def test_the_database_survives_the_end_and_the_broker_is_another_incarnation(tmp_path: Path) -> None:
    # given
    with embedded_servers(tmp_path, smtp_url="smtp://x") as first:
        execute(first.database_url, "CREATE TABLE figures AS SELECT 97.81 AS obs_value")
        former = cluster_id(first.kafka)

    # when
    with embedded_servers(tmp_path, smtp_url="smtp://x") as second:
        # then
        assert execute(second.database_url, "SELECT obs_value::text FROM figures") == [("97.81",)]
        assert cluster_id(second.kafka) != former


def test_a_killed_server_comes_back_with_what_was_committed(tmp_path: Path) -> None:
    # given
    events: queue.SimpleQueue[ProgramEvent] = queue.SimpleQueue()
    with embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x", report=events.put) as running:
        execute(running.database_url, "CREATE TABLE figures AS SELECT 97.81 AS obs_value")

        # when
        os.kill(running.supervisor.pids()["postgres"], signal.SIGKILL)

        # then
        kinds = [events.get(timeout=10).kind for _ in range(5)]
        assert kinds == [EventKind.STARTED, EventKind.READY, EventKind.EXITED, EventKind.STARTED, EventKind.READY]
        assert execute(running.database_url, "SELECT obs_value::text FROM figures") == [("97.81",)]


def test_nothing_is_left_when_the_parent_is_killed_and_the_next_start_finds_the_data(tmp_path: Path) -> None:
    # given: the servers in a process of their own, with a committed row
    arguments = [sys.executable, "-c", UP, str(tmp_path / "data")]
    with subprocess.Popen(arguments, cwd=REPOSITORY, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        told = json.loads(parent.stdout.readline())
        execute(told["url"], "CREATE TABLE figures AS SELECT 97.81 AS obs_value")

        # when
        parent.kill()

    # then
    assert sorted(told["pids"]) == ["broker", "mail_catcher", "postgres"]
    assert still_running(list(told["pids"].values()), within_s=10) == []
    with embedded_servers(tmp_path / "data", kafka=ELSEWHERE, smtp_url="smtp://x") as second:
        assert execute(second.database_url, "SELECT obs_value::text FROM figures") == [("97.81",)]


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(tmp_path: Path) -> None:
    # given: the files that a killed server leaves, whose number now belongs to another process of the same user
    with embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x"):
        left = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    stranger = start(Command(["/bin/sleep", "60"], {}, user=server_user()), tmp_path / "stranger.log")
    (tmp_path / "postgres" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *left[1:], ""]))
    (tmp_path / "postgres" / ".s.PGSQL.5432.lock").write_text("\n".join([str(stranger.pid), *left[1:], ""]))

    # when
    with embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x") as running:
        # then
        assert execute(running.database_url, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    # given: what an initdb that was killed leaves
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")

    # when
    with embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x") as running:
        # then
        assert execute(running.database_url, "SELECT 1") == [(1,)]


def test_a_cluster_of_another_version_is_told_with_the_servers_own_words(tmp_path: Path) -> None:
    # given
    with embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x"):
        pass
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")

    # when
    with (
        pytest.raises(ProgramFailed, match="initialized by PostgreSQL version 12"),
        embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x"),
    ):
        pass


def test_a_data_directory_too_deep_for_a_socket_is_reached_by_a_short_way(tmp_path: Path) -> None:
    # given: a path over the 107 bytes of a socket's address
    deep = tmp_path / ("区" * 40)

    # when
    with embedded_servers(deep, kafka=ELSEWHERE, smtp_url="smtp://x") as running:
        # then
        assert "%2Fpg&port" in running.database_url
        assert execute(running.database_url, "SELECT 1") == [(1,)]


def test_a_data_directory_that_cannot_be_made_is_refused_with_advice(tmp_path: Path) -> None:
    # given
    (tmp_path / "file").write_text("")

    # when
    with pytest.raises(DataDirUnusable, match=r"不可写.*--data-dir"), embedded_servers(tmp_path / "file" / "data"):
        pass


@as_root
def test_roots_private_folders_stay_closed(tmp_path: Path) -> None:
    # given
    private = tmp_path / "private"
    private.mkdir(mode=0o700)

    # when
    with embedded_servers(private / "data", kafka=ELSEWHERE, smtp_url="smtp://x") as running:
        # then
        assert execute(running.database_url, "SELECT 1") == [(1,)]
        assert [folder.stat().st_mode & 0o777 for folder in (private, private / "data")] == [0o700, 0o700]


@as_root
def test_a_cluster_is_taken_over_when_the_system_user_has_another_number(tmp_path: Path) -> None:
    # given: a cluster whose files belong to a number that no user has
    with embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x"):
        pass
    subprocess.run(["chown", "-R", "54321:54321", str(tmp_path / "postgres")], check=True)

    # when
    with embedded_servers(tmp_path, kafka=ELSEWHERE, smtp_url="smtp://x") as running:
        # then
        assert execute(running.database_url, "SELECT 1") == [(1,)]


@as_root
def test_binaries_in_a_private_folder_are_copied_to_where_the_system_user_can_run_them(tmp_path: Path) -> None:
    # given: an installation as below /root, and a folder that everybody can reach
    package = installed_package()
    shutil.copytree(package, tmp_path / package.name, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), tmp_path / f"{package.name}.libs")
    tmp_path.chmod(0o700)
    nobody = pwd.getpwnam("nobody")

    with tempfile.TemporaryDirectory() as copies:
        # when
        Path(copies).chmod(0o755)
        binaries = reachable_binaries(tmp_path / package.name, nobody, Path(copies) / "planwatch")

        # then
        assert binaries.is_relative_to(copies)
        told = subprocess.check_output([binaries / "initdb", "--version"], user=nobody.pw_uid, cwd="/", text=True)
        assert told.startswith("initdb (PostgreSQL)")
    assert tmp_path.stat().st_mode & 0o777 == 0o700
