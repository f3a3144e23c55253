"""The pages about what a plan promises beside its main table, read as a person reads them."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from services.database import open_pool
from services.pages.app import build_app
from services.pages.store import ROLE
from tests.builders import figure, make_submission_record
from tests.integration.test_commitments import PROJECT, SERVICE, TASK, apply, relay, with_standards, work
from tests.integration.test_pages import Answer, Reader
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

PAGE = "/plans/zhongwei/commitments"


@pytest_asyncio.fixture
async def reader(pipeline: Pipeline) -> AsyncIterator[Reader]:
    async with open_pool(pipeline.url, ROLE) as pool, TestClient(TestServer(build_app(pool, ""))) as client:
        yield Reader(client)


@pytest_asyncio.fixture
async def reported(pipeline: Pipeline) -> Pipeline:
    """A late project, a suspended task, generated figures, and a service with a standard below the parent's."""
    apply(pipeline, with_standards(own="85", parent="90"))
    await relay(pipeline)
    await pipeline.submit(
        work(PROJECT, "2022", work_status="在建", physical_progress="15", investment="800", expected_completion="2025"),
        work(f"{PROJECT}-q1", "2022", quantity_delivered="1"),
        work(TASK, "2022", work_status="暂停"),
        figure(SERVICE, "2022", "95"),
        figure(SERVICE, "2022", "80", ref_area="640521"),
        submission_id="a",
    )
    generated = work("zhongwei-project-01", "2022", work_status="在建", physical_progress="45")
    await pipeline.evaluate(
        make_submission_record(generated, submission_id="c", received_at=pipeline.clock(), simulated=True)
    )
    return pipeline


def entry(page: Answer, identity: str) -> str:
    """What stands in the row of one commitment."""
    found = re.search(rf'<tr id="{identity}".*?</tr>', page.source, re.DOTALL)
    assert found is not None
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found[0])).split())


def case_of(pipeline: Pipeline, indicator_id: str) -> str:
    ((identity,),) = pipeline.rows("SELECT case_id FROM early_warnings WHERE indicator_id = %s", indicator_id)
    return str(identity)


@pytest.mark.usefixtures("reported")
async def test_the_page_has_every_part_with_its_count(reader: Reader) -> None:
    page = await reader.get(PAGE)

    assert "全部 正文目标 31 重点任务 12 重点工程 16 服务项目 80 监测评估要求 17 责任单位 13" in page.text
    assert (
        len(re.findall(r'<tr id="zhongwei-(?:t\d\d|task|project|service|duty)', page.source)) == 31 + 12 + 16 + 80 + 17
    )


@pytest.mark.usefixtures("reported")
async def test_a_project_shows_its_words_its_owner_its_state_its_quantities_and_verdicts(reader: Reader) -> None:
    page = await reader.get(PAGE)

    row = entry(page, PROJECT)
    assert row.startswith(
        "专栏3 基本公共服务设施补短板行动 3. 公益性养老服务供给能力提升工程 公益性养老服务供给能力提升工程。"
    )
    assert "老有所养 · 原文第201行 · zhongwei-project-03 未印发 由中卫市民政局报送 未印发 以2025年为限" in row
    assert "进行中 · 预计2025年完成 · 累计完成投资800万元 2022年 · 报送 a0000000" in row
    assert "形象进度 15% 应达40.0 2022年 · 报送 a0000000 严重滞后 黄色" in row
    assert "预计晚于期限 0个月 2022年 · 报送 a0000000 保持达标" in row
    assert "新建改建敬老院 1所 应达0.8 2022年 · 报送 a0000000 快于预期" in row
    assert "建设农村老饭桌 应≥20个 · 未报送" in row


async def test_a_warning_is_linked_from_its_commitment_and_back(reported: Pipeline, reader: Reader) -> None:
    case = case_of(reported, f"{PROJECT}-progress")

    page, warning = await reader.get(PAGE), await reader.get(f"/warnings/{case}")

    assert f'href="/warnings/{case}"' in page.source
    assert f'href="{PAGE}#{PROJECT}"' in warning.source


@pytest.mark.usefixtures("reported")
async def test_generated_figures_and_reports_are_marked(reader: Reader) -> None:
    page = await reader.get(PAGE)

    assert entry(page, "zhongwei-project-01").count("模拟数据") == 2
    assert "模拟数据" not in entry(page, PROJECT)


@pytest.mark.usefixtures("reported")
async def test_a_service_shows_both_standards_and_its_level_by_area(reader: Reader) -> None:
    page = await reader.get(PAGE)

    row = entry(page, SERVICE)
    assert "本级标准 ≥85% 自治区实施标准 上位标准 ≥90% 国家标准" in row
    assert "实际水平 95% 要求≥85 2022年 · 报送 a0000000 保持达标" in row
    assert "实际水平 640521 80% 要求≥85 2022年 · 报送 a0000000 未达标 橙色" in row
    assert re.search(r"本级标准 85% 要求≥90 2021年 · 报送 \w{8} 未达标 橙色", row)
    assert "未设 未设标准，不评价" in entry(page, "zhongwei-service-02")


@pytest.mark.usefixtures("reported")
async def test_a_task_shows_who_is_printed_for_it(reader: Reader) -> None:
    page = await reader.get(PAGE)

    assert "中卫市发展改革委 规划写明牵头 未印发 以2025年为限 暂停 2022年 · 报送 a0000000" in entry(page, TASK)
    assert "市发展改革委、教育局、民政局" in entry(page, "zhongwei-task-01")


async def test_a_text_target_that_is_a_row_of_the_main_table_leads_there(reader: Reader) -> None:
    page = await reader.get(f"{PAGE}?section=text_targets")

    assert re.search(r'同主表<a href="/plans/zhongwei#no-\d+">第\d+项</a>', page.source)


