"""What a worker publishes, on Kafka: record batches of our own making through an idempotent producer.

When `publish` returns, everything is durable. KPI records go last, when all else is: the newest one tells the next
worker that what its cause made is published.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from eventlog.log import Entry
from eventlog.partitioning import place_key
from schemas.errors import ServiceUnavailable
from streams.broker import Broker

__all__ = ["KafkaOutput"]

SECONDS_MAX: Final = 60.0
RETRY_SECONDS: Final = 0.2
STOP_SECONDS_MAX: Final = 4.0
BATCH_BYTES: Final = 1 << 19
REQUEST_BYTES: Final = 64 << 20
_Place = tuple[str, int]


class KafkaOutput:
    """Publishes; belongs to one event loop. Connects on first use."""

    def __init__(
        self, broker: Broker, *, partitions: int, last: str, seconds_max: float = SECONDS_MAX
    ) -> None:
        """`partitions` has every topic; records of the topic `last` wait until all others are durable. A broker may be away
        for `seconds_max`; then what was folded is given up, and the next start folds it again.
        """
        self.seconds_max = seconds_max
        self._broker = broker
        self._partitions = partitions
        self._last = last
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, entries: Sequence[Entry]) -> None:
        """Append; all is durable when it is done. Raises ServiceUnavailable, and then a part may be durable."""
        try:
            async with asyncio.timeout(self.seconds_max):  # the producer itself tries for ever
                producer = await self._started()
                for is_last in (False, True):
                    wave = [entry for entry in entries if (entry.topic == self._last) is is_last]
                    await self._publish_wave(producer, wave)
        except (KafkaError, TimeoutError) as error:
            raise ServiceUnavailable(
                f"Kafka at {', '.join(self._broker.servers)} did not take what the worker publishes: "
                f"{str(error) or f'no answer within {self.seconds_max:g} s'}; start the worker again when it does"
            ) from error

    async def close(self) -> None:
        """Hang up."""
        if self._producer is not None:
            with contextlib.suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(self._producer.stop(), STOP_SECONDS_MAX)

    async def _started(self) -> AIOKafkaProducer:
        """The producer; the broker may be away just when it is first needed."""
        while self._producer is None:
            producer = self._new_producer()
            try:
                await producer.start()
                self._producer = producer
            except KafkaConnectionError:
                await asyncio.sleep(RETRY_SECONDS)
            finally:
                if self._producer is None:
                    await producer.stop()
        return self._producer

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=list(self._broker.servers),
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            request_timeout_ms=int(SECONDS_MAX * 1000),
            **credentials_to_aiokafka_auth(self._broker.credentials, None),
        )

    async def _publish_wave(self, producer: AIOKafkaProducer, entries: Sequence[Entry]) -> None:
        """All partitions at a time, each in order."""
        placed: dict[_Place, list[Entry]] = {}
        for entry in entries:
            placed.setdefault((entry.topic, self._partition(entry)), []).append(entry)
        await _all_done(self._publish_to(producer, place, found) for place, found in placed.items())

    async def _publish_to(self, producer: AIOKafkaProducer, place: _Place, entries: Sequence[Entry]) -> None:
        topic, partition = place
        for batch in _packed(producer, entries):
            durable = await producer.send_batch(batch, topic, partition=partition)
            await durable

    def _partition(self, entry: Entry) -> int:
        if entry.partition is not None:
            return entry.partition
        return 0 if entry.key is None else place_key(entry.key, self._partitions)


async def _all_done(tasks: Iterable[Any]) -> None:
    """Wait for all, and only then raise what one of them raised: nothing goes on behind our back."""
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _packed(producer: AIOKafkaProducer, entries: Sequence[Entry]) -> Iterable[Any]:
    """Batches that are ready to be sent, so that nobody waits for them to fill."""
    batch = producer.create_batch()
    for entry in entries:
        options: Mapping[str, Any] = {
            "key": entry.key, "value": entry.value, "timestamp": None, "headers": list(entry.headers)
        }  # fmt: skip
        if batch.append(**options) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(**options)
    batch.close()
    yield batch
