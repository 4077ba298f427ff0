"""Faust transport on the embedded log: `embedded:///path/to/log.db`. It only reads; output goes through `eventlog`.

There is no broker: a process reads the log's file itself, and is assigned every partition, since a home has one worker.
Reading starts where the application says (`start_offsets`), else at offset 0. Commits tell others how far it has come.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

from faust.transport import base
from faust.types import ConsumerMessage
from faust.types.transports import ConsumerT, ProducerT
from faust.types.tuples import TP

from eventlog.embedded import EmbeddedLog
from eventlog.log import Record
from eventlog.partitioning import place_key
from schemas.errors import ServiceUnavailable, SettingsError
from streams.transports.no_producer import NoProducer
from streams.transports.range_acks import RangeAcks

__all__ = ["Consumer", "Transport"]

BATCH_RECORDS_MAX: Final = 2000
"""Records of a batch: reading one takes about 2 ms, so the event loop stays free."""
POLL_SECONDS: Final = 0.005
POLL_SECONDS_QUIET: Final = 0.02
POLLS_BEFORE_QUIET: Final = 400


class Consumer(RangeAcks, base.Consumer):
    """Hands out the records of each partition in batches: a message is a list of records."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._log: EmbeddedLog | None = None
        self._assigned: set[TP] = set()
        self._nothing_at: tuple[int, int, frozenset[TP]] | None = None

    @property
    def event_log(self) -> EmbeddedLog:
        """The log, opened on the first use, in the thread of the event loop."""
        if self._log is None:
            self._log = EmbeddedLog.open_existing(_path(self.transport.url))
        return self._log

    async def on_shutdown(self) -> None:
        """Close the file, after the last commit."""
        await super().on_shutdown()
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._log is not None:
            self._log.close()
            self._log = None

    # -- assignment ------------------------------------------------------------------------------------------------

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        """Topics are made with the log."""

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """All partitions are ours; the callbacks run in a task, since they wait for this call to return."""
        log = self.event_log
        tps = {TP(topic, number) for topic in topics for number in range(log.partitions(topic))}
        if tps != self._assigned:
            self.add_future(self._assign(tps))

    async def _assign(self, tps: set[TP]) -> None:
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(self._assigned)
        self._assigned = tps
        self.app.consumer_generation_id += 1
        self._tell_assignor(tps)
        await self.on_partitions_assigned(tps, self.app.consumer_generation_id)

    def _tell_assignor(self, tps: set[TP]) -> None:
        """Recovery asks the assignor which partitions are active."""
        assignor: Any = self.app.assignor
        actives: dict[str, list[int]] = {}
        for tp in tps:
            actives.setdefault(tp.topic, []).append(tp.partition)
        assignor._active_tps = tps
        assignor._assignment.actives = actives

    def assignment(self) -> set[TP]:
        """Partitions of this worker."""
        return self._assigned

    # -- positions -------------------------------------------------------------------------------------------------

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        progress = {(tp.topic, tp.partition): offset for tp, offset in offsets.items()}
        self.event_log.commit(self.app.conf.id, progress)
        return True

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where to begin: what the application asks for, else the start of the log. Commits play no part."""
        asked = await self.start_offsets(set(self._assigned))
        return {tp: asked.get(tp, 0) for tp in self._assigned}

    async def _seek(self, partition: TP, offset: int) -> None:
        self.epoch += 1
        self._next[partition] = offset

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Seek and note what is to be read next."""
        for tp, offset in partitions.items():
            await self.seek(tp, offset)

    async def position(self, tp: TP) -> int | None:
        """Offset to be read next."""
        return self.next_offset(tp)

    def highwater(self, tp: TP) -> int:
        """End of a partition."""
        return self.event_log.end_offset(tp.topic, tp.partition)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Ends of partitions."""
        return {tp: self.highwater(tp) for tp in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Nothing is ever deleted from the log."""
        return dict.fromkeys(partitions, 0)

    def topic_partitions(self, topic: str) -> int | None:
        """Number of partitions of a topic."""
        return self.event_log.partitions(topic)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """Partition of a key."""
        return partition if partition is not None else place_key(key or b"", self.event_log.partitions(topic))

    def on_hole(self, tp: TP, expected: int, found: int) -> NoReturn:
        """Offsets are dense here: a hole means that the file was tampered with."""
        raise ServiceUnavailable(
            f"{tp.topic}/{tp.partition}: expected offset {expected}, found {found}; the log is damaged, restore it"
        )

    # -- reading ---------------------------------------------------------------------------------------------------

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        deadline = self.loop.time() + timeout
        partitions = frozenset(active_partitions or ())
        polls = 0
        while not self.should_stop and self.flow_active:
            if found := await self._read_new(partitions):
                return found
            if self.loop.time() > deadline:
                break
            polls += 1
            await asyncio.sleep(POLL_SECONDS if polls < POLLS_BEFORE_QUIET else POLL_SECONDS_QUIET)
        return {}

    async def _read_new(self, partitions: frozenset[TP]) -> dict[TP, list[Record]]:
        """One batch of each partition that has something; asks the log only when somebody has written to it."""
        state = (self.event_log.changes(), self.epoch, partitions)
        if state == self._nothing_at:
            return {}
        found = {}
        for tp in sorted(partitions):
            records = self.event_log.read(tp.topic, tp.partition, self.next_offset(tp), BATCH_RECORDS_MAX)
            if records:
                found[tp] = records
                await asyncio.sleep(0)
        self._nothing_at = None if found else state
        return found

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """One message per partition and fetch. What was fetched before a seek or a rebalance is void."""
        epoch, generation = self.epoch, self.app.consumer_generation_id
        records, _ = await self._wait_next_records(timeout)
        for tp, batch in (records or {}).items():
            if (
                self.should_stop
                or not self.flow_active
                or (epoch, generation) != (self.epoch, self.app.consumer_generation_id)
            ):
                return
            if new := self.hand_out(tp, batch):
                yield tp, self._to_message(tp, new)

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        last = record[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.recorded_at_us / 1e6,
            0,
            [],
            None,
            record,
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )


class Transport(base.Transport):
    """Registered as `embedded` under `faust.transports`."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = NoProducer
    default_port = 0
    driver_version = "embedded log"


def _path(urls: Any) -> Path:
    url = urls[0] if isinstance(urls, list) else urls
    if len(url.path) < 2:
        raise SettingsError(f"{url} names no file; write embedded:///folder/log.db")
    return Path(url.path)
