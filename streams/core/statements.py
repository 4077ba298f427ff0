"""A statement as the fold keeps it, and which of two statements with one key wins."""

import hashlib
from collections.abc import Callable
from typing import Any

from schemas.acceptance import epoch_us
from schemas.envelope import data_text
from schemas.events import RETRACTION_TYPE, Event
from schemas.keys import KEY_FIELDS, OPTIONAL_KEY_FIELDS

__all__ = ["KEYS", "Key", "Statement", "statement_of", "wins"]

Key = tuple[Any, ...]
"""Event type (of a retraction: the type it names) and the values of the natural key within the project."""


_DIGEST_BYTES = 32
"""No event is as short as that."""


class Statement:
    """One statement: what it says, and the order in which it competes.

    `raw` is its structured form, or the digest of its data where no more is known of that. `chunk` is the part of the
    saved state that its key belongs to; -1: none yet.
    """

    __slots__ = ("chunk", "data", "key", "offset", "order", "raw", "retracts")

    def __init__(
        self,
        key: Key,
        order: tuple[int, int, str, str],
        raw: bytes,
        data: dict[str, Any],
        offset: int,
        retracts: bool = False,  # noqa: FBT001, FBT002 - made for every event; a name would cost more than it tells
    ) -> None:
        self.key = key
        self.order = order
        self.raw = raw
        self.data = data
        self.offset = offset
        self.retracts = retracts
        self.chunk = -1

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text of data: it decides only between statements that agree in all the rest of their order."""
        raw = self.raw
        return raw if len(raw) == _DIGEST_BYTES else hashlib.sha256(data_text(raw)).digest()

    @property
    def source(self) -> str:
        """CloudEvents source."""
        return self.order[2]

    @property
    def id(self) -> str:
        """CloudEvents id."""
        return self.order[3]

    @property
    def stated_at_us(self) -> int:
        """CloudEvents time in microseconds since the epoch."""
        return self.order[1]


def statement_of(event: Event, raw: bytes, offset: int, stated_at_us: int | None = None) -> Statement:
    """The statement of an accepted event; `raw` is its structured form. Whoever knows its time in microseconds says so."""
    data = event["data"]
    kind = event["type"]
    retracts = kind == RETRACTION_TYPE
    key = KEYS[data["type"] if retracts else kind](data)
    time_us = epoch_us(event["time"]) if stated_at_us is None else stated_at_us
    order = (data.get("revision") or 0, time_us, event["source"], event["id"])
    return Statement(key, order, raw, data, offset, retracts)


def wins(candidate: Statement, current: Statement) -> bool:
    """Whether the candidate replaces the current winner; the append time plays no part."""
    if candidate.order > current.order:
        return True
    return (
        candidate.order == current.order
        and candidate.raw != current.raw
        and candidate.digest > current.digest
    )


def _key_reader(kind: str, fields: tuple[str, ...]) -> Callable[[dict[str, Any]], Key]:
    """Reads the key of a type: this is done for every event, so no more is looked up than must be."""
    optional = tuple(field in OPTIONAL_KEY_FIELDS for field in fields)
    match fields, optional:
        case (only,), (False,):
            return lambda data: (kind, data[only])
        case (part, day), (False, False):
            return lambda data: (kind, data[part], data[day])
        case (line, start, end, shift), (False, False, False, True):
            return lambda data: (kind, data[line], data[start], data[end], data.get(shift))
    return lambda data: (kind, *[data.get(field) for field in fields])


KEYS = {kind: _key_reader(kind, fields) for kind, fields in KEY_FIELDS.items()}
"""Reads the key of a statement, or of what a retraction names, from its data; by event type."""
