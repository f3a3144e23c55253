"""A file that cannot be read as a document of a plan."""

from __future__ import annotations

from pathlib import Path

from planwatch.errors import Invalid
from planwatch.language import Text


class UnreadableDocument(Invalid):
    """The file is missing, of another format, encrypted, too large or without text."""


def refuse(path: Path, zh: str, en: str) -> UnreadableDocument:
    """The error that names the file and what is wrong with it."""
    return UnreadableDocument(Text(f"{path.name}：{zh}", f"{path.name}: {en}"))
