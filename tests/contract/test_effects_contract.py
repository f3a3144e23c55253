"""What the consuming loop may rely on, whichever service's effects it applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from planwatch.errors import Invalid
from planwatch.wire import ASSESSMENT_MADE
from services.stream.consumption import Effects, Rejected
from services.stream.record import Record
from tests.builders import figure, make_record, make_submission_record
from tests.pipeline import Pipeline, apply

pytestmark = pytest.mark.embedded

SUBMISSION = make_submission_record(figure(5, "2021", "97.81"), figure(6, "2021", "93.88"), submission_id="a")
MALFORMED = [b"", b"not JSON", b"\xff", b"[]", b"{}", b'{"schema": "planwatch.other.v1"}', b'{"schema": "a\\u0000"}']


@dataclass(frozen=True)
class Subject:
    """One implementation of `Effects`, with a record that it understands."""

    pipeline: Pipeline
    role: str
    effects: Effects
    good: Record

    async def apply(self, *records: Record) -> list[Rejected]:
        return await apply(self.pipeline.url, self.role, self.effects, records)


def evaluator(pipeline: Pipeline) -> Subject:
    return Subject(pipeline, "planwatch_evaluate", pipeline.evaluator, SUBMISSION)


def alerting(pipeline: Pipeline) -> Subject:
    ((value,),) = pipeline.rows("SELECT record_value FROM outgoing_events WHERE topic = %s", ASSESSMENT_MADE)
    return Subject(pipeline, "planwatch_alerts", pipeline.alerts, make_record(value))


@pytest.fixture(params=["evaluator", "alerting"])
async def subject(request: pytest.FixtureRequest, pipeline: Pipeline) -> Subject:
    makers: dict[str, Callable[[Pipeline], Subject]] = {"evaluator": evaluator, "alerting": alerting}
    evaluated_before = {"evaluator": [], "alerting": [SUBMISSION]}
    await pipeline.evaluate(*evaluated_before[request.param])
    return makers[request.param](pipeline)


async def test_a_record_has_its_effect_once_however_often_it_is_delivered(subject: Subject) -> None:
    before = subject.pipeline.snapshot()
    await subject.apply(subject.good)
    once = subject.pipeline.snapshot()

    await subject.apply(subject.good)
    await subject.apply(subject.good, subject.good)

    assert once != before
    assert subject.pipeline.snapshot() == once


async def test_twice_in_one_batch_is_like_once(subject: Subject, pipeline: Pipeline) -> None:
    await subject.apply(subject.good, subject.good)
    at_once = subject.pipeline.snapshot()

    await subject.apply(subject.good)

    assert pipeline.snapshot() == at_once


async def test_records_that_are_not_understood_are_returned_and_leave_nothing(subject: Subject) -> None:
    poison = [make_record(value, offset=offset) for offset, value in enumerate(MALFORMED)]
    before = subject.pipeline.snapshot()

    rejected = await subject.apply(*poison)

    assert [reject.record for reject in rejected] == poison
    assert all(isinstance(reject.error, Invalid) and reject.error.text.zh for reject in rejected)
    assert subject.pipeline.snapshot() == before


async def test_a_record_between_two_that_are_not_understood_takes_effect(subject: Subject) -> None:
    before, after = make_record(MALFORMED[0], offset=0), make_record(MALFORMED[-1], offset=2)
    snapshot = subject.pipeline.snapshot()

    rejected = await subject.apply(before, subject.good, after)

    assert [reject.record for reject in rejected] == [before, after]
    assert subject.pipeline.snapshot() != snapshot


async def test_effects_that_were_rolled_back_are_made_as_if_for_the_first_time(subject: Subject) -> None:
    before = subject.pipeline.snapshot()

    with pytest.raises(PowerCut):
        await apply(subject.pipeline.url, subject.role, Interrupted(subject.effects), [subject.good])
    after_the_cut = subject.pipeline.snapshot()
    await subject.apply(subject.good)

    assert after_the_cut == before
    assert subject.pipeline.snapshot() != before


async def test_a_new_worker_goes_on_where_another_one_ended(subject: Subject) -> None:
    await subject.apply(subject.good)
    before = subject.pipeline.snapshot()

    with Pipeline(subject.pipeline.url, subject.pipeline.clock) as successor:
        workers = {"planwatch_evaluate": successor.evaluator, "planwatch_alerts": successor.alerts}
        await apply(successor.url, subject.role, workers[subject.role], [subject.good])

    assert subject.pipeline.snapshot() == before


class PowerCut(Exception):
    """The process ended before COMMIT."""


class Interrupted:
    """Effects that are interrupted after everything was written."""

    def __init__(self, effects: Effects) -> None:
        self.effects = effects

    async def apply(self, connection: Any, records: Any) -> list[Rejected]:  # noqa: ANN401
        await self.effects.apply(connection, records)
        raise PowerCut

    def committed(self) -> None:
        raise AssertionError("nothing was committed")
