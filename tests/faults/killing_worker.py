"""`python -m tests.faults.killing_worker --point observations_written`: the evaluator, made to fail at one step.

It runs `services.evaluate.__main__.run`; only the function at the named step is wrapped, so the code under test is
the production code. Batches are small, so that a partition is not done in one. Kafka's offset is committed often and
the worker lingers before it fails, a build that is known to lose and is killed until Kafka has been told once more:
what has been acknowledged by then is really lost to a loop that trusts Kafka. Its session is short, so that its
successor need not wait long for the broker to give it up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faust.transport.drivers.aiokafka import Consumer
from psycopg import AsyncConnection

from services.evaluate import __main__ as evaluate
from services.evaluate import effects, store
from services.evaluate.effects import EvaluateEffects
from services.logs import log_to_stderr
from services.settings import read_settings
from services.stream import consumption, faust_loop
from services.stream.consumption import Consumption
from services.stream.faust_loop import FaustLoop
from tests.faults.mutations import MUTATIONS

BATCH_RECORDS = 2
SESSION_TIMEOUT_S = 2
COMMIT_INTERVAL_S = 0.1
LINGER_S = 0.4
LINGER_OF_MUTATION_S = 10.0


@dataclass(frozen=True, slots=True)
class Step:
    """A place in the production code: right after the coroutine `owner.name`, or right before it.

    Attributes:
        only: which calls count, by their arguments.
    """

    owner: Any
    name: str
    before: bool = False
    only: Callable[[Sequence[Any]], bool] = lambda _: True


def _moves_watermark(arguments: Sequence[Any]) -> bool:
    return arguments[1] is consumption._MOVE_WATERMARK


POINTS: Mapping[str, Step] = {
    "received": Step(FaustLoop, "_handle", before=True),
    "begun": Step(EvaluateEffects, "apply", before=True),
    "decoded": Step(store, "load_ledger", before=True),
    "ledger_loaded": Step(store, "load_ledger"),
    "produced_recorded": Step(store, "insert_produced"),
    "series_registered": Step(store, "insert_series"),
    "series_locked": Step(store, "lock_series"),
    "vintages_loaded": Step(store, "load_vintages"),
    "observations_written": Step(store, "copy_observations"),
    "observations_renumbered": Step(store, "renumber_observations"),
    "assessments_written": Step(store, "copy_assessments"),
    "events_written": Step(effects, "insert_events"),
    "marked_evaluated": Step(store, "mark_evaluated"),
    "events_settled": Step(effects, "settle_events"),
    "dead_letter_written": Step(consumption, "record_dead_letter"),
    "watermark_moved": Step(AsyncConnection, "execute", only=_moves_watermark),
    "committed": Step(Consumption, "_commit"),
    "acknowledged": Step(FaustLoop, "_handle"),
    "offset_committed": Step(Consumer, "_commit"),
}
"""The steps of a submission in their order; between `watermark_moved` and `committed` lies COMMIT."""

Fault = Callable[[Sequence[Any]], None]
"""What happens at the point, given the arguments of the wrapped call."""


def kill(_: Sequence[Any]) -> None:
    """End this process as if the machine had lost power."""
    os.kill(os.getpid(), signal.SIGKILL)


def disconnect(arguments: Sequence[Any]) -> None:
    """Cut the connection to the database that the wrapped call works with; the next statement fails."""
    connection = next(argument for argument in arguments if isinstance(argument, AsyncConnection))
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)


FAULTS: Mapping[str, Fault] = {"kill": kill, "disconnect": disconnect}


class Told:
    """Lets a step wait until a commit to Kafka has ended that began after the wait did."""

    def __init__(self) -> None:
        self._waiting: list[asyncio.Event] = []
        original = Consumer._commit

        @functools.wraps(original)
        async def commit(consumer: Consumer, offsets: Any) -> Any:  # noqa: ANN401  (faust's own types)
            begun_before = list(self._waiting)
            result = await original(consumer, offsets)
            for waiting in begun_before:
                waiting.set()
            return result

        Consumer._commit = commit  # type: ignore[method-assign,assignment]

    async def once_more(self, most_s: float) -> None:
        """Return after the next commit, or after `most_s` seconds: where all is committed none follows."""
        told = asyncio.Event()
        self._waiting.append(told)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), most_s)


def fail_at(step: Step, fault: Fault, reach: int, linger: Callable[[], Awaitable[None]]) -> None:
    """Make `fault` happen when `step` is reached for the `reach`-th time and has lingered."""
    original: Callable[..., Awaitable[Any]] = getattr(step.owner, step.name)
    times = 0

    async def strike(arguments: Sequence[Any]) -> None:
        nonlocal times
        times += step.only(arguments)
        if times == reach and step.only(arguments):
            await linger()
            fault(arguments)

    @functools.wraps(original)
    async def wrapped(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  (any function of the production code)
        if step.before:
            await strike(arguments)
        result = await original(*arguments, **options)
        if not step.before:
            await strike(arguments)
        return result

    setattr(step.owner, step.name, wrapped)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.killing_worker")
    parser.add_argument("--point", choices=POINTS, help="where to fail; nowhere by default")
    parser.add_argument("--fault", choices=FAULTS, default="kill")
    parser.add_argument("--reach", type=int, default=2, help="fail when the point is reached for the n-th time")
    parser.add_argument("--mutation", choices=MUTATIONS, help="a build of the loop that is known to lose")
    options = parser.parse_args()
    log_to_stderr()
    faust_loop.BATCH_RECORDS = BATCH_RECORDS
    faust_loop.SESSION_TIMEOUT_S = SESSION_TIMEOUT_S
    os.environ["BROKER_COMMIT_INTERVAL"] = str(COMMIT_INTERVAL_S)
    linger: Callable[[], Awaitable[None]] = functools.partial(asyncio.sleep, LINGER_S)
    if options.mutation:
        MUTATIONS[options.mutation]()
        if options.fault == "kill":
            linger = functools.partial(Told().once_more, LINGER_OF_MUTATION_S)
    if options.point:
        fail_at(POINTS[options.point], FAULTS[options.fault], options.reach, linger)
    asyncio.run(evaluate.run(read_settings(os.environ)))


if __name__ == "__main__":
    main()
