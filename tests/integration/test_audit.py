"""The chain of the history finds what was changed, removed or inserted, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
import pytest

from services.cli.audit import verification
from services.database import connect_as
from tests.builders import figure
from tests.pipeline import Pipeline

pytestmark = pytest.mark.embedded

Tamper = Callable[..., None]


@pytest.fixture
async def tampered(pipeline: Pipeline) -> Tamper:
    """A history of five entries, and a way to change it as somebody who may switch triggers off."""
    await pipeline.submit(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")
    pipeline.clock.advance(days=1)
    await pipeline.submit(figure(5, "2021", "99.7"), figure(6, "2021", "93.9"), submission_id="b")
    pipeline.clock.advance(days=1)
    await pipeline.submit(figure(5, "2022", "97"), submission_id="c")

    def change(*statements: str) -> None:
        with psycopg.connect(pipeline.url) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    return change


def faults(pipeline: Pipeline) -> Sequence[tuple[int, str]]:
    with connect_as(pipeline.url, "planwatch_reader") as connection:
        report = verification(connection)
    return [(fault["entry"], fault["en"]) for fault in report["faults"]]


async def test_an_untouched_history_has_no_faults(pipeline: Pipeline, tampered: Tamper) -> None:
    tampered()

    assert faults(pipeline) == []
    assert pipeline.rows("SELECT entry_no FROM history_heads") == [(5,)]


async def test_a_changed_row_is_found(pipeline: Pipeline, tampered: Tamper) -> None:
    tampered("UPDATE warning_history SET reason_zh = '无事' WHERE entry_no = 2")

    assert faults(pipeline) == [(2, "the content was changed")]


async def test_a_row_that_is_changed_together_with_its_hash_is_found(pipeline: Pipeline, tampered: Tamper) -> None:
    tampered(
        "UPDATE warning_history SET actor = 'somebody' WHERE entry_no = 2",
        "UPDATE warning_history AS h SET entry_hash = history_hash(previous_hash, history_content(h))"
        " WHERE entry_no = 2",
    )

    assert faults(pipeline) == [(3, "does not follow the entry before")]


@pytest.mark.parametrize(
    ("entry", "found"),
    [(3, (3, "entry 3 was removed")), (1, (1, "entry 1 was removed")), (5, (5, "entries 5-5 were removed"))],
    ids=["in the middle", "the first", "the last"],
)
async def test_a_removed_row_is_found(pipeline: Pipeline, tampered: Tamper, entry: int, found: tuple[int, str]) -> None:
    tampered(f"DELETE FROM warning_history WHERE entry_no = {entry}")  # noqa: S608

    assert faults(pipeline)[0] == found


async def test_an_inserted_row_is_found(pipeline: Pipeline, tampered: Tamper) -> None:
    # given a row between the second and the third, properly hashed and the later ones renumbered
    tampered(
        "DROP INDEX warning_history_chain",
        "UPDATE warning_history SET entry_no = entry_no + 1 WHERE entry_no > 2",
        'INSERT INTO warning_history SELECT (jsonb_populate_record(h, \'{"entry_no": 3, "step": 90}\')).*'
        " FROM warning_history AS h WHERE entry_no = 2",
        "UPDATE warning_history AS h SET previous_hash = b.entry_hash,"
        " entry_hash = history_hash(b.entry_hash, history_content(h))"
        " FROM warning_history AS b WHERE h.entry_no = 3 AND b.entry_no = 2",
    )

    assert (4, "does not follow the entry before") in faults(pipeline)


async def test_a_case_that_was_set_by_hand_is_found(pipeline: Pipeline, tampered: Tamper) -> None:
    tampered("UPDATE early_warnings SET state = 'closed' WHERE indicator_id = 'zhongwei-06'")

    assert [reason.endswith("is not what its history adds up to") for _, reason in faults(pipeline)] == [True]


@pytest.mark.parametrize("statement", ["UPDATE warning_history SET actor = ''", "DELETE FROM warning_history",
                                       "TRUNCATE warning_history CASCADE"])  # fmt: skip
async def test_not_even_the_owner_changes_the_history(pipeline: Pipeline, tampered: Tamper, statement: str) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        pipeline.execute(statement)
