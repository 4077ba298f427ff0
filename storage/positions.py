"""How far the store has read each partition of each topic. Written in the transaction of the rows, so both always fit."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Final

import duckdb
import pyarrow as pa

from eventlog.log import Record
from storage.kpi_choice import NO_CUT, Cut
from storage.relations import bound, table_of

__all__ = ["Ends", "Place", "Position", "Positions"]

Place = tuple[str, int]
"""Topic and partition."""

Ends = Mapping[Place, int]
"""End offsets of the log."""

_SCHEMA: Final = pa.schema(
    [
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("next_offset", pa.int64()),
        ("end_offset", pa.int64()),
        ("cut_offset", pa.int64()),
        ("cut_seq", pa.int64()),
        ("updated_at", pa.timestamp("us", tz="UTC")),
    ]
)


@dataclass(frozen=True, slots=True)
class Position:
    """Next offset to read, the log's end when it was last looked at, and, for KPIs, the newest cut."""

    next_offset: int = 0
    end_offset: int = 0
    cut: Cut = NO_CUT


class Positions:
    """The table of positions and what is known of it in memory."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._known: dict[Place, Position] = {}
        self._pending: dict[Place, Position] = {}

    def load(self) -> None:
        """Read what the file says."""
        rows = self._connection.execute(
            "SELECT topic, partition, next_offset, end_offset, cut_offset, cut_seq FROM internal.positions"
        ).fetchall()
        self._known = {(row[0], row[1]): Position(row[2], row[3], (row[4], row[5])) for row in rows}
        self._pending = {}

    def __getitem__(self, place: Place) -> Position:
        return self._known.get(place, Position())

    def cuts(self, topic: str) -> dict[int, Cut]:
        """Newest cut by partition of the topic of KPIs."""
        return {
            partition: position.cut for (name, partition), position in self._known.items() if name == topic
        }

    def unseen(self, records: Sequence[Record]) -> Sequence[Record]:
        """Those of the records that were not taken in yet: nearly always all of them."""
        if all(run[0].offset >= self[place].next_offset for place, run in _runs(records)):
            return records
        return [
            record for record in records if record.offset >= self[record.topic, record.partition].next_offset
        ]

    def write(
        self, records: Iterable[Record], ends: Ends, cuts: Mapping[Place, Cut], updated_at_us: int
    ) -> None:
        """Move past the records; `ends` and `cuts` say what else is new."""
        moved: dict[Place, Position] = {}
        for place, end_offset in ends.items():
            moved[place] = replace(self[place], end_offset=end_offset)
        for place, run in _runs(records):
            position = moved.get(place, self[place])
            moved[place] = replace(position, next_offset=max(position.next_offset, run[-1].offset + 1))
        for place, cut in cuts.items():
            moved[place] = replace(moved.get(place, self[place]), cut=cut)
        self._write(moved, updated_at_us)

    def place(self, ends: Ends, cuts: Mapping[Place, Cut], updated_at_us: int) -> None:
        """Put partitions to where `ends` and `cuts` say, wherever they stood."""
        moved = {place: Position(end, end, cuts.get(place, NO_CUT)) for place, end in ends.items()}
        self._write(moved, updated_at_us)

    def _write(self, moved: dict[Place, Position], updated_at_us: int) -> None:
        rows: list[tuple[object, ...]] = [
            (*place, at.next_offset, max(at.end_offset, at.next_offset), *at.cut, updated_at_us)
            for place, at in moved.items()
        ]
        if rows:
            with bound(self._connection, "arrived", table_of(rows, _SCHEMA)):
                self._connection.execute("INSERT OR REPLACE INTO internal.positions SELECT * FROM arrived")
        self._pending = moved

    def committed(self) -> None:
        """The transaction of the last `write` stands."""
        self._known.update(self._pending)
        self._pending = {}


_place_of: Final = itemgetter(Record._fields.index("topic"), Record._fields.index("partition"))


def _runs(records: Iterable[Record]) -> Iterator[tuple[Place, list[Record]]]:
    """Records that stand together and belong to one partition, which are in the order of their offsets."""
    for place, run in groupby(records, _place_of):
        yield place, list(run)
