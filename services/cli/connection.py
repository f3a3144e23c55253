"""Where the servers are: from the environment, else from the `planwatch up` that runs on the data directory."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from services.embedded.data_dir import default_data_dir
from services.errors import SettingsInvalid

RUNNING_FILE = "running.json"


@dataclass(frozen=True, slots=True)
class Running:
    """Addresses of a running Planwatch.

    Attributes:
        database_url: as an owner.
        kafka: bootstrap servers.
        smtp_url: mail server.
        gateway_url: of the HTTP gateway.
        pages_url: of the pages.
        alerts_url: of the alerting service.
        evaluate_url: of the evaluator.
        keys: API key by agency, of the agencies that coordinate a plan; only an embedded Planwatch keeps them.
    """

    database_url: str
    kafka: str
    smtp_url: str = ""
    gateway_url: str = ""
    pages_url: str = ""
    alerts_url: str = ""
    evaluate_url: str = ""
    keys: dict[str, str] | None = None


def find_running(data_dir: Path | None) -> Running:
    """The addresses a command shall use.

    Raises:
        SettingsInvalid: nothing runs on the data directory and the environment names no database.
    """
    database_url = os.environ.get("PLANWATCH_DATABASE_URL", "")
    folder = (data_dir or default_data_dir()).expanduser()
    try:
        found = Running(**json.loads((folder / RUNNING_FILE).read_text(encoding="utf-8")))
    except OSError:
        found = None
    if found is not None and (not database_url or found.database_url == database_url):
        return found
    if not database_url:
        raise SettingsInvalid(
            f"没有在 {folder} 上运行的 Planwatch；请先运行 planwatch up，或设置 PLANWATCH_DATABASE_URL / "
            f"no Planwatch runs on {folder}; run `planwatch up` first or set PLANWATCH_DATABASE_URL"
        )
    return Running(
        database_url,
        os.environ.get("PLANWATCH_KAFKA", ""),
        os.environ.get("PLANWATCH_SMTP_URL", ""),
        os.environ.get("PLANWATCH_GATEWAY_URL", ""),
        alerts_url=os.environ.get("PLANWATCH_ALERTS_URL", ""),
    )


def write_running(data_dir: Path, running: Running) -> Path:
    """Note the addresses for other commands, readable by this user only."""
    path = data_dir / RUNNING_FILE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(running), file)
    return path


data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="planwatch up 所用的数据目录。 Data directory of the running `planwatch up`.",
)
