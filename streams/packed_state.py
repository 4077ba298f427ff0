"""The parts of a saved state as bytes under keys: packed with msgpack, which runs no code, and each with a checksum.

One key more is the marker: what the state belongs to, up to where it is folded, and the sum of all checksums. So a part
that is missing, left over, of another time or damaged is noticed, and then the whole state is as good as none.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from streams.core.saved_state import STATE_FORMAT, Name, UnreadableState

__all__ = ["MARKER", "Marker", "PackedState", "Unusable", "projects_in", "unpacked"]

MARKER: Final = b"marker"
PIECE_BYTES_MAX: Final = 400_000
"""Kafka takes a megabyte at a time."""
_HEAD: Final = "head"
_CHECKSUM_BYTES: Final = 4
_SUM_BELOW: Final = 1 << 63
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class Unusable(UnreadableState):
    """Why a saved state is of no use."""


class Marker(NamedTuple):
    """What a state belongs to, and the place up to which it is folded.

    `newest` is offset and append time of the last record in it: a log that was put back to an earlier day has another one
    there. `whole` is what the core keeps beside the projects.
    """

    belongs_to: list[Any]
    next_offset: int
    newest: list[int] | None
    whole: list[Any]


@dataclass
class PackedState:
    """Which parts stand saved of one partition, by key, with their checksums."""

    checksums: dict[bytes, int] = field(default_factory=dict)

    def packed(self, name: Name, content: Any) -> dict[bytes, bytes | None]:
        """What is to be written for a part: one piece or, when it is large, several; None where an old piece goes."""
        body = _pack(content)
        pieces = range(0, len(body), PIECE_BYTES_MAX)
        changes: dict[bytes, bytes | None] = {}
        for number, start in enumerate(pieces):
            key = _key(name, number)
            changes[key] = value = _with_checksum(key, body[start : start + PIECE_BYTES_MAX])
            self.checksums[key] = _checksum(value)
        number = len(pieces)
        while self.checksums.pop(key := _key(name, number), None) is not None:
            changes[key] = None
            number += 1
        return changes

    def marker(self, marker: Marker) -> bytes:
        """The marker of a state that consists of all parts so far."""
        return _with_checksum(MARKER, _pack([STATE_FORMAT, *marker, self.total]))

    @property
    def total(self) -> int:
        """Sum of all checksums."""
        return sum(self.checksums.values()) % _SUM_BELOW


def _key(name: Name, piece: int) -> bytes:
    """`7/0/project`: chunk, piece, project; an id may hold any sign but comes last."""
    chunk = _HEAD if name.chunk is None else name.chunk
    return f"{chunk}/{piece}/{name.project_id}".encode()


def _with_checksum(key: bytes, body: bytes) -> bytes:
    return zlib.crc32(body, zlib.crc32(key)).to_bytes(_CHECKSUM_BYTES) + body


def _checksum(value: bytes) -> int:
    return int.from_bytes(value[:_CHECKSUM_BYTES])


def unpacked(saved: Mapping[bytes, bytes]) -> tuple[Marker, PackedState]:
    """The marker, and what stands saved, all of it as it was written. Raises Unusable."""
    if MARKER not in saved:
        raise Unusable("it has no marker")
    for key, value in saved.items():
        if _with_checksum(key, value[_CHECKSUM_BYTES:]) != value:
            raise Unusable(f"the record {key!r} is damaged")
    packed = PackedState({key: _checksum(value) for key, value in saved.items() if key != MARKER})
    found, *fields, total = _read(saved[MARKER][_CHECKSUM_BYTES:])
    if found != STATE_FORMAT:
        raise Unusable(f"it has the format {found}, this version reads {STATE_FORMAT}")
    if total != packed.total:
        raise Unusable("it does not consist of the parts that its marker names")
    return Marker(*fields), packed


def projects_in(saved: Mapping[bytes, bytes]) -> Iterator[tuple[str, Any, Callable[[], list[Any]]]]:
    """Id and head of each project, and what unpacks its chunks in order. Raises Unusable and LookupError."""
    pieces: dict[str, dict[str, list[tuple[int, bytes]]]] = {}
    for key, value in saved.items():
        if key != MARKER:
            chunk, piece, project_id = key.decode().split("/", 2)
            pieces.setdefault(project_id, {}).setdefault(chunk, []).append((int(piece), value))
    for project_id, parts in pieces.items():
        head = parts.pop(_HEAD)
        chunks = [parts[str(number)] for number in range(len(parts))]
        yield project_id, _whole(head), partial(_all, chunks)


def _all(chunks: list[list[tuple[int, bytes]]]) -> list[Any]:
    return [_whole(pieces) for pieces in chunks]


def _whole(pieces: list[tuple[int, bytes]]) -> Any:
    if len(pieces) == 1:
        return _read(memoryview(pieces[0][1])[_CHECKSUM_BYTES:])
    return _read(b"".join(value[_CHECKSUM_BYTES:] for _, value in sorted(pieces)))


def _read(body: bytes | memoryview) -> Any:
    try:
        return _unpack(body)
    except msgspec.DecodeError as error:
        raise Unusable(f"a part of it cannot be read: {error}") from error
