"""Which cases a person finds at the desk, and the print view, on a real PostgreSQL."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator

import pytest

from planwatch.case.events import ClosedByPerson, Reassigned
from planwatch.case.model import Owners
from planwatch.case.permissions import Role
from tests.builders import figure
from tests.desk import COMMISSION, EDUCATION, HEALTH, OpenDesk, open_desk
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded


@pytest.fixture
async def desk(pipeline: Pipeline) -> AsyncIterator[OpenDesk]:
    """A desk with three open cases: red no. 5 (education) and no. 13, orange no. 11 (health)."""
    await pipeline.submit(
        figure(5, "2021", "97.81"),
        figure(11, "2021", "2.4"),
        figure(13, "2021", "31"),
        submission_id="a",
    )
    async with open_desk(pipeline) as desk:
        yield desk


def listed(page: str) -> list[str]:
    """The cases of a page of the list, in order."""
    return re.findall(r'class="subject" href="/cases/(\w+)', page)


def subjects(desk: OpenDesk, page: str) -> list[str]:
    """The indicators of the cases of a page of the list, in order."""
    names = dict(desk.pipeline.rows("SELECT case_id, indicator_id FROM early_warnings"))
    return [names[case_id] for case_id in listed(page)]


async def test_the_gravest_stands_first(desk: OpenDesk) -> None:
    page = await desk.sign_in(Role.ADMINISTRATOR, None).get("/cases")

    levels = re.findall(r'<span class="level (\w+)', page.text)
    assert levels == sorted(levels, key=("red", "orange", "yellow", "blue").index)
    assert set(desk.pipeline.open_levels()) == set(subjects(desk, page.text))


@pytest.mark.parametrize("role", [Role.OFFICER, Role.HEAD])
async def test_an_agency_finds_its_own_cases_only(desk: OpenDesk, role: Role) -> None:
    page = await desk.sign_in(role, EDUCATION).get("/cases")

    assert subjects(desk, page.text) == ["zhongwei-05"]


async def test_the_coordinating_body_finds_all_cases_of_its_plan(desk: OpenDesk) -> None:
    page = await desk.sign_in(Role.COORDINATOR, COMMISSION).get("/cases")

    assert set(subjects(desk, page.text)) == set(desk.pipeline.open_levels())


async def test_a_superior_finds_the_cases_of_its_subordinates(desk: OpenDesk) -> None:
    owners = Owners(COMMISSION, ("zhongwei-government",), COMMISSION)
    await desk.pipeline.happen("zhongwei-05", Reassigned("统筹", owners, "职责调整"))

    of_superior = await desk.sign_in(Role.OFFICER, "zhongwei-government").get("/cases")
    of_former_owner = await desk.sign_in(Role.OFFICER, EDUCATION).get("/cases")

    assert subjects(desk, of_superior.text) == ["zhongwei-05"]
    assert subjects(desk, of_former_owner.text) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("level=red", {"zhongwei-05", "zhongwei-13"}),
        ("agency=zhongwei-education", {"zhongwei-05"}),
        ("domain=learning", {"zhongwei-05"}),
        ("kind=reversed&level=red", {"zhongwei-05", "zhongwei-13"}),
        ("plan=zhongwei&level=red&agency=zhongwei-education", {"zhongwei-05"}),
        ("plan=elsewhere", set()),
        ("state=acknowledged", set()),
        ("text=义务教育", {"zhongwei-05"}),
        ("text=教育局", {"zhongwei-05"}),
        ("text=%25", {"zhongwei-05", "zhongwei-13"}),
        ("text='; DROP TABLE early_warnings; --", set()),
        ("page=2", set()),
    ],
)
async def test_a_filter_shows_what_it_names(desk: OpenDesk, query: str, expected: set[str]) -> None:
    page = await desk.sign_in(Role.ADMINISTRATOR, None).get(f"/cases?{query}")

    assert page.status == 200
    assert set(subjects(desk, page.text)) == expected


async def test_what_is_late_can_be_chosen(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.ADMINISTRATOR, None)
    before = await person.get("/cases?overdue=yes")
    desk.pipeline.clock.advance(minutes=50)
    desk.pipeline.execute("UPDATE early_warnings SET due_on = '2022-02-28' WHERE indicator_id = 'zhongwei-05'")
    after = await person.get("/cases?overdue=yes")

    assert subjects(desk, before.text) == []
    assert subjects(desk, after.text) == ["zhongwei-05"]
    assert "已逾期" in after.text


async def test_closed_cases_are_shown_on_request_only(desk: OpenDesk) -> None:
    await desk.pipeline.happen("zhongwei-05", ClosedByPerson("统筹", "已整改"))
    person = desk.sign_in(Role.OFFICER, EDUCATION)

    assert subjects(desk, (await person.get("/cases")).text) == []
    assert subjects(desk, (await person.get("/cases?state=closed")).text) == ["zhongwei-05"]
    assert subjects(desk, (await person.get("/cases?state=all")).text) == ["zhongwei-05"]


async def test_every_choice_says_how_many_cases_it_would_show(desk: OpenDesk) -> None:
    page = await desk.sign_in(Role.ADMINISTRATOR, None).get("/cases?level=red")

    levels = list(desk.pipeline.open_levels().values())
    assert f'<option value="red" selected>红色（{levels.count("red")}）</option>' in page.text
    assert f'<option value="yellow">黄色（{levels.count("yellow")}）</option>' in page.text
    assert '<option value="zhongwei-education">中卫市教育局（1）</option>' in page.text


async def test_a_filter_that_is_not_understood_is_named_and_left_out(desk: OpenDesk) -> None:
    page = await desk.sign_in(Role.ADMINISTRATOR, None).get("/cases?level=<b>&page=-1")

    assert page.status == 200
    assert "“&lt;b&gt;”无效，应为red、orange、yellow、blue之一" in page.text
    assert set(subjects(desk, page.text)) == set(desk.pipeline.open_levels())


async def test_the_list_is_exported_as_it_is_filtered(desk: OpenDesk) -> None:
    answer = await desk.sign_in(Role.ADMINISTRATOR, None).get("/cases.csv?level=red")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row["等级"] for row in rows} == {"红色"}
    assert len(rows) == list(desk.pipeline.open_levels().values()).count("red")
    assert answer.headers["Content-Disposition"].startswith("attachment")


async def test_no_cell_of_the_export_is_a_formula(desk: OpenDesk) -> None:
    desk.pipeline.execute("UPDATE agencies SET name_zh = '=HYPERLINK(1)' WHERE agency_id = %s", EDUCATION)

    answer = await desk.sign_in(Role.OFFICER, EDUCATION).get("/cases.csv")

    assert "'=HYPERLINK(1)" in answer.text


async def test_an_agency_exports_its_own_cases_only(desk: OpenDesk) -> None:
    answer = await desk.sign_in(Role.OFFICER, HEALTH).get("/cases.csv")

    assert "卫生健康" in answer.text
    assert "教育局" not in answer.text


async def test_the_form_to_print_names_everything_that_an_official_form_does(desk: OpenDesk) -> None:
    page = await desk.sign_in(Role.COORDINATOR, COMMISSION).get(f"/cases/{desk.case_id('zhongwei-05')}/print")

    headings = re.findall(r"<th>(.+?)</th>", page.text)
    assert {"督办事项", "责任单位", "问题描述", "整改要求", "领导批示", "办理反馈"} <= set(headings)
    assert f"编号：{desk.case_id('zhongwei-05')}-1" in page.text
    assert "97.81" in page.text
    assert "None" not in page.text


async def test_the_form_is_printed_on_a4(desk: OpenDesk) -> None:
    async with desk.client.get("/static/desk/supervision_form.css") as answer:
        assert "@page { size: A4" in await answer.text()


@pytest.mark.parametrize("path", ["/cases", "/cases/{case}"])
async def test_the_english_pages_have_no_chinese_of_their_own(desk: OpenDesk, path: str) -> None:
    person = desk.sign_in(Role.COORDINATOR, COMMISSION, "Wang")

    page = await person.get(path.format(case=desk.case_id("zhongwei-05")) + "?lang=en")

    main = page.text[page.text.index("<main>") : page.text.index("</main>")]
    subject_of_mail = re.sub(r'<a href="[^"]*/mails/[^"]*">[^<]*</a>', "", main)
    assert not re.findall(r"[\u4e00-\u9fff（）：，。]+", subject_of_mail)
    assert "None" not in main
