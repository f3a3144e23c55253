"""What all real servers have in common: started, waited for, stopped and started again, removed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil

from services.program import Command, ProgramFailed, last_lines, start, stop


def new_work_dir(parent: Path, kind: str) -> Path:
    """A fresh folder in `parent` for one server; what killed runs left there of the same kind is removed.

    The folder's name tells which process answers for it: planwatch-<kind>-<process id>-<random>.
    """
    for folder in parent.glob(f"planwatch-{kind}-*-*"):
        owner = folder.name.removeprefix(f"planwatch-{kind}-").split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"planwatch-{kind}-{os.getpid()}-", dir=parent))


class RealServer(ABC):
    """One server with a data folder; a context manager that stops it and removes the folder.

    `start()` after `stop()` continues on the same data and the same port. `launch()` and `wait_until_ready()` are the
    two halves of `start()`, for starting several servers side by side. The thread that starts a server has to live as
    long as the server: the kernel ends the server with it, so that a test run that is killed leaves nothing running.

    Attributes:
        name: what messages call it.
        work_dir: holds data and log; removed by `close()`.
    """

    name: str
    stop_signal = signal.SIGTERM
    ready_timeout_s = 60.0
    stop_timeout_s = 30.0

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _prepare(self) -> None:
        """Write what the server needs before its first start; called before every start."""

    @abstractmethod
    def _command(self) -> list[str]:
        """The command that becomes the server, without forking."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether the server does its work; False or OSError while it does not yet."""

    @property
    def log_path(self) -> Path:
        """Everything the server printed, over all its starts."""
        return self.work_dir / "server.log"

    @property
    def is_running(self) -> bool:
        """Whether the process is alive, ready or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server and return when it does its work.

        Raises:
            ProgramFailed: it ended or was not ready in time; it is stopped then.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the process and return at once; without effect when it runs.

        Raises:
            ProgramFailed: its data folder could not be prepared.
        """
        if not self.is_running:
            self._prepare()
            self._process = start(Command(self._command(), os.environ), self.log_path)

    def wait_until_ready(self) -> None:
        """Return when the launched server does its work.

        Raises:
            ProgramFailed: it ended or was not ready in time; it is stopped then.
        """
        deadline = time.monotonic() + self.ready_timeout_s
        while not self._answers():
            if not self.is_running:
                raise self.failed("ended by itself")
            if time.monotonic() > deadline:
                self.stop()
                raise self.failed(f"not ready after {self.ready_timeout_s:.0f} s")
            time.sleep(0.1)

    def stop(self) -> None:
        """Let the server shut down in order, or kill it after `stop_timeout_s`; the data stays."""
        if self._process is not None:
            stop(self._process, self.stop_signal, self.stop_timeout_s)

    def close(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        shutil.rmtree(self.work_dir, ignore_errors=True)

    def failed(self, what: str) -> ProgramFailed:
        """The error that says what happened to this server, with the end of its log."""
        return ProgramFailed(f"{self.name}: {what}\n{last_lines(self.log_path)}")

    def _answers(self) -> bool:
        with suppress(OSError):
            return self._is_ready()
        return False

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
