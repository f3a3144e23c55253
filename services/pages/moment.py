"""The moment that a reader asks for. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from planwatch.local_time import LOCAL_TIME

_LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:\d\d$)")


def parse_moment(text: str) -> datetime:
    """The moment that `as_of` names.

    Args:
        text: a date, which means the end of that day in Asia/Shanghai, or an ISO 8601 instant; without a zone it is
            in Asia/Shanghai. A `+` that a query string turned into a space is read as one.
    Raises:
        ValueError: anything else.
    """
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        next_day = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), LOCAL_TIME)
        return next_day - timedelta(microseconds=1)
    instant = datetime.fromisoformat(_LOST_PLUS.sub("+", text))
    return instant if instant.tzinfo else instant.replace(tzinfo=LOCAL_TIME)
