"""The store's own reader of the log: takes what is new on the four topics and writes it, batch by batch.

Live, a batch is what arrived in a tenth of a second; in a backlog it is tens of thousands of records.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from threading import Event
from time import monotonic
from typing import Final

from eventlog.log import EventLog, Record
from eventlog.outages import outlast
from schemas.topics import Topics
from storage.positions import Place
from storage.store import Batch, Store

__all__ = ["Progress", "StoreWriter"]

Progress = Callable[[int, int], None]
"""Called after each commit with the records stored and the records in the log, of all topics."""

COMMIT_SECONDS: Final = 0.1
"""Time from one commit to the next while the store keeps up."""

BATCH_RECORDS_MAX: Final = 60_000
BATCH_BYTES_MAX: Final = 48 << 20
"""A batch is full when either is reached."""

PAGE_RECORDS_MIN: Final = 64
"""First page of a topic whose record size is not known yet."""


@dataclass(slots=True)
class _PageSize:
    """How many records of a topic to read at once: as many as the last ones say will fit."""

    records: int = PAGE_RECORDS_MIN

    def learn(self, page: list[Record], page_bytes: int) -> None:
        mean = max(1, page_bytes // len(page))
        self.records = max(1, min(self.records * 8, BATCH_BYTES_MAX // 8 // mean, BATCH_RECORDS_MAX))


_value_of: Final = itemgetter(Record._fields.index("value"))


class StoreWriter:
    """Reads the log from the store's positions and writes. Belongs, with its log and its store, to one thread."""

    def __init__(self, log: EventLog, topics: Topics, store: Store, *, now_us: Callable[[], int]) -> None:
        self._log = log
        self._topics = topics
        self._store = store
        self._now_us = now_us
        self._pages = {topic: _PageSize() for topic in topics.all}

    def run(self, stop: Event, on_progress: Progress | None = None) -> None:
        """Write what arrives until `stop` is set. A log that is away is waited for."""
        while not stop.is_set():
            began = monotonic()
            more = outlast(partial(self.write_batch, on_progress), stop)
            if not more:
                stop.wait(max(0.0, COMMIT_SECONDS - (monotonic() - began)))

    def drain(self, on_progress: Progress | None = None, stop: Event | None = None) -> None:
        """Write everything up to the ends that the log has now."""
        ends = self._ends()
        while any(self._store.positions[place].next_offset < end for place, end in ends.items()):
            if stop is not None and stop.is_set():
                return
            wrote, _ = self._write_batch(on_progress)
            if not wrote:
                break  # what is left are offsets without a record: a broker has some
        if on_progress is not None:
            on_progress(*self._progress())

    def write_batch(self, on_progress: Progress | None = None) -> bool:
        """Write one batch; answers whether the log holds more."""
        return self._write_batch(on_progress)[1]

    def _write_batch(self, on_progress: Progress | None) -> tuple[bool, bool]:
        """Whether anything was written, and whether the log holds more."""
        batch, more = self._read_batch()
        if batch:
            self._store.write(batch, self._now_us())
            if on_progress is not None:
                on_progress(*self._progress())
        return bool(batch), more

    # -- reading ---------------------------------------------------------------------------------------------------

    def _read_batch(self) -> tuple[Batch, bool]:
        batch = Batch()
        more = False
        parts = zip(self._topics.all, (batch.events, batch.kpis, batch.alerts, batch.rejected), strict=True)
        for topic, records in parts:
            more |= self._read_topic(topic, records, batch.ends)
        return batch, more

    def _read_topic(self, topic: str, records: list[Record], ends: dict[Place, int]) -> bool:
        """Read a page of each partition in turn until the batch is full; answers whether there is more."""
        offsets = {
            partition: self._store.positions[topic, partition].next_offset
            for partition in range(self._log.partitions(topic))
        }
        size_bytes = 0
        while offsets and len(records) < BATCH_RECORDS_MAX and size_bytes < BATCH_BYTES_MAX:
            for partition, offset in list(offsets.items()):
                limit = self._pages[topic].records
                page = self._log.read(topic, partition, offset, limit)
                if len(page) < limit:
                    del offsets[partition]
                    end = page[-1].offset + 1 if page else offset
                else:
                    offsets[partition] = page[-1].offset + 1
                    end = self._log.end_offset(topic, partition)
                if page:
                    page_bytes = sum(map(len, filter(None, map(_value_of, page))))
                    self._pages[topic].learn(page, page_bytes)
                    size_bytes += page_bytes
                    records += page
                    ends[topic, partition] = end
        return bool(offsets)

    # -- progress --------------------------------------------------------------------------------------------------

    def _ends(self) -> dict[Place, int]:
        return {
            (topic, partition): self._log.end_offset(topic, partition)
            for topic in self._topics.all
            for partition in range(self._log.partitions(topic))
        }

    def _progress(self) -> tuple[int, int]:
        ends = self._ends()
        return sum(self._store.positions[place].next_offset for place in ends), sum(ends.values())
