"""Which files may be attached: told by their content, not by what they are called. Pure."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from planwatch.language import Text
from services.alerts.desk.submitted import Fault, clean

MOST_BYTES = 10 * 1024 * 1024
MOST_FILES = 20
LONGEST_FILE_NAME = 100
MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that may be attached.

    Attributes:
        name: without folders and control characters.
        media_type: by content.
        content: the bytes.
        sha256: of the content, 64 hexadecimal digits.
    """

    name: str
    media_type: str
    content: bytes
    sha256: str


ALLOWED = Text(
    "PDF、OFD、Word（.docx）、Excel（.xlsx）、PNG 或 JPEG 文件，内容与扩展名一致，不含宏",
    "a PDF, OFD, Word (.docx), Excel (.xlsx), PNG or JPEG file whose content is what its ending says, without macros",
)


def read_file(name: str, content: bytes) -> AttachedFile | Fault:
    """The file, or what is wrong with it.

    Args:
        name: as the browser gives it, perhaps with folders.
        content: the bytes.
    """
    plain = plain_name(name)
    if not plain or not content:
        return Fault("file", plain, Text("选择一个非空文件", "a file that is not empty"))
    if len(content) > MOST_BYTES:
        return Fault("file", plain, TOO_LARGE)
    kind = _KINDS.get(PurePosixPath(plain).suffix.casefold())
    if kind is None or not kind[1](content):
        return Fault("file", plain, ALLOWED)
    return AttachedFile(plain, kind[0], content, hashlib.sha256(content).hexdigest())


def plain_name(name: str) -> str:
    """The last part of a path of any system; of a long one its beginning and its ending."""
    last = clean(name).replace("\\", "/").replace("\n", " ").replace("\t", " ").rpartition("/")[2].strip(" .")
    if len(last) <= LONGEST_FILE_NAME:
        return last
    suffix = PurePosixPath(last).suffix[:10]
    return last[: LONGEST_FILE_NAME - len(suffix)] + suffix


def note_of(file: AttachedFile) -> str:
    """The words of the step of the history that stands for an attachment."""
    return f"附件 {file.name}（SHA-256 {file.sha256}）"


TOO_LARGE = Text(f"不超过{MOST_BYTES // 1024 // 1024} MB 的文件", f"a file of at most {MOST_BYTES // 1024 // 1024} MB")
TOO_MANY = Text(f"每件预警至多{MOST_FILES}个附件", f"at most {MOST_FILES} files per case")


def _starts_with(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _is_package_with(*members: str) -> Callable[[bytes], bool]:
    """A ZIP archive that has all these members and no macros; its content is not unpacked."""

    def is_one(content: bytes) -> bool:
        if not content.startswith(b"PK\x03\x04"):
            return False
        try:
            names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
            return False
        has_macros = any(name.casefold().endswith("vbaproject.bin") for name in names)
        return len(names) <= MOST_ENTRIES and set(members) <= set(names) and not has_macros

    return is_one


_OFFICE = "application/vnd.openxmlformats-officedocument"
_JPEG = ("image/jpeg", _starts_with(b"\xff\xd8\xff"))
_KINDS: Mapping[str, tuple[str, Callable[[bytes], bool]]] = {
    ".pdf": ("application/pdf", _starts_with(b"%PDF-")),
    ".png": ("image/png", _starts_with(b"\x89PNG\r\n\x1a\n")),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".docx": (f"{_OFFICE}.wordprocessingml.document", _is_package_with("[Content_Types].xml", "word/document.xml")),
    ".xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _is_package_with("[Content_Types].xml", "xl/workbook.xml")),
    ".ofd": ("application/ofd", _is_package_with("OFD.xml")),
}
"""Ending → media type and the test of the content."""
