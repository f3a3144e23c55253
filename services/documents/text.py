"""Plain text: one line a line."""

from __future__ import annotations

import codecs
from pathlib import Path

from planwatch.language import Text
from planwatch.plan_import.source import SourceDocument, SourceLine
from services.documents.errors import refuse

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: Path) -> SourceDocument:
    """Read a text file in UTF-8, GB 18030 or UTF-16 with a mark.

    Raises:
        UnreadableDocument: the bytes are no text in any of them.
    """
    content = path.read_bytes()
    encodings = ("utf-16",) if content.startswith(_UTF_16) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return SourceDocument(path.name, _lines(text), ())
    raise refuse(path, "不是 UTF-8、GB 18030 或 UTF-16 编码的文本", "is not text in UTF-8, GB 18030 or UTF-16")


def _lines(text: str) -> tuple[SourceLine, ...]:
    printed = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(
        SourceLine(number, line, Text(f"第{number}行", f"line {number}"))
        for number, line in enumerate(printed, start=1)
    )
