"""Administrative divisions by their code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.area import NATIONAL, is_area_code, lies_within

CODES = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)


@pytest.mark.parametrize("text", ["100000", "640000", "640500", "620802"])
def test_six_digits_without_a_leading_zero_are_an_area_code(text: str) -> None:
    assert is_area_code(text)


@pytest.mark.parametrize("text", ["", "64050", "6405000", "040500", "6405OO", "640500 ", "中卫市", "6405００"])
def test_anything_else_is_no_area_code(text: str) -> None:
    assert not is_area_code(text)


@pytest.mark.parametrize(
    ("area", "parent", "inside"),
    [
        ("640502", "640500", True),  # a county of the prefecture
        ("640500", "640500", True),  # itself
        ("640200", "640500", False),  # a neighbour
        ("640000", "640500", False),  # the province above
        ("640502", "640000", True),  # two levels below
        ("620802", "640000", False),  # another province
        ("620803", "620802", False),  # a county has no divisions
        ("640502", NATIONAL, True),
        ("中卫市", NATIONAL, False),
        ("6405", "640500", False),
    ],
)
def test_an_area_lies_within_the_divisions_above_it(area: str, parent: str, inside: bool) -> None:
    assert lies_within(area, parent) is inside


@given(CODES)
def test_every_area_lies_within_itself_its_prefecture_its_province_and_the_nation(area: str) -> None:
    parents = [area, f"{area[:4]}00", f"{area[:2]}0000", NATIONAL]

    assert all(lies_within(area, parent) for parent in parents)
