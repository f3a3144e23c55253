"""How offices write a number in a cell."""

from __future__ import annotations

import re
from decimal import Decimal

MISSING_MARKS = frozenset({"", "-", "—", "——", "－", "…"})
MOST_DIGITS = 30

_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x2212: "-"}
"""Full-width forms, and the typographic minus, to what a keyboard in Latin mode gives."""


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or holds a mark for “no figure”."""
    return cell.strip() in MISSING_MARKS


def read_number(cell: str, *, per_cent: bool) -> Decimal | None:
    """The number in a cell with the decimals it was written with; None where it is none.

    Args:
        cell: thousands separators and full-width forms are read.
        per_cent: a per cent sign may follow the number.
    """
    text = cell.strip() if cell.isascii() else cell.translate(_HALF_WIDTH).strip()
    if per_cent:
        text = text.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text.replace(",", ""))
    is_readable = len(value.as_tuple().digits) <= MOST_DIGITS and abs(value.adjusted()) <= MOST_DIGITS
    return value if is_readable else None
