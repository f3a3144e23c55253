"""The files an operator starts from agree with the code: compose file, image, sample environment, documents.

No container engine is at hand where the tests run; what an engine would find out at once is compared here instead.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Mapping
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from planwatch.policy import AssessmentClass
from planwatch.wire import ASSESSMENT_MADE, DEAD_LETTER, SUBMISSION_RECEIVED
from planwatch.wording import REASONS
from services import metrics
from services.cli.main import commands
from services.cli.migrate import LOGINS
from services.settings import PREFIX, Settings, read_settings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
SAMPLE = (ROOT / ".env.example").read_text("utf-8")
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")])
}
SETTINGS = {PREFIX + field.name.upper() for field in fields(Settings)}
INTERPOLATION = re.compile(r"\$\{(?P<name>\w+)(?::(?P<sign>[-?])(?P<rest>[^}]*))?\}")


def is_planwatch_process(service: Mapping[str, Any]) -> bool:
    return bool(service.get("command", ["", ""])[1:2] == ["-m"])


OURS = {name: service for name, service in SERVICES.items() if is_planwatch_process(service)}
every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
every_process = pytest.mark.parametrize("name", OURS)
every_document = pytest.mark.parametrize("name", DOCUMENTS)


def interpolated(text: str) -> str:
    """As compose reads it when every value that has to be given is 32 letters long."""
    return INTERPOLATION.sub(
        lambda found: {"?": "s" * 32, "-": found["rest"]}.get(found["sign"] or "", "s" * 32), str(text)
    )


def environment(name: str) -> dict[str, str]:
    return {variable: interpolated(value) for variable, value in SERVICES[name].get("environment", {}).items()}


def read_by_python() -> set[str]:
    """String literals of the services that are the name of one variable: what `os.environ` and click are asked for."""
    trees = [ast.parse(path.read_text("utf-8")) for path in ROOT.glob("services/**/*.py")]
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"PLANWATCH_[A-Z_]*[A-Z]", text)}


def read_by_grafana() -> set[str]:
    provisioned = [path.read_text("utf-8") for path in ROOT.glob("deploy/grafana/provisioning/**/*.yaml")]
    login = (ROOT / "deploy/grafana/login.sql").read_text("utf-8")
    return set(re.findall(r"\$__env\{(\w+)\}", "".join(provisioned))) | set(re.findall(r"\\getenv \w+ (\w+)", login))


def published(service: Mapping[str, Any]) -> list[list[str]]:
    return [port.split(":") for port in service.get("ports", [])]


def mounts(service: Mapping[str, Any]) -> dict[str, str]:
    """Source → path in the container."""
    return {volume.split(":")[0]: volume.split(":")[1] for volume in service.get("volumes", [])}


def resolved(arguments: list[str]) -> click.Command:
    """The command of `planwatch` that the arguments name; options and what follows them are left out."""
    command: click.Command = commands
    while isinstance(command, click.Group) and arguments and re.fullmatch("[a-z]+", arguments[0]):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return command


# --- docker-compose.yml


def test_services_and_ports_are_the_targets_that_prometheus_scrapes() -> None:
    (job,) = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))["scrape_configs"]
    targets = {target for group in job["static_configs"] for target in group["targets"]}

    assert targets == {f"{name}:{environment(name)['PLANWATCH_HTTP_PORT']}" for name in OURS}
    assert all(group["targets"] == [f"{group['labels']['service']}:8000"] for group in job["static_configs"])


@every_process
def test_a_service_is_called_like_its_module(name: str) -> None:
    assert SERVICES[name]["command"] == ["python", "-m", f"services.{name}"]
    assert importlib.util.find_spec(f"services.{name}.__main__") is not None


@every_process
def test_a_service_is_given_every_setting_it_demands(name: str) -> None:
    settings = read_settings(environment(name))

    assert settings.http_host == "0.0.0.0"  # noqa: S104  (inside the container)


@every_process
def test_the_addresses_a_service_is_given_are_those_of_other_services(name: str) -> None:
    settings = read_settings(environment(name))
    database, smtp = urlsplit(settings.database_url), urlsplit(settings.smtp_url)
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]

    assert database.hostname in SERVICES
    assert database.path == "/" + SERVICES[database.hostname]["environment"]["POSTGRES_DB"]
    assert smtp.hostname in SERVICES
    assert advertised == f"PLAINTEXT://{settings.kafka}"


@every_process
def test_a_service_logs_in_with_a_role_that_migrate_lets_log_in(name: str) -> None:
    user, password = re.findall(r"//(\w+):\$\{(\w+):\?", SERVICES[name]["environment"]["PLANWATCH_DATABASE_URL"])[0]

    assert LOGINS[password] == user
    assert password in SERVICES["migrate"]["environment"]


@every_process
def test_the_health_check_asks_the_service_at_its_port(name: str) -> None:
    port = environment(name)["PLANWATCH_HTTP_PORT"]

    assert f"http://127.0.0.1:{port}/healthz" in SERVICES[name]["healthcheck"]["test"][-1]


@every_service
def test_every_variable_of_ours_is_one_that_the_code_reads(service: Mapping[str, Any]) -> None:
    given = {name for name in service.get("environment", {}) if name.startswith(PREFIX)}

    assert given <= SETTINGS | read_by_python() | read_by_grafana()


@every_service
def test_images_are_pinned(service: Mapping[str, Any]) -> None:
    name, _, tag = service["image"].rpartition(":")

    assert name
    assert re.search(r"\d+\.\d+", tag)


@every_service
def test_ports_are_published_on_this_machine_only(service: Mapping[str, Any]) -> None:
    assert {address for address, *_ in published(service)} <= {"127.0.0.1"}


@every_service
def test_what_is_mounted_exists_or_is_a_named_volume(service: Mapping[str, Any]) -> None:
    sources = list(mounts(service))

    assert [source for source in sources if source.startswith("./") and not (ROOT / source).exists()] == []
    assert {source for source in sources if not source.startswith("./")} <= set(COMPOSE["volumes"])


@every_service
def test_a_service_waits_for_what_can_be_waited_for(service: Mapping[str, Any]) -> None:
    waits = {name: entry["condition"] for name, entry in service.get("depends_on", {}).items()}

    assert set(waits) <= set(SERVICES)
    assert all("healthcheck" in SERVICES[name] for name, condition in waits.items() if condition == "service_healthy")
    assert all(SERVICES[name]["restart"] == "no" for name, condition in waits.items() if "completed" in condition)


def test_no_two_services_publish_the_same_port() -> None:
    ports = [port for service in SERVICES.values() for _, port, _ in published(service)]

    assert len(set(ports)) == len(ports)


def test_no_password_or_key_stands_in_the_file() -> None:
    secret = {
        (name, variable): str(value)
        for name, service in SERVICES.items()
        for variable, value in service.get("environment", {}).items()
        if re.search(r"PASSWORD|SECRET", variable)
    }
    addresses = re.findall(r"postgresql://[^@\s]+@", (ROOT / "docker-compose.yml").read_text("utf-8"))

    assert [place for place, value in secret.items() if not re.fullmatch(r"\$\{\w+:\?.+\}", value)] == []
    assert [address for address in addresses if not re.search(r":\$\{\w+:\?[^}]+\}@$", address)] == []


def test_the_one_shot_commands_are_commands_of_planwatch() -> None:
    shell, flag, line = SERVICES["migrate"]["command"]
    parts = [shlex.split(part) for part in line.split("&&")]

    assert (shell, flag, [part[0] for part in parts]) == ("sh", "-c", ["planwatch", "planwatch"])
    assert [resolved(part[1:]).name for part in parts] == ["migrate", "apply"]
    assert SERVICES["cli"]["entrypoint"] == ["planwatch"]


def test_grafana_gets_the_files_and_variables_that_it_is_provisioned_with() -> None:
    provider = yaml.safe_load((ROOT / "deploy/grafana/provisioning/dashboards/provider.yaml").read_text("utf-8"))
    folders = set(mounts(SERVICES["grafana"]).values())
    provisioned = (ROOT / "deploy/grafana/provisioning/datasources/timescaledb.yaml").read_text("utf-8")
    home = Path(environment("grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert {entry["options"]["path"] for entry in provider["providers"]} | {"/etc/grafana/provisioning"} <= folders
    assert set(re.findall(r"\$__env\{(\w+)\}", provisioned)) <= set(SERVICES["grafana"]["environment"])
    assert str(home.parent) in folders
    assert (ROOT / "deploy/grafana/dashboards" / home.name).exists()


def test_the_login_of_grafana_is_made_before_grafana_starts() -> None:
    (source,) = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/timescaledb.yaml").read_text("utf-8"))[
        "datasources"
    ]
    login = SERVICES["grafana-login"]

    assert f"ALTER ROLE {source['user']} WITH LOGIN" in (ROOT / "deploy/grafana/login.sql").read_text("utf-8")
    assert mounts(login)["./deploy/grafana/login.sql"] == login["command"][-1]
    assert "grafana-login" in SERVICES["grafana"]["depends_on"]
    assert source["url"] == "$__env{PLANWATCH_READER_HOST}"
    assert environment("grafana")["PLANWATCH_READER_HOST"].split(":")[0] in SERVICES


# --- Dockerfile


def test_the_image_is_pinned_installs_by_hash_and_runs_as_nobody_special() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-\w+", base) for base in bases)
    assert "--require-hashes --requirement requirements.lock" in DOCKERFILE
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["planwatch"]


def test_the_image_copies_what_exists_and_the_whole_program() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)

    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert set(copied) == {"requirements.lock", "pyproject.toml", "planwatch", "services", "plans"}


# --- .env.example


def sample_variables() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", SAMPLE, re.MULTILINE))


def test_the_sample_environment_lists_every_setting_and_nothing_else() -> None:
    listed = {name for name in sample_variables() if name.startswith(PREFIX)}

    assert SETTINGS - listed == set()
    assert listed - SETTINGS - read_by_python() - read_by_grafana() == set()


def test_the_sample_environment_leaves_open_exactly_what_compose_demands() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    demanded = {found["name"] for found in INTERPOLATION.finditer(text) if found["sign"] == "?"}

    assert set(re.findall(r"^([A-Z][A-Z_]+)=$", SAMPLE, re.MULTILINE)) == demanded
    assert re.findall(r"^[A-Z][A-Z_]+=.+$", SAMPLE, re.MULTILINE) == []


def test_every_variable_of_the_sample_environment_is_explained_in_both_languages() -> None:
    blocks = re.findall(r"((?:^# .*\n)+)(?:^#?[A-Z][A-Z_]+=.*\n)+", SAMPLE, re.MULTILINE)

    assert [block for block in blocks if not re.search(r"[一-鿿]", block) or not re.search(r"[a-z]{3}", block)] == []


# --- documents


def fenced(text: str) -> str:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "\n".join(block for language, block in blocks if language == "sh")


def commands_in(text: str) -> list[list[str]]:
    """What is said after `planwatch`, `cli` of compose or in ARGS of `make cli`, word by word."""
    quoted = re.findall(
        r"`(?:PLANWATCH_\w+=\S+ )*((?:planwatch|docker compose run --rm cli|make cli ARGS=)[^`]*)`", text
    )
    lines = [line for line in fenced(text).splitlines() if re.match(r"planwatch |make cli ", line)]
    called = [re.sub(r"^make cli ARGS=\"([^\"]*)\".*$", r"planwatch \1", line) for line in [*quoted, *lines]]
    called = [line.replace("docker compose run --rm cli", "planwatch") for line in called]
    return [re.split(r"\s+", line.split("#")[0])[1:] for part in called for line in part.split("&& ") if " " in line]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_document
def test_links_lead_to_files_and_headings_that_exist(name: str) -> None:
    links = [unquote(link) for link in re.findall(r"\]\(([^)\s]+)\)", DOCUMENTS[name]) if "://" not in link]
    targets = [((ROOT / name).parent / link.partition("#")[0] if link[0] != "#" else ROOT / name) for link in links]
    parts = [link.partition("#")[2] for link in links]

    assert [str(target) for target in targets if not target.exists()] == []
    assert [
        part
        for target, part in zip(targets, parts, strict=True)
        if part and part not in anchors(target.read_text("utf-8"))
    ] == []


@every_document
def test_commands_in_documents_exist_with_their_options(name: str) -> None:
    named = [words for words in commands_in(DOCUMENTS[name]) if re.fullmatch("[a-z]+", words[0])]
    unknown = [words for words in named if words[0] not in commands.commands]
    options = [
        (words[0], word, {option for parameter in resolved(words).params for option in parameter.opts})
        for words in named
        if words not in unknown
        for word in words
        if word.startswith("--")
    ]

    assert unknown == []
    assert [(command, option) for command, option, known in options if option not in known] == []


@every_document
def test_make_targets_in_documents_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", DOCUMENTS[name])) | set(
        re.findall(r"^make ([a-z-]+)", fenced(DOCUMENTS[name]), re.MULTILINE)
    )

    assert named - targets == set()


def test_both_readmes_show_the_same_commands_and_documents() -> None:
    english, chinese = DOCUMENTS["README.md"], DOCUMENTS["README.zh-CN.md"]
    targets = [re.findall(r"^\| `make (\w+)", text, re.MULTILINE) for text in (english, chinese)]
    headings = [len(re.findall(r"^## ", text, re.MULTILINE)) for text in (english, chinese)]

    assert targets == [["run", "test", "cli", "real", "bench"]] * 2
    assert headings[0] == headings[1]
    assert [text.count("```mermaid") for text in (english, chinese)] == [1, 1]


def test_operations_explain_every_setting_and_every_metric() -> None:
    text = DOCUMENTS["docs/operations.md"]
    described = [
        family
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for family in metric.describe()
    ]
    names = {family.name + ("_total" if family.type == "counter" else "") for family in described}

    assert {name for name in SETTINGS if f"`{name}`" not in text} == set()
    assert {name for name in names if not re.search(rf"`{name}[`{{]", text)} == set()


def test_architecture_names_every_topic_and_every_table() -> None:
    text = DOCUMENTS["docs/architecture.md"]
    migrations = "".join(path.read_text("utf-8") for path in ROOT.glob("services/database/migrations/*.sql"))
    tables = re.findall(r"^CREATE TABLE (\w+)", migrations, re.MULTILINE)

    assert [
        name for name in [*tables, SUBMISSION_RECEIVED, ASSESSMENT_MADE, DEAD_LETTER] if f"`{name}`" not in text
    ] == []


@pytest.mark.parametrize("name", ["docs/method.md", "docs/method.zh-CN.md"])
def test_the_method_explains_every_class_and_every_reason(name: str) -> None:
    assert [code for code in chain(AssessmentClass, REASONS) if f"`{code}`" not in DOCUMENTS[name]] == []


def test_the_guide_for_senders_explains_every_finding() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in ROOT.glob("planwatch/*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    codes = {ast.literal_eval(call.args[1]) for call in calls if ast.unparse(call.func) == "RejectedCell"}

    assert len(codes) > 20
    assert [code for code in codes if f"| `{code}` |" not in DOCUMENTS["docs/submitting.md"]] == []
