"""The supervisor with real processes: small stand-ins for the services."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from services.program import Command, Program, ProgramFailed, free_ports
from services.supervisor import EventKind, ProgramEvent, RestartPolicy, Supervisor, service_program

EventQueue = queue.SimpleQueue[ProgramEvent]

IMPATIENT = RestartPolicy(first_wait_s=0.05, longest_wait_s=0.1)


def stand_in(name: str, behaviour: str = "healthy") -> Program:
    """A stand-in service on a free port."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "STAND_IN": behaviour}
    return service_program(name, "stand_in_service", free_ports(1)[0], environment)


def wait_for(events: EventQueue, kind: EventKind) -> ProgramEvent:
    """The next event of this kind; fails after ten seconds without any event."""
    while (event := events.get(timeout=10)).kind is not kind:
        pass
    return event


def drain(events: EventQueue) -> list[ProgramEvent]:
    """All events that are waiting."""
    return [events.get() for _ in range(events.qsize())]


@pytest.fixture
def events() -> EventQueue:
    return queue.SimpleQueue()


def test_all_services_are_ready_when_the_wait_returns(tmp_path: Path, events: EventQueue) -> None:
    with Supervisor([stand_in("ingest"), stand_in("pages")], tmp_path, report=events.put) as supervisor:
        # when
        supervisor.wait_until_ready(20)

        # then
        ready = {event.name for event in drain(events) if event.kind is EventKind.READY}
        assert ready == {"ingest", "pages"} == set(supervisor.pids())


def test_services_are_stopped_in_reverse_order_and_none_is_left(tmp_path: Path, events: EventQueue) -> None:
    # given
    supervisor = Supervisor([stand_in("ingest"), stand_in("pages")], tmp_path, report=events.put)
    with supervisor:
        supervisor.wait_until_ready(20)
        pids = supervisor.pids().values()

    # when the block has ended, then
    assert [event.name for event in drain(events) if event.kind is EventKind.STOPPED] == ["pages", "ingest"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert supervisor.pids() == {}


def test_a_killed_service_is_started_again(tmp_path: Path, events: EventQueue) -> None:
    with Supervisor([stand_in("evaluate")], tmp_path, report=events.put) as supervisor:
        # given
        supervisor.wait_until_ready(20)
        former = supervisor.pids()["evaluate"]

        # when
        os.kill(former, signal.SIGKILL)

        # then
        assert "SIGKILL" in wait_for(events, EventKind.EXITED).text.en
        wait_for(events, EventKind.READY)
        assert supervisor.pids()["evaluate"] != former
        supervisor.raise_if_failed()


def test_a_service_that_cannot_start_is_given_up_and_its_log_is_told(tmp_path: Path) -> None:
    with (
        Supervisor([stand_in("alerts", "broken")], tmp_path, policy=IMPATIENT) as supervisor,
        pytest.raises(ProgramFailed) as failure,
    ):
        supervisor.wait_until_ready(20)

    assert "alerts: ended with status 1" in str(failure.value)
    assert "PLANWATCH_SECRET is not set" in str(failure.value)


def test_a_program_that_is_missing_is_given_up_and_named(tmp_path: Path) -> None:
    missing = Program("broker", lambda: Command([str(tmp_path / "no-such-broker")], {}), lambda: None)

    with (
        Supervisor([missing], tmp_path, policy=IMPATIENT) as supervisor,
        pytest.raises(ProgramFailed, match=r"could not be started.*no-such-broker"),
    ):
        supervisor.wait_until_ready(20)


def test_an_unhealthy_service_is_told_with_its_complaint_when_the_time_is_over(
    tmp_path: Path, events: EventQueue
) -> None:
    programs = [stand_in("evaluate", "unhealthy"), stand_in("pages")]
    with Supervisor(programs, tmp_path, report=events.put) as supervisor:
        # given
        wait_for(events, EventKind.READY)

        # when
        with pytest.raises(ProgramFailed) as failure:
            supervisor.wait_until_ready(3)

    # then
    assert "evaluate: /healthz answers 503: {'progress': 'no progress for 90 s'}" in str(failure.value)
    assert "pages:" not in str(failure.value)


def test_a_service_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path, events: EventQueue) -> None:
    # given
    with Supervisor([stand_in("alerts", "deaf")], tmp_path, report=events.put, grace_s=0.3) as supervisor:
        supervisor.wait_until_ready(20)
        pid = supervisor.pids()["alerts"]

    # when the block has ended, then
    assert [event.kind for event in drain(events)][-1] is EventKind.KILLED
    assert not psutil.pid_exists(pid)


def test_ctrl_c_in_the_terminal_does_not_reach_a_service(tmp_path: Path) -> None:
    with Supervisor([stand_in("pages")], tmp_path) as supervisor:
        supervisor.wait_until_ready(20)

        assert os.getsid(supervisor.pids()["pages"]) != os.getsid(0)


def test_a_failing_report_does_not_stop_the_services(tmp_path: Path) -> None:
    def fail(event: ProgramEvent) -> None:
        raise BrokenPipeError(event.name)

    report: Callable[[ProgramEvent], None] = fail
    with Supervisor([stand_in("pages")], tmp_path, report=report) as supervisor:
        supervisor.wait_until_ready(20)

        supervisor.raise_if_failed()


def test_free_ports_differ_and_lie_below_those_of_outgoing_connections() -> None:
    ports = free_ports(200)

    assert len(set(ports)) == 200
    assert 20_000 <= min(ports) <= max(ports) < 32_768
