"""Days with statements, counted, in order."""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable

__all__ = ["DayCounts"]


class DayCounts:
    """A multiset of days (ordinals)."""

    __slots__ = ("_counts", "days")

    def __init__(self) -> None:
        self.days: list[int] = []
        self._counts: dict[int, int] = {}

    def __contains__(self, day: int) -> bool:
        return day in self._counts

    def __bool__(self) -> bool:
        return bool(self.days)

    def load(self, days: Iterable[int]) -> None:
        """Count days in a multiset that is still empty."""
        self._counts = dict(Counter(days))
        self.days = sorted(self._counts)

    def add(self, day: int) -> None:
        """Count a day once more."""
        count = self._counts.get(day, 0)
        self._counts[day] = count + 1
        if count:
            return
        if not self.days or day > self.days[-1]:
            self.days.append(day)
        else:
            insort(self.days, day)

    def remove(self, day: int) -> None:
        """Count a day once less."""
        count = self._counts[day] - 1
        if count:
            self._counts[day] = count
            return
        del self._counts[day]
        del self.days[bisect_left(self.days, day)]

    def newest(self, day: int) -> int | None:
        """Newest counted day not after `day`."""
        index = bisect_right(self.days, day)
        return self.days[index - 1] if index else None

    def last(self) -> int | None:
        """Newest counted day."""
        return self.days[-1] if self.days else None

    def within(self, after: int, until: int) -> list[int]:
        """Counted days with `after` < day ≤ `until`."""
        return self.days[bisect_right(self.days, after) : bisect_right(self.days, until)]
