"""The agent on the topic of events, and what it does with a batch: fold, publish, then acknowledge.

The core never raises for bad input. Anything else that fails here (the log, the disk) must neither be acknowledged nor
skipped: the worker stops, and folds the batch again after its next start. The shell owns the clock of live evaluations.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from faust.types import AppT

from eventlog.log import Entry, Record
from schemas.codec import to_json
from schemas.rejections import Rejection, source_of
from schemas.topics import Topics
from streams.batches import Batch, Gap
from streams.core.partition import Output, Partition
from streams.core.saved_state import UnreadableState
from streams.refusal_news import RefusalNews

__all__ = [
    "EventFolder",
    "Opened",
    "Publish",
    "Save",
    "close_nothing",
    "discard_nothing",
    "entries_of",
    "fold_events",
    "save_nothing",
]

SLICE_RECORDS: Final = 250
SLICE_PROJECTS: Final = 25
"""After so much work the event loop gets its turn."""
LIVE_INTERVAL_S: Final = 1.0
_NEVER: Final = float("-inf")


class Opened(NamedTuple):
    """A partition that is ours, and the offset of the record to be folded next."""

    partition: Partition
    next_offset: int = 0


Publish = Callable[[Sequence[Entry]], Awaitable[None]]
"""Appends; all is durable when it is done."""


class Save(Protocol):
    """Keeps the state of partitions, so that the next start need not fold from the beginning."""

    async def __call__(self, partitions: Mapping[int, Opened], *, final: bool) -> None:
        """Now and then, as it sees fit; for certain when `final`: then they are given away."""


async def save_nothing(partitions: Mapping[int, Opened], *, final: bool) -> None:
    """The next start folds from the beginning."""


async def discard_nothing(number: int) -> None:
    """There was no saved state."""


async def close_nothing() -> None:
    """There was nothing to open."""


async def fold_events(app: AppT, folder: "EventFolder", batches: Any) -> None:
    """The agent: a batch is acknowledged when what it caused is durable, and never else."""
    async for batch in batches.noack().events():
        try:
            await folder.fold(batch.value)
        except Exception as error:  # noqa: BLE001 - it would leave the agent, and Faust would go on with the next batch
            await app.crash(error)
            return
        batch.ack()


@dataclass
class EventFolder:
    """Folds batches of the partitions that are assigned to it, and publishes what they cause.

    `end_offset` answers where a partition ended when it was last heard of. `live` says whether projects are evaluated
    between cuts, and whether somebody is to hear of refusals. `discard` takes away the saved state of a partition.
    `close` is called when the worker has stopped.
    """

    topics: Topics
    open_partition: Callable[[int], Awaitable[Opened]]
    publish: Publish
    end_offset: Callable[[int], int]
    monotonic: Callable[[], float]
    live: bool = True
    save: Save = save_nothing
    discard: Callable[[int], Awaitable[None]] = discard_nothing
    close: Callable[[], Awaitable[None]] = close_nothing
    partitions: dict[int, Partition] = field(default_factory=dict)
    next_offsets: dict[int, int] = field(default_factory=dict)
    assigned: bool = False
    """Whether it has been told which partitions are its own."""
    failure: BaseException | None = None
    progressed: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _live_from: dict[int, int] = field(default_factory=dict)
    _evaluated_at: dict[str, float] = field(default_factory=dict)
    _refusals: RefusalNews = field(init=False)

    def __post_init__(self) -> None:
        self._refusals = RefusalNews(self.topics.events, self.monotonic)

    async def assign(self, ends: Mapping[int, int]) -> None:
        """Own these partitions, which end there, and no others. What was ours stays as it is.

        What lies before an end is the past, of which nothing is evaluated live.
        """
        async with self._turn:
            self.forget(self.partitions.keys() - ends.keys())
            for number in sorted(ends.keys() - self.partitions.keys()):
                opened = await self.open_partition(number)
                self.partitions[number], self.next_offsets[number] = opened
                self._live_from[number] = ends[number]
            self.assigned = True

    async def fold(self, batch: Batch) -> None:
        """Fold a batch of one partition; what it caused is durable when this returns. A record is folded once.

        A batch of a partition that was taken from us is for its new owner.
        """
        async with self._turn:
            number, records, next_offset = _contents(batch)
            if number not in self.partitions:
                return
            done = self.next_offsets[number]
            if next_offset > done:
                new = [record for record in records if record.offset >= done]
                await self._fold_whole(self.partitions[number], new, next_offset)

    async def _fold_whole(self, partition: Partition, new: Sequence[Record], next_offset: int) -> None:
        """All of the records, or the partition is ours no longer: half a batch is no state to go on from."""
        try:
            await self._fold_new(partition, new, next_offset)
        except BaseException as error:
            self.forget([partition.number])
            if isinstance(error, UnreadableState):
                await self.discard(partition.number)
            raise
        if partition.number in self.partitions:
            self.next_offsets[partition.number] = next_offset
        self.progressed.set()

    async def _fold_new(self, partition: Partition, new: Sequence[Record], next_offset: int) -> None:
        entries: list[Entry] = []
        rejections: list[Rejection] = []
        for start in range(0, len(new), SLICE_RECORDS):
            if output := partition.fold(new[start : start + SLICE_RECORDS]):
                entries += entries_of(output, self.topics, partition.number)
                rejections += output.rejections
            await asyncio.sleep(0)
        entries += await self._live_entries(partition, next_offset)
        if entries:
            await self.publish(entries)
        if self.live:
            self._refusals.hear(rejections)

    async def save_state(self, *, final: bool) -> None:
        """Keep the state of all partitions as it is between two batches."""
        async with self._turn:
            opened = {number: Opened(self.partitions[number], at) for number, at in self.next_offsets.items()}
            await self.save(opened, final=final)

    def forget(self, partitions: Iterable[int]) -> None:
        """Drop the state of partitions; they are opened anew when they come again."""
        for number in list(partitions):
            self.partitions.pop(number, None)
            self.next_offsets.pop(number, None)
            self._live_from.pop(number, None)

    @property
    def catching_up(self) -> bool:
        """Whether a partition is not yet folded up to where it ended when it was opened."""
        # A copy, for the collector asks this in whatever thread it happens to run.
        return any(self.next_offsets.get(number, 0) < end for number, end in list(self._live_from.items()))

    def fail(self, reason: BaseException) -> None:
        """Note what stopped the worker, and wake whoever waits for progress."""
        self.failure = self.failure or reason
        self.progressed.set()

    def tell_refusals(self) -> None:
        """Say what was refused lately and not told yet."""
        self._refusals.tell()

    # -- between cuts ------------------------------------------------------------------------------------------------

    async def _live_entries(self, partition: Partition, next_offset: int) -> list[Entry]:
        entries: list[Entry] = []
        due = self._due(partition, next_offset)
        for start in range(0, len(due), SLICE_PROJECTS):
            output = partition.evaluate_live(due[start : start + SLICE_PROJECTS])
            entries += entries_of(output, self.topics, partition.number)
            await asyncio.sleep(0)
        return entries

    def _due(self, partition: Partition, next_offset: int) -> list[str]:
        """Projects to evaluate now: at the end of the log every touched one, under load each at most once a second."""
        if not self.live or not partition.touched or next_offset < self._live_from.get(partition.number, 0):
            return []
        now = self.monotonic()
        due = partition.touched
        if self.end_offset(partition.number) > next_offset:
            before = now - LIVE_INTERVAL_S
            due = {project for project in due if self._evaluated_at.get(project, _NEVER) <= before}
        self._evaluated_at.update(dict.fromkeys(due, now))
        return sorted(due)


def _contents(batch: Batch) -> tuple[int, Sequence[Record], int]:
    """Partition, records and the offset after them."""
    if isinstance(batch, Gap):
        return batch.partition, (), batch.next_offset
    return batch[0].partition, batch, batch[-1].offset + 1


def entries_of(output: Output, topics: Topics, partition: int) -> list[Entry]:
    """Records to append, KPI records last: the newest one tells the next worker that what stands before it is published."""
    entries = [
        Entry(topics.events, _key_of(record), record.value, owner, tuple(record.headers))
        for owner, record in output.forwards
    ]
    entries += [
        Entry(topics.rejected, source_of(rejection).encode(), to_json(rejection), partition)
        for rejection in output.rejections
    ]
    entries += [
        Entry(topics.alerts, alert["data"]["fingerprint"].encode(), to_json(alert), partition)
        for alert in output.alerts
    ]
    entries += [Entry(topics.kpis, kpi["subject"].encode(), to_json(kpi), partition) for kpi in output.kpis]
    return entries


def _key_of(record: Any) -> bytes | None:
    key: bytes | None = record.key
    return key
