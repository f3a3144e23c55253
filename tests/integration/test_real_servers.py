"""The real servers of deploy/real, really started: what they can do, what they keep, what they leave behind."""

from __future__ import annotations

import functools
import http.server
import json
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import UnknownTopicOrPartitionError

from deploy.real.browser import BrowserFailed, chromium_dom, chromium_screenshot
from deploy.real.servers import PARTS, RealKafka, RealPostgres, RealPrometheus, missing_parts
from services.program import ProgramFailed

MISSING = missing_parts()
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed, see deploy/real/README.md: {' '.join(MISSING)}"),
]

REPOSITORY = Path(__file__).parents[2]
START_ALL_AND_WAIT = """
import time
from deploy.real.servers import RealKafka, RealPostgres, RealPrometheus
with RealPostgres(), RealKafka(), RealPrometheus("global: {}"):
    print("started", flush=True)
    time.sleep(600)
"""
START_PROMETHEUS_AND_WAIT = """
import time
from deploy.real.servers import RealPrometheus
with RealPrometheus("global: {}") as prometheus:
    print(prometheus.work_dir, flush=True)
    time.sleep(600)
"""
PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8"><title>规划</title>
<p>九年义务教育巩固率 滞后于预期</p><p id="by-script"></p>
<script>document.getElementById("by-script").textContent = "红色" + "预警"</script></html>"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[RealPostgres]:
    with RealPostgres() as server:
        yield server


@pytest.fixture(scope="module")
def kafka() -> Iterator[RealKafka]:
    with RealKafka() as server:
        yield server


@pytest.fixture
def page_url(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    handler = functools.partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def eventually(condition: Callable[[], bool], timeout_s: float = 20) -> bool:
    deadline = time.monotonic() + timeout_s
    while not (holds := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return holds


def start_run(script: str) -> tuple[subprocess.Popen[str], str]:
    """A Python process running `script`, and the first line that it printed."""
    run = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    with run.stdout as output:
        return run, output.readline().rstrip()


def send_all(kafka: RealKafka, topic: str, values: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for value in values:
        producer.send(topic, key=value, value=value)
    producer.close()


def read_all(kafka: RealKafka, topic: str, partitions: int, count: int) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, partition) for partition in range(partitions)])
    records: list[bytes] = []
    eventually(lambda: len(collect(consumer, records)) >= count)
    consumer.close()
    return sorted(records)


def collect(consumer: KafkaConsumer, records: list[bytes]) -> list[bytes]:
    for batch in consumer.poll(timeout_ms=200).values():
        records.extend(record.value for record in batch)
    return records


def topic_id(kafka: RealKafka, topic: str) -> str:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        [description] = admin.describe_topics([topic])
    return str(description["topic_id"])


def create_topic(kafka: RealKafka, topic: str, partitions: int) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.create_topics([NewTopic(name=topic, num_partitions=partitions, replication_factor=1)])


def test_timescaledb_makes_hypertables_and_buckets(postgres: RealPostgres) -> None:
    # given
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("create extension timescaledb")
        connection.execute("create table figure (on_day timestamptz primary key, value numeric)")
        connection.execute("select create_hypertable('figure', by_range('on_day', interval '1 year'))")
        # when
        connection.execute("insert into figure values ('2020-06-30Z', 1), ('2021-06-30Z', 2), ('2021-12-31Z', 3)")
        sums = connection.execute(
            "select extract(year from time_bucket('1 year', on_day))::int, sum(value)::int"
            " from figure group by 1 order by 1"
        ).fetchall()
        chunks = connection.execute("select count(*) from timescaledb_information.chunks").fetchone()
    # then
    assert sums == [(2020, 1), (2021, 5)]
    assert chunks == (2,)


def test_postgres_lets_nobody_in_without_the_password(postgres: RealPostgres) -> None:
    # given
    password = postgres.url.split(":")[2].split("@")[0]
    # when, then
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url.replace(password, "guessed"))


def test_postgres_keeps_committed_rows_over_a_restart(postgres: RealPostgres) -> None:
    # given
    with psycopg.connect(postgres.url) as connection:
        connection.execute("create table kept as select 7 as n")
    # when
    postgres.stop()
    stopped = not postgres.is_running
    postgres.start()
    # then
    with psycopg.connect(postgres.url) as connection:
        kept = connection.execute("select n from kept").fetchall()
    assert stopped
    assert kept == [(7,)]


