"""The record batches of a fetch as records. Pure: bytes in, records out.

Decodes with aiokafka, which does it in C and knows every compression of Kafka: five million records a second, where
kafka-python does two hundred thousand and lacks snappy and zstd.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from aiokafka.errors import KafkaError
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.memory_records import MemoryRecords

from eventlog.kafka_header_names import records_with_any_names
from eventlog.log import Headers, Record
from schemas.errors import ServiceUnavailable

__all__ = ["Aborted", "Decoded", "decode_batches"]


# Offset of the first record and number of the bytes that follow; every version of a batch begins so.
_LENGTH: Final = struct.Struct(">qi")
# A named tuple made by position: there are hundreds of thousands a second of them.
_record: Callable[[tuple[Any, ...]], Record] = partial(tuple.__new__, Record)


class Aborted(NamedTuple):
    """A transaction that was taken back: where it began, and its producer."""

    first_offset: int
    producer: int


class Decoded(NamedTuple):
    """Records, and the position after the last batch, which may hold no record at all."""

    records: list[Record]
    position: int


def decode_batches(
    topic: str, partition: int, offset: int, raw: bytes, aborted: Iterable[Aborted] = ()
) -> Decoded:
    """The records from `offset` on, without control records and what was aborted; a torn batch at the end is left out."""
    records: list[Record] = []
    position = offset
    try:
        for part, batch, counts in _batches(raw, sorted(aborted)):
            if counts:
                records += _records_of_part(topic, partition, part, batch)
            position = max(position, batch.next_offset)
    except (KafkaError, ValueError, RuntimeError, AssertionError) as error:
        raise ServiceUnavailable(
            f"{topic} partition {partition} holds a batch behind offset {position} that cannot be read: {error!r}"
        ) from error
    if records and records[0].offset < offset:
        records = [record for record in records if record.offset >= offset]
    return Decoded(records, position)


def _batches(raw: bytes, aborted: list[Aborted]) -> Iterator[tuple[bytes, Any, bool]]:
    """The bytes of each batch, the batch, and whether its records count."""
    lost: set[int] = set()
    for part in _parts(raw):
        batch = MemoryRecords(part).next_batch()
        if not batch.validate_crc():
            raise ValueError("its checksum does not fit")
        while aborted and aborted[0].first_offset < batch.next_offset:
            lost.add(aborted.pop(0).producer)
        if batch.is_control_batch:
            if _ends_in_abort(batch):
                lost.discard(batch.producer_id)
            yield part, batch, False
        else:
            yield part, batch, not (batch.is_transactional and batch.producer_id in lost)


def _parts(raw: bytes) -> Iterator[bytes]:
    """The bytes of each whole batch."""
    start = 0
    while len(raw) - start >= _LENGTH.size:
        _, length = _LENGTH.unpack_from(raw, start)
        stop = start + _LENGTH.size + length
        if stop > len(raw):
            return
        yield raw[start:stop]
        start = stop


def _ends_in_abort(batch: Any) -> bool:
    return any(ControlRecord.parse(record.key) == ABORT_MARKER for record in batch)


def _records_of_part(topic: str, partition: int, part: bytes, batch: Any) -> list[Record]:
    try:
        return _records_of(topic, partition, batch)
    except UnicodeDecodeError:
        return records_with_any_names(topic, partition, part)


def _records_of(topic: str, partition: int, batch: Any) -> list[Record]:
    """The records of one of aiokafka's batches."""
    return [
        _record(
            (
                topic,
                partition,
                found.offset,
                found.timestamp * 1000,
                found.key,
                found.value,
                _headers(headers) if (headers := found.headers) else (),
            )
        )
        for found in batch
    ]


def _headers(found: Sequence[tuple[str, bytes | None]]) -> Headers:
    """Headers without a value count as empty: the log of an embedded home knows no others."""
    return tuple((name, value or b"") for name, value in found)
