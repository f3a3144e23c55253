"""Vintages: what was known stays known, whatever the order of arrival."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from planwatch.observation import Observation, merge_revision
from tests.builders import RECEIVED_AT, make_indicator, make_observation

INDICATOR = make_indicator()


def vintage(value: str, *, day: int, submission_id: str) -> Observation:
    return make_observation(
        INDICATOR, "2021", value, received_at=RECEIVED_AT + timedelta(days=day), submission_id=submission_id
    )


FIGURES = st.builds(
    vintage,
    st.decimals(0, 100, places=2).map(str),
    day=st.integers(0, 3),
    submission_id=st.sampled_from("abcdefgh"),
)
SUBMISSIONS = st.lists(FIGURES, min_size=1, max_size=8, unique_by=lambda figure: figure.submission_id)


def merge_all(arrivals: list[Observation]) -> list[Observation]:
    return reduce(merge_revision, arrivals, list[Observation]())


@given(SUBMISSIONS.flatmap(lambda figures: st.tuples(st.just(figures), st.permutations(figures))))
def test_any_order_of_arrival_gives_the_same_vintages(orders: tuple[list[Observation], list[Observation]]) -> None:
    one, other = orders

    assert merge_all(one) == merge_all(other)


@given(SUBMISSIONS, st.data())
def test_an_arrival_that_repeats_itself_changes_nothing(figures: list[Observation], data: st.DataObject) -> None:
    vintages = merge_all(figures)

    assert merge_revision(vintages, data.draw(st.sampled_from(figures))) == vintages


@given(SUBMISSIONS)
def test_every_figure_is_kept_and_revisions_count_from_one(figures: list[Observation]) -> None:
    vintages = merge_all(figures)

    assert [vintage.revision for vintage in vintages] == list(range(1, len(figures) + 1))
    assert {vintage.submission_id: vintage.value for vintage in vintages} == {
        figure.submission_id: figure.value for figure in figures
    }


def test_a_correction_is_revision_two_and_the_first_figure_stays() -> None:
    first = vintage("97.81", day=0, submission_id="first")
    correction = vintage("99.7", day=30, submission_id="correction")

    vintages = merge_revision([first], correction)

    assert [(row.revision, row.value) for row in vintages] == [(1, Decimal("97.81")), (2, Decimal("99.7"))]


def test_a_late_arrival_of_an_older_report_becomes_revision_one() -> None:
    newer = vintage("99.7", day=30, submission_id="correction")
    older = vintage("97.81", day=0, submission_id="first")

    vintages = merge_revision([newer], older)

    assert [(row.revision, row.submission_id) for row in vintages] == [(1, "first"), (2, "correction")]
