"""The pages, served from a migrated database with a few figures of Zhongwei, read as a person reads them."""

from __future__ import annotations

import asyncio
import html
import json
import mailbox
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from aiohttp import ClientConnectionError, ClientSession
from aiohttp.test_utils import TestClient, TestServer
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from services.alerts.message import build_message
from services.alerts.render import RenderedMail
from services.catalogue import apply_plan
from services.catalogue_files import read_plan_file
from services.database import connect_as, open_pool
from services.database.migrate import migrate
from services.embedded.servers import embedded_servers
from services.pages.app import build_app
from services.pages.store import ROLE
from services.program import free_ports

pytestmark = pytest.mark.embedded

PLANS = Path(__file__).parents[2] / "plans"
REPORTED = datetime(2022, 3, 1, 2, tzinfo=UTC)
CORRECTED = datetime(2022, 6, 1, 2, tzinfo=UTC)
FIRST, CORRECTION, GENERATED = "f1" * 16, "c2" * 16, "d3" * 16
RED, CLOSED = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
MAIL = "warning-aaaaaaaaaaaaaaaa-1"
MESSAGE_ID = f"<{MAIL}@planwatch.test>"

FINDINGS = [
    {
        "row": 7,
        "field": "数值",
        "value": "<script>alert(1)</script>",
        "code": "not_a_number",
        "zh": "不是数字；应填以“%”为单位的数",
        "en": "is not a number; expected a figure in “%”",
    }
]

