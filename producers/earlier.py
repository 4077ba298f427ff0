"""Which rows have been there before: in this run, or in a journal of which as much is loaded as the rows ask for."""

from collections.abc import Iterable
from typing import Final, Protocol

from producers.seen import Digests
from schemas.acceptance import DAY_US, epoch_us
from schemas.duplicates import digest_of
from schemas.events import Event

__all__ = ["Earlier", "Journal"]

_DAYS_AHEAD_MAX: Final = 64


class Journal(Protocol):
    """Accepted records of earlier runs. Days are those of `time` in UTC, counted from 1970-01-01."""

    def days(self) -> range:
        """First to last day of a record; empty when there is none, or when nothing can be read."""

    def digests(self, days: range) -> Iterable[bytes]:
        """Digests of the records of these days."""


class Earlier:
    """The digests of this run, and of the days of the journal that were looked up.

    Rows come more or less in order of time, so each look-up takes more days ahead than the one before: a file of a day
    asks for little, a file of years asks seldom.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._open_days = set(journal.days()) if journal else set()
        self._ahead = 1
        self._digests = Digests()

    def is_new(self, event: Event, raw: bytes) -> bool:
        """Remember a row; answers whether it has not been there before."""
        if self._open_days and (day := epoch_us(event["time"]) // DAY_US) in self._open_days:
            self._load(day)
        return self._digests.add(digest_of(event, raw))

    def _load(self, first: int) -> None:
        """Load a day of the journal and those that follow, up to one that was loaded before."""
        stop = first + 1
        while stop - first < self._ahead and stop in self._open_days:
            stop += 1
        self._ahead = min(2 * self._ahead, _DAYS_AHEAD_MAX)
        self._open_days.difference_update(range(first, stop))
        if self._journal:
            for digest in self._journal.digests(range(first, stop)):
                self._digests.add(digest)
