"""Runs programs under one parent: starts them, waits until they are ready, restarts what ends, stops all.

One thread does all of it, so that nothing needs a lock and the children are bound to one life.
"""

from __future__ import annotations

import http.client
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType

from planwatch.errors import PlanwatchError
from planwatch.language import Text
from services import program
from services.program import Command, Program, ProgramFailed

PROBE_S = 2.0

logger = logging.getLogger(__name__)


class EventKind(Enum):
    """What happened to a program."""

    STARTED = "started"
    READY = "ready"
    EXITED = "exited"
    GAVE_UP = "gave_up"
    STOPPED = "stopped"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class ProgramEvent:
    """Something that happened to a program, for those who watch.

    Attributes:
        name: name of the program.
        kind: what happened.
        text: the same for people, with its reason.
    """

    name: str
    kind: EventKind
    text: Text


Report = Callable[[ProgramEvent], None]


def keep_silent(event: ProgramEvent) -> None:
    """A report that nobody reads."""


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When a program that ended is started again.

    Attributes:
        first_wait_s: wait before the first restart; it doubles with each further one.
        longest_wait_s: the wait grows no further.
        healthy_after_s: after so many seconds of being ready the count begins anew.
        most_restarts: restarts in a row, after which it is given up.
        most_first_restarts: the same for a program that was never ready: waiting does not mend its settings.
    """

    first_wait_s: float = 0.5
    longest_wait_s: float = 15.0
    healthy_after_s: float = 60.0
    most_restarts: int = 10
    most_first_restarts: int = 3

    def restarts_in_a_row(self, restarts: int, ready_for_s: float) -> int:
        """What counts of the restarts so far, when the program had been ready for so long before it ended."""
        return 0 if ready_for_s >= self.healthy_after_s else restarts

    def wait_before_restart(self, restarts: int, *, was_ever_ready: bool) -> float | None:
        """Seconds to wait after so many restarts in a row; None: give up."""
        if restarts >= (self.most_restarts if was_ever_ready else self.most_first_restarts):
            return None
        return float(min(self.first_wait_s * 2**restarts, self.longest_wait_s))


@dataclass(slots=True)
class _Child:
    """A program with its present process; the moments are of the monotonic clock."""

    program: Program
    log_path: Path
    process: subprocess.Popen[bytes] | None = None
    log_offset: int = 0
    start_at: float = 0.0
    ready_at: float | None = None
    was_ever_ready: bool = False
    restarts: int = 0
    fault: str = "not started"
    given_up: bool = False

    def report(self) -> str:
        """Name, reason and last log lines, for the message of a failure."""
        lines = program.last_lines(self.log_path, self.log_offset)
        return f"{self.program.name}: {self.fault} ({self.log_path})" + (f"\n{lines}" if lines else "")


class Supervisor:
    """Keeps programs running while the block runs.

        with Supervisor([service_program("pages", "services.pages", 20080, environment)], log_dir) as supervisor:
            supervisor.wait_until_ready(60)

    Args:
        programs: started in this order, all at once, and stopped one after the other in reverse.
        log_dir: folder of the logs `<name>.log`; made if absent.
        report: called from the watching thread with each event; must not block.
        policy: when to restart.
        grace_s: seconds that a program has to end in order before it is killed.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        log_dir: Path,
        *,
        report: Report = keep_silent,
        policy: RestartPolicy | None = None,
        grace_s: float = 10.0,
    ) -> None:
        self._children = [_Child(each, log_dir / f"{each.name}.log") for each in programs]
        self._log_dir = log_dir
        self._report = report
        self._policy = policy or RestartPolicy()
        self._grace_s = grace_s
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._crash: Exception | None = None
        # A daemon thread ends with the process, and the children end with it.
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Supervisor:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all programs; once in the life of a supervisor."""
        self._log_dir.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop all programs, last one first; returns when every one has ended. May be called again."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Return when every program is ready.

        Raises:
            ProgramFailed: one was given up, or the time is over; names the unready ones with their last log lines.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._failed() or not self._unready(), timeout_s)
        self.raise_if_failed()
        if unready := self._unready():
            reports = "\n".join(child.report() for child in unready)
            raise ProgramFailed(f"{timeout_s:.0f} 秒内未就绪 / not ready within {timeout_s:.0f} seconds:\n{reports}")

    def raise_if_failed(self) -> None:
        """Return if every program runs or is about to be restarted.

        Raises:
            ProgramFailed: one was given up; carries its last log lines.
        """
        if self._crash is not None:
            raise ProgramFailed(f"监管线程出错 / the supervisor failed: {self._crash!r}") from self._crash
        if given_up := [child for child in self._children if child.given_up]:
            reports = "\n".join(child.report() for child in given_up)
            raise ProgramFailed(f"多次重启后放弃 / given up after repeated restarts:\n{reports}")

    def pids(self) -> dict[str, int]:
        """Process ids of the programs that run now, by name."""
        return {
            child.program.name: child.process.pid for child in self._children if child.process and not child.given_up
        }

    def _failed(self) -> bool:
        return self._crash is not None or any(child.given_up for child in self._children)

    def _unready(self) -> list[_Child]:
        return [child for child in self._children if child.ready_at is None]

    def _watch(self) -> None:
        try:
            while not self._stopping.is_set():
                for child in self._children:
                    self._attend(child)
                self._stopping.wait(0.1 if self._unready() else 0.5)
        except Exception as error:
            logger.exception("the supervisor failed; every program is stopped")
            self._crash = error
        finally:
            for child in reversed(self._children):
                self._end(child)
            with self._changed:
                self._changed.notify_all()

    def _attend(self, child: _Child) -> None:
        """Do what this child needs next; nothing once the end has come or it was given up."""
        now = time.monotonic()
        if child.given_up or self._stopping.is_set():
            return
        if child.process is None:
            if now >= child.start_at:
                self._start(child)
        elif (status := child.process.poll()) is not None:
            self._record_exit(child, f"ended with {_status_name(status)}", now)
        elif child.ready_at is None:
            fault = child.program.fault()
            if fault is None:
                child.ready_at, child.was_ever_ready = time.monotonic(), True
                self._tell(child, EventKind.READY, Text("已就绪", "is ready"))
            else:
                child.fault = fault

    def _start(self, child: _Child) -> None:
        child.log_offset = program.rotate_log(child.log_path)
        try:
            child.process = program.start(child.program.command(), child.log_path)
        except (OSError, subprocess.SubprocessError, PlanwatchError) as error:
            self._record_exit(child, f"could not be started: {error}", time.monotonic())
            return
        self._tell(child, EventKind.STARTED, Text("正在启动", "is starting"))

    def _record_exit(self, child: _Child, reason: str, now: float) -> None:
        ready_for_s = 0.0 if child.ready_at is None else now - child.ready_at
        restarts = self._policy.restarts_in_a_row(child.restarts, ready_for_s)
        wait_s = self._policy.wait_before_restart(restarts, was_ever_ready=child.was_ever_ready)
        child.process, child.ready_at, child.fault = None, None, reason
        if wait_s is None:
            child.given_up = True
            self._tell(child, EventKind.GAVE_UP, Text(f"已放弃：{reason}", f"given up: {reason}"))
            return
        child.restarts, child.start_at = restarts + 1, now + wait_s
        self._tell(
            child,
            EventKind.EXITED,
            Text(f"意外结束（{reason}），{wait_s:g} 秒后重启", f"{reason}; restart in {wait_s:g} seconds"),
        )

    def _end(self, child: _Child) -> None:
        if child.process is None:
            return
        killed = program.stop(child.process, child.program.stop_signal, self._grace_s)
        child.process, child.ready_at = None, None
        if killed:
            self._tell(child, EventKind.KILLED, Text("未按时结束，已强制终止", "did not end in time and was killed"))
        else:
            self._tell(child, EventKind.STOPPED, Text("已停止", "has stopped"))

    def _tell(self, child: _Child, kind: EventKind, text: Text) -> None:
        try:
            self._report(ProgramEvent(child.program.name, kind, text))
        except Exception:
            logger.exception("a report of the supervisor failed")  # who watches must not stop what is watched
        with self._changed:
            self._changed.notify_all()


def service_program(name: str, module: str, port: int, environment: Mapping[str, str]) -> Program:
    """A Planwatch service `python -m <module>` that serves `/healthz` on `port`.

    Args:
        name: e.g. `ingest`.
        module: e.g. `services.ingest`.
        port: set as PLANWATCH_HTTP_PORT.
        environment: the whole environment of the service, without the port.
    """
    full = {**environment, "PLANWATCH_HTTP_PORT": str(port)}
    host = full.get("PLANWATCH_HTTP_HOST") or "127.0.0.1"
    return Program(
        name, lambda: Command([sys.executable, "-m", module], full), lambda: health_fault(_reachable(host), port)
    )


def health_fault(host: str, port: int) -> str | None:
    """What `/healthz` complains about; None if the service is healthy."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_S)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return None if answer.status == http.HTTPStatus.OK else _complaint(answer.status, answer.read())
    except (OSError, http.client.HTTPException) as error:
        return f"/healthz does not answer: {error}"
    finally:
        connection.close()


def _complaint(status: int, body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
    except (ValueError, KeyError, TypeError):
        checks = body[:200].decode(errors="replace")
    return f"/healthz answers {status}: {checks}"


def _reachable(host: str) -> str:
    """Address under which a service that listens everywhere is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 — nothing is bound here


def _status_name(status: int) -> str:
    """`status 1`, or `SIGKILL` for a process that a signal ended."""
    return f"status {status}" if status >= 0 else signal.Signals(-status).name
