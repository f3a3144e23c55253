"""From verdicts to cases, their history and the mails that tell of them, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from planwatch.early_warning import SubjectKind, case_id
from planwatch.period import Freq
from planwatch.printed_report import printed_reports
from planwatch.series import SeriesKey
from planwatch.wire import ASSESSMENT_MADE
from services.alerts.effects import AlertEffects
from services.alerts.notices import NoticeWriter
from services.ingest.formats import read_json
from tests.builders import figure, make_record, make_submission_record, real_plan
from tests.pipeline import Pipeline, apply

pytestmark = pytest.mark.embedded

HEALTH, EDUCATION, CIVIL_AFFAIRS = "zhongwei-health", "zhongwei-education", "zhongwei-civil-affairs"
LEAD = "zhongwei-development-reform"


@pytest.fixture(autouse=True)
def _addresses(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE agencies SET email = agency_id || '@example.org'")


async def test_the_printed_figures_raise_the_warnings_of_the_worked_example_and_no_other_mail(
    pipeline: Pipeline,
) -> None:
    # given the figures that the plan prints for 2020 and 2021
    plan = real_plan("zhongwei")
    first, second = [read_json(report.content)[0] for report in printed_reports(plan)]

    # when they are reported a day apart and the digests' time has come
    await pipeline.submit_table(first, submission_id="a", agency_id=LEAD, plan_id="zhongwei")
    pipeline.clock.advance(days=1)
    await pipeline.submit_table(second, submission_id="b", agency_id=LEAD, plan_id="zhongwei")
    pipeline.clock.advance(minutes=5)
    closed = await pipeline.close_digests()

    # then
    assert pipeline.open_levels() == {
        "zhongwei-05": "red",
        "zhongwei-13": "red",
        "zhongwei-10": "orange",
        "zhongwei-01": "yellow",
        "zhongwei-06": "yellow",
        "zhongwei-11": "yellow",
        "zhongwei-16": "yellow",
    }
    assert closed == 3
    assert sorted(pipeline.outbox()) == [
        ("digest", CIVIL_AFFAIRS),  # no. 16
        ("digest", EDUCATION),  # no. 6
        ("digest", HEALTH),  # nos. 1 and 11
        ("warning", CIVIL_AFFAIRS),  # no. 13
        ("warning", EDUCATION),  # no. 5
        ("warning", HEALTH),  # no. 10
    ]


async def test_a_red_warning_is_one_mail_to_its_owner_at_once(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")

    (mail,) = pipeline.mails()
    series = SeriesKey("zhongwei-05", "640500", Freq.ANNUAL)
    identity = case_id("zhongwei", SubjectKind.INDICATOR, series)
    assert mail["To"] == f"{EDUCATION}@example.org"
    assert mail["Message-ID"] == f"<warning-{identity}-1@planwatch.test>"
    assert "红色" in str(mail["Subject"])
    assert pipeline.steps("zhongwei-05") == [("raise", "red", 1, "immediate")]
    assert pipeline.rows("SELECT count(*) FROM digests") == [(0,)]


async def test_a_correction_closes_the_warning_and_the_closure_is_mailed_once(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.clock.advance(days=30)

    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")

    warning, closure = pipeline.mails()
    assert pipeline.outbox() == [("warning", EDUCATION), ("closure", EDUCATION)]
    assert closure["In-Reply-To"] == warning["Message-ID"]
    assert closure["Message-ID"] != warning["Message-ID"]
    assert pipeline.steps("zhongwei-05") == [("raise", "red", 1, "immediate"), ("close", "red", 1, "immediate")]
    assert pipeline.open_levels() == {}


async def test_before_the_correction_the_warning_was_red_and_still_is_in_the_past(pipeline: Pipeline) -> None:
    raised_at = pipeline.clock()
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.clock.advance(days=30)
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")

    levels = [
        pipeline.rows("SELECT level, state FROM early_warnings_as_of(%s)", moment)
        for moment in (raised_at - timedelta(seconds=1), raised_at, pipeline.clock())
    ]

    assert levels == [[], [("red", "open")], [(None, "closed")]]


async def test_a_warning_that_recurs_is_a_new_episode_with_a_mail_of_its_own(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.clock.advance(days=30)
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")
    pipeline.clock.advance(days=300)

    await pipeline.submit(figure(5, "2022", "97"), submission_id="c")

    assert pipeline.steps("zhongwei-05")[-1] == ("reopen", "red", 2, "immediate")
    assert pipeline.outbox() == [("warning", EDUCATION), ("closure", EDUCATION), ("warning", EDUCATION)]
    assert len({mail["Message-ID"] for mail in pipeline.mails()}) == 3


async def test_an_event_that_is_delivered_twice_changes_nothing(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")
    before = pipeline.snapshot()
    ((value,),) = pipeline.rows("SELECT record_value FROM outgoing_events WHERE topic = %s", ASSESSMENT_MADE)

    pipeline.clock.advance(hours=1)
    rejected = await pipeline.alert_with(make_record(value), make_record(value))

    assert rejected == []
    assert pipeline.snapshot() == before


async def test_an_event_that_is_older_than_the_case_changes_nothing(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    ((older,),) = pipeline.rows("SELECT record_value FROM outgoing_events WHERE topic = %s", ASSESSMENT_MADE)
    pipeline.clock.advance(days=30)
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")
    before = pipeline.snapshot()

    await pipeline.alert_with(make_record(older))

    assert pipeline.snapshot() == before


async def test_a_figure_that_was_corrected_before_it_arrived_raises_nothing(pipeline: Pipeline) -> None:
    first = make_submission_record(figure(5, "2021", "97.81"), submission_id="a", received_at=pipeline.clock())
    pipeline.clock.advance(days=30)
    await pipeline.submit(figure(5, "2021", "99.7"), submission_id="b")

    await pipeline.evaluate(first)
    await pipeline.alert()

    assert pipeline.open_levels() == {}
    assert pipeline.outbox() == []


async def test_both_events_of_a_correction_in_one_batch_give_the_same_history_as_one_by_one(
    pipeline: Pipeline,
) -> None:
    await pipeline.evaluate(
        make_submission_record(figure(5, "2021", "97.81"), submission_id="a", received_at=pipeline.clock()),
        make_submission_record(
            figure(5, "2021", "99.7"), submission_id="b", received_at=pipeline.clock() + timedelta(days=1)
        ),
    )

    await pipeline.alert()

    assert pipeline.steps("zhongwei-05") == [("raise", "red", 1, "immediate"), ("close", "red", 1, "immediate")]


async def test_a_level_that_rested_on_an_error_in_the_year_before_falls_with_its_correction(
    pipeline: Pipeline,
) -> None:
    # given two lagging years: the second raised yellow to orange
    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(days=300)
    await pipeline.submit(figure(6, "2022", "94.2"), submission_id="b")
    assert pipeline.open_levels() == {"zhongwei-06": "orange"}

    # when the first is corrected to what the plan expects
    pipeline.clock.advance(days=1)
    await pipeline.submit(figure(6, "2021", "94.02"), submission_id="c")

    # then
    assert pipeline.open_levels() == {"zhongwei-06": "yellow"}
    assert pipeline.steps("zhongwei-06")[-1] == ("lower_level", "yellow", 1, "digest")


async def test_a_year_that_is_reported_late_counts_as_the_first_of_two_bad_ones(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(6, "2022", "94.2"), submission_id="a")
    assert pipeline.open_levels() == {"zhongwei-06": "yellow"}
    pipeline.clock.advance(days=1)

    await pipeline.submit(figure(6, "2021", "93.88"), submission_id="b")

    assert pipeline.open_levels() == {"zhongwei-06": "orange"}


async def test_a_year_and_a_quarter_in_one_submission_are_one_case(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), figure(5, "2021-Q4", "97.9"), submission_id="a")

    assert pipeline.open_levels() == {"zhongwei-05": "red"}
    assert pipeline.outbox() == [("warning", EDUCATION)]


async def test_breakdowns_are_cases_of_their_own(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), figure(5, "2021", "97.2", ref_area="640502"), submission_id="a")

    assert pipeline.rows("SELECT series_key FROM early_warnings ORDER BY 1") == [
        ("zhongwei-05.640500.A._T._T",),
        ("zhongwei-05.640502.A._T._T",),
    ]
    assert pipeline.outbox() == [("warning", EDUCATION), ("warning", EDUCATION)]


async def test_a_figure_that_changes_nothing_is_kept_in_the_history_and_not_mailed(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.clock.advance(days=1)

    await pipeline.submit(figure(5, "2021", "97.82"), submission_id="b")

    assert pipeline.steps("zhongwei-05") == [("raise", "red", 1, "immediate"), ("hold", "red", 1, "none")]
    assert len(pipeline.mails()) == 1


async def test_every_step_says_why_it_was_mailed_or_not_and_which_submission_led_to_it(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(days=1)
    await pipeline.submit(figure(5, "2021", "97.82"), submission_id="b")

    told = pipeline.rows(
        "SELECT delivery, delivery_reason_zh <> '', delivery_reason_en <> '', left(submission_id, 1), actor"
        " FROM warning_history ORDER BY delivery"
    )

    assert told == [
        ("digest", True, True, "a", "planwatch-evaluate"),
        ("immediate", True, True, "a", "planwatch-evaluate"),
        ("none", True, True, "b", "planwatch-evaluate"),
    ]


async def test_without_an_address_of_the_agency_the_mail_goes_to_the_operator(pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE agencies SET email = NULL")

    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")

    assert pipeline.rows("SELECT recipient, agency_id FROM mails") == [("planwatch@planwatch.test", EDUCATION)]


async def test_the_printed_base_year_raises_nothing(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2020", "90"), submission_id="a")

    assert pipeline.open_levels() == {}
    assert pipeline.rows("SELECT settled_at IS NOT NULL FROM outgoing_events") == [(True,)]


async def test_a_figure_that_is_missing_leaves_the_warning_as_it_stands(pipeline: Pipeline) -> None:
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    pipeline.clock.advance(days=300)

    await pipeline.submit(figure(5, "2022", "-"), submission_id="b")

    assert pipeline.steps("zhongwei-05") == [("raise", "red", 1, "immediate")]


@pytest.mark.parametrize(
    ("one", "other", "cases", "digests"),
    [
        pytest.param(figure(1, "2021", "0.32"), figure(11, "2021", "2.68"), 2, 1, id="two cases of one agency"),
        pytest.param(figure(5, "2021", "97.81"), figure(5, "2022", "97"), 1, 0, id="one case"),
    ],
)
async def test_two_workers_that_handle_evaluations_at_once_do_not_get_in_each_others_way(
    pipeline: Pipeline, one: dict[str, str], other: dict[str, str], cases: int, digests: int
) -> None:
    # given two evaluations in two partitions
    await pipeline.evaluate(
        make_submission_record(one, submission_id="a", received_at=pipeline.clock()),
        make_submission_record(other, submission_id="b", received_at=pipeline.clock() + timedelta(days=1)),
    )
    records = [make_record(value) for (value,) in pipeline.rows("SELECT record_value FROM outgoing_events")]
    workers = [AlertEffects(NoticeWriter(pipeline.settings), pipeline.clock) for _ in records]

    # when
    await asyncio.gather(
        *(
            apply(pipeline.url, "planwatch_alerts", worker, [record])
            for worker, record in zip(workers, records, strict=True)
        )
    )

    # then
    assert pipeline.rows("SELECT count(*) FROM warning_history WHERE step_kind = 'raise'") == [(cases,)]
    assert pipeline.rows("SELECT count(*) FROM digests") == [(digests,)]
