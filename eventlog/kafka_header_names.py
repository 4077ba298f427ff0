"""Record batches in which the name of a header is no UTF-8. aiokafka refuses such a batch, so one record would stop every
reader of its partition; here each byte that says nothing becomes an escape. Slow, and only for those batches. Pure.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.record.util import decode_varint

from eventlog.log import Headers, Record

__all__ = ["records_with_any_names"]

# Offset, length, leader epoch, magic, checksum, attributes, last offset delta, first and largest time, producer id and
# epoch, sequence, number of records.
_HEAD: Final = struct.Struct(">qiibIhiqqqhii")
_CODEC: Final = 0x07
_BY_BROKER: Final = 0x08
_DECODERS: Final[dict[int, Callable[[bytes], bytes]]] = {
    0: bytes, 1: gzip_decode, 2: snappy_decode, 3: lz4_decode, 4: zstd_decode,
}  # fmt: skip


class _Head(NamedTuple):
    base_offset: int
    attributes: int
    first_ms: int
    largest_ms: int
    records: int


def records_with_any_names(topic: str, partition: int, raw: bytes) -> list[Record]:
    """The records of one whole batch."""
    fields = _HEAD.unpack_from(raw)
    head = _Head(fields[0], fields[5], fields[7], fields[8], fields[12])
    body = bytes(_DECODERS[head.attributes & _CODEC](raw[_HEAD.size :]))
    return list(_records(topic, partition, head, _Cursor(body)))


class _Cursor:
    """Reads one field after the other."""

    def __init__(self, body: bytes) -> None:
        self._body = bytearray(body)
        self._at = 0

    def number(self) -> int:
        value, self._at = decode_varint(self._body, self._at)
        return int(value)

    def bytes_or_none(self) -> bytes | None:
        length = self.number()
        if length < 0:
            return None
        start, self._at = self._at, self._at + length
        return bytes(self._body[start : self._at])


def _records(topic: str, partition: int, head: _Head, cursor: _Cursor) -> Iterator[Record]:
    for _ in range(head.records):
        cursor.number()  # length of the record
        cursor.number()  # attributes, none are in use
        time_ms = head.first_ms + cursor.number()
        if head.attributes & _BY_BROKER:
            time_ms = head.largest_ms
        offset = head.base_offset + cursor.number()
        key, value = cursor.bytes_or_none(), cursor.bytes_or_none()
        yield Record(topic, partition, offset, time_ms * 1000, key, value, _headers(cursor))


def _headers(cursor: _Cursor) -> Headers:
    return tuple(
        ((cursor.bytes_or_none() or b"").decode(errors="backslashreplace"), cursor.bytes_or_none() or b"")
        for _ in range(cursor.number())
    )
