"""From the figures of an indicator in its breakdowns to gaps, ranks and roll-ups."""

from __future__ import annotations

from decimal import Decimal

import pytest

from planwatch.breakdown import (
    UNWEIGHTED,
    BrokenDownFigure,
    Dimension,
    Disparity,
    aggregation_of,
    area_figures,
    dimensions_of,
    disparity,
)
from planwatch.equalisation.change import GapChange
from planwatch.equalisation.measure import MeasureCode
from planwatch.period import parse_period
from planwatch.plan_terms import Unit
from planwatch.rollup import Aggregation
from services.pages.gap_views import draw_gap
from tests.builders import make_indicator, make_plan

INDICATOR = make_indicator(bounds=("0", "100"))
PLAN = make_plan(INDICATOR)


def of(
    area: str, period: str, value: str | None, *, urbanisation: str = "_T", group: str = "_T", simulated: bool = False
) -> BrokenDownFigure:
    number = Decimal(value) if value is not None else None
    return BrokenDownFigure(area, urbanisation, group, parse_period(period), number, simulated)


FIGURES = [
    of("640500", "2021", "80"),
    of("640502", "2021", "70"),
    of("640521", "2021", "90"),
    of("640522", "2021", None),
    of("640500", "2021", "85", urbanisation="U"),
    of("640500", "2021", "75", urbanisation="R"),
    of("640502", "2021", "60", urbanisation="R"),
    of("620600", "2021", "10"),
]


def measured(*figures: BrokenDownFigure, people: dict[str, Decimal] | None = None, by: Dimension) -> Disparity:
    found = disparity(PLAN, INDICATOR, figures, by, people or {})
    assert found is not None
    return found


def value_of(found: Disparity, code: MeasureCode) -> float | None:
    return next(measure.value for measure in found.measures if measure.code is code)


def test_areas_within_the_plans_own_are_compared_and_no_other() -> None:
    found = measured(*FIGURES, by=Dimension.AREA)

    assert [(group.name, group.value) for group in found.groups] == [
        ("640502", 70.0), ("640521", 90.0), ("640522", None),
    ]  # fmt: skip
    assert value_of(found, MeasureCode.DIFFERENCE) == 20


def test_urban_and_rural_of_the_plans_own_area_are_compared() -> None:
    found = measured(*FIGURES, by=Dimension.URBANISATION)

    assert [(group.name, group.value) for group in found.groups] == [("R", 75.0), ("U", 85.0)]


def test_the_dimensions_that_have_figures_are_named() -> None:
    assert dimensions_of(PLAN, FIGURES) == [Dimension.AREA, Dimension.URBANISATION]
    assert dimensions_of(PLAN, FIGURES[:1]) == []


def test_groups_are_weighted_by_population_where_all_have_one() -> None:
    figures = [of("640502", "2021", "70"), of("640521", "2021", "90"), of("640522", "2021", "80")]
    people = {"640502": Decimal(3), "640521": Decimal(1), "640522": Decimal(1)}

    weighted = measured(*figures, people=people, by=Dimension.AREA)
    plain = measured(*figures, people={"640502": Decimal(3)}, by=Dimension.AREA)

    # mean 76: (3·36 + 196 + 16) / 5 = 64; unweighted mean 80: 200 / 3
    assert value_of(weighted, MeasureCode.BETWEEN_GROUP_VARIANCE) == pytest.approx(64)
    assert weighted.note is None
    assert value_of(plain, MeasureCode.BETWEEN_GROUP_VARIANCE) == pytest.approx(200 / 3)
    assert plain.note is not None
    assert measured(*figures, by=Dimension.AREA).note == UNWEIGHTED


def test_a_gap_that_grows_beyond_its_usual_changes_has_widened() -> None:
    spreads = {"2017": 10.0, "2018": 10.5, "2019": 10.0, "2020": 10.5, "2021": 20.0}
    figures = [
        of(area, period, str(80 + sign * spread / 2))
        for period, spread in spreads.items()
        for area, sign in (("640502", -1), ("640521", 1))
    ]

    found = measured(*figures, by=Dimension.AREA)

    assert found.period == parse_period("2021")
    assert found.changes[MeasureCode.DIFFERENCE].change is GapChange.WIDENED
    assert found.changes[MeasureCode.DIFFERENCE].size == pytest.approx(9.5)


def test_only_periods_of_the_same_length_are_held_against_each_other() -> None:
    figures = [of(area, period, "80") for period in ("2020", "2021-03", "2021") for area in ("640502", "640521")]

    assert list(measured(*figures, by=Dimension.AREA).periods) == [parse_period("2020"), parse_period("2021")]


def test_one_group_is_no_gap() -> None:
    assert disparity(PLAN, INDICATOR, FIGURES[:2], Dimension.AREA, {}) is None
    assert disparity(PLAN, INDICATOR, FIGURES, Dimension.AREA, {}, parse_period("2020")) is None


def test_a_generated_figure_marks_the_gap() -> None:
    figures = [of("640502", "2021", "70"), of("640521", "2021", "90", simulated=True)]

    assert measured(*figures, by=Dimension.AREA).simulated
    assert not measured(*FIGURES, by=Dimension.AREA).simulated


def test_an_area_that_reports_nothing_for_the_period_has_no_entry_and_a_missing_figure_is_none() -> None:
    assert area_figures(PLAN, FIGURES, parse_period("2021")) == {
        "640502": Decimal(70), "640521": Decimal(90), "640522": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "aggregation"),
    [
        (Unit("%", "PT", 0), Aggregation.WEIGHTED_MEAN),
        (Unit("张", "BED", 0), Aggregation.COUNT),
        (Unit("万张", "BED", 4), Aggregation.SUM),
        (Unit("岁", "YR", 0), Aggregation.WEIGHTED_MEAN),
    ],
)
def test_rates_are_averaged_and_amounts_are_added(unit: Unit, aggregation: Aggregation) -> None:
    assert aggregation_of(make_indicator(unit=unit)) is aggregation


def test_the_picture_has_a_column_per_period_and_a_dot_per_figure() -> None:
    figures = [of(area, period, value) for period in ("2020", "2021") for area, value in
               (("640502", "70"), ("640521", "90"), ("640522", "80"))]  # fmt: skip

    picture = draw_gap(measured(*figures, by=Dimension.AREA), 212, 180)

    assert [(column.x, column.dots) for column in picture.columns] == [
        (56.0, (134.0, 34.0, 84.0)), (156.0, (134.0, 34.0, 84.0)),
    ]  # fmt: skip
    assert (picture.columns[0].highest, picture.columns[0].lowest) == (90.0, 70.0)
