"""Files that cannot be read are refused with their name and what is wrong, in both languages."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from planwatch.language import Text
from planwatch.plan_import.catalogue import KnownCatalogue
from planwatch.plan_import.draft import import_plan
from planwatch.plan_import.main_table import NoMainTable
from services import documents
from services.documents import UnreadableDocument, archive, read_document
from services.documents.errors import refuse

NOTHING_KNOWN = KnownCatalogue((), {}, ())
OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 512


def missing(folder: Path) -> Path:
    return folder / "没有.docx"


def of_another_kind(folder: Path) -> Path:
    return written(folder / "规划.jpg", b"\xff\xd8")


def old_word(folder: Path) -> Path:
    return written(folder / "规划.doc", OLD_OFFICE)


def encrypted_word(folder: Path) -> Path:
    return written(folder / "规划.docx", OLD_OFFICE)


def text_called_word(folder: Path) -> Path:
    return written(folder / "规划.docx", "指标".encode())


def excel_called_word(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "规划.docx", "w") as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
    return folder / "规划.docx"


def damaged_excel(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "规划.xlsx", "w") as packed:
        packed.writestr("xl/workbook.xml", "<workbook")
    return folder / "规划.xlsx"


def text_called_pdf(folder: Path) -> Path:
    return written(folder / "规划.pdf", "指标".encode())


def encrypted_pdf(folder: Path) -> Path:
    canvas = Canvas(str(folder / "规划.pdf"), encrypt=StandardEncryption("secret"))
    canvas.drawString(100, 700, "2020 2025")
    canvas.save()
    return folder / "规划.pdf"


def scanned_pdf(folder: Path) -> Path:
    canvas = Canvas(str(folder / "规划.pdf"))
    canvas.rect(50, 50, 400, 600, fill=1)
    canvas.showPage()
    canvas.save()
    return folder / "规划.pdf"


def binary_text(folder: Path) -> Path:
    return written(folder / "规划.txt", b"\xff\xff\x00\x81\x00")


def empty_text(folder: Path) -> Path:
    return written(folder / "规划.txt", b"\n \n")


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("make", "zh", "en"),
    [
        (missing, "无法打开", "cannot be opened"),
        (of_another_kind, "不认识的文件类型", "unknown kind"),
        (old_word, "另存为 .docx", "save it as .docx"),
        (encrypted_word, "加密", "encrypted"),
        (text_called_word, "不是Word 文档", "no Word document"),
        (excel_called_word, "缺少 word/document.xml", "word/document.xml is missing"),
        (damaged_excel, "已损坏", "damaged"),
        (text_called_pdf, "不是 PDF", "no PDF"),
        (encrypted_pdf, "PDF 已加密", "encrypted"),
        (scanned_pdf, "扫描件", "scanned"),
        (binary_text, "不是 UTF-8", "not text"),
        (empty_text, "没有任何文字", "no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_name_and_the_reason(
    make: Callable[[Path], Path], zh: str, en: str, tmp_path: Path
) -> None:
    path = make(tmp_path)

    with pytest.raises(UnreadableDocument) as refused:
        read_document(path)

    assert refused.value.text.zh.startswith(path.name)
    assert zh in refused.value.text.zh
    assert en in refused.value.text.en


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "LARGEST_FILE", 10)
    path = written(tmp_path / "规划.txt", b"x" * 11)

    with pytest.raises(UnreadableDocument, match="超过"):
        read_document(path)


def test_an_archive_that_unpacks_without_end_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST_UNPACKED", 1024 * 1024)
    path = tmp_path / "规划.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/document.xml", b"0" * (1024 * 1024 + 1))

    with pytest.raises(UnreadableDocument, match="展开后过大"):
        read_document(path)


def test_a_document_without_a_table_says_what_was_looked_for(tmp_path: Path) -> None:
    source = read_document(written(tmp_path / "通知.txt", "各县区人民政府：\n现印发给你们。\n".encode()))

    with pytest.raises(NoMainTable) as refused:
        import_plan(source, NOTHING_KNOWN)

    assert refused.value.text.zh.startswith("通知.txt")
    assert "指标" in refused.value.text.zh
    assert "Looked for" in refused.value.text.en


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_is_read_in_every_usual_encoding(encoding: str, tmp_path: Path) -> None:
    path = written(tmp_path / "规划.txt", "第一行\r\n指标\t≥95%".encode(encoding))

    document = read_document(path)

    assert [line.text for line in document.lines] == ["第一行", "指标\t≥95%"]


def test_lines_of_a_word_document_say_where_they_stand(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("前言")
    table = document.add_table(rows=2, cols=2)
    table.cell(1, 1).text = "95"
    document.save(str(tmp_path / "规划.docx"))

    source = read_document(tmp_path / "规划.docx")

    assert source.lines[0].place == Text("第1段", "paragraph 1")
    assert source.lines[2].place == Text("表1第2行", "table 1, row 2")
    assert source.grids[0].rows[1].cells == ("", "95")


def test_a_refusal_names_no_folder(tmp_path: Path) -> None:
    refused = refuse(tmp_path / "规划.docx", "坏了", "broken")

    assert str(tmp_path) not in str(refused)
