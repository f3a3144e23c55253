"""What a history has left in the database: as comparable text, and held against what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg

from tests.faults.reports import Report

Connection = psycopg.Connection[tuple[Any, ...]]
Tables = Mapping[str, Sequence[str]]
"""Table → its rows as text, in order."""

_LINES = {
    "submissions": "SELECT (to_jsonb(s) - '{evaluated_at}'::text[])::text FROM submissions AS s",
    "series": "SELECT to_jsonb(s)::text FROM series AS s",
    "observations": "SELECT to_jsonb(o)::text FROM observations AS o",
    "assessments": "SELECT (to_jsonb(a) - '{assessment_no}'::text[])::text FROM assessments AS a",
    "assessment_forecasts": "SELECT to_jsonb(f)::text FROM assessment_forecasts AS f",
    "dead_letters": """
        SELECT (to_jsonb(d) - '{dead_letter_id, incarnation, recorded_at}'::text[])::text FROM dead_letters AS d
    """,
    # The id of a dead letter depends on the topic's incarnation; its place in the topic stands in for it.
    "outgoing_events": """
        SELECT jsonb_build_object(
            'event_id', replace(event_id, coalesce(dead_letter_id, ''), place),
            'topic', e.topic,
            'key', convert_from(e.record_key, 'UTF8'),
            'value', replace(convert_from(e.record_value, 'UTF8'), coalesce(dead_letter_id, ''), place),
            'awaits_effect', awaits_effect,
            'settled', settled_at IS NOT NULL AND awaits_effect,
            'nth_of_its_key', row_number() OVER (PARTITION BY e.topic, e.record_key ORDER BY event_no)
        )::text
        FROM outgoing_events AS e
        LEFT JOIN dead_letters AS d ON event_id = 'deadletter:' || dead_letter_id
        CROSS JOIN LATERAL (SELECT coalesce(d.partition || '/' || d.record_offset, '')) AS at (place)
    """,
}
"""Table → its rows without surrogate numbers, moments of processing and places on the broker."""


def dump(connection: Connection) -> Tables:
    """The tables of the evaluator; two histories with the same effects have equal dumps."""
    return {name: sorted(str(line) for (line,) in connection.execute(query)) for name, query in _LINES.items()}


def contradictions(connection: Connection, published: Iterable[Report]) -> list[str]:
    """What speaks against “every published report took effect once and whole, or is a dead letter once”.

    A report that is published twice takes effect once; a record that nobody understands is a dead letter each time.
    """
    published = list(published)
    rows = {report.submission_id: report.accepted_rows for report in published if report.submission_id}
    once = dict.fromkeys(rows, 1)
    unreadable = Counter((report.key.encode(), report.value or b"") for report in published if not report.submission_id)
    return sorted(
        [
            *_differences("evaluated", once, connection.execute(_EVALUATED)),
            *_differences("accepted rows", rows, connection.execute(_ACCEPTED_ROWS)),
            *_differences("observations", rows, connection.execute(_OBSERVATIONS)),
            *_differences("events", once, connection.execute(_EVENTS)),
            *_differences("dead letters", unreadable, connection.execute(_DEAD_LETTERS)),
        ]
    )


def _differences(what: str, wanted: Mapping[Any, int], counted: Iterable[Sequence[Any]]) -> list[str]:
    found = {row[0] if len(row) == 2 else tuple(row[:-1]): row[-1] for row in counted}
    return [
        f"{what} of {each}: {found.get(each, 0)} instead of {wanted.get(each, 0)}"
        for each in wanted.keys() | found.keys()
        if found.get(each, 0) != wanted.get(each, 0)
    ]


_EVALUATED = "SELECT submission_id, 1 FROM submissions WHERE evaluated_at IS NOT NULL"
_ACCEPTED_ROWS = "SELECT submission_id, accepted_rows FROM submissions"
_OBSERVATIONS = "SELECT submission_id, count(*) FROM observations GROUP BY 1"
_EVENTS = "SELECT substr(event_id, 12), count(*) FROM outgoing_events WHERE event_id LIKE 'assessment:%' GROUP BY 1"
_DEAD_LETTERS = "SELECT record_key, record_value, count(*) FROM dead_letters GROUP BY 1, 2"
