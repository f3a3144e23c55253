"""A program that Planwatch runs as a child: how it is started, asked whether it is ready, and told to stop.

A child gets a session of its own, so a Ctrl-C in the terminal reaches only the parent, and it is bound
to the life of the thread that started it: when that thread ends in whatever way, SIGKILL included, the
kernel signals the child (Linux; elsewhere only an orderly stop ends it).
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from services.errors import Permanent

PR_SET_PDEATHSIG = 1
LOG_BYTES = 10_000_000
SHOWN_LINES = 20
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_767
_prctl = ctypes.PyDLL(None).prctl if sys.platform == "linux" else None


class ProgramFailed(Permanent):
    """A program could not be started or did not become ready; the message carries its last log lines."""


@dataclass(frozen=True, slots=True)
class Command:
    """One start of a program.

    Attributes:
        arguments: executable and arguments.
        environment: the whole environment of the child; nothing is inherited.
        folder: working directory, entered before the user changes; empty keeps the parent's.
        user: whom to run as; only root can say so, empty keeps the parent's user.
        orphan_signal: what the kernel sends when the parent is gone.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path | None = None
    user: pwd.struct_passwd | None = None
    orphan_signal: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is kept running.

    Attributes:
        name: what people call it, e.g. `evaluate`; its log is `<name>.log`.
        command: asked anew at each start.
        fault: why it is not ready yet, None once it is; takes two seconds at most.
        stop_signal: asks it to end in order.
    """

    name: str
    command: Callable[[], Command]
    fault: Callable[[], str | None]
    stop_signal: signal.Signals = signal.SIGTERM


def start(command: Command, log_path: Path) -> subprocess.Popen[bytes]:
    """Start the command; what it prints is appended to the log.

    The calling thread has to live as long as the child.

    Raises:
        OSError: the executable is missing or may not be run.
    """
    with log_path.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 — the arguments are ours
            list(command.arguments),
            env=dict(command.environment),
            cwd=command.folder,
            user=command.user.pw_uid if command.user else None,
            group=command.user.pw_gid if command.user else None,
            extra_groups=[] if command.user else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(_end_with_parent, os.getpid(), command.orphan_signal) if _prctl else None,
        )


def _end_with_parent(parent: int, orphan_signal: signal.Signals) -> None:
    """Runs in the child after the user has changed, which would clear the setting."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, int(orphan_signal), 0, 0, 0)
    if os.getppid() != parent:  # the parent died before it was watched
        os._exit(1)


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, grace_s: float) -> bool:
    """End a child and wait for it; True if it had to be killed because it outlived the grace."""
    if process.poll() is not None:
        return False
    process.send_signal(stop_signal)
    try:
        process.wait(grace_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def rotate_log(log_path: Path) -> int:
    """Set a log of more than 10 MB aside as `<name>.1`; the size of what is left, in bytes."""
    size = log_path.stat().st_size if log_path.exists() else 0
    if size <= LOG_BYTES:
        return size
    log_path.replace(log_path.with_name(f"{log_path.name}.1"))
    return 0


def last_lines(log_path: Path, offset: int = 0) -> str:
    """The last 20 lines that a log got after `offset` bytes; empty if there are none."""
    if not log_path.exists():
        return ""
    with log_path.open("rb") as log:
        log.seek(offset)
        tail = deque(log, maxlen=SHOWN_LINES)
    return b"".join(tail).decode(errors="replace").rstrip()


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 on which nothing listens.

    They lie below the range from which Linux serves outgoing connections: a port taken from that range
    may belong to somebody's connection by the time a restarted service wants it back.
    """
    ports: list[int] = []
    with ExitStack() as sockets:
        while len(ports) < count:
            port = LOWEST_PORT + secrets.randbelow(HIGHEST_PORT - LOWEST_PORT + 1)
            candidate = sockets.enter_context(socket.socket())
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
    return ports
