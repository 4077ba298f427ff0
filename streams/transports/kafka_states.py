"""Saved states on Kafka: the compacted topic `state`, partition by partition as the events.

Each partition has a transactional producer of its own. Starting it aborts what an earlier owner left open and fences that
owner for good, so it is started before anything is read; parts and marker of one save appear together or not at all.
"""

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaError, ProducerFenced
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from faust.types.auth import CredentialsT

from schemas.errors import ServiceUnavailable
from streams.saved_states import Overtaken

__all__ = ["KafkaStates"]

IDENTITY_KEY: Final = b"identity"
"""The log's own record stands in the same topic."""
REQUEST_SECONDS_MAX: Final = 60.0
TRANSACTION_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 4.0
RECORDS_PER_TURN: Final = 500
_FETCH_BYTES: Final = 8 << 20
_REQUEST_BYTES: Final = 4 << 20
_BATCH_BYTES: Final = 1 << 19
_log = logging.getLogger(__name__)


class KafkaStates:
    """States of the partitions of one group of workers. Connects on first use."""

    def __init__(
        self, servers: Sequence[str], *, topic: str, group: str, credentials: CredentialsT | None = None
    ) -> None:
        """Workers of one `group` fence each other."""
        self._servers = list(servers)
        self._topic = topic
        self._group = group
        self._auth = credentials_to_aiokafka_auth(credentials)
        self._producers: dict[int, AIOKafkaProducer] = {}

    async def acquire(self, partitions: Collection[int]) -> None:
        """Become the only writer of these partitions."""
        await self.release(partitions)
        await asyncio.gather(*[self._start(number) for number in partitions])

    async def _start(self, number: int) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            transactional_id=f"{self._group}-state-{number}",
            transaction_timeout_ms=int(TRANSACTION_SECONDS_MAX * 1000),
            request_timeout_ms=int(REQUEST_SECONDS_MAX * 1000),
            linger_ms=5,
            max_batch_size=_BATCH_BYTES,
            max_request_size=_REQUEST_BYTES,
            compression_type="lz4",
            **self._auth,
        )
        try:
            await producer.start()
        except BaseException as error:
            await _stop(producer)
            if isinstance(error, KafkaError):
                raise self._unavailable(error) from error
            raise
        self._producers[number] = producer

    async def load(self, partition: int) -> Mapping[bytes, bytes]:
        """What stands in the topic when this is called; nothing where a record is damaged beyond reading."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=_FETCH_BYTES,
            fetch_max_bytes=4 * _FETCH_BYTES,
            max_poll_records=RECORDS_PER_TURN,
            **self._auth,
        )
        try:
            await consumer.start()
            return await _read_to_end(consumer, TopicPartition(self._topic, partition))
        except CorruptRecordException as error:
            _log.warning("a record of %s/%d is damaged: %s", self._topic, partition, error)
            return {}
        except KafkaError as error:
            raise self._unavailable(error) from error
        finally:
            await consumer.stop()

    async def save(self, partition: int, changes: Mapping[bytes, bytes | None]) -> None:
        """Write all or nothing. Raises Overtaken; with any other error it is unknown which, and the worker must end."""
        try:
            async with self._producers[partition].transaction():
                await self._send(self._producers[partition], partition, changes)
        except ProducerFenced as error:
            _hear(self._producers[partition])
            raise Overtaken(
                f"another worker has taken over partition {partition}; this one ends and writes nothing more"
            ) from error
        except (KafkaError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def _send(
        self, producer: AIOKafkaProducer, partition: int, changes: Mapping[bytes, bytes | None]
    ) -> None:
        sent: list[asyncio.Future[object]] = []
        try:
            for key, value in changes.items():
                if key != IDENTITY_KEY:
                    sent.append(await producer.send(self._topic, value, key=key, partition=partition))
        finally:
            await _settled(sent)
        for done in sent:
            done.result()

    async def release(self, partitions: Collection[int]) -> None:
        """Hang up the producers of these partitions."""
        found = [self._producers.pop(number) for number in partitions if number in self._producers]
        await asyncio.gather(*[_stop(producer) for producer in found])

    async def close(self) -> None:
        """Hang up."""
        await self.release(list(self._producers))

    def _unavailable(self, error: BaseException) -> ServiceUnavailable:
        said = str(error) or type(error).__name__
        return ServiceUnavailable(
            f"Kafka at {', '.join(self._servers)} does not keep the state in {self._topic}: {said}; "
            "start the worker again when it does"
        )


async def _read_to_end(consumer: AIOKafkaConsumer, place: TopicPartition) -> dict[bytes, bytes]:
    """The newest value of each key up to the end of what is committed.

    Markers of transactions and what compaction took away have offsets too, so the position tells the end, not a record.
    """
    found: dict[bytes, bytes] = {}
    consumer.assign([place])
    await consumer.seek_to_beginning(place)
    end = (await consumer.end_offsets([place]))[place]
    while await consumer.position(place) < end:
        for records in (await consumer.getmany(place, timeout_ms=500)).values():
            for record in records:
                if record.key is None or record.key == IDENTITY_KEY or record.value is None:
                    found.pop(record.key, None)
                else:
                    found[record.key] = record.value
    return found


async def _settled(sent: Collection[asyncio.Future[object]]) -> None:
    """Wait until it is known what became of each: what one of them says is said for all."""
    await asyncio.gather(*sent, return_exceptions=True)


def _hear(producer: AIOKafkaProducer) -> None:
    """What nobody waits for any more has failed for the reason that is told just now."""
    queued = [batch for batches in producer._message_accumulator._batches.values() for batch in batches]
    for ended in (producer._txn_manager._transaction_waiter, *[batch._drain_waiter for batch in queued]):
        if ended.done() and not ended.cancelled():
            ended.exception()


async def _stop(producer: AIOKafkaProducer) -> None:
    """Hang up; a producer that was overtaken, or whose broker is away, has nothing more to say."""
    with contextlib.suppress(KafkaError, TimeoutError):
        await asyncio.wait_for(producer.stop(), STOP_SECONDS_MAX)
