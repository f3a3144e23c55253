"""When a program that ended is started again, and what is told of its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.program import LOG_BYTES, last_lines, rotate_log
from services.supervisor import RestartPolicy

POLICY = RestartPolicy()


@pytest.mark.parametrize(
    ("restarts", "wait_s"),
    [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 15.0), (6, 15.0), (9, 15.0)],  # 0.5 * 2**n, at most 15
)
def test_the_wait_doubles_with_each_restart_in_a_row_up_to_fifteen_seconds(restarts: int, wait_s: float) -> None:
    assert POLICY.wait_before_restart(restarts, was_ever_ready=True) == wait_s


def test_a_program_is_given_up_after_ten_restarts_in_a_row() -> None:
    assert POLICY.wait_before_restart(10, was_ever_ready=True) is None


@pytest.mark.parametrize(("restarts", "wait_s"), [(0, 0.5), (2, 2.0), (3, None)])
def test_a_program_that_was_never_ready_is_given_up_after_three_restarts(restarts: int, wait_s: float | None) -> None:
    assert POLICY.wait_before_restart(restarts, was_ever_ready=False) == wait_s


@pytest.mark.parametrize(("ready_for_s", "counted"), [(0.0, 7), (59.9, 7), (60.0, 0), (3600.0, 0)])
def test_a_minute_of_being_ready_wipes_the_count_of_restarts(ready_for_s: float, counted: int) -> None:
    assert POLICY.restarts_in_a_row(7, ready_for_s) == counted


def test_the_last_twenty_lines_of_this_start_are_told(tmp_path: Path) -> None:
    # given: a log with lines of a former start and thirty of this one
    log = tmp_path / "pages.log"
    former = "former\n" * 30
    log.write_text(former + "".join(f"line {number}\n" for number in range(30)))

    # when
    told = last_lines(log, offset=len(former))

    # then
    assert told.splitlines() == [f"line {number}" for number in range(10, 30)]


def test_nothing_is_told_of_lines_before_this_start(tmp_path: Path) -> None:
    log = tmp_path / "pages.log"
    log.write_text("former\n")

    assert last_lines(log, offset=7) == ""


def test_a_log_over_ten_megabytes_is_set_aside(tmp_path: Path) -> None:
    # given
    log = tmp_path / "pages.log"
    log.write_bytes(b"x" * (LOG_BYTES + 1))

    # when
    offset = rotate_log(log)

    # then
    assert offset == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages.log.1"]


def test_a_small_log_is_continued(tmp_path: Path) -> None:
    # given
    log = tmp_path / "pages.log"
    log.write_bytes(b"twelve bytes")

    # when
    offset = rotate_log(log)

    # then
    assert offset == 12
    assert log.read_bytes() == b"twelve bytes"
