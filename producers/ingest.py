"""Rows of files into the log: what is an event is appended, what is not is told on the topic of rejections.

A bad row stops nothing. Rows are appended in their order, a batch at a time, and counted when they are durable.
What was appended before a crash and comes again is absorbed by its natural key; so duplicates are left out as far as
they are known, and nothing rests on that.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from eventlog.log import Entry, EventLog
from producers.earlier import Earlier
from producers.forewarning import Forewarning
from producers.lines import Line, Page
from producers.ticks import partitions_of, tick_entries
from schemas.acceptance import accept
from schemas.codec import SIZE_MAX_BYTES, to_json
from schemas.events import TICK_TYPE, Event
from schemas.rejections import Reason, Rejected, rejection_of, source_of
from schemas.topics import Topics

__all__ = ["Counts", "Ingest"]

BATCH_ROWS: Final = 20_000
BATCH_BYTES: Final = 8 << 20
RAW_KEPT_BYTES: Final = 64 << 10
"""How much is told of a row that is too large."""


@dataclass
class Counts:
    """Rows by what became of them."""

    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0

    def add(self, other: "Counts") -> None:
        """Add up."""
        self.accepted += other.accepted
        self.rejected += other.rejected
        self.duplicates += other.duplicates


@dataclass
class _Batch:
    """What is to be appended in one go, and the rows that it stands for."""

    entries: list[Entry] = field(default_factory=list)
    size: int = 0
    counts: Counts = field(default_factory=Counts)

    @property
    def is_full(self) -> bool:
        return len(self.entries) >= BATCH_ROWS or self.size >= BATCH_BYTES


class Ingest:
    """Appends rows to a log; `counts` tells what is durable. What is done `undisturbed` is done whole: appended and counted."""

    def __init__(
        self,
        log: EventLog,
        topics: Topics,
        earlier: Earlier,
        now_us: Callable[[], int],
        undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.counts = Counts()
        self.forewarning = Forewarning()
        self._undisturbed = undisturbed
        self._log, self._topics, self._earlier, self._now_us = log, topics, earlier, now_us
        self._zone = ZoneInfo(log.identity.timezone)
        self._partitions = partitions_of(log, topics)
        self._batch = _Batch()

    def take(self, name: str, pages: Iterable[Page], *, more: Callable[[], bool] = lambda: True) -> None:
        """Append the rows of one input, called `name` in rejections. Without `more` at hand, what there is is appended."""
        for page in pages:
            self._take(name, page.lines)
            if self._batch.is_full or not more():
                self._append()
        self._append()

    def _take(self, name: str, lines: Sequence[Line]) -> None:
        recorded_at_us = self._now_us()
        for line in lines:
            try:
                if line.size > SIZE_MAX_BYTES:
                    raise _too_large(line.size)
                self._accept(accept(line.raw, (), recorded_at_us, self._zone), line.raw)
            except Rejected as error:
                self._reject(name, line, error)

    def _accept(self, event: Event, raw: bytes) -> None:
        batch = self._batch
        if not self._earlier.is_new(event, raw):
            batch.counts.duplicates += 1
            return
        batch.counts.accepted += 1
        batch.size += len(raw)
        if event["type"] == TICK_TYPE:
            batch.entries += tick_entries(raw, self._topics, self._partitions)
        else:
            self.forewarning.note(event)
            batch.entries.append(Entry(self._topics.events, event["subject"].encode(), raw))

    def _reject(self, name: str, line: Line, error: Rejected) -> None:
        # What a worker refuses stands there under the name of its topic: no file may pass for that.
        origin = f"./{name}" if name in self._topics.all else name
        raw = _start_of(line.raw) if error.reason is Reason.TOO_LARGE else line.raw
        rejection = rejection_of(error, origin, 0, line.number, raw)
        value = to_json(rejection)
        self._batch.entries.append(Entry(self._topics.rejected, source_of(rejection).encode(), value))
        self._batch.counts.rejected += 1
        self._batch.size += len(value)

    def _append(self) -> None:
        with self._undisturbed():
            batch, self._batch = self._batch, _Batch()
            if batch.entries:
                self._log.append(batch.entries)
            self.counts.add(batch.counts)


def _too_large(size: int) -> Rejected:
    """The line may not be whole, so nobody can say more about it."""
    limit = f"the event has {size} bytes; at most {SIZE_MAX_BYTES} are allowed: split it"
    return Rejected(Reason.TOO_LARGE, f"{limit} (its first {RAW_KEPT_BYTES} bytes are kept)")


def _start_of(raw: bytes) -> bytes:
    """The first bytes, without the half of a character."""
    end = min(RAW_KEPT_BYTES, len(raw))
    while 0 < end < len(raw) and raw[end] & 0xC0 == 0x80:
        end -= 1
    return raw[:end]