SUBMISSION = """
    INSERT INTO submissions (submission_id, agency_id, plan_id, periods, channel, content_type, content, simulated,
                             received_at, accepted_rows, findings, evaluated_at)
    VALUES (%s, 'zhongwei-education', 'zhongwei', '2021', 'gateway', 'text/csv', '', %s, %s, %s, %s, %s)
"""
SERIES = (
    "INSERT INTO series VALUES (%(key)s, 'zhongwei', %(indicator)s, '640500', 'A', '_T', '_T') ON CONFLICT DO NOTHING"
)
OBSERVATION = """
    INSERT INTO observations (series_key, period_start, time_period, revision, obs_value, obs_status, submission_id,
                              row_number, received_at)
    VALUES (%(key)s, '2021-01-01', '2021', %(revision)s, %(value)s, 'A', %(submission)s, 1, %(at)s)
"""
ASSESSMENT = """
    INSERT INTO assessments (series_key, period_start, time_period, plan_id, plan_version, policy_version, method,
                             class, reason, obs_value, revision, measured, baseline_value, baseline_period,
                             baseline_substituted, expected_value, achieved_share, expected_share, gap, submission_id,
                             known_at)
    VALUES (%(key)s, '2021-01-01', '2021', 'zhongwei', 1, 'default-3', 'schedule', %(verdict)s, %(reason)s, %(value)s,
            %(revision)s, %(value)s, %(baseline)s, '2020', false, %(expected)s, %(achieved)s, 0.2,
            %(value)s::numeric - %(expected)s::numeric, %(submission)s, %(at)s)
"""
CASE = """
    INSERT INTO early_warnings (case_id, plan_id, plan_version, subject_kind, indicator_id, series_key, agency_id,
                                episode, state, level, cause, time_period, since_period, policy_line, submission_id,
                                known_at, opened_at, changed_at)
    VALUES (%(case)s, 'zhongwei', 1, 'indicator', %(indicator)s, %(key)s, %(agency)s, 1, %(state)s, 'red', %(verdict)s,
            '2021', '2021', 'default-3: levels.reversed.binding = red', %(submission)s, %(at)s, %(at)s, %(at)s)
"""
STEP = """
    INSERT INTO warning_history (case_id, step, at, step_kind, episode, level, reason_zh, reason_en, policy_line,
                                 time_period, submission_id, actor, delivery, delivery_reason_zh, delivery_reason_en,
                                 mail_id)
    VALUES (%(case)s, %(step)s, %(at)s, %(kind)s, 1, 'red', %(zh)s, %(en)s, '', '2021', %(submission)s,
            'planwatch-evaluate', 'immediate', '橙色及以上，立即发信', 'orange or graver: mailed at once', %(mail)s)
"""
SENT_MAIL = """
    INSERT INTO mails (mail_id, mail_kind, agency_id, recipient, subject, message_id, message, accepted_at, created_at,
                       state, attempts, next_attempt_at, sent_at)
    VALUES (%s, 'warning', 'zhongwei-civil-affairs', 'minzhengju@example.test', '【红色预警】护理型床位占比', %s, '',
            %s, %s, 'sent', 1, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Reported:
    """One figure of 2021 with its verdict."""

    no: int
    value: str
    verdict: str
    reason: str
    baseline: str
    expected: str
    achieved: float
    submission: str = FIRST
    revision: int = 1
    at: datetime = REPORTED

    def values(self) -> dict[str, Any]:
        indicator = f"zhongwei-{self.no:02}"
        return {
            "key": f"{indicator}.640500.A._T._T", "indicator": indicator, "value": self.value, "verdict": self.verdict,
            "reason": self.reason, "baseline": self.baseline, "expected": self.expected, "achieved": self.achieved,
            "submission": self.submission, "revision": self.revision, "at": self.at,
        }  # fmt: skip


RETENTION = Reported(5, "97.81", "reversed", "moved_away", "99.55", "99.6", -6.96)
RETENTION_CORRECTED = Reported(
    5, "99.7", "ahead", "schedule_index", "99.55", "99.6", 0.6, CORRECTION, revision=2, at=CORRECTED
)
BEDS = Reported(13, "31", "reversed", "moved_away", "38", "42.4", -0.318)
SPORT = Reported(24, "2.5", "ahead", "schedule_index", "2.23", "2.414", 0.293, GENERATED)


def fill(url: str) -> None:
    """Zhongwei's plan; figures of nos. 5 (corrected later), 13, 24 (generated); cases of 5 (closed) and 13 (mailed)."""
    with connect_as(url) as connection:
        apply_plan(connection, read_plan_file(PLANS, "zhongwei"), REPORTED)
        for identity, simulated, at, findings in (
            (FIRST, False, REPORTED, FINDINGS),
            (CORRECTION, False, CORRECTED, []),
            (GENERATED, True, REPORTED, []),
        ):
            connection.execute(SUBMISSION, (identity, simulated, at, 2, Jsonb(findings), at))
        for figure in (RETENTION, RETENTION_CORRECTED, BEDS, SPORT):
            for statement in (SERIES, OBSERVATION, ASSESSMENT):
                connection.execute(statement, figure.values())
        red = {**BEDS.values(), "case": RED, "state": "open", "agency": "zhongwei-civil-affairs"}
        closed = {**RETENTION.values(), "case": CLOSED, "state": "closed", "agency": "zhongwei-education"}
        raised = {"step": 1, "kind": "raise", "zh": "2021 评价为逆向变动", "en": "2021 is assessed as reversed"}
        closing = {"step": 2, "kind": "close", "zh": "预警销号", "en": "closed", "at": CORRECTED}
        connection.execute(CASE, red)
        connection.execute(CASE, {**closed, "verdict": "ahead"})
        connection.execute(STEP, {**red, **raised, "mail": MAIL})
        connection.execute(STEP, {**closed, **raised, "mail": None})
        connection.execute(STEP, {**closed, **closing, "submission": CORRECTION, "mail": None})
        connection.execute(SENT_MAIL, (MAIL, MESSAGE_ID, REPORTED, REPORTED, REPORTED, REPORTED))


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data_dir = tmp_path_factory.mktemp("pages") / "data"
    with embedded_servers(data_dir, kafka="given.example:9092", smtp_url="smtp://given.example") as servers:
        yield servers.database_url


@pytest.fixture(scope="module")
def database_url(server_url: str) -> str:
    migrate(server_url)
    fill(server_url)
    return server_url


@pytest.fixture(scope="module")
def empty_database_url(server_url: str) -> str:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
    url = make_conninfo(server_url, dbname="empty")
    migrate(url)
    return url


@pytest.fixture
def mail_folder(tmp_path: Path) -> Path:
    message = build_message(
        RenderedMail("【红色预警】护理型床位占比", "请签收： http://alerts.test/acknowledge/x\n", "<p>请签收</p>\n"),
        sender="planwatch@example.test",
        recipient="minzhengju@example.test",
        message_id=MESSAGE_ID,
        date=REPORTED,
    )
    mailbox.Maildir(tmp_path / "mail").add(message.replace(b"\r\n", b"\n"))
    return tmp_path / "mail"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader gets."""

    status: int
    headers: dict[str, str]
    source: str

    @property
    def text(self) -> str:
        """What stands on the page, white space folded."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.source)).split())

    def row(self, anchor: str) -> str:
        """What stands in the table row with this id."""
        found = re.search(rf'<tr id="{anchor}".*?</tr>', self.source, re.DOTALL)
        assert found is not None
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


