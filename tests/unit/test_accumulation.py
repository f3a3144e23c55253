"""累计: what a feed reports becomes the total since the plan began."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planwatch.accumulation import totals
from planwatch.observation import Observation
from planwatch.period import TimePeriod, parse_period
from planwatch.plan import GoalKind
from planwatch.series import Accumulation
from tests.builders import make_history, make_indicator, make_observation, make_plan

FLOW, YEAR_TO_DATE, SINCE_START = Accumulation.FLOW, Accumulation.YEAR_TO_DATE, Accumulation.SINCE_PLAN_START
TRAINED = make_indicator(goal_kind=GoalKind.ACCUMULATE, baseline=None, target="6", accumulation=FLOW)
PLAN = make_plan(TRAINED)
MONTHS = [f"{year}-{month:02d}" for year in range(2021, 2026) for month in range(1, 13)]


def reported(*figures: tuple[str, str, Accumulation | None]) -> dict[TimePeriod, Observation]:
    return {
        parse_period(period): make_observation(TRAINED, period, value, accumulation=form)
        for period, value, form in figures
    }


def total(history: Mapping[TimePeriod, Observation], period: str) -> Decimal:
    return totals(PLAN, TRAINED, history).of[parse_period(period)]


@pytest.mark.parametrize(
    ("form", "figures", "period", "expected"),
    [
        pytest.param(FLOW, {"2021": "2.48"}, "2021", "2.48", id="the first flow is the total"),
        pytest.param(FLOW, {"2021": "2.48", "2022": "1"}, "2022", "3.48", id="flows add up"),
        pytest.param(FLOW, {"2021": "2.48", "2022": "1"}, "2021", "2.48", id="later flows do not count"),
        pytest.param(FLOW, {"2020": "6.1", "2021": "2.48"}, "2021", "2.48", id="flows before the plan do not count"),
        pytest.param(FLOW, {"2021-Q1": "1", "2021-Q2": "2"}, "2021-Q2", "3", id="quarters"),
        pytest.param(YEAR_TO_DATE, {"2021-01": "1", "2021-02": "3"}, "2021-02", "3", id="本年累计 of the first year"),
        pytest.param(YEAR_TO_DATE, {"2021-12": "9", "2022-03": "2"}, "2022-03", "11", id="closed year + 本年累计"),
        pytest.param(YEAR_TO_DATE, {"2021": "9", "2022": "2"}, "2022", "11", id="year by year"),
        pytest.param(
            YEAR_TO_DATE, {"2021-06": "5", "2021-12": "9", "2022-03": "2"}, "2022-03", "11", id="only year-ends count"
        ),
        pytest.param(SINCE_START, {"2021": "2.6", "2022": "3"}, "2022", "3", id="a running total is the total"),
        pytest.param(SINCE_START, {"2023": "3"}, "2023", "3", id="a running total needs no earlier figure"),
    ],
)
def test_each_reporting_form_gives_the_total_so_far(
    form: Accumulation, figures: Mapping[str, str], period: str, expected: str
) -> None:
    history = make_history(TRAINED, figures, accumulation=form)

    assert total(history, period) == Decimal(expected)


def test_the_form_of_the_catalogue_holds_where_the_report_names_none() -> None:
    history = make_history(TRAINED, {"2021": "2", "2022": "1"}, accumulation=None)

    assert total(history, "2022") == 3


@pytest.mark.parametrize(
    ("history", "period", "expected"),
    [
        pytest.param(
            # 2022 reports 4 since 2021; a flow of 1 in 2023 makes it 5
            reported(("2021", "2.5", FLOW), ("2022", "4", SINCE_START), ("2023", "1", FLOW)),
            "2023",
            "5",
            id="a flow after a running total",
        ),
        pytest.param(
            # 6 by the end of 2021, then 2 this year
            reported(("2021", "6", SINCE_START), ("2022", "2", YEAR_TO_DATE)),
            "2022",
            "8",
            id="本年累计 after a running total",
        ),
        pytest.param(
            # January 1, February 3 this year, March 2 more
            reported(("2021-01", "1", FLOW), ("2021-02", "3", YEAR_TO_DATE), ("2021-03", "2", FLOW)),
            "2021-03",
            "5",
            id="a flow after 本年累计",
        ),
        pytest.param(
            # January and February together 2, March 1 more
            reported(("2021-01-01/P2M", "2", FLOW), ("2021-03", "1", FLOW)),
            "2021-03",
            "3",
            id="January and February in one report",
        ),
        pytest.param(
            # the months of 2021 added up to 12 provisionally, the year is 13 in the end
            reported(*((month, "1", FLOW) for month in MONTHS[:12]), ("2021", "13", FLOW), ("2022-01", "1", FLOW)),
            "2022-01",
            "14",
            id="the annual figure is final",
        ),
        pytest.param(
            # twelve flows of 1 are 12 by the end of 2021, then 3 this year
            reported(*((month, "1", FLOW) for month in MONTHS[:12]), ("2022-02", "3", YEAR_TO_DATE)),
            "2022-02",
            "15",
            id="本年累计 after monthly flows",
        ),
    ],
)
def test_each_figure_is_converted_by_its_own_form_before_it_is_added(
    history: Mapping[TimePeriod, Observation], period: str, expected: str
) -> None:
    assert total(history, period) == Decimal(expected)


@pytest.mark.parametrize(
    ("form", "figures", "period"),
    [
        pytest.param(FLOW, {"2022": "1"}, "2022", id="the first flow is missing"),
        pytest.param(FLOW, {"2021-01": "1", "2021-03": "1"}, "2021-03", id="a flow between is missing"),
        pytest.param(FLOW, {"2021": None, "2022": "1"}, "2022", id="an earlier flow was reported as missing"),
        pytest.param(YEAR_TO_DATE, {"2021-11": "8", "2022-03": "2"}, "2022-03", id="no year-end figure"),
    ],
)
def test_a_total_with_an_earlier_gap_is_incomplete(
    form: Accumulation, figures: Mapping[str, str | None], period: str
) -> None:
    history = make_history(TRAINED, figures, accumulation=form)

    with pytest.raises(KeyError):
        total(history, period)


@given(st.lists(st.decimals(0, 1000, places=2), min_size=1, max_size=60))
def test_monthly_flows_running_totals_and_year_to_date_agree(flows: list[Decimal]) -> None:
    months = MONTHS[: len(flows)]
    since_start = {month: str(sum(flows[: at + 1])) for at, month in enumerate(months)}
    year_to_date = {month: str(sum(flows[at - at % 12 : at + 1])) for at, month in enumerate(months)}

    totals = {
        total(make_history(TRAINED, dict(zip(months, map(str, flows), strict=True)), accumulation=FLOW), months[-1]),
        total(make_history(TRAINED, since_start, accumulation=SINCE_START), months[-1]),
        total(make_history(TRAINED, year_to_date, accumulation=YEAR_TO_DATE), months[-1]),
    }

    assert totals == {sum(flows)}
