"""How the records of one append stand in one blob: all lengths first, then all bytes. Pure.

Many records share a blob because SQLite's driver lets go of the interpreter at every row. With a row per record, a
reader beside a busy thread waits for the interpreter once per record: 1,900 records/s instead of a million.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from pydantic_core import from_json

from eventlog.log import Entry, Headers, Record
from schemas.codec import to_json

__all__ = ["BATCH_BYTES_MAX", "BATCH_RECORDS_MAX", "pack", "split", "unpack"]

BATCH_RECORDS_MAX = 1000
BATCH_BYTES_MAX = 1 << 20
_FIELDS = 3
# A named tuple made by position: there are hundreds of thousands a second of them.
_record: Callable[[tuple[Any, ...]], Record] = partial(tuple.__new__, Record)


def split(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Cut into runs that are small enough for one blob; an entry that is too big for any stands alone."""
    start = size = 0
    for at, entry in enumerate(entries):
        length = len(entry.key or b"") + len(entry.value or b"")
        if at > start and (at - start == BATCH_RECORDS_MAX or size + length > BATCH_BYTES_MAX):
            yield entries[start:at]
            start, size = at, 0
        size += length
    if start < len(entries):
        yield entries[start:]


def pack(entries: Sequence[Entry]) -> bytes:
    """One blob for these entries. A length is stored plus one; zero says that there is no value at all."""
    lengths: list[int] = []
    parts: list[bytes] = []
    for entry in entries:
        for part in (entry.key, entry.value, _pack_headers(entry.headers)):
            lengths.append(0 if part is None else len(part) + 1)
            if part:
                parts.append(part)
    return struct.pack(f"<{len(lengths)}I", *lengths) + b"".join(parts)


def unpack(
    topic: str, partition: int, first: int, count: int, recorded_at_us: int, body: bytes
) -> list[Record]:
    """The records of a blob; `first` is the offset of the first one."""
    lengths = struct.unpack_from(f"<{_FIELDS * count}I", body)
    parts = _cut(body, lengths)
    headers: Iterable[Headers] = repeat(())
    if any(lengths[2::_FIELDS]):
        headers = (() if packed is None else _unpack_headers(packed) for packed in parts[2::_FIELDS])
    offsets = range(first, first + count)
    rows = zip(
        repeat(topic),
        repeat(partition),
        offsets,
        repeat(recorded_at_us),
        parts[0::_FIELDS],
        parts[1::_FIELDS],
        headers,
        strict=False,
    )
    return list(map(_record, rows))


def _cut(body: bytes, lengths: Sequence[int]) -> list[bytes | None]:
    """The parts that stand one after another behind their lengths."""
    at = 4 * len(lengths)
    return [body[at : (at := at + length - 1)] if length else None for length in lengths]


def _pack_headers(headers: Headers) -> bytes | None:
    return to_json([[name, value.hex()] for name, value in headers]) if headers else None


def _unpack_headers(packed: bytes) -> Headers:
    return tuple((name, bytes.fromhex(value)) for name, value in from_json(packed))
