"""The API of the desk says and does what the pages do, as its description says, on a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from planwatch.case.events import Acknowledged
from planwatch.case.permissions import Action, Role
from tests.builders import figure
from tests.desk import COMMISSION, EDUCATION, HEALTH, Answer, OpenDesk, open_desk
from tests.integration.test_case_desk import FORMS
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

INDICATOR = "zhongwei-05"
READING = {
    "/api/cases": "List",
    "/api/cases/{case}": "CaseFile",
    "/api/cases/{case}/history": "History",
    "/api/cases/{case}/mails": "Mails",
    "/api/cases/{case}/attachments": "Attachments",
}
DOCUMENTS: dict[Action, dict[str, Any]] = {
    **{action: fields for action, (_, _, fields) in FORMS.items()},
    Action.FILE_MEASURES: {"measures": [{"what": "排查", "who": "李科长", "by": "2022-06-30"}]},
}


@pytest.fixture
async def desk(pipeline: Pipeline) -> AsyncIterator[OpenDesk]:
    """A desk with one red case, of no. 5, whose owner is the education bureau."""
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    async with open_desk(pipeline) as desk:
        yield desk


async def description(desk: OpenDesk) -> dict[str, Any]:
    """The description that the desk gives of its API."""
    async with desk.client.get("/api/openapi.json") as answer:
        return dict(await answer.json())


def check(described: dict[str, Any], schema: str, answer: Answer) -> None:
    """An answer is what its schema says."""
    root = {"$ref": f"#/components/schemas/{schema}", "components": described["components"]}
    Draft202012Validator(root).validate(json.loads(answer.text))


@pytest.mark.parametrize("path", READING)
async def test_what_is_read_is_what_the_description_says(desk: OpenDesk, path: str) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    await person.attach(f"/cases/{desk.case_id(INDICATOR)}/attach", "a.pdf", b"%PDF-1", "1")

    answer = await person.api_get(path.format(case=desk.case_id(INDICATOR)))

    assert answer.status == 200
    check(await description(desk), READING[path], answer)


async def test_the_description_has_every_action_and_valid_schemas(desk: OpenDesk) -> None:
    described = await description(desk)

    posts = {path for path, methods in described["paths"].items() if "post" in methods}
    assert posts == {f"/api/cases/{{case_id}}/{action}" for action in Action if action is not Action.READ}
    Draft202012Validator.check_schema({"$defs": described["components"]["schemas"]})


@pytest.mark.parametrize("action", FORMS)
async def test_a_document_does_what_the_form_does(desk: OpenDesk, action: Action) -> None:
    role, agency, _ = FORMS[action]
    person = desk.sign_in(role, agency)
    described = await description(desk)
    document = {**DOCUMENTS[action], "step": 1}

    answer = await person.api_post(f"/api/cases/{desk.case_id(INDICATOR)}/{action}", document)
    again = await person.api_post(f"/api/cases/{desk.case_id(INDICATOR)}/{action}", document)

    body = described["paths"][f"/api/cases/{{case_id}}/{action}"]["post"]["requestBody"]
    Draft202012Validator(body["content"]["application/json"]["schema"]).validate(document)
    assert (answer.status, json.loads(answer.text)["already"]) == (200, False), answer.text
    assert (again.status, json.loads(again.text)["already"]) == (200, True)
    check(described, "Done", answer)
    assert desk.kinds(INDICATOR) == ["raise", action]


async def refused(desk: OpenDesk, answer: Answer, status: int) -> dict[str, Any]:
    """The problem in an answer, which is as described and in both languages."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    check(await description(desk), "Problem", answer)
    return dict(json.loads(answer.text))


