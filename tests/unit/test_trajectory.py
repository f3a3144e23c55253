"""The path from the baseline to the target."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.trajectory import PathPoint, Trajectory, expected_value_at

STRAIGHT = (PathPoint(2020.0, Decimal(50)), PathPoint(2025.0, Decimal(100)))
BENT = (PathPoint(2020.0, Decimal(50)), PathPoint(2022.0, Decimal(90)), PathPoint(2025.0, Decimal(96)))


@pytest.mark.parametrize(
    ("points", "time", "expected"),
    [
        (STRAIGHT, 2021.0, 60),  # 50 + 50 * 1/5
        (STRAIGHT, 2020.5, 55),  # 50 + 50 * 0.5/5
        (BENT, 2021.0, 70),  # 50 + 40 * 1/2
        (BENT, 2022.0, 90),  # the milestone itself
        (BENT, 2024.0, 94),  # 90 + 6 * 2/3
    ],
)
def test_between_fixed_points_the_path_is_straight(points: tuple[PathPoint, ...], time: float, expected: int) -> None:
    assert expected_value_at(points, time) == pytest.approx(Decimal(expected), abs=Decimal("1e-9"))


@pytest.mark.parametrize(("time", "expected"), [(2019.0, 50), (2020.0, 50), (2025.0, 100), (2030.0, 100)])
def test_outside_the_path_its_nearest_end_is_expected(time: float, expected: int) -> None:
    assert expected_value_at(STRAIGHT, time) == expected


@given(
    st.lists(st.decimals(0, 1000, places=2), min_size=2, max_size=6).map(sorted),
    st.lists(st.floats(2019, 2027), min_size=2, max_size=10).map(sorted),
)
def test_on_a_rising_path_more_is_expected_later(values: list[Decimal], times: list[float]) -> None:
    points = tuple(PathPoint(2020.0 + position, value) for position, value in enumerate(values))

    expected = [expected_value_at(points, time) for time in times]

    assert all(earlier <= later for earlier, later in pairwise(expected))


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (Trajectory.LINEAR, "80"),  # 50 + 50 * 3/5
        (Trajectory.GEOMETRIC, "75.785828"),  # 50 * 2 ** 0.6
        (Trajectory.FRONT_LOADED, "92"),  # 50 + 50 * (1 - 0.4²)
        (Trajectory.BACK_LOADED, "68"),  # 50 + 50 * 0.6²
        (Trajectory.LOGISTIC, "86.709671"),  # 50 + 50 * (1/(1+e⁻¹) - 1/(1+e⁵)) / (1 - 2/(1+e⁵))
        (Trajectory.STEP, "50"),
    ],
)
def test_towards_the_target_the_path_has_the_form_chosen(trajectory: Trajectory, expected: str) -> None:
    assert expected_value_at(STRAIGHT, 2023.0, trajectory) == pytest.approx(Decimal(expected), abs=Decimal("1e-5"))


@pytest.mark.parametrize("trajectory", Trajectory)
def test_between_stated_values_the_path_is_straight_whatever_its_form(trajectory: Trajectory) -> None:
    assert expected_value_at(BENT, 2021.0, trajectory) == 70


@given(st.sampled_from(Trajectory), st.decimals(1, 1000, places=2), st.decimals(1, 1000, places=2))
def test_every_form_begins_at_the_last_stated_value_and_ends_at_the_target(
    trajectory: Trajectory, start: Decimal, goal: Decimal
) -> None:
    points = (PathPoint(2020.0, start), PathPoint(2025.0, goal))

    assert expected_value_at(points, 2020.0, trajectory) == start
    assert expected_value_at(points, 2025.0, trajectory) == goal


def test_a_geometric_stretch_between_values_of_different_sign_is_straight() -> None:
    points = (PathPoint(2020.0, Decimal(-10)), PathPoint(2022.0, Decimal(10)))

    assert expected_value_at(points, 2021.0, Trajectory.GEOMETRIC) == 0
