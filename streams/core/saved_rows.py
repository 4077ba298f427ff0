"""Statements as plain rows of numbers and texts, and back; a saved state is made of them.

A row holds what the fold needs of a statement: its order, the digest that decides between equals, and its data. Fields
and sources, which many statements share, stand once per chunk. Data that is more than a flat list of common values (a
baseline; a number with more digits than a double) stays the event that it came in, and is decoded again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Final, NamedTuple

from schemas.codec import decode
from streams.core.statements import KEYS, Statement, statement_of

__all__ = ["Row", "RowReader", "RowWriter"]

Row = list[Any]
"""`[shape, offset, time_us, source, id, digest, *values]`, or `[-1, offset, time_us, 0, "", event]`."""

_AS_EVENT: Final = -1
_AS_IS, _DAY, _INSTANT = 0, 1, 2
_CODES: Final[dict[type, int]] = {
    str: _AS_IS,
    int: _AS_IS,
    float: _AS_IS,
    bool: _AS_IS,
    type(None): _AS_IS,
    date: _DAY,
    datetime: _INSTANT,
}
"""How a value is written, by its very class: what is derived from one of these knows more than its row could tell."""


# Many statements speak of one day: they share it, which is quicker and smaller than to make it again.
_day = cache(date.fromordinal)


class _Shape(NamedTuple):
    """What statements of one type with the same fields of the same classes have in common."""

    number: int
    days: tuple[int, ...]
    instants: tuple[int, ...]


class RowWriter:
    """Writes the rows of one chunk, and collects what they share."""

    def __init__(self) -> None:
        self.shapes: list[list[Any]] = []
        self._sources: dict[str, int] = {}
        self._known: dict[tuple[Any, ...], _Shape | None] = {}

    @property
    def sources(self) -> list[str]:
        """Sources in the order of their numbers."""
        return list(self._sources)

    def row(self, statement: Statement) -> Row:
        """The row of a statement, which needs its event no longer."""
        data = statement.data
        values = [*data.values()]
        said = (statement.key[0], statement.retracts, (*data,), (*map(type, values),))
        shape = self._known.get(said) or self._shape(said)
        if shape is None:
            return [_AS_EVENT, statement.offset, statement.order[1], 0, "", statement.raw]
        for index in shape.days:
            values[index] = values[index].toordinal()
        for index in shape.instants:
            values[index] = values[index].isoformat()
        statement.raw = digest = statement.digest
        _, time_us, source, event_id = statement.order
        place = self._sources.get(source)
        if place is None:
            place = self._sources[source] = len(self._sources)
        return [shape.number, statement.offset, time_us, place, event_id, digest, *values]

    def _shape(self, said: tuple[Any, ...]) -> _Shape | None:
        """The shape, noted where it is new; None where a value is none of the common ones."""
        if said in self._known:
            return self._known[said]
        kind, retracts, fields, classes = said
        codes = [_CODES.get(each) for each in classes]
        shape = None
        if None not in codes:
            days = tuple(index for index, code in enumerate(codes) if code == _DAY)
            instants = tuple(index for index, code in enumerate(codes) if code == _INSTANT)
            shape = _Shape(len(self.shapes), days, instants)
            self.shapes.append([kind, retracts, fields, days, instants])
        self._known[said] = shape
        return shape


class RowReader:
    """Reads the rows of one chunk."""

    def __init__(self, shapes: Sequence[Sequence[Any]], sources: Sequence[str]) -> None:
        self._shapes = [(KEYS[kind], *rest) for kind, *rest in shapes]
        self._sources = sources

    def statements(self, rows: Sequence[Row], chunk: int = -1) -> list[Statement]:
        """The statements of rows, in order; `chunk` is where their keys belong."""
        shapes, sources, day_of = self._shapes, self._sources, _day
        found: list[Statement] = []
        for shape, offset, time_us, source, event_id, digest, *values in rows:
            if shape == _AS_EVENT:
                statement = statement_of(decode(digest), digest, offset, time_us)
            else:
                key_of, retracts, fields, days, instants = shapes[shape]
                for index in days:
                    values[index] = day_of(values[index])
                for index in instants:
                    values[index] = datetime.fromisoformat(values[index])
                data = dict(zip(fields, values, strict=True))
                order = (data.get("revision") or 0, time_us, sources[source], event_id)
                statement = Statement(key_of(data), order, digest, data, offset, retracts)
            statement.chunk = chunk
            found.append(statement)
        return found
