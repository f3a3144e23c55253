"""A request that is understood and refused: what the person, or the program, is told."""

from __future__ import annotations

from http import HTTPStatus

from planwatch.language import Text


class Refused(Exception):
    """The answer has this status and this reason, as a page or, under `/api/`, as JSON."""

    def __init__(self, status: HTTPStatus, reason: Text) -> None:
        super().__init__(f"{reason.zh} / {reason.en}")
        self.status, self.reason = status, reason
