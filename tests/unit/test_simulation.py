"""Small simulated worlds: what is planted is found, nothing else is, and every difference has a cause."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from planwatch.case.kinds import CaseKind
from services.alerts.working_calendar import working_calendar
from services.catalogue_faults import check_document
from services.catalogue_files import read_schema
from services.simulation.explanation import Cause
from services.simulation.plan import plan_document
from services.simulation.planting import FaultKind
from services.simulation.whole import Summary, World, simulate, simulate_area
from tests.builders import PLANS, default_policy

ROOT = Path(__file__).parents[2]


def world(*, seed: int = 3, months: int = 36, noise: float = 1.0, forced: FaultKind | None = None) -> World:
    return World(seed, months, default_policy(), working_calendar(), noise, forced)


def clean(fault: FaultKind, *, months: int = 36, areas: int = 1) -> Summary:
    """Areas without noise, each with one fault of a kind."""
    return simulate(world(noise=0.0, months=months, forced=fault), areas)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FaultKind.SLOWDOWN, CaseKind.BEHIND_SCHEDULE),
        (FaultKind.REVERSAL, CaseKind.REVERSED),
        (FaultKind.BREACH, CaseKind.LIMIT_BREACHED),
        (FaultKind.LATE_WORK, CaseKind.LATE_WORK),
        (FaultKind.POOR_SERVICE, CaseKind.SERVICE_STANDARD),
        (FaultKind.OVERDUE, CaseKind.OVERDUE_REPORT),
        (FaultKind.GAP, CaseKind.GAP_WIDENING),
        (FaultKind.JUMP, CaseKind.DATA_QUALITY),
        (FaultKind.CONTRADICTION, CaseKind.DATA_QUALITY),
        (FaultKind.RETURNED, CaseKind.OVERDUE_REPORT),
    ],
)
def test_without_noise_a_planted_fault_is_found_and_no_other_of_its_kind(fault: FaultKind, kind: CaseKind) -> None:
    count = clean(fault).kinds[kind].as_mapping()

    assert count["planted"] > 0
    assert (count["recall"], count["precision"]) == (1.0, 1.0)


@pytest.mark.parametrize(
    "fault",
    [
        FaultKind.SLOWDOWN,
        FaultKind.BREACH,
        FaultKind.LATE_WORK,
        FaultKind.POOR_SERVICE,
        FaultKind.OVERDUE,
        FaultKind.GAP,
    ],
)
def test_without_noise_and_errors_in_the_figures_nothing_is_warned_of_in_vain(fault: FaultKind) -> None:
    assert clean(fault).false_alarms == []


def test_without_noise_a_stall_is_warned_of_before_the_target_is_missed() -> None:
    summary = clean(FaultKind.STALL, months=60)

    count = summary.kinds[CaseKind.FORECAST_MISS]
    assert count.right == 1
    assert count.false_alarms == 0
    assert all(miss.cause is Cause.LATE for miss in summary.misses)


def test_half_of_what_a_january_has_reached_is_a_miss_for_no_other_month_contradicts_it() -> None:
    half_a_january = simulate_area(world(noise=0.0, forced=FaultKind.CONTRADICTION), 5)

    assert [(miss.kind, miss.cause, miss.since) for miss in half_a_january.misses] == [
        (CaseKind.DATA_QUALITY, Cause.UNCONTRADICTED, "2023-01")
    ]


def test_every_miss_and_every_false_alarm_is_explained_and_marked_as_simulated() -> None:
    hasty = replace(world(months=24), policy=replace(default_policy(), warn_from_share=Decimal(0)))

    document = simulate(hasty, 6).as_mapping()

    counted = document["by_kind"].values()
    assert len(document["misses"]) == sum(count["misses"] for count in counted)
    assert len(document["false_alarms"]) == sum(count["false_alarms"] for count in counted)
    assert document["false_alarms"]
    assert all(
        each["explanation"]["zh"] and each["simulated"] for each in document["misses"] + document["false_alarms"]
    )


def test_no_case_is_lost_and_none_is_doubled() -> None:
    summary = simulate(world(seed=11, months=36), 4)

    assert summary.broken == []
    assert summary.submissions > 0


def test_the_result_does_not_depend_on_the_number_of_processes() -> None:
    assert simulate(world(months=12), 5, processes=2).as_mapping() == simulate(world(months=12), 5).as_mapping()


def test_another_seed_gives_another_world() -> None:
    assert simulate(world(months=12), 2).as_mapping() != simulate(world(months=12, seed=4), 2).as_mapping()


def test_the_command_prints_the_same_bytes_whatever_the_seed_of_hashes() -> None:
    first, second = run_command("1"), run_command("2")

    assert first == second
    document = json.loads(first.splitlines()[-1])
    assert {"precision", "recall", "by_kind", "submissions", "warnings", "mails"} <= document.keys()
    assert document["simulated"] is True


def test_a_simulated_plan_is_one_that_the_catalogue_accepts_and_says_that_it_is_simulated() -> None:
    document = plan_document(7)

    plan, faults = check_document(read_schema(PLANS / "plan.schema.json"), document, set())

    assert faults == []
    assert plan is not None
    assert "模拟" in plan.title.zh
    assert "simulated" in plan.title.en
    assert "模拟" in plan.area_name.zh
    assert all("模拟" in indicator.name.zh for indicator in plan.watched)


def run_command(hash_seed: str) -> bytes:
    command = [
        sys.executable,
        "-m",
        "services.cli",
        "simulate",
        "--areas",
        "3",
        "--years",
        "1",
        "--seed",
        "5",
        "--json",
    ]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    return done.stdout
