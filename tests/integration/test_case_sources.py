"""Cases of a widening gap, a forecast miss and doubtful figures, from submissions to mails and pages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from planwatch.case.kinds import CaseKind
from planwatch.wire import ASSESSMENT_MADE
from services.alerts.known_figures import load_unfinished
from services.database import open_pool
from services.pages.app import build_app
from services.pages.store import ROLE
from tests.builders import figure, make_record, make_submission_record, real_plan
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

NORTH, SOUTH = "640502", "640521"
ROLLED_UP = 16
"""Beds: what the districts have adds up to what the city has."""
TRAINED = 8
"""People trained: a flow, unless a figure says that it is a total."""
USUAL = ("4.0", "4.2", "3.9", "4.1")
"""Gaps between the two districts whose changes are small."""


def of_kind(pipeline: Pipeline, kind: CaseKind, columns: str = "state, level, time_period") -> list[tuple[object, ...]]:
    return pipeline.rows(f"SELECT {columns} FROM early_warnings WHERE kind = %s", kind)  # noqa: S608


def steps_of(pipeline: Pipeline, kind: CaseKind) -> list[str]:
    found = pipeline.rows(
        "SELECT step_kind FROM warning_history JOIN early_warnings USING (case_id) WHERE kind = %s ORDER BY step", kind
    )
    return [step for (step,) in found]


async def report_gaps(pipeline: Pipeline, *sizes: str, start: int = 1) -> None:
    """Monthly reports of two districts that are this far apart."""
    for month, size in enumerate(sizes, start=start):
        await pipeline.submit(
            figure(6, f"2021-{month:02}", "93.0", ref_area=NORTH),
            figure(6, f"2021-{month:02}", str(93 + float(size)), ref_area=SOUTH),
            submission_id=f"{month:02}ab",
        )
        pipeline.clock.advance(days=30)


async def alert_again(pipeline: Pipeline) -> None:
    """Everything is delivered a second time."""
    sent = pipeline.rows("SELECT record_value FROM outgoing_events WHERE topic = %s ORDER BY event_no", ASSESSMENT_MADE)
    await pipeline.alert_with(*(make_record(value, recorded_at=pipeline.clock()) for (value,) in sent))


async def page(pipeline: Pipeline, address: str) -> str:
    async with open_pool(pipeline.url, ROLE) as pool:
        server = TestServer(build_app(pool, ""))
        async with TestClient(server) as client, client.get(address) as response:
            return await response.text()


async def test_a_gap_that_stays_wider_for_two_periods_opens_one_case_and_holds_it(pipeline: Pipeline) -> None:
    await report_gaps(pipeline, *USUAL, "6.0")
    after_one = of_kind(pipeline, CaseKind.GAP_WIDENING)

    await report_gaps(pipeline, "6.1", "6.0", start=6)

    assert after_one == []
    assert steps_of(pipeline, CaseKind.GAP_WIDENING) == ["raise", "hold"]
    assert of_kind(pipeline, CaseKind.GAP_WIDENING, "dimension, ref_area, series_key, cause") == [
        ("area", "640500", None, "gap_widened")
    ]


async def test_a_revision_that_narrows_the_gap_closes_its_case(pipeline: Pipeline) -> None:
    await report_gaps(pipeline, *USUAL, "6.0", "6.1")

    await pipeline.submit(figure(6, "2021-06", "97.1", ref_area=SOUTH), submission_id="ffff")

    assert steps_of(pipeline, CaseKind.GAP_WIDENING) == ["raise", "close"]
    assert of_kind(pipeline, CaseKind.GAP_WIDENING, "state, cause") == [("closed", "gap_not_widened")]


async def test_what_is_delivered_again_changes_no_case(pipeline: Pipeline) -> None:
    await report_gaps(pipeline, *USUAL, "6.0", "6.1", "6.0")
    before = pipeline.snapshot()

    await alert_again(pipeline)

    assert pipeline.snapshot() == before


async def test_urban_and_rural_have_a_case_of_their_own_beside_that_of_the_areas(pipeline: Pipeline) -> None:
    await report_gaps(pipeline, *USUAL, "6.0", "6.1")
    for month, size in enumerate((*USUAL, "6.0", "6.1"), start=1):
        await pipeline.submit(
            figure(6, f"2021-{month:02}", "93.0", urbanisation="U"),
            figure(6, f"2021-{month:02}", str(93 - float(size)), urbanisation="R"),
            submission_id=f"{month:02}ef",
        )
        pipeline.clock.advance(days=30)

    assert sorted(of_kind(pipeline, CaseKind.GAP_WIDENING, "dimension, state")) == [
        ("area", "open"), ("urbanisation", "open"),
    ]  # fmt: skip


async def test_the_mail_and_the_pages_say_along_what_and_from_where_to_where_the_gap_has_widened(
    pipeline: Pipeline,
) -> None:
    await report_gaps(pipeline, *USUAL, "6.0", "6.1")
    ((case_id,),) = of_kind(pipeline, CaseKind.GAP_WIDENING, "case_id")
    said = "2021年6月地区之间的差距（极差）由2021年4月的4.1扩大到6.1，超出其波动（历来变化的标准差为0.30）"

    pipeline.clock.advance(days=1)
    await pipeline.close_digests()
    body = pipeline.mails()[-1].get_body(("plain",))
    case, overview = await page(pipeline, f"/warnings/{case_id}"), await page(pipeline, "/")

    assert body is not None
    assert said in body.get_content()
    assert said in case
    assert "/plans/zhongwei/equalisation/zhongwei-06?by=area" in case
    assert "地区之间" in overview
    assert "差距扩大" in overview


async def test_a_gap_between_generated_figures_is_marked_as_simulated(pipeline: Pipeline) -> None:
    for month, size in enumerate((*USUAL, "6.0", "6.1"), start=1):
        await pipeline.evaluate(make_submission_record(
            figure(6, f"2021-{month:02}", "93.0", ref_area=NORTH),
            figure(6, f"2021-{month:02}", str(93 + float(size)), ref_area=SOUTH),
            submission_id=f"{month:02}cd", received_at=pipeline.clock(), simulated=True,
        ))  # fmt: skip
        await pipeline.alert()
        pipeline.clock.advance(days=30)

    assert pipeline.rows("SELECT simulated FROM open_warnings WHERE kind = 'gap_widening'") == [(True,)]


async def test_a_forecast_miss_is_a_case_of_its_own_that_the_verdict_takes_over(pipeline: Pipeline) -> None:
    # given a series on schedule that is too slow, which then falls behind
    for period, value in {"2021": "99.61", "2022": "99.655", "2023": "99.696"}.items():
        await pipeline.submit(figure(5, period, value), submission_id=f"a{period}")
        pipeline.clock.advance(days=365)
    missed = of_kind(pipeline, CaseKind.FORECAST_MISS)

    await pipeline.submit(figure(5, "2024", "99.70"), submission_id="a2024")

    assert missed == [("open", "yellow", "2023")]
    assert of_kind(pipeline, CaseKind.FORECAST_MISS, "state") == [("closed",)]
    assert of_kind(pipeline, CaseKind.BEHIND_SCHEDULE, "state, time_period") == [("open", "2024")]
    assert pipeline.rows(
        "SELECT DISTINCT level FROM indicator_status_as_of(%s) WHERE indicator_id = 'zhongwei-05'",
        pipeline.clock() + timedelta(days=1),
    ) == [of_kind(pipeline, CaseKind.BEHIND_SCHEDULE, "level")[0]]


async def report_beds(pipeline: Pipeline, year: int, own: str, north: str, south: str) -> None:
    await pipeline.submit(
        figure(ROLLED_UP, str(year), own),
        figure(ROLLED_UP, str(year), north, ref_area=NORTH),
        figure(ROLLED_UP, str(year), south, ref_area=SOUTH),
        submission_id=f"{year}be",
    )
    pipeline.clock.advance(days=365)


async def test_a_whole_that_is_not_the_sum_of_its_districts_opens_a_case_that_a_correction_of_one_of_them_closes(
    pipeline: Pipeline,
) -> None:
    # given a year in which the sum agrees, and one in which a district has reported too little
    await report_beds(pipeline, 2021, "3.0", "1.0", "2.0")
    await report_beds(pipeline, 2022, "3.3", "1.1", "1.2")
    opened = of_kind(pipeline, CaseKind.DATA_QUALITY, "ref_area, state, time_period, series_key, cause")

    await pipeline.submit(figure(ROLLED_UP, "2022", "2.2", ref_area=SOUTH), submission_id="cccc")

    assert opened == [("640500", "open", "2022", None, "data_doubtful")]
    assert steps_of(pipeline, CaseKind.DATA_QUALITY) == ["raise", "close"]


async def test_a_figure_that_jumps_out_of_its_series_opens_one_case_until_it_is_corrected(pipeline: Pipeline) -> None:
    for month, value in enumerate(("93.1", "93.4", "93.2", "93.6", "93.5", "9.35", "93.8"), start=1):
        await pipeline.submit(figure(6, f"2021-{month:02}", value), submission_id=f"{month:02}ab")
        pipeline.clock.advance(days=30)
    held = steps_of(pipeline, CaseKind.DATA_QUALITY)
    ((reason,),) = pipeline.rows(
        "SELECT reason_zh FROM warning_history JOIN early_warnings USING (case_id)"
        " WHERE kind = 'data_quality' AND step_kind = 'raise'"
    )

    await pipeline.submit(figure(6, "2021-06", "93.5"), submission_id="dddd")
    before = pipeline.snapshot()
    await alert_again(pipeline)

    assert held == ["raise", "hold"]
    assert reason.startswith("数据存疑：2021年6月上报9.35，2021年5月为93.5，而历来各期变化一般为")
    assert steps_of(pipeline, CaseKind.DATA_QUALITY) == ["raise", "hold", "close"]
    assert pipeline.snapshot() == before


async def test_a_sender_confirms_a_doubted_figure_by_its_status(pipeline: Pipeline) -> None:
    for month, value in enumerate(("93.1", "93.4", "93.2", "93.6", "93.5", "70.0"), start=1):
        await pipeline.submit(figure(6, f"2021-{month:02}", value), submission_id=f"{month:02}ab")
        pipeline.clock.advance(days=30)
    doubted = of_kind(pipeline, CaseKind.DATA_QUALITY, "state")

    await pipeline.submit(figure(6, "2021-06", "70.0", obs_status="B"), submission_id="eeee")

    assert doubted == [("open",)]
    assert of_kind(pipeline, CaseKind.DATA_QUALITY, "state") == [("closed",)]


async def test_a_whole_that_urban_and_rural_contradict_opens_one_case_until_the_parts_are_corrected(
    pipeline: Pipeline,
) -> None:
    # given a whole that agrees with its parts, and one whose rural part came later and wrong
    await pipeline.submit(*by_place("2021-01", "93.0", "94.0", "91.0"), submission_id="01ab")
    await pipeline.submit(*by_place("2021-02", "93.1", "94.1", "95.0")[:2], submission_id="02ab")
    before = of_kind(pipeline, CaseKind.DATA_QUALITY)
    await pipeline.submit(*by_place("2021-02", "93.1", "94.1", "95.0")[2:], submission_id="02cd")
    pipeline.clock.advance(days=1)
    opened = of_kind(pipeline, CaseKind.DATA_QUALITY, "ref_area, series_key, state, time_period")

    await pipeline.submit(figure(6, "2021-02", "91.1", urbanisation="R"), submission_id="02ef")
    closed = pipeline.snapshot()
    await alert_again(pipeline)

    assert before == []
    assert opened == [("640500", None, "open", "2021-02")]
    assert steps_of(pipeline, CaseKind.DATA_QUALITY) == ["raise", "close"]
    assert pipeline.snapshot() == closed


async def test_a_total_of_the_year_that_falls_opens_a_case_until_it_is_corrected(pipeline: Pipeline) -> None:
    for month, value in enumerate(("0.10", "0.25", "0.12"), start=1):
        await pipeline.submit(
            figure(TRAINED, f"2021-{month:02}", value, accumulation="year_to_date"), submission_id=f"{month:02}ab"
        )
        pipeline.clock.advance(days=30)
    opened = of_kind(pipeline, CaseKind.DATA_QUALITY, "state, time_period")

    await pipeline.submit(figure(TRAINED, "2021-03", "0.32", accumulation="year_to_date"), submission_id="dddd")

    assert opened == [("open", "2021-03")]
    assert steps_of(pipeline, CaseKind.DATA_QUALITY) == ["raise", "close"]


def by_place(period: str, whole: str, urban: str, rural: str) -> list[dict[str, str]]:
    return [
        figure(6, period, whole),
        figure(6, period, urban, urbanisation="U"),
        figure(6, period, rural, urbanisation="R"),
    ]


async def test_while_areas_of_the_newest_period_are_missing_nothing_but_their_own_series_is_read(
    pipeline: Pipeline,
) -> None:
    # given a period in which both districts have reported
    start = pipeline.clock()
    await report_gaps(pipeline, "4.0")
    one, other = pipeline.clock() + timedelta(days=1), pipeline.clock() + timedelta(days=2)

    # when one of them is late with the next one
    await pipeline.submit(figure(6, "2021-02", "93.0", ref_area=NORTH), submission_id="02ab", received_at=one)
    await pipeline.submit(figure(6, "2021-02", "97.0", ref_area=SOUTH), submission_id="02cd", received_at=other)

    # then
    assert await unfinished(pipeline, NORTH, one) == {"zhongwei-06"}
    assert await unfinished(pipeline, SOUTH, other) == set()
    assert await unfinished(pipeline, NORTH, start) == set()


async def test_a_correction_of_an_earlier_period_is_compared_although_the_newest_one_is_unfinished(
    pipeline: Pipeline,
) -> None:
    await report_gaps(pipeline, "4.0", "4.2")
    await pipeline.submit(figure(6, "2021-03", "93.0", ref_area=NORTH), submission_id="03ab")
    corrected_at = pipeline.clock() + timedelta(days=1)

    await pipeline.submit(figure(6, "2021-02", "93.1", ref_area=NORTH), submission_id="eeaa", received_at=corrected_at)

    assert await unfinished(pipeline, NORTH, corrected_at) == set()


async def unfinished(pipeline: Pipeline, area: str, known_at: datetime) -> set[str]:
    async with open_pool(pipeline.url, "planwatch_alerts") as pool, pool.connection() as connection:
        return await load_unfinished(connection, real_plan("zhongwei"), [f"zhongwei-06.{area}.M._T._T"], known_at)
