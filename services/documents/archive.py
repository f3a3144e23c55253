"""Office files are ZIP archives: what has to be true before a library may unpack one."""

from __future__ import annotations

import zipfile
from pathlib import Path

from services.documents.errors import refuse

LARGEST_UNPACKED = 400 * 1024 * 1024
"""Bytes that an office file may grow to; more is a decompression bomb."""

_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")


def check_archive(path: Path, member: str, kind_zh: str, kind_en: str) -> None:
    """Refuse a file that is not an unencrypted office file of the expected kind.

    Args:
        path: the file.
        member: a member of the archive that tells the kind, e.g. `word/document.xml`.
        kind_zh: name of the kind for the message.
        kind_en: the same in English.
    Raises:
        UnreadableDocument: with what is wrong.
    """
    with path.open("rb") as file:
        start = file.read(8)
    if start == _OLD_OFFICE:
        raise refuse(
            path,
            "文件已加密，或是旧版格式改了扩展名；请去掉密码或另存为新格式",
            "is encrypted, or of the old format under a new name; remove the password or save it in the new format",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    except zipfile.BadZipFile as error:
        raise refuse(
            path, f"不是{kind_zh}（内容与扩展名不符或已损坏）", f"is no {kind_en}: damaged, or of another format"
        ) from error
    if member not in sizes:
        raise refuse(path, f"不是{kind_zh}（缺少 {member}）", f"is no {kind_en}: {member} is missing")
    if sum(sizes.values()) > LARGEST_UNPACKED:
        raise refuse(path, "展开后过大", "is too large when unpacked")
