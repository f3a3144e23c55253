"""地区: administrative divisions by their GB/T 2260 code (six digits: province, prefecture, county)."""

from __future__ import annotations

import re

NATIONAL = "100000"

_CODE = re.compile(r"[1-9][0-9]{5}")


def is_area_code(text: str) -> bool:
    """Whether `text` has the form of a GB/T 2260 code."""
    return _CODE.fullmatch(text) is not None


def lies_within(area: str, parent: str) -> bool:
    """Whether `area` is `parent` or one of its divisions: 640502 lies within 640500, 640000 and 100000."""
    if parent == NATIONAL:
        return is_area_code(area)
    significant = parent
    while significant.endswith("00"):
        significant = significant[:-2]
    return is_area_code(area) and area.startswith(significant)