async def test_who_may_not_is_told_as_on_the_page(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    path = f"/cases/{desk.case_id(INDICATOR)}/close"

    answer = await person.api_post(f"/api{path}", {"reason": "已整改", "step": 1})
    page = await person.post(path, {"reason": "已整改", "step": "1"})

    problem = await refused(desk, answer, page.status)
    assert problem["zh"] in page.text


async def test_a_wrong_field_is_named_as_on_the_page(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.COORDINATOR, COMMISSION)
    path = f"/cases/{desk.case_id(INDICATOR)}/silence"

    answer = await person.api_post(f"/api{path}", {"until": "2022-02-30", "reason": "", "step": 1})
    page = await person.post(path, {"until": "2022-02-30", "reason": "", "step": "1"})

    problem = await refused(desk, answer, page.status)
    assert [fault["field"] for fault in problem["faults"]] == ["until", "reason"]
    assert problem["faults"][0]["value"] == "2022-02-30"
    assert problem["faults"][0]["expected"]["zh"] in page.text


async def test_a_document_of_before_the_case_moved_on_is_a_conflict(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.HEAD, EDUCATION)
    await desk.pipeline.happen(INDICATOR, Acknowledged("赵局长"))

    answer = await person.api_post(f"/api/cases/{desk.case_id(INDICATOR)}/note", {"note": "进展", "step": 1})

    problem = await refused(desk, answer, 409)
    assert (problem["seen"], problem["latest"]) == (1, 2)


async def test_what_the_case_does_not_allow_is_a_conflict(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.HEAD, EDUCATION)
    await desk.pipeline.happen(INDICATOR, Acknowledged("赵局长"))

    answer = await person.api_post(f"/api/cases/{desk.case_id(INDICATOR)}/acknowledge", {"step": 2})

    assert (await refused(desk, answer, 409))["zh"] == "已签收"


@pytest.mark.parametrize("document", [[], "text", None, 1])
async def test_what_is_no_object_is_refused(desk: OpenDesk, document: object) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)

    answer = await person.api_post(f"/api/cases/{desk.case_id(INDICATOR)}/acknowledge", document)

    await refused(desk, answer, 400)


@pytest.mark.parametrize(
    "document",
    [
        {"step": 1, "measures": "x"},
        {"step": 1, "measures": [1]},
        {"step": 1, "measures": [{"what": {}, "who": [], "by": 1}]},
        {"step": 1, "measures": [{"what": "\ud800", "who": "x", "by": "2022-06-30"}]},
        {"step": True, "measures": []},
        {"step": {}},
    ],
)
async def test_a_document_of_another_shape_is_refused(desk: OpenDesk, document: object) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)

    answer = await person.api_post(f"/api/cases/{desk.case_id(INDICATOR)}/file_measures", document)

    await refused(desk, answer, 422)
    assert desk.kinds(INDICATOR) == ["raise"]


async def test_a_stranger_and_nobody_are_refused(desk: OpenDesk) -> None:
    stranger = desk.sign_in(Role.HEAD, HEALTH)

    forbidden = await stranger.api_get(f"/api/cases/{desk.case_id(INDICATOR)}")
    unknown = await stranger.api_get("/api/cases/unknown")
    async with desk.client.get("/api/cases") as nobody:
        content = await nobody.read()
        unauthorised = Answer(nobody.status, dict(nobody.headers), content.decode(), content)

    await refused(desk, forbidden, 403)
    await refused(desk, unknown, 404)
    await refused(desk, unauthorised, 401)


async def test_a_filter_that_is_not_understood_is_refused(desk: OpenDesk) -> None:
    answer = await desk.sign_in(Role.ADMINISTRATOR, None).api_get("/api/cases?level=purple")

    assert (await refused(desk, answer, 422))["faults"][0]["field"] == "level"


async def test_the_list_is_that_of_the_page(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)

    listed = json.loads((await person.api_get("/api/cases")).text)

    assert [case["indicator_id"] for case in listed["cases"]] == [INDICATOR]
    assert (listed["total"], listed["counts"]["level"]) == (1, {"red": 1})


async def test_a_case_says_what_its_reader_may_do(desk: OpenDesk) -> None:
    officer, commission = desk.sign_in(Role.OFFICER, EDUCATION), desk.sign_in(Role.COORDINATOR, COMMISSION)
    path = f"/api/cases/{desk.case_id(INDICATOR)}"

    by_officer = json.loads((await officer.api_get(path)).text)
    by_commission = json.loads((await commission.api_get(path)).text)

    assert by_officer["actions"] == ["acknowledge", "file_measures", "note", "attach"]
    assert by_commission["actions"] == ["note", "close", "escalate", "silence", "reassign"]
    assert by_officer["what_is_wrong"]["zh"].startswith("红色预警：2021年九年义务教育巩固率(%)为97.81，")
    assert by_officer["what_is_expected"]["zh"].startswith("中卫市教育局须于2022年3月4日前（含当日）签收")
