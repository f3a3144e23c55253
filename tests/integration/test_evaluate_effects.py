"""What submissions leave behind: vintages, verdicts, events and the ledger, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from planwatch.printed_report import printed_reports
from planwatch.wire import ASSESSMENT_MADE, SUBMISSION_RECEIVED
from services.evaluate.effects import EvaluateEffects
from services.ingest.formats import read_json
from services.stream.record import Record
from tests.builders import figure, make_record, make_submission_record, real_plan
from tests.pipeline import Pipeline, apply

pytestmark = pytest.mark.embedded

T1 = datetime.fromisoformat("2022-03-01T02:00:00+00:00")
T2 = datetime.fromisoformat("2022-03-31T02:00:00+00:00")
RETENTION = "zhongwei-05.640500.A._T._T"
TRAINING = "zhongwei-08.640500.A._T._T"
FACILITIES = "zhongwei-14.640500.A._T._T"

FIRST = make_submission_record(figure(5, "2021", "97.81"), submission_id="a", received_at=T1, offset=0)
CORRECTION = make_submission_record(figure(5, "2021", "99.7"), submission_id="b", received_at=T2, offset=1)


def observations(pipeline: Pipeline, as_of: datetime, series: str = RETENTION) -> dict[str, Decimal | None]:
    return dict(
        pipeline.rows("SELECT time_period, obs_value FROM observations_as_of(%s) WHERE series_key = %s", as_of, series)
    )


def verdicts(pipeline: Pipeline, as_of: datetime, series: str = RETENTION) -> dict[str, str]:
    return dict(
        pipeline.rows("SELECT time_period, class FROM assessments_as_of(%s) WHERE series_key = %s", as_of, series)
    )


async def test_the_printed_figures_get_the_classes_of_the_worked_example(pipeline: Pipeline) -> None:
    plan = real_plan("zhongwei")
    first, second = [read_json(report.content)[0] for report in printed_reports(plan)]

    await pipeline.submit_table(first, submission_id="a", agency_id=plan.coordinating_agency, plan_id="zhongwei")
    pipeline.clock.advance(days=1)
    await pipeline.submit_table(second, submission_id="b", agency_id=plan.coordinating_agency, plan_id="zhongwei")

    classes = pipeline.rows(
        """
        SELECT class, array_agg(right(indicator_id, 2)::int ORDER BY indicator_id)
        FROM assessments JOIN series USING (series_key) WHERE time_period = '2021' GROUP BY class
        """
    )
    assert dict(classes) == {
        "ahead": [3, 4, 7, 8, 19, 20, 23, 24],
        "lagging": [6],
        "far_behind": [1, 10, 11, 16],
        "reversed": [5, 13],
        "held": [2, 12, 17, 18, 21, 25],
        "no_data": [9, 15],
        "not_assessable": [14, 22],
    }
    assert pipeline.rows("SELECT count(*) FROM assessments WHERE time_period = '2020'") == [(0,)]


async def test_a_batch_that_is_delivered_twice_changes_nothing(pipeline: Pipeline) -> None:
    batch = [FIRST, CORRECTION]
    await pipeline.evaluate(*batch)
    before = pipeline.snapshot()

    pipeline.clock.advance(hours=1)
    rejected = await pipeline.evaluate(*batch)

    assert rejected == []
    assert pipeline.snapshot() == before


@pytest.mark.parametrize("batches", [[[FIRST, CORRECTION]], [[FIRST], [CORRECTION]]], ids=["one batch", "one by one"])
async def test_a_correction_is_a_second_vintage_with_a_verdict_of_its_own(
    pipeline: Pipeline, batches: list[list[Record]]
) -> None:
    await pipeline.evaluate(*batches[0])
    await pipeline.evaluate(*batches[-1])

    vintages = pipeline.rows("SELECT time_period, revision, obs_value, submission_id FROM observations ORDER BY 2")
    made = pipeline.rows("SELECT time_period, class, revision, known_at, submission_id FROM assessments ORDER BY 4")
    assert vintages == [
        ("2021", 1, Decimal("97.81"), "a".ljust(32, "0")),
        ("2021", 2, Decimal("99.7"), "b".ljust(32, "0")),
    ]
    # 99.55 → 99.8: 97.81 moved away; 99.7 is a = 0.6, s = 0.2
    assert made == [
        ("2021", "reversed", 1, T1, "a".ljust(32, "0")),
        ("2021", "ahead", 2, T2, "b".ljust(32, "0")),
    ]


@pytest.mark.parametrize(
    ("as_of", "value", "verdict"),
    [
        (T1 - timedelta(microseconds=1), None, None),
        (T1, Decimal("97.81"), "reversed"),
        (T2 - timedelta(microseconds=1), Decimal("97.81"), "reversed"),
        (T2, Decimal("99.7"), "ahead"),
    ],
    ids=["before anything", "at the first report", "just before the correction", "at the correction"],
)
async def test_any_past_moment_can_be_asked_for(
    pipeline: Pipeline, as_of: datetime, value: Decimal | None, verdict: str | None
) -> None:
    await pipeline.evaluate(FIRST, CORRECTION)

    assert observations(pipeline, as_of).get("2021") == value
    assert verdicts(pipeline, as_of).get("2021") == verdict


async def test_a_late_arrival_of_an_older_report_is_an_older_vintage(pipeline: Pipeline) -> None:
    await pipeline.evaluate(CORRECTION)

    await pipeline.evaluate(FIRST)

    assert pipeline.rows("SELECT revision, obs_value FROM observations ORDER BY revision") == [
        (1, Decimal("97.81")),
        (2, Decimal("99.7")),
    ]
    assert observations(pipeline, T1) == {"2021": Decimal("97.81")}
    assert verdicts(pipeline, T2) == {"2021": "ahead"}


async def test_what_was_known_between_does_not_depend_on_the_order_of_arrival(pipeline: Pipeline) -> None:
    await pipeline.evaluate(CORRECTION)

    await pipeline.evaluate(FIRST)

    assert verdicts(pipeline, T1) == {"2021": "reversed"}
    assert verdicts(pipeline, T2) == {"2021": "ahead"}


async def test_a_flow_that_arrives_late_completes_the_totals_after_it(pipeline: Pipeline) -> None:
    # 6 in five years: 2.48 is a = 0.413 of s = 0.2; 2.48 + 0.1 is a = 0.43 of s = 0.4
    await pipeline.evaluate(make_submission_record(figure(8, "2022", "0.1"), submission_id="a", received_at=T1))
    assert verdicts(pipeline, T1, TRAINING) == {"2022": "not_assessable"}

    await pipeline.evaluate(make_submission_record(figure(8, "2021", "2.48"), submission_id="b", received_at=T2))

    assert verdicts(pipeline, T2, TRAINING) == {"2021": "ahead", "2022": "ahead"}
    assert verdicts(pipeline, T1, TRAINING) == {"2022": "not_assessable"}
    assert pipeline.rows("SELECT measured FROM assessments_as_of(%s) WHERE time_period = '2022'", T2) == [
        (Decimal("2.58"),)
    ]


async def test_a_total_that_is_completed_out_of_order_is_the_same(pipeline: Pipeline) -> None:
    # the figure for 2021 was received first and is evaluated last
    await pipeline.evaluate(make_submission_record(figure(8, "2022", "0.1"), submission_id="b", received_at=T2))

    await pipeline.evaluate(make_submission_record(figure(8, "2021", "2.48"), submission_id="a", received_at=T1))

    assert verdicts(pipeline, T1, TRAINING) == {"2021": "ahead"}
    assert verdicts(pipeline, T2, TRAINING) == {"2021": "ahead", "2022": "ahead"}


async def test_a_corrected_stand_in_for_the_baseline_changes_the_later_verdicts(pipeline: Pipeline) -> None:
    # no baseline printed: 50 stands in, 50 → 100 in four years; 55 is a = 0.1 of s = 0.25
    await pipeline.evaluate(
        make_submission_record(figure(14, "2021", "50"), figure(14, "2022", "55"), submission_id="a", received_at=T1)
    )

    # corrected to 20: 20 → 100; 55 is a = 0.4375 of s = 0.25
    await pipeline.evaluate(make_submission_record(figure(14, "2021", "20"), submission_id="b", received_at=T2))

    assert verdicts(pipeline, T1, FACILITIES) == {"2021": "not_assessable", "2022": "far_behind"}
    assert verdicts(pipeline, T2, FACILITIES) == {"2021": "not_assessable", "2022": "ahead"}


async def test_a_report_that_there_is_no_figure_withdraws_the_verdict(pipeline: Pipeline) -> None:
    await pipeline.evaluate(FIRST, make_submission_record(figure(5, "2021", "-"), submission_id="b", received_at=T2))

    assert observations(pipeline, T2) == {"2021": None}
    assert verdicts(pipeline, T2) == {"2021": "no_data"}


async def test_the_ledger_gets_what_an_agency_produced_itself_with_its_findings(pipeline: Pipeline) -> None:
    record = make_submission_record(
        figure(5, "2021", "97.81"), figure(5, "2022", "250"), submission_id="a", received_at=T1, simulated=True
    )

    await pipeline.evaluate(record)

    ((channel, periods, content, simulated, received_at, accepted, findings, evaluated_at),) = pipeline.rows(
        "SELECT channel, periods, content, simulated, received_at, accepted_rows, findings, evaluated_at"
        " FROM submissions"
    )
    assert (channel, periods, simulated, received_at, accepted) == ("producer", "2021..2022", True, T1, 1)
    assert (bytes(content), evaluated_at) == (record.value, pipeline.clock())
    assert [(row["row"], row["field"], row["value"], row["code"]) for row in findings] == [
        (2, "OBS_VALUE", "250", "out_of_bounds")
    ]


async def test_the_receipt_of_the_gateway_stands_and_its_moment_counts(pipeline: Pipeline) -> None:
    # given a submission that the gateway took in a day before its record was written
    pipeline.execute(
        """
        INSERT INTO submissions VALUES (%s, 'zhongwei-development-reform', 'zhongwei', '2021', 'gateway',
                                        'text/csv', '', false, %s, 1, '[{"row": 9}]', NULL)
        """,
        "a".ljust(32, "0"),
        T1 - timedelta(days=1),
    )

    await pipeline.evaluate(FIRST)

    assert pipeline.rows("SELECT accepted_rows, findings, evaluated_at FROM submissions") == [
        (1, [{"row": 9}], pipeline.clock())
    ]
    assert pipeline.rows("SELECT received_at FROM observations") == [(T1 - timedelta(days=1),)]


async def test_an_evaluation_is_announced_and_its_cause_settled(pipeline: Pipeline) -> None:
    submission_id = "a".ljust(32, "0")
    pipeline.execute(
        """
        INSERT INTO outgoing_events (event_id, topic, record_key, record_value, awaits_effect, created_at)
        VALUES (%s, %s, '', '', true, now())
        """,
        f"submission:{submission_id}",
        SUBMISSION_RECEIVED,
    )

    await pipeline.evaluate(FIRST)

    ((event_id, key, value),) = pipeline.rows(
        "SELECT event_id, record_key, record_value FROM outgoing_events WHERE topic = %s", ASSESSMENT_MADE
    )
    assert (event_id, bytes(key)) == (f"assessment:{submission_id}", b"640500")
    assert json.loads(value) == {
        "schema": ASSESSMENT_MADE,
        "submission_id": submission_id,
        "plan_id": "zhongwei",
        "known_at": T1.isoformat(),
        "series": [RETENTION],
    }
    assert pipeline.rows("SELECT settled_at FROM outgoing_events WHERE topic = %s", SUBMISSION_RECEIVED) == [
        (pipeline.clock(),)
    ]


async def test_two_workers_that_judge_one_series_at_once_number_its_vintages_in_order(pipeline: Pipeline) -> None:
    workers = [EvaluateEffects(pipeline.clock), EvaluateEffects(pipeline.clock)]

    await asyncio.gather(
        apply(pipeline.url, "planwatch_evaluate", workers[0], [FIRST]),
        apply(pipeline.url, "planwatch_evaluate", workers[1], [CORRECTION]),
    )

    assert pipeline.rows("SELECT revision, obs_value FROM observations ORDER BY revision") == [
        (1, Decimal("97.81")),
        (2, Decimal("99.7")),
    ]
    assert verdicts(pipeline, T2) == {"2021": "ahead"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        pytest.param(b"not JSON", "JSON", id="not JSON"),
        pytest.param(FIRST.value.replace(b"received.v1", b"received.v9"), "schema", id="another schema"),
        pytest.param(FIRST.value.replace(b'"zhongwei"', b'"atlantis"'), "没有编号为“atlantis”的规划", id="plan"),
        pytest.param(FIRST.value.replace(b"zhongwei-development-reform", b"somebody"), "somebody", id="agency"),
        pytest.param(FIRST.value.replace(b"97.81", b"a\x00b").decode().encode("utf-16"), "JSON", id="NUL in UTF-16"),
        pytest.param(FIRST.value.replace(b"97.81", b"\xed\xa0\x80"), "JSON", id="half a character"),
        pytest.param(
            FIRST.value.replace(b"97.81", b"\\u0000").decode().encode("utf-16-le"), "JSON", id="escaped NUL in UTF-16"
        ),
    ],
)
async def test_a_record_that_cannot_be_understood_is_set_aside_and_the_next_one_takes_effect(
    pipeline: Pipeline, value: bytes, words: str
) -> None:
    poison = make_record(value, offset=0)

    rejected = await pipeline.evaluate(poison, CORRECTION)

    assert [reject.record for reject in rejected] == [poison]
    assert words in rejected[0].error.text.zh
    assert verdicts(pipeline, T2) == {"2021": "ahead"}


async def test_a_figure_without_a_finding_is_never_dropped(pipeline: Pipeline) -> None:
    # given a producer that gives every row the number 1
    record = make_record(
        FIRST.value.replace(
            b'"observations":[{"row":1,',
            b'"observations":[{"row":1,"indicator":"5","time_period":"2021","obs_value":"99"},{"row":1,',
        )
    )

    await pipeline.evaluate(record)

    ((accepted, findings),) = pipeline.rows("SELECT accepted_rows, findings FROM submissions")
    assert pipeline.rows("SELECT count(*) FROM observations") == [(accepted,)]
    assert [finding["code"] for finding in findings] == ["duplicate_row"]
