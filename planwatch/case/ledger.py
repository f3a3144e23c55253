"""The chain of the history: every row carries the hash of the row before it, so that no row can be changed unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from planwatch.language import Text

GENESIS = ""
"""What the first row of a chain has for the hash of the row before it."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of a chain.

    Attributes:
        entry_no: its number in the chain, from 1 without a gap.
        content: everything else in the row, in the form in which it is hashed.
        previous_hash, entry_hash: 64 hexadecimal digits; `previous_hash` of the first row is empty.
    """

    entry_no: int
    content: str
    previous_hash: str
    entry_hash: str


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """What is wrong at which place of a chain."""

    entry_no: int
    reason: Text


def entry_hash(previous_hash: str, content: str) -> str:
    """SHA-256 of the row before and of this one, as 64 hexadecimal digits."""
    return hashlib.sha256(f"{previous_hash}\n{content}".encode()).hexdigest()


def verify_chain(rows: Iterable[LedgerRow], head: tuple[int, str] | None) -> list[LedgerFault]:
    """What is wrong with a chain; empty where nothing is.

    Args:
        rows: of one chain, by rising `entry_no`.
        head: number and hash of its last row, as kept beside the chain; None where none is kept.
    """
    faults, expected_no, previous = [], 1, GENESIS
    for row in rows:
        if row.entry_no > expected_no:
            gone = f"{expected_no}" if row.entry_no == expected_no + 1 else f"{expected_no}-{row.entry_no - 1}"
            faults.append(LedgerFault(expected_no, Text(f"第{gone}条被删除", f"entry {gone} was removed")))
        elif row.entry_no < expected_no:
            faults.append(LedgerFault(row.entry_no, Text("重复的条目，系插入", "inserted: the number is taken")))
        elif row.previous_hash != previous:
            faults.append(
                LedgerFault(row.entry_no, Text("与上一条不相接，系插入或改写", "does not follow the entry before"))
            )
        if row.entry_hash != entry_hash(row.previous_hash, row.content):
            faults.append(LedgerFault(row.entry_no, Text("内容被改写", "the content was changed")))
        expected_no, previous = row.entry_no + 1, row.entry_hash
    last = (expected_no - 1, previous)
    if head is None:
        if last != (0, GENESIS):
            faults.append(LedgerFault(last[0], Text("链首记录缺失", "the head of the chain is missing")))
    elif head[0] > last[0]:
        faults.append(
            LedgerFault(
                last[0] + 1,
                Text(f"末尾第{last[0] + 1}-{head[0]}条被删除", f"entries {last[0] + 1}-{head[0]} were removed"),
            )
        )
    elif head != last:
        faults.append(
            LedgerFault(last[0], Text("末尾与链首记录不符，系插入或改写", "the end of the chain is not its head"))
        )
    return faults
