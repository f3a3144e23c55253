"""A cell of a report that cannot be accepted, on its way from the rule that refuses it to the finding."""

from __future__ import annotations

from planwatch.language import Text


class RejectedCell(Exception):
    """One cell is refused.

    Attributes:
        field: of `planwatch.submission.FIELDS`.
        code: of the finding, e.g. `not_a_number`.
        reason: what is wrong and what was expected.
    """

    def __init__(self, field: str, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.field, self.code, self.reason = field, code, Text(zh, en)
