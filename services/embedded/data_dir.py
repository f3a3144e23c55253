"""The folder that holds the embedded servers' data, used by one `planwatch up` at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from services.errors import Permanent


class DataDirUnusable(Permanent):
    """The data directory is in use, or this user may not write into it."""


def default_data_dir() -> Path:
    """Data directory of this user, e.g. `~/.local/share/planwatch`."""
    return platformdirs.user_data_path("planwatch")


@contextmanager
def hold_data_dir(folder: Path) -> Iterator[Path]:
    """The absolute data directory, made if absent and ours alone while the block runs.

    A new folder is open to its owner only, because it holds mails and figures. The lock is the kernel's:
    it is free again when its holder is gone, however it went.

    Raises:
        DataDirUnusable: another process holds it, or it cannot be written.
    """
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+")
    except OSError as error:
        raise DataDirUnusable(
            f"数据目录 {folder} 不可写，请用 --data-dir 另选 / "
            f"the data directory {folder} cannot be written, choose another with --data-dir: {error}"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip()
            raise DataDirUnusable(
                f"数据目录 {folder} 正被另一个 planwatch up 使用（进程 {holder}）/ "
                f"the data directory {folder} is in use by another planwatch up (process {holder})"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield folder
