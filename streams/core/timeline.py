"""What was stated about one object, in order of its days.

A position on a timeline is a tuple `(day,)` or, for readings, `(day, instant)`; days are proleptic ordinals.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from streams.core.statements import Statement

__all__ = ["Timeline"]

Place = tuple[int, ...]


class Timeline:
    """Winning statements of one object by place; `version` changes with every change.

    `changed_from` is the first place changed since a reader set it back to None; findings are that reader.
    """

    __slots__ = ("_at", "_having", "changed_from", "places", "version")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._at: dict[Place, Statement] = {}
        # Places that have a carried field, by field; kept from the first question on.
        self._having: dict[str, list[Place]] = {}
        self.version = 0
        self.changed_from: Place | None = None

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[Statement]:
        at = self._at
        return (at[place] for place in self.places)

    def load(self, statements: dict[Place, Statement]) -> None:
        """Take over all statements of a timeline that is still empty."""
        self._at = statements
        self.places = sorted(statements)
        self.version += 1
        self.changed_from = self.places[0]

    def put(self, place: Place, statement: Statement | None) -> None:
        """Set or, with None, remove the statement of a place."""
        self.version += 1
        if self.changed_from is None or place < self.changed_from:
            self.changed_from = place
        for field, places in self._having.items():
            _set_member(places, place, member=statement is not None and field in statement.data)
        known = place in self._at
        if statement is None:
            if known:
                del self._at[place]
                _set_member(self.places, place, member=False)
            return
        self._at[place] = statement
        if not known:
            _set_member(self.places, place, member=True)

    def count_until(self, day: int) -> int:
        """How many statements have a day of at most `day`."""
        places = self.places
        if not places or places[-1][0] <= day:
            return len(places)
        return bisect_left(places, (day + 1,))

    def newest(self, day: int) -> Statement | None:
        """Statement of the newest place not after `day`."""
        count = self.count_until(day)
        return self._at[self.places[count - 1]] if count else None

    def nth(self, index: int) -> Statement:
        """Statement at an index in order of place."""
        return self._at[self.places[index]]

    def index_of(self, place: Place) -> int:
        """How many places lie before `place`."""
        return bisect_left(self.places, place)

    def day_of(self, index: int) -> int:
        """Day at an index in order of place."""
        return self.places[index][0]

    def backwards(self, day: int) -> Iterator[tuple[int, Statement]]:
        """Days and statements from the newest not after `day` to the oldest."""
        for index in range(self.count_until(day) - 1, -1, -1):
            place = self.places[index]
            yield place[0], self._at[place]

    def between(self, after: int, until: int) -> Iterator[tuple[int, Statement]]:
        """Days and statements with `after` < day ≤ `until`, in order."""
        for index in range(self.count_until(after), self.count_until(until)):
            place = self.places[index]
            yield place[0], self._at[place]

    def carried(self, day: int, field: str) -> Any:
        """Value of a carried field at a day: that of the newest statement that has the field; None if cleared or never given."""
        for statement in self.having(day, field):
            return statement.data[field]
        return None

    def having(self, day: int, field: str) -> Iterator[Statement]:
        """Statements with a field, null included, from the newest not after `day` to the oldest."""
        places = self._having.get(field)
        if places is None:
            places = self._having[field] = [place for place in self.places if field in self._at[place].data]
        for index in range(bisect_left(places, (day + 1,)) - 1, -1, -1):
            yield self._at[places[index]]


def _set_member(places: list[Place], place: Place, *, member: bool) -> None:
    """Put a place into an ordered list, or take it out."""
    if not places or place > places[-1]:
        if member:
            places.append(place)
        return
    index = bisect_left(places, place)
    if (places[index] == place) == member:
        return
    if member:
        places.insert(index, place)
    else:
        del places[index]
