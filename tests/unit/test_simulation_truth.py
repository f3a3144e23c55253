"""The truth by the plan's rules, on figures that are given, not generated."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from planwatch.case.kinds import CaseKind
from services.simulation import latent as latent_module
from services.simulation import truth as truth_module
from services.simulation.indicators import MONTHS, WATCHED
from services.simulation.latent import Latent, latent_figures
from services.simulation.matching import Outcome, Warned, compare
from services.simulation.planting import Fault, FaultKind, plant
from services.simulation.reports import Sent, SentFigure
from services.simulation.truth import Trouble, all_troubles
from tests.builders import default_policy

LAST_DAY = date(2026, 2, 24)
JUDGING = {
    "planwatch.assessment",
    "planwatch.case.judgement",
    "planwatch.case.machine",
    "planwatch.evaluation",
    "planwatch.forecast",
    "planwatch.outlook",
    "planwatch.schedule",
}


def stream(seed: int | str) -> Random:
    """Random numbers that can be repeated."""
    return Random(seed)  # noqa: S311


def troubles_of(key: str, figures: list[float], kind: CaseKind) -> list[Trouble]:
    """What is true of one indicator with these figures, all others being healthy."""
    latent = {**latent_figures(stream(1), ()), key: Latent(tuple(figures))}
    found = all_troubles(latent, (), everything_sent(), default_policy(), MONTHS, LAST_DAY)
    return [trouble for trouble in found if (trouble.key, trouble.kind) == (key, kind)]


def everything_sent() -> Sent:
    """Every report in time."""
    figure = SentFigure(datetime(2021, 1, 1, tzinfo=UTC), 1.0)
    return {(row.key, "_T", month): [figure] for row in WATCHED for month in range(MONTHS)}


def test_the_truth_imports_nothing_that_raises_warnings() -> None:
    trees = [ast.parse(Path(str(module.__file__)).read_text("utf-8")) for module in (truth_module, latent_module)]

    imported = {node.module for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & JUDGING


def test_a_healthy_area_has_no_trouble() -> None:
    latent = latent_figures(stream(1), ())

    assert all_troubles(latent, (), everything_sent(), default_policy(), MONTHS, LAST_DAY) == []


def test_a_breach_begins_with_the_first_month_beyond_the_limit_by_more_than_the_grey_zone() -> None:
    figures = [97.0] * 10 + [95.05, 94.0, 94.0] + [97.0] * 47

    onset, grey = troubles_of("insurance", figures, CaseKind.LIMIT_BREACHED)

    assert (onset.onset, onset.end, onset.is_borderline) == (11, 13, False)
    assert (grey.onset, grey.end, grey.is_borderline) == (10, 11, True)


def test_what_stays_in_the_grey_zone_is_borderline() -> None:
    (trouble,) = troubles_of("insurance", [97.0] * 10 + [94.95] + [97.0] * 49, CaseKind.LIMIT_BREACHED)

    assert trouble.is_borderline


def test_standing_still_is_behind_schedule_once_the_index_has_fallen() -> None:
    ahead = [80 + 15 * 1.2 * (month + 1) / 60 for month in range(20)]

    trouble = troubles_of("school", ahead + [ahead[-1]] * 40, CaseKind.BEHIND_SCHEDULE)[0]

    assert trouble.onset == 25  # 0.4 of the way is done; 26 months of 60 expect 0.433
    assert trouble.end == 60


def test_moving_below_the_baseline_is_reversed() -> None:
    (trouble,) = troubles_of("school", [81.0] * 10 + [79.0] * 50, CaseKind.REVERSED)

    assert (trouble.onset, trouble.end) == (10, 60)


def test_a_report_is_overdue_from_the_day_after_its_grace_until_it_comes() -> None:
    sent = everything_sent()
    sent["school", "_T", 4] = [SentFigure(datetime(2021, 7, 20, 2, tzinfo=UTC), 1.0)]

    (trouble,) = all_troubles(latent_figures(stream(1), ()), (), sent, default_policy(), MONTHS, LAST_DAY)

    assert trouble.kind is CaseKind.OVERDUE_REPORT
    assert date.fromordinal(trouble.onset) == date(2021, 6, 26)
    assert date.fromordinal(trouble.end) == date(2021, 7, 21)


def test_a_returned_cell_is_a_report_that_is_missing_and_no_figure_in_doubt() -> None:
    sent = everything_sent()
    sent["school", "_T", 30] = []
    latent = latent_figures(stream(1), ())
    faults = (Fault(FaultKind.RETURNED, "school", 30, 32, 0.9),)

    found = all_troubles(latent, faults, sent, default_policy(), MONTHS, LAST_DAY)

    kinds = [trouble.kind for trouble in found if trouble.kind in (CaseKind.DATA_QUALITY, CaseKind.OVERDUE_REPORT)]
    assert kinds == [CaseKind.OVERDUE_REPORT]


def test_a_warning_within_the_window_is_a_hit_and_one_about_nothing_a_false_alarm() -> None:
    trouble = Trouble("school", "_T", CaseKind.BEHIND_SCHEDULE, 20, 40, False)
    right = Warned("a", 1, "school", "_T", CaseKind.BEHIND_SCHEDULE, 23, 40)
    vain = replace(right, case_id="b", key="beds")

    outcome = compare([trouble], [right, vain])

    assert outcome == Outcome((trouble,), (), (right,), (), (vain,), ())


def test_a_warning_after_the_window_is_a_miss_but_no_false_alarm() -> None:
    trouble = Trouble("school", "_T", CaseKind.BEHIND_SCHEDULE, 20, 40, False)
    late = Warned("a", 1, "school", "_T", CaseKind.BEHIND_SCHEDULE, 24, 40)

    outcome = compare([trouble], [late])

    assert (outcome.misses, outcome.right, outcome.false_alarms) == ((trouble,), (late,), ())


def test_a_warning_about_what_is_borderline_is_counted_apart() -> None:
    trouble = Trouble("school", "_T", CaseKind.BEHIND_SCHEDULE, 20, 22, True)
    warned = Warned("a", 1, "school", "_T", CaseKind.BEHIND_SCHEDULE, 20, 21)

    outcome = compare([trouble], [warned])

    assert (outcome.hits, outcome.misses, outcome.borderline) == ((), (), (warned,))


@given(st.integers(0, 10_000), st.sampled_from(list(FaultKind)), st.sampled_from([12, 24, 36, 48, 60]))
def test_a_planted_fault_lies_within_the_months_that_are_simulated(seed: int, kind: FaultKind, months: int) -> None:
    (fault,) = plant(stream(seed), months, kind)

    assert 0 < fault.start < fault.end <= months


@given(st.integers(0, 10_000))
def test_most_areas_have_no_fault_and_no_area_two_on_one_indicator(seed: int) -> None:
    planted: list[tuple[Fault, ...]] = [plant(stream(f"{seed}/{area}"), MONTHS) for area in range(100)]

    assert sum(not faults for faults in planted) > 40
    assert all(len({fault.where for fault in faults}) == len(faults) for faults in planted)
