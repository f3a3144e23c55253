"""Files attached to cases, on a real PostgreSQL."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator

import psycopg
import pytest

from planwatch.case.permissions import Role
from services.database import connect_as
from tests.builders import figure
from tests.desk import COMMISSION, EDUCATION, HEALTH, OpenDesk, open_desk
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

PDF = b"%PDF-1.7\n1 0 obj\n"
INDICATOR = "zhongwei-05"


def package(*members: str) -> bytes:
    """A ZIP archive with empty members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for member in members:
            archive.writestr(member, "")
    return content.getvalue()


@pytest.fixture
async def desk(pipeline: Pipeline) -> AsyncIterator[OpenDesk]:
    """A desk with one red case, of no. 5, whose owner is the education bureau."""
    await pipeline.submit(figure(5, "2021", "97.81"), submission_id="a")
    async with open_desk(pipeline) as desk:
        yield desk


async def attach(desk: OpenDesk, name: str, content: bytes) -> int:
    """An officer of the owner attaches a file; the status of the answer."""
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    return (await person.attach(f"/cases/{desk.case_id(INDICATOR)}/attach", name, content, "1")).status


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("整改方案.pdf", PDF),
        ("现场.PNG", b"\x89PNG\r\n\x1a\n.."),
        ("现场.jpeg", b"\xff\xd8\xff\xe0.."),
        ("方案.docx", package("[Content_Types].xml", "word/document.xml")),
        ("台账.xlsx", package("[Content_Types].xml", "xl/workbook.xml")),
        ("公文.ofd", package("OFD.xml", "Doc_0/Document.xml")),
    ],
)
async def test_a_file_is_kept_and_its_hash_stands_in_the_history(desk: OpenDesk, name: str, content: bytes) -> None:
    assert await attach(desk, name, content) == 303

    digest = hashlib.sha256(content).hexdigest()
    assert desk.pipeline.rows("SELECT name, sha256, content FROM attachments") == [(name, digest, content)]
    ((reason, kind),) = desk.pipeline.rows("SELECT reason_zh, step_kind FROM warning_history WHERE step = 2")
    assert (reason, kind) == (f"附件 {name}（SHA-256 {digest}）", "note")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("page.pdf", b"<script>alert(1)</script>"),
        ("program.exe", b"MZ.."),
        ("program.pdf.exe", PDF),
        ("picture.svg", b"<svg onload='alert(1)'/>"),
        ("picture.png", PDF),
        ("macros.docx", package("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("macros.docm", package("[Content_Types].xml", "word/document.xml")),
        ("sheet.docx", package("[Content_Types].xml", "xl/workbook.xml")),
        ("broken.docx", b"PK\x03\x04 and no more"),
        ("noending", PDF),
        ("empty.pdf", b""),
        ("\u202efdp.exe", b"MZ"),
    ],
)
async def test_what_is_not_on_the_list_by_its_content_is_refused(desk: OpenDesk, name: str, content: bytes) -> None:
    assert await attach(desk, name, content) == 422

    assert desk.pipeline.rows("SELECT 1 FROM attachments") == []
    assert desk.kinds(INDICATOR) == ["raise"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/方案.pdf", "方案.pdf"),
        ("C:\\Users\\方案.pdf", "方案.pdf"),
        ("长" * 200 + ".pdf", "长" * 96 + ".pdf"),
        ("a\u202eb.pdf", "ab.pdf"),
    ],
)
async def test_the_name_of_a_file_leads_nowhere(desk: OpenDesk, name: str, kept: str) -> None:
    await attach(desk, name, PDF)

    assert desk.pipeline.rows("SELECT name FROM attachments") == [(kept,)]


@pytest.mark.parametrize(("size", "status"), [(10 * 1024 * 1024, 303), (10 * 1024 * 1024 + 1, 422), (11_000_000, 413)])
async def test_a_file_has_ten_megabytes_at_most(desk: OpenDesk, size: int, status: int) -> None:
    assert await attach(desk, "a.pdf", PDF.ljust(size, b" ")) == status


async def test_a_case_has_twenty_files_at_most(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.OFFICER, EDUCATION)
    path = f"/cases/{desk.case_id(INDICATOR)}/attach"
    answers = [await person.attach(path, f"{number}.pdf", PDF, str(number)) for number in range(1, 22)]

    assert [answer.status for answer in answers] == [303] * 20 + [422]
    assert "至多20个附件" in answers[-1].text


async def test_a_file_sent_twice_is_kept_once(desk: OpenDesk) -> None:
    assert [await attach(desk, "a.pdf", PDF), await attach(desk, "a.pdf", PDF)] == [303, 303]

    assert desk.pipeline.rows("SELECT count(*) FROM attachments") == [(1,)]
    assert desk.kinds(INDICATOR) == ["raise", "note"]


async def test_a_file_is_saved_and_never_shown(desk: OpenDesk) -> None:
    await attach(desk, "整改 方案.pdf", PDF)
    ((attachment_id,),) = desk.pipeline.rows("SELECT attachment_id FROM attachments")

    answer = await desk.sign_in(Role.COORDINATOR, COMMISSION).get(
        f"/cases/{desk.case_id(INDICATOR)}/attachments/{attachment_id}"
    )

    assert answer.content == PDF
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"attachment.pdf\"; filename*=UTF-8''%E6%95%B4%E6%94%B9%20%E6%96%B9%E6%A1%88.pdf"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_who_may_not_read_the_case_gets_no_file_of_it(desk: OpenDesk) -> None:
    await attach(desk, "a.pdf", PDF)
    ((attachment_id,),) = desk.pipeline.rows("SELECT attachment_id FROM attachments")

    answer = await desk.sign_in(Role.HEAD, HEALTH).get(f"/cases/{desk.case_id(INDICATOR)}/attachments/{attachment_id}")

    assert answer.status == 403


async def test_a_file_of_another_case_is_not_found_under_this_one(desk: OpenDesk) -> None:
    await attach(desk, "a.pdf", PDF)
    await desk.pipeline.submit(figure(13, "2021", "31"), submission_id="b")
    ((attachment_id,),) = desk.pipeline.rows("SELECT attachment_id FROM attachments")
    admin = desk.sign_in(Role.ADMINISTRATOR, None)

    other = await admin.get(f"/cases/{desk.case_id('zhongwei-13')}/attachments/{attachment_id}")
    outside = await admin.get(f"/cases/{desk.case_id(INDICATOR)}/attachments/..%2f..%2fetc%2fpasswd")

    assert (other.status, outside.status) == (404, 404)


async def test_a_participant_may_not_attach(desk: OpenDesk) -> None:
    person = desk.sign_in(Role.COORDINATOR, COMMISSION)

    answer = await person.attach(f"/cases/{desk.case_id(INDICATOR)}/attach", "a.pdf", PDF, "1")

    assert answer.status == 403
    assert desk.pipeline.rows("SELECT 1 FROM attachments") == []


@pytest.mark.parametrize("statement", ["UPDATE attachments SET name = 'x'", "DELETE FROM attachments"])
async def test_no_file_is_changed_or_removed(desk: OpenDesk, statement: str) -> None:
    await attach(desk, "a.pdf", PDF)

    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        desk.pipeline.execute(statement)


async def test_the_role_of_the_public_pages_reads_no_file(desk: OpenDesk) -> None:
    with connect_as(desk.pipeline.url, "planwatch_reader") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT content FROM attachments")
        connection.rollback()
