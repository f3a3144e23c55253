"""Whatever ends a worker at whatever step, the tables come out as if nothing had happened."""

from __future__ import annotations

import signal

import pytest

from services.stream.faust_loop import EXIT_FAILED
from services.topics import TOPICS, ensure_topics
from tests.faults.conftest import Endings
from tests.faults.histories import DISCONNECTED, KILLED, RECORDS_LOST
from tests.faults.servers import Lane, delete_topics
from tests.faults.tables import Tables


def test_an_undisturbed_run_brings_every_report_into_the_tables_once(ending: Endings) -> None:
    left = ending("undisturbed")

    assert left.contradictions == []
    assert [len(left.tables[table]) for table in ("submissions", "observations", "dead_letters")] == [18, 41, 4]
    assert any('"revision": 3' in line for line in left.tables["observations"])
    assert any('"earlier_flow_missing"' in line for line in left.tables["assessments"])


@pytest.mark.parametrize("name", KILLED)
def test_a_worker_killed_at_any_step_leaves_the_tables_of_an_undisturbed_run(
    ending: Endings, undisturbed: Tables, name: str
) -> None:
    left = ending(name)

    assert left.status == -signal.SIGKILL
    assert left.contradictions == []
    assert left.tables == undisturbed


@pytest.mark.parametrize("name", DISCONNECTED)
def test_a_worker_that_loses_the_database_ends_and_the_next_one_leaves_the_same_tables(
    ending: Endings, undisturbed: Tables, name: str
) -> None:
    left = ending(name)

    assert left.status == EXIT_FAILED
    assert left.contradictions == []
    assert left.tables == undisturbed


def test_an_offset_that_kafka_holds_ahead_of_the_watermark_loses_nothing(ending: Endings, undisturbed: Tables) -> None:
    left = ending("offset ahead")

    assert left.contradictions == []
    assert left.tables == undisturbed


def test_records_that_the_loop_never_hands_over_are_read_again(ending: Endings, undisturbed: Tables) -> None:
    left = ending("handed over never")

    assert left.contradictions == []
    assert left.tables == undisturbed


@pytest.mark.parametrize("name", RECORDS_LOST)
def test_records_that_the_broker_loses_are_published_and_evaluated_again(ending: Endings, name: str) -> None:
    left = ending(name)

    assert left.contradictions == []
    assert left.tables == ending("relayed").tables


def test_a_topic_has_an_identity_of_its_own_as_soon_as_it_is_created(lane: Lane) -> None:
    identities = [identity for _ in range(10) for identity in _created_anew(lane).values()]

    assert len(set(identities)) == 10 * len(TOPICS)
    assert not any(identity.endswith("/None") for identity in identities)


def _created_anew(lane: Lane) -> dict[str, str]:
    delete_topics(lane.kafka)
    return ensure_topics(lane.kafka, partitions=1)
