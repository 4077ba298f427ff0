"""Appends to a Kafka log: an answer means that every replica in sync has the record.

After its first refused record an idempotent producer of kafka-python fails for ever without a word. So each record's
own answer is looked at, the producer is replaced, and what was not acknowledged is sent again in order.
"""

import logging
from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from eventlog.kafka_connection import BOOTSTRAP_MS, PATIENCE_SECONDS, KafkaConnection
from eventlog.log import Entry
from schemas.errors import ServiceAway, UsageError

__all__ = ["MESSAGE_BYTES_MAX", "KafkaWriter"]

MESSAGE_BYTES_MAX: Final = 16 << 20
"""The largest record of a topic. An event has at most 1 MiB; KPI records of large projects have more."""

CHUNK_RECORDS: Final = 10_000
CHUNK_BYTES: Final = 32 << 20
"""So much is under way at once: the producer itself would take any amount."""

_OVERHEAD_BYTES: Final = 1024
_LINGER_MS: Final = 5
_BATCH_BYTES: Final = 128 << 10
_CLOSE_SECONDS: Final = 0.5
_log = logging.getLogger(__name__)

Placed = tuple[Entry, int]
"""An entry and its partition."""


class KafkaWriter:
    """The producer of one thread, made when it is first needed."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._producer: KafkaProducer | None = None

    def append(self, placed: Sequence[Placed]) -> list[tuple[int, int]]:
        """Append in order; answers (partition, offset) of each when all are durable.

        Raises ServiceAway when they are not acknowledged in time: they may stand in the log all the same.
        """
        for entry, _ in placed:
            _check(entry)
        offsets: list[int] = []
        for chunk in _chunks(placed):
            offsets += self._append(chunk)
        return [(partition, offset) for (_, partition), offset in zip(placed, offsets, strict=True)]

    def close(self) -> None:
        """End the producer; nothing is under way between two calls."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=_CLOSE_SECONDS)

    def _append(self, chunk: Sequence[Placed]) -> list[int]:
        offsets: dict[int, int] = {}
        deadline = monotonic() + 2 * PATIENCE_SECONDS
        while left := [at for at in range(len(chunk)) if at not in offsets]:
            error = self._send([(at, chunk[at]) for at in left], offsets, deadline - monotonic())
            if error is None:
                continue
            self.close()
            _refuse_size(error, chunk)
            if monotonic() > deadline:
                raise ServiceAway(
                    f"Kafka at {self._connection.place} acknowledges nothing: {self._connection.why(error)}; "
                    "what was sent may stand in the log"
                ) from error
            _log.debug("sending %d records again: %s", len(left), error)
        return [offsets[at] for at in range(len(chunk))]

    def _send(
        self, left: Sequence[tuple[int, Placed]], offsets: dict[int, int], seconds: float
    ) -> KafkaError | None:
        """Send and note what was acknowledged; answers the first error."""
        try:
            producer = self._ready_producer()
            futures = [(at, _send_one(producer, entry, partition)) for at, (entry, partition) in left]
            producer.flush(max(1.0, seconds))
        except KafkaError as error:
            return error
        first: KafkaError | None = None
        for at, future in futures:
            if future.succeeded():
                offsets[at] = future.value.offset
            elif first is None:
                first = future.exception or KafkaError("no answer")
        return first

    def _ready_producer(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                **self._connection.settings,
                bootstrap_timeout_ms=BOOTSTRAP_MS,
                client_id="milepost",
                acks="all",
                enable_idempotence=True,
                linger_ms=_LINGER_MS,
                batch_size=_BATCH_BYTES,
                max_request_size=MESSAGE_BYTES_MAX,
                max_block_ms=int(PATIENCE_SECONDS * 1000),
                delivery_timeout_ms=int(2 * PATIENCE_SECONDS * 1000),
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        return self._producer


def _send_one(producer: KafkaProducer, entry: Entry, partition: int) -> Any:
    return producer.send(
        entry.topic, key=entry.key, value=entry.value, headers=list(entry.headers), partition=partition
    )


def _chunks(placed: Sequence[Placed]) -> list[Sequence[Placed]]:
    """Cut so that a chunk is bounded in number and bytes."""
    chunks = []
    start = size = 0
    for at, (entry, _) in enumerate(placed):
        length = _size(entry)
        if at > start and (at - start == CHUNK_RECORDS or size + length > CHUNK_BYTES):
            chunks.append(placed[start:at])
            start, size = at, 0
        size += length
    if start < len(placed):
        chunks.append(placed[start:])
    return chunks


def _size(entry: Entry) -> int:
    return (
        _OVERHEAD_BYTES
        + len(entry.key or b"")
        + len(entry.value or b"")
        + sum(len(name) * 4 + len(value) for name, value in entry.headers)
    )


def _check(entry: Entry) -> None:
    if entry.key is None and entry.value is None:
        raise UsageError(
            f"a record for {entry.topic} has neither key nor value: Kafka's client sends no such record"
        )
    if _size(entry) > MESSAGE_BYTES_MAX:
        raise UsageError(
            f"a record of {len(entry.value or b'')} bytes for {entry.topic} is too large: a Kafka log takes "
            f"{MESSAGE_BYTES_MAX - _OVERHEAD_BYTES} bytes with key and headers"
        )


def _refuse_size(error: KafkaError, chunk: Sequence[Placed]) -> None:
    """A topic that others made may take less."""
    if isinstance(error, MessageSizeTooLargeError | RecordListTooLargeError):
        largest = max((entry for entry, _ in chunk), key=_size)
        raise UsageError(
            f"a record of {len(largest.value or b'')} bytes is too large for {largest.topic}: set its "
            f"max.message.bytes to {MESSAGE_BYTES_MAX}"
        ) from error