def test_kafka_keeps_records_and_topic_identity_over_a_restart(kafka: RealKafka) -> None:
    # given
    create_topic(kafka, "kept", partitions=6)
    values = [b"%03d" % n for n in range(100)]
    send_all(kafka, "kept", values)
    identity = topic_id(kafka, "kept")
    # when
    kafka.stop()
    stopped = not kafka.is_running
    kafka.start()
    # then
    assert stopped
    assert read_all(kafka, "kept", partitions=6, count=100) == values
    assert topic_id(kafka, "kept") == identity


def test_a_topic_created_again_has_another_identity(kafka: RealKafka) -> None:
    # given
    create_topic(kafka, "again", partitions=1)
    identity = topic_id(kafka, "again")
    # when
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.delete_topics(["again"])
    create_topic(kafka, "again", partitions=1)
    # then
    assert topic_id(kafka, "again") != identity


def test_kafka_creates_no_topic_by_itself(kafka: RealKafka) -> None:
    # given
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        # when
        [described] = admin.describe_topics(["never-created"])
        topics = admin.list_topics()
    # then
    assert described["error_code"] == UnknownTopicOrPartitionError.errno
    assert "never-created" not in topics


def test_prometheus_scrapes_what_its_configuration_names() -> None:
    # given
    config = "global: {scrape_interval: 1s}\nscrape_configs: [{job_name: nobody, static_configs: [{targets: [%s]}]}]"
    # when
    with RealPrometheus(config % "'127.0.0.1:1'") as prometheus:

        def series() -> list[dict[str, object]]:
            with urllib.request.urlopen(f"{prometheus.url}/api/v1/query?query=up") as answer:  # noqa: S310
                found: list[dict[str, object]] = json.load(answer)["data"]["result"]
            return found

        scraped = eventually(lambda: bool(series()))
    # then
    assert scraped


def test_a_server_that_cannot_start_says_why_and_leaves_no_data() -> None:
    # given
    prometheus = RealPrometheus("no_such_section: {}")
    # when
    with pytest.raises(ProgramFailed, match="no_such_section"), prometheus:
        pass
    # then
    assert not prometheus.is_running
    assert not prometheus.work_dir.exists()


def test_an_exception_in_the_block_stops_the_server_and_removes_its_data() -> None:
    # given
    prometheus = RealPrometheus("global: {}")
    # when
    with pytest.raises(KeyError), prometheus:
        raise KeyError
    # then
    assert not prometheus.is_running
    assert not prometheus.work_dir.exists()


def test_a_killed_run_leaves_no_server_running() -> None:
    # given
    run, started = start_run(START_ALL_AND_WAIT)
    servers = psutil.Process(run.pid).children(recursive=True)
    names = {server.name() for server in servers}
    # when
    run.kill()
    run.wait()
    # then
    assert started == "started"
    assert {"postgres", "java", "prometheus"} <= names
    assert eventually(lambda: not any(server.is_running() for server in servers))


def test_data_of_a_killed_run_is_removed_by_the_next_server_of_its_kind() -> None:
    # given
    run, work_dir = start_run(START_PROMETHEUS_AND_WAIT)
    run.kill()
    run.wait()
    left_behind = Path(work_dir).exists()
    # when
    with RealPrometheus("global: {}"):
        # then
        assert left_behind
        assert not Path(work_dir).exists()


def test_the_browser_runs_scripts_and_shows_chinese(page_url: str) -> None:
    # when
    dom = chromium_dom(page_url)
    # then
    assert "滞后于预期" in dom
    assert '<p id="by-script">红色预警</p>' in dom


def test_a_screenshot_has_the_size_asked_for(page_url: str, tmp_path: Path) -> None:
    # given
    picture = tmp_path / "page.png"
    # when
    chromium_screenshot(page_url, picture, width=640, height=480)
    # then
    assert struct.unpack(">II", picture.read_bytes()[16:24]) == (640, 480)


def test_an_unreachable_page_is_an_error_and_leaves_no_old_picture(page_url: str, tmp_path: Path) -> None:
    # given
    picture = tmp_path / "page.png"
    chromium_screenshot(page_url, picture)
    # when
    with pytest.raises(BrowserFailed, match="ERR_"):
        chromium_screenshot("http://127.0.0.1:1/", picture)
    # then
    assert not picture.exists()


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setenv("PLANWATCH_REAL_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    # when, then
    assert missing_parts() == list(PARTS)
    assert missing_parts("kafka") == ["kafka"]
