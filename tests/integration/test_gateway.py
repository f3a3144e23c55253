"""The HTTP gateway as an agency meets it, with a real ledger behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from planwatch.wire import SUBMISSION_RECEIVED, submission_from_bytes
from services.api_keys import key_digest
from services.database import Pool, connect_as, open_pool
from services.ingest.gateway import Gateway
from services.ingest.relay import ROLE
from services.settings import Settings
from tests.builders import RECEIVED_AT, figure, json_submission, make_record, make_settings
from tests.fakes import FakeClock
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

EDUCATION, HEALTH = "zhongwei-education", "zhongwei-health"
CSV = "指标,年份,数值\n九年义务教育巩固率(%),2021,97.81\n高中阶段教育毛入学率(%),2021,93.88\n"
FIVE_FAULTS = (
    "指标,年份,数值\n"
    "学前教育毛入园率(%),2021,92.43\n"
    "小学入学率,2021,99\n"
    "普惠性学前教育覆盖率(%),2021,约九成\n"
    "九年义务教育巩固率(%),2021,250\n"
    "高中阶段教育毛入学率(%),2031,93.88\n"
    "3,2021,92.43\n"
    "劳动年龄人口平均受教育年限(年),2021,10.8\n"
)

SETTINGS = make_settings(submission_bytes=20_000)

Client = TestClient[Request, Application]


class Agency:
    """An agency with its key."""

    def __init__(self, client: Client, key: str) -> None:
        self.client, self.key = client, key

    async def submit(
        self, content: bytes, content_type: str = "text/csv", *, query: str = "", key: str | None = None
    ) -> ClientResponse:
        headers = {"Authorization": f"Bearer {self.key if key is None else key}", "Content-Type": content_type}
        return await self.client.post(f"/v1/submissions{query}", data=content, headers=headers)

    async def receipt(self, submission_id: str) -> ClientResponse:
        headers = {"Authorization": f"Bearer {self.key}"}
        return await self.client.get(f"/v1/submissions/{submission_id}", headers=headers)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(database_url, ROLE) as pool:
        yield pool


@pytest.fixture
async def client(pool: Pool, pipeline: Pipeline) -> AsyncIterator[Client]:
    issue_keys(pipeline.url)
    async with serving(pool, SETTINGS, pipeline.clock) as client:
        yield client


def serving(pool: Pool, settings: Settings, clock: FakeClock) -> Client:
    return TestClient(TestServer(Gateway(pool, settings, clock).application()))


def issue_keys(database_url: str) -> None:
    with connect_as(database_url) as connection:
        connection.execute(
            "INSERT INTO api_keys (key_digest, agency_id, issued_at) VALUES (%s, %s, now()), (%s, %s, now())"
            " ON CONFLICT DO NOTHING",
            (key_digest(f"key of {EDUCATION}"), EDUCATION, key_digest(f"key of {HEALTH}"), HEALTH),
        )


@pytest.fixture
def education(client: Client) -> Agency:
    return Agency(client, f"key of {EDUCATION}")


@pytest.fixture
def health(client: Client) -> Agency:
    return Agency(client, f"key of {HEALTH}")


@pytest.fixture
async def unheard(shared_database_url: str, clock: FakeClock) -> AsyncIterator[Agency]:
    """An agency none of whose requests is taken in; that nothing was kept is part of every test that uses it."""
    issue_keys(shared_database_url)
    async with open_pool(shared_database_url, ROLE) as pool, serving(pool, SETTINGS, clock) as client:
        yield Agency(client, f"key of {EDUCATION}")
    with connect_as(shared_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM submissions").fetchone() == (0,)


async def answer(response: ClientResponse) -> tuple[int, dict[str, Any]]:
    document: dict[str, Any] = await response.json()
    return response.status, document


async def test_a_report_is_accepted_with_a_receipt_and_an_event(education: Agency, pipeline: Pipeline) -> None:
    status, receipt = await answer(await education.submit(CSV.encode()))

    assert status == HTTPStatus.ACCEPTED
    assert (receipt["outcome"], receipt["accepted_rows"], receipt["returned_rows"]) == ("accepted", 2, 0)
    assert (receipt["plan_id"], receipt["periods"]) == ("zhongwei", "2021")
    assert receipt["received_at"] == RECEIVED_AT.isoformat()
    assert receipt["summary"] == {"zh": "接收 2 行，全部有效", "en": "2 rows accepted, none returned"}
    assert pipeline.rows("SELECT submission_id, channel, content, content_type, simulated FROM submissions") == [
        (receipt["submission_id"], "gateway", CSV.encode(), "text/csv", False)
    ]
    ((event_id, topic, key, value, published_at),) = pipeline.rows(
        "SELECT event_id, topic, record_key, record_value, published_at FROM outgoing_events"
    )
    assert (event_id, topic) == (f"submission:{receipt['submission_id']}", SUBMISSION_RECEIVED)
    assert (bytes(key), published_at) == (b"640500", None)
    assert submission_from_bytes(value, recorded_at=RECEIVED_AT).submission_id == receipt["submission_id"]


async def test_what_the_gateway_accepts_the_evaluator_evaluates(education: Agency, pipeline: Pipeline) -> None:
    _, receipt = await answer(await education.submit(FIVE_FAULTS.encode()))
    ((value,),) = pipeline.rows("SELECT record_value FROM outgoing_events")

    await pipeline.evaluate(make_record(value))

    assert pipeline.rows("SELECT series_key, row_number FROM observations ORDER BY 2") == [
        ("zhongwei-03.640500.A._T._T", 2),
        ("zhongwei-07.640500.A._T._T", 8),
    ]
    _, evaluated = await answer(await education.receipt(receipt["submission_id"]))
    assert evaluated["evaluated_at"] == pipeline.clock().isoformat()
    assert evaluated["findings"] == receipt["findings"]


async def test_progress_is_accepted_statement_by_statement_and_travels_whole(
    education: Agency, pipeline: Pipeline
) -> None:
    # given a row accepted in part, a status without any figure, and a row of nobody
    csv = (
        "项目编号,时期,进展状态,形象进度,累计交付数量\n"
        "义务教育优质均衡发展工程,2022,在建,45,3\n"
        "zhongwei-project-01,2023,暂停,,\n"
        "火星工程,2022,在建,,\n"
    )

    status, receipt = await answer(await education.submit(csv.encode()))
    ((value,),) = pipeline.rows("SELECT record_value FROM outgoing_events")
    await pipeline.evaluate(make_record(bytes(value), recorded_at=RECEIVED_AT))

    assert status == HTTPStatus.ACCEPTED
    assert (receipt["accepted_rows"], receipt["returned_rows"]) == (2, 2)
    assert [(found["row"], found["field"], found["code"]) for found in receipt["findings"]] == [
        (2, "累计交付数量", "which_quantity"),
        (4, "项目编号", "unknown_task_or_project"),
    ]
    assert pipeline.rows("SELECT time_period, status FROM work_reports ORDER BY 1") == [
        ("2022", "under_way"),
        ("2023", "suspended"),
    ]
    assert pipeline.rows("SELECT accepted_rows, jsonb_array_length(findings) FROM submissions") == [(2, 2)]


async def test_the_same_file_again_gets_the_first_receipt_and_changes_nothing(
    education: Agency, pipeline: Pipeline
) -> None:
    _, first = await answer(await education.submit(CSV.encode()))
    before = pipeline.snapshot()
    pipeline.clock.advance(hours=1)

    status, again = await answer(await education.submit(CSV.encode()))

    assert status == HTTPStatus.OK
    assert again["outcome"] == "repeated"
    assert {**again, "outcome": "accepted", "summary": first["summary"]} == first
    assert pipeline.snapshot() == before


async def test_twenty_copies_at_once_are_one_submission(education: Agency, pipeline: Pipeline) -> None:
    answers = await asyncio.gather(*(education.submit(CSV.encode()) for _ in range(20)))

    assert sorted(response.status for response in answers) == [HTTPStatus.OK] * 19 + [HTTPStatus.ACCEPTED]
    assert pipeline.rows("SELECT count(*) FROM submissions") == [(1,)]
    assert pipeline.rows("SELECT count(*) FROM outgoing_events") == [(1,)]


@pytest.mark.parametrize(
    "key",
    ["", "wrong", f"key of {EDUCATION.upper()}", "钥匙"],
)
async def test_only_a_live_key_opens_the_gateway(unheard: Agency, key: str) -> None:
    response = await unheard.submit(CSV.encode(), key=key)

    assert response.status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("authorization", [b"", b"Basic a2V5", b"Bearer", b"Bearer \xff\xfe", b"Bearer a b"])
async def test_any_other_authorization_is_answered_with_401_and_the_reason(
    unheard: Agency, authorization: bytes
) -> None:
    # given bytes that no client library would send
    host = unheard.client.server
    reader, writer = await asyncio.open_connection(host.host, host.port)

    # when
    writer.write(
        b"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/csv\r\n"
        b"Authorization: " + authorization + b"\r\nContent-Length: 1\r\n\r\nx"
    )
    raw = await reader.read()
    writer.close()
    await writer.wait_closed()

    # then
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401")
    assert json.loads(body)["reason"]["zh"] == "报送密钥缺失或无效（Authorization: Bearer …）"


async def test_a_revoked_key_opens_nothing(education: Agency, pipeline: Pipeline) -> None:
    pipeline.execute("UPDATE api_keys SET revoked_at = now()")

    assert (await education.submit(CSV.encode())).status == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("plan_id", ["national", "atlantis", "%00"])
async def test_another_plan_than_the_agencys_own_is_forbidden(unheard: Agency, plan_id: str) -> None:
    status, refusal = await answer(await unheard.submit(CSV.encode(), query=f"?plan={plan_id}"))

    assert status == HTTPStatus.FORBIDDEN
    assert "本单位不能向规划" in refusal["reason"]["zh"]


async def test_a_submission_that_is_too_large_is_refused_as_413(unheard: Agency) -> None:
    status, refusal = await answer(await unheard.submit(CSV.encode() + b"\n" * 20_000))

    assert status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "过大" in refusal["reason"]["zh"]


@pytest.mark.parametrize(
    "content_type", ["application/xml", "application/vnd.ms-excel", "multipart/form-data; boundary=x", "", "?"]
)
async def test_another_format_is_refused_as_415(unheard: Agency, content_type: str) -> None:
    status, refusal = await answer(await unheard.submit(CSV.encode(), content_type))

    assert status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert "text/csv" in refusal["reason"]["zh"]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        pytest.param(b"", "text/csv", id="empty"),
        pytest.param("名称,数值\n1,2\n".encode(), "text/csv", id="unknown headings"),
        pytest.param(b"\xff\xfe\x00", "text/csv", id="not text"),
        pytest.param(b"{", "application/json", id="not JSON"),
        pytest.param(b"[" * 10_000, "application/json", id="nested without end"),
        pytest.param(b'{"observations": [{"INDICATOR": "a\\u0000b"}]}', "application/json", id="NUL"),
        pytest.param(
            '{"observations": [{"INDICATOR": "a\\u0000b"}]}'.encode("utf-16"), "application/json", id="NUL in UTF-16"
        ),
        pytest.param(b'{"observations": [{"INDICATOR": "\xed\xa0\x80"}]}', "application/json", id="half a character"),
        pytest.param(b'{"observations": [{"INDICATOR": "\\ud800"}]}', "application/json", id="a lone surrogate"),
    ],
)
async def test_content_that_cannot_be_read_is_refused_as_400_with_the_reason(
    unheard: Agency, content: bytes, content_type: str
) -> None:
    status, refusal = await answer(await unheard.submit(content, content_type))

    assert status == HTTPStatus.BAD_REQUEST
    assert refusal["outcome"] == "refused"
    assert refusal["reason"]["zh"]
    assert refusal["reason"]["en"]


async def test_a_report_without_a_good_row_is_422_and_kept_with_its_findings(
    education: Agency, pipeline: Pipeline
) -> None:
    status, receipt = await answer(await education.submit("指标,年份,数值\n5,2021,很多\n".encode()))

    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (receipt["outcome"], receipt["accepted_rows"], receipt["returned_rows"]) == ("refused", 0, 1)
    assert receipt["findings"][0]["reason"]["zh"].startswith("“很多”不是数字")
    assert pipeline.rows("SELECT accepted_rows FROM submissions") == [(0,)]
    assert pipeline.rows("SELECT count(*) FROM outgoing_events") == [(0,)]
    assert await answer(await education.receipt(receipt["submission_id"])) == (HTTPStatus.OK, receipt)


async def test_five_faults_are_five_findings_with_row_field_and_reason_in_both_languages(
    education: Agency,
) -> None:
    status, receipt = await answer(await education.submit(FIVE_FAULTS.encode("gb18030")))

    assert status == HTTPStatus.ACCEPTED
    assert (receipt["accepted_rows"], receipt["returned_rows"]) == (2, 5)
    assert [(row["row"], row["field"], row["code"], row["value"]) for row in receipt["findings"]] == [
        (3, "指标", "unknown_indicator", "小学入学率"),
        (4, "数值", "not_a_number", "约九成"),
        (5, "数值", "out_of_bounds", "250"),
        (6, "年份", "period_outside_plan", "2031"),
        (7, "指标", "duplicate_row", "3"),
    ]
    assert all(row["reason"]["zh"] and row["reason"]["en"] for row in receipt["findings"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(CSV.encode("gb18030"), id="GB 18030"),
        pytest.param(CSV.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(CSV.replace(",", ";").encode(), id="semicolons"),
        pytest.param(CSV.replace("指标,年份,数值", "INDICATOR,TIME_PERIOD,OBS_VALUE").encode(), id="SDMX headings"),
        pytest.param(CSV.replace("指标,年份,数值", "指标名称,报告期,指标值").encode(), id="other Chinese headings"),
    ],
)
async def test_a_csv_file_is_accepted_however_it_was_saved(education: Agency, content: bytes) -> None:
    status, receipt = await answer(await education.submit(content))

    assert (status, receipt["findings"]) == (HTTPStatus.ACCEPTED, [])


async def test_decimals_of_json_keep_their_digits_down_to_the_table(education: Agency, pipeline: Pipeline) -> None:
    content = b'{"observations": [{"INDICATOR": 5, "TIME_PERIOD": "2021", "OBS_VALUE": 97.810}]}'
    status, _ = await answer(await education.submit(content, "application/json"))
    ((value,),) = pipeline.rows("SELECT record_value FROM outgoing_events")

    await pipeline.evaluate(make_record(value))

    assert status == HTTPStatus.ACCEPTED
    assert pipeline.rows("SELECT obs_value::text FROM observations") == [("97.810",)]


@pytest.mark.parametrize(
    ("query", "fields", "simulated"),
    [("", {}, False), ("?simulated=true", {}, True), ("", {"simulated": True}, True), ("?simulated=no", {}, False)],
)
async def test_generated_figures_are_marked_as_simulated(
    education: Agency, pipeline: Pipeline, query: str, fields: dict[str, bool], simulated: bool
) -> None:
    content = json_submission([figure(5, "2021", "97.81")], **fields)

    await education.submit(content, "application/json", query=query)

    assert pipeline.rows("SELECT simulated FROM submissions") == [(simulated,)]


async def test_rows_of_one_county_travel_under_its_key_and_mixed_ones_under_the_plans(
    education: Agency, pipeline: Pipeline
) -> None:
    await education.submit(
        json_submission([figure(5, "2021", "97", ref_area="640502")], plan_id="zhongwei"), "application/json"
    )
    await education.submit(
        json_submission([figure(5, "2021", "97", ref_area="640502"), figure(5, "2021", "98")]), "application/json"
    )

    keys = pipeline.rows("SELECT record_key FROM outgoing_events ORDER BY event_no")
    assert [bytes(key) for (key,) in keys] == [b"640502", b"640500"]


async def test_more_submissions_than_allowed_are_refused_until_a_minute_has_passed(
    pool: Pool, client: Client, pipeline: Pipeline
) -> None:
    async with serving(pool, make_settings(submissions_per_minute=2), pipeline.clock) as limited:
        agency = Agency(limited, f"key of {EDUCATION}")
        statuses = [(await agency.submit(CSV.encode())).status for _ in range(3)]
        pipeline.clock.now += timedelta(minutes=1)
        later = await agency.submit(CSV.encode())

    assert statuses == [HTTPStatus.ACCEPTED, HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS]
    assert later.status == HTTPStatus.OK


async def test_a_receipt_is_for_its_sender_only(education: Agency, health: Agency) -> None:
    _, receipt = await answer(await education.submit(CSV.encode()))

    own = await education.receipt(receipt["submission_id"])
    others = await health.receipt(receipt["submission_id"])

    assert (own.status, (await own.json())["submission_id"]) == (HTTPStatus.OK, receipt["submission_id"])
    assert others.status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("submission_id", ["0" * 32, "nothing", "%00", "%ED%A0%80"])
async def test_a_receipt_that_does_not_exist_is_404_with_the_reason(unheard: Agency, submission_id: str) -> None:
    status, refusal = await answer(await unheard.receipt(submission_id))

    assert status == HTTPStatus.NOT_FOUND
    assert refusal["reason"]["zh"] == "没有这份报送"


async def test_a_ledger_that_breaks_off_in_the_middle_is_503_and_nothing_is_kept(
    education: Agency, pipeline: Pipeline
) -> None:
    # given a database that ends the connection when the submission is written
    pipeline.execute(
        """
        CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$
        """
    )
    pipeline.execute("CREATE TRIGGER break_off BEFORE INSERT ON submissions FOR EACH ROW EXECUTE FUNCTION break_off()")

    status, refusal = await answer(await education.submit(CSV.encode()))
    pipeline.execute("DROP TRIGGER break_off ON submissions")
    again = await education.submit(CSV.encode())

    assert status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "未接收" in refusal["reason"]["zh"]
    assert again.status == HTTPStatus.ACCEPTED
