"""faust's Kafka transport with a short wait for new records.

faust fixes the longest wait of a fetch at 1.5 seconds. Apache Kafka answers as soon as a record is there; the
embedded broker looks twice in that time only, so a record waits for up to three quarters of a second.
"""

from __future__ import annotations

from typing import Any

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

FETCH_WAIT_MS = 100


class _PromptThread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:  # noqa: ANN401
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class _PromptConsumer(Consumer):
    def _new_consumer_thread(self) -> _PromptThread:
        return _PromptThread(self, loop=self.loop, beacon=self.beacon)


class PromptTransport(Transport):
    """To be set as `app.transport` before the app is started."""

    Consumer = _PromptConsumer