class Reader:
    """Asks for pages."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self._client = client

    async def get(self, address: str) -> Answer:
        async with self._client.get(address) as response:
            return Answer(response.status, dict(response.headers), await response.text())


@pytest_asyncio.fixture
async def reader(database_url: str, mail_folder: Path) -> AsyncIterator[Reader]:
    async with (
        open_pool(database_url, ROLE) as pool,
        TestClient(TestServer(build_app(pool, str(mail_folder)))) as client,
    ):
        yield Reader(client)


@pytest_asyncio.fixture
async def reader_without_catcher(database_url: str) -> AsyncIterator[Reader]:
    async with open_pool(database_url, ROLE) as pool, TestClient(TestServer(build_app(pool, ""))) as client:
        yield Reader(client)


EVERY_PAGE = [
    "/",
    "/plans/zhongwei",
    "/plans/zhongwei?as_of=2022-05-01",
    f"/submissions/{FIRST}",
    f"/warnings/{RED}",
    f"/warnings/{CLOSED}",
    "/mails",
    f"/mails/{MAIL}",
    "/nowhere",
]


async def test_the_overview_counts_the_warnings_of_a_plan_and_lists_them_with_their_mail(reader: Reader) -> None:
    page = await reader.get("/")

    assert "中卫市 640500 · 2021–2025 · 25 项指标" in page.text
    assert "1 红色 0 橙色 0 黄色 0 蓝色 快于预期 2 逆向变动 1 未评价 22" in page.text
    assert (
        "红色 13. 养老机构护理型床位占比(%) 中卫市公共服务发展“十四五”规划 逆向变动 2021年 2021年 中卫市民政局 "
        "待签收 已发送 2022年3月1日 10:00"
    ) in page.text
    assert f'href="/warnings/{RED}"' in page.source
    assert CLOSED not in page.source


async def test_every_page_leads_to_where_cases_are_answered(database_url: str) -> None:
    async with (
        open_pool(database_url, ROLE) as pool,
        TestClient(TestServer(build_app(pool, "", "https://desk.test"))) as client,
    ):
        overview, audit = await Reader(client).get("/"), await Reader(client).get("/audit?lang=en")
        warning = await Reader(client).get(f"/warnings/{RED}")

    assert '<a href="https://desk.test/cases">预警办理</a>' in overview.source
    assert '<a href="https://desk.test/cases?lang=en">Cases</a>' in audit.source
    assert f'href="https://desk.test/cases/{RED}"' in warning.source


async def test_nobody_is_led_to_a_desk_that_is_not_there(reader: Reader) -> None:
    assert "/cases" not in (await reader.get("/")).source


async def test_before_a_plan_is_applied_the_overview_says_so(empty_database_url: str) -> None:
    async with open_pool(empty_database_url, ROLE) as pool, TestClient(TestServer(build_app(pool, ""))) as client:
        page = await Reader(client).get("/")

    assert "尚未载入规划。" in page.text
    assert "目前没有未销号的预警。" in page.text


async def test_a_row_shows_baseline_figure_due_target_class_and_source(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei")

    assert page.row("no-5") == (
        "5 九年义务教育巩固率(%) 约束性 · 达到 · 单位 % 99.55 2020年 99.7 2021年 · 第2版 99.60 ≥99.8 2025年 "
        f"— 快于预期 完成 60.0% 序时 20.0% 无 原文第128行 报送 {CORRECTION[:8]}"
    )


async def test_a_row_shows_the_level_of_its_warning_in_words(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei")

    assert page.row("no-13").endswith(f"红色 待签收 原文第136行 报送 {FIRST[:8]}")


async def test_a_row_without_a_figure_says_that_nothing_was_reported(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei")

    assert page.row("no-8") == (
        "8 城乡劳动力职业技能培训(万人次) 预期性 · 累计完成 · 单位 万人次 [6.1] 2020年 不可比 — — ≥6 2025年 原文 [6] "
        "— 未报送 无 原文第131行"
    )


async def test_doubtful_readings_stand_under_their_row_with_the_reason(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei")

    assert "需确认 （基期）：[6.1]是上一个五年的累计数，不是2020年水平，不能作基期" in page.text


async def test_generated_figures_are_marked(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei")
    receipt = await reader.get(f"/submissions/{GENERATED}")

    assert "模拟数据" in page.row("no-24")
    assert "模拟数据" not in page.row("no-5")
    assert "报送回执 模拟数据" in receipt.text


async def test_a_picture_shows_the_path_and_the_value(reader: Reader) -> None:
    page = await reader.get(f"/warnings/{RED}")

    # 480 wide, 240 high, 48 free: 2020..2025 is x 48..432; 31..60 is y 192..48
    assert '<polyline class="path" points="48.0,157.2 432.0,48.0 "/>' in page.source
    assert '<circle class="value" cx="124.8" cy="192.0" r="3"/>' in page.source


async def test_before_a_correction_the_old_figure_and_its_warning_are_shown(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei?as_of=2022-05-31")

    assert "97.81 2021年 99.60" in page.row("no-5")
    assert "逆向变动" in page.row("no-5")
    assert "红色" in page.row("no-5")
    assert "以下为截至 2022年5月31日 23:59 已知的数据和评价" in page.text


async def test_a_moment_that_is_not_understood_is_refused_in_words(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei?as_of=gestern")

    assert page.status == HTTPStatus.BAD_REQUEST
    assert "时间“gestern”无法识别，应为 2026-01-31" in page.text


async def test_a_receipt_lists_every_finding_in_both_languages_as_text(reader: Reader) -> None:
    page = await reader.get(f"/submissions/{FIRST}")

    assert "接收 2 条，退回 1 条" in page.text
    assert (
        "7 数值 <script>alert(1)</script> 不是数字；应填以“%”为单位的数 is not a number; expected a figure in “%”"
    ) in " ".join(html.unescape(re.sub(r"</?(?:td|tr|small)[^>]*>", " ", page.source)).split())
    assert "<script" not in page.source


async def test_a_case_shows_its_figures_rule_and_history_with_the_outcome_of_its_mail(reader: Reader) -> None:
    page = await reader.get(f"/warnings/{RED}")

    assert (
        "基期 38 2020年 报送值 31 2021年 序时应达 42.4 2021年 目标 ≥60 2025年 完成进度 −31.8% 序时 20.0%" in page.text
    )
    assert "约束性指标“逆向变动”为红色预警 政策条目 default-3: levels.reversed.binding = red" in page.text
    assert (
        f"2022年3月1日 10:00 发出预警 红色 2021 评价为逆向变动 报送 {FIRST[:8]} 系统评价 已发送 2022年3月1日 10:00 "
        "橙色及以上，立即发信"
    ) in page.text


async def test_a_closed_case_says_what_it_was_and_what_it_is(reader: Reader) -> None:
    page = await reader.get(f"/warnings/{CLOSED}")

    assert "已销号（2021年起曾为红色预警） · 现评价为 快于预期 · 中卫市教育局" in page.text
    assert "2022年6月1日 10:00 销号 —" in page.text


async def test_the_list_of_mails_says_to_whom_and_whether_sent(reader: Reader) -> None:
    page = await reader.get("/mails")

    assert "【红色预警】护理型床位占比 预警 中卫市民政局 minzhengju@example.test 已发送 2022年3月1日 10:00" in page.text


async def test_a_mail_is_shown_as_the_local_catcher_received_it(reader: Reader) -> None:
    page = await reader.get(f"/mails/{MAIL}")

    assert (
        f'sandbox="allow-popups allow-popups-to-escape-sandbox" title="邮件正文" src="/mails/{MAIL}/body"'
        in page.source
    )
    assert '<a href="http://alerts.test/acknowledge/x" rel="noopener" target="_blank">' in page.source
    assert f"Message-ID {MESSAGE_ID}" in page.text


async def test_the_html_of_a_mail_is_served_alone_under_a_policy_that_runs_and_loads_nothing(reader: Reader) -> None:
    body = await reader.get(f"/mails/{MAIL}/body")

    assert body.source == "<p>请签收</p>\n"
    assert body.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "frame-ancestors 'self'; sandbox" in body.headers["Content-Security-Policy"]


async def test_without_a_local_catcher_the_content_is_not_shown(reader_without_catcher: Reader) -> None:
    page = await reader_without_catcher.get(f"/mails/{MAIL}")
    body = await reader_without_catcher.get(f"/mails/{MAIL}/body")

    assert "邮件由外部服务器投递，此处不保存正文。" in page.text
    assert "iframe" not in page.source
    assert body.status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("/plans/none", "没有这个规划：none"),
        ("/submissions/none", "没有这个报送：none"),
        ("/warnings/none", "没有这个预警：none"),
        ("/mails/none", "没有这个邮件：none"),
        ("/mails/none/body", "没有这个邮件：none"),
        ("/submissions/a%00b", "没有这个地址：a␀b"),
        ("/nowhere", "没有这个页面"),
    ],
)
async def test_what_is_not_there_is_said_in_words(reader: Reader, address: str, reason: str) -> None:
    page = await reader.get(address)

    assert page.status == HTTPStatus.NOT_FOUND
    assert reason in page.text


@pytest.mark.parametrize("address", EVERY_PAGE)
async def test_every_page_keeps_to_itself(reader: Reader, address: str) -> None:
    page = await reader.get(address)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; script-src 'none'")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=|(?:src|href)=\"(?!/|http://alerts\.test/)", page.source) == []


@pytest.mark.parametrize(
    "address", ["/", "/plans/zhongwei", f"/warnings/{RED}", f"/warnings/{CLOSED}", "/mails", "/nowhere"]
)
async def test_an_english_page_has_no_chinese_but_what_is_quoted(reader: Reader, address: str) -> None:
    page = await reader.get(f"{address}?lang=en")

    unquoted = re.sub(r'<(\w+)[^>]* lang="zh-CN".*?</\1>', "", page.source, flags=re.DOTALL)
    assert re.findall(r"[\u3000-\u9fff\uff00-\uffef]+", unquoted) == []


@pytest.mark.parametrize("address", ["/", "/plans/zhongwei", f"/warnings/{RED}", f"/warnings/{CLOSED}", "/nowhere"])
async def test_a_chinese_page_has_no_english_but_names_and_codes(reader: Reader, address: str) -> None:
    page = await reader.get(address)

    codes = r"Planwatch|English|zhongwei\.txt|default-3: levels\.reversed\.binding = red|aaaa+|bbbb+|\b[cf0-9]{8,}"
    assert re.findall(r"[A-Za-z]{2,}", re.sub(codes, "", page.text)) == []


async def test_links_of_an_english_page_lead_to_english_pages(reader: Reader) -> None:
    page = await reader.get("/?lang=en")

    assert f'href="/warnings/{RED}?lang=en"' in page.source
    assert 'hreflang="zh-CN"' in page.source


async def test_the_stylesheet_is_served_from_here(reader: Reader) -> None:
    sheet = await reader.get("/static/planwatch.css")

    assert sheet.headers["Content-Type"] == "text/css"
    assert "url(" not in sheet.source


async def test_health_tells_of_the_database(reader: Reader) -> None:
    health = await reader.get("/healthz")
    metrics = await reader.get("/metrics")

    assert (health.status, json.loads(health.source)["checks"]["database"]["healthy"]) == (HTTPStatus.OK, True)
    assert "python_info" in metrics.source


async def test_without_its_database_a_page_says_so_and_health_fails(database_url: str) -> None:
    async with open_pool(database_url, ROLE) as pool, TestClient(TestServer(build_app(pool, ""))) as client:
        await pool.close()
        page, health = await Reader(client).get("/"), await Reader(client).get("/healthz")

    assert (page.status, health.status) == (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)
    assert "数据库暂时不可用，请稍后再试" in page.text


async def first_answer(url: str) -> tuple[int, str]:
    """The first answer under an address, once something listens there."""
    async with asyncio.timeout(30), ClientSession() as session:
        while True:
            try:
                async with session.get(url) as response:
                    return response.status, await response.text()
            except ClientConnectionError:
                await asyncio.sleep(0.1)


async def test_the_service_starts_from_its_environment_and_ends_in_order(database_url: str) -> None:
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "PLANWATCH_DATABASE_URL": database_url,
        "PLANWATCH_KAFKA": "given.example:9092",
        "PLANWATCH_SMTP_URL": "smtp://given.example",
        "PLANWATCH_SECRET": "s" * 32,
        "PLANWATCH_HTTP_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.pages", env=environment)

    status, source = await first_answer(f"http://127.0.0.1:{port}/")
    process.terminate()
    returned = await asyncio.wait_for(process.wait(), 15)

    assert (status, returned) == (HTTPStatus.OK, 0)
    assert "规划执行情况" in source
