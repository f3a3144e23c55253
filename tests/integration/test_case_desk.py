"""Answering a case at the desk, on a real PostgreSQL: every form done, refused, mended, stale, doubled, forged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from http import HTTPStatus

import pytest

from planwatch.case.events import Acknowledged, ClosedByPerson, Silenced
from planwatch.case.permissions import Action, Role
from planwatch.local_time import LOCAL_TIME
from tests.builders import figure
from tests.desk import COMMISSION, EDUCATION, HEALTH, OpenDesk, open_desk
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

FORMS: dict[Action, tuple[Role, str, dict[str, str]]] = {
    Action.ACKNOWLEDGE: (Role.OFFICER, EDUCATION, {}),
    Action.FILE_MEASURES: (
        Role.OFFICER,
        EDUCATION,
        {
            "what-1": "控辍保学专项排查", "who-1": "李科长", "by-1": "2022-06-30",
            "what-3": "逐校核对学籍", "who-3": "马主任", "by-3": "2022-04-30",
        },
    ),
    Action.NOTE: (Role.OFFICER, EDUCATION, {"note": "已走访三所学校"}),
    Action.REQUEST_CLOSING: (Role.HEAD, EDUCATION, {"reason": "学籍已核对完毕"}),
    Action.CLOSE: (Role.COORDINATOR, COMMISSION, {"reason": "经核实已整改"}),
    Action.REASSIGN: (Role.COORDINATOR, COMMISSION, {"agency": HEALTH, "reason": "职责调整"}),
    Action.SILENCE: (Role.COORDINATOR, COMMISSION, {"until": "2022-03-31", "reason": "等待年报修订"}),
    Action.ESCALATE: (Role.COORDINATOR, COMMISSION, {"reason": "请尽快办理"}),
}  # fmt: skip
"""Every form that a new case has, with who fills it in and how."""
WRONG: dict[Action, tuple[Role, str | None]] = {Action.NOTE: (Role.ADMINISTRATOR, None)}
"""Who may read the case but not do this, where it is not an officer of the coordinating body."""
INVALID = [
    (Action.FILE_MEASURES, "who-1", {"what-1": "排查", "who-1": "", "by-1": "2022-06-30"}),
    (Action.FILE_MEASURES, "by-1", {"what-1": "排查", "who-1": "李", "by-1": "30.06.2022"}),
    (Action.FILE_MEASURES, "by-1", {"what-1": "排查", "who-1": "李", "by-1": "2022-02-28"}),
    (Action.FILE_MEASURES, "what-1", {}),
    (Action.NOTE, "note", {"note": " \u202e "}),
    (Action.NOTE, "note", {"note": "长" * 2001}),
    (Action.REQUEST_CLOSING, "reason", {}),
    (Action.CLOSE, "reason", {"reason": "\x00"}),
    (Action.REASSIGN, "agency", {"agency": "nobody", "reason": "职责调整"}),
    (Action.REASSIGN, "agency", {"agency": EDUCATION, "reason": "职责调整"}),
    (Action.SILENCE, "until", {"until": "2022-03-01", "reason": "等待"}),
    (Action.SILENCE, "until", {"until": "2022-02-30", "reason": "等待"}),
    (Action.ESCALATE, "reason", {"reason": ""}),
]
INDICATOR = "zhongwei-05"


@pytest.fixture
async def desk(pipeline: Pipeline) -> AsyncIterator[OpenDesk]:
    """A desk with one red case, of no. 5, whose owner is the education bureau."""
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    async with open_desk(pipeline) as desk:
        yield desk


@pytest.mark.parametrize("action", FORMS)
async def test_a_form_becomes_a_step_in_the_name_of_who_sent_it(desk: OpenDesk, action: Action) -> None:
    role, agency, fields = FORMS[action]
    person = desk.sign_in(role, agency, "马丽")

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/{action}", {**fields, "step": "1"})

    assert answer.status == 303, answer.text
    assert desk.kinds(INDICATOR) == ["raise", action]
    (actor, account), *_ = desk.pipeline.rows(
        "SELECT actor, account_id FROM warning_history JOIN step_accounts USING (case_id, step)"
    )
    assert actor.endswith("马丽")
    assert desk.pipeline.rows("SELECT 1 FROM accounts WHERE account_id = %s", account) == [(1,)]


@pytest.mark.parametrize("action", FORMS)
async def test_the_page_after_a_form_says_what_was_done(desk: OpenDesk, action: Action) -> None:
    role, agency, fields = FORMS[action]
    person = desk.sign_in(role, agency)

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/{action}", {**fields, "step": "1"})
    page = await person.get(answer.headers["Location"])

    assert page.status == 200
    assert "已办理：" in page.text


@pytest.mark.parametrize("action", FORMS)
async def test_who_may_not_is_told_why_and_nothing_happens(desk: OpenDesk, action: Action) -> None:
    _, _, fields = FORMS[action]
    wrong_role = desk.sign_in(*WRONG.get(action, (Role.OFFICER, COMMISSION)))

    answer = await wrong_role.post(f"/cases/{desk.case_id(INDICATOR)}/{action}", {**fields, "step": "1"})

    assert answer.status == 403
    assert "由" in answer.text
    assert desk.kinds(INDICATOR) == ["raise"]


@pytest.mark.parametrize("action", FORMS)
async def test_who_may_not_even_read_learns_nothing_of_the_case(desk: OpenDesk, action: Action) -> None:
    stranger = desk.sign_in(Role.HEAD, HEALTH)

    answer = await stranger.post(f"/cases/{desk.case_id(INDICATOR)}/{action}", {**FORMS[action][2], "step": "1"})

    assert answer.status == 403
    assert "九年义务教育" not in answer.text
    assert desk.kinds(INDICATOR) == ["raise"]


@pytest.mark.parametrize(("action", "field", "fields"), INVALID)
async def test_a_wrong_field_is_named_with_what_would_be_right(
    desk: OpenDesk, action: Action, field: str, fields: dict[str, str]
) -> None:
    role, agency, _ = FORMS[action]
    person = desk.sign_in(role, agency)

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/{action}", {**fields, "step": "1"})

    assert answer.status == 422
    assert answer.text.count(f'id="fault-{field}"') == 1
    assert "应为" in answer.text
    assert desk.kinds(INDICATOR) == ["raise"]


async def test_what_was_typed_stays_in_a_form_that_has_a_fault(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    fields = {"what-1": "控辍保学<专项>", "who-1": "", "by-1": "2022-06-30", "step": "1"}

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/file_measures", fields)

    assert 'value="控辍保学&lt;专项&gt;"' in answer.text
    assert 'value="2022-06-30"' in answer.text


async def test_a_row_of_measures_is_added_without_losing_the_others(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    typed = {"what-1": "排查", "what-3": "", "step": "1", "add_row": "1"}

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/file_measures", typed)

    assert answer.status == 200
    assert 'name="what-4"' in answer.text
    assert 'value="排查"' in answer.text
    assert desk.kinds(INDICATOR) == ["raise"]


@pytest.mark.parametrize("action", FORMS)
async def test_a_form_sent_twice_has_one_effect(desk: OpenDesk, action: Action) -> None:
    role, agency, fields = FORMS[action]
    person = desk.sign_in(role, agency)
    path = f"/cases/{desk.case_id(INDICATOR)}/{action}"

    await person.post(path, {**fields, "step": "1"})
    desk.pipeline.clock.advance(seconds=2)
    again = await person.post(path, {**fields, "step": "1"})

    assert again.status == 303
    assert "again=1" in again.headers["Location"]
    assert desk.kinds(INDICATOR) == ["raise", action]


async def test_a_form_sent_at_the_same_moment_by_five_clicks_has_one_effect(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.HEAD, EDUCATION)
    path = f"/cases/{desk.case_id(INDICATOR)}/request_closing"
    fields = {**FORMS[Action.REQUEST_CLOSING][2], "step": "1"}

    answers = await asyncio.gather(*(person.post(path, fields) for _ in range(5)))

    assert {answer.status for answer in answers} == {303}
    assert desk.kinds(INDICATOR) == ["raise", "request_closing"]
    assert desk.pipeline.rows("SELECT count(*) FROM mails WHERE mail_kind = 'request'") == [(1,)]


@pytest.mark.parametrize("action", sorted(set(FORMS) - {Action.ACKNOWLEDGE}))
async def test_a_form_of_before_the_case_moved_on_shows_what_is_new(desk: OpenDesk, action: Action) -> None:
    role, agency, fields = FORMS[action]
    person = desk.sign_in(role, agency)
    await desk.pipeline.happen(INDICATOR, Acknowledged("中卫市教育局 赵局长"))

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/{action}", {**fields, "step": "1"})

    assert answer.status == 409
    assert "又有了新的经过" in answer.text
    assert "赵局长签收" in answer.text
    assert all(value in answer.text for value in fields.values())
    assert 'name="step" value="2"' in answer.text
    assert desk.kinds(INDICATOR) == ["raise", "acknowledge"]


async def test_what_the_case_does_not_allow_is_refused_in_the_words_of_the_state_machine(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    await desk.pipeline.happen(INDICATOR, Acknowledged("中卫市教育局 赵局长"))

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/acknowledge", {"step": "2"})

    assert answer.status == 409
    assert "没有办理：已签收" in answer.text


async def test_a_silence_can_be_lifted(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.COORDINATOR, COMMISSION)
    until = (desk.pipeline.clock() + timedelta(days=9)).astimezone(LOCAL_TIME).date()
    await desk.pipeline.happen(INDICATOR, Silenced("统筹", until, "等待"))

    page = await person.get(f"/cases/{desk.case_id(INDICATOR)}")
    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/lift_silence", {"reason": "年报已修订", "step": "2"})

    assert "静默至2022年3月10日" in page.text
    assert answer.status == 303
    assert desk.kinds(INDICATOR) == ["raise", "silence", "lift_silence"]


@pytest.mark.parametrize("action", FORMS)
async def test_a_form_that_no_page_gave_out_is_refused(desk: OpenDesk, action: Action) -> None:
    role, agency, fields = FORMS[action]
    person = desk.sign_in(role, agency)

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/{action}", {**fields, "step": "1"}, csrf="forged")

    assert answer.status == 403
    assert desk.kinds(INDICATOR) == ["raise"]


@pytest.mark.parametrize("step", ["", "0", "-1", "2", "9" * 40, "１", "x"])
async def test_a_step_that_the_history_does_not_have_is_no_step(desk: OpenDesk, step: str) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)

    answer = await person.post(f"/cases/{desk.case_id(INDICATOR)}/acknowledge", {"step": step})

    assert answer.status == 422
    assert desk.kinds(INDICATOR) == ["raise"]


async def test_markup_in_a_note_is_shown_and_not_run(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION, '"><img src=x onerror=alert(1)>')
    path = f"/cases/{desk.case_id(INDICATOR)}"

    await person.post(f"{path}/note", {"note": "<script>alert(1)</script>{{ 7 * 7 }}", "step": "1"})
    page = await person.get(path)

    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7 * 7 }}" in page.text
    assert "script-src 'none'" in page.headers["Content-Security-Policy"]


async def test_reassigning_makes_the_new_owner_answer_and_keeps_the_chain_above_it(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.ADMINISTRATOR, None)
    fields = {"agency": HEALTH, "reason": "职责调整", "step": "1"}

    await person.post(f"/cases/{desk.case_id(INDICATOR)}/reassign", fields)

    assert desk.pipeline.rows("SELECT agency_id, state FROM early_warnings") == [(HEALTH, "open")]
    assert desk.sign_in(Role.OFFICER, HEALTH)
    page = await desk.sign_in(Role.OFFICER, HEALTH).get(f"/cases/{desk.case_id(INDICATOR)}")
    assert page.status == 200


async def test_a_closed_case_is_told_as_what_it_was(desk: OpenDesk) -> None:
    await desk.pipeline.happen(INDICATOR, ClosedByPerson("统筹", "已整改"))

    page = await desk.sign_in(Role.OFFICER, EDUCATION).get(f"/cases/{desk.case_id(INDICATOR)}")

    assert "<p>原红色预警（自2021年起）：2021年九年义务教育巩固率(%)为97.81，" in page.text
    assert "已销号，无需办理。" in page.text


async def test_the_bare_address_leads_to_the_cases(desk: OpenDesk) -> None:
    page = await desk.sign_in(Role.OFFICER, EDUCATION).get("/")

    assert (page.status, page.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/cases")


async def test_nobody_reads_without_signing_in(desk: OpenDesk) -> None:
    async with desk.client.get(f"/cases/{desk.case_id(INDICATOR)}", allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", ["/cases/unknown", "/cases/unknown/print", "/cases/unknown/attachments/x"])
async def test_an_unknown_case_is_said_to_be_unknown(desk: OpenDesk, path: str) -> None:
    answer = await desk.sign_in(Role.ADMINISTRATOR, None).get(path)

    assert answer.status == 404
    assert "没有这一预警" in answer.text


async def test_the_history_stays_whole(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    path = f"/cases/{desk.case_id(INDICATOR)}"
    await person.post(f"{path}/file_measures", {**FORMS[Action.FILE_MEASURES][2], "step": "1"})

    page = await person.get(path)

    ((entry_hash,),) = desk.pipeline.rows("SELECT entry_hash FROM warning_history WHERE step = 2")
    assert entry_hash in page.text
    assert "控辍保学专项排查" in page.text
    assert desk.pipeline.rows("SELECT due_on::text, state FROM early_warnings") == [("2022-06-30", "rectifying")]
