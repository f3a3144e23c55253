"""A plan beside its parent plan: what the review asks, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planwatch.commitment import Commitments, TextTarget
from planwatch.language import Text
from planwatch.plan import Direction, Indicator, Nature, Plan
from planwatch.plan_question import QuestionCode
from planwatch.plan_terms import Comparator, Unit
from tests.builders import make_plan
from tests.unit.test_plan_review import amount, asked, row, text_target

Code = QuestionCode
DECREASE = Direction.DECREASE


def beds(baseline: str, target: str) -> Indicator:
    return row(baseline=baseline, target=target, unit=Unit("万张", "BED", 4))


def local(indicator: Indicator, *targets: TextTarget) -> Plan:
    return replace(
        make_plan(replace(indicator, indicator_id="local-01"), commitments=Commitments(text_targets=targets)),
        plan_id="local",
    )


@pytest.mark.parametrize(
    ("mine", "theirs", "below"),
    [
        (row(target="78.2"), row(target="78.3"), True),
        (row(target="78.3"), row(target="78.3"), False),
        (row(target="95"), row(target="95", comparator=Comparator.GREATER), True),  # the parent wants more than 95
        (row(target="95", comparator=Comparator.GREATER), row(target="95"), False),
        (row(target="16", direction=DECREASE), row(target="15", direction=DECREASE), True),
        (row(target="14", direction=DECREASE), row(target="15", direction=DECREASE), False),
        (
            row(target="4000", unit=Unit("次", "PER_10000", 0)),
            row(target="3.4", unit=Unit("万次", "PER_10000", 4)),
            True,
        ),
        (beds("0.56", "0.59"), beds("823.8", "1000"), True),  # 1.05 times the baseline against 1.21 times
        (beds("0.56", "0.70"), beds("823.8", "1000"), False),
    ],
    ids=[
        "less",
        "the same",
        "weaker sign",
        "stricter sign",
        "more deaths",
        "fewer deaths",
        "another unit",
        "less growth",
        "more growth",
    ],
)
def test_a_local_target_is_held_against_that_of_the_parent(mine: Indicator, theirs: Indicator, below: bool) -> None:
    questions = asked(local(mine), Code.BELOW_PARENT, parent=make_plan(theirs))

    assert [question.subjects for question in questions] == ([("local-01", "test-01")] if below else [])


def test_a_level_that_only_the_text_has_is_held_against_the_parents_table() -> None:
    weak = text_target(target_id="local-t01", indicator_id=None, concept="rate_2", quantity=amount("80"))
    parent = make_plan(row(no=2, target="90"))

    questions = asked(local(row(target="99"), weak), Code.BELOW_PARENT, parent=parent)

    assert [question.subjects for question in questions] == [("local-t01", "test-02")]


@pytest.mark.parametrize(
    ("mine", "theirs", "code"),
    [
        (Nature.BINDING, Nature.ANTICIPATORY, Code.BINDING_HERE_ANTICIPATORY_IN_PARENT),
        (Nature.ANTICIPATORY, Nature.BINDING, Code.ANTICIPATORY_HERE_BINDING_IN_PARENT),
    ],
)
def test_an_obligation_that_only_one_of_two_plans_has_is_asked_about(
    mine: Nature, theirs: Nature, code: QuestionCode
) -> None:
    both = (Code.BINDING_HERE_ANTICIPATORY_IN_PARENT, Code.ANTICIPATORY_HERE_BINDING_IN_PARENT)

    questions = asked(local(row(nature=mine)), *both, parent=make_plan(row(nature=theirs)))

    assert [question.code for question in questions] == [code]


@pytest.mark.parametrize(
    ("mine", "theirs", "differs"),
    [
        ("每千人口拥有注册护士数(人)", "每千人口注册护士数（人）", False),
        ("每千人口拥有执业（助理）医师（人）", "每千人口拥有执业(助理) 医师数(人)", False),
        ("每千常住人口执业(助理)医师数(人)", "每千人口拥有执业(助理)医师数(人)", True),
        ("养老床位中护理型床位比例", "养老机构护理型床位占比", True),
    ],
)
def test_names_that_differ_in_more_than_filling_words_are_asked_about(mine: str, theirs: str, differs: bool) -> None:
    questions = asked(
        local(row(name=Text(mine, "mine"))),
        Code.DEFINITION_DIFFERS_FROM_PARENT,
        parent=make_plan(row(name=Text(theirs, "theirs"))),
    )

    assert bool(questions) is differs


def test_a_related_concept_differs_in_definition_and_where_it_does_in_unit() -> None:
    mine = row(no=1, unit=Unit("户", "HH", 0))
    theirs = row(no=2, unit=Unit("万个", "COMMUNITY", 4))
    codes = (Code.UNIT_DIFFERS_FROM_PARENT, Code.DEFINITION_DIFFERS_FROM_PARENT)

    questions = asked(
        local(mine),
        *codes,
        parent=make_plan(theirs),
        rate_1={"rate_2": Text("一个以户计，一个以小区计。", "One counts households, one communities.")},
    )

    assert [question.code for question in questions] == list(codes)
    assert "不能换算" in questions[0].text.zh
    assert asked(local(mine), *codes, parent=make_plan(theirs)) == []
