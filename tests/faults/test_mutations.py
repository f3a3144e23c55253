"""The check of `test_failing_worker` finds the loss in builds of the loop that are known to lose.

What each build leaves out is told in `mutations`.
"""

from __future__ import annotations

import pytest

from tests.faults.conftest import Endings
from tests.faults.histories import LOSING, MADE_UP_FOR
from tests.faults.tables import Tables


@pytest.mark.parametrize("name", LOSING)
def test_a_build_without_the_protections_is_found_to_lose_reports(
    ending: Endings, undisturbed: Tables, name: str
) -> None:
    left = ending(name)

    assert any(line.startswith("evaluated of") for line in left.contradictions)
    assert len(left.tables["observations"]) < len(undisturbed["observations"])
    assert left.tables != undisturbed


@pytest.mark.parametrize("name", MADE_UP_FOR)
def test_the_watermark_makes_up_for_acknowledging_too_early(ending: Endings, undisturbed: Tables, name: str) -> None:
    left = ending(name)

    assert left.contradictions == []
    assert left.tables == undisturbed
