"""A worker whose partitions only count: every record gives one KPI record with its offset and the count so far.

`python -m tests.counting_worker LOG PREFIX` folds up to the end that the log has at its start; with `--for-ever` until
SIGTERM. LOG is a file or kafka://host:port.
"""

import asyncio
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from eventlog.embedded import EmbeddedLog
from eventlog.kafka import KafkaLog
from eventlog.log import Entry, EventLog, Record
from schemas.topics import Topics
from streams.agents import EventFolder, Opened, Publish
from streams.app import WorkerApp, create_app
from streams.broker import Broker
from streams.core.partition import Output
from streams.kafka_output import KafkaOutput
from streams.output import publish_to
from streams.runner import end_offsets, fold_until, running

__all__ = [
    "PARTITIONS",
    "TOPICS",
    "CountingPartition",
    "Place",
    "counting_app",
    "entries",
    "folded_offsets",
    "open_log",
]

TOPICS = Topics("counted")
PARTITIONS = 4
KAFKA = "kafka://"
SESSION_SECONDS = 2.0


@dataclass(frozen=True)
class Place:
    """A log: its file, or kafka://host:port; and the prefix of its topics."""

    address: str
    topics: Topics = TOPICS

    @property
    def on_kafka(self) -> bool:
        return self.address.startswith(KAFKA)

    @property
    def broker(self) -> Broker:
        """The log as Faust names it."""
        if self.on_kafka:
            return replace(Broker.kafka([self.address.removeprefix(KAFKA)]), session_seconds=SESSION_SECONDS)
        return Broker.embedded(Path(self.address))


class CountingPartition:
    """Publishes each record once, however often it is folded; `published` is the offset of the last one that was."""

    def __init__(self, number: int, published: int = -1) -> None:
        self.number = number
        self.touched: set[str] = set()
        self.folded: list[int] = []
        self._published = published

    def fold(self, records: Iterable[Record]) -> Output:
        output = Output()
        kpis: list[Any] = output.kpis
        for record in records:
            self.folded.append(record.offset)
            if record.offset > self._published:
                data = {"offset": record.offset, "count": len(self.folded)}
                kpis.append({"subject": (record.key or b"").decode(), "data": data})
        return output

    def evaluate_live(self, project_ids: Iterable[str]) -> Output:
        return Output()


def open_log(place: Place) -> EventLog:
    if place.on_kafka:
        return KafkaLog.open(
            place.address, timezone="Asia/Shanghai", partitions=PARTITIONS, topics=place.topics,
            log_id=lambda: "log", constants={},
        )  # fmt: skip
    return EmbeddedLog.open(
        Path(place.address), timezone="Asia/Shanghai", partitions=PARTITIONS, topics=place.topics,
        log_id=lambda: "log", constants={}, now_us=lambda: time.time_ns() // 1000,
    )  # fmt: skip


def entries(count: int, start: int = 0, topics: Topics = TOPICS) -> list[Entry]:
    """Records over all partitions."""
    return [
        Entry(topics.events, b"p%d" % at, b"%d" % at, at % PARTITIONS) for at in range(start, start + count)
    ]


def folded_offsets(log: EventLog, partition: int, topics: Topics = TOPICS) -> list[int]:
    """Offsets as the worker has published them."""
    offsets: list[int] = []
    at = 0
    while records := log.read(topics.kpis, partition, at, 5_000):
        offsets += [from_json(record.value or b"")["data"]["offset"] for record in records]
        at = records[-1].offset + 1
    return offsets


def counting_partition(log: EventLog, number: int, topics: Topics = TOPICS) -> CountingPartition:
    last = log.last(topics.kpis, number)
    return CountingPartition(number, from_json(last.value or b"")["data"]["offset"] if last else -1)


def counting_app(
    place: Place, open_partition: Callable[[EventLog, int], Any] | None = None, **options: Any
) -> WorkerApp:
    """A worker on this log; its folder has a log of its own."""

    def open_folder(app: WorkerApp) -> EventFolder:
        log = open_log(place)
        output = KafkaOutput(place.broker, partitions=PARTITIONS, last=place.topics.kpis)
        publish: Publish = output.publish if place.on_kafka else publish_to(log)

        async def open_one(number: int) -> Opened:
            opened: Any
            if open_partition is None:
                opened = counting_partition(log, number, place.topics)
            else:
                opened = open_partition(log, number)
            return Opened(opened)

        async def close() -> None:
            await output.close()
            log.close()

        return EventFolder(
            place.topics, open_one, publish, app.end_offset, time.monotonic, close=close, **options
        )

    return create_app(place.broker, place.topics, open_folder)


async def main(place: Place, stop: threading.Event | None) -> None:
    log = open_log(place)
    ends = None if stop else end_offsets(log, place.topics.events)
    log.close()
    async with running(counting_app(place)) as folder:
        await fold_until(folder, ends, stop)


def stop_on_sigterm() -> threading.Event:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    asyncio.run(
        main(
            Place(sys.argv[1], Topics(sys.argv[2])),
            stop_on_sigterm() if "--for-ever" in sys.argv else None,
        )
    )