async def test_a_duty_says_what_is_printed_and_what_is_not(reader: Reader) -> None:
    page = await reader.get(f"{PAGE}?section=duties")

    assert entry(page, "zhongwei-duty-01").startswith("绩效考核 进一步完善政府购买公共服务的定价机制")
    assert entry(page, "zhongwei-duty-01").endswith("原文第229行 未印发 未印发 未涉及")
    assert PROJECT not in page.source


async def test_an_agency_shows_its_printed_names_its_superior_and_what_it_is_printed_for(reader: Reader) -> None:
    page = await reader.get(f"{PAGE}?section=agencies")

    assert entry(page, "zhongwei-development-reform") == (
        "中卫市发展改革委 原文写作 市发展改革委 （第411行） 中卫市人民政府 统筹协调 "
        "牵头重点任务 2 牵头监测评估要求 5 参与重点任务 1"
    )


async def test_a_domain_leaves_its_own_commitments(reader: Reader) -> None:
    page = await reader.get(f"{PAGE}?domain=elderly_care")

    assert PROJECT in page.source
    assert "zhongwei-project-01" not in page.source
    assert "重点工程 2 / 16" in page.text
    assert 'value="elderly_care" selected' in page.source


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"{PAGE}?section=nothing", "没有这个部分：nothing"),
        (f"{PAGE}?domain=nothing", "没有这个领域：nothing"),
        ("/plans/atlantis/commitments", "没有这个规划：atlantis"),
    ],
)
async def test_what_is_not_there_is_said_in_words(reader: Reader, address: str, words: str) -> None:
    page = await reader.get(address)

    assert page.status == HTTPStatus.NOT_FOUND
    assert words in page.text


async def test_the_plan_leads_to_each_part(reader: Reader) -> None:
    page = await reader.get("/plans/zhongwei")

    assert f'href="{PAGE}?section=projects">重点工程 <b>16</b>' in page.source


async def test_the_overview_names_a_commitment_by_its_place_and_not_by_a_number(
    reported: Pipeline, reader: Reader
) -> None:
    await reported.submit(figure(5, "2021", "97.81"), submission_id="d")

    page = await reader.get("/")

    assert "黄色 公益性养老服务供给能力提升工程：形象进度(%)" in page.text
    assert "中卫市公共服务发展“十四五”规划 · 重点工程第3项 · 重点工程预警" in page.text
    assert "免费孕前优生健康检查：本级标准" in page.text
    assert "服务项目第1项 · 标准落实监测预警" in page.text
    assert "红色 5. 九年义务教育巩固率(%) 中卫市公共服务发展“十四五”规划 逆向变动" in page.text


async def test_a_case_shows_the_assumed_schedule_the_printed_words_and_the_reports(
    reported: Pipeline, reader: Reader
) -> None:
    reported.clock.advance(days=100)
    await reported.submit(work(PROJECT, "2023", work_status="暂停", physical_progress="20"), submission_id="b")

    page = await reader.get(f"/warnings/{case_of(reported, f'{PROJECT}-progress')}")

    assert "规划 · 重点工程第3项 · 重点工程预警 公益性养老服务供给能力提升工程：形象进度(%)" in page.text
    assert "达到 · 单位 %" in page.text
    assert "预期性 ·" not in page.text
    assert "原文 公益性养老服务供给能力提升工程。新建改建2所敬老院" in page.text
    assert "说明 规划未印发工期，以规划期（2021–2025年）为序时进度" in page.text
    assert "2023年 暂停 — — 报送 b0000000" in page.text
    assert "2022年 进行中 2025年 800 报送 a0000000" in page.text
    assert page.text.index("2023年 暂停") < page.text.index("2022年 进行中")


async def test_a_receipt_of_the_catalogue_says_where_it_comes_from(reported: Pipeline, reader: Reader) -> None:
    ((identity,),) = reported.rows("SELECT submission_id FROM submissions WHERE channel = 'catalogue'")

    page = await reader.get(f"/submissions/{identity}")

    assert "途径 来自规划目录" in page.text
    assert "报送单位 中卫市发展改革委" in page.text


@pytest.mark.parametrize("address", [PAGE, "/plans/zhongwei", "/"])
async def test_an_english_page_has_no_chinese_but_what_is_quoted(
    reported: Pipeline, reader: Reader, address: str
) -> None:
    page = await reader.get(f"{address}?lang=en")

    unquoted = re.sub(r'<(\w+)[^>]* lang="zh-CN".*?</\1>', "", page.source, flags=re.DOTALL)
    assert reported.open_levels() != {}
    assert re.findall(r"[\u3000-\u9fff\uff00-\uffef]+", unquoted) == []


@pytest.mark.usefixtures("reported")
async def test_a_chinese_page_has_no_english_but_names_and_codes(reader: Reader) -> None:
    page = await reader.get(PAGE)

    codes = r"Planwatch|English|zhongwei\.txt|zhongwei-[\w-]+|\b[abcdef0-9]{8}\b"
    quoted = re.sub(r'<(\w+)[^>]* lang="zh-CN".*?</\1>', "", page.source, flags=re.DOTALL)
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", quoted)).split())
    assert re.findall(r"[A-Za-z]{2,}", re.sub(codes, "", words)) == []


@pytest.mark.usefixtures("reported")
async def test_the_page_keeps_to_itself(reader: Reader) -> None:
    page = await reader.get(PAGE)

    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; script-src 'none'")
    assert re.findall(r"<script|<style|\sstyle=|\son\w+=|(?:src|href)=\"(?![/#])", page.source) == []
