"""Documents of a plan as numbered lines and tables: plain text, Word, Excel and PDF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from planwatch.plan_import.source import SourceDocument
from services.documents.errors import UnreadableDocument, refuse
from services.documents.excel import read_excel
from services.documents.pdf import read_pdf
from services.documents.text import read_text
from services.documents.word import read_word

LARGEST_FILE = 50 * 1024 * 1024
"""Bytes; a plan with its pictures is smaller by far."""

_READERS: Mapping[str, Callable[[Path], SourceDocument]] = {
    ".txt": read_text,
    ".md": read_text,
    ".docx": read_word,
    ".xlsx": read_excel,
    ".pdf": read_pdf,
}
_FORMER = {".doc": ".docx", ".wps": ".docx", ".rtf": ".docx", ".odt": ".docx", ".xls": ".xlsx", ".et": ".xlsx"}

__all__ = ["UnreadableDocument", "read_document"]


def read_document(path: Path) -> SourceDocument:
    """Read a document by the format that its name's ending says.

    Raises:
        UnreadableDocument: missing, too large, of another format, encrypted, or without text.
    """
    ending = path.suffix.lower()
    reader = _READERS.get(ending)
    if reader is None:
        raise refuse(path, *_unknown_format(ending))
    try:
        size = path.stat().st_size
    except OSError as error:
        raise refuse(path, f"无法打开：{error.strerror}", f"cannot be opened: {error.strerror}") from error
    if size > LARGEST_FILE:
        megabytes = LARGEST_FILE // 1024 // 1024
        zh = f"文件 {size} 字节，超过 {megabytes} MB 的上限；请只保留含主表的部分"
        raise refuse(path, zh, f"{size} bytes exceed the limit of {megabytes} MB; keep the part with the main table")
    document = reader(path)
    if not any(line.text.strip() for line in document.lines):
        raise refuse(path, "文件没有任何文字", "the file holds no text at all")
    return document


def _unknown_format(ending: str) -> tuple[str, str]:
    known = "、".join(_READERS)
    if ending in _FORMER:
        return (
            f"不能读取 {ending}；请用办公软件另存为 {_FORMER[ending]}",
            f"{ending} cannot be read; save it as {_FORMER[ending]} first",
        )
    return (
        f"不认识的文件类型“{ending}”；可读：{known}",
        f"unknown kind of file “{ending}”; can read: {', '.join(_READERS)}",
    )
