"""One concept side by side: in one unit, with what keeps definitions apart."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from planwatch.concept import Concept, ConceptList, unused_concepts, use_faults
from planwatch.concept_comparison import Comparability, Comparison, compare
from planwatch.concept_document import concept_list_from_mapping
from planwatch.plan import Plan, Section
from planwatch.plan_terms import Unit
from tests.concept_builders import (
    PERSON_TIMES,
    make_concept_document,
    make_concept_row,
    make_note,
    make_plan_using,
    make_related,
    make_row,
    make_text_target,
)

TEN_THOUSAND_TIMES = Unit("万次", "PER_10000", 4)
PER_CENT = Unit("%", "PT", 0)


def listed(*rows: dict[str, object]) -> ConceptList:
    return concept_list_from_mapping(make_concept_document(*rows))


def compared(concepts: ConceptList, *plans: Plan) -> Comparison:
    """The first concept of the list in these plans."""
    return compare(concepts, concepts.concepts[0], plans)


def test_figures_of_all_plans_come_in_the_unit_of_the_concept() -> None:
    concepts = listed(make_concept_row("visits", measure="PER_10000"))
    national = make_plan_using("national", make_row("visits", unit=TEN_THOUSAND_TIMES, baseline=None, target="3.4"))
    local = make_plan_using("local", make_row("visits", unit=PERSON_TIMES, baseline="2000", target="4000"))

    rows = compared(concepts, national, local).rows

    # 3.4 × 10^4 per 10,000 inhabitants
    assert [(row.plan_id, row.target) for row in rows] == [("national", Decimal(34000)), ("local", Decimal(4000))]
    assert [row.baseline and row.baseline.value for row in rows] == [None, Decimal(2000)]


def test_printed_decimals_stay_where_nothing_is_converted() -> None:
    concepts = listed(make_concept_row("rate"))
    plan = make_plan_using("local", make_row("rate", unit=PER_CENT, baseline="30.0", target="60.0"))

    [row] = compared(concepts, plan).rows

    assert (str(row.baseline and row.baseline.value), str(row.target)) == ("30.0", "60.0")


@given(value=st.decimals(min_value=0, max_value=10**6, places=4), mult=st.sampled_from([0, 4, 8]))
def test_converting_a_figure_keeps_what_it_says(value: Decimal, mult: int) -> None:
    concepts = listed(make_concept_row("visits", measure="PER_10000", mult=4))
    row = make_row("visits", unit=Unit(None, "PER_10000", mult), baseline=None, target=str(value))

    [found] = compared(concepts, make_plan_using("local", row)).rows

    assert found.target is not None
    assert found.target * 10**4 == value * 10**mult


def test_text_targets_stand_after_the_main_table_of_their_plan() -> None:
    concepts = listed(make_concept_row("rate"))
    first = make_plan_using(
        "first",
        make_row("rate", unit=PER_CENT, baseline="50", target="60"),
        text_targets=[make_text_target("rate", unit=PER_CENT, value="55", source_line=9)],
    )
    second = make_plan_using("second", make_row("rate", unit=PER_CENT, baseline="50", target="70"))

    rows = compared(concepts, first, second).rows

    assert [(row.plan_id, row.section, row.subject) for row in rows] == [
        ("first", Section.MAIN_TABLE, "test-01"),
        ("first", Section.TEXT_TARGET, "test-t01"),
        ("second", Section.MAIN_TABLE, "test-01"),
    ]
    assert (rows[1].nature, rows[1].period, rows[1].baseline) == (None, None, None)


def test_a_note_marks_the_row_of_its_line_and_no_other() -> None:
    concepts = listed(make_concept_row("rate", notes=[make_note("local", 9)]))
    plan = make_plan_using(
        "local",
        make_row("rate", unit=PER_CENT, baseline="50", target="60", source_line=5),
        text_targets=[make_text_target("rate", unit=PER_CENT, value="55", source_line=9)],
    )

    table, text = compared(concepts, plan).rows

    assert (table.comparability, table.reasons) == (Comparability.SAME, ())
    assert text.comparability is Comparability.DEFINITION_DIFFERS
    assert [reason.zh for reason in text.reasons] == ["范围较窄"]


def test_a_note_of_another_line_marks_every_row_of_its_plan_and_of_no_other_plan() -> None:
    concepts = listed(make_concept_row("rate", notes=[make_note("local", 123)]))
    row = make_row("rate", unit=PER_CENT, baseline="50", target="60")

    noted, other = compared(concepts, make_plan_using("local", row), make_plan_using("other", row)).rows

    assert noted.comparability is Comparability.DEFINITION_DIFFERS
    assert other.comparability is Comparability.SAME


def test_rows_of_a_neighbour_are_shown_apart_in_its_own_unit_as_not_comparable() -> None:
    concepts = listed(
        make_concept_row("visits", measure="PER_10000", related=[make_related("beds")]),
        make_concept_row("beds", measure="BED"),
    )
    plan = make_plan_using("local", make_row("beds", unit=Unit("万张", "BED", 4), baseline="0.5", target="0.6"))

    comparison = compared(concepts, plan)

    assert comparison.rows == ()
    [row] = comparison.neighbours
    assert (row.concept, row.unit.measure, row.target) == ("beds", "BED", Decimal(6000))
    assert row.comparability is Comparability.OTHER_CONCEPT
    assert "口径不同" in row.reasons[0].zh


def test_an_unlisted_concept_and_a_unit_that_cannot_be_converted_are_told_with_plan_file_and_path() -> None:
    concepts = listed(make_concept_row("beds", measure="BED"))
    plan = make_plan_using(
        "local",
        make_row("beds", unit=PER_CENT, baseline=None, target="60"),
        text_targets=[make_text_target("chairs", unit=PER_CENT, value="1", source_line=9)],
    )

    faults = use_faults(concepts, [plan])

    assert [fault.place for fault in faults] == [
        "local/plan.yaml: indicators[0].unit",
        "local/text_targets.yaml: text_targets[0].concept",
    ]


def test_a_plan_that_names_a_concept_by_anything_but_its_code_is_told() -> None:
    concepts = listed(make_concept_row("rate", name="比率"))
    plan = make_plan_using("local", make_row("比率", unit=PER_CENT, baseline=None, target="60"))

    assert [fault.path for fault in use_faults(concepts, [plan])] == ["indicators[0].concept"]


def test_a_note_on_a_plan_that_does_not_use_the_concept_is_told_unless_the_plan_is_not_there() -> None:
    notes = [make_note("local", 5), make_note("absent", 5)]
    concepts = listed(make_concept_row("beds", measure="BED", notes=notes), make_concept_row("rate"))
    plan = make_plan_using("local", make_row("rate", unit=PER_CENT, baseline=None, target="60"))

    assert [fault.path for fault in use_faults(concepts, [plan])] == ["concepts[0].notes[0].plan"]


def test_a_concept_that_no_plan_uses_is_known_as_unused() -> None:
    concepts = listed(make_concept_row("rate"), make_concept_row("beds", measure="BED"))
    plan = make_plan_using("local", make_row("rate", unit=PER_CENT, baseline=None, target="60"))

    unused: tuple[Concept, ...] = unused_concepts(concepts, [plan])

    assert [concept.code for concept in unused] == ["beds"]
